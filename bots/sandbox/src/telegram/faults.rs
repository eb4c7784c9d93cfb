//! What can be made to go wrong with Telegram, by count or by probability.

use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::{Value, json};

pub use crate::often::Often;
use crate::often::strike;
use crate::phone::FaultKind;

/// One thing that goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// 429; nothing happens.
    TooManyRequests {
        /// Seconds to wait.
        retry_after_s: u32,
    },
    /// A 5xx page in HTML; nothing happens.
    ServerError {
        /// Status.
        status: u16,
    },
    /// It happens, and the connection is cut instead of an answer.
    DropAnswer,
    /// Nothing happens, and the connection is cut.
    DropRequest,
    /// It happens, and half of the answer is sent.
    GarbledAnswer,
    /// It happens, and the answer is 200 with a page of HTML.
    NotJson,
    /// 401: the token is not known; nothing happens.
    Unauthorized,
    /// 403: the bot was blocked by the user.
    Forbidden,
    /// 400 with these words.
    BadRequest {
        /// What stands after `Bad Request: `.
        description: String,
    },
    /// It happens after a while.
    Slow {
        /// How long.
        delay_ms: u64,
    },
    /// An update that was acknowledged is delivered again.
    LostAck,
    /// An update is delivered twice.
    DuplicateUpdate,
}

impl Fault {
    /// The word it is armed with.
    pub fn word(&self) -> &'static str {
        match self {
            Self::TooManyRequests { .. } => "too_many_requests",
            Self::ServerError { .. } => "server_error",
            Self::DropAnswer => "drop_answer",
            Self::DropRequest => "drop_request",
            Self::GarbledAnswer => "garbled_answer",
            Self::NotJson => "not_json",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::BadRequest { .. } => "bad_request",
            Self::Slow { .. } => "slow",
            Self::LostAck => "lost_ack",
            Self::DuplicateUpdate => "duplicate_update",
        }
    }

    /// Whether it befalls calls of the desk, rather than updates to it.
    fn is_of_calls(&self) -> bool {
        !matches!(self, Self::LostAck | Self::DuplicateUpdate)
    }
}

/// A fault that waits for its occasion.
#[derive(Debug, Clone, PartialEq)]
pub struct Armed {
    /// What goes wrong.
    pub fault: Fault,
    /// How often.
    pub often: Often,
    /// Only this method; `*` for all; none for those that send or edit.
    pub method: Option<String>,
    /// Only this chat.
    pub chat: Option<i64>,
}

impl Armed {
    /// The next `times` sends and edits.
    pub fn times(fault: Fault, times: u32) -> Self {
        Self { fault, often: Often::Times(times), method: None, chat: None }
    }

    /// Each send and edit with this chance.
    pub fn chance(fault: Fault, chance: f64) -> Self {
        Self { fault, often: Often::Chance(chance), method: None, chat: None }
    }

    /// Only one method.
    #[must_use]
    pub fn on(mut self, method: &str) -> Self {
        self.method = Some(method.to_owned());
        self
    }

    /// Only one chat.
    #[must_use]
    pub fn in_chat(mut self, chat: i64) -> Self {
        self.chat = Some(chat);
        self
    }

    fn concerns(&self, method: &str, chat: Option<i64>) -> bool {
        let of_method = match self.method.as_deref() {
            None => super::methods::is_send(method),
            Some("*") => true,
            Some(named) => named.eq_ignore_ascii_case(method),
        };
        of_method && (self.chat.is_none() || self.chat == chat)
    }

    /// As the phone page shows it.
    pub fn view(&self) -> Value {
        let mut view = json!({"what": self.fault.word()});
        let (word, number) = self.often.shown();
        view[word] = number;
        if let Some(method) = &self.method {
            view["method"] = json!(method);
        }
        if let Some(chat) = self.chat {
            view["chat"] = json!(chat);
        }
        match &self.fault {
            Fault::TooManyRequests { retry_after_s } => {
                view["retry_after_s"] = json!(retry_after_s);
            }
            Fault::ServerError { status } => view["status"] = json!(status),
            Fault::BadRequest { description } => view["description"] = json!(description),
            Fault::Slow { delay_ms } => view["delay_ms"] = json!(delay_ms),
            _ => {}
        }
        view
    }
}

/// All that is armed.
#[derive(Debug)]
pub struct Faults {
    armed: Vec<Armed>,
    chance: StdRng,
    /// No update leaves before this moment, ms since 1970.
    pub hold_updates_until_ms: i64,
}

impl Faults {
    /// None armed; chance from a seed.
    pub fn new(seed: u64) -> Self {
        let chance = StdRng::seed_from_u64(seed);
        Self { armed: Vec::new(), chance, hold_updates_until_ms: 0 }
    }

    /// Arms one.
    pub fn arm(&mut self, armed: Armed) {
        self.armed.push(armed);
    }

    /// Disarms all.
    pub fn clear(&mut self) {
        self.armed.clear();
        self.hold_updates_until_ms = 0;
    }

    /// What is armed.
    pub fn armed(&self) -> &[Armed] {
        &self.armed
    }

    /// What befalls a call, if anything.
    pub fn strike_call(&mut self, method: &str, chat: Option<i64>) -> Option<Fault> {
        self.strike(|armed| armed.fault.is_of_calls() && armed.concerns(method, chat))
    }

