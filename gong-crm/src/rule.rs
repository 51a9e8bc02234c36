//! The rules that a record must keep, each under a stable, readable name.

use std::fmt;

/// A rule of Gong's for the lines of an entity file.
///
/// The name is stable: it stands in messages, in JSON output, and is what switches take.
///
/// ```
/// use gong_crm::{Account, Rule};
///
/// let invalid = Account::builder().object_id("A/9").modified_date("2026-03-01T09:30:00Z").build().unwrap_err();
/// assert_eq!(invalid.violations()[0].rule(), Rule::ObjectIdCharset);
/// assert_eq!(Rule::ObjectIdCharset.name(), "object-id-charset");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Rule {
    /// A required field is there and not empty.
    MissingField,
    /// A field holds the JSON type that Gong documents for it.
    WrongType,
    /// An `objectId` has 1 to 64 characters.
    ObjectIdLength,
    /// An `objectId` holds letters, digits, hyphens and underscores, or is an email address.
    ObjectIdCharset,
    /// A date-time is ISO 8601: `2026-03-01T09:30:00+01:00`.
    TimestampFormat,
    /// A date-time has no fraction of a second.
    TimestampFraction,
    /// A date-time says its offset from UTC, or `Z`.
    TimestampZone,
    /// A date or a time exists in the calendar.
    TimestampRange,
    /// A close date is an ISO 8601 date: `2026-09-30`.
    DateFormat,
    /// A link is a full `http` or `https` URL.
    UrlFormat,
    /// An email address has one `@`, something on both sides, and no spaces.
    EmailFormat,
    /// A field with a fixed set of words holds one of them, in the same case.
    UnknownWord,
    /// A number is written as JSON has it, and is finite.
    NumberFormat,
    /// A number is not below the least that Gong takes.
    NumberRange,
    /// A text is no longer than Gong takes.
    TextLength,
    /// A custom field has a name, its own, that is not one of Gong's fields.
    CustomName,
    /// A custom field's value can be written as JSON.
    CustomValue,
    /// A name stands once in a line.
    DuplicateKey,
}

impl Rule {
    /// The rule's stable name, such as `object-id-charset`.
    pub fn name(self) -> &'static str {
        match self {
            Self::MissingField => "missing-field",
            Self::WrongType => "wrong-type",
            Self::ObjectIdLength => "object-id-length",
            Self::ObjectIdCharset => "object-id-charset",
            Self::TimestampFormat => "timestamp-format",
            Self::TimestampFraction => "timestamp-fraction",
            Self::TimestampZone => "timestamp-zone",
            Self::TimestampRange => "timestamp-range",
            Self::DateFormat => "date-format",
            Self::UrlFormat => "url-format",
            Self::EmailFormat => "email-format",
            Self::UnknownWord => "unknown-word",
            Self::NumberFormat => "number-format",
            Self::NumberRange => "number-range",
            Self::TextLength => "text-length",
            Self::CustomName => "custom-name",
            Self::CustomValue => "custom-value",
            Self::DuplicateKey => "duplicate-key",
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}
