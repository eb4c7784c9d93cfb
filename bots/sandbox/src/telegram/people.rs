//! Who is there: users, chats and the topics of a forum.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A person with a Telegram account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Telegram's id.
    pub id: i64,
    /// The name the phone page and scripts call them by.
    pub alias: String,
    /// First name, as everyone sees it.
    pub name: String,
    /// Without the at sign.
    pub username: Option<String>,
    /// IETF tag of their client, for example `zh-hans`.
    pub language: Option<String>,
    /// Whether they answer people rather than ask.
    pub operator: bool,
    /// Whether they have written to the bot; it cannot write first.
    pub started: bool,
    /// Whether they have blocked the bot.
    pub blocked: bool,
}

/// What kind of place a chat is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChatKind {
    /// One person and the bot.
    Private,
    /// An ordinary group; may become a supergroup under another id.
    Group,
    /// A supergroup without topics.
    Supergroup,
    /// A supergroup with topics.
    Forum,
}

impl ChatKind {
    /// The word the phone page uses.
    pub fn word(self) -> &'static str {
        match self {
            Self::Private => "private",
            Self::Group => "group",
            Self::Supergroup => "supergroup",
            Self::Forum => "forum",
        }
    }

    /// `Chat.type` of the Bot API.
    pub fn wire(self) -> &'static str {
        match self {
            Self::Private => "private",
            Self::Group => "group",
            Self::Supergroup | Self::Forum => "supergroup",
        }
    }
}

/// One thread of a forum.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Topic {
    /// The id of the service message that began it.
    pub id: i64,
    /// Up to 128 characters.
    pub name: String,
    /// RGB.
    pub icon_color: i64,
    /// Nobody but an administrator writes in it.
    pub closed: bool,
    /// Gone; the bot is not told.
    pub deleted: bool,
}

/// A place where people and the bot talk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chat {
    /// Telegram's id; negative for groups.
    pub id: i64,
    /// The name the phone page and scripts call it by.
    pub alias: String,
    /// What kind of place it is.
    pub kind: ChatKind,
    /// A group's title.
    pub title: String,
    /// Users in it, without the bot.
    pub members: Vec<i64>,
    /// Whether the bot is an administrator, so that it reads everything.
    pub bot_admin: bool,
    /// Whether the bot was removed from it.
    #[serde(default)]
    pub bot_removed: bool,
    /// The supergroup this group has become.
    pub migrated_to: Option<i64>,
    /// A supergroup numbers its own messages; the next one's number.
    pub next_message: i64,
    /// Threads by id.
    pub topics: BTreeMap<i64, Topic>,
}

impl Chat {
    /// Whether it numbers its messages itself; private chats and groups share one count.
    pub fn counts_its_own(&self) -> bool {
        matches!(self.kind, ChatKind::Supergroup | ChatKind::Forum)
    }
}

/// Alice, who writes English.
pub const ALICE: i64 = 1001;
/// 小明, whose client is in simplified Chinese.
pub const XIAOMING: i64 = 1002;
/// Olga, an operator.
pub const OLGA: i64 = 1003;
/// 小伟, an operator.
pub const WEI: i64 = 1004;
/// An ordinary group of Alice and 小明.
pub const GROUP: i64 = -2001;
/// The operators' forum.
pub const OPERATORS: i64 = -1_002_000_000_001;

/// Whoever is there before anyone has done anything.
pub fn first_people() -> (Vec<User>, Vec<Chat>) {
    let user = |id, alias: &str, name: &str, language: &str, operator| User {
        id,
        alias: alias.into(),
        name: name.into(),
        username: Some(format!("{alias}_plays")),
        language: Some(language.into()),
        operator,
        started: false,
        blocked: false,
    };
    let users = vec![
        user(ALICE, "alice", "Alice", "en", false),
        user(XIAOMING, "xiaoming", "小明", "zh-hans", false),
        user(OLGA, "olga", "Olga", "en", true),
        user(WEI, "wei", "小伟", "zh-hans", true),
    ];
    let mut chats: Vec<Chat> = users.iter().map(private_chat).collect();
    chats.push(Chat {
        title: "Weekend painters".into(),
        members: vec![ALICE, XIAOMING],
        ..empty_chat(GROUP, "group", ChatKind::Group)
    });
    chats.push(Chat {
        title: "Operators".into(),
        members: vec![OLGA, WEI],
        bot_admin: true,
        ..empty_chat(OPERATORS, "operators", ChatKind::Forum)
    });
    (users, chats)
}

/// The chat of one user with the bot.
pub fn private_chat(user: &User) -> Chat {
    Chat {
        title: user.name.clone(),
        members: vec![user.id],
        ..empty_chat(user.id, &user.alias, ChatKind::Private)
    }
}

/// A chat with nobody in it.
pub fn empty_chat(id: i64, alias: &str, kind: ChatKind) -> Chat {
    Chat {
        id,
        alias: alias.into(),
        kind,
        title: String::new(),
        members: Vec::new(),
        bot_admin: false,
        bot_removed: false,
        migrated_to: None,
        // Message 1 of a supergroup says that it was created.
        next_message: 2,
        topics: BTreeMap::new(),
    }
}
