//! Do the records that Gong wants apart go apart, and in the right order?

use super::*;
use crate::push::lines::hash;

fn version(line: u64, object_id: &str, hour: i64, is_deleted: bool) -> Version {
    Version {
        file: 0,
        line,
        object: hash(object_id),
        address: None,
        modified_at: Some(Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_hours(hour)),
        is_deleted,
    }
}

fn with_email(mut version: Version, address: &str) -> Version {
    version.address = Some(hash(address));
    version
}

fn in_file(file: usize, mut version: Version) -> Version {
    version.file = file;
    version
}

fn turn(pass: Pass, wave: u32) -> Turn {
    Turn { pass, wave }
}

/// The turns of these lines of the first file.
fn of_lines<const N: usize>(versions: &[Version], lines: [u64; N]) -> [Turn; N] {
    let turns = turns(versions.to_vec());
    lines.map(|line| turns.of(0, line).unwrap())
}

#[test]
fn updates_of_one_record_go_in_waves_the_oldest_first() {
    let versions = [
        version(1, "a", 3, false),
        version(2, "a", 1, false),
        version(5, "a", 2, false),
        version(6, "b", 9, false),
        version(7, "b", 9, false),
    ];
    let waves = of_lines(&versions, [2, 5, 1, 6, 7]);
    assert_eq!(waves, [0, 1, 2, 0, 1].map(|wave| turn(Pass::Records, wave)));
}

#[test]
fn a_deletion_goes_last_unless_the_record_comes_back() {
    let gone = of_lines(
        &[version(1, "a", 1, false), version(2, "a", 2, true)],
        [1, 2],
    );
    assert_eq!(gone[0], turn(Pass::Records, 0));
    assert_eq!(gone[1].pass, Pass::Deletions);
    let back = of_lines(
        &[version(1, "a", 1, true), version(2, "a", 2, false)],
        [1, 2],
    );
    assert_eq!(back, [0, 1].map(|wave| turn(Pass::Records, wave)));
}

#[test]
fn versions_in_several_files_go_in_one_order_of_waves() {
    let turns = turns(vec![
        // Each file has the newer version of one record and the older of another.
        in_file(0, version(1, "a", 2, false)),
        in_file(0, version(2, "b", 1, false)),
        in_file(1, version(1, "a", 1, false)),
        in_file(1, version(2, "b", 2, false)),
        // At the same moment, the file that was named later has the last word.
        in_file(1, version(3, "c", 5, false)),
        in_file(0, version(3, "c", 5, false)),
        // A deletion that a newer record in another file takes back.
        in_file(1, version(4, "d", 1, true)),
        in_file(0, version(4, "d", 2, false)),
        // A file of its own.
        in_file(2, version(1, "e", 1, false)),
        in_file(2, version(2, "e", 2, false)),
    ]);
    let wave = |file, line| {
        let turn = turns.of(file, line).unwrap();
        assert_eq!(turn.pass, Pass::Records);
        turn.wave
    };
    assert_eq!([1, 2, 3, 4].map(|line| wave(0, line)), [1, 0, 0, 1]);
    assert_eq!([1, 2, 3, 4].map(|line| wave(1, line)), [0, 1, 1, 0]);
    assert_eq!([0, 1, 2].map(|file| turns.first_kin(file)), [0, 0, 2]);
    assert!(turns.are_needed(1) && !turns.are_needed(3));
}

#[test]
fn files_are_kin_through_others() {
    let shared = |file, id: &str| in_file(file, version(1, id, 1, false));
    let versions = [(4, "a"), (3, "a"), (2, "b"), (1, "b"), (3, "c"), (2, "c")];
    let turns = turns(
        versions
            .into_iter()
            .map(|(file, id)| shared(file, id))
            .collect(),
    );
    assert_eq!([1, 2, 3, 4].map(|file| turns.first_kin(file)), [1; 4]);
}

#[test]
fn a_users_deletion_goes_before_whoever_takes_over_the_address() {
    let versions = [
        with_email(version(1, "new", 1, false), "a@acme.example"),
        with_email(version(2, "old", 5, true), "a@acme.example"),
        with_email(version(3, "same", 7, false), "b@acme.example"),
        with_email(version(4, "same", 7, true), "b@acme.example"),
    ];
    let waves = of_lines(&versions, [2, 1, 4, 3]);
    assert_eq!(waves, [0, 1, 0, 1].map(|wave| turn(Pass::Records, wave)));
}

#[test]
fn users_that_swap_addresses_come_to_an_end() {
    let versions = [
        with_email(version(1, "a", 1, false), "y@acme.example"),
        with_email(version(2, "a", 2, true), "x@acme.example"),
        with_email(version(3, "b", 1, false), "x@acme.example"),
        with_email(version(4, "b", 2, true), "y@acme.example"),
    ];
    let waves = of_lines(&versions, [1, 2, 3, 4]).map(|turn| turn.wave);
    assert!(waves.into_iter().all(|wave| wave < 16), "{waves:?}");
}

/// Lines of ten bytes, each with its turn; `None` is a blank line.
fn cut(most_bytes: u64, turns: &[Option<Turn>]) -> Vec<Piece> {
    let mut cutter = Cutter::new(most_bytes);
    for (index, turn) in (0_u64..).zip(turns) {
        if let Some(turn) = turn {
            cutter.push(*turn, index + 1, index * 10..index * 10 + 10);
        }
    }
    cutter.finish()
}

#[test]
fn a_file_is_cut_at_line_ends_within_the_limit() {
    let first = Some(turn(Pass::Records, 0));
    let pieces = cut(25, &[first; 5]);
    let ranges: Vec<_> = pieces
        .iter()
        .flat_map(|piece| piece.ranges.clone())
        .collect();
    assert_eq!(ranges, [0..20, 20..40, 40..50]);
    assert_eq!(pieces.len(), 3);
    assert_eq!(pieces[1].lines.source_line(2), 4);
    assert_eq!(pieces[2].lines.source_line(0), 0);
}

#[test]
fn every_line_is_found_again_through_blank_lines_and_waves() {
    let (records, later) = (Some(turn(Pass::Records, 0)), Some(turn(Pass::Records, 1)));
    let deletions = Some(turn(Pass::Deletions, 0));
    let pieces = cut(
        1_000,
        &[
            records, None, later, records, deletions, records, later, None,
        ],
    );
    let lines: Vec<Vec<u64>> = pieces
        .iter()
        .map(|piece| {
            (1..=piece.records)
                .map(|line| piece.lines.source_line(line))
                .collect()
        })
        .collect();
    assert_eq!(lines, [vec![1, 4, 6], vec![3, 7], vec![5]]);
    assert_eq!(pieces[0].ranges, [0..10, 30..40, 50..60]);
}
