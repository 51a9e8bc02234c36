//! Why a line can't be compared.

use std::fmt;

use crate::Rule;

/// A line that is not a record: it has no hash, and must not be sent.
///
/// The message names fields but never quotes a value, since values are personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NotARecord {
    /// The rule that the line breaks, as the check reports it.
    pub(crate) rule: Rule,
    /// Where in the line, in characters from 1.
    pub(crate) column: usize,
    /// The record's id, if the line has one: the error is then an error of that record.
    pub(crate) object_id: Option<String>,
    message: String,
}

impl fmt::Display for NotARecord {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "column {}: {}", self.column, self.message)
    }
}

impl std::error::Error for NotARecord {}

/// A fault and the byte at which it was found.
#[derive(Debug)]
pub(super) struct Fault {
    at: usize,
    rule: Rule,
    message: Message,
}

#[derive(Debug)]
enum Message {
    Fixed(&'static str),
    /// Boxed, so that results on the fast path stay small.
    Built(Box<str>),
}

impl Fault {
    #[cold]
    pub(super) fn new(at: usize, rule: Rule, message: &'static str) -> Self {
        Self {
            at,
            rule,
            message: Message::Fixed(message),
        }
    }

    #[cold]
    pub(super) fn syntax(at: usize, message: &'static str) -> Self {
        Self::new(at, Rule::JsonSyntax, message)
    }

    #[cold]
    pub(super) fn duplicate_key(at: usize, name: &str) -> Self {
        let message = format!("the object has the key {name:?} twice; remove one of them");
        Self {
            at,
            rule: Rule::DuplicateKey,
            message: Message::Built(message.into()),
        }
    }

    /// The same fault in a line that has this many bytes more in front.
    #[cold]
    pub(super) fn moved(mut self, by: usize) -> Self {
        self.at += by;
        self
    }

    /// The error of this line.
    #[cold]
    pub(super) fn of_line(self, line: &[u8], object_id: Option<String>) -> NotARecord {
        let before = line.get(..self.at).unwrap_or(line);
        // Bytes that continue a character of UTF-8 do not begin one.
        let characters = before.iter().filter(|byte| (**byte & 0xc0) != 0x80).count();
        NotARecord {
            rule: self.rule,
            column: characters + 1,
            object_id,
            message: match self.message {
                Message::Fixed(text) => text.to_owned(),
                Message::Built(text) => text.into(),
            },
        }
    }
}
