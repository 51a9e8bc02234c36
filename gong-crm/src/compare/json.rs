//! Reads a line as a JSON object, one member at a time, without copying.

use super::error::Fault;
use super::text;
use crate::Rule;

/// The longest line that is read: as long as the check reads.
pub(super) const MAX_LINE_BYTES: usize = 4 * 1024 * 1024;

/// How deep lists and objects may be nested.
const MAX_DEPTH: usize = 128;

/// What kind of value it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A string without escapes.
    Text,
    /// A string with escapes.
    EscapedText,
    Number,
    True,
    False,
    Null,
    Array,
    Object,
}

/// A value and its place, quotes and brackets included.
#[derive(Debug, Clone, Copy)]
pub(super) struct Value {
    pub(super) kind: Kind,
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Value {
    /// The content of a string, as it is written.
    pub(super) fn content<'l>(&self, line: &'l [u8]) -> &'l [u8] {
        &line[self.start + 1..self.end - 1]
    }

    pub(super) fn is_text(&self) -> bool {
        matches!(self.kind, Kind::Text | Kind::EscapedText)
    }
}

/// The text of one line: UTF-8, without a byte order mark and without the line break.
///
/// The second value is the number of bytes cut off at the front.
pub(super) fn line_text(line: &[u8]) -> Result<(&str, usize), Fault> {
    if line.len() > MAX_LINE_BYTES {
        return Err(Fault::new(
            0,
            Rule::LineSize,
            "the line is longer than 4 MiB",
        ));
    }
    let mut text = line;
    while let [rest @ .., b'\n' | b'\r'] = text {
        text = rest;
    }
    let without_mark = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let cut = text.len() - without_mark.len();
    match simdutf8::compat::from_utf8(without_mark) {
        Ok(text) => Ok((text, cut)),
        Err(error) => Err(Fault::new(
            cut + error.valid_up_to(),
            Rule::Encoding,
            "the line is not valid UTF-8",
        )),
    }
}

/// A place in a line.
#[derive(Debug)]
pub(super) struct Cursor<'l> {
    pub(super) bytes: &'l [u8],
    pub(super) at: usize,
}

