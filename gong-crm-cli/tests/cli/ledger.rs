//! The commands that show and change the ledger, after pushes to a simulator.

use std::path::PathBuf;

use gong_sim::Simulator;
use serde_json::Value;

use crate::integration::simulator;
use crate::invocation::{Invocation, assert_transcript};

/// A directory with a ledger, and a simulator to push to.
struct Place {
    directory: tempfile::TempDir,
    simulator: Simulator,
}

impl Place {
    fn new() -> Self {
        let simulator = simulator().start_blocking().unwrap();
        simulator.register_integration("Acme CRM", "admin@acme.example");
        Self {
            directory: tempfile::tempdir().unwrap(),
            simulator,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn command(&self, words: &[&str]) -> Invocation {
        let ledger = ["--ledger", "ledger.sqlite", "--no-progress"];
        let mut invocation = Invocation::new(&[words, &ledger].concat());
        invocation.command().current_dir(self.directory.path());
        invocation.against(self.simulator.base_url())
    }

    /// Pushes accounts of these names; returns the exit code and the report.
    fn push(&self, names: &[(&str, &str)], more: &[&str]) -> (Option<i32>, Value) {
        let line = |(id, name): &(&str, &str)| {
            let date = "2026-03-01T09:30:00Z";
            format!(r#"{{"objectId":"{id}","modifiedDate":"{date}","name":"{name}"}}"#) + "\n"
        };
        let text: String = names.iter().map(line).collect();
        std::fs::write(self.path("accounts.ldjson"), text).unwrap();
        let words = [&["push", "accounts.ldjson", "-o", "json"], more].concat();
        let output = self.command(&words).output();
        let report = serde_json::from_slice(&output.stdout);
        let reported = String::from_utf8_lossy(&output.stderr).into_owned();
        (
            output.status.code(),
            report.unwrap_or(Value::String(reported)),
        )
    }

    fn name_in_gong(&self, id: &str) -> Option<String> {
        let object = self.simulator.object("ACCOUNT", id)?;
        object["name"].as_str().map(str::to_owned)
    }
}

/// The objects that a command prints, one per line.
fn objects(invocation: Invocation) -> Vec<Value> {
    let output = invocation.output();
    assert_eq!(output.status.code(), Some(0));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn reverted_record_is_sent_again() {
    let place = Place::new();
    for name in ["A", "B", "A"] {
        let (code, report) = place.push(&[("a-1", name)], &[]);
        assert_eq!(code, Some(0), "{report}");
        assert_eq!(place.name_in_gong("a-1").as_deref(), Some(name));
    }
    let (code, report) = place.push(&[("a-1", "A")], &[]);
    assert_eq!((code, &report["verdict"]), (Some(0), &"done".into()));
    let file = &report["files"][0];
    assert_eq!(file["status"], "unchanged", "{report}");
    assert_eq!(
        (&file["unchanged"], &file["uploads"]),
        (&1.into(), &Value::Array(vec![]))
    );
    assert_eq!(place.simulator.uploads().len(), 3);
}

#[test]
fn report_has_every_key() {
    let place = Place::new();
    let (code, report) = place.push(&[("a-1", "A"), ("a/2", "B")], &["--skip-invalid"]);
    assert_eq!(code, Some(5), "{report}");
    assert_eq!(report["verdict"], "partial");
    let keys =
        |value: &Value| -> Vec<String> { value.as_object().unwrap().keys().cloned().collect() };
    let file = &report["files"][0];
    for key in [
        "path",
        "objectType",
        "status",
        "records",
        "unchanged",
        "accepted",
        "rejected",
        "uploads",
        "errors",
        "reason",
        "rejects",
    ] {
        assert!(keys(file).contains(&key.to_owned()), "{key}: {report}");
    }
    let upload = &file["uploads"][0];
    for key in [
        "clientRequestId",
        "status",
        "records",
        "accepted",
        "rejected",
    ] {
        assert!(keys(upload).contains(&key.to_owned()), "{key}: {report}");
    }
    let error = &file["errors"][0];
    for key in [
        "clientRequestId",
        "line",
        "sourceLine",
        "objectId",
        "description",
    ] {
        assert!(keys(error).contains(&key.to_owned()), "{key}: {report}");
    }
    assert_eq!(
        (&error["line"], &error["sourceLine"]),
        (&Value::Null, &2.into()),
        "{report}"
    );
}

#[test]
fn push_without_waiting_ends_with_7_and_resume_with_0() {
    let place = Place::new();
    let (code, report) = place.push(&[("a-1", "A")], &["--no-wait"]);
    assert_eq!(code, Some(7), "{report}");
    let unfinished = objects(place.command(&["uploads", "--unfinished", "-o", "json"]));
    assert_eq!(unfinished.len(), 1);
    assert_eq!(unfinished[0]["state"], "accepted", "{unfinished:?}");
    let listed = place.command(&["uploads"]).output();
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    assert!(listed.contains("no verdict yet"), "{listed}");
    let resumed = place.command(&["resume"]).output();
    assert_eq!(resumed.status.code(), Some(0), "{resumed:?}");
    assert_eq!(place.name_in_gong("a-1").as_deref(), Some("A"));
    let resumed = place.command(&["resume", "-o", "json"]).output();
    let report: Value = serde_json::from_slice(&resumed.stdout).unwrap();
    assert_eq!(report["verdict"], "done");
}

#[test]
fn resend_sends_what_gong_has() {
    let place = Place::new();
    place.push(&[("a-1", "A"), ("a-2", "A")], &[]);
    let accepted = |more: &[&str]| {
        let (code, report) = place.push(&[("a-1", "A"), ("a-2", "A")], more);
        assert_eq!(code, Some(0), "{report}");
        report["files"][0]["accepted"].as_u64()
    };
    assert_eq!(accepted(&[]), Some(0));
    assert_eq!(accepted(&["--resend=a-2"]), Some(1));
    assert_eq!(accepted(&["--resend"]), Some(2));
}

#[test]
fn upload_history_and_changes_are_listed() {
    let place = Place::new();
    place.push(&[("a-1", "A"), ("a-2", "A")], &[]);
    place.push(&[("a-1", "B"), ("a-2", "A")], &[]);
    let uploads = objects(place.command(&["uploads", "-o", "json", "--limit", "1"]));
    assert_eq!(uploads.len(), 1);
    assert_eq!(
        (&uploads[0]["records"], &uploads[0]["state"]),
        (&1.into(), &"done".into())
    );
    assert!(uploads[0]["integrationId"].is_string());
    let history = objects(place.command(&["history", "ACCOUNT", "a-1", "-o", "json"]));
    let actions: Vec<&Value> = history.iter().map(|entry| &entry["action"]).collect();
    assert_eq!(actions, ["create", "update"]);
    assert_eq!(history[1]["fields"], serde_json::json!(["name"]));
    assert_eq!(history[1]["reason"], Value::Null);
    let changes = objects(place.command(&["changes", "-o", "json"]));
    assert_eq!(changes.len(), 3);
    assert_eq!(
        objects(place.command(&["changes", "--since", "2100-01-01T00:00:00Z", "-o", "json"])).len(),
        0
    );
    assert_transcript!("uploads_list", place.command(&["uploads"]));
    assert_transcript!(
        "history_of_a_record",
        place.command(&["history", "ACCOUNT", "a-1"])
    );
    assert_transcript!("changes_none", place.command(&["changes", "--since", "0s"]));
}

#[test]
fn rejected_record_is_listed_written_and_waived() {
    let place = Place::new();
    let (code, _) = place.push(
        &[("a-1", "A"), ("a/2", "B")],
        &["--skip-invalid", "--no-rejects"],
    );
    assert_eq!(code, Some(5));
    let rejects = objects(place.command(&["rejects", "-o", "json"]));
    assert_eq!(rejects.len(), 1, "{rejects:?}");
    assert_eq!(
        (&rejects[0]["objectType"], &rejects[0]["objectId"]),
        (&"ACCOUNT".into(), &"a/2".into())
    );
    assert_eq!(
        objects(place.command(&["rejects", "DEAL", "-o", "json"])).len(),
        0
    );
    assert_transcript!("rejects_list", place.command(&["rejects"]));
    let written = place
        .command(&["rejects", "ACCOUNT", "--out", "fix.ldjson"])
        .output();
    assert_eq!(written.status.code(), Some(0));
    let text = std::fs::read_to_string(place.path("fix.ldjson")).unwrap();
    assert!(
        text.contains("\"a/2\"") && text.lines().count() == 1,
        "{text}"
    );
    assert_transcript!(
        "rejects_waive",
        place.command(&["rejects", "waive", "ACCOUNT", "a/2"])
    );
    assert_transcript!("rejects_none", place.command(&["rejects"]));
    assert_transcript!(
        "rejects_waive_unknown",
        place.command(&["rejects", "waive", "DEAL", "d-1"])
    );
}

#[test]
fn exported_ledger_is_sealed_and_continues_elsewhere() {
    let place = Place::new();
    place.push(&[("a-1", "A")], &[]);
    assert_transcript!(
        "ledger_export",
        place.command(&["ledger", "export", "moved.ldjson"])
    );
    let (code, error) = place.push(&[("a-1", "B")], &[]);
    assert_eq!(code, Some(1), "{error}");
    let resumed = place.command(&["resume"]).output();
    assert_eq!(
        resumed.status.code(),
        Some(1),
        "nothing is known to be done"
    );
    assert_eq!(place.name_in_gong("a-1").as_deref(), Some("A"));
    std::fs::remove_file(place.path("ledger.sqlite")).unwrap();
    assert_transcript!(
        "ledger_import",
        place.command(&["ledger", "import", "moved.ldjson", "--as-is"])
    );
    let (code, report) = place.push(&[("a-1", "A")], &[]);
    assert_eq!(
        (code, &report["files"][0]["unchanged"]),
        (Some(0), &1.into()),
        "{report}"
    );
}

#[test]
fn recovered_ledger_sends_everything_again() {
    let place = Place::new();
    place.push(&[("a-1", "A")], &[]);
    let copy = std::fs::read(place.path("ledger.sqlite")).unwrap();
    place.push(&[("a-1", "B")], &[]);
    // An old backup is restored.
    for ending in ["-wal", "-shm"] {
        drop(std::fs::remove_file(
            place.path(&format!("ledger.sqlite{ending}")),
        ));
    }
    std::fs::write(place.path("ledger.sqlite"), copy).unwrap();
    let (code, said) = place.push(&[("a-1", "A")], &[]);
    assert_eq!(code, Some(9), "{said}");
    assert!(said.to_string().contains("ledger recover"), "{said}");
    assert_transcript!("ledger_recover", place.command(&["ledger", "recover"]));
    let (code, report) = place.push(&[("a-1", "A")], &["--request-id", "after-recovery"]);
    assert_eq!(code, Some(0), "{report}");
    assert_eq!(place.name_in_gong("a-1").as_deref(), Some("A"));
}

#[test]
fn copied_ledger_stays_unusable_until_it_is_recovered() {
    let place = Place::new();
    let (code, _) = place.push(&[("a-1", "A"), ("a-2", "A")], &[]);
    assert_eq!(code, Some(0));
    std::fs::copy(place.path("ledger.sqlite"), place.path("copy.sqlite")).unwrap();
    let (code, _) = place.push(&[("a-1", "B"), ("a-2", "A")], &[]);
    assert_eq!(code, Some(0));
    std::fs::rename(place.path("copy.sqlite"), place.path("ledger.sqlite")).unwrap();
    for ending in ["-wal", "-shm", ".mark"] {
        drop(std::fs::remove_file(
            place.path(&format!("ledger.sqlite{ending}")),
        ));
    }

    // For this copy, the first account is unchanged.
    let records = [("a-1", "A"), ("a-2", "C")];
    let uploads = place.simulator.uploads().len();
    for _ in 0..3 {
        let (code, report) = place.push(&records, &[]);
        assert_eq!(code, Some(9), "{report}");
        let report = report.to_string();
        assert!(report.contains("another copy of this ledger"), "{report}");
    }
    assert_eq!(place.simulator.uploads().len(), uploads);
    let doctor = place.command(&["doctor", "-o", "json"]).output();
    assert_eq!(doctor.status.code(), Some(1));
    let doctor: Value = serde_json::from_slice(&doctor.stdout).unwrap();
    let checks = doctor["checks"].as_array().unwrap();
    let ledger = checks.iter().find(|check| check["name"] == "ledger");
    let ledger = ledger.unwrap();
    assert_eq!(ledger["state"], "failed", "{ledger}");
    let message = ledger["message"].as_str().unwrap();
    assert!(message.contains("gong-crm ledger recover"), "{message}");
    assert_eq!(ledger["hint"], Value::Null, "{ledger}");

    let recover = place.command(&["ledger", "recover"]).output();
    assert_eq!(recover.status.code(), Some(0));
    let (code, report) = place.push(&records, &[]);
    assert_eq!(code, Some(0), "{report}");
    assert_eq!(place.name_in_gong("a-1").as_deref(), Some("A"));
    assert_eq!(place.name_in_gong("a-2").as_deref(), Some("C"));
}

#[test]
fn ledger_in_use_takes_no_import() {
    let place = Place::new();
    place.push(&[("a-1", "A")], &[]);
    place
        .command(&["ledger", "export", "moved.ldjson"])
        .output();
    assert_transcript!(
        "ledger_import_into_one_in_use",
        place.command(&["ledger", "import", "moved.ldjson"])
    );
}

#[test]
fn renamed_scope_keeps_its_records() {
    let place = Place::new();
    let config = "[sources.ACCOUNT]\nfiles = \"accounts.ldjson\"\ncomplete = true\n";
    std::fs::write(place.path("gong-crm.toml"), config).unwrap();
    let line = |id: u32| {
        format!("{{\"objectId\":\"a-{id}\",\"modifiedDate\":\"2026-03-01T09:30:00Z\"}}\n")
    };
    let export = |ids: std::ops::Range<u32>| {
        let text: String = ids.map(line).collect();
        std::fs::write(place.path("accounts.ldjson"), text).unwrap();
    };
    let sync = |scope: &str| {
        let words = [
            "sync",
            "--config",
            "gong-crm.toml",
            "--yes",
            "--scope",
            scope,
        ];
        place.command(&words).output().status.code()
    };
    export(1..30);
    assert_eq!(sync("old"), Some(0));
    let rename = ["ledger", "rename-scope", "old", "new"];
    let renamed = || place.command(&rename).output().status.code();
    assert_eq!((renamed(), renamed()), (Some(0), Some(2)));
    export(2..30);
    assert_eq!(sync("new"), Some(0));
    assert!(place.simulator.object("ACCOUNT", "a-1").is_none());
    assert!(place.simulator.object("ACCOUNT", "a-2").is_some());
}

#[test]
fn dry_run_compares_with_what_gong_has() {
    let place = Place::new();
    place.push(&[("a-1", "A"), ("a-2", "B")], &[]);
    let calls = place.simulator.request_count();
    let names = [("a-1", "A"), ("a-2", "C"), ("a-3", "D")];
    let (code, preview) = place.push(&names, &["--dry-run"]);
    assert_eq!(code, Some(0), "{preview}");
    let file = &preview["files"][0];
    let counts = ["new", "changed", "deleted", "unchanged", "heldBack"].map(|key| &file[key]);
    assert_eq!(counts, [1, 1, 0, 1, 0], "{preview}");
    assert_eq!(preview["uploads"][0]["records"], 2, "{preview}");
    assert_eq!(place.simulator.request_count(), calls, "no call is made");
    assert_transcript!(
        "push_dry_run_differences",
        place.command(&["push", "accounts.ldjson", "--dry-run"])
    );
    // Nothing of it is written: the push sends just that.
    let (code, report) = place.push(&names, &[]);
    let file = &report["files"][0];
    assert_eq!((code, &file["accepted"]), (Some(0), &2.into()), "{report}");
    let (_, preview) = place.push(&names, &["--dry-run"]);
    assert_eq!(preview["uploads"].as_array().map(Vec::len), Some(0));
    // With which of two it should be compared is not known.
    let other = place
        .simulator
        .register_integration("Another CRM", "admin@acme.example");
    let id = other.to_string();
    let sent = place.push(&names, &["--integration-id", &id]);
    assert_eq!(sent.0, Some(0), "{}", sent.1);
    let (code, preview) = place.push(&names, &["--dry-run"]);
    assert_eq!(code, Some(2), "{preview}");
    let (code, preview) = place.push(&names, &["--dry-run", "--integration-id", &id]);
    assert_eq!(code, Some(0), "{preview}");
    assert_eq!(preview["uploads"].as_array().map(Vec::len), Some(0));
}

#[test]
fn forgotten_record_is_sent_again() {
    let place = Place::new();
    place.push(&[("a-1", "A")], &[]);
    let forget = ["ledger", "forget", "ACCOUNT", "a-1"];
    assert_transcript!("ledger_forget", place.command(&forget));
    let unknown = ["ledger", "forget", "ACCOUNT", "a-9"];
    assert_transcript!("ledger_forget_unknown", place.command(&unknown));
    let (_, report) = place.push(&[("a-1", "A")], &[]);
    assert_eq!(report["files"][0]["accepted"], 1, "{report}");
}

#[test]
fn pruned_ledger_keeps_what_gong_has() {
    let place = Place::new();
    place.push(&[("a-1", "A")], &[]);
    assert_transcript!("ledger_prune_nothing", place.command(&["ledger", "prune"]));
    assert_transcript!(
        "ledger_prune",
        place.command(&["ledger", "prune", "--before", "0s"])
    );
    assert_transcript!("uploads_pruned", place.command(&["uploads"]));
    let (_, report) = place.push(&[("a-1", "A")], &[]);
    assert_eq!(report["files"][0]["unchanged"], 1, "{report}");
}

#[test]
fn simulator_inside_the_command_has_no_ledger() {
    assert_transcript!("uploads_with_sim", Invocation::new(&["--sim", "uploads"]));
}

#[test]
fn file_that_is_no_exported_ledger_is_named() {
    let import = [
        "ledger",
        "import",
        "accounts.ldjson",
        "--ledger",
        "new.sqlite",
    ];
    let invocation = Invocation::new(&import).file("accounts.ldjson", "{\"objectId\":\"a-1\"}\n");
    let output = invocation.output();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(
        error.contains("accounts.ldjson can't be imported"),
        "{error}"
    );
    assert!(error.contains("ledger export"), "{error}");
}
