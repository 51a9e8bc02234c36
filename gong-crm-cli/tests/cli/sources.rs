//! Sources that are not files: programs and databases.

use std::path::PathBuf;

use gong_sim::Simulator;
use serde_json::Value;

use crate::integration::simulator;
use crate::invocation::Invocation;

/// A directory with a config file, and a simulator.
struct Place {
    directory: tempfile::TempDir,
    simulator: Simulator,
}

impl Place {
    fn new(source: &str) -> Self {
        let simulator = simulator().start_blocking().unwrap();
        simulator.register_integration("Acme CRM", "admin@acme.example");
        let place = Self {
            directory: tempfile::tempdir().unwrap(),
            simulator,
        };
        place.configure(source);
        place
    }

    /// Writes a config file with this source of accounts.
    fn configure(&self, source: &str) {
        let head = "ledger = \"ledger.sqlite\"\n[sources.ACCOUNT]\ncomplete = true\n";
        self.write("gong-crm.toml", &format!("{head}{source}\n"));
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    fn command(&self, words: &[&str]) -> Invocation {
        let mut invocation = Invocation::new(&[&["--config", "gong-crm.toml"], words].concat());
        invocation.command().current_dir(self.directory.path());
        invocation.against(self.simulator.base_url())
    }

    /// Runs a command; gives its exit code, its JSON and what it says.
    fn json(&self, words: &[&str]) -> (Option<i32>, Value, String) {
        let words = [words, &["-o", "json"]].concat();
        let output = self.command(&words).output();
        let value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), value, said)
    }

    fn sql(&self, text: &str) {
        let database = rusqlite::Connection::open(self.path("crm.db")).unwrap();
        database.execute_batch(text).unwrap();
    }
}

const TABLE: &str = "create table accounts (id integer, name text, changed text, size);
    insert into accounts values (1, 'Analytical Engines', '2026-01-15T09:30:00Z', 12.0),
        (2, 'Difference Machines', '2026-01-16T09:30:00Z', null);";

const SQL: &str = "sql = { url = \"sqlite:crm.db\", query = \"accounts.sql\" }";

const QUERY: &str = "select id as objectid, name, changed as modifieddate from accounts;\n-- all";

#[test]
fn query_of_a_database_is_synced_and_vanished_rows_are_deleted() {
    let place = Place::new(SQL);
    place.sql(TABLE);
    place.write("accounts.sql", QUERY);
    let (code, report, said) = place.json(&["check"]);
    assert_eq!(code, Some(0), "{report} {said}");
    let (code, report, said) = place.json(&["sync", "--account-delay", "0"]);
    assert_eq!(code, Some(0), "{report} {said}");
    let engines = place.simulator.object("ACCOUNT", "1").unwrap();
    assert_eq!(engines["name"], "Analytical Engines");
    place.sql("delete from accounts where id = 2");
    let (code, report, said) = place.json(&["sync", "--max-deletions", "unlimited"]);
    assert_eq!(code, Some(0), "{report} {said}");
    assert!(place.simulator.object("ACCOUNT", "2").is_none());
    // A database that cannot be read deletes nothing.
    place.sql("alter table accounts rename to gone");
    let (code, report, _) = place.json(&["sync", "--max-deletions", "unlimited"]);
    assert_eq!(code, Some(6), "{report}");
    let message = report["plan"]["problems"][0]["message"].as_str().unwrap();
    let expected = "query accounts.sql: no such table";
    assert!(message.contains(expected), "{message}");
    assert!(place.simulator.object("ACCOUNT", "1").is_some());
}

#[test]
fn source_of_the_command_line_is_pushed() {
    let place = Place::new("files = \"accounts.ldjson\"");
    place.sql(TABLE);
    let query = "select id as objectId, name, changed as modifiedDate from accounts where id = 2";
    let source = format!("ACCOUNT={{ sql = {{ url = 'sqlite:crm.db', query = \"{query}\" }} }}");
    let (code, report, said) = place.json(&["push", "--source", &source, "--account-delay", "0"]);
    assert_eq!(code, Some(0), "{report} {said}");
    assert_eq!(report["files"][0]["accepted"], 1, "{report}");
    assert!(place.simulator.object("ACCOUNT", "2").is_some());
    let (code, plan, said) = place.json(&["plan", "--source", &source]);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(plan["types"][0]["unchanged"], 1, "{plan}");
    let (code, _, said) = place.json(&["push", "accounts.ldjson", "--source", &source]);
    assert_eq!(code, Some(2));
    assert!(said.contains("--source and paths"), "{said}");
}

#[test]
fn mistakes_in_a_query_name_query_row_and_column() {
    let place = Place::new(SQL);
    place.sql(TABLE);
    place.sql("insert into accounts values (3, x'00ff', '2026-01-17T09:30:00Z', 1)");
    for (query, expected) in [
        (QUERY, "query accounts.sql, row 3: name holds bytes"),
        (
            "select id, name from accounts where id < 3",
            "no column is called objectId; there are id, name",
        ),
        (
            "select id as objectId, id as objectId from accounts",
            "two columns are called",
        ),
        ("delete from accounts", "it would change the database"),
        ("select", "query accounts.sql: incomplete input"),
    ] {
        place.write("accounts.sql", query);
        let (code, _, said) = place.json(&["check"]);
        assert_eq!(code, Some(6), "{query}: {said}");
        // The message is a string of JSON.
        assert!(said.contains(expected), "{query}: {said}");
    }
}