impl Cursor<'_> {
    #[inline]
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Skips what JSON calls white space. A line break is not skipped: a record is one line.
    #[inline]
    pub(super) fn skip_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    #[inline]
    pub(super) fn skip_byte(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    /// Enters the object of the line.
    pub(super) fn open_line(&mut self) -> Result<(), Fault> {
        self.skip_space();
        if self.skip_byte(b'{') {
            return Ok(());
        }
        Err(match self.peek() {
            Some(b'[' | b'"' | b'-' | b'0'..=b'9') => {
                Fault::new(self.at, Rule::NotAnObject, "the line is not a JSON object")
            }
            Some(_) => Fault::syntax(self.at, "the line does not begin with {"),
            None => Fault::syntax(self.at, "the line is empty"),
        })
    }

    /// Moves to the next member of an object or the next element of a list: past the comma, or past
    /// the closing bracket, and then returns `false`.
    #[inline]
    pub(super) fn next_item(&mut self, is_first: bool, closing: u8) -> Result<bool, Fault> {
        self.skip_space();
        if self.skip_byte(closing) {
            return Ok(false);
        }
        if !is_first {
            if !self.skip_byte(b',') {
                return Err(Fault::syntax(
                    self.at,
                    "a comma or the closing bracket is missing",
                ));
            }
            self.skip_space();
        }
        Ok(true)
    }

    /// Reads a member's name.
    #[inline]
    pub(super) fn name(&mut self) -> Result<Value, Fault> {
        if self.peek() != Some(b'"') {
            return Err(Fault::syntax(self.at, "a key in double quotes is missing"));
        }
        self.string()
    }

    #[inline]
    pub(super) fn colon(&mut self) -> Result<(), Fault> {
        self.skip_space();
        if self.skip_byte(b':') {
            return Ok(());
        }
        Err(Fault::syntax(self.at, "the colon after a key is missing"))
    }

    /// Nothing may follow the object of the line.
    #[inline]
    pub(super) fn end_line(&mut self) -> Result<(), Fault> {
        self.skip_space();
        match self.peek() {
            None => Ok(()),
            Some(b'{') => Err(Fault::new(
                self.at,
                Rule::TwoObjects,
                "the line has a second object",
            )),
            Some(_) => Err(Fault::syntax(
                self.at,
                "the line continues after its object",
            )),
        }
    }

    /// Reads a complete value and checks its syntax.
    #[inline]
    pub(super) fn value(&mut self) -> Result<Value, Fault> {
        self.skip_space();
        self.value_at_depth(0)
    }

    #[inline]
    fn value_at_depth(&mut self, depth: usize) -> Result<Value, Fault> {
        match self.peek() {
            Some(b'"') => self.string(),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word(b"true", Kind::True),
            Some(b'f') => self.word(b"false", Kind::False),
            Some(b'n') => self.word(b"null", Kind::Null),
            Some(b'[') => self.array(depth),
            Some(b'{') => self.object(depth),
            Some(_) => Err(Fault::syntax(self.at, "the value is not JSON")),
            None => Err(Fault::syntax(
                self.at,
                "the line ends before its object does",
            )),
        }
    }

    #[inline]
    fn string(&mut self) -> Result<Value, Fault> {
        let start = self.at;
        let (quote, has_escape) = text::end(self.bytes, start + 1)?;
        self.at = quote + 1;
        Ok(Value {
            kind: if has_escape {
                Kind::EscapedText
            } else {
                Kind::Text
            },
            start,
            end: self.at,
        })
    }

    #[inline]
    fn digits(&mut self) -> bool {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        self.at > start
    }

    fn number(&mut self) -> Result<Value, Fault> {
        let start = self.at;
        self.skip_byte(b'-');
        let whole = self.at;
        let mut is_number = self.digits() && (self.bytes[whole] != b'0' || self.at == whole + 1);
        if self.skip_byte(b'.') {
            is_number &= self.digits();
        }
        if self.skip_byte(b'e') || self.skip_byte(b'E') {
            let _ = self.skip_byte(b'+') || self.skip_byte(b'-');
            is_number &= self.digits();
        }
        if !is_number {
            return Err(Fault::syntax(start, "the number is not written as JSON"));
        }
        Ok(Value {
            kind: Kind::Number,
            start,
            end: self.at,
        })
    }

    #[inline]
    fn word(&mut self, word: &[u8], kind: Kind) -> Result<Value, Fault> {
        let start = self.at;
        if !self.bytes[start..].starts_with(word) {
            return Err(Fault::syntax(start, "the value is not JSON"));
        }
        self.at += word.len();
        Ok(Value {
            kind,
            start,
            end: self.at,
        })
    }

    fn array(&mut self, depth: usize) -> Result<Value, Fault> {
        let start = self.open(depth)?;
        let mut is_first = true;
        while self.next_item(is_first, b']')? {
            is_first = false;
            self.value_at_depth(depth + 1)?;
        }
        Ok(Value {
            kind: Kind::Array,
            start,
            end: self.at,
        })
    }

    fn object(&mut self, depth: usize) -> Result<Value, Fault> {
        let start = self.open(depth)?;
        let mut is_first = true;
        while self.next_item(is_first, b'}')? {
            is_first = false;
            self.name()?;
            self.colon()?;
            self.skip_space();
            self.value_at_depth(depth + 1)?;
        }
        Ok(Value {
            kind: Kind::Object,
            start,
            end: self.at,
        })
    }

    fn open(&mut self, depth: usize) -> Result<usize, Fault> {
        if depth == MAX_DEPTH {
            return Err(Fault::syntax(
                self.at,
                "a value is nested deeper than 128 levels",
            ));
        }
        self.at += 1;
        Ok(self.at - 1)
    }
}
