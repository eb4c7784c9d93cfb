//! Who is there: members, customers, servicers, and the chats between them.

use serde::{Deserialize, Serialize};

/// 陈默, a member who draws; reads in WeCom.
pub const CHENMO: &str = "ChenMo";
/// 王七, a member whose id begins with zeros and who reads in WeChat.
pub const WANG: &str = "007wang";
/// Olga, a member who answers people.
pub const OLGA: &str = "Olga";
/// 小伟, a member who answers people.
pub const WEI: &str = "xiaowei";
/// 赵离, a member without a licence for the app's messages.
pub const ZHAO: &str = "zhaoli";
/// 小林, a customer on WeChat.
pub const XIAOLIN: &str = "wmSandboxAAAxiaolin00000000000001";
/// Anna, a customer on WeChat.
pub const ANNA: &str = "wmSandboxAAAanna00000000000000002";
/// The customer service account that the desk manages.
pub const DESK_KF: &str = "wkSandboxAAAdesk0000000000000001";
/// A second one.
pub const STUDIO_KF: &str = "wkSandboxAAAstudio00000000000002";
/// The group chat in which the AI bot is.
pub const BOT_GROUP: &str = "wrSandboxAAAgroup000000000000001";

/// Somebody of the corp.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// As the corp has it, with case and leading zeros.
    pub userid: String,
    /// Lower case, for the page and for stories.
    pub alias: String,
    /// As everyone sees it.
    pub name: String,
    /// Their client's language.
    pub language: String,
    /// Whether the app may be seen by them.
    pub visible: bool,
    /// Whether messages of the app reach them.
    pub licensed: bool,
    /// They read in WeChat, where neither markdown nor cards are shown.
    pub in_wechat: bool,
    /// Whether they answer people.
    pub operator: bool,
}

/// Somebody on WeChat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Customer {
    /// `external_userid`.
    pub external_userid: String,
    /// Lower case, for the page and for stories.
    pub alias: String,
    /// As everyone sees it.
    pub nickname: String,
    /// Their client's language; WeCom never tells it.
    pub language: String,
    /// Members whose contact they are: `userid`, the `state` of the way, ms since 1970.
    pub contacts: Vec<Contact>,
}

/// A customer as somebody's contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// Whose.
    pub userid: String,
    /// What the way they came by says.
    pub state: String,
    /// Since when, ms since 1970.
    pub at_ms: i64,
}

/// Whether a servicer takes sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reception {
    /// They do.
    Receiving,
    /// They do not.
    Stopped,
    /// They pause.
    Suspended,
}

/// Who answers for an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Servicer {
    /// The member.
    pub userid: String,
    /// Whether they take sessions.
    pub reception: Reception,
}

/// A customer service account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// `open_kfid`.
    pub open_kfid: String,
    /// Lower case, for the page and for stories.
    pub alias: String,
    /// As customers see it.
    pub name: String,
    /// Whether the app manages it.
    pub managed: bool,
    /// Who answers.
    pub servicers: Vec<Servicer>,
}

/// Where a chat is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// A member's chat with the app.
    App(String),
    /// A customer's chat with an account: `open_kfid`, `external_userid`.
    Kf(String, String),
    /// A member's chat with the AI bot.
    Bot(String),
    /// A group in which the AI bot is: its `chatid`, and the members.
    BotGroup(String, Vec<String>),
    /// The group in which the group robot is.
    Robot(Vec<String>),
    /// A contact's chat with a member: `external_userid`, `userid`.
    Contact(String, String),
}

/// A chat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chat {
    /// The stand-in's own number; no wire carries it.
    pub id: i64,
    /// For the page and for stories.
    pub alias: String,
    /// What stands above it.
    pub title: String,
    /// Where it is.
    pub place: Place,
    /// The next message's number.
    pub next_message: i64,
}

impl Chat {
    /// The word for what kind of chat it is.
    pub fn kind(&self) -> &'static str {
        match self.place {
            Place::App(_) => "wecom_app",
            Place::Kf(..) => "wecom_kf",
            Place::Bot(_) => "wecom_bot",
            Place::BotGroup(..) => "wecom_bot_group",
            Place::Robot(_) => "wecom_robot",
            Place::Contact(..) => "wecom_contact",
        }
    }
}

