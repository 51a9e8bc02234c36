//! Keys of lines, kept in little memory.

use std::borrow::Cow;
use std::ops::Range;

use super::versions::Version;

/// The keys of a stream that cannot be read twice, line after line.
#[derive(Debug, Default)]
pub(in crate::check) struct KeyLog {
    bytes: Vec<u8>,
    line: u64,
}

impl KeyLog {
    /// Adds the key of a line, and the record's id if that matters. Ids have at most 64 characters
    /// of four bytes; much longer ones are not kept.
    pub(in crate::check) fn push(
        &mut self,
        key: &str,
        object_id: &str,
        version: Version,
        line: u64,
    ) {
        let lengths = (u16::try_from(key.len()), u16::try_from(object_id.len()));
        let (Ok(of_key), Ok(of_id)) = lengths else {
            return;
        };
        let skipped = u32::try_from(line - self.line).unwrap_or(u32::MAX);
        self.line = line;
        self.bytes.extend(skipped.to_le_bytes());
        self.bytes
            .extend(version.moment.unwrap_or(i64::MIN).to_le_bytes());
        self.bytes.extend(version.content.to_le_bytes());
        self.bytes.extend(of_key.to_le_bytes());
        self.bytes.extend(of_id.to_le_bytes());
        self.bytes.extend(key.as_bytes());
        self.bytes.extend(object_id.as_bytes());
    }

    /// The lines and their keys.
    pub(in crate::check) fn iter(&self) -> impl Iterator<Item = (u64, Key<'_>)> {
        let mut rest = &self.bytes[..];
        let mut line = 0;
        std::iter::from_fn(move || {
            let (skipped, after) = rest.split_first_chunk::<4>()?;
            let (moment, after) = after.split_first_chunk::<8>()?;
            let (content, after) = after.split_first_chunk::<8>()?;
            let (of_key, after) = after.split_first_chunk::<2>()?;
            let (of_id, after) = after.split_first_chunk::<2>()?;
            let (key, after) = after.split_at_checked(usize::from(u16::from_le_bytes(*of_key)))?;
            let (id, after) = after.split_at_checked(usize::from(u16::from_le_bytes(*of_id)))?;
            rest = after;
            line += u64::from(u32::from_le_bytes(*skipped));
            let text = |bytes| Cow::Borrowed(str::from_utf8(bytes).unwrap_or_default());
            let moment = Some(i64::from_le_bytes(*moment)).filter(|moment| *moment != i64::MIN);
            let key = Key {
                text: text(key),
                object_id: text(id),
                range: 0..0,
                version: Version {
                    moment,
                    content: u64::from_le_bytes(*content),
                },
            };
            Some((line, key))
        })
    }
}

/// A key that must be unique among lines.
#[derive(Debug)]
pub(in crate::check) struct Key<'a> {
    /// In the form in which it is compared.
    pub(in crate::check) text: Cow<'a, str>,
    /// The record, of which a second line is not a duplicate; empty if the key is the record's id.
    pub(in crate::check) object_id: Cow<'a, str>,
    /// Where it is in the line.
    pub(in crate::check) range: Range<usize>,
    pub(in crate::check) version: Version,
}
