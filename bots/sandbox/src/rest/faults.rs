//! What can be made to go wrong, by count or by chance.

use rand::SeedableRng;
use rand::rngs::StdRng;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use crate::often::Often;
use crate::often::strike;

/// One thing that goes wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Fault {
    /// A status of refusal; nothing happens.
    Status {
        /// 429, 500, 503 …
        status: u16,
        /// `Retry-After`, seconds; zero for none.
        retry_after_s: u64,
    },
    /// Nothing happens, and the connection is cut.
    DropRequest,
    /// It happens, and the connection is cut instead of an answer.
    DropAnswer,
    /// It happens, and half of the answer is sent.
    HalfAnswer,
    /// It happens, and the answer is 200 with a page of HTML.
    NotJson,
    /// It happens after a while.
    Slow {
        /// How long.
        delay_ms: u64,
    },
    /// A webhook never leaves by itself; it can be sent again by hand.
    WebhookLost,
    /// A webhook is sent twice.
    WebhookTwice,
    /// A webhook is overtaken by those that wait with it.
    WebhookOvertaken,
    /// A webhook is taken, and the party does not hear it: it is sent again.
    WebhookUnheard,
}

impl Fault {
    /// One of each kind that befalls calls, as the page arms it when it says nothing else.
    pub fn of_calls() -> Vec<Self> {
        vec![
            Self::Status { status: 500, retry_after_s: 0 },
            Self::DropRequest,
            Self::DropAnswer,
            Self::HalfAnswer,
            Self::NotJson,
            Self::Slow { delay_ms: 3000 },
        ]
    }

    /// One of each kind that befalls webhooks.
    pub fn of_webhooks() -> Vec<Self> {
        vec![Self::WebhookLost, Self::WebhookTwice, Self::WebhookOvertaken, Self::WebhookUnheard]
    }

    /// 429, to be asked again after so many seconds.
    pub fn rate_limited(retry_after_s: u64) -> Self {
        Self::Status { status: 429, retry_after_s }
    }

    fn is_of_webhooks(&self) -> bool {
        Self::of_webhooks().contains(self)
    }
}

/// A fault that waits for its occasion.
#[derive(Debug, Clone, PartialEq)]
pub struct Armed {
    /// What goes wrong.
    pub fault: Fault,
    /// How often.
    pub often: Often,
    /// Only calls that begin so (`POST /v1/checkouts`), or webhooks of this kind; none for all.
    pub on: Option<String>,
}

impl Armed {
    /// The next `times` occasions.
    pub fn times(fault: Fault, times: u32) -> Self {
        Self { fault, often: Often::Times(times), on: None }
    }

    /// Each occasion with this chance.
    pub fn chance(fault: Fault, chance: f64) -> Self {
        Self { fault, often: Often::Chance(chance), on: None }
    }

    /// Only calls that begin so, or webhooks of this kind.
    #[must_use]
    pub fn on(mut self, what: &str) -> Self {
        self.on = Some(what.to_owned());
        self
    }
}

/// All that is armed.
#[derive(Debug)]
pub struct Faults {
    armed: Vec<Armed>,
    chance: StdRng,
}

impl Faults {
    /// None armed; chance from a seed.
    pub fn new(seed: u64) -> Self {
        Self { armed: Vec::new(), chance: StdRng::seed_from_u64(seed) }
    }

    /// Arms one.
    pub fn arm(&mut self, armed: Armed) {
        self.armed.push(armed);
    }

    /// Disarms all.
    pub fn clear(&mut self) {
        self.armed.clear();
    }

    /// What is armed.
    pub fn armed(&self) -> Vec<Armed> {
        self.armed.clone()
    }

    /// What befalls a call (`POST /v1/checkouts`), if anything.
    pub fn strike_call(&mut self, call: &str) -> Option<Fault> {
        self.strike(|armed| !armed.fault.is_of_webhooks(), call)
    }

    /// What befalls a webhook of a kind, if anything.
    pub fn strike_webhook(&mut self, kind: &str) -> Option<Fault> {
        self.strike(|armed| armed.fault.is_of_webhooks(), kind)
    }

    fn strike(&mut self, befalls: impl Fn(&Armed) -> bool, what: &str) -> Option<Fault> {
        let concerns = |armed: &Armed| {
            befalls(armed) && armed.on.as_deref().is_none_or(|on| what.starts_with(on))
        };
        let struck = strike(&mut self.armed, &mut self.chance, |one| &mut one.often, concerns);
        struck.map(|armed| armed.fault)
    }
}

