//! `[ledger]`: whose the credits are.

use std::fmt;

use super::reader::{Keys, Read};
use super::value::{maybe, one_of};

/// Longest name that PostgreSQL does not cut, bytes. Source: PostgreSQL, "Identifiers and Key
/// Words".
const NAME_BYTES_MAX: usize = 63;

/// Who keeps the credits of people of the website.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Port {
    /// We do, as for everybody.
    Own,
    /// The website does, by its own functions.
    SqlFunctions,
}

/// The website's own functions for credits, in the PostgreSQL of `store.url`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Functions {
    /// Sets credits aside, or refuses.
    pub hold: FunctionName,
    /// Spends what is set aside.
    pub post: FunctionName,
    /// Gives back what is set aside.
    pub void: FunctionName,
    /// Gives credits.
    pub grant: FunctionName,
    /// Tells what can be spent.
    pub balance: FunctionName,
}

/// The name of a function in PostgreSQL, with its schema or without.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionName {
    /// Its schema, unless that is to be found.
    pub schema: Option<String>,
    /// Its own name.
    pub name: String,
}

impl fmt::Display for FunctionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.schema {
            Some(schema) => write!(f, "{schema}.{}", self.name),
            None => f.write_str(&self.name),
        }
    }
}

impl Functions {
    /// The functions; none where everybody's credits are ours to keep.
    pub(super) fn read(keys: &mut Keys<'_>, on_postgres: bool) -> Option<Self> {
        const PORTS: &[(&str, Port)] = &[("own", Port::Own), ("sql-functions", Port::SqlFunctions)];
        let port = keys.take("port", one_of(PORTS));
        let [hold, post, void, grant, balance] = ["hold", "post", "void", "grant", "balance"]
            .map(|key| (key, keys.take(key, maybe(function_name))));
        if port == Port::Own {
            return None;
        }
        if !on_postgres {
            keys.blame("port", "\"sql-functions\" needs store.url to be the website's PostgreSQL");
        }
        let mut named = |(key, name): (&str, Option<FunctionName>)| {
            if name.is_none() && keys.is_unset(key) {
                keys.blame(key, "is missing, and ledger.port is \"sql-functions\"");
            }
            name
        };
        let (hold, post, void) = (named(hold), named(post), named(void));
        let (grant, balance) = (named(grant), named(balance));
        Some(Self { hold: hold?, post: post?, void: void?, grant: grant?, balance: balance? })
    }
}

/// `name` or `schema.name`, letter by letter as PostgreSQL has it.
fn function_name(text: &str) -> Read<FunctionName> {
    let is_name = |name: &str| {
        let mut letters = name.chars();
        letters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
            && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
            && name.len() <= NAME_BYTES_MAX
    };
    let (schema, name) = match text.split_once('.') {
        Some((schema, name)) => (Some(schema), name),
        None => (None, text),
    };
    if !is_name(name) || !schema.is_none_or(is_name) {
        return Err("must be the name of a function, as in purse.hold, without its \
                    arguments: letters, digits and _"
            .to_owned());
    }
    Ok(FunctionName { schema: schema.map(str::to_owned), name: name.to_owned() })
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    const SITE: &str = "[store]\nurl = \"postgres://bots@site/postgres\"\n[ledger]\n";
    const NAMES: &str = "hold = \"public.site_hold\"\npost = \"site_post\"\nvoid = \"site_void\"\n\
                         grant = \"public.site_grant\"\nbalance = \"site_balance\"\n";

    fn problems(text: &str) -> Vec<String> {
        let problems = Config::from_text(text).expect_err("there is something wrong");
        problems.0.into_iter().map(|it| it.key).collect()
    }

    #[test]
    fn credits_are_ours_to_keep_unless_all_functions_are_named() {
        assert!(Config::from_text("").unwrap().store.functions.is_none());
        let own = Config::from_text(&format!("{SITE}{NAMES}")).unwrap();
        assert!(own.store.functions.is_none() && !own.house(None, Vec::new()).link.shares_purse);
        let theirs =
            Config::from_text(&format!("{SITE}port = \"sql-functions\"\n{NAMES}")).unwrap();
        let functions = theirs.store.functions.as_ref().unwrap();
        assert_eq!(functions.hold.to_string(), "public.site_hold");
        assert_eq!(functions.post.to_string(), "site_post");
        assert!(theirs.house(None, Vec::new()).link.shares_purse);
        assert!(theirs.warnings().iter().any(|it| it.contains("supabase.url")), "nobody signs in");
    }

    #[test]
    fn all_that_is_wrong_with_the_functions_is_told_at_once() {
        let on_sqlite = format!("[ledger]\nport = \"sql-functions\"\n{NAMES}");
        assert_eq!(problems(&on_sqlite), ["ledger.port"]);
        let none = format!("{SITE}port = \"sql-functions\"\nhold = \"site_hold\"\n");
        let missing = ["ledger.post", "ledger.void", "ledger.grant", "ledger.balance"];
        assert_eq!(problems(&none), missing);
        let long = format!("site_{}", "x".repeat(59));
        for odd in ["hold(uuid)", "a.b.c", "x; drop table y", ".x", "x.", "7up", "积分", &long] {
            let text = NAMES.replace("public.site_hold", odd);
            let wrong = problems(&format!("{SITE}port = \"sql-functions\"\n{text}"));
            assert_eq!(wrong, ["ledger.hold"], "{odd}");
        }
        assert_eq!(problems("[ledger]\nport = \"functions\"\n"), ["ledger.port"]);
    }
}
