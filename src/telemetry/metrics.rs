//! The numbers of the house, by name. Labels have few values and never hold an id.

use std::sync::OnceLock;
use std::time::Duration;

use axum::http::StatusCode;
use metrics::{
    Counter, SharedString, Unit, counter, describe_counter, describe_gauge, describe_histogram,
    gauge, histogram,
};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use picdesk_core::generation::{Quality, Resolution};

/// Events that were written down, by channel.
pub const INBOX_ACCEPTED: &str = "picdesk_inbox_accepted_total";
/// Events that had been written down before, by channel.
pub const INBOX_DUPLICATES: &str = "picdesk_inbox_duplicates_total";
/// Events that wait for their turn.
pub const INBOX_WAITING: &str = "picdesk_inbox_waiting";
/// From the beginning of a batch of turns to its commit.
pub const TURN_SECONDS: &str = "picdesk_turn_seconds";
/// Events that were put aside after their tries.
pub const INBOX_SET_ASIDE: &str = "picdesk_inbox_set_aside_total";
/// Messages that a channel took, refused or left unknown, by channel and outcome.
pub const OUTBOX_DELIVERIES: &str = "picdesk_outbox_deliveries_total";
/// Messages that wait to go out.
pub const OUTBOX_WAITING: &str = "picdesk_outbox_waiting";
/// From the call of a channel to its answer, by channel.
pub const DELIVERY_SECONDS: &str = "picdesk_delivery_seconds";
/// Generations that ended, by outcome.
pub const GENERATIONS: &str = "picdesk_generations_total";
/// From the call of the provider to the stored picture, by resolution and quality.
pub const GENERATION_SECONDS: &str = "picdesk_generation_seconds";
/// Generations that this process has under way.
pub const GENERATIONS_RUNNING: &str = "picdesk_generations_running";
/// Errands to outside parties that ended, by kind and outcome.
pub const ERRANDS: &str = "picdesk_errands_total";
/// Errands to outside parties that wait or are under way.
pub const ERRANDS_WAITING: &str = "picdesk_errands_waiting";
/// What the owner has to see to, by what it is.
pub const ALARMS: &str = "picdesk_alarms_total";
/// Generations that wait in line.
pub const GENERATIONS_WAITING: &str = "picdesk_generations_waiting";
/// What the provider takes, US dollars.
pub const PROVIDER_COST_USD: &str = "picdesk_provider_cost_usd_total";
/// Credits moved, by kind of entry.
pub const CREDITS: &str = "picdesk_credits_total";
/// Holds that are neither posted nor given back.
pub const HOLDS_PENDING: &str = "picdesk_holds_pending";
/// Calls of platforms that were turned away, by route and reason.
pub const WEBHOOKS_REJECTED: &str = "picdesk_webhooks_rejected_total";
/// Access tokens of WeCom's that were fetched.
pub const WECOM_TOKEN_REFRESHES: &str = "picdesk_wecom_token_refreshes_total";
/// Escalations that are open.
pub const ESCALATIONS_OPEN: &str = "picdesk_escalations_open";
/// Accounts that may spend nothing because their books are wrong.
pub const ACCOUNTS_STOPPED: &str = "picdesk_accounts_stopped";
/// Prompts that screening refused.
pub const PROMPTS_REFUSED: &str = "picdesk_prompts_refused_total";
/// From an escalation to its first answer.
pub const ESCALATION_FIRST_ANSWER_SECONDS: &str = "picdesk_escalation_first_answer_seconds";
/// Connections that are open.
pub const HTTP_CONNECTIONS: &str = "picdesk_http_connections";
/// Connections that were closed unserved, by reason.
pub const HTTP_CONNECTIONS_REFUSED: &str = "picdesk_http_connections_refused_total";
/// Requests answered, by class of status.
pub const HTTP_REQUESTS: &str = "picdesk_http_requests_total";

