//! Looking the website's functions up before anything is served: that they are there, and take and
//! return what is needed.

use std::collections::HashMap;

use super::{Does, Functions};
use crate::{
    config,
    store::{Connection, StoreError},
};

/// The functions of a name, with what they take and return. PostgreSQL alone has this.
const FIND: &str = "
    select coalesce((select string_agg(format_type(u.type, null), ', ' order by u.number)
                     from unnest(p.proargtypes) with ordinality u(type, number)), ''),
           format_type(p.prorettype, null),
           cast(case when p.prokind = 'f' and not p.proretset then 1 else 0 end as bigint),
           cast(case when has_function_privilege(p.oid, 'execute')
                      and has_schema_privilege(p.pronamespace, 'usage')
                then 1 else 0 end as bigint)
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where p.proname = $2
      and case when $1 = '' then pg_function_is_visible(p.oid) else n.nspname = $1 end
    order by 1";

const USERS: &[&str] = &["uuid", "text"];
const AMOUNTS: &[&str] = &["bigint", "integer", "numeric"];
const OPERATIONS: &[&str] = &["text", "character varying"];

/// What a function takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Types {
    pub(super) user: &'static str,
    pub(super) amount: &'static str,
    pub(super) operation: &'static str,
}

/// Finds the functions of these names.
///
/// # Errors
/// [`StoreError::SiteFunctions`] with everything that is wrong with them.
pub(in crate::store) async fn look_up(
    connection: &mut Connection,
    names: &config::Functions,
) -> Result<Functions, StoreError> {
    let mut types = HashMap::new();
    let mut wrong = Vec::new();
    for does in Does::ALL {
        match look_up_one(connection, does, does.name(names)).await? {
            Ok(found) => drop(types.insert(does, found)),
            Err(what) => wrong.push(format!("ledger.{}: {what}", does.word())),
        }
    }
    if wrong.is_empty() {
        Ok(Functions::of(names.clone(), &types))
    } else {
        Err(StoreError::SiteFunctions(wrong.join("; ")))
    }
}

/// What a function takes, or what is wrong with it.
async fn look_up_one(
    connection: &mut Connection,
    does: Does,
    name: &config::FunctionName,
) -> Result<Result<Types, String>, StoreError> {
    let schema = name.schema.as_deref().unwrap_or_default();
    let mut others = Vec::new();
    for row in connection.rows(FIND, &[schema.into(), name.name.as_str().into()]).await? {
        let (takes, returns, plain) = (row.text(0)?, row.text(1)?, row.flag(2)?);
        match types_of(does, &takes, &returns).filter(|_| plain) {
            Some(types) if row.flag(3)? => return Ok(Ok(types)),
            Some(_) => {
                return Ok(Err(format!("our role may not call {name}: grant execute on it")));
            }
            None => others.push(format!("{name}({takes}) returns {returns}")),
        }
    }
    let wanted = match does {
        Does::Balance => "(uuid) returns bigint",
        _ => "(uuid, bigint, text) returns boolean",
    };
    Ok(Err(if others.is_empty() {
        format!("there is no function {name}{wanted} in store.url")
    } else {
        format!("{} is there, and {name}{wanted} is needed", others.join(" and "))
    }))
}

/// What a function takes, if it is what is needed.
fn types_of(does: Does, takes: &str, returns: &str) -> Option<Types> {
    let takes: Vec<&str> = takes.split(", ").collect();
    let among = |kinds: &[&'static str], kind: &str| kinds.iter().find(|it| **it == kind).copied();
    match (does, takes.as_slice()) {
        (Does::Balance, [user]) => {
            among(AMOUNTS, returns)?;
            Some(Types { user: among(USERS, user)?, amount: "bigint", operation: "text" })
        }
        (Does::Balance, _) => None,
        (_, [user, amount, operation]) if returns == "boolean" => Some(Types {
            user: among(USERS, user)?,
            amount: among(AMOUNTS, amount)?,
            operation: among(OPERATIONS, operation)?,
        }),
        (_, _) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_is_known_by_what_it_takes_and_returns() {
        let call = "uuid, integer, character varying";
        let types = types_of(Does::Hold, call, "boolean").unwrap();
        assert_eq!((types.user, types.amount), ("uuid", "integer"));
        assert!(types_of(Does::Balance, "text", "numeric").is_some());
        for (does, takes, returns) in [
            (Does::Hold, call, "void"),
            (Does::Hold, "uuid, integer", "boolean"),
            (Does::Post, "integer, uuid, text", "boolean"),
            (Does::Balance, "uuid, text", "bigint"),
            (Does::Balance, "uuid", "text"),
            (Does::Balance, "", "bigint"),
        ] {
            assert_eq!(types_of(does, takes, returns), None, "{does:?}({takes})");
        }
    }
}
