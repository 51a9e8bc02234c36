//! check, push, plan and sync read the same input in the same way.

use serde_json::Value;

use crate::sync::Place;

/// A directory with these files beside a ledger.
fn place(files: &[(&str, &str)]) -> Place {
    let place = Place::new();
    std::fs::remove_file(place.path("gong-crm.toml")).unwrap();
    for (name, text) in files {
        let path = place.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    place
}

fn new_records(plan: &Value) -> Vec<(String, u64)> {
    let types = plan["types"].as_array().unwrap();
    let of_type = types.iter().map(|of_type| {
        let name = of_type["objectType"].as_str().unwrap().to_owned();
        (name, of_type["new"].as_u64().unwrap())
    });
    of_type.collect()
}

#[test]
fn mapped_json_lines_are_rows_for_every_command() {
    let place = place(&[
        (
            "gong-crm.toml",
            "ledger = 'ledger.sqlite'\n[sources.ACCOUNT]\nfiles = 'accounts.jsonl'\nmap = 'm.toml'\n",
        ),
        (
            "m.toml",
            "[ACCOUNT.fields]\nobjectId = 'Id'\nname = 'Name'\nmodifiedDate = 'Mod'\n",
        ),
        (
            "accounts.jsonl",
            "{\"Id\":1,\"Name\":\"A\",\"Mod\":\"2026-01-15T09:30:00Z\"}\n",
        ),
        (
            "other/accounts.ndjson",
            "{\"objectId\":\"1\",\"name\":\"A\",\"modifiedDate\":\"2026-01-15T09:30:00Z\"}\n",
        ),
    ]);
    for words in [
        &["check"][..],
        &["check", "accounts.jsonl", "--map", "m.toml"],
        // Records stay records, whatever mapping is there.
        &["check", "other/accounts.ndjson", "--map", "m.toml"],
        &["convert", "accounts.jsonl", "--map", "m.toml"],
    ] {
        let output = place.command(words).output();
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{words:?}: {told}");
    }
    let (code, plan) = place.json(&["plan"]);
    assert_eq!(code, Some(0), "{plan}");
    assert_eq!(new_records(&plan), [("ACCOUNT".to_owned(), 1)]);
    let (code, report) = place.json(&["sync"]);
    assert_eq!(code, Some(0), "{report}");
    assert!(place.simulator.object("ACCOUNT", "1").is_some());
}

#[test]
fn cells_are_looked_up_in_the_records_of_other_sources() {
    let accounts = "[ACCOUNT.fields]\nobjectId = { from = 'No', replace = { '/' = '-' } }\n\
        name = 'Name'\nmodifiedDate = 'Mod'\n";
    let deals = "[DEAL.fields]\nobjectId = 'Id'\nname = 'Name'\nmodifiedDate = 'Mod'\n\
        accountId = { from = 'Company', lookup = { in = 'ACCOUNT', key = 'name', value = 'objectId' } }\n";
    let both = format!("{accounts}{deals}");
    let place = place(&[
        (
            "gong-crm.toml",
            "ledger = 'ledger.sqlite'\n\
             [sources.ACCOUNT]\nfiles = { glob = 'exports/accounts-*.csv', take = 'latest' }\n\
             map = 'accounts.toml'\n\
             [sources.DEAL]\nfiles = { glob = 'exports/deals-*.csv', take = 'latest' }\n\
             map = 'deals.toml'\n",
        ),
        ("accounts.toml", accounts),
        ("deals.toml", deals),
        ("both.toml", &both),
        (
            "exports/accounts-2026-01-15.csv",
            "No,Name,Mod\nA/1,Acme,2026-01-15T09:30:00Z\n",
        ),
        (
            "exports/deals-2026-01-15.csv",
            "Id,Name,Company,Mod\n7,Pilot,Acme,2026-01-15T09:30:00Z\n",
        ),
    ]);
    let output = place
        .command(&["check", "exports", "--map", "both.toml"])
        .output();
    let told = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{told}");
    let (code, plan) = place.json(&["plan"]);
    assert_eq!(code, Some(0), "{plan}");
    let (code, report) = place.json(&["sync", "--account-delay", "0"]);
    assert_eq!(code, Some(0), "{report}");
    let deal = place.simulator.object("DEAL", "7").unwrap();
    assert_eq!(deal["accountId"], "A-1", "{deal}");
}

#[test]
fn every_command_looks_up_in_the_mapping_of_another_file() {
    let accounts = "[ACCOUNT.fields]\nobjectId = 'No'\nname = 'Name'\nmodifiedDate = 'Mod'\n";
    let contacts = "[CONTACT.fields]\nobjectId = 'Id'\nmodifiedDate = 'Mod'\n\
        emailAddress = 'Mail'\nfirstName = 'First'\nlastName = 'Last'\n\
        accountId = { from = 'Company', lookup = { in = 'ACCOUNT', key = 'name', value = 'objectId' } }\n";
    let people =
        "Id,Mail,First,Last,Company,Mod\n7,a@acme.example,Ada,Lane,Acme,2026-01-15T09:30:00Z\n";
    let companies = "No,Name,Mod\na-1,Acme,2026-01-15T09:30:00Z\n";
    let place = place(&[
        (
            "gong-crm.toml",
            "ledger = 'ledger.sqlite'\n\
             [sources.ACCOUNT]\nfiles = 'other/companies.csv'\nmap = 'accounts.toml'\n",
        ),
        ("accounts.toml", accounts),
        ("elsewhere/accounts.toml", accounts),
        ("contacts.toml", contacts),
        ("exports/accounts.csv", companies),
        ("exports/contacts.csv", people),
        // These names say no type, so the config file has to say where the accounts are.
        ("other/companies.csv", &companies.replace("a-1", "a-2")),
        ("other/contacts.csv", people),
    ]);
    for (file, accounts, expected) in [
        ("exports/contacts.csv", "elsewhere/accounts.toml", "a-1"),
        ("other/contacts.csv", "accounts.toml", "a-2"),
    ] {
        let maps = ["--map", "contacts.toml", "--map", accounts];
        let convert = [&["convert", file][..], &maps].concat();
        let output = place.command(&convert).output();
        let lines = String::from_utf8_lossy(&output.stdout);
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{told}");
        let id = format!("\"accountId\":\"{expected}\"");
        assert!(lines.contains(&id), "{lines}");
        for command in [&["check", file][..], &["push", file, "--dry-run"]] {
            let output = place.command(&[command, &maps].concat()).output();
            let told = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(0), "{command:?}: {told}");
        }
    }
    for command in ["check", "convert"] {
        let words = [command, "exports/contacts.csv", "--map", "contacts.toml"];
        let output = place.command(&words).output();
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{told}");
        let help = "name the mapping that has it, too: --map FILE";
        assert!(told.contains(help), "{told}");
    }
}

