//! The phone: what the sandbox page, a script or a browser test may do to the stand-ins.
//!
//! JSON in, JSON out, under `/sandbox/api/…`. A refusal is `{"ok": false, "error": "in words"}`
//! with 400, 404 or 409. Times are milliseconds since 1970 by the stand-ins' clock; ids are
//! numbers that fit a JavaScript number. A request marked `Sec-Fetch-Site: cross-site` is refused.
//!
//! A **chat** is named by its number or by its alias: `alice`, `xiaoming`, `group`, `operators`.
//! A **player** is who one plays: `alice` (English), `xiaoming` (小明, zh-hans), `olga` and `wei`
//! (operators). Every `as` defaults to `alice`, every `chat` to the player's private chat, so that
//! `{"text": "a fox in the snow"}` is a whole `say`.
//!
//! | route | takes | answers |
//! | --- | --- | --- |
//! | `GET /sandbox/api/players` | | [players](#players): who and which chats there are |
//! | `GET /sandbox/api/chat/{chat}` | `?topic=12` one topic, `?limit=200` newest | [chat](#chat) |
//! | `GET /sandbox/api/events` | | server-sent [events](#events) |
//! | `GET /sandbox/api/file/{file}` | | the bytes of a picture or document; cached for ever |
//! | `POST /sandbox/api/say` | [say](#say), JSON or multipart | `{"ok":true,"messages":[17]}` |
//! | `POST /sandbox/api/tap` | `{as, chat, message, button}` | `{"ok":true,"callback":"…"}` |
//! | `POST /sandbox/api/stop` | `{as, chat, draft}` | `{"ok":true}`: the Stop of a draft |
//! | `POST /sandbox/api/edit` | `{as, chat, message, text}` | `{"ok":true}` |
//! | `POST /sandbox/api/delete` | `{as, chat, message}` | `{"ok":true}`: the bot is not told |
//! | `POST /sandbox/api/block` | `{as, blocked: true\|false}` | `{"ok":true}` |
//! | `POST /sandbox/api/language` | `{as, language: "zh-hans"}` | `{"ok":true}` |
//! | `POST /sandbox/api/topic` | `{as, chat, topic, do: close\|reopen\|delete}` | `{"ok":true}` |
//! | `POST /sandbox/api/migrate` | `{chat: "group"}` | `{"ok":true,"chat":-1001…}` |
//! | `POST /sandbox/api/wecom` | [wecom](#wecom) | `{"ok":true}` |
//! | `GET /sandbox/api/fault` | | [faults](#faults): what can be armed, what is armed |
//! | `POST /sandbox/api/fault` | `{party, what, count, …}` | as the `GET` |
//! | `POST /sandbox/api/advance` | `{"seconds": 3600}` | `{"ok":true,"now_ms":…}` |
//! | `GET /sandbox/api/desk` | | [desk](#desk) |
//! | `POST /sandbox/api/kill` | `{"restart": true}` (default true) | [desk](#desk) |
//! | `POST /sandbox/api/restart` | | [desk](#desk) |
//! | `GET /sandbox/api/counters` | | [counters](#counters) |
//! | `GET /sandbox/api/letters` | | `{"letters": [{"to", "code", "at_ms"}]}`, newest first |
//!
//! # players
//!
//! `private` is the chat with the bot, null for who has none; `commands` is what the bot has set
//! with `setMyCommands` for that player's language. `last` is null while a chat is empty.
//! ```json
//! {"now_ms": 1764000000000,
//!  "bot": {"id": 7000000001, "name": "Picture Desk", "username": "picdesk_bot",
//!          "description": "…", "short_description": "…"},
//!  "players": [{"player": "alice", "id": 1001, "name": "Alice", "language": "en",
//!               "operator": false, "private": 1001, "blocked": false,
//!               "commands": [{"command": "help", "description": "What I can do"}]}],
//!  "chats": [{"chat": 1001, "alias": "alice", "kind": "private", "title": "Alice",
//!             "players": ["alice"],
//!             "last": {"message": 17, "from": "Picture Desk", "text": "…",
//!                      "at_ms": 1764000000000}},
//!            {"chat": -1002000000001, "alias": "operators", "kind": "forum", "title": "Operators",
//!             "players": ["olga", "wei"], "last": null}]}
//! ```
//! `kind`: `private`, `group`, `supergroup`, `forum`.
//!
//! # chat
//!
//! Messages oldest first; deleted ones are gone. `topics` only in a forum; the general topic is
//! `null`. `typing` and `draft` vanish by themselves at `until_ms`.
//! ```json
//! {"chat": 1001, "alias": "alice", "kind": "private", "title": "Alice", "blocked": false,
//!  "topics": [{"topic": 12, "name": "S-1 Alice", "closed": false}],
//!  "typing": {"topic": null, "action": "upload_photo", "until_ms": 1764000005000},
//!  "draft": {"topic": null, "draft": 7, "text": "Drawing…", "can_stop": true,
//!            "until_ms": 1764000030000},
//!  "messages": [{"…": "see message"}]}
//! ```
//!
//! # message
//!
//! ```json
//! {"chat": 1001, "message": 17, "topic": null, "at_ms": 1764000000000,
//!  "edited_at_ms": 1764000004000, "edits": 2,
//!  "from": {"id": 7000000001, "name": "Picture Desk", "bot": true, "player": null},
//!  "kind": "photo",
//!  "text": "2 credits · 41 left",
//!  "entities": [{"type": "bold", "offset": 0, "length": 1}],
//!  "picture": {"url": "/sandbox/api/file/AQADx1", "width": 1280, "height": 853},
//!  "document": {"url": "/sandbox/api/file/AgADq", "name": "fox.png", "mime": "image/png",
//!               "bytes": 1843201},
//!  "album": "13579246801",
//!  "reply_to": {"message": 16, "from": "Alice", "text": "a fox", "picture": null},
//!  "buttons": [[{"text": "Again", "data": "1a:x9", "url": null, "copy": null,
//!                "style": null, "disabled": false}]],
//!  "reactions": ["👀"]}
//! ```
//! `kind`: `text`, `photo`, `document`, `service` (then `text` says what happened). `text` is the
//! text or the caption, `""` when there is none. `entities` by UTF-16 offset, as Telegram has them
//! (`bold`, `italic`, `code`, `pre`, `text_link` with `url`, `blockquote`, `expandable_blockquote`,
//! `bot_command`, `url`, …). `picture`, `document`, `album`, `reply_to`, `edited_at_ms`, `topic`
//! are null when there is none; `buttons` and `reactions` are then `[]`. `from.player` is the
//! player's name, null for the bot. A picture's `url` changes when the message is edited into
//! another picture.
//!
//! # events
//!
//! `GET /sandbox/api/events` is an event stream; every event has the name in the left column, a
//! growing `id:` and one JSON object as data. After a reconnect (the first event is always
//! `hello`) fetch the chat again: nothing is replayed. A comment line keeps it alive every 15 s.
//!
//! | event | data |
//! | --- | --- |
//! | `hello` | `{"now_ms": …}` |
//! | `message` | a whole [message](#message), new or edited: replace by (`chat`, `message`) |
//! | `deleted` | `{"chat", "message"}` |
//! | `typing` | `{"chat", "topic", "action", "until_ms"}` |
//! | `draft` | `{"chat", "topic", "draft", "text", "can_stop", "until_ms"}` |
//! | `toast` | `{"chat", "message", "player", "text", "alert"}`: a tap's answer, `text` or not |
//! | `chat` | `{"chat"}`: its title, topics, block or number changed; fetch it and players again |
//! | `faults` | `{}`: what is armed changed |
//! | `clock` | `{"now_ms"}`: someone advanced it |
//! | `desk` | as [desk](#desk) |
//!
//! # say
//!
//! JSON: `{"as": "alice", "chat": "alice", "topic": null, "text": "…", "reply_to": 17,
//! "as_document": false, "attachments": [{"name": "fox.png", "base64": "…"}]}`; all optional, but
//! `text` or an attachment there must be. Two or more attachments are an album (at most 10), the
//! text its caption. Or `multipart/form-data` with the same names as fields (`reply_to` and `topic`
//! as digits, `as_document` as `true`) and each attachment as a file field `file`. At most 25 MB
//! an attachment and 100 MB together. A picture goes as a photo (re-encoded, as a Telegram client
//! does) unless `as_document`; what is no picture always goes as a document.
//!
//! `tap`: `button` is a button's text or its `data`.
//!
//! # faults
//!
//! `GET` and `POST` answer
//! ```json
//! {"parties": [{"party": "telegram",
//!   "kinds": [{"what": "too_many_requests", "says": "Answer 429", "takes": ["retry_after_s"]}],
//!   "armed": [{"what": "too_many_requests", "count": 3, "retry_after_s": 5}]}]}
//! ```
//! Draw one control per kind: `says` is its English label, `takes` names the extra numbers or
//! words it understands. `POST {"party": "telegram", "what": "clear"}` disarms everything.
//!
//! For `telegram` every fault also takes `count` (default 1), or `probability` (0 to 1) to stay
//! armed until cleared, and optionally `method` (`"editMessageMedia"`; `"*"` for every call) and
//! `chat`. Without `method` it befalls what sends or edits a message, and nothing else:
//!
//! | `what` | takes | effect |
//! | --- | --- | --- |
//! | `too_many_requests` | `retry_after_s` (5) | 429, nothing happens |
//! | `server_error` | `status` (502) | a 5xx page in HTML, nothing happens |
//! | `drop_answer` | | it happens, and the connection is cut instead of an answer |
//! | `drop_request` | | nothing happens, and the connection is cut |
//! | `garbled_answer` | | it happens, and half of the answer is sent |
//! | `not_json` | | it happens, and the answer is 200 with HTML |
//! | `unauthorized` | | 401, nothing happens |
//! | `forbidden` | | 403 bot was blocked by the user |
//! | `bad_request` | `description` | 400 with these words |
//! | `slow` | `delay_ms` (3000) | it happens after a while |
//! | `lost_ack` | | an update the desk has acknowledged is delivered again |
//! | `duplicate_update` | | an update is delivered twice |
//! | `redeliver` | `count` | the last `count` updates are delivered again, now |
//! | `hold_updates` | `for_ms` (5000) | no update is delivered for a while |
//!
//! Any other `party` (`images`) gets the JSON as it is; its kinds stand in the `GET`.
//!
//! # wecom
//!
//! Where the sandbox has WeCom too, `players` lists its people (`chenmo`, `wang`, `zhaoli`,
//! `kf-olga`, `kf-wei`; `xiaolin` and `anna` on WeChat) and chats, whose `kind` is `wecom_kf` (a
//! customer on WeChat and an account), `wecom_app` (a member and the app), `wecom_bot`,
//! `wecom_bot_group`, `wecom_robot` or `wecom_contact`. Everything above works there as well, by
//! the chat's number or alias: `{"chat": "kf-xiaolin", "text": "一只狐狸"}`; `as` defaults to whose
//! chat it is. A tap by text or key says a menu's line, tells of a card, or answers `{"url"}`.
//! Messages have in addition `sort`, `pictures` (all of them), `finished`, `failed` (why it never
//! arrived), `replaced`, `menu_id`, `msgid`; chats have `session` (`{"state": 0…4, "servicer",
//! "answers_left", "window_until_ms", "rejected"}`, null but in `wecom_kf`) and `menu`.
//!
//! `POST /sandbox/api/wecom` takes `{"do": …, "chat", "as", "with", "what", "message", "seconds",
//! "count"}`, of which each `do` reads what it needs:
//!
//! | `do` | reads | what happens |
//! | --- | --- | --- |
//! | `enter` | `chat`, `with` scene, `what` its parameter | the customer comes by a link |
//! | `open_app`, `enter_bot_chat` | `chat` | the member opens the app, or the AI bot's chat |
//! | `press_menu` | `chat`, `what` | the member presses the app's menu |
//! | `take_back` | `chat`, `message` | a customer or servicer takes a message back |
//! | `take`, `hand`, `end` | `chat`, `with` servicer | a session by a human's hand |
//! | `close_window` | `chat` | the 48 h are over |
//! | `reject`, `accept` | `chat` | the customer takes no messages, or does again |
//! | `receive`, `stop_receiving` | `chat`, `with` servicer | whether they take sessions |
//! | `add_contact`, `remove_contact` | `chat`, `with` member, `what` state | a contact of theirs |
//! | `read_in_wechat`, `read_in_wecom` | `chat` | where the member reads |
//! | `ring` | `chat`, `count` | the doorbell rings though nothing happened |
//! | `end_tokens` | `what`: `killed` or `expired` | all access tokens end |
//! | `trust_ip`, `distrust_ip` | | 60020 or not |
//! | `hold_callbacks` | `seconds` | no callback leaves for a while |
//!
//! Its faults are those of party `wecom`, with `on` (a path, a callback's kind, or `*`) and `who`.
//!
//! # desk
//!
//! `{"state": "running", "pid": 4711, "kills": 2, "since_ms": 1764000000000}`; `state`: `running`,
//! `starting`, `stopped`. `pid` is null when it is not a process of its own.
//!
//! # counters
//!
//! `{"calls": {"sendmessage": 12}, "refused": {"429": 1}, "faults": {"slow": 1},
//! "updates": {"waiting": 0, "delivered": 9, "expired": 0}, "delivery": "polling",
//! "messages": 31, "edits": 7, "pictures_twice": 0}`; `delivery`: `polling`, `webhook`, `none`
//! (nobody asked yet). `pictures_twice` counts pictures that stand more than once in a chat.

