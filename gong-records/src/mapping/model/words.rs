//! A value of a mapping file that is one text or a list of texts.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error as _, MapAccess, SeqAccess, Unexpected, Visitor};
use serde::{Deserialize, Serialize};
use toml::value::Datetime;

/// One text, or several; in the file a text or a list of texts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Words(Vec<String>);

impl Words {
    /// The texts, in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// The first text.
    pub fn first(&self) -> Option<&str> {
        self.iter().next()
    }
}

impl<const N: usize> From<[&str; N]> for Words {
    fn from(words: [&str; N]) -> Self {
        Self(words.map(str::to_owned).to_vec())
    }
}

impl From<&str> for Words {
    fn from(word: &str) -> Self {
        Self(vec![word.to_owned()])
    }
}

impl From<Vec<String>> for Words {
    fn from(words: Vec<String>) -> Self {
        Self(words)
    }
}

impl From<String> for Words {
    fn from(word: String) -> Self {
        Self(vec![word])
    }
}

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WordsVisitor)
    }
}

struct WordsVisitor;

impl<'de> Visitor<'de> for WordsVisitor {
    type Value = Words;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a quoted string, or a list of quoted strings")
    }

    fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<Words, E> {
        Ok([word].into())
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<Words, E> {
        Ok([value.to_string().as_str()].into())
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Words, E> {
        Ok([value.to_string().as_str()].into())
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Words, E> {
        Ok([value.to_string().as_str()].into())
    }

    fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<Words, M::Error> {
        // A date without quotes comes as a table.
        match Datetime::deserialize(MapAccessDeserializer::new(map)) {
            Ok(moment) => Ok([moment.to_string().as_str()].into()),
            Err(_) => Err(M::Error::invalid_type(Unexpected::Map, &self)),
        }
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut items: S) -> Result<Words, S::Error> {
        let mut words = Vec::new();
        while let Some(Words(word)) = items.next_element()? {
            words.extend(word);
        }
        Ok(Words(words))
    }
}

/// Reads a table of values, each a text, a number, a date, true or false.
pub(super) fn values<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, String>, D::Error> {
    let values = BTreeMap::<String, Words>::deserialize(deserializer)?;
    let one = |(cell, Words(words)): (String, Words)| match words.as_slice() {
        [word] => Ok((cell, word.clone())),
        _ => Err(D::Error::custom(format!(
            "values: {cell:?} has one value, not a list"
        ))),
    };
    values.into_iter().map(one).collect()
}
