//! What can be made to go wrong with WeCom, by count or by probability.

use rand::SeedableRng;
use rand::rngs::StdRng;
use serde::{Deserialize, Serialize};

pub use crate::often::Often;
use crate::often::strike;

/// One thing that goes wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Fault {
    /// Status 200 and this `errcode`; nothing happens.
    Errcode {
        /// The code.
        errcode: i64,
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
    /// It happens, and control characters stand in the answer's strings.
    ControlCharacters,
    /// It happens after a while.
    Slow {
        /// How long.
        delay_ms: u64,
    },
    /// 40014: the token it came with is forgotten from now on.
    TokenKilled,
    /// 42001: the token it came with has run out.
    TokenExpired,
    /// 60020, naming the address.
    IpRefused,
    /// A page of `kf/sync_msg` is empty, and there is more.
    EmptyPage,
    /// A page of `kf/sync_msg` has fewer entries than were asked for.
    ShortPage {
        /// How many.
        entries: usize,
    },
    /// `kf/send_msg` says yes, the customer never sees it, and `msg_send_fail` follows.
    SendFails {
        /// Why, as `fail_type` says it.
        fail_type: i64,
    },
    /// `message/send` says yes, and nobody ever sees it.
    SentNowhere,
    /// A callback is never sent.
    CallbackLost,
    /// A callback is sent twice, each in an envelope of its own.
    CallbackTwice,
    /// A callback is sent again in the very envelope in which it was taken.
    CallbackReplayed,
    /// A callback is held until the next one has been taken, or for a second.
    CallbackOvertaken,
    /// A callback is taken, and WeCom does not hear it: it is sent again, which may not be heard
    /// either.
    CallbackUnheard,
    /// The AI bot's socket is cut at its next message.
    SocketCut,
}

impl Fault {
    /// One of each kind, as the page arms it when it says nothing else.
    pub fn all() -> Vec<Self> {
        vec![
            Self::Errcode { errcode: -1 },
            Self::ServerError { status: 502 },
            Self::DropAnswer,
            Self::DropRequest,
            Self::GarbledAnswer,
            Self::NotJson,
            Self::ControlCharacters,
            Self::Slow { delay_ms: 3000 },
            Self::TokenKilled,
            Self::TokenExpired,
            Self::IpRefused,
            Self::EmptyPage,
            Self::ShortPage { entries: 1 },
            Self::SendFails { fail_type: 0 },
            Self::SentNowhere,
            Self::CallbackLost,
            Self::CallbackTwice,
            Self::CallbackReplayed,
            Self::CallbackOvertaken,
            Self::CallbackUnheard,
            Self::SocketCut,
        ]
    }

    /// The word it is armed with.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Errcode { .. } => "errcode",
            Self::ServerError { .. } => "server_error",
            Self::DropAnswer => "drop_answer",
            Self::DropRequest => "drop_request",
            Self::GarbledAnswer => "garbled_answer",
            Self::NotJson => "not_json",
            Self::ControlCharacters => "control_characters",
            Self::Slow { .. } => "slow",
            Self::TokenKilled => "token_killed",
            Self::TokenExpired => "token_expired",
            Self::IpRefused => "ip_refused",
            Self::EmptyPage => "empty_page",
            Self::ShortPage { .. } => "short_page",
            Self::SendFails { .. } => "send_fails",
            Self::SentNowhere => "sent_nowhere",
            Self::CallbackLost => "callback_lost",
            Self::CallbackTwice => "callback_twice",
            Self::CallbackReplayed => "callback_replayed",
            Self::CallbackOvertaken => "callback_overtaken",
            Self::CallbackUnheard => "callback_unheard",
            Self::SocketCut => "socket_cut",
        }
    }

    /// What it befalls.
    fn befalls(&self) -> Occasion {
        match self {
            Self::EmptyPage | Self::ShortPage { .. } => Occasion::Page,
            Self::SendFails { .. } => Occasion::KfSend,
            Self::SentNowhere => Occasion::AppSend,
            Self::CallbackLost
            | Self::CallbackTwice
            | Self::CallbackReplayed
            | Self::CallbackOvertaken
            | Self::CallbackUnheard => Occasion::Callback,
            Self::SocketCut => Occasion::Socket,
            _ => Occasion::Call,
        }
    }
}

/// When a fault may strike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occasion {
    /// A call of the desk.
    Call,
    /// A page of `kf/sync_msg`.
    Page,
    /// A message of `kf/send_msg` that was taken.
    KfSend,
    /// A message of `message/send` that was taken.
    AppSend,
    /// A callback to the desk.
    Callback,
    /// One that is sent again.
    Retry,
    /// A message over the AI bot's socket.
    Socket,
}

/// A fault that waits for its occasion.
#[derive(Debug, Clone, PartialEq)]
pub struct Armed {
    /// What goes wrong.
    pub fault: Fault,
    /// How often.
    pub often: Often,
    /// Only calls of this path (`kf/send_msg`) or callbacks of this kind (`kf_msg_or_event`); `*`
    /// for all; none for the calls that send, and for all callbacks.
    pub on: Option<String>,
    /// Only what is about this `userid`, `external_userid` or `open_kfid`.
    pub who: Option<String>,
}