mod act;
mod control;
mod events;
mod images;
mod outside;
mod read;
mod refusal;
mod wecom;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use futures_util::future::BoxFuture;
use serde::Serialize;
use serde_json::Value;
use tokio::sync::broadcast;

use self::refusal::Refusal;
use crate::telegram::TelegramStandIn;
use crate::wecom::WecomStandIn;

/// One thing that can go wrong with an outside party, as the page offers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FaultKind {
    /// The word to arm it with.
    pub what: String,
    /// Its label in English.
    pub says: String,
    /// Further fields it understands.
    pub takes: Vec<String>,
}

/// What the page may do to an outside party other than Telegram.
pub trait OutsideControl: Send + Sync {
    /// The word in `party`, for example `images`.
    fn party(&self) -> &'static str;
    /// What can be armed.
    fn kinds(&self) -> Vec<FaultKind>;
    /// What is armed now, one object each, with at least `what`.
    fn armed(&self) -> Vec<Value>;
    /// Arms what the JSON says; `{"what": "clear"}` never gets here.
    ///
    /// # Errors
    /// In words, when the fault is not understood.
    fn arm(&self, fault: &Value) -> Result<(), String>;
    /// Disarms everything.
    fn clear(&self);
    /// Where more of it is played in a browser, if it has such a page.
    fn page_url(&self) -> Option<String> {
        None
    }
    /// Moves the party's own clock, if it has one.
    fn advance(&self, by: Duration) {
        let _ = by;
    }
    /// The letters that it has sent, newest first.
    fn letters(&self) -> Vec<Value> {
        Vec::new()
    }
}

