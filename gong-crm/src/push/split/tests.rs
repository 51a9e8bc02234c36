//! Do the records that Gong wants apart go apart, and in the right order?

use super::*;

fn version(line: u64, object_id: &str, hour: i64, is_deleted: bool) -> Version {
    Version {
        line,
        object_id: object_id.to_owned(),
        email_address: None,
        modified_at: Some(Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_hours(hour)),
        is_deleted,
    }
}

fn with_email(mut version: Version, address: &str) -> Version {
    version.email_address = Some(address.to_owned());
    version
}

fn turn(pass: Pass, wave: u32) -> Turn {
    Turn { pass, wave }
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
    let turns = turns(&versions);
    let waves = [2, 5, 1, 6, 7].map(|line| turns[&line]);
    assert_eq!(waves, [0, 1, 2, 0, 1].map(|wave| turn(Pass::Records, wave)));
}

#[test]
fn a_deletion_goes_last_unless_the_record_comes_back() {
    let gone = turns(&[version(1, "a", 1, false), version(2, "a", 2, true)]);
    assert_eq!(gone[&1], turn(Pass::Records, 0));
    assert_eq!(gone[&2].pass, Pass::Deletions);
    let back = turns(&[version(1, "a", 1, true), version(2, "a", 2, false)]);
    assert_eq!(back[&1], turn(Pass::Records, 0));
    assert_eq!(back[&2], turn(Pass::Records, 1));
}

#[test]
fn a_users_deletion_goes_before_whoever_takes_over_the_address() {
    let turns = turns(&[
        with_email(version(1, "new", 1, false), "a@acme.example"),
        with_email(version(2, "old", 5, true), "a@acme.example"),
        with_email(version(3, "same", 7, false), "b@acme.example"),
        with_email(version(4, "same", 7, true), "b@acme.example"),
    ]);
    assert_eq!(turns[&2], turn(Pass::Records, 0));
    assert_eq!(turns[&1], turn(Pass::Records, 1));
    assert_eq!(turns[&4], turn(Pass::Records, 0));
    assert_eq!(turns[&3], turn(Pass::Records, 1));
}

#[test]
fn users_that_swap_addresses_come_to_an_end() {
    let turns = turns(&[
        with_email(version(1, "a", 1, false), "y@acme.example"),
        with_email(version(2, "a", 2, true), "x@acme.example"),
        with_email(version(3, "b", 1, false), "x@acme.example"),
        with_email(version(4, "b", 2, true), "y@acme.example"),
    ]);
    assert_eq!(turns.len(), 4);
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
