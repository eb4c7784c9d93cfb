//! Buttons under a message.

use std::net::IpAddr;

use picdesk_core::channel::{Button, ButtonTarget};
use teloxide::types::{
    CopyTextButton, InlineKeyboardButton, InlineKeyboardButtonKind, InlineKeyboardMarkup,
};
use url::{Host, Url};

use super::Links;

/// Longest token on a button, bytes. Source: Bot API, `InlineKeyboardButton.callback_data`.
const TOKEN_BYTES_MAX: usize = 64;

/// Longest text that a button puts on the clipboard, characters. Source: Bot API,
/// `CopyTextButton`.
const COPY_CHARS_MAX: usize = 256;

/// The keyboard for these rows; nothing without buttons, which also takes a keyboard away. A
/// button that Telegram would refuse the whole message for is left out.
pub(super) fn keyboard(rows: &[Vec<Button>], links: Links) -> Option<InlineKeyboardMarkup> {
    let rows: Vec<Vec<InlineKeyboardButton>> = rows
        .iter()
        .map(|row| row.iter().filter_map(|button| key(button, links)).collect::<Vec<_>>())
        .filter(|row| !row.is_empty())
        .collect();
    (!rows.is_empty()).then(|| InlineKeyboardMarkup::new(rows))
}

fn key(button: &Button, links: Links) -> Option<InlineKeyboardButton> {
    let kind = match &button.target {
        ButtonTarget::Token(token) if (1..=TOKEN_BYTES_MAX).contains(&token.len()) => {
            InlineKeyboardButtonKind::CallbackData(token.clone())
        }
        ButtonTarget::Token(_) => return None,
        ButtonTarget::Url(address) => {
            let url = Url::parse(address).ok()?;
            let web = matches!(url.scheme(), "http" | "https" | "tg");
            if !web || (links == Links::Public && !is_public(&url)) {
                return None;
            }
            InlineKeyboardButtonKind::Url(url)
        }
        ButtonTarget::Copy(text) => {
            let text: String = text.chars().take(COPY_CHARS_MAX).collect();
            if text.is_empty() {
                return None;
            }
            InlineKeyboardButtonKind::CopyText(CopyTextButton { text })
        }
    };
    (!button.label.is_empty()).then(|| InlineKeyboardButton::new(button.label.clone(), kind))
}

/// Whether others can reach an address; for addresses by name we take it that they can.
#[must_use]
pub fn is_public(url: &Url) -> bool {
    match url.host() {
        None => url.scheme() == "tg",
        Some(Host::Domain(name)) => name != "localhost" && !name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => is_public_ip(ip.into()),
        Some(Host::Ipv6(ip)) => is_public_ip(ip.into()),
    }
}

fn is_public_ip(ip: IpAddr) -> bool {
    !ip.is_loopback() && !ip.is_unspecified()
}
