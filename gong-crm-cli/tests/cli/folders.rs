//! Which files of a directory `check` and `push` use, and which they say that they skip.

use crate::invocation::{Invocation, assert_transcript};

const MAPPING: &str = "[ACCOUNT.fields]\nobjectId = 'Id'\nmodifiedDate = 'Changed'\n";

const CSV: &str = "Id,Changed\na-1,2026-03-01T09:30:00Z\na/2,2026-03-01T09:30:00Z\n";

const LEADS: &str = "{\"objectId\":\"l-1\",\"modifiedDate\":\"2026-03-01T09:30:00Z\"}\n\
                     {\"objectId\":\"l/2\",\"modifiedDate\":\"2026-03-01T09:30:00Z\"}\n";

fn report(output: &std::process::Output) -> serde_json::Value {
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn rejects_files_in_a_directory_are_not_pushed() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let run = |arguments: &[&str]| {
        let mut run = Invocation::new(&[arguments, &["--map", "crm.toml", "-o", "json"]].concat());
        run.command().current_dir(folder.path());
        run.output()
    };
    std::fs::write(path("crm.toml"), MAPPING).unwrap();
    std::fs::write(path("accounts.csv"), CSV).unwrap();
    std::fs::write(path("leads.ldjson"), LEADS).unwrap();
    let push = ["--sim", "push", ".", "--skip-invalid"];
    for _ in 0..2 {
        let output = run(&push);
        let report = report(&output);
        assert_eq!(report["files"].as_array().unwrap().len(), 2, "{report}");
        for name in [
            "accounts.rejects.csv",
            "accounts.rejects.txt",
            "leads.rejects.ldjson",
        ] {
            assert!(path(name).is_file(), "{name}");
        }
    }
    let of_folder = String::from_utf8(run(&["check", "."]).stdout).unwrap();
    assert_eq!(of_folder.lines().count(), 2, "{of_folder}");
    // Where they are named, they are meant.
    let named = run(&["check", "leads.rejects.ldjson", "*.rejects.csv"]).stdout;
    let named = String::from_utf8(named).unwrap();
    assert!(named.contains("accounts.rejects.csv") && named.contains("leads.rejects.ldjson"));
}

#[test]
fn directory_with_only_rejects_is_done() {
    let mut push = Invocation::new(&["--sim", "push", "bad"]).folder("bad");
    std::fs::write(push.path("bad/leads.rejects.ldjson"), LEADS).unwrap();
    push.command().arg("--no-progress");
    assert_transcript!("folder_of_rejects", push);
}

#[test]
fn csv_files_without_a_mapping_are_reported() {
    let line = LEADS.split_inclusive('\n').next().unwrap();
    let beside = |arguments: &[&str]| {
        Invocation::new(arguments)
            .file("accounts.csv", CSV)
            .file("accounts.rejects.csv", CSV)
            .file("leads.ldjson", line)
    };
    assert_transcript!("folder_csv_passed_over", beside(&["check", "."]));
    let check = ["check", ".", "-o", "json"];
    assert_transcript!("folder_csv_passed_over_json", beside(&check));
    let push = ["--sim", "--no-progress", "push", "."];
    assert_transcript!("folder_csv_passed_over_push", beside(&push));
    let many = beside(&[&push[..], &["--dry-run"]].concat())
        .file("b.csv", "")
        .file("c.tsv", "")
        .file("d.csv", "");
    let reported = String::from_utf8(many.output().stderr).unwrap();
    let names = "./accounts.csv, ./b.csv, ./c.tsv and 1 file more were skipped";
    assert!(reported.contains(names), "{reported}");
    // Files that are named are what was meant.
    let named = beside(&["check", "leads.ldjson"]).output();
    assert!(!String::from_utf8_lossy(&named.stderr).contains("skipped"));
}
