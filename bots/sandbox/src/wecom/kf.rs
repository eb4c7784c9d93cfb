//! Customer service: a session between a customer and an account, its states and allowances.

mod accounts;
mod customers;
mod on_event;
mod send;
mod states;
mod sync;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub use self::accounts::{
    account_add, account_del, account_list, add_contact_way, servicer_add, servicer_del,
    servicer_list,
};
pub use self::customers::batch_get;
pub use self::on_event::send_on_event;
pub use self::send::{recall, send};
pub use self::states::{state_get, state_trans};
pub use self::sync::sync;
use super::callbacks;
use super::message::{Author, Content, Message};
use super::people::Place;
use super::record::CodeFor;
use super::refusal::Refusal;
use super::state::{Change, State};
use super::world::World;
use super::xml::Xml;

/// How long after a customer's message one may answer. Source: document 94677, 48 h.
pub const WINDOW_MS: i64 = 48 * 3_600_000;
/// How many answers a customer's message allows. Source: document 94677, 5.
pub const ANSWERS_MAX: u32 = 5;
/// How long a welcome code or the code of an ended session lives. Source: document 95122, 20 s.
pub const SHORT_CODE_MS: i64 = 20_000;
/// How long the other codes live. Source: document 95122, 48 h.
pub const LONG_CODE_MS: i64 = WINDOW_MS;
/// How long a doorbell's token lives. Source: document 94670, 10 min.
const DOORBELL_MS: i64 = 600_000;

/// The states of document 94669.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionState {
    /// 0: the customer wrote.
    New,
    /// 1: the assistant answers.
    Assistant,
    /// 2: waits in the pool.
    Pool,
    /// 3: a human answers.
    Human,
    /// 4: ended, or not begun.
    Ended,
}

impl SessionState {
    /// As the wire has it.
    pub fn number(self) -> i64 {
        match self {
            Self::New => 0,
            Self::Assistant => 1,
            Self::Pool => 2,
            Self::Human => 3,
            Self::Ended => 4,
        }
    }
}

/// A customer at an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The account.
    pub open_kfid: String,
    /// The customer.
    pub customer: String,
    /// How it stands, unless its 48 h are over.
    pub state: SessionState,
    /// Who answers, in state 3.
    pub servicer: Option<String>,
    /// When the customer last wrote, ms since 1970.
    pub wrote_ms: Option<i64>,
    /// Answers since then.
    pub answers: u32,
    /// When the customer was last welcomed, ms since 1970.
    pub welcomed_ms: Option<i64>,
    /// The scene and its parameter by which they last came.
    pub came_by: Option<(String, String)>,
    /// When they last came by a link, ms since 1970.
    pub came_ms: Option<i64>,
    /// The customer takes no messages of the account.
    pub rejected: bool,
}

impl Session {
    /// Before anything has happened.
    pub fn not_begun(open_kfid: &str, customer: &str) -> Self {
        Self {
            open_kfid: open_kfid.to_owned(),
            customer: customer.to_owned(),
            state: SessionState::Ended,
            servicer: None,
            wrote_ms: None,
            answers: 0,
            welcomed_ms: None,
            came_by: None,
            came_ms: None,
            rejected: false,
        }
    }

    /// Whether the customer wrote within 48 h.
    pub fn is_in_window(&self, now_ms: i64) -> bool {
        self.wrote_ms.is_some_and(|wrote_ms| now_ms < wrote_ms + WINDOW_MS)
    }

    /// Whether the customer wrote, or came by a link, within 48 h.
    pub fn is_active(&self, now_ms: i64) -> bool {
        self.is_in_window(now_ms) || self.came_ms.is_some_and(|it| now_ms < it + WINDOW_MS)
    }

    /// How it stands now. A session lasts 48 h. Source: document 94669.
    pub fn state_at(&self, now_ms: i64) -> SessionState {
        if self.is_in_window(now_ms) { self.state } else { SessionState::Ended }
    }

    /// Whether the desk may send now, and if not, why.
    pub fn allows_sending(&self, now_ms: i64) -> Result<(), Refusal> {
        if self.wrote_ms.is_some() && !self.is_in_window(now_ms) {
            return Err(Refusal::of_code(95002));
        }
        match self.state_at(now_ms) {
            SessionState::New | SessionState::Assistant if self.answers >= ANSWERS_MAX => {
                Err(Refusal::of_code(95001))
            }
            SessionState::New | SessionState::Assistant => Ok(()),
            SessionState::Pool | SessionState::Human | SessionState::Ended => {
                Err(Refusal::of_code(95018))
            }
        }
    }
}

