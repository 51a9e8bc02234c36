//! One Singer tap as the source of all types: `tap` in `[sources]`.

use std::path::PathBuf;

use gong_sim::{Processing, Simulator};
use serde_json::Value;

use crate::integration::simulator;
use crate::invocation::Invocation;

const MAPPING: &str = "[ACCOUNT]\nstream = 'companies'\n[ACCOUNT.fields]\nobjectId = 'id'\n\
    modifiedDate = 'at'\nname = 'name'\n[STAGE]\nstream = 'stages'\n[STAGE.fields]\nobjectId = 'id'\n\
    name = 'name'\nsortOrder = 'id'\nisActive = { constant = 'true' }\n";

/// A tap that notes how it is called, writes one file without a state and another with one, and ends as
/// it is told.
const TAP: &str = "echo \"$@\" >> calls\nenv > environment\n\
    [ -n \"$2\" ] && cat changes || cat all\ncat says >&2\nexit $(cat end)\n";

const SCHEMAS: &str = r#"{"type":"SCHEMA","stream":"companies","key_properties":["id"],"schema":{"properties":{"id":{}}}}
{"type":"SCHEMA","stream":"stages","key_properties":["id"],"schema":{"properties":{"id":{}}}}
"#;

struct Place {
    directory: tempfile::TempDir,
    simulator: Simulator,
}

impl Place {
    fn new(simulator: gong_sim::Builder) -> Self {
        let simulator = simulator.start_blocking().unwrap();
        simulator.register_integration("Acme CRM", "admin@acme.example");
        let place = Self {
            directory: tempfile::tempdir().unwrap(),
            simulator,
        };
        place.write("crm.toml", MAPPING);
        place.write("tap.sh", TAP);
        place.write("says", "");
        place.write("end", "0");
        place.configure("");
        place.writes("all", &[(1, "Analytical"), (2, "Difference")], "first");
        place
    }

    fn configure(&self, more: &str) {
        let config =
            "ledger = 'ledger.sqlite'\n[sources]\ntap = ['sh', 'tap.sh']\nmap = 'crm.toml'\n";
        self.write("gong-crm.toml", &format!("{config}{more}\n"));
    }

    /// What the tap writes: a stage, these companies, and a state.
    fn writes(&self, file: &str, companies: &[(u32, &str)], state: &str) {
        let mut text = SCHEMAS.to_owned();
        text +=
            "{\"type\":\"RECORD\",\"stream\":\"stages\",\"record\":{\"id\":7,\"name\":\"New\"}}\n";
        for (id, name) in companies {
            let record =
                format!("{{\"id\":{id}.0,\"at\":\"2026-01-15T09:30:00Z\",\"name\":\"{name}\"}}");
            text +=
                &format!("{{\"type\":\"RECORD\",\"stream\":\"companies\",\"record\":{record}}}\n");
        }
        text += &format!(
            "{{\"type\":\"STATE\",\"value\":{{\"bookmarks\":{{\"companies\":{{\"at\":\"{state}\"}}}}}}}}\n"
        );
        self.write(file, &text);
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// The state that the tap is given the next time.
    fn state(&self) -> String {
        self.read("ledger.sqlite.singer/default/+state.json")
    }

    /// Runs a command; gives its exit code, its JSON and what it says.
    fn run(&self, words: &[&str]) -> (Option<i32>, Value, String) {
        let delay: &[&str] = match words[0] {
            "sync" => &["--account-delay", "0", "--poll-interval", "20ms"],
            _ => &[],
        };
        let config = ["--config", "gong-crm.toml", "-o", "json"];
        let mut invocation = Invocation::new(&[&config, words, delay].concat());
        invocation.command().current_dir(self.directory.path());
        let invocation = invocation
            .env("PATH", "/usr/bin:/bin")
            .env("TARGET_GONG_CRM_BEARER_TOKEN", "hidden");
        let output = invocation.against(self.simulator.base_url()).output();
        let value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), value, said)
    }

    fn name_of(&self, id: &str) -> Option<Value> {
        let object = self.simulator.object("ACCOUNT", id)?;
        Some(object["name"].clone())
    }
}