/// Who and what there is before anyone has done anything.
#[derive(Debug)]
pub struct FirstPeople {
    /// Of the corp.
    pub members: Vec<Member>,
    /// On WeChat.
    pub customers: Vec<Customer>,
    /// Of customer service.
    pub accounts: Vec<Account>,
    /// Between them.
    pub chats: Vec<Chat>,
}

/// The first chat's number; Telegram's stand-in has none so high below its supergroups.
const FIRST_CHAT: i64 = 5_000_000_001;

/// The people of the sandbox.
pub fn first_people() -> FirstPeople {
    let member = |userid: &str, alias: &str, name: &str, language: &str| Member {
        userid: userid.into(),
        alias: alias.into(),
        name: name.into(),
        language: language.into(),
        visible: true,
        licensed: true,
        in_wechat: false,
        operator: false,
    };
    let customer = |id: &str, alias: &str, name: &str, language: &str| Customer {
        external_userid: id.into(),
        alias: alias.into(),
        nickname: name.into(),
        language: language.into(),
        contacts: Vec::new(),
    };
    let servicer = |userid: &str, reception| Servicer { userid: userid.into(), reception };
    let account = |id: &str, alias: &str, name: &str| Account {
        open_kfid: id.into(),
        alias: alias.into(),
        name: name.into(),
        managed: true,
        servicers: vec![servicer(OLGA, Reception::Receiving), servicer(WEI, Reception::Stopped)],
    };
    let members = vec![
        member(CHENMO, "chenmo", "陈默", "zh-CN"),
        Member { in_wechat: true, ..member(WANG, "wang", "王七", "zh-CN") },
        Member { operator: true, ..member(OLGA, "kf-olga", "Olga", "en") },
        Member { operator: true, ..member(WEI, "kf-wei", "小伟", "zh-CN") },
        Member { licensed: false, ..member(ZHAO, "zhaoli", "赵离", "zh-CN") },
    ];
    FirstPeople {
        members,
        customers: vec![
            customer(XIAOLIN, "xiaolin", "小林", "zh-CN"),
            customer(ANNA, "anna", "Anna", "en"),
        ],
        accounts: vec![
            account(DESK_KF, "desk", "AI 画图客服"),
            account(STUDIO_KF, "studio", "AI 画图工作室"),
        ],
        chats: first_chats(),
    }
}

fn first_chats() -> Vec<Chat> {
    let kf = |account: &str, customer: &str| Place::Kf(account.into(), customer.into());
    let members = || vec![CHENMO.to_owned(), WANG.to_owned(), OLGA.to_owned()];
    let named = [
        ("kf-xiaolin", "小林", kf(DESK_KF, XIAOLIN)),
        ("kf-anna", "Anna", kf(DESK_KF, ANNA)),
        ("studio-xiaolin", "小林 · 工作室", kf(STUDIO_KF, XIAOLIN)),
        ("studio-anna", "Anna · 工作室", kf(STUDIO_KF, ANNA)),
        ("app-chenmo", "陈默", Place::App(CHENMO.into())),
        ("app-wang", "王七", Place::App(WANG.into())),
        ("app-zhaoli", "赵离", Place::App(ZHAO.into())),
        ("app-olga", "Olga", Place::App(OLGA.into())),
        ("app-wei", "小伟", Place::App(WEI.into())),
        ("bot-chenmo", "陈默", Place::Bot(CHENMO.into())),
        ("bot-wang", "王七", Place::Bot(WANG.into())),
        ("bot-group", "设计组", Place::BotGroup(BOT_GROUP.into(), members())),
        ("robot", "告警群", Place::Robot(vec![OLGA.into(), WEI.into()])),
        ("contact-xiaolin", "小林 → Olga", Place::Contact(XIAOLIN.into(), OLGA.into())),
        ("contact-anna", "Anna → 小伟", Place::Contact(ANNA.into(), WEI.into())),
    ];
    let chat = |(id, (alias, title, place)): (i64, (&str, &str, Place))| Chat {
        id,
        alias: alias.into(),
        title: title.into(),
        place,
        next_message: 1,
    };
    (FIRST_CHAT..).zip(named).map(chat).collect()
}
