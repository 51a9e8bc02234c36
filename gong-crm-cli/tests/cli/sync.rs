//! `gong-crm plan` and `gong-crm sync`, with exports in a directory.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, SystemTime};

use gong_crm::ledger::Ledger;
use gong_sim::{Effect, Fault, Operation, Simulator};
use serde_json::Value;

use crate::integration::simulator;
use crate::invocation::Invocation;

/// A directory with a config file and an export, and a simulator.
pub(crate) struct Place {
    directory: tempfile::TempDir,
    pub(crate) simulator: Simulator,
}

impl Place {
    pub(crate) fn new() -> Self {
        let simulator = simulator().start_blocking().unwrap();
        simulator.register_integration("Acme CRM", "admin@acme.example");
        let place = Self {
            directory: tempfile::tempdir().unwrap(),
            simulator,
        };
        let config = "ledger = \"ledger.sqlite\"\n[sync]\nscope = \"acme\"\n\
                      [sources.ACCOUNT]\nfiles = \"accounts.ldjson\"\ncomplete = true\n";
        std::fs::write(place.path("gong-crm.toml"), config).unwrap();
        place
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Exports the accounts with these numbers.
    pub(crate) fn export(&self, numbers: std::ops::RangeInclusive<u32>) {
        let line = |number: u32| {
            let date = "2026-03-01T09:30:00Z";
            format!(
                "{{\"objectId\":\"acc-{number}\",\"modifiedDate\":\"{date}\",\"name\":\"{number}\"}}\n"
            )
        };
        let text: String = numbers.map(line).collect();
        std::fs::write(self.path("accounts.ldjson"), text).unwrap();
    }

    pub(crate) fn command(&self, words: &[&str]) -> Invocation {
        let mut invocation = Invocation::new(words);
        invocation.command().current_dir(self.directory.path());
        invocation
            .env("GONG_CONFIG", "gong-crm.toml")
            .against(self.simulator.base_url())
    }

    /// Runs a command; returns its exit code and its JSON.
    pub(crate) fn json(&self, words: &[&str]) -> (Option<i32>, Value) {
        let words = [words, &["-o", "json"]].concat();
        let output = self.command(&words).output();
        let value = serde_json::from_slice(&output.stdout);
        let reported = String::from_utf8_lossy(&output.stderr).into_owned();
        (
            output.status.code(),
            value.unwrap_or(Value::String(reported)),
        )
    }
}

#[test]
fn sources_of_a_named_config_file_work_with_sim() {
    let place = Place::new();
    place.export(1..=3);
    let elsewhere = tempfile::tempdir().unwrap();
    let config = format!(
        "[sources.ACCOUNT]\nfiles = {:?}\n",
        place.path("accounts.ldjson")
    );
    let path = elsewhere.path().join("mine.toml");
    std::fs::write(&path, config).unwrap();
    let mut sync = Invocation::new(&["--sim", "sync", "-o", "json", "--config"]);
    sync.command().arg(&path);
    let output = sync.output();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (output.status.code(), &report["files"][0]["accepted"]),
        (Some(0), &Value::from(3))
    );
}

#[test]
fn plan_shows_what_sync_does() {
    let place = Place::new();
    place.export(1..=30);
    let (code, plan) = place.json(&["plan", "--exit-code"]);
    assert_eq!(code, Some(10), "{plan}");
    assert_eq!(plan["types"][0]["new"], 30, "{plan}");
    assert_eq!(plan["heldDeletions"], Value::Null);
    assert_eq!(place.simulator.object_count("ACCOUNT"), 0);
    let (code, report) = place.json(&["sync", "--account-delay", "0"]);
    assert_eq!(code, Some(0), "{report}");
    assert_eq!(report["verdict"], "done");
    assert_eq!(report["plan"]["changes"], plan["changes"]);
    assert_eq!(place.simulator.object_count("ACCOUNT"), 30);
    place.export(2..=31);
    let output = place.command(&["plan"]).output();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("+ ACCOUNT       acc-31"), "{text}");
    assert!(
        text.contains("- ACCOUNT       acc-1   gone from the source"),
        "{text}"
    );
    let reported = String::from_utf8(output.stderr).unwrap();
    assert!(
        reported.contains("Plan: 1 new, 0 changed, 1 deletion (limit: 20 of 30 ACCOUNT records)"),
        "{reported}"
    );
    assert_eq!(place.json(&["sync"]).0, Some(0));
    assert_eq!(place.json(&["plan", "--exit-code"]).0, Some(0));
}

