//! Where things go: conversation and message ids of the house, taken apart. Nothing else knows how
//! they are put together.

use picdesk_core::id::{ConversationId, IdentityId, MessageId, OutboundId};

use crate::config::{APP, BOT, KF};

/// Between the parts of an address. No id of WeCom's has it in it.
const BORDER: char = '/';

/// What a member's contact is called by, in the place of a member: such a place takes greetings.
const CONTACT: &str = "contact";

/// What operators are called by, in the place of a member: such a place is a case's.
const DESK: &str = "desk";

/// A place that we can write to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Address {
    /// A member of the company.
    Member {
        /// Their user id.
        user: String,
    },
    /// Operators among the members, all of them, about a case.
    Desk {
        /// The case's code.
        case: String,
    },
    /// A member's contact on WeChat, who can be greeted once.
    Contact {
        /// Their external user id.
        user: String,
    },
    /// A customer on WeChat, at one of our accounts.
    Customer {
        /// The account's `open_kfid`.
        account: String,
        /// Their external user id.
        user: String,
    },
    /// Somebody who talks to the bot.
    Talk {
        /// The group, where it is in one.
        group: Option<String>,
        /// Their user id.
        user: String,
    },
}

impl Address {
    /// Takes a conversation id apart; nothing when it is none that we can write to.
    #[must_use]
    pub fn of(conversation: &ConversationId) -> Option<Self> {
        let (channel, place) = conversation.0.split_once(':')?;
        let (first, second) = match place.split_once(BORDER) {
            Some((first, second)) => (first, Some(second)),
            None => (place, None),
        };
        if first.is_empty() || second.is_some_and(|text| text.is_empty() || text.contains(BORDER)) {
            return None;
        }
        let first = || first.to_owned();
        Some(match (channel, second) {
            (APP, None) => Self::Member { user: first() },
            (APP, Some(user)) if place.starts_with(CONTACT) => Self::Contact { user: user.into() },
            (APP, Some(case)) if place.starts_with(DESK) => Self::Desk { case: case.into() },
            (KF, Some(user)) => Self::Customer { account: first(), user: user.into() },
            (BOT, None) => Self::Talk { group: None, user: first() },
            (BOT, Some(user)) => Self::Talk { group: Some(first()), user: user.into() },
            _ => return None,
        })
    }

    /// The conversation id of this place.
    #[must_use]
    pub fn conversation(&self) -> ConversationId {
        ConversationId(match self {
            Self::Member { user } => format!("{APP}:{user}"),
            Self::Desk { case } => format!("{APP}:{DESK}{BORDER}{case}"),
            Self::Contact { user } => format!("{APP}:{CONTACT}{BORDER}{user}"),
            Self::Customer { account, user } => format!("{KF}:{account}{BORDER}{user}"),
            Self::Talk { group: None, user } => format!("{BOT}:{user}"),
            Self::Talk { group: Some(group), user } => format!("{BOT}:{group}{BORDER}{user}"),
        })
    }

    /// Who is at this place.
    #[must_use]
    pub fn identity(&self) -> IdentityId {
        IdentityId(match self {
            Self::Member { user } => format!("{APP}:{user}"),
            Self::Desk { case } => format!("{APP}:{DESK}{BORDER}{case}"),
            Self::Contact { user } => format!("{APP}:{CONTACT}{BORDER}{user}"),
            Self::Customer { user, .. } => format!("{KF}:{user}"),
            Self::Talk { user, .. } => format!("{BOT}:{user}"),
        })
    }
}

/// The chat at WeCom that a conversation of the bot's is in: a group's is one for all in it.
#[must_use]
pub fn chat_of(conversation: &ConversationId) -> &str {
    conversation.0.split_once(BORDER).map_or(conversation.as_str(), |(chat, _)| chat)
}

/// Whether WeCom may have given this id: so that nothing of it can be mistaken for a border.
#[must_use]
pub fn is_id(id: &str) -> bool {
    (1..=128).contains(&id.len())
        && !id.chars().any(|c| c == BORDER || c.is_control() || c.is_whitespace())
}

/// A place of an account itself, for what happens to nobody in particular.
#[must_use]
pub fn account_place(account: &str) -> ConversationId {
    ConversationId(format!("{KF}:{account}"))
}

/// The desk of operators with chats of their own: a case's place is this, a border and its code.
#[must_use]
pub fn members_desk() -> ConversationId {
    ConversationId(format!("{APP}:{DESK}"))
}