/// Upper ends of the buckets of waits that software has, seconds.
const SECONDS: [f64; 18] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0,
    120.0, 300.0, 600.0,
];

/// Upper ends of the buckets of waits that people have, seconds.
const PEOPLES_SECONDS: [f64; 9] =
    [60.0, 300.0, 900.0, 1800.0, 3600.0, 7200.0, 14_400.0, 28_800.0, 86_400.0];

/// How often recorded waits are put into their buckets while nobody looks.
const UPKEEP_EVERY: Duration = Duration::from_secs(5);

/// The numbers of this process.
#[derive(Clone)]
pub struct Metrics(PrometheusHandle);

impl Metrics {
    /// Starts counting; what was counted before is lost. The same numbers whoever asks again.
    pub fn start() -> Self {
        static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
        let handle = HANDLE.get_or_init(|| {
            let people = Matcher::Full(ESCALATION_FIRST_ANSWER_SECONDS.to_owned());
            let software = Matcher::Suffix("_seconds".to_owned());
            let recorder = PrometheusBuilder::new()
                .set_buckets_for_metric(software, &SECONDS)
                .and_then(|builder| builder.set_buckets_for_metric(people, &PEOPLES_SECONDS))
                .expect("the buckets are not empty")
                .build_recorder();
            let handle = recorder.handle();
            // Whoever counts already (another library's test) keeps counting.
            if metrics::set_global_recorder(recorder).is_ok() {
                describe();
            }
            handle
        });
        Self(handle.clone())
    }

    /// Every number as Prometheus reads it.
    pub fn render(&self) -> String {
        // The recorder's counters are whole, so dollars are kept as what goes up and down.
        let gauge = format!("# TYPE {PROVIDER_COST_USD} gauge");
        let counter = format!("# TYPE {PROVIDER_COST_USD} counter");
        self.0.render().replace(&gauge, &counter)
    }

    /// Keeps the memory of recorded waits small. Runs until it is dropped.
    pub async fn keep_up(self) {
        loop {
            tokio::time::sleep(UPKEEP_EVERY).await;
            self.0.run_upkeep();
        }
    }
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Metrics")
    }
}

fn describe() {
    for (name, what) in [
        (INBOX_ACCEPTED, "Events that were written down"),
        (INBOX_DUPLICATES, "Events that had been written down before"),
        (OUTBOX_DELIVERIES, "Messages that a channel took, refused or left unknown"),
        (INBOX_SET_ASIDE, "Events that were put aside after their tries"),
        (ALARMS, "What the owner has to see to"),
        (GENERATIONS, "Generations that ended"),
        (ERRANDS, "Errands to outside parties that ended"),
        (CREDITS, "Credits moved"),
        (WEBHOOKS_REJECTED, "Calls of platforms that were turned away"),
        (WECOM_TOKEN_REFRESHES, "Access tokens of WeCom's that were fetched"),
        (HTTP_CONNECTIONS_REFUSED, "Connections that were closed unserved"),
        (HTTP_REQUESTS, "Requests answered"),
        (PROMPTS_REFUSED, "Prompts that screening refused"),
    ] {
        describe_counter!(name, what);
    }
    for (name, what) in [
        (INBOX_WAITING, "Events that wait for their turn"),
        (OUTBOX_WAITING, "Messages that wait to go out"),
        (GENERATIONS_WAITING, "Generations that wait in line"),
        (GENERATIONS_RUNNING, "Generations that this process has under way"),
        (ERRANDS_WAITING, "Errands to outside parties that wait or are under way"),
        (PROVIDER_COST_USD, "What the provider takes, US dollars"),
        (HOLDS_PENDING, "Holds that are neither posted nor given back"),
        (ESCALATIONS_OPEN, "Escalations that are open"),
        (ACCOUNTS_STOPPED, "Accounts that may spend nothing because their books are wrong"),
        (HTTP_CONNECTIONS, "Connections that are open"),
    ] {
        describe_gauge!(name, what);
    }
    for (name, what) in [
        (TURN_SECONDS, "From the beginning of a batch of turns to its commit"),
        (DELIVERY_SECONDS, "From the call of a channel to its answer"),
        (GENERATION_SECONDS, "From the call of the provider to the stored picture"),
        (ESCALATION_FIRST_ANSWER_SECONDS, "From an escalation to its first answer"),
    ] {
        describe_histogram!(name, Unit::Seconds, what);
    }
}