#[test]
fn tap_is_read_from_where_the_last_sync_ended() {
    let place = Place::new(simulator());
    let (code, plan, said) = place.run(&["plan"]);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(plan["types"].as_array().unwrap().len(), 2, "{plan}");
    assert_eq!(place.state(), "");
    let (code, report, said) = place.run(&["sync"]);
    assert_eq!(code, Some(0), "{report} {said}");
    assert_eq!(place.name_of("1").unwrap(), "Analytical");
    assert!(place.state().contains("first"));
    place.writes("changes", &[(2, "Difference Machines")], "second");
    let (code, report, said) = place.run(&["sync"]);
    assert_eq!(code, Some(0), "{report} {said}");
    // What did not change did not come, and stays.
    assert_eq!(place.name_of("1").unwrap(), "Analytical");
    assert_eq!(place.name_of("2").unwrap(), "Difference Machines");
    assert!(place.state().contains("second"));
    let calls = place.read("calls");
    let with_state: Vec<bool> = calls.lines().map(|call| call.contains("--state")).collect();
    assert_eq!(with_state, [false, false, true], "{calls}");
    let environment = place.read("environment");
    assert!(!environment.contains("GONG_"), "{environment}");
    // All of it is checked.
    let (code, _, said) = place.run(&["check"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(!place.read("calls").ends_with("+state.json\n"));
}

#[test]
fn vanished_record_is_deleted_by_a_run_that_reads_everything() {
    let place = Place::new(simulator());
    place.configure("complete-every = '0s'");
    assert_eq!(place.run(&["sync"]).0, Some(0));
    place.writes("all", &[(2, "Difference")], "second");
    let (code, report, said) = place.run(&["sync", "--max-deletions", "unlimited"]);
    assert_eq!(code, Some(0), "{report} {said}");
    assert!(place.name_of("1").is_none() && place.name_of("2").is_some());
    assert!(!place.read("calls").contains("--state"));
}

/// A run with a state does not say what is gone: what the last one without a state said stands.
#[test]
fn deletions_above_the_limit_stay_held_back_by_runs_with_a_state() {
    let place = Place::new(simulator());
    let companies: Vec<(u32, &str)> = (1..=60).map(|id| (id, "Company")).collect();
    place.writes("all", &companies, "first");
    place.configure("complete-every = '0s'");
    assert_eq!(place.run(&["sync"]).0, Some(0));
    place.writes("all", &companies[..20], "second");
    let (code, report, said) = place.run(&["sync"]);
    assert_eq!(code, Some(11), "{report} {said}");
    let list = report["plan"]["heldDeletions"].as_str().unwrap().to_owned();
    place.configure("");
    // One of them is back.
    place.writes("changes", &[(60, "Company")], "third");
    for command in ["sync", "plan", "sync"] {
        let (code, report, said) = place.run(&[command]);
        assert!(command == "plan" || code == Some(11), "{report} {said}");
        assert!(place.read("calls").ends_with("state.json\n"));
        let held = std::fs::read_to_string(&list).unwrap();
        assert_eq!(held.lines().count(), 39, "{report}");
    }
    place.writes(
        "all",
        &[&companies[..20], &companies[59..]].concat(),
        "fourth",
    );
    let (code, report, said) = place.run(&["sync", "--confirm-deletions", &list]);
    assert_eq!(code, Some(0), "{report} {said}");
    assert!(!place.read("calls").ends_with("state.json\n"));
    assert!(place.name_of("21").is_none() && place.name_of("59").is_none());
    assert!(place.name_of("20").is_some() && place.name_of("60").is_some());
    assert_eq!(place.run(&["sync"]).0, Some(0));
}

#[test]
fn changes_above_the_limit_of_a_run_without_a_state_are_sent_later() {
    let place = Place::new(simulator());
    let companies: Vec<(u32, &str)> = (1..=10).map(|id| (id, "Company")).collect();
    place.writes("all", &companies, "first");
    place.writes("changes", &[], "second");
    for _ in 0..2 {
        let (code, report, said) = place.run(&["sync", "--max-changes", "3"]);
        assert_eq!(code, Some(11), "{report} {said}");
    }
    assert!(place.name_of("5").is_none());
    let (code, report, said) = place.run(&["sync"]);
    assert_eq!(code, Some(0), "{report} {said}");
    assert!(place.read("calls").ends_with("state.json\n"));
    assert!((1..=10).all(|id| place.name_of(&id.to_string()).is_some()));
}

#[test]
fn type_whose_stream_does_not_come_is_missing() {
    let place = Place::new(simulator());
    place.configure("complete-every = '0s'");
    assert_eq!(place.run(&["sync"]).0, Some(0));
    let all = place.read("all");
    let lines = all.split_inclusive('\n');
    let without: String = lines
        .filter(|line| !line.contains("\"companies\","))
        .collect();
    place.write("all", &without.replace("first", "second"));
    for command in ["plan", "sync"] {
        let (code, value, said) = place.run(&[command]);
        assert_eq!(code, Some(6), "{value} {said}");
        let whole = format!("{value} {said}");
        let expected = "source missing: the tap did not write stream";
        assert!(whole.contains(expected), "{whole}");
        assert!(
            whole.contains("remove [ACCOUNT] from the mapping"),
            "{whole}"
        );
    }
    assert!(place.name_of("1").is_some());
    assert!(place.state().contains("first"), "{}", place.state());
    // Nothing at all is not an answer, either.
    place.write("all", "");
    assert_eq!(place.run(&["sync"]).0, Some(6));
}

#[test]
fn run_without_one_of_the_streams_of_a_type_is_not_the_daily_one() {
    let place = Place::new(simulator());
    place.write(
        "crm.toml",
        &MAPPING.replace("'companies'", "['companies', 'partners']"),
    );
    for _ in 0..2 {
        let (code, report, said) = place.run(&["sync"]);
        assert_eq!(code, Some(0), "{report} {said}");
    }
    assert!(!place.read("calls").contains("--state"));
}

#[test]
fn tap_that_fails_sends_and_deletes_nothing() {
    let place = Place::new(simulator());
    place.configure("complete-every = '0s'");
    assert_eq!(place.run(&["sync"]).0, Some(0));
    place.writes("all", &[(3, "Third")], "second");
    place.write("end", "3");
    place.write("says", "no quota\n::error::left\n");
    let (code, report, said) = place.run(&["sync", "--max-deletions", "unlimited"]);
    assert_eq!(code, Some(6), "{report} {said}");
    let message = report["plan"]["problems"][0]["message"].as_str().unwrap();
    assert!(
        message.contains("sh ended with exit status: 3:\nno quota"),
        "{message}"
    );
    assert!(place.name_of("3").is_none() && place.name_of("1").is_some());
    assert!(place.state().contains("first"), "{}", place.state());
    assert_eq!(place.read("calls").lines().count(), 2);
    // Nor does one whose output ends in mid-line.
    place.write("end", "0");
    let cut = place.read("all");
    place.write("all", &cut[..cut.len() - 40]);
    let (code, report, _) = place.run(&["sync", "--max-deletions", "unlimited"]);
    assert_eq!(code, Some(6), "{report}");
    assert!(place.name_of("3").is_none() && place.name_of("1").is_some());
    assert!(place.state().contains("first"));
}

#[test]
fn state_is_kept_only_after_the_verdict() {
    let place = Place::new(simulator().processing(Processing::Never));
    let (code, report, said) = place.run(&["sync", "--wait", "100ms"]);
    assert_eq!(code, Some(7), "{report} {said}");
    assert_eq!(place.state(), "");
    // Nor if only some types or records were looked at.
    let place = Place::new(simulator());
    for only in ["STAGE", "ACCOUNT:1"] {
        let some = ["sync", "--only", only, "--only", "STAGE:7"];
        let words = if only == "STAGE" { &some[..3] } else { &some };
        assert_eq!(place.run(words).0, Some(0));
        assert_eq!(place.state(), "");
    }
    assert_eq!(place.run(&["sync"]).0, Some(0));
    assert!(place.state().contains("first"));
}

#[test]
fn type_with_a_source_of_its_own_is_not_read_from_the_tap() {
    let place = Place::new(simulator());
    place.configure("[sources.STAGE]\nfiles = 'stages.ldjson'\n");
    let stage = r#"{"objectId":"9","name":"Own","isActive":true,"sortOrder":1}"#;
    place.write("stages.ldjson", &format!("{stage}\n"));
    assert_eq!(place.run(&["sync"]).0, Some(0));
    assert!(place.simulator.object("STAGE", "9").is_some());
    assert!(place.simulator.object("STAGE", "7").is_none());
    assert!(place.state().contains("first"));
}

#[test]
fn tap_of_a_found_file_does_not_run() {
    let place = Place::new(simulator());
    let mut invocation = Invocation::new(&["sync"]);
    invocation.command().current_dir(place.directory.path());
    let output = invocation.against(place.simulator.base_url()).output();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("`sources.tap` would run sh tap.sh"), "{said}");
    assert_eq!(place.read("calls"), "");
}