/// Whether the desk lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Liveness {
    /// It answers.
    Running,
    /// It was started and does not answer yet.
    Starting,
    /// It was killed, or has ended.
    Stopped,
}

/// How the desk is, as `GET /sandbox/api/desk` shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeskState {
    /// Whether it lives.
    pub state: Liveness,
    /// Its process, when it is one of its own.
    pub pid: Option<u32>,
    /// How often it was killed from here.
    pub kills: u32,
    /// Since when it is in this state, ms since 1970.
    pub since_ms: i64,
}

/// The desk under test: whoever runs the sandbox implements this for the process it starts.
pub trait Desk: Send + Sync {
    /// Ends it at once, as SIGKILL does.
    fn kill(&self) -> BoxFuture<'_, Result<(), String>>;
    /// Starts it again on the same data; returns when it answers.
    fn restart(&self) -> BoxFuture<'_, Result<(), String>>;
    /// Moves its clock.
    fn advance(&self, by: Duration) -> BoxFuture<'_, Result<(), String>>;
    /// How it is.
    fn state(&self) -> DeskState;
}

/// Largest body, bytes: ten attachments, and base64 around them.
const BODY_MAX: usize = 140 * 1000 * 1000;

/// What the routes share. Cheap to clone.
#[derive(Clone)]
pub struct Phone {
    telegram: TelegramStandIn,
    wecom: Option<WecomStandIn>,
    desk: Arc<dyn Desk>,
    outside: Arc<[Arc<dyn OutsideControl>]>,
    happened: broadcast::Sender<Happened>,
}

