//! What does a line say that decides in which upload it goes?

use std::fs::File;
use std::hash::{BuildHasher as _, Hasher as _};
use std::io::{self, BufRead as _, BufReader};
use std::path::Path;

use foldhash::quality::FixedState;
use jiff::Timestamp;
use serde_json::value::RawValue;

/// A line of a file, with its line end.
pub(super) struct Line<'a> {
    /// From 1.
    pub(super) number: u64,
    /// Where it begins.
    pub(super) start: u64,
    pub(super) bytes: &'a [u8],
}

impl Line<'_> {
    pub(super) fn is_blank(&self) -> bool {
        self.bytes.iter().all(u8::is_ascii_whitespace)
    }

    pub(super) fn end(&self) -> u64 {
        self.start + self.bytes.len() as u64
    }
}

/// Reads a file line by line.
pub(super) fn each_line(
    path: &Path,
    mut visit: impl FnMut(&Line<'_>) -> io::Result<()>,
) -> io::Result<()> {
    let mut reader = BufReader::with_capacity(256 * 1024, File::open(path)?);
    let mut bytes = Vec::new();
    let (mut number, mut start) = (0, 0);
    loop {
        bytes.clear();
        if reader.read_until(b'\n', &mut bytes)? == 0 {
            return Ok(());
        }
        number += 1;
        let line = Line {
            number,
            start,
            bytes: &bytes,
        };
        visit(&line)?;
        start = line.end();
    }
}

/// What is needed of a record, as it stands in the line. A line that is no JSON has nothing of it:
/// that is Gong's to say, or the check's.
#[derive(Debug, Default, serde::Deserialize)]
pub(super) struct Facts<'a> {
    #[serde(borrow, default, rename = "objectId")]
    object_id: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "isDeleted")]
    is_deleted: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "emailAddress")]
    email_address: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "modifiedDate")]
    modified_date: Option<&'a RawValue>,
}

impl<'a> Facts<'a> {
    pub(super) fn of(line: &'a [u8]) -> Self {
        serde_json::from_slice(line).unwrap_or_default()
    }

    pub(super) fn object_id(&self) -> Option<String> {
        text(self.object_id)
    }

    /// Email addresses are the same in any case.
    pub(super) fn email_address(&self) -> Option<String> {
        text(self.email_address).map(|address| address.to_lowercase())
    }

    pub(super) fn is_deleted(&self) -> bool {
        self.is_deleted.is_some_and(|value| value.get() == "true")
    }

    pub(super) fn modified_at(&self) -> Option<Timestamp> {
        text(self.modified_date)?.parse().ok()
    }
}

fn text(value: Option<&RawValue>) -> Option<String> {
    serde_json::from_str(value?.get()).ok()
}

/// A text as a number. Two texts may share one, so a repeated number is only a suspicion.
pub(super) fn hash(text: &str) -> u64 {
    let mut hasher = FixedState::default().build_hasher();
    hasher.write(text.as_bytes());
    hasher.finish()
}
