//! `CloseDate`: the day on which a deal closed or should close.

use super::{FromText, InvalidValue, text_value, timestamp};
use crate::rule::Rule;

/// The day on which a deal closed or is expected to close: `2026-09-30`.
///
/// Gong types the field as plain text and shows a date in its example; a date-time is accepted too,
/// as [`Timestamp`](crate::Timestamp) has it.
///
/// ```
/// use gong_records::CloseDate;
///
/// assert!("2026-09-30".parse::<CloseDate>().is_ok());
/// assert!("30.09.2026".parse::<CloseDate>().is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CloseDate(Box<str>);

text_value!(CloseDate, |date| &date.0);

impl FromText for CloseDate {
    fn from_text(text: &str) -> Result<Self, InvalidValue> {
        check(text).map(|()| Self(text.into()))
    }
}

/// Checks that the text is a date, or a date-time in Gong's format.
pub(crate) fn check(text: &str) -> Result<(), InvalidValue> {
    let bytes = text.as_bytes();
    if !timestamp::matches_shape(bytes, b"0000-00-00") {
        return Err(InvalidValue::new(
            Rule::DateFormat,
            "it is not a date; write 2026-09-30",
        ));
    }
    if bytes.len() == 10 {
        return timestamp::check_date(bytes);
    }
    timestamp::check(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_date_times_are_accepted() {
        for good in ["2026-09-30", "2026-09-30T00:00:00Z"] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        assert_eq!(check("30.09.2026").unwrap_err().rule(), Rule::DateFormat);
        assert_eq!(
            check("2026-09-31").unwrap_err().rule(),
            Rule::TimestampRange
        );
        assert_eq!(
            check("2026-09-30T00:00:00.000Z").unwrap_err().rule(),
            Rule::TimestampFraction
        );
    }
}