impl fmt::Debug for Phone {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Phone").field("telegram", &self.telegram).finish_non_exhaustive()
    }
}

/// What happened here rather than in a stand-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Happened {
    Desk,
    Faults,
}

impl Phone {
    /// Around a stand-in, the desk that uses it, and the other outside parties.
    pub fn new(
        telegram: TelegramStandIn,
        desk: Arc<dyn Desk>,
        outside: Vec<Arc<dyn OutsideControl>>,
    ) -> Self {
        let happened = broadcast::Sender::new(64);
        Self { telegram, wecom: None, desk, outside: outside.into(), happened }
    }

    /// With WeCom beside Telegram. Its clock must be one of its own: it is moved with the others.
    #[must_use]
    pub fn with_wecom(mut self, wecom: WecomStandIn) -> Self {
        let control: Arc<dyn OutsideControl> = Arc::new(wecom.clone());
        self.outside = self.outside.iter().cloned().chain([control]).collect();
        self.wecom = Some(wecom);
        self
    }

    /// Tells the page that the desk's state has changed by itself.
    pub fn desk_changed(&self) {
        self.tell(Happened::Desk);
    }

    fn tell(&self, happened: Happened) {
        // Without a page nobody hears it, and nobody needs to.
        drop(self.happened.send(happened));
    }
}

