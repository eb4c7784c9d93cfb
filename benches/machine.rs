//! The machine that is measured on, and how its figures are told.

use std::fs;

/// The machine and how busy it is, for the head of a table.
pub fn describe() -> String {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split_whitespace().next().unwrap_or("?").to_owned();
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    format!("{cores} cores, load average {load}")
}

/// The middle one.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Whether a bar is met, in a word.
pub fn verdict(met: bool) -> &'static str {
    if met { "met" } else { "MISSED" }
}