    /// Whether this befalls updates of these chats and users; none of them, nothing befalls.
    pub fn strike_update(&mut self, fault: &Fault, owners: &[i64]) -> bool {
        let concerns = |armed: &Armed| {
            armed.fault == *fault && armed.chat.is_none_or(|only| owners.contains(&only))
        };
        !owners.is_empty() && self.strike(concerns).is_some()
    }

    fn strike(&mut self, concerns: impl Fn(&Armed) -> bool) -> Option<Fault> {
        let struck = strike(&mut self.armed, &mut self.chance, |one| &mut one.often, concerns);
        struck.map(|armed| armed.fault)
    }
}

/// Reads one from the phone page's JSON; `chat` is already a number.
pub fn read_armed(fault: &Value, chat: Option<i64>) -> Result<Armed, String> {
    let number = |name: &str, or: u64| fault.get(name).and_then(Value::as_u64).unwrap_or(or);
    let small = |name: &str, or: u64| u32::try_from(number(name, or)).unwrap_or(u32::MAX);
    let what = fault.get("what").and_then(Value::as_str).unwrap_or_default();
    let kind = match what {
        "too_many_requests" => Fault::TooManyRequests { retry_after_s: small("retry_after_s", 5) },
        "server_error" => {
            let status = u16::try_from(number("status", 502)).unwrap_or(502);
            if !(500..600).contains(&status) {
                return Err("status: 500 to 599".into());
            }
            Fault::ServerError { status }
        }
        "drop_answer" => Fault::DropAnswer,
        "drop_request" => Fault::DropRequest,
        "garbled_answer" => Fault::GarbledAnswer,
        "not_json" => Fault::NotJson,
        "unauthorized" => Fault::Unauthorized,
        "forbidden" => Fault::Forbidden,
        "bad_request" => {
            let words = fault.get("description").and_then(Value::as_str);
            Fault::BadRequest { description: words.unwrap_or("IMAGE_PROCESS_FAILED").to_owned() }
        }
        "slow" => Fault::Slow { delay_ms: number("delay_ms", 3000) },
        "lost_ack" => Fault::LostAck,
        "duplicate_update" => Fault::DuplicateUpdate,
        _ => return Err(format!("unknown fault of telegram: {what:?}")),
    };
    let often = Often::read(fault)?;
    let method = fault.get("method").and_then(Value::as_str).filter(|name| !name.is_empty());
    Ok(Armed { fault: kind, often, method: method.map(str::to_owned), chat })
}

/// What the page offers.
pub fn kinds() -> Vec<FaultKind> {
    let kind = |what: &str, says: &str, takes: &[&str]| FaultKind {
        what: what.into(),
        says: says.into(),
        takes: takes.iter().map(|&name| name.into()).collect(),
    };
    vec![
        kind("too_many_requests", "Answer 429", &["retry_after_s"]),
        kind("server_error", "Answer with an error page", &["status"]),
        kind("drop_answer", "Take it, drop the answer", &[]),
        kind("drop_request", "Cut the connection first", &[]),
        kind("garbled_answer", "Take it, send half an answer", &[]),
        kind("not_json", "Take it, answer with HTML", &[]),
        kind("unauthorized", "Not know the token", &[]),
        kind("forbidden", "Say the user blocked the bot", &[]),
        kind("bad_request", "Refuse", &["description"]),
        kind("slow", "Answer slowly", &["delay_ms"]),
        kind("lost_ack", "Lose an acknowledgement", &[]),
        kind("duplicate_update", "Deliver an update twice", &[]),
        kind("redeliver", "Deliver the last updates again", &["count"]),
        kind("hold_updates", "Hold updates back", &["for_ms"]),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counted_fault_strikes_sends_only_and_runs_out() {
        let mut faults = Faults::new(1);
        faults.arm(Armed::times(Fault::DropAnswer, 2));
        assert_eq!(faults.strike_call("getupdates", None), None);
        assert_eq!(faults.strike_call("sendmessage", Some(7)), Some(Fault::DropAnswer));
        assert_eq!(faults.strike_call("editmessagetext", Some(7)), Some(Fault::DropAnswer));
        assert_eq!(faults.strike_call("sendmessage", Some(7)), None);
    }

    #[test]
    fn a_fault_of_one_chat_and_method_spares_the_others() {
        let mut faults = Faults::new(1);
        faults.arm(Armed::times(Fault::Forbidden, 1).on("sendPhoto").in_chat(7));
        assert_eq!(faults.strike_call("sendphoto", Some(8)), None);
        assert_eq!(faults.strike_call("sendmessage", Some(7)), None);
        assert_eq!(faults.strike_call("sendphoto", Some(7)), Some(Fault::Forbidden));
    }

    #[test]
    fn chance_comes_from_the_seed() {
        let run = |seed| {
            let mut faults = Faults::new(seed);
            faults.arm(Armed::chance(Fault::DropAnswer, 0.5));
            (0..64).map(|_| faults.strike_call("sendmessage", None).is_some()).collect::<Vec<_>>()
        };
        assert_eq!(run(1), run(1));
        assert_ne!(run(1), run(2));
    }
}
