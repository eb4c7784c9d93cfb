//! The image provider's stand-in as an outside party of the page.

use serde_json::{Map, Value, json};

use super::{FaultKind, OutsideControl};
use crate::images::{ArmedFault, ImagesFault, ImagesStandIn};

impl OutsideControl for ImagesStandIn {
    fn party(&self) -> &'static str {
        "images"
    }

    fn kinds(&self) -> Vec<FaultKind> {
        let mut kinds: Vec<FaultKind> = Vec::new();
        for fault in ImagesFault::all() {
            let kind = kind_of(&fault);
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
        kinds
    }

    fn armed(&self) -> Vec<Value> {
        Self::armed(self).iter().map(view).collect()
    }

    fn arm(&self, fault: &Value) -> Result<(), String> {
        let armed = read(fault)?;
        Self::arm(self, armed);
        Ok(())
    }

    fn clear(&self) {
        self.clear_faults();
    }
}

fn fields_of(fault: &impl serde::Serialize) -> Map<String, Value> {
    match serde_json::to_value(fault) {
        Ok(Value::Object(fields)) => fields,
        _ => Map::new(),
    }
}

/// A fault's own JSON says what it is called and what it takes.
fn kind_of(fault: &ImagesFault) -> FaultKind {
    let fields = fields_of(fault);
    let what = fields.get("kind").and_then(Value::as_str).unwrap_or_default().to_owned();
    let takes = fields.keys().filter(|name| *name != "kind").cloned().collect();
    FaultKind { what, says: label(fault).to_owned(), takes }
}

fn label(fault: &ImagesFault) -> &'static str {
    match fault {
        ImagesFault::Slow { .. } => "Be slower",
        ImagesFault::ModerationBlocked { .. } => "Refuse: safety check",
        ImagesFault::RateLimit { .. } => "Refuse: too many at once",
        ImagesFault::SlowDown => "Refuse: slow down",
        ImagesFault::InsufficientQuota { .. } => "Refuse: our bill is not paid",
        ImagesFault::Overloaded => "Refuse: overloaded",
        ImagesFault::ServerError => "Refuse: server error",
        ImagesFault::Gateway { .. } => "Answer with a gateway's page",
        ImagesFault::AcceptThenHang => "Take it, never answer",
        ImagesFault::DropAnswer => "Take it, drop the answer",
        ImagesFault::CutBody { .. } => "Take it, cut the answer",
        ImagesFault::Html => "Answer with HTML",
        ImagesFault::InvalidBase64 => "Answer with broken base64",
        ImagesFault::EmptyData => "Answer without a picture",
        ImagesFault::NotAPicture => "Answer with text for a picture",
        ImagesFault::OneBitBomb => "Answer with a bomb of 60,000 × 60,000",
        ImagesFault::RgbaBomb => "Answer with a bomb of 8,000 × 8,000",
        ImagesFault::WrongSize => "Answer with half the size",
        ImagesFault::UrlInsteadOfBase64 => "Answer with an address",
        ImagesFault::ErrorInStream => "Break off after partial pictures",
        ImagesFault::NoStreaming => "Refuse to stream",
        ImagesFault::EndlessLine => "Answer without end",
        ImagesFault::Drip { .. } => "Answer drop by drop",
    }
}

/// The page's words for an armed fault.
fn view(armed: &ArmedFault) -> Value {
    let mut fields = fields_of(armed);
    for (theirs, ours) in [("kind", "what"), ("times", "count")] {
        if let Some(value) = fields.remove(theirs) {
            fields.insert(ours.into(), value);
        }
    }
    Value::Object(fields)
}

/// Reads the page's words; what a kind needs and the page does not say is as in the kind's sample.
fn read(fault: &Value) -> Result<ArmedFault, String> {
    let what = fault.get("what").and_then(Value::as_str).unwrap_or_default();
    let unknown = || format!("unknown fault of images: {what:?}");
    let sample = ImagesFault::all().into_iter().find(|sample| kind_of(sample).what == what);
    let mut fields = fields_of(&sample.ok_or_else(unknown)?);
    for (name, value) in fault.as_object().into_iter().flatten() {
        match name.as_str() {
            "what" | "party" | "count" | "probability" | "kind" => {}
            _ => _ = fields.insert(name.clone(), value.clone()),
        }
    }
    match (fault.get("count"), fault.get("probability")) {
        (_, Some(chance)) => _ = fields.insert("probability".into(), chance.clone()),
        (Some(count), None) => _ = fields.insert("times".into(), count.clone()),
        (None, None) => _ = fields.insert("times".into(), json!(1)),
    }
    serde_json::from_value(Value::Object(fields)).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_can_be_armed_by_its_word_alone_and_reads_back() {
        for kind in ImagesFault::all().iter().map(kind_of) {
            let armed = read(&json!({"party": "images", "what": kind.what})).unwrap();
            assert_eq!(view(&armed)["what"], kind.what);
            assert_eq!(view(&armed)["count"], 1);
        }
    }

    #[test]
    fn numbers_and_chances_are_taken_over() {
        let slow = read(&json!({"what": "slow", "seconds": 7.5, "probability": 0.25})).unwrap();
        assert_eq!(slow, ArmedFault::probability(ImagesFault::Slow { seconds: 7.5 }, 0.25));
        assert!(read(&json!({"what": "sulk"})).is_err());
        assert!(read(&json!({"what": "slow", "seconds": "long"})).is_err());
    }
}
