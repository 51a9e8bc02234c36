//! Where can the bytes of an upload be read again, when the process that planned it is gone?

use std::collections::BTreeMap;
use std::path::PathBuf;

/// Where the bytes of an upload are, and which line of it is which of its file.
///
/// A ledger keeps it with the [`Job`](super::Job) as long as something may have to be sent or
/// reported of the file, and need not look into it: it reads and writes itself as JSON.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct JobContent {
    /// The file; if it is spooled, its name in the ledger's spool folder.
    pub(crate) path: PathBuf,
    /// Whether the bytes were copied, because no file on disk holds them as they are sent.
    pub(crate) is_spooled: bool,
    /// From where to where in the file.
    pub(crate) ranges: Vec<(u64, u64)>,
    /// Runs of lines: the first in the upload, and the same line in the file.
    pub(crate) lines: Vec<(u64, u64)>,
    /// Whether it goes after all other records.
    pub(crate) is_last: bool,
    /// Which turn it has among the uploads of its file, and of those that share records with it.
    pub(crate) wave: u32,
    /// What names the files that share records with this one, and go wave by wave with it: the hash
    /// of the first of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) kin: Option<String>,
    /// The records of the whole file.
    pub(crate) file_records: u64,
    /// Why the check left lines of the file out; kept with the file's first upload only.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) left_out: BTreeMap<u64, Vec<String>>,
    /// Of a CSV, runs of rows: the line that one was made into, and the line of the CSV on which it
    /// begins; kept with the file's first upload only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) rows: Vec<(u64, u64)>,
    /// Whether every bad record is to be found, beyond those that Gong lists.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) drain: bool,
    /// Whether this is an upload that looks for bad records of another one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) is_of_drain: bool,
}

impl JobContent {
    /// As JSON, which [`from_json`](Self::from_json) reads; none for a path that is no Unicode.
    pub fn to_json(&self) -> Option<String> {
        serde_json::to_string(self).ok()
    }

    /// What [`to_json`](Self::to_json) wrote; none for anything else.
    pub fn from_json(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}