/// The place of the app itself.
#[must_use]
pub fn app_place() -> ConversationId {
    ConversationId(format!("{APP}:"))
}

/// A message of ours or theirs, by what can still be done with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum At<'m> {
    /// A card, by the code that changes it once.
    Card(&'m str),
    /// A card that was pressed, by the code that changes it once.
    Pressed(&'m str),
    /// A happening, by the code that answers it once.
    Code(&'m str),
    /// Somebody's coming by a link, by the code that answers it once and what the link says.
    Coming {
        /// The code.
        code: &'m str,
        /// What the link says of where they come from.
        state: &'m str,
    },
    /// A message, by its id.
    Message(&'m str),
}

impl<'m> At<'m> {
    /// What a message id of this channel stands for.
    #[must_use]
    pub fn of(id: &'m MessageId) -> Self {
        match id.0.split_once(':') {
            Some(("card", code)) => Self::Card(code),
            Some(("pressed", code)) => Self::Pressed(code),
            Some(("code", code)) => Self::Code(code),
            Some(("coming", rest)) => {
                let (code, state) = rest.split_once(' ').unwrap_or((rest, ""));
                Self::Coming { code, state }
            }
            _ => Self::Message(&id.0),
        }
    }

    /// The message id that stands for this.
    #[must_use]
    pub fn id(&self) -> MessageId {
        MessageId(match self {
            Self::Card(code) => format!("card:{code}"),
            Self::Pressed(code) => format!("pressed:{code}"),
            Self::Code(code) => format!("code:{code}"),
            Self::Coming { code, state } => format!("coming:{code} {state}"),
            Self::Message(id) => (*id).to_owned(),
        })
    }
}

/// The name of one send, which WeCom takes once: at most 32 letters of `[0-9a-zA-Z_-]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SendName {
    /// The message it is a part of.
    pub outbound: OutboundId,
    /// Which part.
    pub part: u8,
    /// Whether the message has not arrived without it. Words under a picture are not.
    pub essential: bool,
}

impl SendName {
    /// The name as WeCom gets it. `house` tells two houses apart that use one account in turn.
    #[must_use]
    pub fn text(self, house: &str) -> String {
        let kind = if self.essential { 'p' } else { 'c' };
        format!("{kind}{}-{}-{house}", self.outbound, self.part)
    }

    /// Reads a name of this house's.
    #[must_use]
    pub fn read(text: &str, house: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '-');
        let (first, part) = (parts.next()?, parts.next()?.parse().ok()?);
        if parts.next()? != house {
            return None;
        }
        let (essential, outbound) = match first.split_at_checked(1)? {
            ("p", outbound) => (true, outbound),
            ("c", outbound) => (false, outbound),
            _ => return None,
        };
        Some(Self { outbound: OutboundId(outbound.parse().ok()?), part, essential })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_comes_back_from_its_conversation() {
        for id in [
            "wecom-app:0254571",
            "wecom-app:contact/woA",
            "wecom-app:desk/S-12",
            "wecom-kf:wkA/wmB",
            "wecom-bot:lisi",
            "wecom-bot:wrG/lisi",
        ] {
            let conversation = ConversationId::from(id);
            let address = Address::of(&conversation).expect(id);
            assert_eq!(address.conversation(), conversation);
        }
        let foreign = [
            "telegram:7",
            "wecom-app:",
            "wecom-app:a/b",
            "wecom-kf:wkA",
            "wecom-kf:/wm",
            "x",
            "",
            "wecom-kf:wk/a/b",
            "wecom-bot:a/",
        ];
        for id in foreign {
            assert_eq!(Address::of(&id.into()), None, "{id}");
        }
    }

    #[test]
    fn a_send_has_a_name_that_wecom_takes_and_that_comes_back() {
        let name = SendName { outbound: OutboundId(i64::MAX), part: 12, essential: true };
        let text = name.text("abcd1234");
        assert!(text.len() <= 32, "{text}");
        assert_eq!(SendName::read(&text, "abcd1234"), Some(name));
        assert_eq!(SendName::read(&text, "other"), None);
        for foreign in ["", "p", "p1", "p1-0", "x1-0-abcd1234", "p1-300-abcd1234", "p-0-abcd1234"] {
            assert_eq!(SendName::read(foreign, "abcd1234"), None, "{foreign}");
        }
    }
}
