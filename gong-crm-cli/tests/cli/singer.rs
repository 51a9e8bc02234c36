//! `gong-crm singer`, `target-gong-crm` and `gong-crm presets`.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use gong_sim::{Effect, Fault, Operation, Simulator};
use serde_json::{Value, json};

use crate::integration::simulator;
use crate::invocation::Invocation;

/// The recorded output of tap-pipedrive.
const RECORDED: &str = include_str!("../../../gong-sources/tests/fixtures/pipedrive.jsonl");

/// A directory with the settings of a target, and a simulator.
struct Place {
    directory: tempfile::TempDir,
    simulator: Simulator,
}

impl Place {
    fn new() -> Self {
        let simulator = simulator().start_blocking().unwrap();
        simulator.register_integration("Acme CRM", "admin@acme.example");
        let directory = tempfile::tempdir().unwrap();
        let place = Self {
            directory,
            simulator,
        };
        std::fs::write(place.path("tap.jsonl"), RECORDED).unwrap();
        place.set(&json!({}));
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Writes the settings of a target, with these instead of the others.
    fn set(&self, more: &Value) {
        let mut settings = json!({
            "preset": "pipedrive",
            "base_url": self.simulator.base_url(),
            "access_key": "test-key",
            "access_key_secret": "test-secret",
            "ledger": self.path("ledger.sqlite"),
            "account_delay": "0s",
            "poll_interval": "20ms",
        });
        let more = more.as_object().unwrap().clone();
        settings.as_object_mut().unwrap().extend(more);
        std::fs::write(self.path("gong.json"), settings.to_string()).unwrap();
    }

    /// Runs target-gong-crm on the tap's output.
    fn target(&self, arguments: &[&str]) -> Output {
        self.program(env!("CARGO_BIN_EXE_target-gong-crm"), arguments)
    }

    fn program(&self, program: &str, arguments: &[&str]) -> Output {
        let input = std::fs::File::open(self.path("tap.jsonl")).unwrap();
        Command::new(program)
            .args(arguments)
            .current_dir(self.directory.path())
            .env_clear()
            .env("HOME", self.directory.path())
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .stdin(Stdio::from(input))
            .output()
            .unwrap()
    }
}

fn reported(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The states that were passed on.
fn states(output: &Output) -> Vec<Value> {
    let text = std::str::from_utf8(&output.stdout).unwrap();
    let lines = text.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn target_passes_one_state_on_and_nothing_else() {
    let place = Place::new();
    for round in 0..2 {
        let output = place.target(&["--config", "gong.json"]);
        assert_eq!(output.status.code(), Some(0), "{}", reported(&output));
        let states = states(&output);
        assert_eq!(states.len(), 1, "{states:?}");
        assert_eq!(
            states[0]["bookmarks"]["deals"]["update_time"],
            "2026-01-16T09:30:00Z"
        );
        let expected = ["1 accepted", "1 unchanged"][round];
        assert!(
            reported(&output).contains(expected),
            "{}",
            reported(&output)
        );
    }
    assert_eq!(place.simulator.object_count("DEAL"), 1);
    // What is kept is the owner's alone.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let kept = place.path("ledger.sqlite.singer/pipedrive");
        let mode = std::fs::metadata(kept).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0);
    }
}

#[test]
fn failing_upload_passes_no_state_on_and_has_its_code() {
    let place = Place::new();
    let fault = Fault::new(Effect::Status(401)).on(Operation::UploadEntities);
    place.simulator.add_fault(fault.nth(2)).unwrap();
    let output = place.target(&["--config", "gong.json"]);
    assert_eq!(output.status.code(), Some(4), "{}", reported(&output));
    assert_eq!(states(&output), [Value::Null; 0]);
    assert!(reported(&output).contains("no state was emitted"));
    assert!(!reported(&output).contains("test-secret"));
    place.simulator.clear_faults();
    let output = place.target(&["--config", "gong.json"]);
    assert_eq!(output.status.code(), Some(0), "{}", reported(&output));
    assert_eq!(states(&output).len(), 1);
}

#[test]
fn output_without_streams_of_the_mapping_is_said_and_passes_no_state_on() {
    let place = Place::new();
    place.set(&json!({"preset": "salesforce"}));
    let output = place.target(&["--config", "gong.json"]);
    let said = reported(&output);
    // The Singer SDK's tests of targets write streams that no mapping knows, and expect 0.
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert_eq!(states(&output), [Value::Null; 0]);
    assert!(said.contains("none of the mapping's streams"), "{said}");
    assert!(said.contains("\"organizations\""), "{said}");
}

#[test]
fn state_that_never_came_is_not_missed() {
    let place = Place::new();
    let lines = RECORDED.split_inclusive('\n');
    let stateless: String = lines.filter(|line| !line.contains("\"STATE\"")).collect();
    std::fs::write(place.path("tap.jsonl"), stateless).unwrap();
    let fault = Fault::new(Effect::Status(401)).on(Operation::UploadEntities);
    place.simulator.add_fault(fault).unwrap();
    let output = place.target(&["--config", "gong.json"]);
    assert_eq!(output.status.code(), Some(4), "{}", reported(&output));
    assert!(
        !reported(&output).contains("no state"),
        "{}",
        reported(&output)
    );
}

#[test]
fn line_that_is_no_message_ends_the_run_with_2_and_without_a_state() {
    let place = Place::new();
    let count = RECORDED.lines().count();
    let (but_last, _) = RECORDED.trim_end().rsplit_once('\n').unwrap();
    let cut = &RECORDED[..RECORDED.trim_end().len() - 5];
    for (line, input) in [
        (count, cut.as_bytes().to_vec()),
        (count, [but_last.as_bytes(), b"\nINFO starting\n"].concat()),
        (
            count,
            [but_last.as_bytes(), b"\n{\"type\": \"\xff\"}\n"].concat(),
        ),
        (count + 1, [RECORDED.as_bytes(), b"[1]\n"].concat()),
        (
            1,
            br#"{"type": "RECORD", "stream": "deals", "record": {"id": 1}}"#.to_vec(),
        ),
    ] {
        std::fs::write(place.path("tap.jsonl"), &input).unwrap();
        let output = place.target(&["--config", "gong.json"]);
        let said = reported(&output);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert_eq!(states(&output), [Value::Null; 0], "{said}");
        assert!(said.contains(&format!("line {line}")), "{said}");
    }
}

#[test]
fn rejected_records_fail_the_run_only_if_that_is_asked_for() {
    let place = Place::new();
    let broken = RECORDED.replace("2026-06-30", "someday");
    std::fs::write(place.path("tap.jsonl"), broken).unwrap();
    let output = place.target(&["--config", "gong.json"]);
    assert_eq!(output.status.code(), Some(0), "{}", reported(&output));
    assert_eq!(states(&output).len(), 1);
    assert!(reported(&output).contains("gong-crm rejects shows them"));
    place.set(&json!({"fail_on_rejected": true, "someday": 1}));
    let output = place.target(&["--config", "gong.json"]);
    assert_eq!(output.status.code(), Some(5), "{}", reported(&output));
    assert_eq!(states(&output).len(), 1);
    assert!(reported(&output).contains("the setting someday is unknown"));
    let rejects = Invocation::new(&["rejects", "-o", "json", "--ledger"]);
    let mut rejects = rejects.against(place.simulator.base_url());
    rejects.command().arg(place.path("ledger.sqlite"));
    let listed = String::from_utf8(rejects.output().stdout).unwrap();
    assert!(listed.contains("\"objectId\":\"11\""), "{listed}");
}

#[cfg(unix)]
#[test]
fn held_back_deletions_are_named_with_the_next_step() {
    let place = Place::new();
    let run = || {
        let arguments = ["singer", "--config", "gong.json", "--tap", "cat tap.jsonl"];
        place.program(env!("CARGO_BIN_EXE_gong-crm"), &arguments)
    };
    let output = run();
    assert_eq!(output.status.code(), Some(0), "{}", reported(&output));
    let is_deal = |line: &&str| line.contains("RECORD") && line.contains("\"deals\"");
    let others = RECORDED.lines().filter(|line| !is_deal(line));
    let others: Vec<&str> = others.collect();
    std::fs::write(place.path("tap.jsonl"), others.join("\n") + "\n").unwrap();
    let output = run();
    let said = reported(&output);
    assert_eq!(output.status.code(), Some(11), "{said}");
    for expected in [
        "DEAL ",
        "is not deleted: gone from the source",
        "--confirm-deletions",
    ] {
        assert!(said.contains(expected), "{said}");
    }
    assert_eq!(place.simulator.object_count("DEAL"), 1);
}

#[cfg(unix)]
#[test]
fn tap_is_given_the_state_of_the_last_run() {
    let place = Place::new();
    let script =
        "#!/bin/sh\necho \"$@\" >> asked\nenv | grep -c SECRET >> secrets\ncat tap.jsonl\n";
    std::fs::write(place.path("tap.sh"), script).unwrap();
    let run = || {
        let arguments = ["singer", "--config", "gong.json", "--tap"];
        let command = ["sh tap.sh --config 'my tap.json'", "--state", "state.json"];
        place.program(
            env!("CARGO_BIN_EXE_gong-crm"),
            &[&arguments[..], &command].concat(),
        )
    };
    for _ in 0..2 {
        let output = run();
        assert_eq!(output.status.code(), Some(0), "{}", reported(&output));
    }
    let asked = std::fs::read_to_string(place.path("asked")).unwrap();
    assert_eq!(
        asked,
        "--config my tap.json\n--config my tap.json --state state.json\n"
    );
    let state = std::fs::read_to_string(place.path("state.json")).unwrap();
    assert!(state.contains("2026-01-16T09:30:00Z"), "{state}");
    // A tap that fails is reported; what it wrote before is in Gong, and its state goes on.
    std::fs::write(place.path("tap.sh"), "cat tap.jsonl; exit 3").unwrap();
    let output = run();
    assert_eq!(output.status.code(), Some(6), "{}", reported(&output));
    assert!(
        reported(&output).contains("the tap failed with"),
        "{}",
        reported(&output)
    );
    assert_eq!(states(&output).len(), 1);
}

#[test]
fn mistakes_in_the_settings_are_usage_errors() {
    let place = Place::new();
    for (settings, arguments, expected) in [
        (
            json!({"preset": "abacus"}),
            &[][..],
            "there is no preset \"abacus\"",
        ),
        (
            json!({"preset": null}),
            &[],
            "neither a preset nor a mapping is set",
        ),
        (
            json!({"mapping": "x.toml"}),
            &[],
            "both a preset and a mapping are set",
        ),
        (json!({"flush_after": "often"}), &[], "flush_after: "),
        (
            json!({}),
            &["--preset", "copper", "--mapping", "x.toml"],
            "cannot be used with",
        ),
        (json!({}), &["--tap", "'open"], "a quote that is not closed"),
    ] {
        place.set(&settings);
        let arguments = [&["--config", "gong.json"], arguments].concat();
        let output = place.target(&arguments);
        assert_eq!(output.status.code(), Some(2), "{}", reported(&output));
        assert!(
            reported(&output).contains(expected),
            "{}",
            reported(&output)
        );
    }
    std::fs::write(
        place.path("gong.json"),
        "{\"access_key_secret\": \"s3cret\"",
    )
    .unwrap();
    let output = place.target(&["--config", "gong.json"]);
    assert_eq!(output.status.code(), Some(2), "{}", reported(&output));
    assert!(
        !reported(&output).contains("s3cret"),
        "{}",
        reported(&output)
    );
}

#[test]
fn target_describes_itself() {
    let place = Place::new();
    let output = place.target(&["--about", "--format", "json"]);
    let about: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(about["name"], "target-gong-crm");
    assert_eq!(
        about["settings"]["properties"]["bearer_token"]["secret"],
        true
    );
    for format in ["text", "markdown"] {
        let output = place.target(&["--about", "--format", format]);
        assert_eq!(output.status.code(), Some(0));
        assert!(
            String::from_utf8(output.stdout)
                .unwrap()
                .contains("fail_on_rejected")
        );
    }
}

#[test]
fn presets_say_what_they_cannot_see() {
    let list = Invocation::new(&["presets", "list", "-o", "json"]).output();
    let text = String::from_utf8(list.stdout).unwrap();
    assert_eq!(text.lines().count(), 6);
    for line in text.lines() {
        let preset: Value = serde_json::from_str(line).unwrap();
        let name = preset["name"].as_str().unwrap();
        let shown = Invocation::new(&["presets", "show", name]).output();
        let shown = String::from_utf8(shown.stdout).unwrap();
        assert!(shown.contains("# Deletions: "), "{shown}");
        assert!(shown.contains("[DEAL.fields]"), "{shown}");
        assert!(!preset["limits"].as_array().unwrap().is_empty());
    }
}
