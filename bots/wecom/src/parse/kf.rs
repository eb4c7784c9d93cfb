//! A page of what happened at an account of customer service.
//!
//! Source: developer.work.weixin.qq.com/document/path/94670.

use picdesk_core::{
    channel::{Arrival, Attachment, Lane, MediaRef, OtherKind, Refusal},
    event::{Answerable, Entrance, Event, Greet, Handing, Hands, Message, Press, Setting, Warning},
    id::{ConversationId, MessageId, TapId},
};
use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use super::{
    Happening, app, contact::WELCOME_MS, digest, happened_at, held_back::held_back, person,
    token::read_menu_id,
};
use crate::{
    address::{Address, At, SendName, account_place, is_id},
    answer::account_named,
    config::KF,
};

/// How long the code of a chat that was taken from the pool can be used. Source: 95122.
const TAKEN_MS: i64 = 48 * 60 * 60 * 1000;

/// A page as it came.
#[derive(Debug, Deserialize)]
pub struct Page<'p> {
    /// Where the next page begins.
    #[serde(default, deserialize_with = "text_or_nothing")]
    pub next_cursor: String,
    /// Whether there is one. An empty page may well have a next one.
    #[serde(default)]
    has_more: Value,
    /// What happened, each as its own bytes.
    #[serde(borrow, default)]
    msg_list: Option<Vec<&'p RawValue>>,
}

fn text_or_nothing<'de, D: serde::Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    Ok(Value::deserialize(from)?.as_str().unwrap_or_default().to_owned())
}

/// Longest cursor, bytes. Source: 94670.
const CURSOR_BYTES_MAX: usize = 64;

/// Where the next page begins, of one that cannot be read otherwise. Only what is said once is
/// believed: nothing that a customer wrote is taken for it.
#[must_use]
pub fn next_cursor(page: &str) -> Option<&str> {
    let mut parts = page.split("\"next_cursor\":");
    let (_, after) = (parts.next()?, parts.next()?);
    let (cursor, _) = after.trim_start().strip_prefix('"')?.split_once('"')?;
    let is_tame = |byte: u8| byte.is_ascii_alphanumeric() || b"_-+/=.".contains(&byte);
    let is_cursor = (1..=CURSOR_BYTES_MAX).contains(&cursor.len()) && cursor.bytes().all(is_tame);
    Some(cursor).filter(|_| is_cursor && parts.next().is_none())
}

/// A page that cannot be read, kept for people. It is named by where the one after it begins.
#[must_use]
pub fn page_aside(account: &str, next: &str, page: &str) -> Arrival {
    Arrival::SetAside {
        external_id: format!("{KF}:page:{}", digest(&[account, next])),
        channel: KF,
        why: "a page of one message that cannot be read",
        raw: page.as_bytes().to_vec(),
    }
}

impl<'p> Page<'p> {
    /// What happened.
    #[must_use]
    pub fn items(&self) -> &[&'p RawValue] {
        self.msg_list.as_deref().unwrap_or_default()
    }

    /// Whether there is a next page.
    #[must_use]
    pub fn has_more(&self) -> bool {
        match &self.has_more {
            Value::Bool(more) => *more,
            Value::Number(more) => more.as_f64() != Some(0.0),
            _ => false,
        }
    }
}

/// Whose page it is.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'r> {
    /// The account.
    pub account: &'r str,
    /// What our own sends are known by.
    pub house: &'r str,
    /// When the page came, milliseconds since the epoch.
    pub received_at: i64,
}

/// What happened, in the order in which it did. What is older than `not_before` is left out.
#[must_use]
pub fn read_page(page: &Page<'_>, reader: Reader<'_>, not_before: Option<i64>) -> Vec<Arrival> {
    let mut arrivals: Vec<(i64, Arrival)> = Vec::with_capacity(page.items().len());
    for raw in page.items() {
        let Some((at, arrival)) = read_item(raw.get(), reader) else { continue };
        if not_before.is_none_or(|limit| at >= limit) {
            arrivals.push((at, arrival));
        }
    }
    // Stable: what happened in one second stays as it stood on the page.
    arrivals.sort_by_key(|(at, _)| *at);
    arrivals.into_iter().map(|(_, arrival)| arrival).collect()
}