#[test]
fn convert_says_of_equal_rows_and_empty_files_what_the_check_says() {
    let stage = "Id,Name,Order\ns-1,New,1\n";
    let place = place(&[
        ("gong-crm.toml", "ledger = 'ledger.sqlite'\n"),
        (
            "m.toml",
            "[STAGE.fields]\nobjectId = 'Id'\nname = 'Name'\nsortOrder = 'Order'\n\
             isActive = { constant = true }\n",
        ),
        ("stages.csv", &format!("{stage}s-1,New,1\n")),
        ("stages-one.csv", stage),
        ("stages-empty.csv", "\n"),
    ]);
    for (name, expected) in [
        ("stages.csv", Some(0)),
        ("stages-one.csv", Some(0)),
        ("stages-empty.csv", Some(2)),
    ] {
        for command in ["check", "convert"] {
            let words = [command, name, "--map", "m.toml"];
            let output = place.command(&words).output();
            let told = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), expected, "{words:?}: {told}");
        }
    }
    let output = place
        .command(&["convert", "-", "--map", "m.toml"])
        .input(stage)
        .output();
    let lines = String::from_utf8_lossy(&output.stdout);
    assert!(lines.contains("\"objectId\":\"s-1\""), "{lines}");
}

#[test]
fn findings_of_a_plan_are_those_of_the_check() {
    let mapping = "[ACCOUNT.fields]\nobjectId = 'Id'\nmodifiedDate = 'Mod'\n";
    let place = place(&[
        (
            "gong-crm.toml",
            "ledger = 'ledger.sqlite'\n[sources.ACCOUNT]\nfiles = 'accounts.csv'\nmap = 'm.toml'\n",
        ),
        ("m.toml", mapping),
        (
            "accounts.csv",
            "Id,Mod\n1,2026-01-15T09:30:00Z\n2,2026-01-xx\n",
        ),
    ]);
    for words in [&["plan"][..], &["plan", "--exit-code"]] {
        let output = place.command(words).output();
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(3), "{told}");
        assert!(told.contains("--> accounts.csv:3 (objectId 2)"), "{told}");
    }
    // Where a finding makes every source unusable, nothing is sent: as the check says.
    let open = format!("{mapping}name = {{ todo = 'Which?' }}\n");
    std::fs::write(place.path("m.toml"), open).unwrap();
    for words in [&["check"][..], &["plan"], &["sync"]] {
        let output = place.command(words).output();
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(3), "{words:?}: {told}");
    }
    // A source that can't be read failed as a whole.
    std::fs::remove_file(place.path("accounts.csv")).unwrap();
    for words in ["plan", "sync"] {
        let output = place.command(&[words]).output();
        assert_eq!(output.status.code(), Some(6), "{words}");
    }
}

