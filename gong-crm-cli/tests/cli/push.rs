//! `gong-crm push` against the simulator.

use crate::invocation::{Invocation, assert_transcript};

#[test]
fn the_first_command_of_the_readme_brings_a_whole_crm_into_the_local_gong() {
    // Files finish in an order of their own; the progress would differ from run to run.
    let push = ["--sim", "--no-progress", "push", "examples/acme"];
    assert_transcript!("push_acme", Invocation::new(&push).in_workspace());
}

#[test]
fn the_readme_shows_what_its_first_command_prints() {
    let output = Invocation::new(&["--sim", "push", "examples/acme"])
        .in_workspace()
        .output();
    let readme = std::fs::read_to_string(crate::invocation::workspace_root().join("README.md"));
    let readme = readme.unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(readme.contains(&stdout), "not in README.md:\n{stdout}");
    let stderr = String::from_utf8(output.stderr).unwrap();
    let last = stderr.lines().last().unwrap();
    assert!(readme.contains(last), "not in README.md:\n{last}");
}

#[test]
fn refused_lines_come_back_with_their_records() {
    let lines = "{\"objectId\":\"u1\",\"modifiedDate\":\"2026-03-01T09:30:00Z\"}\n\
                 {\"objectId\":\"u2\",\"modifiedDate\":\"2026-03-01T09:30:00Z\",\"emailAddress\":\"u2@acme.example\"}\n\
                 not json\n";
    let push = |arguments: &[&str]| Invocation::new(arguments).file("business_users.ldjson", lines);
    assert_transcript!(
        "push_some_refused",
        push(&["--sim", "push", "--no-check", "business_users.ldjson"])
    );
    assert_transcript!(
        "push_some_refused_json",
        push(&[
            "--sim",
            "push",
            "--no-check",
            "business_users.ldjson",
            "-o",
            "json"
        ])
    );
}

#[test]
fn more_errors_than_gong_lists_are_counted() {
    let push = Invocation::new(&[
        "--sim",
        "push",
        "--no-check",
        "--type",
        "lead",
        "export.jsonl",
    ])
    .file("export.jsonl", &"{}\n".repeat(25));
    assert_transcript!("push_hidden_errors", push);
}

#[test]
fn drain_finds_the_errors_that_gong_does_not_list() {
    let push = Invocation::new(&[
        "--sim",
        "push",
        "--no-check",
        "--find-all-errors",
        "-o",
        "json",
        "--type",
        "lead",
        "export.jsonl",
    ])
    .file("export.jsonl", &"{}\n".repeat(45));
    let report: serde_json::Value = serde_json::from_slice(&push.output().stdout).unwrap();
    let file = &report["files"][0];
    assert_eq!(file["errors"].as_array().unwrap().len(), 45, "{file}");
    assert_eq!(file["rejected"], 45, "{file}");
    assert_eq!(report["verdict"], "partial");
}

#[test]
fn with_errors_nothing_is_sent_unless_they_are_left_out() {
    let lines = "{\"objectId\":\"a/1\",\"modifiedDate\":\"2026-03-01T09:30:00Z\"}\n\
                 {\"objectId\":\"a-2\",\"modifiedDate\":\"2026-03-01T09:30:00Z\"}\n";
    let push = |arguments: &[&str]| {
        let push = [&["--sim", "push", "accounts.ldjson"], arguments].concat();
        Invocation::new(&push).file("accounts.ldjson", lines)
    };
    assert_transcript!("push_invalid", push(&[]));
    assert_transcript!("push_skip_invalid", push(&["--skip-invalid"]));
    assert_transcript!("push_dry_run", push(&["--dry-run"]));
}

#[test]
fn a_dry_run_needs_no_credentials() {
    let arguments = ["push", "--dry-run", "examples/acme"];
    assert_transcript!(
        "push_dry_run_acme",
        Invocation::new(&arguments).in_workspace()
    );
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    use std::process::Stdio;
    let mut push = Invocation::new(&["--sim", "push", "examples/acme"]).in_workspace();
    let mut child = push
        .command()
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    drop(child.stderr.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
