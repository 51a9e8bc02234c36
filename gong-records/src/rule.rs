//! The rules for records and record files, each with a stable, readable name.

use std::fmt;
use std::str::FromStr;

mod csv;
mod custom;
mod explanation;
mod field;
mod file;
mod line;
mod record;

pub use explanation::{Effect, Evidence, Example, Explanation, Sample};

/// The severity of a finding.
///
/// [`Rule::severity`] derives it from what a breach leads to and from the evidence for that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Gong documents that it rejects this, or a recorded response shows it; or it is unclear which
    /// record or value is meant.
    Error,
    /// Gong accepts this, or it is not known whether it does.
    Warning,
}

impl Severity {
    /// `error` or `warning`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// Writes the enum and everything that is known of each rule from one table: the rule's name, the
/// effect of a breach, and the explanation.
macro_rules! rules {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal, $effect:ident, $explanation:path;)+) => {
        /// A rule for the lines of a record file.
        ///
        /// The name is stable: it is part of messages and of JSON output, and flags accept it.
        ///
        /// ```
        /// use gong_records::{Account, Rule};
        ///
        /// let invalid = Account::builder().object_id("A/9").modified_date("2026-03-01T09:30:00Z").build().unwrap_err();
        /// assert_eq!(invalid.violations()[0].rule(), Rule::ObjectIdCharset);
        /// assert_eq!(Rule::ObjectIdCharset.name(), "object-id-charset");
        /// ```
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Rule {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl Rule {
            /// Every rule, from the file as a whole to the single value.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The rule's stable name, such as `object-id-charset`.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }

            /// The effect of a violation.
            pub fn effect(self) -> Effect {
                match self {
                    $(Self::$variant => Effect::$effect,)+
                }
            }

            /// The default severity of a violation; [`Severities`](crate::check::Severities) change
            /// it.
            ///
            /// A finding is an error if Gong rejects the record, according to its current
            /// documentation or a recorded response, or if it is unclear which record or value is
            /// meant. Everything else is a warning.
            ///
            /// ```
            /// use gong_records::Rule;
            /// use gong_records::rule::{Effect, Evidence, Severity};
            ///
            /// // Documented: an error. Merely concluded: a warning.
            /// assert_eq!(Rule::UrlFormat.explain().evidence, Evidence::Documented);
            /// assert_eq!(Rule::UrlFormat.severity(), Severity::Error);
            /// assert_eq!(Rule::EmailFormat.explain().evidence, Evidence::Inferred);
            /// assert_eq!(Rule::EmailFormat.severity(), Severity::Warning);
            /// // Which of two values is meant nobody can tell.
            /// assert_eq!(Rule::DuplicateKey.effect(), Effect::Ambiguous);
            /// assert_eq!(Rule::DuplicateKey.severity(), Severity::Error);
            /// ```
            pub fn severity(self) -> Severity {
                match self.effect() {
                    Effect::Ambiguous => Severity::Error,
                    Effect::Rejected if self.explain().evidence.is_firm() => Severity::Error,
                    Effect::Rejected | Effect::Accepted | Effect::Handled => Severity::Warning,
                }
            }

            /// Why the rule exists, its source, and an example of each kind.
            pub fn explain(self) -> &'static Explanation {
                match self {
                    $(Self::$variant => &$explanation,)+
                }
            }

            /// The rule in one sentence.
            pub fn summary(self) -> &'static str {
                match self {
                    $(Self::$variant => concat!($($doc),+).trim_ascii(),)+
                }
            }
        }
    };
}