/// The routes under `/sandbox/api`.
pub fn router(phone: Phone) -> Router {
    Router::new()
        .route("/sandbox/api/players", get(read::players))
        .route("/sandbox/api/chat/{chat}", get(read::chat))
        .route("/sandbox/api/file/{file}", get(read::file))
        .route("/sandbox/api/counters", get(read::counters))
        .route("/sandbox/api/letters", get(read::letters))
        .route("/sandbox/api/events", get(events::events))
        .route("/sandbox/api/say", post(act::say))
        .route("/sandbox/api/tap", post(act::tap))
        .route("/sandbox/api/stop", post(act::stop))
        .route("/sandbox/api/edit", post(act::edit))
        .route("/sandbox/api/delete", post(act::delete))
        .route("/sandbox/api/block", post(act::block))
        .route("/sandbox/api/language", post(act::language))
        .route("/sandbox/api/topic", post(act::topic))
        .route("/sandbox/api/migrate", post(act::migrate))
        .route("/sandbox/api/wecom", post(wecom::act))
        .route("/sandbox/api/fault", get(control::faults).post(control::arm))
        .route("/sandbox/api/advance", post(control::advance))
        .route("/sandbox/api/desk", get(control::desk))
        .route("/sandbox/api/kill", post(control::kill))
        .route("/sandbox/api/restart", post(control::restart))
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .layer(middleware::from_fn(refuse_other_sites))
        .with_state(phone)
}

/// A page of somebody else's must not play here.
async fn refuse_other_sites(request: Request, next: Next) -> Response {
    let site = request.headers().get("sec-fetch-site");
    if site.is_some_and(|site| site == "cross-site") {
        return Refusal::forbidden("only the sandbox's own page may ask this").into_response();
    }
    next.run(request).await
}
