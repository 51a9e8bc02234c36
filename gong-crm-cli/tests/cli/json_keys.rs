//! `docs/json-output.md` describes every key that a command prints with `-o json`.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use crate::integration::registered;
use crate::invocation::{Invocation, workspace_root};

const ACCOUNTS: &str = r#"{"objectId":"a-1","modifiedDate":"2026-03-01T09:30:00Z","name":"Acme"}
{"objectId":"a-2","modifiedDate":"2026-03-01T09:30:00Z","name":"Beispiel"}
"#;

/// With one that is invalid.
const DEALS: &str = r#"{"objectId":"d-1","modifiedDate":"2026-03-01T09:30:00Z","accountId":"a-1","ownerId":"u-1"}
{"objectId":"d-2"}
"#;

const CONFIG: &str = "ledger = \"ledger.sqlite\"\n[sources.ACCOUNT]\nfiles = \"accounts.ldjson\"\n\
                      complete = true\n";

/// Objects whose keys are those of something else.
const OPAQUE: [&str; 4] = ["requests", "coverage", "found", "causes"];

/// The keys of a value and of what is in it.
fn keys(value: &Value, all: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                all.insert(key.clone());
                if !OPAQUE.contains(&key.as_str()) {
                    keys(value, all);
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|value| keys(value, all)),
        _ => {}
    }
}

/// The part of the page about a command, without what it says of others.
fn section<'p>(page: &'p str, command: &str) -> &'p str {
    let is_it = |part: &&str| {
        let title = part.lines().next().unwrap_or_default();
        title
            .split(", ")
            .any(|name| name == format!("gong-crm {command}"))
    };
    let found = page.split("\n## ").find(is_it);
    assert!(found.is_some(), "{command} is not described");
    found.unwrap_or_default()
}

#[test]
fn page_about_json_names_every_key() {
    let page = fs::read_to_string(workspace_root().join("docs/json-output.md")).unwrap();
    let simulator = registered();
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(directory.path().join(name), text).unwrap();
    write("accounts.ldjson", ACCOUNTS);
    write("deals.ldjson", DEALS);
    write("gong-crm.toml", CONFIG);
    let run = |words: &[&str]| {
        let mut invocation = Invocation::new(words);
        invocation.command().current_dir(directory.path());
        let invocation = invocation.against(simulator.base_url());
        let output = invocation.env("GONG_CONFIG", "gong-crm.toml").output();
        let (stdout, stderr) = (output.stdout, output.stderr);
        (
            String::from_utf8(stdout).unwrap(),
            String::from_utf8(stderr).unwrap(),
        )
    };
    let push = [
        "push",
        "accounts.ldjson",
        "deals.ldjson",
        "--skip-invalid",
        "--account-delay",
        "0s",
    ];
    let commands: [&[&str]; 14] = [
        &["check", "deals.ldjson"],
        &["push", "accounts.ldjson", "--dry-run"],
        &push,
        &["plan"],
        &["rejects"],
        &["uploads"],
        &["history", "ACCOUNT", "a-1"],
        &["changes", "--since", "1d"],
        &["why", "DEAL", "d-1"],
        &["sync", "--yes"],
        &["drift", "--min-age", "0s"],
        &["drift", "accounts.ldjson"],
        &["doctor"],
        &["resume"],
    ];
    for words in commands {
        if words[0] == "sync" {
            // A change and a deletion, of which somebody else has done one before.
            write(
                "accounts.ldjson",
                &ACCOUNTS
                    .lines()
                    .next()
                    .unwrap()
                    .replace("Acme", "Acme & Co"),
            );
        }
        let (printed, error) = run(&[words, &["-o", "json"]].concat());
        let mut of_command = BTreeSet::new();
        for line in printed.lines() {
            keys(&serde_json::from_str(line).unwrap(), &mut of_command);
        }
        let is_quiet = words[0] == "drift";
        assert!(is_quiet || !of_command.is_empty(), "{words:?}: {error}");
        let mut described = section(&page, words[0]).to_owned();
        if words[0] == "sync" {
            described += section(&page, "plan");
            described += section(&page, "push");
        }
        for key in of_command {
            assert!(
                described.contains(&format!("`{key}`")),
                "{words:?} prints `{key}`"
            );
        }
    }
    let (_, error) = run(&["push", "nothing.ldjson", "-o", "json"]);
    let mut of_error = BTreeSet::new();
    keys(&serde_json::from_str(&error).unwrap(), &mut of_error);
    let described = page
        .split("\n## ")
        .find(|part| part.starts_with("Errors"))
        .unwrap();
    for key in of_error {
        assert!(
            described.contains(&format!("`{key}`")),
            "an error has `{key}`"
        );
    }
}