rules! {
    /// A file is text in UTF-8.
    Encoding = "encoding", Rejected, file::ENCODING;
    /// A file does not begin with a byte order mark.
    ByteOrderMark = "byte-order-mark", Rejected, file::BYTE_ORDER_MARK;
    /// A file has no blank lines.
    BlankLine = "blank-line", Rejected, file::BLANK_LINE;
    /// A file has no comments.
    CommentLine = "comment-line", Rejected, file::COMMENT_LINE;
    /// Each record has its own line, and the file is not a JSON list.
    JsonArray = "json-array", Rejected, file::JSON_ARRAY;
    /// A record is on one line, not spread over several.
    PrettyPrinted = "pretty-printed", Rejected, file::PRETTY_PRINTED;
    /// A file has at least one record.
    NoRecords = "no-records", Rejected, file::NO_RECORDS;
    /// A file fits into one upload: 200,000,000 bytes including the multipart framing.
    FileSize = "file-size", Handled, file::FILE_SIZE;
    /// A line has at most 4 MiB, so that it can be checked.
    LineSize = "line-size", Ambiguous, file::LINE_SIZE;
    /// The records of a file have the type that the file is checked as.
    WrongFileType = "wrong-file-type", Accepted, file::WRONG_FILE_TYPE;
    /// The records of a file are sorted by `modifiedDate`.
    Unsorted = "unsorted", Rejected, file::UNSORTED;
    /// A row of a CSV has one cell per column, and its quotes are closed.
    Row = "row", Ambiguous, csv::ROW;
    /// A cell of a CSV has the format that the mapping names.
    Cell = "cell", Ambiguous, csv::CELL;
    /// The cells of a column are in the notation of the mapping, and not of another locale.
    Notation = "notation", Ambiguous, csv::NOTATION;
    /// A name that a mapping looks up leads to one value.
    Lookup = "lookup", Ambiguous, csv::LOOKUP;
    /// A mapping leaves no question open.
    OpenQuestion = "open-question", Ambiguous, csv::OPEN_QUESTION;
    /// An id was not rounded by a spreadsheet.
    MangledId = "mangled-id", Ambiguous, csv::MANGLED_ID;
    /// Different ids stay different when a mapping cleans them.
    IdCollision = "id-collision", Ambiguous, csv::ID_COLLISION;
    /// An amount is in the company's currency.
    OtherCurrency = "other-currency", Ambiguous, csv::OTHER_CURRENCY;
    /// A number does not begin with a zero.
    LeadingZero = "leading-zero", Accepted, csv::LEADING_ZERO;
    /// A phone number was not rounded or marked by a spreadsheet.
    MangledNumber = "mangled-number", Accepted, csv::MANGLED_NUMBER;
    /// A mapping puts only bare company domains into `domains`.
    DomainFormat = "domain-format", Accepted, csv::DOMAIN_FORMAT;
    /// A text has the letters and signs that people wrote.
    GarbledText = "garbled-text", Accepted, csv::GARBLED_TEXT;
    /// A path of a mapping has a value in some record.
    EmptyColumn = "empty-column", Accepted, csv::EMPTY_COLUMN;
    /// A line is valid JSON.
    JsonSyntax = "json-syntax", Rejected, line::JSON_SYNTAX;
    /// A word other than `true`, `false` and `null` is in double quotes.
    UnquotedWord = "unquoted-word", Rejected, line::UNQUOTED_WORD;
    /// Strings are in double quotes.
    SingleQuotes = "single-quotes", Rejected, line::SINGLE_QUOTES;
    /// No comma follows the last field or the record.
    TrailingComma = "trailing-comma", Rejected, line::TRAILING_COMMA;
    /// A line has one record.
    TwoObjects = "two-objects", Rejected, line::TWO_OBJECTS;
    /// A line is a JSON object.
    NotAnObject = "not-an-object", Rejected, line::NOT_AN_OBJECT;
    /// A JSON object has no duplicate keys.
    DuplicateKey = "duplicate-key", Ambiguous, line::DUPLICATE_KEY;
    /// A required field is present and not empty.
    MissingField = "missing-field", Rejected, field::MISSING_FIELD;
    /// A standard field without a value is omitted instead of being null.
    NullValue = "null-value", Rejected, field::NULL_VALUE;
    /// A field has the JSON type that Gong documents for it.
    WrongType = "wrong-type", Rejected, field::WRONG_TYPE;
    /// A field has its current name, not the one of earlier documentation.
    RetiredName = "retired-name", Accepted, field::RETIRED_NAME;
    /// A name that resembles the name of a standard field is not misspelled.
    MisspelledName = "misspelled-name", Accepted, field::MISSPELLED_NAME;
    /// A field that Gong no longer documents for the type is omitted.
    DiscouragedField = "discouraged-field", Accepted, field::DISCOURAGED_FIELD;
    /// An `objectId` has 1 to 64 characters.
    ObjectIdLength = "object-id-length", Rejected, field::OBJECT_ID_LENGTH;
    /// An `objectId` has only letters, digits, hyphens and underscores, or is an email address.
    ObjectIdCharset = "object-id-charset", Rejected, field::OBJECT_ID_CHARSET;
    /// An `objectId` has no underscore, about which Gong's documentation contradicts itself.
    ObjectIdUnderscore = "object-id-underscore", Rejected, field::OBJECT_ID_UNDERSCORE;
    /// A date-time is ISO 8601: `2026-03-01T09:30:00+01:00`.
    TimestampFormat = "timestamp-format", Rejected, field::TIMESTAMP_FORMAT;
    /// A date-time has no fraction of a second.
    TimestampFraction = "timestamp-fraction", Rejected, field::TIMESTAMP_FRACTION;
    /// A date-time has an offset from UTC, or `Z`.
    TimestampZone = "timestamp-zone", Rejected, field::TIMESTAMP_ZONE;
    /// A date and a time exist in the calendar.
    TimestampRange = "timestamp-range", Rejected, field::TIMESTAMP_RANGE;
    /// A close date is an ISO 8601 date: `2026-09-30`.
    DateFormat = "date-format", Rejected, field::DATE_FORMAT;
    /// A close date has no time of day.
    CloseDateTime = "close-date-time", Rejected, field::CLOSE_DATE_TIME;
    /// A link is a full `http` or `https` URL.
    UrlFormat = "url-format", Rejected, field::URL_FORMAT;
    /// An email address has one `@`, text on both sides of it, and no spaces.
    EmailFormat = "email-format", Rejected, field::EMAIL_FORMAT;
    /// A field with a fixed set of values has one of these values, in the same case.
    UnknownWord = "unknown-word", Rejected, field::UNKNOWN_WORD;
    /// A number is valid JSON, and finite.
    NumberFormat = "number-format", Rejected, field::NUMBER_FORMAT;
    /// A number is not below Gong's minimum.
    NumberRange = "number-range", Rejected, field::NUMBER_RANGE;
    /// A text is not longer than Gong's limit.
    TextLength = "text-length", Rejected, field::TEXT_LENGTH;
    /// A file has one line per `objectId`.
    DuplicateObjectId = "duplicate-object-id", Handled, record::DUPLICATE_OBJECT_ID;
    /// Two lines of a record with the same `modifiedDate` have the same content.
    ConflictingVersions = "conflicting-versions", Ambiguous, record::CONFLICTING_VERSIONS;
    /// No two `objectId`s of a type differ only in case.
    ObjectIdCase = "object-id-case", Accepted, record::OBJECT_ID_CASE;
    /// An email address belongs to one business user in a file.
    DuplicateEmail = "duplicate-email", Rejected, record::DUPLICATE_EMAIL;
    /// A record has the fields that Gong needs to display it.
    NotVisible = "not-visible", Accepted, record::NOT_VISIBLE;
    /// A record that another one refers to is in the files.
    UnresolvedReference = "unresolved-reference", Accepted, record::UNRESOLVED_REFERENCE;
    /// A record that another one refers to is not deleted by the files.
    DeletedReference = "deleted-reference", Accepted, record::DELETED_REFERENCE;
    /// Stages and users are in the input or in Gong if deals are.
    MissingType = "missing-type", Accepted, record::MISSING_TYPE;
    /// A custom field has a name that is not one of a standard field.
    CustomName = "custom-name", Rejected, custom::CUSTOM_NAME;
    /// A custom field's value can be written as JSON.
    CustomValue = "custom-value", Rejected, custom::CUSTOM_VALUE;
    /// A custom field has a string, a number, `true`, `false` or a list of strings.
    CustomShape = "custom-shape", Accepted, custom::CUSTOM_SHAPE;
    /// Only accounts, contacts, deals and leads have custom fields.
    CustomNotShown = "custom-not-shown", Accepted, custom::CUSTOM_NOT_SHOWN;
    /// A custom field is declared in the entity schema.
    CustomUnknown = "custom-unknown", Accepted, custom::CUSTOM_UNKNOWN;
    /// A custom field has the JSON type of its declared type.
    CustomType = "custom-type", Rejected, custom::CUSTOM_TYPE;
    /// A custom field of type `PICKLIST` has one of its declared values.
    CustomPicklist = "custom-picklist", Accepted, custom::CUSTOM_PICKLIST;
    /// A custom field of type `PERCENT` has a number from 0 to 100.
    CustomPercent = "custom-percent", Accepted, custom::CUSTOM_PERCENT;
    /// A custom field is not one that the entity schema removes.
    CustomDeleted = "custom-deleted", Accepted, custom::CUSTOM_DELETED;
    /// A custom date-time has no fraction of a second.
    CustomTimestampFraction = "custom-timestamp-fraction", Rejected, custom::CUSTOM_TIMESTAMP_FRACTION;
}