#[test]
fn held_back_deletions_are_confirmed_by_their_list() {
    let place = Place::new();
    place.export(1..=100);
    assert_eq!(place.json(&["sync"]).0, Some(0));
    place.export(31..=100);
    let (code, plan) = place.json(&["plan"]);
    assert_eq!(code, Some(0), "{plan}");
    let (code, plan_of_code) = place.json(&["plan", "--exit-code"]);
    assert_eq!(code, Some(10), "{plan_of_code}");
    let (code, report) = place.json(&["sync"]);
    assert_eq!(code, Some(11), "{report}");
    assert_eq!(plan["heldDeletions"], report["plan"]["heldDeletions"]);
    assert_eq!(place.simulator.object_count("ACCOUNT"), 100);
    let list = report["plan"]["heldDeletions"].as_str().unwrap().to_owned();
    let (code, report) = place.json(&["sync", "--confirm-deletions", &list]);
    assert_eq!(code, Some(0), "{report}");
    assert_eq!(place.simulator.object_count("ACCOUNT"), 70);
}

/// What a person sees of a sync.
fn shown(place: &Place, words: &[&str]) -> String {
    let mut invocation = Invocation::new(&[&["sync", "--no-progress"], words].concat());
    invocation.command().current_dir(place.path(""));
    let invocation = invocation.against(place.simulator.base_url());
    invocation.transcript()
}

#[test]
fn rejected_record_is_named_with_its_reason() {
    let place = Place::new();
    let error = serde_json::json!([{"line": 2, "description": "Field [name] is not liked"}]);
    let verdict = gong_sim::Verdict::new()
        .set("status", "FAILED")
        .set("errors", error)
        .set("totalErrorCount", 1)
        .set("totalSuccessCount", 2);
    let fault = Fault::new(Effect::Verdict(verdict)).on(Operation::UploadEntities);
    place.simulator.add_fault(fault.nth(1)).unwrap();
    place.export(1..=3);
    let shown = shown(&place, &["--config", "gong-crm.toml"]);
    let expected = "accounts.ldjson:2: objectId acc-2: Field [name] is not liked";
    assert!(shown.contains(expected), "{shown}");
}

#[test]
fn hint_for_held_deletions_repeats_the_options() {
    let place = Place::new();
    place.export(1..=30);
    let options = ["--config", "gong-crm.toml", "--scope", "own"];
    shown(&place, &options);
    place.export(1..=1);
    let shown = shown(&place, &options);
    let expected = "to delete them: gong-crm sync --scope own --config gong-crm.toml \
                    --confirm-deletions ";
    assert!(shown.contains(expected), "{shown}");
}

#[test]
fn missing_source_and_mistakes_have_their_codes() {
    let place = Place::new();
    let (code, report) = place.json(&["sync"]);
    assert_eq!(code, Some(6), "{report}");
    let message = report["plan"]["problems"][0]["message"].as_str().unwrap();
    assert!(message.starts_with("source missing"), "{message}");
    std::fs::write(place.path("gong-crm.toml"), "[sync]\nscope = 'a'\n").unwrap();
    assert_eq!(place.json(&["sync"]).0, Some(2));
    assert_eq!(place.json(&["sync", "--max-deletions", "many"]).0, Some(2));
}

#[test]
fn plan_file_is_carried_out_once() {
    let place = Place::new();
    place.export(1..=3);
    assert_eq!(place.json(&["plan", "--out", "today.plan"]).0, Some(0));
    let (code, report) = place.json(&["sync", "--plan", "today.plan"]);
    assert_eq!(code, Some(0), "{report}");
    let (code, report) = place.json(&["sync", "--plan", "today.plan"]);
    assert_eq!(
        (code, &report["calls"]),
        (Some(0), &Value::from(0)),
        "{report}"
    );
    place.export(1..=4);
    let (code, report) = place.json(&["sync", "--plan", "today.plan"]);
    assert_eq!(code, Some(6), "{report}");
    assert_eq!(report["plan"]["skipped"][0]["objectId"], "acc-4");
}

