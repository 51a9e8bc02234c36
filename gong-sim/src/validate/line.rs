//! Splits one line into fields without copying or rounding their values.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// The fields of one JSON object in their order, each value as it was written.
#[derive(Debug)]
pub(crate) struct Line<'line> {
    fields: Vec<(Cow<'line, str>, &'line RawValue)>,
}

impl<'line> Line<'line> {
    pub(crate) fn parse(text: &'line [u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(text)
    }

    /// The first value that JSON readers cannot represent: an unpaired surrogate, brackets nested
    /// too deep, a number that overflows. Splitting a line does not notice them, but what is
    /// stored must be readable.
    pub(crate) fn unreadable(&self) -> Option<(&str, serde_json::Error)> {
        self.fields.iter().find_map(|(name, value)| {
            let error = serde_json::from_str::<Readable>(value.get()).err()?;
            Some((&**name, error))
        })
    }

    /// The value of a field; the last one if the key occurs twice, as JSON parsers do.
    pub(crate) fn get(&self, name: &str) -> Option<&'line RawValue> {
        self.fields
            .iter()
            .rev()
            .find(|(field, _)| field == name)
            .map(|(_, value)| *value)
    }

    pub(crate) fn fields(&self) -> impl Iterator<Item = (&str, &'line RawValue)> {
        self.fields.iter().map(|(name, value)| (&**name, *value))
    }

    /// The first key that occurs twice.
    pub(crate) fn duplicate_key(&self) -> Option<&str> {
        self.fields
            .iter()
            .enumerate()
            .find_map(|(index, (name, _))| {
                self.fields[..index]
                    .iter()
                    .any(|(earlier, _)| earlier == name)
                    .then_some(&**name)
            })
    }
}

/// The text of a JSON string; `None` for any other value.
pub(crate) fn text_of(value: &RawValue) -> Option<Cow<'_, str>> {
    let raw = value.get();
    let inner = raw.strip_prefix('"')?.strip_suffix('"')?;
    if inner.contains('\\') {
        serde_json::from_str(raw).ok().map(Cow::Owned)
    } else {
        Some(Cow::Borrowed(inner))
    }
}

impl<'de> Deserialize<'de> for Line<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(LineVisitor)
    }
}

struct LineVisitor;

impl<'de> Visitor<'de> for LineVisitor {
    type Value = Line<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Line<'de>, A::Error> {
        let mut fields = Vec::with_capacity(12);
        while let Some(Key(name)) = map.next_key()? {
            fields.push((name, map.next_value()?));
        }
        Ok(Line { fields })
    }
}

/// Any value that can be read completely; nothing of it is kept.
struct Readable;

impl<'de> Deserialize<'de> for Readable {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ReadableVisitor)
    }
}

struct ReadableVisitor;

impl<'de> Visitor<'de> for ReadableVisitor {
    type Value = Readable;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Readable, E> {
        Ok(Readable)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Readable, E> {
        Ok(Readable)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Readable, E> {
        Ok(Readable)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Readable, E> {
        Ok(Readable)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Readable, E> {
        Ok(Readable)
    }

    fn visit_str<E>(self, _: &str) -> Result<Readable, E> {
        Ok(Readable)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Readable, A::Error> {
        while items.next_element::<Readable>()?.is_some() {}
        Ok(Readable)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut pairs: A) -> Result<Readable, A::Error> {
        while pairs.next_entry::<Readable, Readable>()?.is_some() {}
        Ok(Readable)
    }
}

/// A key that borrows from the line unless it has an escape.
struct Key<'line>(Cow<'line, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(KeyVisitor)
    }
}

struct KeyVisitor;

impl<'de> Visitor<'de> for KeyVisitor {
    type Value = Key<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a key")
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Key<'de>, E> {
        Ok(Key(Cow::Borrowed(name)))
    }

    fn visit_str<E>(self, name: &str) -> Result<Key<'de>, E> {
        Ok(Key(Cow::Owned(name.to_owned())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_keep_their_notation() {
        let line = Line::parse(br#"{"amount": 7000.10, "id": 5517027188234205706123}"#).unwrap();
        assert_eq!(line.get("amount").unwrap().get(), "7000.10");
        assert_eq!(line.get("id").unwrap().get(), "5517027188234205706123");
    }

    #[test]
    fn escapes_are_read_in_keys_and_values() {
        let line = Line::parse(r#"{"n\u0061me": "M\u00fcller \"&\" Sons"}"#.as_bytes()).unwrap();
        assert_eq!(
            text_of(line.get("name").unwrap()).unwrap(),
            "Müller \"&\" Sons"
        );
    }

    #[test]
    fn line_must_be_an_object() {
        for bad in [
            "[]",
            "1",
            "\"x\"",
            "null",
            "{\"a\":1} {\"b\":2}",
            "{\"a\":OPEN}",
            "{",
            "",
        ] {
            assert!(Line::parse(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    #[test]
    fn unrepresentable_value_is_found() {
        let deep = format!("{}{}", "[".repeat(300), "]".repeat(300));
        for bad in [
            r#""\ud800""#,
            r#"{"\udc00x":1}"#,
            r#"["a","\ud83d\n"]"#,
            "1e400",
            &deep,
        ] {
            let text = format!(r#"{{"a":[1,-2.5e3,"\ud83d\ude00",null,{{"b":true}}],"c":{bad}}}"#);
            let line = Line::parse(text.as_bytes()).unwrap();
            assert_eq!(line.unreadable().unwrap().0, "c", "{bad}");
        }
        let good = Line::parse(br#"{"a":[1,-2.5e3,"\ud83d\ude00",null,{"b":true}]}"#).unwrap();
        assert!(good.unreadable().is_none());
    }

    #[test]
    fn duplicate_key_is_found() {
        let line = Line::parse(br#"{"a":1,"b":2,"a":3}"#).unwrap();
        assert_eq!(line.duplicate_key(), Some("a"));
        assert_eq!(line.get("a").unwrap().get(), "3");
    }
}
