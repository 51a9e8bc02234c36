//! Whether the records of a file are sorted by `modifiedDate`.

use super::options::Options;
use crate::rule::Rule;

/// Watches the dates go by, until the first that goes back.
#[derive(Debug)]
pub(super) struct Order {
    is_watching: bool,
    latest: i64,
    line: u64,
    previous_line: u64,
}

impl Order {
    pub(super) fn new(options: &Options) -> Self {
        Self {
            is_watching: options.severity(Rule::Unsorted).is_some(),
            latest: i64::MIN,
            line: 0,
            previous_line: 0,
        }
    }

    /// Whether it still matters: one finding a file is enough.
    #[inline]
    pub(super) fn is_watching(&self) -> bool {
        self.is_watching
    }

    /// The line with the later date.
    pub(super) fn previous_line(&self) -> u64 {
        self.previous_line
    }

    /// Whether the date, a good one, is not before those of the lines above.
    #[inline]
    pub(super) fn follows(&mut self, modified: &[u8], line: u64) -> bool {
        let second = second(modified);
        if second < self.latest {
            self.is_watching = false;
            self.previous_line = self.line;
            return false;
        }
        self.latest = second;
        self.line = line;
        true
    }
}

/// The moment in seconds; comparable with others only.
fn second(modified: &[u8]) -> i64 {
    let digits = |from: usize, to: usize| {
        modified[from..to]
            .iter()
            .fold(0_i64, |number, digit| number * 10 + i64::from(digit - b'0'))
    };
    let (year, month, day) = (digits(0, 4), digits(5, 7), digits(8, 10));
    // Months counted from March, so that the leap day is the last of a year.
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let days = year * 365 + year.div_euclid(4) - year.div_euclid(100)
        + year.div_euclid(400)
        + (153 * month + 2) / 5
        + day;
    let second = days * 86_400 + digits(11, 13) * 3600 + digits(14, 16) * 60 + digits(17, 19);
    if modified.len() < 25 {
        return second;
    }
    let offset = digits(20, 22) * 3600 + digits(23, 25) * 60;
    if modified[19] == b'-' {
        second + offset
    } else {
        second - offset
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_compared_and_not_texts() {
        for (earlier, later) in [
            ("2026-02-28T23:59:59Z", "2026-03-01T00:00:00Z"),
            ("2024-02-29T23:59:59Z", "2024-03-01T00:00:00Z"),
            ("2025-12-31T23:59:59Z", "2026-01-01T00:00:00Z"),
            ("2026-03-01T10:00:00+02:00", "2026-03-01T09:00:00Z"),
            ("2026-03-01T09:00:00Z", "2026-03-01T05:00:00-05:00"),
        ] {
            assert!(
                second(earlier.as_bytes()) < second(later.as_bytes()),
                "{earlier}"
            );
        }
        let parse = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_second();
        let (one, two) = ("1999-12-31T22:15:07-03:30", "2026-03-01T05:00:00Z");
        assert_eq!(
            second(two.as_bytes()) - second(one.as_bytes()),
            parse(two) - parse(one)
        );
    }
}
