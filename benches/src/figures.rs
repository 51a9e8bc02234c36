//! How are figures weighed and printed?

/// The middle one; none of none.
pub fn median(numbers: impl IntoIterator<Item = f64>) -> f64 {
    let mut numbers: Vec<f64> = numbers.into_iter().collect();
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Prints a line.
#[expect(clippy::print_stdout, reason = "a bench prints its figures")]
pub fn say(line: &str) {
    println!("{line}");
}
