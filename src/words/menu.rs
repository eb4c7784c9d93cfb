//! The command menu and the bot's profile.

use super::{SayContext, lexicon::Lexicon, pattern::Args};

/// Who sees a command menu.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// People in their chat with us.
    Private,
    /// People in groups, where we are addressed and money is not talked about.
    Group,
    /// Operators at the desk.
    Desk,
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
const PRIVATE: [(&str, &str); 15] = [
    ("settings", "command-settings"),
    ("balance", "command-balance"),
    ("buy", "command-buy"),
    ("plan", "command-plan"),
    ("redeem", "command-redeem"),
    ("invite", "command-invite"),
    ("history", "command-history"),
    ("link", "command-link"),
    ("unlink", "command-unlink"),
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

/// Commands of the operators' desk and their texts.
const DESK: [(&str, &str); 3] =
    [("r", "command-r"), ("done", "command-done"), ("refund", "command-refund")];

/// The lines of a menu.
pub(super) fn commands(
    lexicon: &Lexicon,
    audience: Audience,
    context: &SayContext,
) -> Vec<Command> {
    let listed: &[(&str, &str)] = match audience {
        Audience::Private => &PRIVATE,
        Audience::Group => &GROUP,
        Audience::Desk => &DESK,
    };
    let is_had = |word: &str| match word {
        "redeem" => context.redeems,
        "invite" => context.invites,
        _ => true,
    };
    let lines = listed.iter().filter(|(word, _)| is_had(word));
    lines.map(|(word, id)| Command { word, description: lexicon.word(id).to_owned() }).collect()
}

/// What stands in the empty chat.
pub(super) fn description(lexicon: &Lexicon, context: &SayContext) -> String {
    let args = Args::new().ours("product", context.product_name.as_str());
    lexicon.phrase("bot-description", &args)
}
