//! `Timestamp`: a date-time in Gong's format, with offset and without fraction.

use std::cmp::Ordering;

use jiff::{Zoned, tz::TimeZone};

use super::{FromText, InvalidValue, text_value};
use crate::rule::Rule;

/// A date-time in ISO 8601 with seconds, an offset from UTC or `Z`, and no fraction.
///
/// It keeps the offset it was given. Gong's overview: ISO 8601, without milliseconds.
///
/// ```
/// use gong_records::Timestamp;
///
/// let modified: Timestamp = "2026-03-01T09:30:00+01:00".parse()?;
/// assert_eq!(modified.to_string(), "2026-03-01T09:30:00+01:00");
/// assert!("2026-03-01T09:30:00.123Z".parse::<Timestamp>().is_err());
///
/// let same = Timestamp::try_from(modified.instant())?;
/// assert_eq!(same.to_string(), "2026-03-01T08:30:00Z");
/// # Ok::<(), gong_records::InvalidValue>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Timestamp {
    /// `YYYY-MM-DDTHH:MM:SS` and `Z` or `+HH:MM`; ASCII.
    text: [u8; LONGEST],
    length: u8,
}

/// The length with a numeric offset.
const LONGEST: usize = 25;
/// The length up to the seconds.
const SECONDS: usize = 19;

text_value!(Timestamp, |timestamp| {
    std::str::from_utf8(timestamp.as_bytes()).unwrap_or_default()
});

impl Timestamp {
    /// The text, which is ASCII.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.text[..usize::from(self.length)]
    }

    /// The instant.
    pub fn instant(&self) -> jiff::Timestamp {
        // The text was checked against the calendar when it was made.
        self.as_str().parse().unwrap_or_default()
    }

    /// The instant with its offset; a fraction of a second is cut off.
    pub(crate) fn from_zoned(zoned: &Zoned) -> Result<Self, InvalidValue> {
        let civil = zoned.datetime();
        let offset = zoned.offset().seconds();
        let (sign, distance) = if offset < 0 {
            ('-', -offset)
        } else {
            ('+', offset)
        };
        // Offsets with seconds exist only before 1950; Gong's format cannot express them.
        let (hours, minutes) = (distance / 3600, distance / 60 % 60);
        Self::from_text(&format!(
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{sign}{hours:02}:{minutes:02}",
            civil.year(),
            civil.month(),
            civil.day(),
            civil.hour(),
            civil.minute(),
            civil.second(),
        ))
    }

    /// The instant in UTC, printed with `Z`.
    pub(crate) fn from_instant(instant: jiff::Timestamp) -> Result<Self, InvalidValue> {
        let utc = Self::from_zoned(&instant.to_zoned(TimeZone::UTC))?;
        Self::from_text(&format!("{}Z", &utc.as_str()[..SECONDS]))
    }
}

/// The instant in UTC; a fraction of a second is cut off. Years before 0 and after 9999 are invalid.
impl TryFrom<jiff::Timestamp> for Timestamp {
    type Error = InvalidValue;

    fn try_from(instant: jiff::Timestamp) -> Result<Self, InvalidValue> {
        Self::from_instant(instant)
    }
}

/// The instant with its offset; a fraction of a second is cut off.
impl TryFrom<&Zoned> for Timestamp {
    type Error = InvalidValue;

    fn try_from(zoned: &Zoned) -> Result<Self, InvalidValue> {
        Self::from_zoned(zoned)
    }
}

impl FromText for Timestamp {
    fn from_text(text: &str) -> Result<Self, InvalidValue> {
        check(text)?;
        let mut bytes = [0; LONGEST];
        bytes[..text.len()].copy_from_slice(text.as_bytes());
        // `check` admits 20 and 25 bytes only.
        Ok(Self {
            text: bytes,
            length: u8::try_from(text.len()).unwrap_or_default(),
        })
    }
}

impl PartialOrd for Timestamp {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// By instant, then by text.
impl Ord for Timestamp {
    fn cmp(&self, other: &Self) -> Ordering {
        self.instant()
            .cmp(&other.instant())
            .then_with(|| self.as_str().cmp(other.as_str()))
    }
}

/// Checks that the text is a date-time in Gong's format.
pub(crate) fn check(text: &str) -> Result<(), InvalidValue> {
    let bytes = text.as_bytes();
    if !matches_shape(bytes, b"0000-00-00T00:00:00") {
        return Err(misshapen(bytes));
    }
    check_date(bytes)?;
    let (hour, minute, second) = (
        number(&bytes[11..13]),
        number(&bytes[14..16]),
        number(&bytes[17..19]),
    );
    if hour > 23 || minute > 59 || second > 59 {
        return Err(InvalidValue::new(
            Rule::TimestampRange,
            "there is no such time of day",
        ));
    }
    check_zone(&bytes[SECONDS..])
}

/// Whether the bytes begin with the shape, in which `0` means any digit.
pub(crate) fn matches_shape(bytes: &[u8], shape: &[u8]) -> bool {
    bytes.len() >= shape.len()
        && bytes
            .iter()
            .zip(shape)
            .all(|(byte, expected)| match expected {
                b'0' => byte.is_ascii_digit(),
                other => byte == other,
            })
}

/// Whether the first ten bytes, digits and hyphens in their places, are a day of the calendar.
pub(crate) fn check_date(bytes: &[u8]) -> Result<(), InvalidValue> {
    let (year, month, day) = (
        number(&bytes[..4]),
        number(&bytes[5..7]),
        number(&bytes[8..10]),
    );
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => 0,
    };
    if day == 0 || day > days {
        return Err(InvalidValue::new(
            Rule::TimestampRange,
            "there is no such day in the calendar",
        ));
    }
    Ok(())
}

