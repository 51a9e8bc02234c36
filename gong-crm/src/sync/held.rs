//! The list of deletions that are held back: written by a sync, read again once confirmed.

use std::collections::HashSet;
use std::path::Path;

use gong_records::io::atomic_file::{self, Readers};
use serde::{Deserialize, Serialize};

use super::SyncError;
use crate::ObjectType;
use crate::ledger::Action;
use crate::push::reads::{Held, HoldReason};

/// A deletion that is held back, as a line of the list.
///
/// To keep a record in Gong, the user deletes its line before confirming the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct HeldDeletion {
    /// The type of the record.
    pub object_type: ObjectType,
    /// Its id.
    pub object_id: String,
    /// Why it is held back.
    pub reason: String,
    /// Whether a limit holds it back, and not something in the source.
    pub by_limit: bool,
}

impl From<HeldDeletion> for Held {
    fn from(held: HeldDeletion) -> Self {
        Self {
            object_type: held.object_type,
            object_id: held.object_id,
            action: Action::Delete,
            reason: if held.by_limit {
                HoldReason::Limit(held.reason)
            } else {
                HoldReason::Finding(held.reason)
            },
        }
    }
}

/// The content of a line of the list.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Confirmed {
    object_type: String,
    object_id: String,
}

/// A line of the list of an earlier sync.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    object_type: String,
    object_id: String,
    reason: String,
    #[serde(default)]
    by_limit: bool,
}

/// Writes the list, and gives whether there is one: without deletions, that of an earlier sync is
/// removed. Its lines stay where `is_open` says that this sync did not look at the record.
pub(super) fn write(
    path: &Path,
    held: &[HeldDeletion],
    is_open: impl Fn(ObjectType, &str) -> bool,
) -> Result<bool, SyncError> {
    let unwritable = |source| SyncError::Unwritable {
        path: path.to_path_buf(),
        source,
    };
    let mut held = held.to_vec();
    let known: HashSet<_> = held
        .iter()
        .map(|of| (of.object_type, of.object_id.clone()))
        .collect();
    let mut before = earlier(path);
    before.retain(|of| {
        is_open(of.object_type, &of.object_id)
            && !known.contains(&(of.object_type, of.object_id.clone()))
    });
    held.extend(before);
    if held.is_empty() {
        atomic_file::delete(path).map_err(unwritable)?;
        return Ok(false);
    }
    let mut bytes = Vec::new();
    for deletion in &held {
        let line = serde_json::to_vec(deletion).map_err(|error| unwritable(error.into()))?;
        bytes.extend_from_slice(&line);
        bytes.push(b'\n');
    }
    write_private(path, &bytes).map_err(unwritable)?;
    Ok(true)
}

/// The list of an earlier sync. What can't be read was not written by a sync, or is not there.
pub(super) fn earlier(path: &Path) -> Vec<HeldDeletion> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let text = text.trim_start_matches('\u{feff}');
    let lines = text.lines().filter_map(|line| {
        let line: Written = serde_json::from_str(line).ok()?;
        Some(HeldDeletion {
            object_type: line.object_type.parse().ok()?,
            object_id: line.object_id,
            reason: line.reason,
            by_limit: line.by_limit,
        })
    });
    lines.collect()
}

/// Writes a file that only its owner can read, in one step.
pub(super) fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let directory = path.parent().filter(|path| !path.as_os_str().is_empty());
    let directory = directory.unwrap_or(Path::new("."));
    atomic_file::create_private_dir(directory)?;
    atomic_file::write(path, bytes, Readers::Owner)
}

/// Reads a list that the user confirmed.
pub(super) fn read(path: &Path) -> Result<HashSet<(ObjectType, String)>, SyncError> {
    let text = std::fs::read_to_string(path).map_err(|source| SyncError::Unreadable {
        path: path.to_path_buf(),
        source,
    })?;
    let mut confirmed = HashSet::new();
    // Editors may write a byte order mark.
    let text = text.trim_start_matches('\u{feff}');
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim().is_empty() {
            continue;
        }
        let malformed = |message: String| SyncError::Malformed {
            path: path.to_path_buf(),
            line: number,
            message,
        };
        let line: Confirmed = serde_json::from_str(line).map_err(|error| {
            malformed(format!(
                "not a line of a list of held-back deletions: {error}"
            ))
        })?;
        let object_type = line.object_type.parse();
        let object_type = object_type
            .map_err(|error: crate::record::UnknownObjectType| malformed(error.to_string()))?;
        confirmed.insert((object_type, line.object_id));
    }
    Ok(confirmed)
}