fn fields_of(fault: &Fault) -> Map<String, Value> {
    match serde_json::to_value(fault) {
        Ok(Value::Object(fields)) => fields,
        _ => Map::new(),
    }
}

/// What a kind is called, what it does in words, and what it takes.
pub fn kinds(faults: Vec<Fault>) -> Vec<(String, String, Vec<String>)> {
    let kind = |fault: Fault| {
        let fields = fields_of(&fault);
        let what = fields.get("what").and_then(Value::as_str).unwrap_or_default().to_owned();
        let takes = fields.keys().filter(|name| *name != "what").cloned().collect();
        (what, label(&fault).to_owned(), takes)
    };
    faults.into_iter().map(kind).collect()
}

fn label(fault: &Fault) -> &'static str {
    match fault {
        Fault::Status { .. } => "Answer with a status",
        Fault::DropRequest => "Cut the line, do nothing",
        Fault::DropAnswer => "Do it, cut the line",
        Fault::HalfAnswer => "Do it, send half an answer",
        Fault::NotJson => "Do it, answer with HTML",
        Fault::Slow { .. } => "Be slow",
        Fault::WebhookLost => "Lose the webhook",
        Fault::WebhookTwice => "Send the webhook twice",
        Fault::WebhookOvertaken => "Let the webhook be overtaken",
        Fault::WebhookUnheard => "Do not hear that it was taken",
    }
}

/// The page's words for an armed fault.
pub fn describe(armed: &Armed) -> Value {
    let mut fields = fields_of(&armed.fault);
    let (word, number) = armed.often.shown();
    fields.insert(word.into(), number);
    if let Some(on) = &armed.on {
        fields.insert("on".into(), on.as_str().into());
    }
    Value::Object(fields)
}

/// Reads the page's words; what a kind needs and the page does not say is as in its sample.
pub fn read(samples: Vec<Fault>, fault: &Value) -> Result<Armed, String> {
    let what = fault.get("what").and_then(Value::as_str).unwrap_or_default();
    let sample = samples.into_iter().map(|one| fields_of(&one)).find(|one| one["what"] == what);
    let mut fields = sample.ok_or_else(|| format!("unknown fault: {what:?}"))?;
    for (name, value) in fields.iter_mut().filter(|(name, _)| *name != "what") {
        if let Some(given) = fault.get(name) {
            *value = given.clone();
        }
    }
    let read: Fault =
        serde_json::from_value(Value::Object(fields)).map_err(|error| error.to_string())?;
    let mut armed = Armed::times(read, 1);
    armed.often = Often::read(fault)?;
    armed.on = fault.get("on").and_then(Value::as_str).map(str::to_owned);
    Ok(armed)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_fault_strikes_the_calls_it_is_for_and_runs_out() {
        let mut faults = Faults::new(1);
        faults.arm(Armed::times(Fault::DropAnswer, 2).on("POST /v1/checkouts"));
        assert_eq!(faults.strike_call("GET /v1/checkouts"), None);
        assert_eq!(faults.strike_webhook("POST /v1/checkouts"), None);
        assert_eq!(faults.strike_call("POST /v1/checkouts"), Some(Fault::DropAnswer));
        assert_eq!(faults.strike_call("POST /v1/checkouts"), Some(Fault::DropAnswer));
        assert_eq!(faults.strike_call("POST /v1/checkouts"), None);
    }

    #[test]
    fn every_kind_can_be_armed_by_its_word_alone_and_reads_back() {
        let all = || [Fault::of_calls(), Fault::of_webhooks()].concat();
        for (what, _, _) in kinds(all()) {
            let armed = read(all(), &json!({"what": what})).unwrap();
            assert_eq!(describe(&armed)["what"], what);
            assert_eq!(describe(&armed)["count"], 1);
        }
        let slow = json!({"what": "slow", "delay_ms": 7, "probability": 0.5, "on": "GET"});
        let slow = read(all(), &slow).unwrap();
        assert_eq!(slow, Armed::chance(Fault::Slow { delay_ms: 7 }, 0.5).on("GET"));
        assert!(read(all(), &json!({"what": "sulk"})).is_err());
    }
}
