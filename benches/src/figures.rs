//! Evaluating and printing measurements, and measuring this process.

use std::io;

/// The middle one; not a number if there are none.
pub fn median(numbers: impl IntoIterator<Item = f64>) -> f64 {
    let mut numbers: Vec<f64> = numbers.into_iter().collect();
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Prints a line.
#[expect(clippy::print_stdout, reason = "a benchmark prints its results")]
pub fn say(line: &str) {
    println!("{line}");
}

/// The processor time of all threads of this process, in seconds.
///
/// # Errors
///
/// The system's, where it has no `/proc`.
pub fn processor_seconds() -> io::Result<f64> {
    /// What Linux counts per second.
    const TICKS: f64 = 100.0;
    let status = std::fs::read_to_string("/proc/self/stat")?;
    // The name of the program, in parentheses, may have spaces.
    let after_name = status.rsplit(')').next().unwrap_or_default();
    let ticks = |at: usize| -> f64 {
        let field = after_name.split_whitespace().nth(at);
        field
            .and_then(|field| field.parse().ok())
            .unwrap_or(f64::NAN)
    };
    Ok((ticks(11) + ticks(12)) / TICKS)
}

/// The peak memory of this process in KiB; 0 if the system does not report it.
pub fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = peak.and_then(|text| text.split_whitespace().next()?.parse().ok());
    number.unwrap_or_default()
}