/// What one item says, and when it happened; nothing when it does not concern us.
#[must_use]
pub fn read_item(raw: &str, reader: Reader<'_>) -> Option<(i64, Arrival)> {
    let aside = |why| {
        let external_id = format!("{KF}:aside:{}", digest(&[raw]));
        let raw = raw.as_bytes().to_vec();
        Some((reader.received_at, Arrival::SetAside { external_id, channel: KF, why, raw }))
    };
    let Ok(value) = serde_json::from_str::<Value>(raw) else {
        return aside("an item that cannot be read");
    };
    let item = Item { value: &value, raw, reader };
    let id = item.text("msgid");
    if id.is_empty() {
        return aside("an item without an id");
    }
    if item.text("msgtype") != "event" && item.writer().is_none() {
        return aside("an item without its customer");
    }
    let at = happened_at(value["send_time"].as_i64(), reader.received_at);
    let (conversation, lane, event) = match (item.text("msgtype"), item.origin()) {
        ("event", _) => item.event(at)?,
        (kind, Origin::Customer) => item.message(kind, id, at)?,
        (kind, Origin::Servicer) => item.servicer(kind)?,
        (_, Origin::System) => return None,
    };
    let external_id = format!("{KF}:msg:{id}");
    let happening = Happening { external_id, conversation, lane, happened_at: at };
    Some((at, happening.arrival(event, raw.as_bytes().to_vec())))
}

/// Whose item it is. Source: 94670, `origin`.
enum Origin {
    Customer,
    System,
    Servicer,
}

struct Item<'i> {
    value: &'i Value,
    raw: &'i str,
    reader: Reader<'i>,
}

type Happened = Option<(ConversationId, Lane, Event)>;

