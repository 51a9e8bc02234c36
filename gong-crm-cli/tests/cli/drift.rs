//! `gong-crm drift`: what Gong has, compared with the ledger or with files.

use gong_sim::Simulator;
use serde_json::Value;

use crate::deals::{SENT, push, run};
use crate::integration::registered;
use crate::invocation::{Invocation, assert_transcript};

#[test]
fn file_is_compared_with_gong() {
    let sim = registered();
    push(&sim, SENT);
    let verify = ["drift", "deals.ldjson"];
    assert_transcript!("drift_files_same", run(&sim, &verify, SENT));
    // The same moment in another zone, the same number in another form, an older line of a record.
    let same = r#"{"objectId":"d-1","name":"Old"}
{"objectId":"d-1","modifiedDate":"2026-03-01T08:30:00Z","amount":1000.00,"name":"One"}
"#;
    assert_transcript!("drift_files_alike", run(&sim, &verify, same));
    let differs = r#"{"objectId":"d-1","amount":1001,"name":"One","color":"red"}
{"objectId":"d-2","modifiedDate":"2026-03-01T09:30:00+01:00","isDeleted":true}
{"objectId":"d-9","amount":1}
{"objectId":"d-8","isDeleted":true}

not json
{"amount":1}
"#;
    assert_transcript!("drift_files_differs", run(&sim, &verify, differs));
    let capped = ["drift", "deals.ldjson", "--max", "1"];
    assert_transcript!("drift_files_capped", run(&sim, &capped, differs));
    let json = ["drift", "deals.ldjson", "-o", "json"];
    assert_transcript!("drift_files_json", run(&sim, &json, differs));
    let missing = Invocation::new(&["drift", "deals.ldjson"]);
    assert_transcript!("drift_files_missing_file", missing.against(sim.base_url()));
    let unknown = Invocation::new(&["drift", "things.ldjson"]).file("things.ldjson", SENT);
    assert_transcript!("drift_files_unknown_type", unknown.against(sim.base_url()));
}

