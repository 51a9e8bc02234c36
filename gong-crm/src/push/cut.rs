//! How are the files of one type cut into uploads?

use std::collections::BTreeSet;
use std::io;
use std::path::Path;
use std::sync::Arc;

use super::lines::{Facts, each_line};
use super::plan::PlannedFile;
use super::request_id::hexadecimal;
use super::source::{Readable, Source, SourcePiece, unreadable};
use super::split::{Cutter, Piece, Turn, Turns, turns};
use super::survey::{Contested, Survey};
use gong_client::{Error, ErrorKind};

/// A file of which nothing is known yet but where its lines are, and which of them are left out.
#[derive(Debug)]
pub(super) struct Uncut {
    pub(super) file: Arc<PlannedFile>,
    pub(super) readable: Readable,
    pub(super) left_out: BTreeSet<u64>,
}

/// Reads files of one type and decides how they go, in uploads of at most so many bytes; in the same
/// order, what became of each.
pub(super) fn cut(files: Vec<Uncut>, most_bytes: u64) -> Vec<Result<Source, Error>> {
    let mut surveys: Vec<Result<Survey, Error>> = files
        .iter()
        .map(|of| {
            let survey = Survey::of(of.readable.path(), of.file.object_type);
            survey.map_err(|error| unreadable(&of.file.path, error))
        })
        .collect();
    let mut versions = Vec::new();
    if let Some(contested) = Contested::in_all(surveys.iter_mut().flatten().collect()) {
        for (place, (of, survey)) in files.iter().zip(&mut surveys).enumerate() {
            if survey.is_ok() {
                match contested.versions(place, of.readable.path()) {
                    Ok(of_file) => versions.extend(of_file),
                    Err(error) => *survey = Err(unreadable(&of.file.path, error)),
                }
            }
        }
    }
    let turns = turns(versions);
    let hash_of =
        |survey: &Result<Survey, Error>| survey.as_ref().map_or_else(|_| [0; 32], |of| of.hash);
    let hashes: Vec<[u8; 32]> = surveys.iter().map(hash_of).collect();
    let places = files.into_iter().zip(surveys).enumerate();
    places
        .map(|(place, (of, survey))| {
            let mut source = source(of, &survey?, place, &turns, most_bytes)?;
            if turns.are_needed(place) {
                source.kin = Some(hexadecimal(&hashes[turns.first_kin(place)]));
            }
            Ok(source)
        })
        .collect()
}

fn source(
    of: Uncut,
    survey: &Survey,
    place: usize,
    turns: &Turns,
    most_bytes: u64,
) -> Result<Source, Error> {
    let Uncut {
        file,
        readable,
        left_out,
    } = of;
    let unreadable = |error: io::Error| unreadable(&file.path, error);
    let path = readable.path();
    let mut pieces = Vec::new();
    if survey.is_sendable_whole(most_bytes, &left_out) && !turns.are_needed(place) {
        if survey.records > 0 {
            let turn = Turn::first(survey.deletions > 0);
            let piece = Piece::whole(turn, survey.bytes, survey.records);
            pieces.push(SourcePiece::new(path, piece, survey.hash));
        }
    } else {
        let turn_of = |line| turns.of(place, line);
        let cut = cut_lines(path, survey, turn_of, most_bytes, &left_out).map_err(unreadable)?;
        for piece in cut {
            if piece.bytes > most_bytes {
                return Err(too_long(&file.path, &piece));
            }
            pieces.push(SourcePiece::hashed(path, piece).map_err(unreadable)?);
        }
    }
    Ok(Source::new(file, readable, survey.records, pieces))
}

fn cut_lines(
    path: &Path,
    survey: &Survey,
    turn_of: impl Fn(u64) -> Option<Turn>,
    most_bytes: u64,
    left_out: &BTreeSet<u64>,
) -> io::Result<Vec<Piece>> {
    let mut cutter = Cutter::new(most_bytes);
    each_line(path, |line| {
        if line.is_blank() || left_out.contains(&line.number) {
            return Ok(());
        }
        let turn = match turn_of(line.number) {
            Some(turn) => turn,
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

/// The uploads of a file that goes alone.
#[cfg(test)]
pub(super) fn cut_alone(file: Arc<PlannedFile>, most_bytes: u64) -> Source {
    let spool = super::spool::Spool::of(None);
    let alone = Uncut {
        readable: Readable::of(&file, &spool).unwrap(),
        file,
        left_out: BTreeSet::new(),
    };
    cut(vec![alone], most_bytes).remove(0).unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;
    use gong_records::ObjectType;

    fn prepared(name: &str, content: &[u8], most_bytes: u64) -> (tempfile::TempDir, Source) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        let file = Arc::new(PlannedFile {
            bytes: content.len() as u64,
            object_type: ObjectType::Account,
            path,
        });
        (folder, cut_alone(file, most_bytes))
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
