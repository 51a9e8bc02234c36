//! The rejected records of a source, as a file that can be fixed and pushed again.
//!
//! The ledger knows which records are rejected; the file beside a source shows them. Records that
//! are accepted later are removed from it, and an empty file is deleted.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

use gong_records::io::atomic_file::{self, Readers};
use gong_records::io::discover::REJECTS_INFIX as INFIX;
use ring::digest::{SHA256, digest};

use super::input::{InputFile, OpenFile};
use super::invalid::{Unidentified, unidentified};
use super::options::Rejects;
use super::session::Session;
use crate::ObjectType;
use crate::ledger::{RejectedRecord, TryOutcome, hexadecimal};

/// The content of a rejects file.
struct View {
    ending: &'static str,
    records: Vec<u8>,
    reasons: String,
}

/// A rejects file that was written.
pub(super) struct Written {
    pub(super) path: PathBuf,
    /// The first file of the source, if it is another: somebody edited that.
    pub(super) edited: Option<PathBuf>,
}

impl Session {
    /// Writes the rejects of each file of the push; returns the paths by the index of the file.
    pub(super) async fn write_rejects(&self) -> BTreeMap<usize, Result<Option<Written>, String>> {
        let mut written = BTreeMap::new();
        if self.options.rejects == Rejects::None {
            return written;
        }
        let mut by_type = BTreeMap::new();
        let shared = self.shared_paths();
        for (place, open) in self.files.iter().enumerate() {
            let object_type = open.file.object_type;
            if let std::collections::btree_map::Entry::Vacant(entry) = by_type.entry(object_type) {
                let rejected = self
                    .ledger
                    .ledger()
                    .rejects_of(self.space, object_type)
                    .await;
                entry.insert(rejected.map_err(|error| error.to_string()));
            }
            let rejected = match &by_type[&object_type] {
                Ok(rejected) => rejected,
                Err(error) => {
                    written.insert(place, Err(error.clone()));
                    continue;
                }
            };
            if open.is_in_memory && self.options.rejects == Rejects::Beside {
                continue;
            }
            let path = open.file.path.to_string_lossy();
            let of_file: Vec<&RejectedRecord> = rejected
                .iter()
                .filter(|record| record.path == path && is_written(record.outcome))
                .collect();
            let stem = stem_of(&open.file, shared.contains(open.file.path.as_path()));
            written.insert(place, self.write(open, &stem, &of_file));
        }
        written
    }

    /// The paths from which records of several types come.
    fn shared_paths(&self) -> HashSet<&Path> {
        let mut types: HashMap<&Path, ObjectType> = HashMap::new();
        let mut shared = HashSet::new();
        for open in self.files.iter() {
            let (path, object_type) = (open.file.path.as_path(), open.file.object_type);
            if *types.entry(path).or_insert(object_type) != object_type {
                shared.insert(path);
            }
        }
        shared
    }

    fn write(
        &self,
        open: &OpenFile,
        stem: &str,
        rejected: &[&RejectedRecord],
    ) -> Result<Option<Written>, String> {
        let unidentified = unidentified(open)
            .map_err(|error| format!("{} can't be read: {error}", open.file.path.display()))?;
        let view = view(open, rejected, &unidentified);
        let directory = match &self.options.rejects {
            Rejects::Directory(directory) => directory.clone(),
            _ if open.file.is_standard_input() => PathBuf::from("."),
            _ => open
                .file
                .path
                .parent()
                .map(Path::to_path_buf)
                .unwrap_or_default(),
        };
        let failed = |error: io::Error| {
            format!(
                "the rejects cannot be written into {}: {error}",
                directory.display()
            )
        };
        if view.records.is_empty() {
            remove(&directory, stem, view.ending);
            return Ok(None);
        }
        atomic_file::create_private_dir(&directory).map_err(failed)?;
        let mut name = format!("{stem}{INFIX}");
        let mut number = 1;
        while is_foreign(
            &directory.join(format!("{name}{}", view.ending)),
            &directory,
            &name,
        ) {
            // A person edited it: that work is not overwritten.
            number += 1;
            name = format!("{stem}-{number}{INFIX}");
        }
        let records = directory.join(format!("{name}{}", view.ending));
        let reasons = directory.join(format!("{name}txt"));
        let text = format!("{}{}\n{}", MARK, hash(&view.records), view.reasons);
        let readers = if open.file.is_standard_input() {
            Readers::Owner
        } else {
            Readers::Of(&open.file.path)
        };
        atomic_file::write(&reasons, text.as_bytes(), readers).map_err(failed)?;
        atomic_file::write(&records, &view.records, readers).map_err(failed)?;
        let first = directory.join(format!("{stem}{INFIX}{}", view.ending));
        Ok(Some(Written {
            edited: (number > 1).then_some(first),
            path: records,
        }))
    }
}

/// The first line of the reasons, which distinguishes an edited file from our own.
const MARK: &str = "# written by gong-crm; sha256 of the records: ";

fn is_written(outcome: TryOutcome) -> bool {
    matches!(
        outcome,
        TryOutcome::Rejected | TryOutcome::Unconfirmed | TryOutcome::HeldBack
    )
}

