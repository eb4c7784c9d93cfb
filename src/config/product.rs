//! `[product]`.

use picdesk_core::account::Language;
use url::Url;

use super::reader::{Keys, Read};
use super::value::{maybe, one_of, page_url, words};

/// What the product is called and where its papers are.
#[derive(Debug, Clone)]
pub struct Product {
    /// What the bots call themselves.
    pub name: String,
    /// The file of prices, packs and plans.
    pub plans_file: String,
    /// The language of somebody whose client tells none we have.
    pub language_default: Language,
    /// The full privacy policy.
    pub privacy_url: Option<Url>,
    /// The terms of sale.
    pub terms_url: Option<Url>,
    /// An address for those who cannot chat.
    pub support_email: Option<String>,
}

impl Product {
    pub(super) fn read(keys: &mut Keys<'_>) -> Self {
        const LANGUAGES: &[(&str, Language)] = &[("en", Language::En), ("zh-CN", Language::ZhCn)];
        Self {
            name: keys.take("name", words),
            plans_file: keys.take("plans_file", words),
            language_default: keys.take("language_default", one_of(LANGUAGES)),
            privacy_url: keys.take("privacy_url", maybe(page_url)),
            terms_url: keys.take("terms_url", maybe(page_url)),
            support_email: keys.take("support_email", maybe(email)),
        }
    }
}

fn email(text: &str) -> Read<String> {
    let is_one = text.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty() && domain.contains('.') && !domain.contains('@')
    });
    let plain = !text.chars().any(|c| c.is_whitespace() || c.is_control());
    if is_one && plain { Ok(text.to_owned()) } else { Err("must be an e-mail address".to_owned()) }
}
