//! The records of a tap on disk: one file per stream, readable by their owner only.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fs::File;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{self, BufRead as _, BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use serde_json::value::RawValue;

use super::message::{BadMessage, Schema};
use super::numbers::plain_numbers;

/// The property by which log-based taps say that a record was deleted.
pub(super) const DELETED_AT: &str = "_sdc_deleted_at";

/// One stream of a tap.
#[derive(Debug)]
pub(super) struct Stream {
    pub(super) schema: Schema,
    path: PathBuf,
    file: Option<BufWriter<File>>,
    /// How many rows the file has.
    rows: u64,
    bytes: u64,
    /// The row that counts for each key: the last one, unless an earlier one is newer.
    last: HashMap<u128, Counting>,
    has_repeated: bool,
    /// The properties that say how new a record is; the first that a record has counts.
    dates: Vec<String>,
    deleted: HashSet<u64>,
    /// Rows before this one were sent, except for the deferred ones.
    sent: u64,
    deferred: BTreeSet<u64>,
    /// The versions that its records named.
    pub(super) versions: BTreeSet<String>,
    /// The version that the tap declared as the current one, after records of it arrived.
    pub(super) activated: Option<String>,
}

/// The row that counts for a key, and how new it is as far as that is known.
#[derive(Debug, Clone, Copy)]
struct Counting {
    row: u64,
    date: Option<i128>,
}

/// The rows of a stream that are to be sent.
#[derive(Debug, Default)]
pub(super) struct Unsent {
    /// The number of each row that was written, in the order of the lines of the file.
    pub(super) rows: Vec<u64>,
    pub(super) deletions: u64,
}

impl Stream {
    /// A stream whose records are dated by `dates`, where its schema names no property for that.
    pub(super) fn new(schema: Schema, dates: &[String], directory: &Path) -> Self {
        let dates = schema.bookmark.iter().chain(dates).cloned().collect();
        let path = directory.join(format!("{}+all.json", file_stem(&schema.stream)));
        Self {
            schema,
            path,
            file: None,
            rows: 0,
            bytes: 0,
            last: HashMap::new(),
            has_repeated: false,
            dates,
            deleted: HashSet::new(),
            sent: 0,
            deferred: BTreeSet::new(),
            versions: BTreeSet::new(),
            activated: None,
        }
    }

    /// Adds a record. Gives how many bytes it takes.
    pub(super) fn add(
        &mut self,
        record: &RawValue,
        version: Option<String>,
        line: &mut Vec<u8>,
    ) -> Result<io::Result<u64>, BadMessage> {
        line.clear();
        plain_numbers(record.get(), line);
        let text = std::str::from_utf8(line).unwrap_or_default();
        let fields: BTreeMap<Cow<'_, str>, &RawValue> =
            serde_json::from_str(text).map_err(|error| {
                BadMessage::new(
                    format!("the record cannot be read: {error}"),
                    "report it to the maintainers of the tap",
                )
            })?;
        if let Some(reason) = self.schema.missing(&fields) {
            return Err(BadMessage::new(
                format!("a record of stream {:?} {reason}", self.schema.stream),
                "the tap does not follow its own schema; use another version of it",
            ));
        }
        if let Some(reason) = self.unusable_key(&fields) {
            return Err(BadMessage::new(
                format!("a record of stream {:?} {reason}", self.schema.stream),
                "correct the record in the CRM, or report it to the maintainers of the tap",
            ));
        }
        let row = self.rows;
        let deleted_at = fields.get(DELETED_AT).map(|value| value.get());
        let deleted_at = deleted_at.filter(|value| is_deletion(value));
        if !self.schema.key.is_empty() {
            let key = key_hash(&self.schema.key, &fields);
            // A log has the row as it was before the deletion, which may be older than what came before.
            let mut dates = self.dates.iter().filter(|_| deleted_at.is_none());
            let date = dates.find_map(|name| date(fields.get(name.as_str())?.get()));
            let new = Counting { row, date };
            let counting = self.last.entry(key).or_insert(new);
            self.has_repeated |= counting.row != row;
            let is_older = date.zip(counting.date).is_some_and(|(new, old)| new < old);
            if !is_older {
                *counting = new;
            }
        }
        let mut rewritten = None;
        if let Some(deleted_at) = deleted_at {
            self.deleted.insert(row);
            rewritten =
                deletion_time(deleted_at).and_then(|time| with_deletion_time(&fields, time));
        }
        if let Some(version) = version
            && !self.versions.contains(&version)
        {
            self.versions.insert(version);
        }
        if let Some(rewritten) = rewritten {
            *line = rewritten;
        }
        line.push(b'\n');
        Ok(self.append(line))
    }

