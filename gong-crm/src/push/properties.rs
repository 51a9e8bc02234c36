//! Does a file lose nothing on its way through uploads, whatever stands in it?

use std::sync::Arc;

use proptest::prelude::*;

use super::cut::cut_alone;
use super::plan::PlannedFile;
use super::source::{Source, SourcePiece};
use crate::ledger::{Job, JobContent, JobState};
use gong_records::ObjectType;
use gong_records::ids::IntegrationId;

/// A line: blank, no JSON, or a record of one of a few objects at one of a few moments.
fn line() -> impl Strategy<Value = String> {
    let record = (0..6_u8, 0..4_u8, any::<bool>(), 0..40_usize).prop_map(
        |(id, day, is_deleted, padding)| {
            let (day, name) = (day + 1, "n".repeat(padding));
            format!(
                "{{\"objectId\":\"a-{id}\",\"modifiedDate\":\"2026-01-0{day}T00:00:00Z\",\"name\":\"{name}\",\
                 \"isDeleted\":{is_deleted}}}\n"
            )
        },
    );
    prop_oneof![
        8 => record,
        1 => Just("\n".to_owned()),
        1 => Just(" \r\n".to_owned()),
        1 => "[a-z]{1,20}\n",
    ]
}

fn prepared(folder: &std::path::Path, name: &str, text: &str, most_bytes: u64) -> Source {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    let file = Arc::new(PlannedFile {
        bytes: text.len() as u64,
        object_type: ObjectType::Account,
        path,
    });
    cut_alone(file, most_bytes)
}

/// The lines of an upload, as they are sent.
fn sent(source: &Source, piece: &SourcePiece) -> Vec<String> {
    let bytes = std::fs::read(source.path()).unwrap();
    let mut text = String::new();
    for range in &piece.content.ranges {
        let (start, end) = (
            range.start.try_into().unwrap(),
            range.end.try_into().unwrap(),
        );
        let part: &[u8] = &bytes[std::ops::Range::<usize> { start, end }];
        text.push_str(std::str::from_utf8(part).unwrap());
    }
    text.split_inclusive('\n').map(str::to_owned).collect()
}

fn job(source: &Source, piece: &SourcePiece) -> Job {
    let content = source.content_of(&piece.piece);
    Job {
        client_request_id: "a-1".parse().unwrap(),
        integration_id: IntegrationId::from(1),
        object_type: ObjectType::Account,
        source_path: source.file.path.clone(),
        piece: 1,
        content_hash: super::request_id::hexadecimal(&piece.hash),
        bytes: piece.piece.bytes,
        records: piece.piece.records,
        attempt: 1,
        state: JobState::Planned,
        planned_at: jiff::Timestamp::UNIX_EPOCH,
        updated_at: jiff::Timestamp::UNIX_EPOCH,
        finished_at: None,
        answer: None,
        // As a ledger gives it back.
        content: JobContent::from_json(&content.to_json().unwrap()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn cut_and_joined_a_file_has_every_record_once(
        lines in prop::collection::vec(line(), 1..40),
        most_bytes in 150..2_000_u64,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let source = prepared(folder.path(), "accounts.ldjson", &lines.concat(), most_bytes);
        let mut arrived = Vec::new();
        for piece in &source.pieces {
            let of_piece = sent(&source, piece);
            prop_assert_eq!(of_piece.len() as u64, piece.piece.records);
            prop_assert!(of_piece.concat().len() as u64 <= most_bytes);
            for (uploaded, text) in (1..).zip(of_piece) {
                let line = piece.piece.lines.source_line(uploaded);
                prop_assert_eq!(&text, &lines[usize::try_from(line).unwrap() - 1]);
                arrived.push(line);
            }
        }
        arrived.sort_unstable();
        let records = (1..).zip(&lines).filter(|(_, line)| !line.trim().is_empty());
        let records: Vec<u64> = records.map(|(number, _)| number).collect();
        prop_assert_eq!(arrived, records);
    }

    #[test]
    fn a_later_process_sends_the_same_bytes_from_what_the_ledger_kept(
        lines in prop::collection::vec(line(), 1..40),
        most_bytes in 150..2_000_u64,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let source = prepared(folder.path(), "accounts.ldjson", &lines.concat(), most_bytes);
        for piece in &source.pieces {
            let again = SourcePiece::again(source.path(), &job(&source, piece)).unwrap();
            prop_assert_eq!(&again.piece, &piece.piece);
            prop_assert_eq!(again.hash, piece.hash);
        }
    }

    #[test]
    fn the_ids_of_a_files_uploads_follow_from_its_content_alone(
        lines in prop::collection::vec(line(), 1..20),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let hashes = |name: &str| -> Vec<[u8; 32]> {
            let source = prepared(folder.path(), name, &lines.concat(), 300);
            source.pieces.iter().map(|piece| piece.hash).collect()
        };
        prop_assert_eq!(hashes("accounts.ldjson"), hashes("elsewhere.jsonl"));
    }
}
