//! The rules that a record must keep, each under a stable, readable name.

use std::fmt;
use std::str::FromStr;

mod csv;
mod custom;
mod explanation;
mod field;
mod file;
mod line;
mod record;

pub use explanation::{Evidence, Example, Explanation, Sample};

/// How much a finding weighs.
///
/// What Gong documents, or was seen to refuse, is an error. What it merely suggests, or contradicts
/// itself about, is a warning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Gong refuses the line or the file, or can't be expected to take it.
    Error,
    /// Gong takes it, but it may not do what was meant.
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

/// Writes the enum and everything that is known of each rule from one table.
macro_rules! rules {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal, $severity:ident, $explanation:path;)+) => {
        /// A rule of Gong's for the lines of an entity file.
        ///
        /// The name is stable: it stands in messages, in JSON output, and is what switches take.
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

            /// How much a breach weighs, unless the caller says otherwise.
            pub fn severity(self) -> Severity {
                match self {
                    $(Self::$variant => Severity::$severity,)+
                }
            }

            /// Why the rule is there, who says so, and what keeps and breaks it.
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
    Encoding = "encoding", Error, file::ENCODING;
    /// A file does not begin with a byte order mark.
    ByteOrderMark = "byte-order-mark", Error, file::BYTE_ORDER_MARK;
    /// A file has no blank lines.
    BlankLine = "blank-line", Warning, file::BLANK_LINE;
    /// A file holds no comments.
    CommentLine = "comment-line", Error, file::COMMENT_LINE;
    /// Each record has a line of its own, without a list around them.
    JsonArray = "json-array", Error, file::JSON_ARRAY;
    /// A record stands in one line, not spread over several.
    PrettyPrinted = "pretty-printed", Error, file::PRETTY_PRINTED;
    /// A file holds at least one record.
    NoRecords = "no-records", Error, file::NO_RECORDS;
    /// A file fits into one upload: 200,000,000 bytes with the framing around it.
    FileSize = "file-size", Error, file::FILE_SIZE;
    /// A line is short enough to be checked: 4 MiB.
    LineSize = "line-size", Error, file::LINE_SIZE;
    /// A file holds records of the type that it is checked as.
    WrongFileType = "wrong-file-type", Warning, file::WRONG_FILE_TYPE;
    /// The records of a file are sorted by `modifiedDate`.
    Unsorted = "unsorted", Warning, file::UNSORTED;
    /// A row of a CSV has a cell for each column, and closes its quotes.
    Row = "row", Error, csv::ROW;
    /// A cell of a CSV is written as the mapping says.
    Cell = "cell", Error, csv::CELL;
    /// A name that a mapping looks up leads to one value.
    Lookup = "lookup", Error, csv::LOOKUP;
    /// A mapping leaves no question open.
    OpenQuestion = "open-question", Error, csv::OPEN_QUESTION;
    /// An id was not rounded by a spreadsheet.
    MangledId = "mangled-id", Error, csv::MANGLED_ID;
    /// Different ids stay different when a mapping cleans them.
    IdCollision = "id-collision", Error, csv::ID_COLLISION;
    /// An amount is in the company's currency.
    OtherCurrency = "other-currency", Error, csv::OTHER_CURRENCY;
    /// A number does not begin with a zero.
    LeadingZero = "leading-zero", Warning, csv::LEADING_ZERO;
    /// What a mapping puts into `domains` are bare domains of companies.
    DomainFormat = "domain-format", Warning, csv::DOMAIN_FORMAT;
    /// A path of a mapping has a value in some record.
    EmptyColumn = "empty-column", Warning, csv::EMPTY_COLUMN;
    /// A line is JSON.
    JsonSyntax = "json-syntax", Error, line::JSON_SYNTAX;
    /// A word that is not a number, `true`, `false` or `null` stands in double quotes.
    UnquotedWord = "unquoted-word", Error, line::UNQUOTED_WORD;
    /// Texts stand in double quotes, not in others.
    SingleQuotes = "single-quotes", Error, line::SINGLE_QUOTES;
    /// No comma stands after the last field, nor after the record.
    TrailingComma = "trailing-comma", Error, line::TRAILING_COMMA;
    /// A line holds one record.
    TwoObjects = "two-objects", Error, line::TWO_OBJECTS;
    /// A line is a JSON object.
    NotAnObject = "not-an-object", Error, line::NOT_AN_OBJECT;
    /// A name stands once in a line.
    DuplicateKey = "duplicate-key", Error, line::DUPLICATE_KEY;
    /// A required field is there and not empty.
    MissingField = "missing-field", Error, field::MISSING_FIELD;
    /// A field of Gong's own is left out rather than null.
    NullValue = "null-value", Error, field::NULL_VALUE;
    /// A field holds the JSON type that Gong documents for it.
    WrongType = "wrong-type", Error, field::WRONG_TYPE;
    /// A field has its present name, not one of earlier documentation.
    RetiredName = "retired-name", Error, field::RETIRED_NAME;
    /// A name that is nearly one of Gong's is that one.
    MisspelledName = "misspelled-name", Warning, field::MISSPELLED_NAME;
    /// A field that is better left out is left out.
    DiscouragedField = "discouraged-field", Warning, field::DISCOURAGED_FIELD;
    /// An `objectId` has 1 to 64 characters.
    ObjectIdLength = "object-id-length", Error, field::OBJECT_ID_LENGTH;
    /// An `objectId` holds letters, digits, hyphens and underscores, or is an email address.
    ObjectIdCharset = "object-id-charset", Error, field::OBJECT_ID_CHARSET;
    /// An `objectId` has no underscore, about which Gong contradicts itself.
    ObjectIdUnderscore = "object-id-underscore", Warning, field::OBJECT_ID_UNDERSCORE;
    /// A date-time is ISO 8601: `2026-03-01T09:30:00+01:00`.
    TimestampFormat = "timestamp-format", Error, field::TIMESTAMP_FORMAT;
    /// A date-time has no fraction of a second.
    TimestampFraction = "timestamp-fraction", Error, field::TIMESTAMP_FRACTION;
    /// A date-time says its offset from UTC, or `Z`.
    TimestampZone = "timestamp-zone", Error, field::TIMESTAMP_ZONE;
    /// A date or a time exists in the calendar.
    TimestampRange = "timestamp-range", Error, field::TIMESTAMP_RANGE;
    /// A close date is an ISO 8601 date: `2026-09-30`.
    DateFormat = "date-format", Error, field::DATE_FORMAT;
    /// A close date is a day without a time.
    CloseDateTime = "close-date-time", Warning, field::CLOSE_DATE_TIME;
    /// A link is a full `http` or `https` URL.
    UrlFormat = "url-format", Error, field::URL_FORMAT;
    /// An email address has one `@`, something on both sides, and no spaces.
    EmailFormat = "email-format", Error, field::EMAIL_FORMAT;
    /// A field with a fixed set of words holds one of them, in the same case.
    UnknownWord = "unknown-word", Error, field::UNKNOWN_WORD;
    /// A number is written as JSON has it, and is finite.
    NumberFormat = "number-format", Error, field::NUMBER_FORMAT;
    /// A number is not below the least that Gong takes.
    NumberRange = "number-range", Error, field::NUMBER_RANGE;
    /// A text is no longer than Gong takes.
    TextLength = "text-length", Error, field::TEXT_LENGTH;
    /// An `objectId` stands once in a file.
    DuplicateObjectId = "duplicate-object-id", Error, record::DUPLICATE_OBJECT_ID;
    /// An email address is that of one business user in a file.
    DuplicateEmail = "duplicate-email", Warning, record::DUPLICATE_EMAIL;
    /// A record carries what Gong needs to show it.
    NotVisible = "not-visible", Warning, record::NOT_VISIBLE;
    /// A record that another one refers to is in the files.
    UnresolvedReference = "unresolved-reference", Warning, record::UNRESOLVED_REFERENCE;
    /// A record that another one refers to is not deleted by the files.
    DeletedReference = "deleted-reference", Warning, record::DELETED_REFERENCE;
    /// A custom field has a name, its own, that is not one of Gong's fields.
    CustomName = "custom-name", Error, custom::CUSTOM_NAME;
    /// A custom field's value can be written as JSON.
    CustomValue = "custom-value", Error, custom::CUSTOM_VALUE;
    /// A custom field holds a text, a number, `true`, `false` or a list of texts.
    CustomShape = "custom-shape", Warning, custom::CUSTOM_SHAPE;
    /// Only accounts, contacts, deals and leads have custom fields.
    CustomNotShown = "custom-not-shown", Warning, custom::CUSTOM_NOT_SHOWN;
    /// A custom field is declared in the entity schema.
    CustomUnknown = "custom-unknown", Warning, custom::CUSTOM_UNKNOWN;
    /// A custom field holds the JSON type that its declared type calls for.
    CustomType = "custom-type", Error, custom::CUSTOM_TYPE;
    /// A custom field of type `PICKLIST` holds one of its declared values.
    CustomPicklist = "custom-picklist", Warning, custom::CUSTOM_PICKLIST;
    /// A custom field of type `PERCENT` holds a number from 0 to 100.
    CustomPercent = "custom-percent", Warning, custom::CUSTOM_PERCENT;
    /// A custom field is not one that the entity schema removes.
    CustomDeleted = "custom-deleted", Warning, custom::CUSTOM_DELETED;
    /// A custom date-time has no fraction of a second.
    CustomTimestampFraction = "custom-timestamp-fraction", Warning, custom::CUSTOM_TIMESTAMP_FRACTION;
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

/// A name that is none of the rules'.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name:?} is not a rule; did you mean {}?", self.nearest())]
pub struct UnknownRule {
    name: String,
}

impl UnknownRule {
    /// The rule whose name is most like it.
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
    fn every_name_is_readable_and_leads_back_to_its_rule() {
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
}
