//! Date-times as instants.

/// An instant, as precise as it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Instant<'t> {
    /// Seconds since 1970-01-01T00:00:00Z.
    pub(super) seconds: i64,
    /// The digits of the fraction of a second, without zeros at the end.
    pub(super) fraction: &'t [u8],
}

/// Reads `2026-03-01T09:30:00+01:00`. `None` for everything else, which is then compared as text.
///
/// A fraction of a second is read too: Gong does not document it, but the check can be configured
/// to accept it.
pub(super) fn parse(text: &[u8]) -> Option<Instant<'_>> {
    let (date_time, rest) = text.split_first_chunk::<19>()?;
    let digits = |at: usize, count: usize| -> Option<i64> {
        date_time[at..at + count]
            .iter()
            .try_fold(0, |number, byte| {
                byte.is_ascii_digit()
                    .then(|| number * 10 + i64::from(byte & 15))
            })
    };
    let separators = [
        date_time[4],
        date_time[7],
        date_time[10],
        date_time[13],
        date_time[16],
    ];
    let (year, month, day) = (digits(0, 4)?, digits(5, 2)?, digits(8, 2)?);
    let (hour, minute, second) = (digits(11, 2)?, digits(14, 2)?, digits(17, 2)?);
    if separators != *b"--T::" || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let days = days_since_1970(year, month, day)?;
    let (fraction, zone) = match rest.split_first() {
        Some((b'.', rest)) => {
            let length = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
            if length == 0 {
                return None;
            }
            rest.split_at(length)
        }
        _ => (&[][..], rest),
    };
    let zeros = fraction
        .iter()
        .rev()
        .take_while(|digit| **digit == b'0')
        .count();
    let seconds = ((days * 24 + hour) * 60 + minute) * 60 + second - offset(zone)?;
    Some(Instant {
        seconds,
        fraction: &fraction[..fraction.len() - zeros],
    })
}

/// Seconds east of UTC.
fn offset(zone: &[u8]) -> Option<i64> {
    let (sign, [h1, h0, b':', m1, m0]) = (match zone {
        b"Z" => return Some(0),
        [b'+', rest @ ..] => (1, rest),
        [b'-', rest @ ..] => (-1, rest),
        _ => return None,
    }) else {
        return None;
    };
    if ![h1, h0, m1, m0].into_iter().all(u8::is_ascii_digit) {
        return None;
    }
    let two = |tens: &u8, ones: &u8| i64::from(tens & 15) * 10 + i64::from(ones & 15);
    let (hours, minutes) = (two(h1, h0), two(m1, m0));
    (hours < 24 && minutes < 60).then_some(sign * (hours * 60 + minutes) * 60)
}

/// Days of the Gregorian calendar since 1970-01-01, if there is such a day.
fn days_since_1970(year: i64, month: i64, day: i64) -> Option<i64> {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if is_leap => 29,
        2 => 28,
        _ => return None,
    };
    if !(1..=length).contains(&day) {
        return None;
    }
    // Years begin in March, so that the leap day is the last day of a year; counted from the year
    // before year 0, so that nothing is negative.
    let (year, month) = if month > 2 {
        (year + 400, month - 3)
    } else {
        (year + 399, month + 9)
    };
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    let days = year * 365 + year / 4 - year / 100 + year / 400 + day_of_year;
    Some(days - DAYS_TO_1970)
}

/// Days from March 1 of the year -400 to 1970-01-01.
const DAYS_TO_1970: i64 = 719_468 + 146_097;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn date_times_become_instants() {
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", 0),
            ("1970-01-01T01:00:00+01:00", 0),
            ("1969-12-31T23:59:59Z", -1),
            ("2000-02-29T12:00:00-11:30", 951_867_000),
            ("2026-03-01T09:30:00+01:00", 1_772_353_800),
            ("0000-01-01T00:00:00Z", -62_167_219_200),
            ("9999-12-31T23:59:59Z", 253_402_300_799),
        ] {
            let instant = parse(text.as_bytes()).unwrap();
            assert_eq!(instant.seconds, seconds, "{text}");
            assert_eq!(
                jiff::Timestamp::from_second(seconds).ok(),
                text.parse().ok(),
                "{text}"
            );
        }
    }

    #[test]
    fn every_day_agrees_with_the_calendar_library() {
        let mut date = jiff::civil::date(1895, 12, 31);
        while date.year() < 2105 {
            let text = format!("{date}T00:00:00Z");
            let expected: jiff::Timestamp = text.parse().unwrap();
            let seconds = parse(text.as_bytes()).unwrap().seconds;
            assert_eq!(seconds, expected.as_second(), "{text}");
            date = date.tomorrow().unwrap();
        }
    }

    #[test]
    fn fraction_counts_without_its_zeros() {
        let fraction = |text: &'static str| parse(text.as_bytes()).unwrap().fraction;
        assert_eq!(fraction("2026-03-01T09:30:00.000Z"), b"");
        assert_eq!(fraction("2026-03-01T09:30:00.250+01:00"), b"25");
    }

    #[test]
    fn other_texts_are_not_instants() {
        for text in [
            "",
            "2026-03-01",
            "2026-03-01T09:30:00",
            "2026-03-01T09:30:00.Z",
            "2026-03-01T09:30:00z",
            "2026-03-01 09:30:00Z",
            "2026-02-29T09:30:00Z",
            "2026-13-01T09:30:00Z",
            "2026-03-01T24:00:00Z",
            "2026-03-01T09:30:00+24:00",
            "2026-03-01T09:30:00+0100",
            "2026-03-01T09:30:00+01:0x",
            "2026-03-0xT09:30:00Z",
        ] {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
    }
}
