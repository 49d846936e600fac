//! Owns measurements: workloads whose work is the same whatever runs them, their times, and what
//! the CPU could do at best. Does not print, and does not know text: a workload is token ids with
//! target lengths that are forced, so that every program that is given it takes the same steps.

mod products;
mod workload;

pub use products::{Product, Products, products};
pub use workload::{BatchOf, Measurement, RunOptions, Workload, measure};

/// The middle of some numbers, or the mean of the two in the middle; 0 where there are none.
#[must_use]
pub fn median(numbers: &[f64]) -> f64 {
    let mut sorted = numbers.to_vec();
    sorted.sort_by(f64::total_cmp);
    let half = sorted.len() / 2;
    match sorted.len() {
        0 => 0.0,
        count if count.is_multiple_of(2) => f64::midpoint(sorted[half - 1], sorted[half]),
        _ => sorted[half],
    }
}

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