#[test]
fn health_says_whether_a_running_sync_is_in_time() {
    let place = Place::new();
    place.export(1..=2);
    let (code, answer) = place.json(&["sync", "--health"]);
    assert_eq!(code, Some(1), "{answer}");

    let mut running = place.command(&["sync", "--every", "1h"]);
    let mut child = running.command().stderr(Stdio::null()).spawn().unwrap();
    while place.json(&["sync", "--health"]).0 != Some(0) {
        assert!(child.try_wait().unwrap().is_none(), "the sync ended");
    }
    child.kill().unwrap();
    child.wait().unwrap();

    let due = |ago: Duration| {
        let ledger = place.path("ledger.sqlite");
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let ledger = Ledger::open(ledger).await.unwrap();
            let due = SystemTime::now() - ago;
            ledger.set_next_round("acme", due).await.unwrap();
        });
    };
    due(Duration::from_mins(29));
    assert_eq!(place.json(&["sync", "--health"]).0, Some(0));
    due(Duration::from_mins(31));
    let (code, answer) = place.json(&["sync", "--health"]);
    assert_eq!(code, Some(1));
    assert!(
        answer.to_string().contains("due 31 minutes ago"),
        "{answer}"
    );
    assert_eq!(place.json(&["sync", "--pause"]).0, Some(0));
    assert_eq!(place.json(&["sync", "--health"]).0, Some(0));
}

#[test]
fn renamed_scope_keeps_its_records() {
    let place = Place::new();
    place.export(1..=30);
    assert_eq!(place.json(&["sync"]).0, Some(0));
    place.export(2..=30);
    let (code, report) = place.json(&["plan", "--scope", "acme-prod"]);
    assert_eq!(code, Some(0), "{report}");
    let notes = report["notes"].to_string();
    assert!(notes.contains("ledger rename-scope"), "{notes}");
    let (code, report) = place.json(&["ledger", "rename-scope", "acme", "acme-prod"]);
    assert_eq!(code, Some(0), "{report}");
    let (code, report) = place.json(&["sync", "--scope", "acme-prod"]);
    assert_eq!(code, Some(0), "{report}");
    assert_eq!(place.simulator.object_count("ACCOUNT"), 29);
    let (code, reported) = place.json(&["ledger", "rename-scope", "acme", "other"]);
    assert_eq!(code, Some(2), "{reported}");
}

#[test]
fn ignored_field_of_a_source_is_not_compared() {
    let place = Place::new();
    let config = std::fs::read_to_string(place.path("gong-crm.toml")).unwrap();
    let config = config + "ignore-fields = [\"name\"]\n";
    std::fs::write(place.path("gong-crm.toml"), config).unwrap();
    place.export(1..=3);
    assert_eq!(place.json(&["sync"]).0, Some(0));
    let path = place.path("accounts.ldjson");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("\"name\":\"2\"", "\"name\":\"Two\"")).unwrap();
    assert_eq!(place.json(&["plan", "--exit-code"]).0, Some(0));
    let (code, report) = place.json(&["push", "accounts.ldjson"]);
    assert_eq!(code, Some(0), "{report}");
    assert_eq!(report["files"][0]["unchanged"], 3, "{report}");
}

#[test]
fn words_that_mean_nothing_are_refused() {
    let place = Place::new();
    place.export(1..=3);
    for words in [
        &["sync", "--every", "0s"][..],
        &["sync", "--scope", ""],
        &["plan", "--scope", " "],
        &["sync", "--pause", "--scope", ""],
        &["sync", "--only", "DEAL"],
        &["drift", "--wait", "1s"],
    ] {
        let output = place.command(words).output();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{words:?}: {said}");
    }
    let (code, plan) = place.json(&["plan", "--only", "ACCOUNT:nix"]);
    assert_eq!(code, Some(6), "{plan}");
    assert_eq!(place.simulator.object_count("ACCOUNT"), 0);
    let config = std::fs::read_to_string(place.path("gong-crm.toml")).unwrap();
    for (old, new) in [
        ("scope = \"acme\"", "scope = \"\""),
        ("[sync]", "[sync]\nevery = \"0s\""),
    ] {
        std::fs::write(place.path("gong-crm.toml"), config.replace(old, new)).unwrap();
        let output = place.command(&["sync"]).output();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{new}: {said}");
    }
}