    /// What is wrong with a key: a number too large to be written out is not an id.
    fn unusable_key(&self, fields: &BTreeMap<Cow<'_, str>, &RawValue>) -> Option<String> {
        self.schema.key.iter().find_map(|name| {
            let value = fields.get(name.as_str())?.get();
            let is_number = value.starts_with(|first: char| first == '-' || first.is_ascii_digit());
            let is_huge = is_number && value.contains(['e', 'E']);
            is_huge.then(|| format!("has {value} in its key property {name:?}, which no id can be"))
        })
    }

    fn append(&mut self, line: &[u8]) -> io::Result<u64> {
        let file = match &mut self.file {
            Some(file) => file,
            None => {
                let file = private_file(&self.path)?;
                self.file.insert(BufWriter::with_capacity(64 * 1024, file))
            }
        };
        file.write_all(line)?;
        self.rows += 1;
        self.bytes += line.len() as u64;
        Ok(line.len() as u64)
    }

    /// How many rows were not sent yet.
    pub(super) fn unsent(&self) -> u64 {
        self.rows - self.sent + self.deferred.len() as u64
    }

    /// Whether records wait because what they refer to has not come yet.
    pub(super) fn has_deferred(&self) -> bool {
        !self.deferred.is_empty()
    }

    /// Writes the rows that are to be sent into two files: records, and deletions. With `all`, those
    /// that were sent before too.
    pub(super) fn write_unsent(
        &mut self,
        rows: &Path,
        deletions: &Path,
        all: bool,
    ) -> io::Result<Unsent> {
        let mut to = BufWriter::new(private_file(rows)?);
        let mut deleted = BufWriter::new(private_file(deletions)?);
        let mut unsent = Unsent::default();
        let last: Option<HashSet<u64>> = self
            .has_repeated
            .then(|| self.last.values().map(|counting| counting.row).collect());
        self.each_row(|this, row, line| {
            let is_wanted = all || row >= this.sent || this.deferred.contains(&row);
            let is_last = last.as_ref().is_none_or(|last| last.contains(&row));
            if !is_wanted || !is_last {
                return Ok(());
            }
            if this.deleted.contains(&row) {
                unsent.deletions += 1;
                return deleted.write_all(line);
            }
            unsent.rows.push(row);
            to.write_all(line)
        })?;
        to.flush()?;
        deleted.flush()?;
        Ok(unsent)
    }

    fn each_row(
        &mut self,
        mut each: impl FnMut(&Self, u64, &[u8]) -> io::Result<()>,
    ) -> io::Result<()> {
        let Some(file) = &mut self.file else {
            return Ok(());
        };
        file.flush()?;
        let mut reader = BufReader::with_capacity(64 * 1024, File::open(&self.path)?);
        let mut line = Vec::new();
        for row in 0..self.rows {
            line.clear();
            reader.read_until(b'\n', &mut line)?;
            each(self, row, &line)?;
        }
        Ok(())
    }

    /// Notes that all rows except these were sent. Unless all are needed again for a complete read,
    /// the sent ones are deleted from disk. Returns by how many bytes the stream shrank.
    pub(super) fn was_sent(&mut self, deferred: BTreeSet<u64>, keeps_all: bool) -> io::Result<u64> {
        self.sent = self.rows;
        self.deferred = deferred;
        if keeps_all || self.file.is_none() {
            return Ok(0);
        }
        let mut kept = Vec::new();
        self.each_row(|this, row, line| {
            if this.deferred.contains(&row) {
                kept.push((row, line.to_vec()));
            }
            Ok(())
        })?;
        let before = self.bytes;
        self.file = None;
        (self.rows, self.bytes) = (0, 0);
        let mut moved = HashMap::new();
        for (old, line) in kept {
            moved.insert(old, self.rows);
            self.append(&line)?;
        }
        self.last = std::mem::take(&mut self.last)
            .into_iter()
            .filter_map(|(key, counting)| {
                let row = *moved.get(&counting.row)?;
                Some((key, Counting { row, ..counting }))
            })
            .collect();
        self.has_repeated = false;
        self.deleted.clear();
        self.deferred = (0..self.rows).collect();
        self.sent = self.rows;
        Ok(before - self.bytes)
    }
}

/// Whether a value of the property of deletions says that the record was deleted.
fn is_deletion(value: &str) -> bool {
    !matches!(value, "null" | "false" | "0" | "\"\"")
}

/// The time of a deletion, if it is not written as a date: a number counts seconds, milliseconds,
/// microseconds or nanoseconds, and `true` says only that the record is gone now.
fn deletion_time(value: &str) -> Option<Timestamp> {
    let text = value.trim_matches('"');
    if text.eq_ignore_ascii_case("true") {
        return Some(Timestamp::now());
    }
    let number: f64 = text.parse().ok()?;
    // The year 2100 has 4.1e9 seconds, the year 2000 has 9.5e11 milliseconds.
    let seconds = match number {
        ..1e11 => number,
        ..1e14 => number / 1e3,
        ..1e17 => number / 1e6,
        _ => number / 1e9,
    };
    let since = SignedDuration::try_from_secs_f64(seconds).ok()?;
    Timestamp::UNIX_EPOCH.checked_add(since).ok()
}

