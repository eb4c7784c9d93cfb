//! The command menu and the bot's profile.

use super::{SayContext, lexicon::Lexicon, pattern::Args};

/// Where a command menu is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In a private chat.
    Private,
    /// In groups, where the bot is addressed and money is not talked about.
    Group,
}

/// A line of a command menu.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// The word after the slash.
    pub word: &'static str,
    /// What it does, at most 256 characters.
    pub description: String,
}

/// Commands of a private chat, in the order people look for them, and their texts.
const PRIVATE: [(&str, &str); 10] = [
    ("settings", "command-settings"),
    ("balance", "command-balance"),
    ("buy", "command-buy"),
    ("history", "command-history"),
    ("cancel", "command-cancel"),
    ("support", "command-support"),
    ("language", "command-language"),
    ("privacy", "command-privacy"),
    ("paysupport", "command-paysupport"),
    ("help", "command-help"),
];

/// Commands of a group and their texts.
const GROUP: [(&str, &str); 4] = [
    ("imagine", "command-imagine"),
    ("cancel", "command-cancel"),
    ("privacy", "command-privacy"),
    ("help", "command-help"),
];

/// The lines of a menu.
pub(super) fn commands(lexicon: &Lexicon, place: Place) -> Vec<Command> {
    let listed: &[(&str, &str)] = match place {
        Place::Private => &PRIVATE,
        Place::Group => &GROUP,
    };
    let lines = listed.iter();
    lines.map(|(word, id)| Command { word, description: lexicon.word(id).to_owned() }).collect()
}

/// What stands in the empty chat.
pub(super) fn description(lexicon: &Lexicon, context: &SayContext) -> String {
    let args = Args::new().ours("product", context.product_name.as_str());
    lexicon.phrase("bot-description", &args)
}