impl Armed {
    /// The next `times` occasions.
    pub fn times(fault: Fault, times: u32) -> Self {
        Self { fault, often: Often::Times(times), on: None, who: None }
    }

    /// Each occasion with this chance.
    pub fn chance(fault: Fault, chance: f64) -> Self {
        Self { fault, often: Often::Chance(chance), on: None, who: None }
    }

    /// Only one path, or one kind of callback.
    #[must_use]
    pub fn on(mut self, path: &str) -> Self {
        self.on = Some(path.to_owned());
        self
    }

    /// Only one person or account.
    #[must_use]
    pub fn about(mut self, who: &str) -> Self {
        self.who = Some(who.to_owned());
        self
    }

    fn concerns(&self, occasion: Occasion, what: &str, owners: &[&str]) -> bool {
        let named = match self.on.as_deref() {
            None => occasion != Occasion::Call || is_send(what),
            Some("*") => true,
            Some(named) => named == what,
        };
        let meant = self.who.as_deref().is_none_or(|who| owners.contains(&who));
        let again = self.fault == Fault::CallbackUnheard && occasion == Occasion::Retry;
        (self.fault.befalls() == occasion || again) && named && meant
    }
}

/// Whether a path puts or changes a message.
pub fn is_send(path: &str) -> bool {
    matches!(
        path,
        "message/send"
            | "message/update_template_card"
            | "kf/send_msg"
            | "kf/send_msg_on_event"
            | "externalcontact/send_welcome_msg"
            | "aibot/response"
            | "aibot_respond_msg"
            | "aibot_send_msg"
            | "webhook/send"
    )
}

/// All that is armed.
#[derive(Debug)]
pub struct Faults {
    armed: Vec<Armed>,
    chance: StdRng,
    /// No callback leaves before this moment, ms since 1970.
    pub hold_callbacks_until_ms: i64,
}

impl Faults {
    /// None armed; chance from a seed.
    pub fn new(seed: u64) -> Self {
        let chance = StdRng::seed_from_u64(seed);
        Self { armed: Vec::new(), chance, hold_callbacks_until_ms: 0 }
    }

    /// Arms one.
    pub fn arm(&mut self, armed: Armed) {
        self.armed.push(armed);
    }

    /// Disarms all.
    pub fn clear(&mut self) {
        self.armed.clear();
        self.hold_callbacks_until_ms = 0;
    }

    /// What is armed.
    pub fn armed(&self) -> &[Armed] {
        &self.armed
    }

    /// What befalls this, if anything: the first that is armed for it and whose turn it is.
    pub fn strike(&mut self, occasion: Occasion, what: &str, owners: &[&str]) -> Option<Fault> {
        let befalls = |armed: &Armed| armed.concerns(occasion, what, owners);
        let struck = strike(&mut self.armed, &mut self.chance, |one| &mut one.often, befalls);
        struck.map(|armed| armed.fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unnamed_fault_strikes_sends_only_and_runs_out() {
        let mut faults = Faults::new(1);
        faults.arm(Armed::times(Fault::DropAnswer, 2));
        let mut strike = |path| faults.strike(Occasion::Call, path, &[]);
        assert_eq!(strike("gettoken"), None);
        assert_eq!(strike("kf/send_msg"), Some(Fault::DropAnswer));
        assert_eq!(strike("message/send"), Some(Fault::DropAnswer));
        assert_eq!(strike("message/send"), None);
    }

    #[test]
    fn a_fault_of_one_person_and_path_spares_the_others() {
        let mut faults = Faults::new(1);
        faults.arm(Armed::times(Fault::IpRefused, 1).on("kf/sync_msg").about("wk1"));
        assert_eq!(faults.strike(Occasion::Call, "kf/sync_msg", &["wk2"]), None);
        assert_eq!(faults.strike(Occasion::Call, "kf/send_msg", &["wk1"]), None);
        assert_eq!(faults.strike(Occasion::Callback, "kf/sync_msg", &["wk1"]), None);
        let struck = faults.strike(Occasion::Call, "kf/sync_msg", &["wk1"]);
        assert_eq!(struck, Some(Fault::IpRefused));
    }

    #[test]
    fn chance_comes_from_the_seed() {
        let run = |seed| {
            let mut faults = Faults::new(seed);
            faults.arm(Armed::chance(Fault::CallbackTwice, 0.5));
            let mut strike = || faults.strike(Occasion::Callback, "text", &[]).is_some();
            (0..64).map(|_| strike()).collect::<Vec<_>>()
        };
        assert_eq!(run(1), run(1));
        assert_ne!(run(1), run(2));
    }

    #[test]
    fn every_kind_has_the_word_that_its_json_has() {
        for fault in Fault::all() {
            assert_eq!(serde_json::to_value(&fault).unwrap()["what"], fault.word());
        }
    }
}
