//! The types that a builder's setters accept: text, numbers and times of several crates.

use std::borrow::Cow;
use std::time::SystemTime;

use jiff::{Zoned, civil};

use crate::rule::Rule;
use crate::value::{
    Amount, CloseDate, EmailAddress, FromText, InvalidValue, ObjectId, Timestamp, Url,
};

/// A value given to a setter: valid, or with the rule that it breaks.
///
/// Setters accept `impl Into<Input<T>>`, so that text, numbers and times of several crates need no
/// conversion; `build` reports every value that breaks a rule.
///
/// ```
/// use std::time::{Duration, UNIX_EPOCH};
///
/// use gong_records::Deal;
///
/// let deal = Deal::builder()
///     .object_id(8_608_553)
///     .modified_date(UNIX_EPOCH + Duration::from_secs(1_772_355_600))
///     .amount(1250.5)
///     .build()?;
/// assert_eq!(deal.object_id().as_str(), "8608553");
/// assert_eq!(deal.modified_date().to_string(), "2026-03-01T09:00:00Z");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Input<T>(pub(crate) Result<Option<T>, InvalidValue>);

/// The state of a builder's required field that was not given yet.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Unset;

/// The state of a builder's required field that was given.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Set;

impl<T> Default for Input<T> {
    /// No value.
    fn default() -> Self {
        Self(Ok(None))
    }
}

impl<T> Input<T> {
    fn new(value: Result<T, InvalidValue>) -> Self {
        Self(value.map(Some))
    }
}

/// A value that may not be there; then it is as if the setter had not been called.
impl<T, V: Into<Self>> From<Option<V>> for Input<T> {
    fn from(value: Option<V>) -> Self {
        value.map_or_else(Self::default, Into::into)
    }
}

impl<T: FromText> From<&str> for Input<T> {
    fn from(text: &str) -> Self {
        Self::new(T::from_text(text))
    }
}

impl<T: FromText> From<&String> for Input<T> {
    fn from(text: &String) -> Self {
        Self::new(T::from_text(text))
    }
}

impl<T: FromText> From<Cow<'_, str>> for Input<T> {
    fn from(text: Cow<'_, str>) -> Self {
        Self::new(T::from_text(&text))
    }
}

impl<T: FromText> From<Box<str>> for Input<T> {
    fn from(text: Box<str>) -> Self {
        Self::new(T::from_text(&text))
    }
}

impl<T: FromText> From<String> for Input<T> {
    fn from(text: String) -> Self {
        Self::new(T::from_text(&text))
    }
}

/// A value of the field's type.
macro_rules! from_itself {
    ($($name:ty),*) => {$(
        impl From<$name> for Input<$name> {
            fn from(value: $name) -> Self {
                Self::new(Ok(value))
            }
        }

        impl From<&$name> for Input<$name> {
            fn from(value: &$name) -> Self {
                Self::new(Ok(value.clone()))
            }
        }
    )*};
}
from_itself!(
    Amount,
    CloseDate,
    EmailAddress,
    ObjectId,
    Timestamp,
    Url,
    bool
);

impl From<&ObjectId> for Input<String> {
    fn from(id: &ObjectId) -> Self {
        Self::new(Ok(id.to_string()))
    }
}

/// Many CRMs number their records.
macro_rules! from_integer {
    ($($integer:ty),*) => {$(
        impl From<$integer> for Input<ObjectId> {
            fn from(number: $integer) -> Self {
                Self::new(ObjectId::from_text(&number.to_string()))
            }
        }

        impl From<$integer> for Input<Amount> {
            fn from(number: $integer) -> Self {
                Self::new(Ok(Amount::from_integer(number)))
            }
        }
    )*};
}
from_integer!(i16, i32, i64, i128, isize, u8, u16, u32, u64, u128, usize);

impl From<f64> for Input<Amount> {
    fn from(number: f64) -> Self {
        Self::new(Amount::from_f64(number))
    }
}

impl From<f32> for Input<Amount> {
    /// With the shortest text for the same number: `0.1`, not `0.10000000149011612`.
    fn from(number: f32) -> Self {
        if number.is_finite() {
            Self::new(Amount::from_text(&number.to_string()))
        } else {
            Self::new(Amount::from_f64(f64::from(number)))
        }
    }
}

impl From<serde_json::Number> for Input<Amount> {
    fn from(number: serde_json::Number) -> Self {
        Self::new(Amount::from_text(&number.to_string()))
    }
}

#[cfg(feature = "rust_decimal")]
impl From<rust_decimal::Decimal> for Input<Amount> {
    fn from(number: rust_decimal::Decimal) -> Self {
        Self::new(Amount::from_text(&number.to_string()))
    }
}

impl From<i64> for Input<i64> {
    fn from(number: i64) -> Self {
        Self::new(Ok(number))
    }
}

macro_rules! from_smaller_integer {
    ($($integer:ty),*) => {$(
        impl From<$integer> for Input<i64> {
            fn from(number: $integer) -> Self {
                Self::new(Ok(i64::from(number)))
            }
        }
    )*};
}
from_smaller_integer!(i8, i16, i32, u8, u16, u32);

impl From<jiff::Timestamp> for Input<Timestamp> {
    fn from(instant: jiff::Timestamp) -> Self {
        Self::new(Timestamp::from_instant(instant))
    }
}

impl From<Zoned> for Input<Timestamp> {
    fn from(zoned: Zoned) -> Self {
        Self::new(Timestamp::from_zoned(&zoned))
    }
}

impl From<&Zoned> for Input<Timestamp> {
    fn from(zoned: &Zoned) -> Self {
        Self::new(Timestamp::from_zoned(zoned))
    }
}

impl From<SystemTime> for Input<Timestamp> {
    /// In UTC.
    fn from(time: SystemTime) -> Self {
        let instant = jiff::Timestamp::try_from(time).map_err(|_| {
            InvalidValue::new(
                Rule::TimestampRange,
                "it is not between the years -9999 and 9999",
            )
        });
        Self::new(instant.and_then(Timestamp::from_instant))
    }
}

impl From<civil::Date> for Input<CloseDate> {
    fn from(date: civil::Date) -> Self {
        Self::new(CloseDate::from_text(&date.to_string()))
    }
}

#[cfg(feature = "chrono")]
impl<Z: chrono::TimeZone> From<chrono::DateTime<Z>> for Input<Timestamp> {
    fn from(moment: chrono::DateTime<Z>) -> Self {
        use chrono::SecondsFormat::Secs;
        Self::new(Timestamp::from_text(
            &moment.fixed_offset().to_rfc3339_opts(Secs, false),
        ))
    }
}

#[cfg(feature = "chrono")]
impl From<chrono::NaiveDate> for Input<CloseDate> {
    fn from(date: chrono::NaiveDate) -> Self {
        Self::new(CloseDate::from_text(&date.to_string()))
    }
}

impl<S: Into<String>> From<Vec<S>> for Input<Vec<String>> {
    fn from(texts: Vec<S>) -> Self {
        Self::new(Ok(texts.into_iter().map(Into::into).collect()))
    }
}

impl<S: Into<String>, const N: usize> From<[S; N]> for Input<Vec<String>> {
    fn from(texts: [S; N]) -> Self {
        Self::new(Ok(texts.into_iter().map(Into::into).collect()))
    }
}

impl<S: Clone + Into<String>> From<&[S]> for Input<Vec<String>> {
    fn from(texts: &[S]) -> Self {
        Self::new(Ok(texts.iter().cloned().map(Into::into).collect()))
    }
}
