//! What the process says of itself: the log on stderr, and numbers for Prometheus. Neither ever
//! holds content: no prompt, picture, address, token or body.

pub mod metrics;

use std::io::{IsTerminal as _, Write};
use std::panic::PanicHookInfo;

use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Registry, fmt};

use crate::config::{Log, LogFormat, LogLevel};

/// Our own crates, whose log lines hold no content. Those of others are not ours to promise for,
/// so below a warning they are not written whatever the level.
const OURS: [&str; 5] =
    ["picdesk", "picdesk_core", "picdesk_telegram", "picdesk_wecom", "picdesk_sandbox"];

/// Starts the log of this process, and logs panics from here on without their text.
pub fn start(log: Log) {
    let colours = std::io::stderr().is_terminal();
    // Whoever started a log before us (a test's harness) keeps it.
    let _ = subscriber(log, colours, std::io::stderr).try_init();
    std::panic::set_hook(Box::new(log_panic));
}

fn subscriber<W>(log: Log, colours: bool, writer: W) -> Box<dyn Subscriber + Send + Sync>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    // Over everything, not over the one layer: a filter of a layer's own remembers, in its thread,
    // what was asked of it, and a library that asks whether it may log before it logs nothing
    // (sqlx does, at every statement) makes it swallow the next line, whoever's that is.
    let filter = filter(log.level);
    // A log that cannot be written is no reason to stop: it is not even reported, for that would
    // go the same way.
    let lines = fmt::layer().with_writer(writer).with_ansi(colours).log_internal_errors(false);
    match log.format {
        LogFormat::Text => Box::new(Registry::default().with(filter).with(lines)),
        LogFormat::Json => {
            let lines = lines.json().flatten_event(true).with_current_span(false);
            Box::new(Registry::default().with(filter).with(lines))
        }
    }
}

fn filter(level: LogLevel) -> Targets {
    let level = match level {
        LogLevel::Off => LevelFilter::OFF,
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    let ours = OURS.map(|target| (target, level));
    Targets::new().with_default(level.min(LevelFilter::WARN)).with_targets(ours)
}

/// Says where a panic was, never what it said: its text may hold what a customer wrote.
fn log_panic(panic: &PanicHookInfo<'_>) {
    let (file, line) = panic.location().map_or(("?", 0), |place| (place.file(), place.line()));
    tracing::error!(panic.file = file, panic.line = line, "a task panicked at {file}:{line}");
    // Without a log somebody should still hear of it.
    if !tracing::event_enabled!(tracing::Level::ERROR) {
        let _ = writeln!(std::io::stderr(), "a task panicked at {file}:{line}");
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn logged(level: LogLevel, format: LogFormat, act: impl FnOnce()) -> String {
        let written = Written::default();
        let writer = written.clone();
        let subscriber = subscriber(Log { level, format }, false, move || writer.clone());
        tracing::subscriber::with_default(subscriber, act);
        let bytes = written.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn others_are_not_heard_below_a_warning_whatever_the_level() {
        let log = logged(LogLevel::Trace, LogFormat::Text, || {
            tracing::trace!("our step");
            tracing::info!(target: "hyper::client", "their content");
            tracing::warn!(target: "sqlx::query", "their warning");
        });
        assert!(log.contains("our step") && log.contains("their warning"), "{log}");
        assert!(!log.contains("their content"), "{log}");
        assert_eq!(logged(LogLevel::Off, LogFormat::Text, || tracing::error!("hello")), "");
    }

    #[test]
    fn a_json_line_is_one_object_with_its_fields_beside_the_sentence() {
        let log = logged(LogLevel::Info, LogFormat::Json, || {
            tracing::info!(generation.id = 7, duration_ms = 12, "generation 7 finished");
            tracing::debug!("not at this level");
        });
        let line: serde_json::Value = serde_json::from_str(log.trim_end()).unwrap();
        assert_eq!(line["message"], "generation 7 finished");
        assert_eq!((&line["generation.id"], &line["duration_ms"]), (&7.into(), &12.into()));
        assert_eq!(
            (&line["level"], &line["target"]),
            (&"INFO".into(), &"picdesk::telemetry::tests".into())
        );
    }

    #[test]
    fn a_panic_is_logged_by_its_place_and_not_by_its_text() {
        let log = logged(LogLevel::Info, LogFormat::Text, || {
            std::panic::set_hook(Box::new(log_panic));
            let result = std::panic::catch_unwind(|| panic!("canary-9921"));
            let _ = std::panic::take_hook();
            assert!(result.is_err());
        });
        assert!(log.contains("a task panicked at src/telemetry.rs:"), "{log}");
        assert!(!log.contains("canary"), "{log}");
    }
}
