//! `gong-crm push` against the simulator.

use crate::invocation::{Invocation, assert_transcript};

#[test]
fn first_command_of_the_readme_pushes_a_whole_crm() {
    // Files finish in varying order, so the progress would differ from run to run.
    let push = ["--sim", "--no-progress", "push", "examples/acme"];
    assert_transcript!("push_acme", Invocation::new(&push).in_workspace());
}

#[test]
fn readme_shows_the_output_of_its_first_command() {
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
fn rejected_lines_are_reported_with_their_records() {
    let lines = "{\"objectId\":\"u1\",\"modifiedDate\":\"2026-03-01T09:30:00Z\"}\n\
                 {\"objectId\":\"u2\",\"modifiedDate\":\"2026-03-01T09:30:00Z\",\"emailAddress\":\"u2@acme.example\"}\n\
                 not json\n";
    let push = |arguments: &[&str]| Invocation::new(arguments).file("business_users.ldjson", lines);
    assert_transcript!(
        "push_some_rejected",
        push(&["--sim", "push", "--no-check", "business_users.ldjson"])
    );
    assert_transcript!(
        "push_some_rejected_json",
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

/// Users without an address, which Gong rejects.
fn users(number: usize) -> String {
    let line = |number| {
        let date = "2026-03-01T09:30:00Z";
        format!("{{\"objectId\":\"u-{number}\",\"modifiedDate\":\"{date}\"}}\n")
    };
    (0..number).map(line).collect()
}

#[test]
fn errors_that_gong_does_not_list_are_found() {
    let push = ["--sim", "push", "--no-check", "business_users.ldjson"];
    let push = |more: &[&str]| {
        Invocation::new(&[&push[..], more].concat()).file("business_users.ldjson", &users(25))
    };
    assert_transcript!(
        "push_unlisted_errors",
        push(&["--no-progress", "--no-rejects"])
    );
    let report = push(&["--find-all-errors", "-o", "json"]).output();
    assert_eq!(report.status.code(), Some(5));
    let report: serde_json::Value = serde_json::from_slice(&report.stdout).unwrap();
    let file = &report["files"][0];
    assert_eq!(file["errors"].as_array().unwrap().len(), 25, "{file}");
    assert_eq!(file["rejected"], 25, "{file}");
}

#[test]
fn invalid_records_stop_a_push_unless_skipped() {
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
fn dry_run_needs_no_credentials() {
    let arguments = ["push", "--dry-run", "examples/acme"];
    assert_transcript!(
        "push_dry_run_acme",
        Invocation::new(&arguments).in_workspace()
    );
}

#[test]
fn closed_pipe_is_not_an_error() {
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
