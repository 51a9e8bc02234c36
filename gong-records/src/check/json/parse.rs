//! A line as names and values, with their positions.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// A name and a value of a line.
#[derive(Debug)]
pub(in crate::check) struct Pair<'a> {
    /// The name, unescaped.
    pub(in crate::check) name: Cow<'a, str>,
    /// Where the name is, with its quotes.
    pub(in crate::check) name_range: Range<usize>,
    /// The value as JSON.
    pub(in crate::check) value: &'a RawValue,
    /// Where the value is.
    pub(in crate::check) range: Range<usize>,
}

/// A line as far as it could be read.
#[derive(Debug, Default)]
pub(in crate::check) struct Parsed<'a> {
    /// The pairs that were read before the error, or all.
    pub(in crate::check) pairs: Vec<Pair<'a>>,
    /// The name whose value could not be read.
    pub(in crate::check) pending: Option<Cow<'a, str>>,
    /// Whether the object was read completely, though something else may follow it.
    pub(in crate::check) is_closed: bool,
    /// Why reading ended early.
    pub(in crate::check) error: Option<serde_json::Error>,
}

/// Reads a line that should be one object.
pub(in crate::check) fn parse(line: &str) -> Parsed<'_> {
    let mut parsed = Parsed::default();
    let mut deserializer = serde_json::Deserializer::from_str(line);
    let seed = Object {
        line,
        parsed: &mut parsed,
    };
    let outcome = seed.deserialize(&mut deserializer);
    parsed.is_closed = outcome.is_ok();
    parsed.error = outcome.and_then(|()| deserializer.end()).err();
    parsed
}

struct Object<'line, 'parsed> {
    line: &'line str,
    parsed: &'parsed mut Parsed<'line>,
}

impl<'line> DeserializeSeed<'line> for Object<'line, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'line>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'line> Visitor<'line> for Object<'line, '_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'line>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(raw) = map.next_key::<&RawValue>()? {
            let name = unescaped(raw.get());
            self.parsed.pending = Some(name.clone());
            let value = map.next_value::<&RawValue>()?;
            self.parsed.pending = None;
            self.parsed.pairs.push(Pair {
                name,
                name_range: place(self.line, raw.get()),
                value,
                range: place(self.line, value.get()),
            });
        }
        Ok(())
    }
}

/// Where a part of the line is.
fn place(line: &str, part: &str) -> Range<usize> {
    let start = part.as_ptr() as usize - line.as_ptr() as usize;
    start..start + part.len()
}

/// The text of a JSON string; unchanged if it cannot be unescaped.
pub(in crate::check) fn unescaped(quoted: &str) -> Cow<'_, str> {
    let plain = quoted
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .unwrap_or(quoted);
    if !plain.contains('\\') {
        return Cow::Borrowed(plain);
    }
    serde_json::from_str(quoted).map_or(Cow::Borrowed(plain), Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_values_have_their_places() {
        let line = r#" {"a\u0062" : [1, 2],"c":"d"} "#;
        let parsed = parse(line);
        assert!(parsed.error.is_none());
        let pairs: Vec<_> = parsed
            .pairs
            .iter()
            .map(|pair| {
                (
                    &*pair.name,
                    &line[pair.name_range.clone()],
                    &line[pair.range.clone()],
                )
            })
            .collect();
        assert_eq!(
            pairs,
            [("ab", r#""a\u0062""#, "[1, 2]"), ("c", r#""c""#, r#""d""#)]
        );
    }

    #[test]
    fn pairs_before_an_error_are_kept() {
        let parsed = parse(r#"{"a":1,"status":OPEN}"#);
        assert_eq!(parsed.pairs.len(), 1);
        assert_eq!(parsed.pending.as_deref(), Some("status"));
        assert!(parsed.error.is_some() && !parsed.is_closed);
        assert!(parse("{} x").is_closed);
    }
}
