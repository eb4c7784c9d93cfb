//! The resident memory of a process, in MiB.

use std::fs;

use anyhow::Context as _;

/// What it is now.
pub fn resident(pid: u32) -> anyhow::Result<f64> {
    status(pid, "VmRSS")
}

/// The most since [`reset_peak`].
pub fn peak(pid: u32) -> anyhow::Result<f64> {
    status(pid, "VmHWM")
}

/// Lets the peak begin again at what it is now.
pub fn reset_peak(pid: u32) -> anyhow::Result<()> {
    fs::write(format!("/proc/{pid}/clear_refs"), "5").context("the peak could not be reset")
}

fn status(pid: u32, name: &str) -> anyhow::Result<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let kib = line.and_then(|line| line.split_whitespace().next()).context("no such line")?;
    Ok(kib.parse::<f64>()? / 1024.0)
}