impl fmt::Display for Rule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl serde::Serialize for Rule {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> serde::Deserialize<'de> for Rule {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        name.parse().map_err(serde::de::Error::custom)
    }
}

impl FromStr for Rule {
    type Err = UnknownRule;

    /// Reads a rule's name.
    ///
    /// ```
    /// use gong_records::Rule;
    ///
    /// assert_eq!("blank-line".parse(), Ok(Rule::BlankLine));
    /// let unknown = "blank-lines".parse::<Rule>().unwrap_err();
    /// assert!(unknown.to_string().contains("did you mean blank-line?"));
    /// ```
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let named = Self::ALL.iter().find(|rule| rule.name() == text);
        named.copied().ok_or_else(|| UnknownRule {
            name: text.to_owned(),
        })
    }
}

/// A name that is not the name of a rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name:?} is not a rule; did you mean {}?", self.nearest())]
pub struct UnknownRule {
    name: String,
}

impl UnknownRule {
    /// The rule with the most similar name.
    pub fn nearest(&self) -> Rule {
        let likeness = |rule: &Rule| strsim::jaro_winkler(&self.name, rule.name());
        let nearest = Rule::ALL
            .iter()
            .copied()
            .max_by(|one, other| likeness(one).total_cmp(&likeness(other)));
        nearest.unwrap_or(Rule::JsonSyntax)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_readable_and_parses() {
        for rule in Rule::ALL {
            let name = rule.name();
            assert!(
                name.bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte == b'-'),
                "{name}"
            );
            assert_eq!(name.parse(), Ok(*rule));
        }
    }

