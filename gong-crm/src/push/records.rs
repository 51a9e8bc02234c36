//! From a line number of Gong's back to the record in the file.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, BufRead as _, BufReader};
use std::path::Path;

/// What a pass over a file tells.
#[derive(Debug, Default)]
pub(super) struct Records {
    /// Lines that are not blank.
    pub(super) count: u64,
    /// The `objectId` of each line that was asked for and has one.
    pub(super) object_ids: BTreeMap<u64, String>,
}

/// Counts the records and looks up the ids of some lines.
pub(super) fn read(path: &Path, lines: &BTreeSet<u64>) -> io::Result<Records> {
    let mut reader = BufReader::with_capacity(256 * 1024, File::open(path)?);
    let mut records = Records::default();
    let mut line = Vec::new();
    let mut number = 0;
    loop {
        line.clear();
        if reader.read_until(b'\n', &mut line)? == 0 {
            return Ok(records);
        }
        number += 1;
        if !line.iter().all(u8::is_ascii_whitespace) {
            records.count += 1;
        }
        if lines.contains(&number)
            && let Some(object_id) = object_id(&line)
        {
            records.object_ids.insert(number, object_id);
        }
    }
}

/// The id in a line, if it is JSON and has one.
fn object_id(line: &[u8]) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Line {
        #[serde(rename = "objectId")]
        object_id: String,
    }
    serde_json::from_slice::<Line>(line)
        .ok()
        .map(|line| line.object_id)
}