/// A record as JSON, with this time of its deletion.
fn with_deletion_time(
    fields: &BTreeMap<Cow<'_, str>, &RawValue>,
    time: Timestamp,
) -> Option<Vec<u8>> {
    let time = RawValue::from_string(format!("\"{time}\"")).ok()?;
    let mut fields = fields.clone();
    fields.insert(DELETED_AT.into(), &time);
    serde_json::to_vec(&fields).ok()
}

/// The values of the key properties as one hash.
fn key_hash(key: &[String], fields: &BTreeMap<Cow<'_, str>, &RawValue>) -> u128 {
    let hash = |seed: u8| {
        let mut hasher = DefaultHasher::new();
        seed.hash(&mut hasher);
        for name in key {
            let value = fields
                .get(name.as_str())
                .map_or("null", |value| value.get());
            // An id is the same as a number and as a text.
            value.trim_matches('"').hash(&mut hasher);
        }
        u128::from(hasher.finish())
    };
    hash(0) << 64 | hash(1)
}

/// A date or a growing number, in microseconds or as it is.
fn date(json: &str) -> Option<i128> {
    let text = json.trim_matches('"');
    if let Ok(number) = text.parse() {
        return Some(number);
    }
    let moment: Timestamp = text.parse().ok()?;
    Some(moment.as_microsecond().into())
}

/// The name of a stream as part of a file's name.
pub(super) fn file_stem(stream: &str) -> String {
    let plain = |character: char| {
        if character.is_alphanumeric() || "-_.".contains(character) {
            character
        } else {
            '-'
        }
    };
    let stem: String = stream.chars().take(100).map(plain).collect();
    match stem.strip_prefix('.') {
        Some(rest) => format!("-{rest}"),
        None => stem,
    }
}