#[test]
fn newest_version_in_several_files_is_compared() {
    let sim = registered();
    let deal = |id: &str, day: u32, more: &str| {
        format!(
            r#"{{"objectId":"{id}","modifiedDate":"2026-03-0{day}T09:30:00Z","url":"https://crm.acme.example/{id}",{more}}}"#
        )
    };
    // Within a file the latest date counts; the second file comes after the first; deletions go last.
    let one = [
        deal("d-1", 2, r#""name":"New""#),
        deal("d-1", 1, r#""name":"Old""#),
        deal("d-2", 5, r#""name":"Of the first""#),
        deal("d-3", 1, r#""isDeleted":true"#),
    ];
    let two = [
        deal("d-2", 1, r#""name":"Of the second""#),
        deal("d-3", 2, r#""name":"Gone""#),
    ];
    let now = [
        deal(
            "d-1",
            2,
            r#""name":"New","accountId":"a","ownerId":"u","closeDate":"2026-09-30","stage":"s""#,
        ),
        deal(
            "d-2",
            1,
            r#""name":"Of the second","accountId":"a","ownerId":"u","closeDate":"2026-09-30","stage":"s""#,
        ),
    ];
    push(&sim, &(now.join("\n") + "\n"));
    let verify = Invocation::new(&["drift", "deals-1.ldjson", "deals-2.ldjson"])
        .against(sim.base_url())
        .file("deals-1.ldjson", &one.join("\n"))
        .file("deals-2.ldjson", &two.join("\n"));
    assert_transcript!("drift_files_several", verify);
}

#[test]
fn directories_patterns_and_files_are_compared() {
    let sim = registered();
    let account = r#"{"objectId":"a-1","modifiedDate":"2026-03-01T09:30:00Z","url":"https://crm.acme.example/a-1","name":"Acme"}"#;
    let stage = r#"{"objectId":"s-1","modifiedDate":"2026-03-01T09:30:00Z","name":"Won","displayName":"Won","isActive":true,"sortOrder":1}"#;
    push(&sim, SENT);
    let exports = |words: &[&str], deals: &str| {
        Invocation::new(&[&["drift"], words].concat())
            .against(sim.base_url())
            .folder("exports")
            .file("exports/deals.ldjson", deals)
            .file("exports/accounts.ldjson", &format!("{account}\n"))
            .file("exports/stages.ldjson", &format!("{stage}\n"))
    };
    assert_transcript!("drift_files_folder", exports(&["exports"], SENT));
    let pattern = exports(&["exports/d*.ldjson"], SENT);
    assert_transcript!("drift_files_pattern", pattern);
    let named = exports(&["exports/stages.ldjson"], SENT);
    assert_transcript!("drift_files_stages", named);
    let pattern = exports(&["exports/s*.ldjson"], SENT);
    assert_transcript!("drift_files_nothing", pattern);
    assert_transcript!("drift_files_input", exports(&["-"], SENT));
    let nowhere = exports(&["x*.ldjson"], SENT);
    assert_transcript!("drift_files_no_file", nowhere);
}

/// A directory with a config file, an export and a ledger, and a simulator.
struct Place {
    directory: tempfile::TempDir,
    simulator: Simulator,
}

impl Place {
    fn new() -> Self {
        let place = Self {
            directory: tempfile::tempdir().unwrap(),
            simulator: registered(),
        };
        let config = "ledger = \"ledger.sqlite\"\n[sync]\nscope = \"acme\"\n\
                      [sources.ACCOUNT]\nfiles = \"accounts.ldjson\"\ncomplete = true\n";
        place.write("gong-crm.toml", config);
        place.write(
            "accounts.ldjson",
            &accounts(&["Acme", "Beispiel", "Ejemplo"]),
        );
        place
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.directory.path().join(name), text).unwrap();
    }

    fn command(&self, words: &[&str]) -> Invocation {
        let mut invocation = Invocation::new(words);
        invocation.command().current_dir(self.directory.path());
        invocation
            .against(self.simulator.base_url())
            .env("GONG_CONFIG", "gong-crm.toml")
    }

    fn code(&self, words: &[&str]) -> Option<i32> {
        self.command(words).output().status.code()
    }

    /// What somebody else does in the same Gong.
    fn other_pushes(&self, lines: &str) {
        self.write("accounts-of-others.ldjson", lines);
        let push = [
            "push",
            "accounts-of-others.ldjson",
            "--ledger",
            "other.sqlite",
        ];
        assert_eq!(self.code(&push), Some(0));
    }
}

fn accounts(names: &[&str]) -> String {
    let date = "2026-03-01T09:30:00Z";
    let line = |(number, name): (usize, &&str)| {
        let url = format!("https://crm.acme.example/{number}");
        format!(
            "{{\"objectId\":\"a-{number}\",\"modifiedDate\":\"{date}\",\"name\":\"{name}\",\"url\":\"{url}\"}}\n"
        )
    };
    names
        .iter()
        .enumerate()
        .map(line)
        .collect::<Vec<_>>()
        .concat()
}

#[test]
fn what_others_changed_is_found_and_repaired() {
    let place = Place::new();
    let sync = ["sync", "--account-delay", "0", "--no-progress"];
    assert_eq!(place.code(&sync), Some(0));
    assert_transcript!("drift_too_new", place.command(&["drift"]));
    let drift = ["drift", "--min-age", "0"];
    assert_transcript!("drift_same", place.command(&drift));
    place.other_pushes(&accounts(&["Acme by hand"]));
    assert_transcript!("drift_different", place.command(&drift));
    let json = [&drift[..], &["-o", "json"]].concat();
    let output = place.command(&json).output();
    assert_eq!(output.status.code(), Some(5));
    let line: Value = serde_json::from_slice(&output.stdout).unwrap();
    let expected = serde_json::json!({
        "objectType": "ACCOUNT", "objectId": "a-0", "kind": "different", "handled": "nothing",
        "fields": [{"field": "name", "found": "Acme by hand", "isExtra": false}],
    });
    assert_eq!(line, expected);
    let repair = [&drift[..], &["--repair"]].concat();
    assert_transcript!("drift_repaired", place.command(&repair));
    assert_eq!(
        place.simulator.object("ACCOUNT", "a-0").unwrap()["name"],
        "Acme"
    );
    assert_eq!(place.code(&drift), Some(0));
    let both = ["drift", "accounts.ldjson", "--repair"];
    assert_eq!(place.code(&both), Some(2));
}
