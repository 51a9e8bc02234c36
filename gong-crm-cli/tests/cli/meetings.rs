//! `gong-crm meetings`: who is ready, and the meetings themselves.

use gong_sim::{GongUser, Simulator};

use crate::integration::simulator;
use crate::invocation::{Invocation, assert_transcript};

fn run(sim: &Simulator, arguments: &[&str]) -> Invocation {
    Invocation::new(arguments).against(sim.base_url())
}

const FACTS: [&str; 8] = [
    "--organizer",
    "jane@acme.example",
    "--invite",
    "joe@globex.example",
    "--start",
    "2026-03-02T14:00:00+01:00",
    "--duration",
    "45m",
];

#[test]
fn readiness_lists_people_and_fixes() {
    let sim = simulator()
        .user(GongUser::new("jane@acme.example"))
        .user(GongUser::new("joe@acme.example").without_consent_page())
        .start_blocking()
        .unwrap();
    let ask = [
        "meetings",
        "readiness",
        "jane@acme.example",
        "joe@acme.example,ann@acme.example",
        "JANE@acme.example",
    ];
    assert_transcript!("meetings_readiness", run(&sim, &ask));
    let file = [
        "meetings",
        "readiness",
        "--file",
        "people.txt",
        "-o",
        "json",
    ];
    let file = run(&sim, &file).file("people.txt", "jane@acme.example\r\nann@acme.example;\n");
    assert_transcript!("meetings_readiness_json", file);
    let piped = ["meetings", "readiness"];
    let people = "jane@acme.example\nann@acme.example\n";
    assert_transcript!("meetings_readiness_piped", run(&sim, &piped).input(people));
    assert_transcript!("meetings_readiness_none", run(&sim, &piped).input(" \n"));
    let missing = ["meetings", "readiness", "--file", "people.txt"];
    assert_transcript!("meetings_readiness_missing_file", run(&sim, &missing));
    let wrong = ["meetings", "readiness", "jane at acme"];
    assert_transcript!("meetings_readiness_no_address", run(&sim, &wrong));
}

#[test]
fn addresses_are_sent_100_per_call() {
    let sim = simulator().start_blocking().unwrap();
    let people: Vec<String> = (0..250).map(|id| format!("p{id}@acme.example")).collect();
    let people = people.join("\n");
    let ask = [
        "meetings",
        "readiness",
        "--file",
        "people.txt",
        "-o",
        "json",
    ];
    let output = run(&sim, &ask).file("people.txt", &people).output();
    let reported: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(reported.as_array().unwrap().len(), 250);
    assert_eq!(sim.request_count(), 3);
}

#[test]
fn meeting_is_created_updated_and_deleted() {
    let sim = simulator().start_blocking().unwrap();
    let create = [&["meetings", "create"], &FACTS[..], &["-o", "json"]].concat();
    let made = run(&sim, &create).output();
    let made: serde_json::Value = serde_json::from_slice(&made.stdout).unwrap();
    let id = made["meetingId"].as_str().unwrap();
    assert_eq!(sim.meetings().len(), 1);
    let update = [
        &["meetings", "update", id],
        &FACTS[..],
        &["--title", "Kickoff"],
    ]
    .concat();
    assert_eq!(run(&sim, &update).output().status.code(), Some(0));
    let delete = ["meetings", "delete", id, "--organizer", "jane@acme.example"];
    assert_eq!(run(&sim, &delete).output().status.code(), Some(0));
    assert!(sim.meetings().is_empty());
    let gone = ["meetings", "delete", "17"];
    assert_transcript!("meetings_delete_unknown", run(&sim, &gone));
}

#[test]
fn times_of_a_named_zone_are_sent_with_their_offset() {
    let create = [
        "meetings",
        "create",
        "--organizer",
        "jane@acme.example",
        "--start",
        "2026-07-01 9:30",
        "--end",
        "2026-07-01 10:15",
        "--zone",
        "Europe/Berlin",
        "--dry-run",
    ];
    assert_transcript!("meetings_create_dry_run", Invocation::new(&create));
    for (name, start, end, zone) in [
        (
            "meetings_time_without_zone",
            "2026-07-01 9:30",
            "2026-07-01 10:15",
            None,
        ),
        (
            "meetings_time_backwards",
            "2026-07-01T10:00:00Z",
            "2026-07-01T09:00:00Z",
            None,
        ),
        (
            "meetings_time_not_one",
            "soon",
            "later",
            Some("Europe/Berlin"),
        ),
        (
            "meetings_zone_unknown",
            "2026-07-01 9:30",
            "2026-07-01 10:15",
            Some("Berlin"),
        ),
    ] {
        let mut words = vec![
            "meetings",
            "create",
            "--organizer",
            "jane@acme.example",
            "--start",
            start,
            "--end",
            end,
        ];
        words.extend(zone.iter().flat_map(|zone| ["--zone", zone]));
        assert_transcript!(name, Invocation::new(&words));
    }
}

#[test]
fn messages_of_gong_are_passed_on() {
    let sim = simulator()
        .user(GongUser::new("jane@acme.example").without_consent_page())
        .start_blocking()
        .unwrap();
    let create = [&["meetings", "create"], &FACTS[..]].concat();
    assert_transcript!("meetings_conflict", run(&sim, &create));
    let json = [&create[..], &["-o", "json"]].concat();
    assert_transcript!("meetings_conflict_json", run(&sim, &json));
    let sim = simulator()
        .rule("meetings-limited-release", true)
        .start_blocking()
        .unwrap();
    assert_transcript!("meetings_limited_release", run(&sim, &create));
}
