//! Whether the records of a file are sorted by `modifiedDate`.

use super::finding::Finding;

/// The order of the dates of some lines in sequence.
#[derive(Debug, Default)]
pub(super) struct OrderPart {
    /// The first date, with the finding in case that it is too early.
    first: Option<(i64, Finding)>,
    /// The latest date, and the last line that has it.
    latest: Option<(i64, u64)>,
    violation: Option<Violation>,
}

/// A date that is earlier than one before it.
#[derive(Debug)]
struct Violation {
    /// The latest date before it, and its line.
    latest: (i64, u64),
    finding: Finding,
}

impl OrderPart {
    /// Adds the date of the next line, which must be valid.
    #[inline]
    pub(super) fn add(&mut self, modified: &[u8], line: u64, finding: impl FnOnce() -> Finding) {
        if self.violation.is_some() {
            return;
        }
        let moment = moment(modified);
        match self.latest {
            Some(latest) if moment < latest.0 => {
                let finding = finding();
                self.violation = Some(Violation { latest, finding });
                return;
            }
            Some(_) => {}
            None => self.first = Some((moment, finding())),
        }
        self.latest = Some((moment, line));
    }
}

/// The order of the dates of a whole file.
#[derive(Debug)]
pub(super) struct Order {
    is_watching: bool,
    latest: Option<(i64, u64)>,
}

impl Order {
    pub(super) fn new(is_watching: bool) -> Self {
        Self {
            is_watching,
            latest: None,
        }
    }

    /// Whether the order still matters: there is one finding per file.
    pub(super) fn is_watching(&self) -> bool {
        self.is_watching
    }

    /// Adds the lines that follow; `base` is the number of lines before them. Returns the finding
    /// at the first line that is too early, with the line that has the later date.
    pub(super) fn append(&mut self, part: OrderPart, base: u64) -> Option<(Finding, u64)> {
        if !self.is_watching {
            return None;
        }
        let here = |(moment, line): (i64, u64)| (moment, base + line);
        let (first, first_finding) = part.first?;
        if let Some(latest) = self.latest
            && first < latest.0
        {
            self.is_watching = false;
            return Some((first_finding, latest.1));
        }
        if let Some(violation) = part.violation {
            self.is_watching = false;
            return Some((violation.finding, here(violation.latest).1));
        }
        self.latest = part.latest.map(here);
        None
    }
}

/// The moment of a valid date-time in seconds, from an arbitrary start.
pub(super) fn moment(modified: &[u8]) -> i64 {
    let digits = |from: usize, to: usize| {
        modified[from..to]
            .iter()
            .fold(0_i64, |number, digit| number * 10 + i64::from(digit - b'0'))
    };
    let (year, month, day) = (digits(0, 4), digits(5, 7), digits(8, 10));
    // Months are counted from March, so that the leap day is the last of a year.
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
    fn moments_are_compared_and_not_strings() {
        for (earlier, later) in [
            ("2026-02-28T23:59:59Z", "2026-03-01T00:00:00Z"),
            ("2024-02-29T23:59:59Z", "2024-03-01T00:00:00Z"),
            ("2025-12-31T23:59:59Z", "2026-01-01T00:00:00Z"),
            ("2026-03-01T10:00:00+02:00", "2026-03-01T09:00:00Z"),
            ("2026-03-01T09:00:00Z", "2026-03-01T05:00:00-05:00"),
        ] {
            assert!(
                moment(earlier.as_bytes()) < moment(later.as_bytes()),
                "{earlier}"
            );
        }
        let parse = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_second();
        let (one, two) = ("1999-12-31T22:15:07-03:30", "2026-03-01T05:00:00Z");
        assert_eq!(
            moment(two.as_bytes()) - moment(one.as_bytes()),
            parse(two) - parse(one)
        );
    }
}
