//! `[mail]`.

use lettre::{AsyncSmtpTransport, Tokio1Executor, message::Mailbox};

use super::reader::{Keys, Read};
use super::secret::Secret;
use super::value::maybe;

/// How letters are sent.
#[derive(Debug, Clone)]
pub struct Mail {
    /// Where they are handed in; none: no letters.
    pub post: Option<Post>,
}

/// A mail server that takes letters of ours.
#[derive(Debug, Clone)]
pub struct Post {
    /// Its address, with name and password.
    pub smtp_url: Secret,
    /// Who writes.
    pub from: Mailbox,
}

impl Post {
    /// Whether letters and the password travel in the open.
    pub(super) fn is_open(&self) -> bool {
        let url = self.smtp_url.reveal();
        !url.starts_with("smtps:") && !url.contains("tls=required")
    }
}

impl Mail {
    pub(super) fn read(keys: &mut Keys<'_>) -> Self {
        let smtp_url = keys.secret("smtp_url");
        let from = keys.take("from", maybe(mailbox));
        let post = match (smtp_url, from) {
            (Some(smtp_url), _) if !can_be_used(&smtp_url) => {
                let form = "must be as in smtps://name:password@host or \
                            smtp://name:password@host:587?tls=required";
                keys.blame("smtp_url", form);
                None
            }
            (Some(smtp_url), Some(from)) => Some(Post { smtp_url, from }),
            (Some(_), None) => {
                keys.blame("from", "is missing, and mail.smtp_url is set");
                None
            }
            (None, _) => None,
        };
        Self { post }
    }
}

fn can_be_used(smtp_url: &Secret) -> bool {
    AsyncSmtpTransport::<Tokio1Executor>::from_url(smtp_url.reveal()).is_ok()
}

fn mailbox(text: &str) -> Read<Mailbox> {
    let wrong = |_| "must be an address, as in desk@example.com or Desk <desk@example.com>".into();
    text.parse().map_err(wrong)
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    const SITE: &str = "[supabase]\nurl = \"https://ref.supabase.co\"\npublishable_key = \"p\"\n";

    #[test]
    fn letters_need_a_server_a_writer_and_a_site_that_tells_addresses() {
        assert!(Config::from_text("").unwrap().mail.post.is_none());
        let post = "[mail]\nsmtp_url = \"smtps://desk:secret@mail.example.com\"\n\
                    from = \"Desk <desk@example.com>\"\n";
        let config = Config::from_text(&format!("{SITE}{post}")).unwrap();
        assert_eq!(config.mail.post.as_ref().unwrap().from.email.domain(), "example.com");
        assert!(!config.house(None, Vec::new()).link.letters, "nobody tells addresses");
        assert!(config.warnings().iter().any(|it| it.contains("supabase.secret_key")));
        let config = Config::from_text(&format!("{SITE}secret_key = \"s\"\n{post}")).unwrap();
        assert!(config.house(None, Vec::new()).link.letters);
        assert!(!config.warnings().iter().any(|it| it.contains("mail")));
        let open = post.replace("smtps:", "smtp:");
        let config = Config::from_text(&format!("{SITE}secret_key = \"s\"\n{open}")).unwrap();
        assert!(config.warnings().iter().any(|it| it.contains("mail.smtp_url")));
    }

    #[test]
    fn what_cannot_send_letters_is_named() {
        for (text, key) in [
            ("smtp_url = \"smtps://mail.example.com\"", "mail.from"),
            ("smtp_url = \"https://mail.example.com\"\nfrom = \"a@example.com\"", "mail.smtp_url"),
            ("smtp_url = \"mail.example.com\"\nfrom = \"a@example.com\"", "mail.smtp_url"),
            ("from = \"nobody\"", "mail.from"),
        ] {
            let problems = Config::from_text(&format!("[mail]\n{text}\n")).unwrap_err();
            assert!(problems.0.iter().any(|it| it.key == key), "{text}: {problems:?}");
        }
    }
}