/// Creates a file that only its owner can read; one that is there is replaced.
pub(super) fn private_file(path: &Path) -> io::Result<File> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = std::fs::OpenOptions::new();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(folder: &Path) -> Stream {
        let schema = Schema {
            stream: "deals".to_owned(),
            key: vec!["id".to_owned()],
            required: Vec::new(),
            bookmark: vec!["at".to_owned()],
        };
        Stream::new(schema, &[], folder)
    }

    fn add(stream: &mut Stream, json: &str) {
        let record = RawValue::from_string(json.to_owned()).unwrap();
        let added = stream.add(&record, None, &mut Vec::new());
        added.unwrap().unwrap();
    }

    fn written(stream: &mut Stream, folder: &Path, all: bool) -> (String, String) {
        let (rows, deletions) = (folder.join("rows"), folder.join("deletions"));
        stream.write_unsent(&rows, &deletions, all).unwrap();
        let text = |path| std::fs::read_to_string(path).unwrap();
        (text(rows), text(deletions))
    }

    #[test]
    fn last_record_of_a_key_counts() {
        let folder = tempfile::tempdir().unwrap();
        let mut stream = stream(folder.path());
        add(&mut stream, r#"{"id":9001.0,"n":1}"#);
        add(&mut stream, r#"{"id":2,"n":1}"#);
        add(&mut stream, r#"{"id":"9001","n":2}"#);
        add(
            &mut stream,
            r#"{"id":2,"_sdc_deleted_at":"2026-01-04 00:00:00+00"}"#,
        );
        let (rows, deletions) = written(&mut stream, folder.path(), false);
        assert_eq!(rows, "{\"id\":\"9001\",\"n\":2}\n");
        assert_eq!(
            deletions,
            "{\"id\":2,\"_sdc_deleted_at\":\"2026-01-04 00:00:00+00\"}\n"
        );
    }

    #[test]
    fn deletion_counts_after_a_record_with_a_later_date() {
        let folder = tempfile::tempdir().unwrap();
        let mut stream = stream(folder.path());
        let gone =
            r#"{"id":1,"at":"2026-01-05T00:00:00Z","_sdc_deleted_at":"2026-03-03 00:00:00+00"}"#;
        add(&mut stream, r#"{"id":1,"at":"2026-03-02T00:00:00Z","n":1}"#);
        add(&mut stream, gone);
        let (rows, deletions) = written(&mut stream, folder.path(), false);
        assert_eq!((rows.as_str(), deletions), ("", format!("{gone}\n")));
        // It is back.
        add(&mut stream, r#"{"id":1,"at":"2026-03-01T00:00:00Z","n":2}"#);
        let (rows, deletions) = written(&mut stream, folder.path(), false);
        assert!(rows.contains("\"n\":2") && deletions.is_empty(), "{rows}");
    }

    #[test]
    fn deletion_without_a_written_date_gets_one() {
        let folder = tempfile::tempdir().unwrap();
        let mut stream = stream(folder.path());
        for (id, at) in [
            "1769904000",
            "1769904000123.0",
            "\"1769904000\"",
            "1769904000000000",
        ]
        .iter()
        .enumerate()
        {
            add(
                &mut stream,
                &format!("{{\"id\":{id},\"_sdc_deleted_at\":{at}}}"),
            );
        }
        for (id, at) in ["null", "false", "0", "\"\""].iter().enumerate() {
            add(
                &mut stream,
                &format!("{{\"id\":9{id},\"_sdc_deleted_at\":{at}}}"),
            );
        }
        let (rows, deletions) = written(&mut stream, folder.path(), false);
        assert_eq!(rows.lines().count(), 4);
        assert_eq!(deletions.lines().count(), 4, "{deletions}");
        for line in deletions.lines() {
            assert!(line.contains("\"2026-02-01T00:00:00"), "{line}");
        }
        add(&mut stream, r#"{"id":5,"_sdc_deleted_at":true}"#);
        let (_, deletions) = written(&mut stream, folder.path(), false);
        let last = deletions.lines().last().unwrap();
        let value: serde_json::Value = serde_json::from_str(last).unwrap();
        let at: Timestamp = value[DELETED_AT].as_str().unwrap().parse().unwrap();
        assert!(Timestamp::now().duration_since(at) < SignedDuration::from_mins(1));
    }

    #[test]
    fn number_out_of_range_is_not_a_key() {
        let folder = tempfile::tempdir().unwrap();
        let mut stream = stream(folder.path());
        let record = RawValue::from_string(r#"{"id":1e999}"#.to_owned()).unwrap();
        let error = stream.add(&record, None, &mut Vec::new()).unwrap_err();
        assert!(
            error.message.contains("has 1e999 in its key property"),
            "{error}"
        );
        add(&mut stream, r#"{"id":1e3,"n":1e999}"#);
    }

    #[test]
    fn newer_record_counts_if_an_older_one_follows() {
        let folder = tempfile::tempdir().unwrap();
        let mut stream = stream(folder.path());
        add(
            &mut stream,
            r#"{"id":1,"at":"2026-11-20T16:00:00+01:00","n":1}"#,
        );
        add(
            &mut stream,
            r#"{"id":1,"at":"2026-10-05 11:30:00+00","n":2}"#,
        );
        add(
            &mut stream,
            r#"{"id":2,"at":"2026-11-20T16:00:00+01:00","n":3}"#,
        );
        add(&mut stream, r#"{"id":2,"at":"2026-11-20T15:00:00Z","n":4}"#);
        let (rows, _) = written(&mut stream, folder.path(), false);
        let numbers: Vec<&str> = rows
            .lines()
            .filter_map(|row| row.split("\"n\":").nth(1))
            .collect();
        assert_eq!(numbers, ["1}", "4}"]);
    }

    #[test]
    fn deferred_records_are_sent_again_until_a_newer_one_comes() {
        let folder = tempfile::tempdir().unwrap();
        for keeps_all in [false, true] {
            let mut stream = stream(folder.path());
            for id in 1..=3 {
                add(&mut stream, &format!("{{\"id\":{id}}}"));
            }
            stream.was_sent(BTreeSet::from([1, 2]), keeps_all).unwrap();
            assert_eq!(stream.unsent(), 2);
            add(&mut stream, r#"{"id":3,"n":2}"#);
            add(&mut stream, r#"{"id":4}"#);
            let (rows, _) = written(&mut stream, folder.path(), false);
            assert_eq!(rows, "{\"id\":2}\n{\"id\":3,\"n\":2}\n{\"id\":4}\n");
            let (rows, _) = written(&mut stream, folder.path(), true);
            assert_eq!(rows.contains("{\"id\":1}"), keeps_all, "{rows}");
            stream.was_sent(BTreeSet::new(), keeps_all).unwrap();
            assert_eq!((stream.unsent(), stream.has_deferred()), (0, false));
        }
    }

    #[cfg(unix)]
    #[test]
    fn records_on_disk_are_readable_by_their_owner_only() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let mut stream = stream(folder.path());
        add(&mut stream, r#"{"id":1}"#);
        let mode = std::fs::metadata(&stream.path)
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o077, 0);
    }

    #[test]
    fn names_of_streams_are_not_paths() {
        for (name, stem) in [
            ("crm-deals", "crm-deals"),
            ("../x/y", "-.-x-y"),
            ("a b+", "a-b-"),
        ] {
            assert_eq!(file_stem(name), stem);
        }
    }
}