/// Counts events that were written down.
pub fn inbox_accepted(channel: impl Into<SharedString>, events: u64) {
    counter!(INBOX_ACCEPTED, "channel" => channel.into()).increment(events);
}

/// Counts events that had been written down before.
pub fn inbox_duplicates(channel: impl Into<SharedString>, events: u64) {
    counter!(INBOX_DUPLICATES, "channel" => channel.into()).increment(events);
}

/// Says how many events wait for their turn.
pub fn inbox_waiting(events: i64) {
    set(INBOX_WAITING, events);
}

/// Records how long a batch of turns took to its commit.
pub fn turned(after: Duration) {
    histogram!(TURN_SECONDS).record(after);
}

/// Counts a message's fate.
pub fn outbox_delivery(channel: impl Into<SharedString>, outcome: &'static str) {
    counter!(OUTBOX_DELIVERIES, "channel" => channel.into(), "outcome" => outcome).increment(1);
}

/// Says how many messages wait to go out.
pub fn outbox_waiting(messages: i64) {
    set(OUTBOX_WAITING, messages);
}

/// Records how long a channel took to answer a message.
pub fn delivered(channel: impl Into<SharedString>, after: Duration) {
    histogram!(DELIVERY_SECONDS, "channel" => channel.into()).record(after);
}

/// Counts the end of a generation.
pub fn generation_ended(outcome: &'static str) {
    counter!(GENERATIONS, "outcome" => outcome).increment(1);
}

/// Records how long a picture took to make.
pub fn generated(resolution: Resolution, quality: Quality, after: Duration) {
    let resolution = match resolution {
        Resolution::K1 => "1k",
        Resolution::K2 => "2k",
        Resolution::K4 => "4k",
    };
    let quality = match quality {
        Quality::Low => "low",
        Quality::Medium => "medium",
        Quality::High => "high",
    };
    histogram!(GENERATION_SECONDS, "resolution" => resolution, "quality" => quality).record(after);
}

/// Says how many generations wait in line.
pub fn generations_waiting(generations: i64) {
    set(GENERATIONS_WAITING, generations);
}

/// Says how many generations this process has under way.
pub fn generations_running(generations: i64) {
    set(GENERATIONS_RUNNING, generations);
}

/// Counts the end of an errand.
pub fn errand_ended(kind: &'static str, outcome: &'static str) {
    counter!(ERRANDS, "kind" => kind, "outcome" => outcome).increment(1);
}

/// Says how many errands wait or are under way.
pub fn errands_waiting(errands: i64) {
    set(ERRANDS_WAITING, errands);
}

/// Counts an event that was put aside.
pub fn set_aside() {
    counter!(INBOX_SET_ASIDE).increment(1);
}

/// Counts something that the owner has to see to.
pub fn alarm(what: &'static str) {
    counter!(ALARMS, "what" => what).increment(1);
}

/// Adds what the provider takes, millionths of a US dollar.
pub fn provider_cost(micro_usd: i64) {
    gauge!(PROVIDER_COST_USD).increment(float(micro_usd) / 1e6);
}

/// Counts credits moved by entries of one kind.
pub fn credits_moved(kind: &'static str, credits: i64) {
    counter!(CREDITS, "kind" => kind).increment(credits.unsigned_abs());
}

/// Says how many holds are pending.
pub fn holds_pending(holds: i64) {
    set(HOLDS_PENDING, holds);
}

