//! How is a named file, a compressed one or the standard input made ready to be sent, and sent again?

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flate2::read::MultiGzDecoder;

use super::lines::{Facts, each_line};
use super::plan::PlannedFile;
use super::request_id::hexadecimal;
use super::split::{Cutter, LineMap, Pass, Piece, Turn, turns};
use super::spool::{Copy, Spool};
use super::survey::Survey;
#[cfg(feature = "convert")]
use crate::convert::CsvLines;
use crate::error::{Error, ErrorKind};
use crate::ledger::{Job, JobContent};
use crate::upload::Content;

/// A file, read once, and the uploads that it will make.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) file: Arc<PlannedFile>,
    /// The file itself, or what was unpacked of it.
    readable: Readable,
    pub(super) records: u64,
    /// Of a CSV, on which of its lines the row begins that a line was made of.
    pub(super) rows: Option<LineMap>,
    /// In the order in which they go.
    pub(super) pieces: Vec<SourcePiece>,
}

/// One upload.
#[derive(Debug)]
pub(super) struct SourcePiece {
    pub(super) piece: Piece,
    pub(super) content: Content,
    pub(super) hash: [u8; 32],
}

/// Where the lines can be read, as often as needed.
#[derive(Debug)]
pub(super) enum Readable {
    InPlace(PathBuf),
    /// What is sent had to be made first: nothing else holds it, so the ledger does.
    Copied(Copy),
    /// What was made of a CSV.
    #[cfg(feature = "convert")]
    Converted(Arc<CsvLines>, Copy),
}

impl Readable {
    /// Unpacks a compressed file, or takes in the standard input, to disk.
    pub(super) fn of(file: &PlannedFile, spool: &Spool) -> Result<Self, Error> {
        let unreadable = |error: io::Error| unreadable(&file.path, error);
        if file.is_standard_input() {
            let copy = spool.copy(io::stdin().lock());
            return copy.map(Self::Copied).map_err(unreadable);
        }
        if file.is_compressed() {
            let packed = File::open(&file.path).map_err(unreadable)?;
            let packed = io::BufReader::with_capacity(256 * 1024, packed);
            let copy = spool.copy(MultiGzDecoder::new(packed));
            return copy.map(Self::Copied).map_err(unreadable);
        }
        Ok(Self::InPlace(file.path.clone()))
    }

    /// Where a push that has ended, or was killed, read its lines.
    pub(super) fn again(content: &JobContent, spool: &Spool) -> Option<Self> {
        if content.is_spooled {
            Some(Self::Copied(Copy::Kept(spool.path(&content.path)?)))
        } else {
            Some(Self::InPlace(content.path.clone()))
        }
    }

    pub(super) fn path(&self) -> &Path {
        match self {
            Self::InPlace(path) | Self::Copied(Copy::Kept(path)) => path,
            Self::Copied(Copy::Temporary(path)) => path,
            #[cfg(feature = "convert")]
            Self::Converted(_, copy) => copy.path(),
        }
    }

    /// Of a CSV, how many rows it has, and on which of its lines each row begins.
    fn rows(&self) -> Option<(u64, LineMap)> {
        match self {
            #[cfg(feature = "convert")]
            Self::Converted(csv, _) => Some((csv.rows(), super::csv::rows(csv))),
            _ => None,
        }
    }

    /// The same for another process: where to read, and whether that is a copy of the ledger's.
    fn for_ledger(&self) -> (PathBuf, bool) {
        let path = self.path();
        match self {
            #[cfg(feature = "convert")]
            Self::Converted(_, Copy::Kept(_)) => {
                (path.file_name().unwrap_or_default().into(), true)
            }
            Self::Copied(Copy::Kept(_)) => (path.file_name().unwrap_or_default().into(), true),
            _ => (
                std::path::absolute(path).unwrap_or_else(|_| path.into()),
                false,
            ),
        }
    }
}

fn unreadable(path: &Path, error: io::Error) -> Error {
    Error::new(ErrorKind::File, format!("{} can't be read", path.display())).with_source(error)
}