/// The session of a customer at an account, begun or not.
pub fn session_of(world: &World, open_kfid: &str, customer: &str) -> Session {
    let key = (open_kfid.to_owned(), customer.to_owned());
    let known = world.sessions.get(&key).cloned();
    known.unwrap_or_else(|| Session::not_begun(open_kfid, customer))
}

/// The account a call names, which must be there and managed by the app.
pub fn require_account(world: &World, body: &Value) -> Result<String, Refusal> {
    let named = body.get("open_kfid").and_then(Value::as_str).unwrap_or_default();
    if named.is_empty() {
        return Err(Refusal::new(60251, "missing openkfid"));
    }
    let account = world.accounts.get(named);
    let account = account.ok_or_else(|| Refusal::new(95000, "invalid open_kfid"))?;
    if !account.managed {
        return Err(Refusal::new(48007, "no privilege of this kf account"));
    }
    Ok(named.to_owned())
}

/// The customer a call names in `field`, who must be there.
pub fn require_customer(world: &World, body: &Value, field: &str) -> Result<String, Refusal> {
    let named = body.get(field).and_then(Value::as_str).unwrap_or_default();
    let is_known = world.customers.contains_key(named);
    is_known.then(|| named.to_owned()).ok_or_else(|| Refusal::new(40096, "invalid external userid"))
}

/// The chat of a customer and an account.
pub fn chat_of(world: &mut World, open_kfid: &str, customer: &str) -> i64 {
    let place = Place::Kf(open_kfid.to_owned(), customer.to_owned());
    let title = world.customers.get(customer).map(|it| it.nickname.clone()).unwrap_or_default();
    world.require_chat(&place, &title)
}

/// Puts an entry into an account's feed and rings at the desk's door.
pub fn feed(state: &State, world: &mut World, open_kfid: &str, mut item: Value) -> String {
    let now_ms = state.now_ms();
    let msgid = format!("from_msgid_{}{:x}", state.digits(16), world.next());
    if let Value::Object(fields) = &mut item {
        fields.insert("msgid".into(), json!(msgid));
        fields.insert("send_time".into(), json!(now_ms / 1000));
    }
    world.feed(open_kfid, item, now_ms);
    if world.accounts.get(open_kfid).is_some_and(|account| account.managed) {
        ring_doorbell(state, world, open_kfid);
    }
    msgid
}

/// An event in the feed: the account and the customer stand inside it.
pub fn feed_event(state: &State, world: &mut World, open_kfid: &str, event: &Value) -> String {
    feed(state, world, open_kfid, json!({"origin": 4, "msgtype": "event", "event": event}))
}

/// The doorbell: an event that names the account and nothing else.
pub fn ring_doorbell(state: &State, world: &mut World, open_kfid: &str) {
    let token = state.make_code(world, CodeFor::Sync(open_kfid.to_owned()), DOORBELL_MS);
    let inner = Xml::new()
        .text("ToUserName", &state.options.corp_id)
        .number("CreateTime", state.now_ms() / 1000)
        .text("MsgType", "event")
        .text("Event", "kf_msg_or_event")
        .text("Token", &token)
        .text("OpenKfId", open_kfid);
    callbacks::enqueue(world, open_kfid, "kf_msg_or_event", &inner, false);
}

/// Something happened that stands in the middle of the chat.
pub fn note(state: &State, world: &mut World, chat: i64, words: &str) -> Message {
    let content = Content::Service(words.to_owned());
    let message = world.post(chat, Author::System, content, "", state.now_ms());
    state.changed_message(&message);
    state.changed(Change::Chat { chat });
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(state: SessionState, wrote_ms: i64, answers: u32) -> Session {
        Session { state, wrote_ms: Some(wrote_ms), answers, ..Session::not_begun("wk", "wm") }
    }

    fn errcode(session: &Session, now_ms: i64) -> Option<i64> {
        session.allows_sending(now_ms).err().map(|refusal| refusal.errcode)
    }

    #[test]
    fn five_answers_in_48_hours_and_only_while_no_human_has_the_chat() {
        assert_eq!(errcode(&session(SessionState::New, 0, 4), 1), None);
        assert_eq!(errcode(&session(SessionState::Assistant, 0, 4), 1), None);
        assert_eq!(errcode(&session(SessionState::New, 0, 5), 1), Some(95001));
        assert_eq!(errcode(&session(SessionState::New, 0, 0), WINDOW_MS - 1), None);
        assert_eq!(errcode(&session(SessionState::New, 0, 0), WINDOW_MS), Some(95002));
        for closed in [SessionState::Pool, SessionState::Human, SessionState::Ended] {
            assert_eq!(errcode(&session(closed, 0, 0), 1), Some(95018));
        }
        assert_eq!(errcode(&Session::not_begun("wk", "wm"), 1), Some(95018));
    }
}