    /// Written by hand and not derived, so that a change of any rule's severity is noticed.
    #[test]
    fn only_firm_evidence_or_ambiguity_makes_an_error() {
        for rule in Rule::ALL {
            let evidence = rule.explain().evidence;
            let is_firm = matches!(evidence, Evidence::Documented | Evidence::Recorded);
            let is_error = rule.severity() == Severity::Error;
            assert!(
                !is_error || is_firm || rule.effect() == Effect::Ambiguous,
                "{rule} is an error, and its evidence is {evidence}"
            );
        }
        let ambiguous = |rule: &&Rule| rule.effect() == Effect::Ambiguous;
        assert_eq!(
            Rule::ALL.iter().filter(ambiguous).collect::<Vec<_>>(),
            [
                &Rule::LineSize,
                &Rule::Row,
                &Rule::Cell,
                &Rule::Notation,
                &Rule::Lookup,
                &Rule::OpenQuestion,
                &Rule::MangledId,
                &Rule::IdCollision,
                &Rule::OtherCurrency,
                &Rule::DuplicateKey,
                &Rule::ConflictingVersions
            ]
        );
        for concluded in [
            Rule::ByteOrderMark,
            Rule::BlankLine,
            Rule::NoRecords,
            Rule::NullValue,
            Rule::RetiredName,
            Rule::EmailFormat,
            Rule::CustomName,
            Rule::ObjectIdUnderscore,
            Rule::CustomTimestampFraction,
            Rule::CloseDateTime,
        ] {
            assert_eq!(concluded.severity(), Severity::Warning, "{concluded}");
        }
        for firm in [
            Rule::MissingField,
            Rule::ObjectIdCharset,
            Rule::ObjectIdLength,
            Rule::TimestampFraction,
            Rule::WrongType,
            Rule::UnquotedWord,
            Rule::CustomType,
            Rule::CommentLine,
        ] {
            assert_eq!(firm.severity(), Severity::Error, "{firm}");
        }
    }
}