/// Counts a call that was turned away.
pub fn webhook_rejected(route: &'static str, reason: &'static str) {
    counter!(WEBHOOKS_REJECTED, "route" => route, "reason" => reason).increment(1);
}

/// Counts an access token of WeCom's that was fetched.
pub fn wecom_token_refreshed() {
    counter!(WECOM_TOKEN_REFRESHES).increment(1);
}

/// Says how many escalations are open.
pub fn escalations_open(escalations: i64) {
    set(ESCALATIONS_OPEN, escalations);
}

/// Says how many accounts may spend nothing.
pub fn accounts_stopped(accounts: i64) {
    set(ACCOUNTS_STOPPED, accounts);
}

/// Counts a prompt that screening refused.
pub fn prompt_refused() {
    counter!(PROMPTS_REFUSED).increment(1);
}

/// Records how long somebody waited for a person's first answer.
pub fn first_answered(after: Duration) {
    histogram!(ESCALATION_FIRST_ANSWER_SECONDS).record(after);
}

/// Counts a connection that was closed unserved.
pub fn connection_refused(reason: &'static str) {
    counter!(HTTP_CONNECTIONS_REFUSED, "reason" => reason).increment(1);
}

/// An open connection, counted until it is dropped.
pub struct OpenConnection(());

/// Counts an open connection.
pub fn connection() -> OpenConnection {
    gauge!(HTTP_CONNECTIONS).increment(1.0);
    OpenConnection(())
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        gauge!(HTTP_CONNECTIONS).decrement(1.0);
    }
}

/// Answers by class of status, found once so that counting one is an addition.
#[derive(Clone)]
pub struct Requests {
    fine: Counter,
    elsewhere: Counter,
    refused: Counter,
    failed: Counter,
}

impl Requests {
    /// The counters. [`Metrics::start`] comes first, or nothing is counted.
    pub fn new() -> Self {
        let class = |class: &'static str| counter!(HTTP_REQUESTS, "class" => class);
        Self {
            fine: class("2xx"),
            elsewhere: class("3xx"),
            refused: class("4xx"),
            failed: class("5xx"),
        }
    }

    /// Counts one answer.
    pub fn answered(&self, status: StatusCode) {
        let counter = match status.as_u16() {
            0..300 => &self.fine,
            300..400 => &self.elsewhere,
            400..500 => &self.refused,
            500.. => &self.failed,
        };
        counter.increment(1);
    }
}

impl Default for Requests {
    fn default() -> Self {
        Self::new()
    }
}

fn set(name: &'static str, value: i64) {
    gauge!(name).set(float(value));
}

#[expect(clippy::cast_precision_loss, reason = "a plot does not show the sixteenth digit")]
fn float(value: i64) -> f64 {
    value as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_out_as_prometheus_reads_them() {
        let metrics = Metrics::start();
        inbox_accepted("telegram", 3);
        outbox_waiting(7);
        turned(Duration::from_millis(3));
        first_answered(Duration::from_secs(400));
        provider_cost(1_500_000);
        provider_cost(250_000);
        Requests::new().answered(StatusCode::NOT_FOUND);
        let text = metrics.render();
        for line in [
            "picdesk_inbox_accepted_total{channel=\"telegram\"} 3",
            "# HELP picdesk_outbox_waiting Messages that wait to go out",
            "picdesk_outbox_waiting 7",
            "picdesk_turn_seconds_bucket{le=\"0.0025\"} 0",
            "picdesk_turn_seconds_bucket{le=\"0.005\"} 1",
            "picdesk_escalation_first_answer_seconds_bucket{le=\"900\"} 1",
            "# TYPE picdesk_provider_cost_usd_total counter",
            "picdesk_provider_cost_usd_total 1.75",
            "picdesk_http_requests_total{class=\"4xx\"} 1",
        ] {
            assert!(text.lines().any(|there| there == line), "{line} in\n{text}");
        }
    }
}