fn check_zone(zone: &[u8]) -> Result<(), InvalidValue> {
    let format = |message: &'static str| Err(InvalidValue::new(Rule::TimestampFormat, message));
    match zone {
        b"Z" => Ok(()),
        b"z" => format("the zone must be a capital Z"),
        [] => Err(InvalidValue::new(
            Rule::TimestampZone,
            "it has no zone; end it with Z or an offset such as +01:00",
        )),
        [b'.' | b',', ..] => Err(InvalidValue::new(
            Rule::TimestampFraction,
            "it has a fraction of a second, which Gong does not accept; remove it",
        )),
        [b'+' | b'-', ..] if zone.len() == 6 && matches_shape(&zone[1..], b"00:00") => {
            if number(&zone[1..3]) > 23 || number(&zone[4..6]) > 59 {
                return Err(InvalidValue::new(
                    Rule::TimestampRange,
                    "there is no such offset",
                ));
            }
            Ok(())
        }
        [b'+' | b'-', ..] => format("the offset must be written as +01:00"),
        _ => format("what follows the seconds is neither Z nor an offset"),
    }
}

/// The message for a common other format.
fn misshapen(bytes: &[u8]) -> InvalidValue {
    let message = if matches_shape(bytes, b"0000-00-00 00:00") {
        "there is a space instead of the T between date and time"
    } else if matches_shape(bytes, b"0000-00-00t00:00") {
        "the T between date and time must be a capital"
    } else if matches_shape(bytes, b"0000-00-00T00:00") {
        "it has no seconds; write 2026-03-01T09:30:00+01:00"
    } else if bytes.len() == 10 && matches_shape(bytes, b"0000-00-00") {
        "it is a date without a time; write 2026-03-01T09:30:00+01:00"
    } else if bytes.is_empty() {
        "it is empty"
    } else {
        "it is not an ISO 8601 date-time; write 2026-03-01T09:30:00+01:00"
    };
    InvalidValue::new(Rule::TimestampFormat, message)
}

fn number(digits: &[u8]) -> u32 {
    digits
        .iter()
        .fold(0, |number, digit| number * 10 + u32::from(digit - b'0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn date_times_keep_the_documented_form() {
        for good in [
            "2026-03-01T09:30:00Z",
            "2024-02-29T23:59:59-11:30",
            "2019-01-03T23:45:57+01:00",
        ] {
            assert_eq!(check(good), Ok(()), "{good}");
            assert_eq!(good.parse::<Timestamp>().unwrap().to_string(), good);
        }
    }

    #[test]
    fn each_mistake_is_named() {
        for (bad, rule) in [
            ("2026-03-01T09:30:00.000Z", Rule::TimestampFraction),
            ("2026-03-01T09:30:00,5+01:00", Rule::TimestampFraction),
            ("2026-03-01T09:30:00", Rule::TimestampZone),
            ("2026-03-01 09:30:00Z", Rule::TimestampFormat),
            ("2026-03-01t09:30:00Z", Rule::TimestampFormat),
            ("2026-03-01T09:30:00z", Rule::TimestampFormat),
            ("2026-03-01T09:30Z", Rule::TimestampFormat),
            ("2026-03-01T09:30:00+0100", Rule::TimestampFormat),
            ("2026-03-01T09:30:00+01", Rule::TimestampFormat),
            ("2026-03-01T09:30:00 Z", Rule::TimestampFormat),
            ("2026-03-01", Rule::TimestampFormat),
            ("01.03.2026 09:30", Rule::TimestampFormat),
            ("", Rule::TimestampFormat),
            ("２026-03-01T09:30:00Z", Rule::TimestampFormat),
            ("2026-02-29T09:30:00Z", Rule::TimestampRange),
            ("2026-13-01T09:30:00Z", Rule::TimestampRange),
            ("2026-03-01T24:00:00Z", Rule::TimestampRange),
            ("2026-03-01T09:30:00+24:00", Rule::TimestampRange),
        ] {
            assert_eq!(check(bad).unwrap_err().rule(), rule, "{bad:?}");
        }
    }

    #[test]
    fn a_moment_loses_its_fraction_and_keeps_its_offset() {
        let zoned: Zoned = "2026-03-01T09:30:00.75+01:00[Europe/Berlin]"
            .parse()
            .unwrap();
        assert_eq!(
            Timestamp::from_zoned(&zoned).unwrap().as_str(),
            "2026-03-01T09:30:00+01:00"
        );
        let instant = zoned.timestamp();
        assert_eq!(
            Timestamp::from_instant(instant).unwrap().as_str(),
            "2026-03-01T08:30:00Z"
        );
    }

    #[test]
    fn order_is_by_moment() {
        let parse = |text: &str| text.parse::<Timestamp>().unwrap();
        assert!(parse("2026-03-01T09:30:00+02:00") < parse("2026-03-01T08:00:00Z"));
    }
}
