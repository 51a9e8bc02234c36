//! What the command says of records that a verdict left open, and what helps.

use gong_sim::{Effect, Fault, Operation, Simulator, Verdict};
use serde_json::json;

use crate::integration::simulator;
use crate::invocation::Invocation;

pub(crate) const LINES: &str = r#"{"objectId":"a-1","modifiedDate":"2026-03-01T09:30:00Z","name":"Acme"}
{"objectId":"a-2","modifiedDate":"2026-03-01T09:30:00Z","name":"Acme"}
"#;

fn gong(verdict: Verdict) -> Simulator {
    let sim = simulator().start_blocking().unwrap();
    sim.register_integration("Acme CRM", "admin@acme.example");
    let fault = Fault::new(Effect::Verdict(verdict.applies_nothing()));
    let fault = fault.on(Operation::UploadEntities).nth(1);
    sim.add_fault(fault).unwrap();
    sim
}

/// A command in a directory of its own, with its words after the name of the program.
pub(crate) fn run(
    sim: &Simulator,
    directory: &std::path::Path,
    words: &[&str],
    input: &str,
) -> (i32, String) {
    let mut invocation = Invocation::new(words).against(sim.base_url()).input(input);
    invocation.command().current_dir(directory);
    invocation
        .command()
        .args(["--ledger", "ledger.sqlite", "--no-progress"]);
    let output = invocation.output();
    let said = [output.stdout, output.stderr].concat();
    (
        output.status.code().unwrap(),
        String::from_utf8(said).unwrap(),
    )
}

/// Runs the command that the output names.
fn follow(sim: &Simulator, directory: &std::path::Path, said: &str) -> (i32, String) {
    let line = said
        .lines()
        .find_map(|line| line.strip_prefix("to resume: gong-crm "));
    assert!(line.is_some(), "no hint: {said}");
    let line = line.unwrap();
    let words: Vec<&str> = line
        .split(' ')
        .filter(|word| !word.starts_with("--"))
        .collect();
    let words: Vec<&str> = words
        .into_iter()
        .filter(|word| *word != "ledger.sqlite")
        .collect();
    run(sim, directory, &words, "")
}

#[test]
fn command_of_the_hint_ends_what_a_verdict_left_open() {
    let uncertain = Verdict::new().set("totalSuccessCount", 0);
    let failed = Verdict::new()
        .set("status", "FAILED")
        .set("errors", json!([]))
        .remove("totalErrorCount")
        .set("totalSuccessCount", 0);
    for (verdict, code) in [(uncertain, 9), (failed, 6)] {
        let sim = gong(verdict);
        let place = tempfile::tempdir().unwrap();
        let words = ["push", "-", "--type", "ACCOUNT"];
        let (first, said) = run(&sim, place.path(), &words, LINES);
        assert_eq!(first, code, "{said}");
        let (second, resumed) = follow(&sim, place.path(), &said);
        assert_eq!(second, 0, "{resumed}");
        assert_eq!(sim.object_count("ACCOUNT"), 2);
        let (third, nothing) = run(&sim, place.path(), &["resume"], "");
        assert_eq!(third, 0, "{nothing}");
        assert!(nothing.contains("nothing to do"), "{nothing}");
    }
}

#[test]
fn resume_names_what_it_does_not_send() {
    let errors = json!([{"line": 1, "description": "no such owner"}]);
    let verdict = Verdict::new()
        .set("status", "FAILED")
        .set("errors", errors)
        .set("totalErrorCount", 1)
        .set("totalSuccessCount", 0);
    let sim = gong(verdict);
    let place = tempfile::tempdir().unwrap();
    let words = ["push", "-", "--type", "ACCOUNT", "--no-rejects"];
    let line = LINES.lines().next().unwrap();
    let (code, said) = run(&sim, place.path(), &words, line);
    assert_eq!(code, 5, "{said}");
    let (code, said) = run(&sim, place.path(), &["resume"], "");
    assert_eq!(code, 0, "{said}");
    assert!(
        said.contains("not in Gong as given: 1 record; see gong-crm rejects"),
        "{said}"
    );
    let (_, json) = run(&sim, place.path(), &["resume", "-o", "json"], "");
    assert!(json.contains("see gong-crm rejects"), "{json}");
    // It is not tried again yet, so nothing failed now.
    let (code, said) = run(&sim, place.path(), &words, line);
    assert_eq!(code, 5, "{said}");
    assert!(said.contains("rejected before"), "{said}");
}

#[test]
fn dry_resume_shows_the_upload_of_records_left_open() {
    let sim = gong(Verdict::new().set("totalSuccessCount", 0));
    let place = tempfile::tempdir().unwrap();
    let words = ["push", "-", "--type", "ACCOUNT"];
    let (code, said) = run(&sim, place.path(), &words, LINES);
    assert_eq!(code, 9, "{said}");
    let (code, said) = run(&sim, place.path(), &["resume", "--dry-run"], "");
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("2 records once more"), "{said}");
    assert_eq!(sim.object_count("ACCOUNT"), 0);
}

#[test]
fn resume_sends_what_waited_for_its_parent() {
    let errors = json!([{"line": 1, "description": "no such owner"}]);
    let verdict = Verdict::new()
        .set("status", "FAILED")
        .set("errors", errors)
        .set("totalErrorCount", 1)
        .set("totalSuccessCount", 0);
    let sim = gong(verdict);
    let place = tempfile::tempdir().unwrap();
    let push = |object_type: &str, line: &str| {
        let words = [
            "push",
            "-",
            "--type",
            object_type,
            "--no-rejects",
            "--account-delay",
            "0",
        ];
        run(&sim, place.path(), &words, line)
    };
    let account = LINES.lines().next().unwrap();
    let contact = r#"{"objectId":"c-1","modifiedDate":"2026-03-01T09:30:00Z","accountId":"a-1","emailAddress":"ada@acme.example"}"#;
    assert_eq!(push("ACCOUNT", account).0, 5);
    let (code, said) = push("CONTACT", contact);
    assert_eq!(code, 5, "{said}");
    assert_eq!(sim.object_count("CONTACT"), 0, "{said}");
    let (code, said) = push("ACCOUNT", &account.replace("Acme", "Acme Inc."));
    assert_eq!(code, 0, "{said}");
    let words = ["resume", "--account-delay", "0"];
    let (code, said) = run(&sim, place.path(), &words, "");
    assert_eq!(code, 0, "{said}");
    assert_eq!(sim.object_count("CONTACT"), 1, "{said}");
}

#[test]
fn rejects_say_what_was_not_sent_yet() {
    let sim = simulator().start_blocking().unwrap();
    sim.register_integration("Acme CRM", "admin@acme.example");
    let fault = Fault::new(Effect::Status(403)).on(Operation::UploadEntities);
    sim.add_fault(fault).unwrap();
    let place = tempfile::tempdir().unwrap();
    let words = ["push", "-", "--type", "ACCOUNT", "--no-rejects"];
    let (code, said) = run(&sim, place.path(), &words, LINES);
    assert_eq!(code, 4, "{said}");
    let (code, said) = run(&sim, place.path(), &["rejects"], "");
    assert_eq!(code, 0, "{said}");
    let hint = "not sent yet: 2 records in 1 upload; see gong-crm uploads --unfinished";
    assert!(said.contains(hint), "{said}");
}
