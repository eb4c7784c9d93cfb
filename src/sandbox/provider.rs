//! The stand-in provider, as the page's controls see it.

use picdesk_sandbox::{
    images::{ArmedFault, ImagesStandIn},
    phone::{FaultKind, OutsideControl},
};
use serde_json::Value;

/// The provider behind the controls.
pub(super) struct Provider {
    images: ImagesStandIn,
}

/// What can be armed: its word, what it says, and what else it understands.
const KINDS: &[(&str, &str, &[&str])] = &[
    ("slow", "Takes longer", &["seconds"]),
    ("moderation_blocked", "Refuses for safety", &[]),
    ("overloaded", "Overloaded (503)", &[]),
    ("rate_limit", "Rate limit (429)", &["retry_after_s"]),
    ("accept_then_hang", "Accepts, then never answers", &[]),
    ("drop_answer", "Makes it and drops the answer", &[]),
    ("cut_body", "Cuts the answer", &["after"]),
    ("html", "Sends garbage (HTML)", &[]),
    ("invalid_base64", "Sends broken base64", &[]),
    ("one_bit_bomb", "Returns a bomb (60,000²)", &[]),
    ("rgba_bomb", "Returns a bomb (8,000²)", &[]),
    ("server_error", "Fails (500)", &[]),
    ("gateway", "Gateway page (502, 504)", &["status"]),
    ("insufficient_quota", "Out of funds", &[]),
    ("empty_data", "Success without a picture", &[]),
    ("error_in_stream", "Fails in mid-stream", &[]),
];

impl Provider {
    pub(super) fn new(images: ImagesStandIn) -> Self {
        Self { images }
    }
}

impl OutsideControl for Provider {
    fn party(&self) -> &'static str {
        "images"
    }

    fn kinds(&self) -> Vec<FaultKind> {
        KINDS
            .iter()
            .map(|(what, says, takes)| FaultKind {
                what: (*what).to_owned(),
                says: (*says).to_owned(),
                takes: takes.iter().map(|name| (*name).to_owned()).collect(),
            })
            .collect()
    }

    fn armed(&self) -> Vec<Value> {
        let armed = self.images.armed();
        armed.into_iter().filter_map(|fault| serde_json::to_value(fault).ok()).collect()
    }

    fn arm(&self, fault: &Value) -> Result<(), String> {
        let armed: ArmedFault =
            serde_json::from_value(fault.clone()).map_err(|error| error.to_string())?;
        self.images.arm(armed);
        Ok(())
    }

    fn clear(&self) {
        self.images.clear_faults();
    }
}
