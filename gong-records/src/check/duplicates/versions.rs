//! Versions of a record: whether two lines of one record are equal.

use std::hash::{BuildHasher as _, Hasher as _};

use serde_json::Value;

use crate::check::json::parse::{Parsed, unescaped};
use crate::check::order::moment;
use crate::value::timestamp;

/// The compared form of a line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::check) struct Version {
    /// `modifiedDate`, if it is valid.
    pub(in crate::check) moment: Option<i64>,
    /// A hash of everything else, in any order of the fields and the way they are written.
    pub(in crate::check) content: u64,
}

impl Version {
    /// The version that a whole line is.
    pub(in crate::check) fn of(parsed: &Parsed<'_>) -> Self {
        let mut version = Self::default();
        for pair in &parsed.pairs {
            let json = pair.value.get();
            if pair.name == "modifiedDate" {
                let text = unescaped(json);
                if timestamp::check(&text).is_ok() {
                    version.moment = Some(moment(text.as_bytes()));
                    continue;
                }
            }
            let mut hasher = hasher();
            hasher.write(pair.name.as_bytes());
            hasher.write_u8(0);
            if json.starts_with('"') {
                hasher.write(unescaped(json).as_bytes());
            } else if json.starts_with(['[', '{']) {
                match serde_json::from_str(json) {
                    Ok(value) => hash_value(&value, &mut hasher),
                    Err(_) => hasher.write(json.as_bytes()),
                }
            } else {
                hasher.write_u8(1);
                hasher.write(json.as_bytes());
            }
            // A sum does not depend on the order.
            version.content = version.content.wrapping_add(hasher.finish());
        }
        version
    }

    /// A version of a line that is not read again, by its bytes.
    pub(in crate::check) fn of_bytes(line: &[u8], modified: Option<&[u8]>) -> Self {
        Self {
            moment: modified.map(moment),
            content: crate::io::hash::hash(line),
        }
    }
}

fn hasher() -> foldhash::quality::FoldHasher<'static> {
    foldhash::quality::FixedState::with_seed(1).build_hasher()
}

fn hash_value(value: &Value, hasher: &mut foldhash::quality::FoldHasher<'_>) {
    match value {
        Value::Array(values) => {
            hasher.write_u8(2);
            for value in values {
                hash_value(value, hasher);
            }
        }
        Value::Object(fields) => {
            let sum = fields.iter().fold(0_u64, |sum, (name, value)| {
                let mut field = self::hasher();
                field.write(name.as_bytes());
                field.write_u8(0);
                hash_value(value, &mut field);
                sum.wrapping_add(field.finish())
            });
            hasher.write_u64(sum);
        }
        Value::String(text) => {
            hasher.write(text.as_bytes());
            hasher.write_u8(0);
        }
        other => {
            hasher.write_u8(1);
            hasher.write(other.to_string().as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::json::parse::parse;

    #[test]
    fn version_does_not_depend_on_how_a_record_is_written() {
        let version = |line: &str| Version::of(&parse(line));
        let one = version(
            r#"{"objectId":"a","modifiedDate":"2026-03-01T09:30:00Z","name":"é","x":{"a":1,"b":[2]}}"#,
        );
        let same = version(
            r#"{"x": {"b": [2], "a": 1}, "name": "\u00e9", "modifiedDate": "2026-03-01T10:30:00+01:00", "objectId": "a"}"#,
        );
        assert_eq!(one, same);
        for other in [
            r#"{"objectId":"a","modifiedDate":"2026-03-01T09:30:00Z","name":"e","x":{"a":1,"b":[2]}}"#,
            r#"{"objectId":"a","modifiedDate":"2026-03-01T09:30:00Z","name":"é","x":{"a":"1","b":[2]}}"#,
            r#"{"objectId":"a","modifiedDate":"2026-03-01T09:30:00Z","x":"é","name":{"a":1,"b":[2]}}"#,
            r#"{"objectId":"a","modifiedDate":"2026-03-01T09:30:00Z","name":"é","x":{"a":1,"b":[2]},"y":null}"#,
        ] {
            assert_ne!(one.content, version(other).content, "{other}");
            assert_eq!(one.moment, version(other).moment);
        }
    }
}
