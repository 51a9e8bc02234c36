//! How is a named file, a compressed one or the standard input made ready to be sent, and sent again?

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flate2::read::MultiGzDecoder;

use super::plan::PlannedFile;
use super::request_id::hexadecimal;
use super::split::{LineMap, Pass, Piece, Turn};
use super::spool::{Copy, Spool};
use crate::ledger::{Job, JobContent};
use gong_client::upload::Content;
use gong_client::{Error, ErrorKind};
use gong_records::ObjectType;
use gong_records::mapping::CsvLines;

/// A file, read once, and the uploads that it will make.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) file: Arc<PlannedFile>,
    /// The file itself, or what was unpacked of it.
    readable: Readable,
    pub(super) records: u64,
    /// Of a CSV, on which of its lines the row begins that a line was made of.
    pub(super) rows: Option<LineMap>,
    /// What names the files that share records with this one, and go wave by wave with it.
    pub(super) kin: Option<String>,
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
            Self::Converted(_, copy) => copy.path(),
        }
    }

    /// Of a CSV, how many rows it has, and on which of its lines each row begins.
    fn rows(&self) -> Option<(u64, LineMap)> {
        match self {
            Self::Converted(csv, _) => Some((csv.rows(), super::csv::rows(csv))),
            _ => None,
        }
    }

    /// The same for another process: where to read, and whether that is a copy of the ledger's.
    fn for_ledger(&self) -> (PathBuf, bool) {
        let path = self.path();
        match self {
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

pub(super) fn unreadable(path: &Path, error: io::Error) -> Error {
    Error::new(ErrorKind::File, format!("{} can't be read", path.display())).with_source(error)
}

impl Source {
    /// A file that makes these uploads, and has so many records.
    pub(super) fn new(
        file: Arc<PlannedFile>,
        readable: Readable,
        records: u64,
        pieces: Vec<SourcePiece>,
    ) -> Self {
        let (records, rows) = match readable.rows() {
            // A row that could not be converted is a record too.
            Some((records, rows)) => (records, Some(rows)),
            None => (records, None),
        };
        Self {
            file,
            readable,
            records,
            rows,
            kin: None,
            pieces,
        }
    }

    /// A file whose uploads an earlier push made; they are put in afterwards.
    pub(super) fn again(file: Arc<PlannedFile>, readable: Readable, content: &JobContent) -> Self {
        Self {
            file,
            readable,
            records: content.file_records,
            rows: (!content.rows.is_empty()).then(|| LineMap::of_runs(content.rows.clone())),
            kin: content.kin.clone(),
            pieces: Vec::new(),
        }
    }

    /// The lines, and what they were made of.
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
            kin: self.kin.clone(),
            file_records: self.records,
            left_out: std::collections::BTreeMap::new(),
            rows: Vec::new(),
            drain: false,
            is_of_drain: false,
        }
    }
}

impl SourcePiece {
    /// A piece with its hash.
    pub(super) fn new(path: &Path, piece: Piece, hash: [u8; 32]) -> Self {
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
        let ranges = content.ranges.iter();
        let piece = Piece {
            turn: turn_of(content),
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

/// Of each source, which is the first of those that go wave by wave with it: itself perhaps.
pub(super) fn first_kins(sources: &[&Source]) -> Vec<usize> {
    let mut firsts: HashMap<(ObjectType, &String), usize> = HashMap::new();
    let kins = sources
        .iter()
        .enumerate()
        .map(|(place, source)| match &source.kin {
            None => place,
            Some(kin) => *firsts
                .entry((source.file.object_type, kin))
                .or_insert(place),
        });
    kins.collect()
}

/// The turn that an upload had when it was planned.
pub(super) fn turn_of(content: &JobContent) -> Turn {
    let pass = if content.is_last {
        Pass::Deletions
    } else {
        Pass::Records
    };
    Turn {
        pass,
        wave: content.wave,
    }
}
