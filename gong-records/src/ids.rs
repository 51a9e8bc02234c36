//! The ids in requests: of integrations, uploads and meetings.

use std::fmt;
use std::str::FromStr;

/// The id of a CRM integration: a 64-bit number, larger than JavaScript can represent exactly.
///
/// ```
/// use gong_records::IntegrationId;
///
/// let id: IntegrationId = "5517027188234205706".parse()?;
/// assert_eq!(id.to_string(), "5517027188234205706");
/// assert_eq!(IntegrationId::try_from("5517027188234205706")?, id);
/// # Ok::<(), gong_records::InvalidId>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IntegrationId(i64);

impl IntegrationId {
    /// The number itself.
    pub fn get(self) -> i64 {
        self.0
    }
}

impl From<i64> for IntegrationId {
    fn from(id: i64) -> Self {
        Self(id)
    }
}

impl FromStr for IntegrationId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.trim().parse().map(Self).map_err(|_| {
            InvalidId("an integration id is a whole number such as 5517027188234205706")
        })
    }
}

impl fmt::Display for IntegrationId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// As a string, because most JSON parsers would round the number.
impl serde::Serialize for IntegrationId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// From the string, and also from the number.
impl<'de> serde::Deserialize<'de> for IntegrationId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(serde::Deserialize)]
        #[serde(untagged)]
        enum WriteSummary {
            Number(i64),
            Text(String),
        }
        match WriteSummary::deserialize(deserializer)? {
            WriteSummary::Number(id) => Ok(Self(id)),
            WriteSummary::Text(text) => text.parse().map_err(serde::de::Error::custom),
        }
    }
}

/// The caller's own id of an upload or a deletion: letters, digits, `-` and `_`.
///
/// Gong accepts an id once, and returns the status of its request by it. Gong documents no maximum
/// length; 64 is this crate's.
///
/// ```
/// use gong_records::ClientRequestId;
///
/// assert!("accounts-2026-03-01".parse::<ClientRequestId>().is_ok());
/// assert!("bad id!!".parse::<ClientRequestId>().is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClientRequestId(String);

impl ClientRequestId {
    /// The maximum number of characters that this crate accepts; Gong documents no limit.
    pub const MAX_LENGTH: usize = 64;

    /// The id as it is sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// An id that is known to contain only letters, digits, `-` and `_`.
    pub fn from_valid(id: String) -> Self {
        Self(id)
    }

    /// The id of the request that deletes an integration; `attempt` counts from 1 and increases only
    /// after a deletion failed.
    ///
    /// ```
    /// use gong_records::ClientRequestId;
    ///
    /// let id = ClientRequestId::of_deletion(5517027188234205706.into(), 1);
    /// assert_eq!(id.as_str(), "delete-5517027188234205706-1");
    /// ```
    pub fn of_deletion(integration_id: IntegrationId, attempt: u32) -> Self {
        // A negative number's sign is a hyphen, which an id may hold.
        Self(format!("delete-{integration_id}-{attempt}"))
    }
}

impl FromStr for ClientRequestId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let good = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if text.is_empty() || text.len() > Self::MAX_LENGTH || !text.bytes().all(good) {
            return Err(InvalidId(
                "a client request id has 1 to 64 letters, digits, hyphens or underscores",
            ));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for ClientRequestId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl serde::Serialize for ClientRequestId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> serde::Deserialize<'de> for ClientRequestId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// The id of a meeting: 1 to 20 digits, more than fit into a 64-bit number.
///
/// ```
/// use gong_records::MeetingId;
///
/// assert!("99999999999999999999".parse::<MeetingId>().is_ok());
/// assert!("abc".parse::<MeetingId>().is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MeetingId(String);

impl MeetingId {
    /// The id as it is sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for MeetingId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() || text.len() > 20 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(InvalidId("a meeting id has 1 to 20 digits"));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for MeetingId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// From text that an app has at hand.
macro_rules! try_from_text {
    ($($name:ident),*) => {$(
        impl TryFrom<&str> for $name {
            type Error = InvalidId;

            fn try_from(text: &str) -> Result<Self, InvalidId> {
                text.parse()
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, InvalidId> {
                text.parse()
            }
        }
    )*};
}
try_from_text!(IntegrationId, ClientRequestId, MeetingId);

/// An id that Gong would reject; the message describes a valid one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidId(&'static str);
