//! The values of fields: types that cannot contain what Gong rejects.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::rule::Rule;

mod amount;
pub(crate) mod close_date;
pub(crate) mod email_address;
mod json_limits;
pub(crate) mod object_id;
mod public_mail;
pub(crate) mod timestamp;
pub(crate) mod url;

pub use amount::Amount;
pub(crate) use amount::{TOO_LARGE, is_json_number};
pub use close_date::CloseDate;
pub use email_address::EmailAddress;
pub(crate) use json_limits::{is_unrepresentable, overflowing_number, unpaired_surrogate};
pub use object_id::ObjectId;
pub use public_mail::{is_public_mail_host, is_shared_host};
pub use timestamp::Timestamp;
pub use url::Url;

/// Why a value is invalid: the rule that it breaks, and how.
///
/// The message never contains the value, which may be personal data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} [{rule}]")]
pub struct InvalidValue {
    rule: Rule,
    message: Cow<'static, str>,
}

impl InvalidValue {
    pub(crate) fn new(rule: Rule, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            rule,
            message: message.into(),
        }
    }

    /// The rule that the value breaks.
    pub fn rule(&self) -> Rule {
        self.rule
    }

    /// The problem with the value.
    pub fn message(&self) -> &str {
        &self.message
    }
}

/// A value that can be parsed from text.
pub(crate) trait FromText: Sized {
    fn from_text(text: &str) -> Result<Self, InvalidValue>;
}

/// A value that can be parsed from the JSON of a line.
pub(crate) trait FromJson: Sized {
    fn from_json(json: &RawValue) -> Result<Self, InvalidValue>;
}

/// A value from a fixed set of words.
pub(crate) trait Word: Sized {
    const WORDS: &'static [&'static str];

    fn from_word(word: &str) -> Option<Self>;
}

impl<T: Word> FromText for T {
    fn from_text(text: &str) -> Result<Self, InvalidValue> {
        Self::from_word(text).ok_or_else(|| {
            let words = Self::WORDS.join(", ");
            InvalidValue::new(
                Rule::UnknownWord,
                format!("it must be one of {words}, in capitals"),
            )
        })
    }
}

impl<T: Word> FromJson for T {
    fn from_json(json: &RawValue) -> Result<Self, InvalidValue> {
        T::from_text(&text(json)?)
    }
}

impl FromJson for String {
    fn from_json(json: &RawValue) -> Result<Self, InvalidValue> {
        text(json).map(Cow::into_owned)
    }
}

impl FromText for String {
    fn from_text(text: &str) -> Result<Self, InvalidValue> {
        Ok(text.to_owned())
    }
}

/// A list of one text.
impl FromText for Vec<String> {
    fn from_text(text: &str) -> Result<Self, InvalidValue> {
        Ok(vec![text.to_owned()])
    }
}

impl FromJson for bool {
    fn from_json(json: &RawValue) -> Result<Self, InvalidValue> {
        serde_json::from_str(json.get()).map_err(|_| {
            InvalidValue::new(Rule::WrongType, "it must be true or false, without quotes")
        })
    }
}

impl FromJson for i64 {
    fn from_json(json: &RawValue) -> Result<Self, InvalidValue> {
        serde_json::from_str(json.get()).map_err(|_| {
            InvalidValue::new(Rule::WrongType, "it must be a whole number, without quotes")
        })
    }
}

impl FromJson for Vec<String> {
    fn from_json(json: &RawValue) -> Result<Self, InvalidValue> {
        serde_json::from_str(json.get()).map_err(|_| {
            InvalidValue::new(
                Rule::WrongType,
                "it must be a list of strings, such as [\"a.example\"]",
            )
        })
    }
}

/// The text of a JSON string, borrowed if it has no escapes.
pub(crate) fn text(json: &RawValue) -> Result<Cow<'_, str>, InvalidValue> {
    let quoted = json.get();
    let wrong = || InvalidValue::new(Rule::WrongType, "it must be a string in double quotes");
    match quoted
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
    {
        Some(plain) if !plain.contains('\\') => Ok(Cow::Borrowed(plain)),
        Some(_) => serde_json::from_str(quoted)
            .map(Cow::Owned)
            .map_err(|_| wrong()),
        None => Err(wrong()),
    }
}

/// Implements parsing, printing and serde for a text type.
macro_rules! text_value {
    ($name:ident, $as_str:expr) => {
        impl $name {
            /// The text on the wire.
            pub fn as_str(&self) -> &str {
                let as_str: fn(&Self) -> &str = $as_str;
                as_str(self)
            }
        }

        impl $crate::value::FromJson for $name {
            fn from_json(
                json: &serde_json::value::RawValue,
            ) -> Result<Self, $crate::value::InvalidValue> {
                <Self as $crate::value::FromText>::from_text(&$crate::value::text(json)?)
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::value::InvalidValue;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                <Self as $crate::value::FromText>::from_text(text)
            }
        }

        impl TryFrom<&str> for $name {
            type Error = $crate::value::InvalidValue;

            fn try_from(text: &str) -> Result<Self, Self::Error> {
                <Self as $crate::value::FromText>::from_text(text)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                <Self as $crate::value::FromText>::from_text(&text)
                    .map_err(serde::de::Error::custom)
            }
        }
    };
}
pub(crate) use text_value;