fn view(open: &OpenFile, rejected: &[&RejectedRecord], unidentified: &[Unidentified]) -> View {
    let converted = open.converted.as_ref();
    let of_file = converted.and_then(|rows| rows.head_text());
    let mut view = View {
        ending: match (converted, &of_file) {
            (None, _) => "ldjson",
            (Some(_), Some(_)) => "csv",
            (Some(_), None) => "json",
        },
        records: Vec::new(),
        reasons: String::new(),
    };
    let mut of_records = rejected.iter().map(|record| record.content.head.as_str());
    let head = of_records
        .find(|head| !head.is_empty())
        .or(of_file.as_deref());
    if let Some(head) = head.filter(|head| !head.is_empty())
        && !(rejected.is_empty() && unidentified.is_empty())
    {
        view.records.extend_from_slice("\u{feff}".as_bytes());
        view.records.extend_from_slice(head.trim_end().as_bytes());
        view.records.push(b'\n');
    }
    let path = open.file.path.to_string_lossy();
    let of_ledger = rejected.iter().map(|record| Rejected {
        text: if converted.is_some() {
            record.content.row.as_bytes()
        } else {
            &record.content.line
        },
        path: &record.path,
        line: record.line,
        object_id: &record.object_id,
        reason: &record.reason,
    });
    let of_push = unidentified.iter().map(|record| Rejected {
        text: &record.text,
        path: &path,
        line: Some(record.source_line),
        object_id: "",
        reason: &record.reasons,
    });
    let mut numbers: BTreeMap<(Option<u64>, &[u8]), usize> = BTreeMap::new();
    for rejected in of_ledger.chain(of_push) {
        let text = rejected.text.trim_ascii_end();
        // Several records can be made of one row, which is fixed once.
        let known = numbers.len();
        let number = *numbers.entry((rejected.line, text)).or_insert(known + 1);
        if number > known {
            view.records.extend_from_slice(text);
            view.records.push(b'\n');
        }
        let place = rejected
            .line
            .map_or_else(String::new, |line| format!(":{line}"));
        let (id, reason) = (escaped(rejected.object_id), escaped(rejected.reason));
        // Writing into a text can't fail.
        let _ = writeln!(
            view.reasons,
            "{number}\t{}{place}\t{id}\t{reason}",
            escaped(rejected.path)
        );
    }
    view
}

/// A record in a rejects file.
struct Rejected<'a> {
    text: &'a [u8],
    path: &'a str,
    line: Option<u64>,
    object_id: &'a str,
    reason: &'a str,
}

/// A text without characters that move the cursor or end a line.
fn escaped(text: &str) -> String {
    text.chars()
        .map(|character| {
            // Also those that turn the direction of the text around them.
            let is_active = matches!(
                character,
                '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
            );
            if character.is_control() || is_active {
                character.escape_unicode().to_string()
            } else {
                character.to_string()
            }
        })
        .collect()
}

fn hash(bytes: &[u8]) -> String {
    hexadecimal(digest(&SHA256, bytes).as_ref())
}

/// Whether a file is there that we did not write as it is.
fn is_foreign(records: &Path, directory: &Path, name: &str) -> bool {
    let Ok(bytes) = std::fs::read(records) else {
        return records.symlink_metadata().is_ok();
    };
    let reasons = std::fs::read_to_string(directory.join(format!("{name}txt")));
    let ours = reasons.ok().and_then(|text| {
        let first = text.lines().next()?;
        first.strip_prefix(MARK).map(str::to_owned)
    });
    ours.as_deref() != Some(hash(&bytes).as_str())
}

/// Removes the files of earlier pushes that are as these pushes wrote them.
fn remove(directory: &Path, stem: &str, ending: &str) {
    let mut name = format!("{stem}{INFIX}");
    // Somebody may have deleted the first one, which was edited.
    for number in 2.. {
        let records = directory.join(format!("{name}{ending}"));
        if !records.is_file() && number > 2 {
            return;
        }
        if records.is_file() && !is_foreign(&records, directory, &name) {
            // The next push reports files that could not be deleted.
            drop(atomic_file::delete(&records));
            drop(atomic_file::delete(&directory.join(format!("{name}txt"))));
        }
        name = format!("{stem}-{number}{INFIX}");
    }
}

/// How the names of a file's rejects begin. Two types that come from one file have a file each, whose
/// name says the type.
fn stem_of(file: &InputFile, is_shared: bool) -> String {
    let stem = stem(file);
    let of_type = file.object_type.file_stem();
    if is_shared && !stem.starts_with(of_type) {
        return format!("{of_type}-{stem}");
    }
    stem
}

fn stem(file: &InputFile) -> String {
    let name = file.path.file_name().unwrap_or_default().to_string_lossy();
    if file.is_standard_input() || name.is_empty() {
        return file.object_type.file_stem().to_owned();
    }
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    stem.strip_suffix(INFIX.trim_end_matches('.'))
        .unwrap_or(stem)
        .to_owned()
}
