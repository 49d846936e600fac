//! Owns measurements: workloads, their times, what the machine could do at best, and reports of all
//! that. Does not print, and does not know text: a workload is token ids. Where target lengths are
//! forced, every program that is given it takes the same steps.

mod compare;
mod counted;
mod machine;
mod page;
mod point;
mod products;
mod report;
mod stats;
mod table;
mod workload;

pub use compare::{Compared, Verdict, compare};
pub use counted::Counts;
pub use machine::{Machine, Peak};
pub use page::{html, svg};
pub use point::{Loaded, Mode, Point, Sample, Task, Work, time};
pub use products::{Product, Products, products};
pub use report::{Failed, Latency, Measured, Report, SCHEMA, Share};
pub use stats::{Summary, median, percentile, rank_test};
pub use table::{comparison, csv, markdown, terminal};
pub use workload::{BatchOf, Measurement, Pass, RunOptions, Workload, measure};

/// Seconds that all threads of this process computed so far; nothing where the system does not say.
#[must_use]
pub fn cpu_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // After the name, which may hold anything, in parentheses; user and system time in ticks.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let ticks = fields.next()?.parse::<f64>().ok()? + fields.next()?.parse::<f64>().ok()?;
    Some(ticks / 100.0)
}

/// The most memory that this process had resident so far, in bytes; nothing where the system does
/// not say.
#[must_use]
pub fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kibibytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kibibytes * 1024)
}
