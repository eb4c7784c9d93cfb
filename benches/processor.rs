//! Processor time of other processes. Linux only, as all of the figures.

use std::fs;

use anyhow::Context as _;

/// Processor time of a process so far, microseconds, in the steps of 10 ms that Linux counts in.
pub fn cpu_us(pid: u32) -> anyhow::Result<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name, in brackets, may have anything in it; what follows it begins with field 3.
    let (_, fields) = stat.rsplit_once(')').context("a stat without a name")?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let ticks = |field: usize| -> anyhow::Result<u64> {
        Ok(fields.get(field - 3).context("a short stat")?.parse()?)
    };
    Ok((ticks(14)? + ticks(15)?) * 10_000)
}

/// Processor time of a server and of the processes that it has now, microseconds.
pub fn cpu_us_with_children(pid: u32) -> anyhow::Result<u64> {
    let mut sum = cpu_us(pid)?;
    for task in fs::read_dir(format!("/proc/{pid}/task"))? {
        let children = fs::read_to_string(task?.path().join("children"))?;
        // One that has just ended is not counted.
        sum += children
            .split_whitespace()
            .filter_map(|child| cpu_us(child.parse().ok()?).ok())
            .sum::<u64>();
    }
    Ok(sum)
}