impl<'i> Item<'i> {
    fn text(&self, name: &str) -> &'i str {
        self.value[name].as_str().unwrap_or_default()
    }

    /// A text of the object that an item of this kind carries.
    fn of(&self, kind: &str, name: &str) -> &'i str {
        self.value[kind][name].as_str().unwrap_or_default()
    }

    fn some_of(&self, kind: &str, name: &str) -> Option<String> {
        let text = self.of(kind, name);
        (!text.is_empty()).then(|| text.to_owned())
    }

    fn origin(&self) -> Origin {
        match self.value["origin"].as_i64() {
            Some(5) => Origin::Servicer,
            Some(4) => Origin::System,
            _ => Origin::Customer,
        }
    }

    fn customer(&self, account: &str, user: &str) -> Option<Address> {
        let account = if account.is_empty() { self.reader.account } else { account };
        (is_id(account) && is_id(user))
            .then(|| Address::Customer { account: account.into(), user: user.into() })
    }

    fn writer(&self) -> Option<Address> {
        self.customer(self.text("open_kfid"), self.text("external_userid"))
    }

    fn message(&self, kind: &str, id: &str, at: i64) -> Happened {
        let from = self.writer()?;
        let by = person(&from, "");
        let token = (kind == "text").then(|| read_menu_id(self.of("text", "menu_id"))).flatten();
        if let Some(token) = token {
            let press = Press {
                by,
                setting: Setting::Private,
                tap: TapId(format!("{KF}:{id}")),
                message: None,
                token,
            };
            let lane = Lane::Taps(from.identity().0);
            return Some((from.conversation(), lane, Event::ButtonPressed(press)));
        }
        let (text, attachment) = self.content(kind, at);
        let message = Message {
            from: by,
            setting: Setting::Private,
            id: MessageId(id.to_owned()),
            text,
            attachments: attachment.into_iter().collect(),
            album: None,
            reply_to: None,
        };
        Some((from.conversation(), Lane::Conversation, Event::MessageReceived(message)))
    }

    fn content(&self, kind: &str, at: i64) -> (String, Option<Attachment>) {
        let other = |kind| (String::new(), Some(Attachment::Other(kind)));
        match kind {
            "text" => {
                let text = self.of("text", "content");
                if let Some(held_back) = held_back(text) {
                    return (String::new(), Some(held_back));
                }
                (text.to_owned(), None)
            }
            "image" => match self.of("image", "media_id") {
                "" => other(OtherKind::Something),
                media => {
                    // What is taken back is named by its message.
                    let unique = self.text("msgid").to_owned();
                    let media = MediaRef { unique, ..app::media_ref(media, None, at) };
                    (String::new(), Some(Attachment::Picture(media)))
                }
            },
            "voice" => other(OtherKind::Audio),
            "video" | "channels" => other(OtherKind::Video),
            "file" => other(OtherKind::File),
            "location" => other(OtherKind::Location),
            "business_card" => other(OtherKind::Contact),
            _ => other(OtherKind::Something),
        }
    }

    /// What one of our people wrote. It is for the transcript, and never for the bot.
    fn servicer(&self, kind: &str) -> Happened {
        let to = self.writer()?;
        let text = match kind {
            "text" => self.of("text", "content"),
            "msgmenu" => self.of("msgmenu", "head_content"),
            _ => "",
        };
        let attachments = if matches!(kind, "text" | "msgmenu") {
            Vec::new()
        } else {
            let at = happened_at(self.value["send_time"].as_i64(), self.reader.received_at);
            self.content(kind, at).1.into_iter().collect()
        };
        let event = Event::ServicerWrote {
            to: person(&to, ""),
            servicer: self.text("servicer_userid").to_owned(),
            text: text.to_owned(),
            attachments,
        };
        Some((to.conversation(), Lane::Conversation, event))
    }

    fn event(&self, at: i64) -> Happened {
        let kind = self.of("event", "event_type");
        let account = self.of("event", "open_kfid");
        if kind == "servicer_status_change" {
            let account = if is_id(account) { account } else { self.reader.account };
            let (warning, of) = (Warning::ServicersChanged, account_named(account));
            let event = Event::ChannelWarned { warning, of };
            return Some((account_place(account), Lane::Conversation, event));
        }
        let who = self.customer(account, self.of("event", "external_userid"))?;
        let conversation = who.conversation();
        match kind {
            "enter_session" => {
                let entrance = self.entrance(&who, at);
                let lane = match entrance.greet {
                    Greet::Once(_) => Lane::Urgent(format!("welcome {}", who.identity())),
                    Greet::No | Greet::Freely => Lane::Conversation,
                };
                Some((conversation, lane, Event::ChatEntered(entrance)))
            }
            "msg_send_fail" => {
                let name = SendName::read(self.of("event", "fail_msgid"), self.reader.house)?;
                let refusal = why_not(self.value["event"]["fail_type"].as_i64());
                let bounce = Event::MessageBounced { outbound: name.outbound, refusal };
                name.essential.then_some((conversation, Lane::Conversation, bounce))
            }
            "session_status_change" => {
                let handing = self.handing(&who, at)?;
                Some((conversation, Lane::Conversation, Event::ChatHanded(handing)))
            }
            "user_recall_msg" => {
                let event = Event::MessageRecalled {
                    by: person(&who, ""),
                    message: self.of("event", "recall_msgid").into(),
                };
                Some((conversation, Lane::Conversation, event))
            }
            // What our people recall, and whom they refuse, is theirs.
            _ => None,
        }
    }

    fn entrance(&self, who: &Address, at: i64) -> Entrance {
        let code = self.of("event", "welcome_code");
        let greet = if code.is_empty() {
            Greet::No
        } else {
            Greet::Once(Answerable {
                message: At::Code(code).id(),
                until: at.saturating_add(WELCOME_MS),
            })
        };
        Entrance {
            who: person(who, ""),
            scene: self.some_of("event", "scene"),
            scene_param: self.some_of("event", "scene_param"),
            greet,
        }
    }

    /// Source: 94670, `change_type`: 1 taken from the pool, 2 passed on, 3 ended, 4 opened again.
    fn handing(&self, who: &Address, at: i64) -> Option<Handing> {
        let change = self.value["event"]["change_type"].as_i64()?;
        let (to, answer_ms) = match change {
            1 | 2 | 4 => {
                (Hands::Servicer(self.of("event", "new_servicer_userid").to_owned()), TAKEN_MS)
            }
            3 => (Hands::Bot, WELCOME_MS),
            _ => return None,
        };
        let answer = self.some_of("event", "msg_code").map(|code| Answerable {
            message: At::Code(&code).id(),
            until: at.saturating_add(answer_ms),
        });
        Some(Handing { who: person(who, ""), to, answer })
    }
}

/// What a `fail_type` means. Source: 94670.
fn why_not(fail_type: Option<i64>) -> Refusal {
    match fail_type {
        // 1 the account is deleted, 2 the app is closed.
        Some(1 | 2) => Refusal::ConversationGone,
        // 4 over 48 hours, 5 the chat has ended, 6 over five messages, 11 nobody of ours is there:
        // all of it is over when they write again, and what was said is said then.
        Some(4 | 5 | 6 | 11) => Refusal::NotNow,
        // 10 they refuse us.
        Some(10) => Refusal::Blocked,
        // 8 the company is not verified, 12 no such kind there, 13 held back as unsafe.
        _ => Refusal::Content,
    }
}

impl std::fmt::Debug for Item<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "an item of {} bytes", self.raw.len())
    }
}
