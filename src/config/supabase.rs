//! `[supabase]`.

use url::Url;

use super::{
    reader::{Keys, Read},
    secret::Secret,
    value::{BaseUrl, base_url, flag, list, text},
};

/// The website's people: who they are is Supabase Auth's to say.
#[derive(Debug, Clone)]
pub struct Supabase {
    /// The project; none: nobody signs in, and chats are linked to each other alone.
    pub project: Option<Project>,
    /// Whether one can sign in by Google.
    pub google: bool,
    /// Websites that may ask for codes on behalf of their people: origins, as browsers name them.
    pub site_origins: Vec<String>,
}

/// A project.
#[derive(Debug, Clone)]
pub struct Project {
    /// Its address.
    pub url: BaseUrl,
    /// The key that everybody may know.
    pub publishable_key: Secret,
    /// The key that nobody may know; without it some questions are not asked.
    pub secret_key: Option<Secret>,
    /// The secret of an old project, whose tokens are not signed by a published key.
    pub jwt_secret: Option<Secret>,
}

impl Supabase {
    pub(super) fn read(keys: &mut Keys<'_>) -> Self {
        let (url, publishable_key) = (keys.secret("url"), keys.secret("publishable_key"));
        let (secret_key, jwt_secret) = (keys.secret("secret_key"), keys.secret("jwt_secret"));
        let google = keys.take("google", flag);
        let site_origins = keys.take("site_origins", list(|value| origin(&text(value)?)));
        let url = url.and_then(|url| match base_url(url.reveal()) {
            Ok(url) => Some(url),
            Err(what) => {
                keys.blame("url", what);
                None
            }
        });
        let project = match (url, publishable_key) {
            (Some(url), Some(publishable_key)) => {
                Some(Project { url, publishable_key, secret_key, jwt_secret })
            }
            (None, None) => None,
            (Some(_), None) => {
                keys.blame("publishable_key", "is missing, and supabase.url is set");
                None
            }
            (None, Some(_)) => {
                keys.blame("url", "is missing, and supabase.publishable_key is set");
                None
            }
        };
        Self { project, google, site_origins }
    }
}

/// An origin as browsers send it: a scheme, a host, and a port where it is not the scheme's own.
fn origin(text: &str) -> Read<String> {
    let wrong = || "must be an origin, as in https://example.com, without a path".to_owned();
    let url = Url::parse(text).map_err(|_| wrong())?;
    let sent = url.origin().ascii_serialization();
    let is_web = matches!(url.scheme(), "http" | "https");
    if is_web && text.trim_end_matches('/').eq_ignore_ascii_case(&sent) {
        Ok(sent)
    } else {
        Err(wrong())
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    #[test]
    fn a_website_needs_its_address_and_a_key_and_origins_as_browsers_send_them() {
        let off = Config::from_text("").unwrap();
        assert!(off.supabase.project.is_none() && off.supabase.google);
        assert!(!off.house(None, Vec::new()).link.sign_in);
        let text = "[supabase]\nurl = \"https://ref.supabase.co/\"\npublishable_key = \"sb_p\"\n";
        let on = Config::from_text(text).unwrap();
        assert_eq!(on.supabase.project.as_ref().unwrap().url.as_str(), "https://ref.supabase.co");
        assert!(on.house(None, Vec::new()).link.sign_in);
        let with = |more: &str| Config::from_text(&format!("{text}{more}"));
        let origins = "site_origins = [\"https://Example.com\", \"http://localhost:3000/\"]\n";
        let config = with(&format!("google = false\n{origins}")).unwrap();
        assert_eq!(config.supabase.site_origins, ["https://example.com", "http://localhost:3000"]);
        assert!(!config.supabase.google);
        for odd in ["https://example.com/page", "example.com", "ftp://example.com", "*", "null", ""]
        {
            assert!(with(&format!("site_origins = [\"{odd}\"]\n")).is_err(), "{odd}");
        }
        for (half, missing) in [
            ("[supabase]\nurl = \"https://ref.supabase.co\"\n", "supabase.publishable_key"),
            ("[supabase]\npublishable_key = \"sb_p\"\n", "supabase.url"),
            ("[supabase]\nurl = \"ref\"\npublishable_key = \"sb_p\"\n", "supabase.url"),
        ] {
            let problems = Config::from_text(half).unwrap_err();
            assert!(problems.0.iter().any(|it| it.key == missing), "{problems:?}");
        }
    }
}