impl Source {
    /// Reads the file and decides how it goes: in uploads of at most so many bytes, without some of
    /// its lines.
    pub(super) fn prepare(
        file: Arc<PlannedFile>,
        readable: Readable,
        most_bytes: u64,
        left_out: &BTreeSet<u64>,
    ) -> Result<Self, Error> {
        let unreadable = |error: io::Error| unreadable(&file.path, error);
        let path = readable.path();
        let survey = Survey::of(path, file.object_type).map_err(unreadable)?;
        let mut pieces = Vec::new();
        if survey.is_sendable_whole(most_bytes, left_out) {
            if survey.records > 0 {
                let turn = Turn::first(survey.deletions > 0);
                let piece = Piece::whole(turn, survey.bytes, survey.records);
                pieces.push(SourcePiece::new(path, piece, survey.hash));
            }
        } else {
            for piece in cut(path, &survey, most_bytes, left_out).map_err(unreadable)? {
                if piece.bytes > most_bytes {
                    return Err(too_long(&file.path, &piece));
                }
                pieces.push(SourcePiece::hashed(path, piece).map_err(unreadable)?);
            }
        }
        let (records, rows) = match readable.rows() {
            // A row that could not be converted is a record too.
            Some((records, rows)) => (records, Some(rows)),
            None => (survey.records, None),
        };
        Ok(Self {
            file,
            readable,
            records,
            rows,
            pieces,
        })
    }

    /// A file whose uploads an earlier push made; they are put in afterwards.
    pub(super) fn again(file: Arc<PlannedFile>, readable: Readable, content: &JobContent) -> Self {
        Self {
            file,
            readable,
            records: content.file_records,
            rows: (!content.rows.is_empty()).then(|| LineMap::of_runs(content.rows.clone())),
            pieces: Vec::new(),
        }
    }

    /// The lines, and what they were made of.
    #[cfg(feature = "convert")]
    pub(super) fn readable(&self) -> &Readable {
        &self.readable
    }

    /// The line of the file that was named; in a CSV, that on which the row begins.
    pub(super) fn named_line(&self, line: u64) -> u64 {
        let rows = self.rows.as_ref().filter(|_| line > 0);
        rows.map_or(line, |rows| rows.source_line(line))
    }

    /// Where the lines can be read.
    pub(super) fn path(&self) -> &Path {
        self.readable.path()
    }

    /// What another process needs to send the piece again, and to report on it.
    pub(super) fn content_of(&self, piece: &Piece) -> JobContent {
        let (path, is_spooled) = self.readable.for_ledger();
        let ranges = piece.ranges.iter();
        JobContent {
            path,
            is_spooled,
            ranges: ranges.map(|range| (range.start, range.end)).collect(),
            lines: piece.lines.runs().to_vec(),
            is_last: piece.turn.pass == Pass::Deletions,
            wave: piece.turn.wave,
            file_records: self.records,
            left_out: std::collections::BTreeMap::new(),
            rows: Vec::new(),
            drain: false,
            is_of_drain: false,
        }
    }
}

impl SourcePiece {
    fn new(path: &Path, piece: Piece, hash: [u8; 32]) -> Self {
        Self {
            content: Content {
                path: path.to_path_buf(),
                ranges: piece.ranges.clone(),
                hash: Some(hash),
            },
            piece,
            hash,
        }
    }

    /// The upload that a job stands for, if its bytes are still there.
    pub(super) fn again(path: &Path, job: &Job) -> Option<Self> {
        let content = job.content.as_ref()?;
        let pass = if content.is_last {
            Pass::Deletions
        } else {
            Pass::Records
        };
        let ranges = content.ranges.iter();
        let piece = Piece {
            turn: Turn {
                pass,
                wave: content.wave,
            },
            ranges: ranges.map(|(start, end)| *start..*end).collect(),
            lines: LineMap::of_runs(content.lines.clone()),
            bytes: job.bytes,
            records: job.records,
        };
        let made = Self::hashed(path, piece).ok()?;
        (hexadecimal(&made.hash) == job.content_hash).then_some(made)
    }

    /// A piece whose hash is not known yet.
    pub(super) fn hashed(path: &Path, piece: Piece) -> io::Result<Self> {
        let mut made = Self::new(path, piece, [0; 32]);
        made.hash = made.content.hashed()?;
        made.content.hash = Some(made.hash);
        Ok(made)
    }
}

