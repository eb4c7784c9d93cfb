//! What the owner must hear of. Never content: a word for what is wrong.

use metrics::counter;
use tracing::error;

/// Tells the owner's log and metrics.
pub fn raise(what: &'static str) {
    counter!("picdesk_alarms_total", "what" => what).increment(1);
    error!(alarm = what, "alarm: {what}");
}