#[test]
fn table_of_a_source_says_the_type_of_its_file() {
    let line = |id: &str| {
        format!(
            "{{\"objectId\":\"{id}\",\"name\":\"A\",\"modifiedDate\":\"2026-01-15T09:30:00Z\"}}\n"
        )
    };
    let contact = "{\"objectId\":\"c-1\",\"accountId\":\"a-1\",\"emailAddress\":\"c@acme.example\",\
                   \"modifiedDate\":\"2026-01-15T09:30:00Z\"}\n";
    let place = place(&[
        (
            "gong-crm.toml",
            "ledger = 'ledger.sqlite'\n[sources.ACCOUNT]\nfiles = 'a.ldjson'\n\
             [sources.CONTACT]\nfiles = { glob = 'deals-of-people-*.jsonl', take = 'parts' }\n",
        ),
        ("a.ldjson", &line("a-1")),
        // Its name says another type.
        ("deals-of-people-1.jsonl", contact),
    ]);
    let delay = "--account-delay=0s";
    let (code, found) = place.json(&["check"]);
    assert_eq!((code, found), (Some(0), Value::String(String::new())));
    let (code, preview) = place.json(&["push", "--dry-run"]);
    assert_eq!(code, Some(0), "{preview}");
    let types = |report: &Value| -> Vec<String> {
        let files = report["files"].as_array().unwrap().iter();
        files
            .map(|file| file["objectType"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(types(&preview), ["ACCOUNT", "CONTACT"]);
    let (code, plan) = place.json(&["plan"]);
    assert_eq!(code, Some(0), "{plan}");
    let new = [("ACCOUNT".to_owned(), 1), ("CONTACT".to_owned(), 1)];
    assert_eq!(new_records(&plan), new);
    // One type only, by its table.
    let (code, report) = place.json(&["push", "--type", "ACCOUNT", delay]);
    assert_eq!(
        (code, types(&report)),
        (Some(0), vec!["ACCOUNT".to_owned()]),
        "{report}"
    );
    let (code, report) = place.json(&["push", delay]);
    assert_eq!(code, Some(0), "{report}");
    assert!(place.simulator.object("ACCOUNT", "a-1").is_some());
    assert!(place.simulator.object("CONTACT", "c-1").is_some());
    let (code, report) = place.json(&["sync", "--yes", delay]);
    assert_eq!(code, Some(0), "{report}");
}

#[test]
fn fixed_copy_has_the_type_of_its_source() {
    let place = place(&[
        (
            "gong-crm.toml",
            "ledger = 'ledger.sqlite'\n[sources.ACCOUNT]\nfiles = 'a.ldjson'\n",
        ),
        (
            "a.ldjson",
            "{\"objectId\":\"a-1\",\"name\":\"A\",\"modifiedDate\":\"2026-01-15T09:30:00.000Z\"}\n",
        ),
    ]);
    let output = place.command(&["check", "--fix", "fixed"]).output();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(place.path("fixed/a.ldjson").exists());
}

/// Two processes: the one that reads a pipe has nothing planned yet.
#[cfg(unix)]
#[test]
fn push_that_reads_a_pipe_keeps_no_other_command_waiting() {
    use std::io::Write as _;
    use std::process::Stdio;
    let line = "{\"objectId\":\"a-1\",\"name\":\"A\",\"modifiedDate\":\"2026-01-15T09:30:00Z\"}\n";
    let other = "{\"objectId\":\"b-1\",\"name\":\"B\",\"modifiedDate\":\"2026-01-15T09:30:00Z\"}\n";
    let place = place(&[
        (
            "gong-crm.toml",
            "ledger = 'ledger.sqlite'\n[sources.ACCOUNT]\nfiles = 'accounts.ldjson'\n",
        ),
        ("accounts.ldjson", other),
    ]);
    let mut reading = place.command(&["push", "-", "--type", "ACCOUNT"]);
    let mut child = reading
        .command()
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut pipe = child.stdin.take().unwrap();
    // More than a pipe holds: when it is written, the push reads.
    pipe.write_all(line.repeat(5_000).as_bytes()).unwrap();
    let (code, report) = place.json(&["push", "accounts.ldjson"]);
    assert_eq!(code, Some(0), "{report}");
    assert!(place.simulator.object("ACCOUNT", "b-1").is_some());
    assert!(place.simulator.object("ACCOUNT", "a-1").is_none());
    drop(pipe);
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(place.simulator.object("ACCOUNT", "a-1").is_some());
}

#[test]
fn plan_and_dry_run_read_a_ledger_that_is_in_use() {
    let place = place(&[
        (
            "gong-crm.toml",
            "ledger = 'ledger.sqlite'\n[sources.ACCOUNT]\nfiles = 'accounts.ldjson'\n",
        ),
        (
            "accounts.ldjson",
            "{\"objectId\":\"a-1\",\"name\":\"A\",\"modifiedDate\":\"2026-01-15T09:30:00Z\"}\n",
        ),
    ]);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let path = place.path("ledger.sqlite");
    let lock = runtime.block_on(async {
        let ledger = gong_crm::ledger::Ledger::open(path).await.unwrap();
        ledger.try_lock().await.unwrap()
    });
    let (code, plan) = place.json(&["plan"]);
    assert_eq!(code, Some(0), "{plan}");
    assert_eq!(new_records(&plan), [("ACCOUNT".to_owned(), 1)]);
    let (code, preview) = place.json(&["push", "accounts.ldjson", "--dry-run"]);
    assert_eq!(
        (code, &preview["files"][0]["new"]),
        (Some(0), &Value::from(1))
    );
    assert!(!place.path("ledger.sqlite.spool").exists());
    drop(lock);
}