fn cut(
    path: &Path,
    survey: &Survey,
    most_bytes: u64,
    left_out: &BTreeSet<u64>,
) -> io::Result<Vec<Piece>> {
    let turns = turns(&survey.contested);
    let mut cutter = Cutter::new(most_bytes);
    each_line(path, |line| {
        if line.is_blank() || left_out.contains(&line.number) {
            return Ok(());
        }
        let turn = match turns.get(&line.number) {
            Some(turn) => *turn,
            None if survey.deletions == 0 => Turn::first(false),
            None => Turn::first(Facts::of(line.bytes).is_deleted()),
        };
        cutter.push(turn, line.number, line.start..line.end());
        Ok(())
    })?;
    Ok(cutter.finish())
}

fn too_long(path: &Path, piece: &Piece) -> Error {
    let (line, bytes) = (piece.lines.source_line(1), piece.bytes);
    Error::new(
        ErrorKind::InvalidRequest,
        format!(
            "{}:{line}: the record has {bytes} bytes, more than Gong takes in a whole upload",
            path.display()
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::ObjectType;

    fn prepared(name: &str, content: &[u8], most_bytes: u64) -> (tempfile::TempDir, Source) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        let file = Arc::new(PlannedFile {
            bytes: content.len() as u64,
            object_type: ObjectType::Account,
            path,
        });
        let readable = Readable::of(&file, &Spool::of(None)).unwrap();
        let source = Source::prepare(file, readable, most_bytes, &BTreeSet::new()).unwrap();
        (folder, source)
    }

    fn sent(source: &Source) -> Vec<String> {
        let bytes = std::fs::read(source.path()).unwrap();
        let text = |piece: &SourcePiece| {
            let ranges = piece.content.ranges.iter();
            let parts = ranges.map(|range| {
                let range =
                    usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap();
                String::from_utf8(bytes[range].to_vec()).unwrap()
            });
            parts.collect::<String>()
        };
        source.pieces.iter().map(text).collect()
    }

    #[test]
    fn an_ordinary_file_goes_as_it_is() {
        let text = "{\"objectId\":\"a\"}\n{\"objectId\":\"b\"}";
        let (_folder, source) = prepared("accounts.ldjson", text.as_bytes(), 1_000);
        assert_eq!(sent(&source), [text]);
        assert_eq!(source.records, 2);
    }

    #[test]
    fn a_compressed_file_goes_unpacked() {
        let text = "{\"objectId\":\"a\"}\n";
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        io::Write::write_all(&mut packed, text.as_bytes()).unwrap();
        let packed = packed.finish().unwrap();
        let (_folder, source) = prepared("accounts.ldjson.gz", &packed, 1_000);
        assert_eq!(sent(&source), [text]);
    }

    #[test]
    fn blank_lines_are_not_sent_and_deletions_go_apart() {
        let text = "{\"objectId\":\"a\"}\n\n{\"objectId\":\"b\",\"isDeleted\":true}\n \n{\"objectId\":\"c\"}\n\n";
        let (_folder, source) = prepared("accounts.ldjson", text.as_bytes(), 1_000);
        assert_eq!(
            sent(&source),
            [
                "{\"objectId\":\"a\"}\n{\"objectId\":\"c\"}\n",
                "{\"objectId\":\"b\",\"isDeleted\":true}\n"
            ]
        );
        assert_eq!(source.pieces[0].piece.lines.source_line(2), 5);
    }

    #[test]
    fn a_large_file_is_cut_and_a_repeated_record_goes_later() {
        let old = "{\"objectId\":\"a\",\"modifiedDate\":\"2026-01-01T00:00:00Z\"}\n";
        let new = "{\"objectId\":\"a\",\"modifiedDate\":\"2026-01-02T01:00:00+02:00\"}\n";
        let other = "{\"objectId\":\"b\",\"modifiedDate\":\"2026-01-01T00:00:00Z\"}\n";
        let text = [new, other, old].concat();
        let (_folder, source) = prepared("accounts.ldjson", text.as_bytes(), 120);
        assert_eq!(sent(&source), [[other, old].concat(), new.to_owned()]);
        let (_folder, source) = prepared("accounts.ldjson", text.as_bytes(), 70);
        assert_eq!(sent(&source), [other, old, new]);
        let hashes: BTreeSet<_> = source.pieces.iter().map(|piece| piece.hash).collect();
        assert_eq!(hashes.len(), 3);
    }
}