#[test]
fn url_with_a_password_is_refused_and_not_shown() {
    let place =
        Place::new("sql = { url = \"postgres://ada:hunter2@db/crm\", query = \"select 1\" }");
    let (code, _, said) = place.json(&["plan"]);
    assert_eq!(code, Some(2));
    assert!(said.contains("the URL holds a password"), "{said}");
    assert!(!said.contains("hunter2"), "{said}");
}

#[cfg(unix)]
#[test]
fn untrusted_config_runs_nothing_and_sends_nothing() {
    let place = Place::new(&script("echo > ran"));
    let run = |words: &[&str]| {
        let mut invocation = Invocation::new(words);
        invocation.command().current_dir(place.directory.path());
        let output = invocation.against(place.simulator.base_url()).output();
        (
            output.status.code(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )
    };
    let sources = [
        (script("echo > ran"), "would run /bin/sh -c 'echo > ran'"),
        (
            "sql = { url = \"sqlite:crm.db\", query = \"a.sql\" }".to_owned(),
            "would read crm.db",
        ),
        (
            "sql = { url = \"postgres://ada:hunter2@db/crm\", query = \"a.sql\" }".to_owned(),
            "would connect to postgres://ada@db/crm",
        ),
        (
            "parquet = { url = \"env:BUCKET\" }".to_owned(),
            "would connect to env:BUCKET",
        ),
    ];
    for (source, expected) in sources {
        place.configure(&source);
        for command in ["check", "plan", "push", "sync"] {
            let (code, said) = run(&[command]);
            assert_eq!(code, Some(2), "{command}: {said}");
            assert!(said.contains(expected), "{command}: {said}");
            assert!(!said.contains("hunter2"), "{said}");
        }
    }
    assert!(!place.path("ran").exists());
    assert!(place.simulator.requests().is_empty());
}

/// A source that runs this script.
#[cfg(unix)]
fn script(text: &str) -> String {
    format!("command = [\"/bin/sh\", \"-c\", '''{text}''']")
}

#[cfg(unix)]
const LINES: &str =
    r#"printf '{"objectId":"a-%s","modifiedDate":"2026-01-15T09:30:00Z","name":"x"}\n' "#;

#[cfg(unix)]
#[test]
fn output_of_a_program_is_synced_and_its_failure_deletes_nothing() {
    let place = Place::new(&script(&format!("{LINES} 1 2 3")));
    let (code, report, said) = place.json(&["sync", "--account-delay", "0"]);
    assert_eq!(code, Some(0), "{report} {said}");
    assert_eq!(place.simulator.object_count("ACCOUNT"), 3);
    // Half of the output, and then it fails.
    let failing = format!("{LINES} 1; printf 'no \\033[31mtable' >&2; exit 3");
    place.configure(&script(&failing));
    let (code, report, _) = place.json(&["sync", "--max-deletions", "unlimited"]);
    assert_eq!(code, Some(6), "{report}");
    let message = report["plan"]["problems"][0]["message"].as_str().unwrap();
    assert!(message.contains("ended with exit status: 3"), "{message}");
    assert!(message.contains("no \\u{1b}[31mtable"), "{message}");
    assert_eq!(place.simulator.object_count("ACCOUNT"), 3);
}

#[cfg(unix)]
#[test]
fn program_gets_no_credentials_of_gong() {
    let environment = "/usr/bin/env | /bin/grep -c GONG_";
    let place = Place::new(&script(&format!("{LINES} $({environment})")));
    let push = place.command(&["push", "--account-delay", "0", "-o", "json"]);
    let output = push.env("TARGET_GONG_CRM_BEARER_TOKEN", "hidden").output();
    let report = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{output:?}");
    let is_there = place.simulator.object("ACCOUNT", "a-0").is_some();
    assert!(is_there, "{report}");
}

#[cfg(unix)]
#[test]
fn array_and_csv_of_a_program_go_through_the_mapping() {
    let mapping = "[ACCOUNT.fields]\nobjectId = \"Id\"\nname = \"Name\"\n\
                   modifiedDate = { constant = \"2026-01-15T09:30:00Z\" }\n";
    let outputs = [
        "echo '[{\"Id\": 1, \"Name\": \"x\"}, {\"Id\": 2, \"Name\": \"y\"}]'",
        "echo Id,Name; echo 1,x; echo 2,y",
    ];
    for output in outputs {
        let place = Place::new(&format!("map = \"map.toml\"\n{}", script(output)));
        place.write("map.toml", mapping);
        let (code, report, said) = place.json(&["push", "--account-delay", "0"]);
        assert_eq!(code, Some(0), "{output}: {report} {said}");
        assert!(place.simulator.object("ACCOUNT", "2").is_some(), "{output}");
    }
    let place = Place::new(&script("echo Id,Name; echo 1,x"));
    let (code, _, said) = place.json(&["push"]);
    assert_eq!(code, Some(6), "{said}");
    assert!(said.contains("write a mapping of its columns"), "{said}");
}
