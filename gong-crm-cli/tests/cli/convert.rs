//! `gong-crm convert`: from a German CSV to LDJSON, and what is said of bad rows.

use crate::invocation::{Invocation, assert_transcript, workspace_root};

#[test]
fn the_examples_become_ldjson() {
    for name in ["accounts", "deals"] {
        let csv = format!("examples/csv/{name}.csv");
        let map = format!("examples/csv/{name}.toml");
        let convert = Invocation::new(&["convert", &csv, "--map", &map]).in_workspace();
        assert_transcript!(format!("convert_{name}"), convert);
    }
}

/// A conversion of rows of each kind of trouble.
fn troubled(arguments: &[&str]) -> Invocation {
    let csv = "Nummer;Betrag;Status;Link\n\
        d-1;1.250,10;Gewonnen;https://crm.example/d-1\n\
        d-2;12.5;Offen;\n\
        d 3;\"1\n2\";Vielleicht;\n\
        d/4;7;Offen;crm.example/d-4\n\
        d-1;8;Offen;\n";
    let mapping = "[DEAL]\ndelimiter = ';'\ndecimal = ','\nthousands = '.'\n\
        [DEAL.fields]\nobjectId = 'Nummer'\nmodifiedDate = { constant = '2026-03-01T09:30:00Z' }\n\
        amount = 'Betrag'\nurl = 'Link'\n\
        status = { from = 'Status', values = { Gewonnen = 'WON', Offen = 'OPEN' } }\n\
        accountId = { constant = 'a-1' }\nownerId = { constant = 'u-1' }\n\
        stage = { constant = 's-1' }\ncloseDate = { constant = '2026-09-30' }\n";
    let all = [&["convert", "deals.csv", "--map", "deals.toml"], arguments].concat();
    Invocation::new(&all)
        .file("deals.csv", csv)
        .file("deals.toml", mapping)
}

#[test]
fn problems_name_row_and_column_of_the_csv() {
    assert_transcript!("convert_problems", troubled(&[]));
    assert_transcript!(
        "convert_problems_json",
        troubled(&["-o", "json", "--to", "deals.ldjson"])
    );
    assert_transcript!(
        "convert_keep_rows",
        troubled(&["--keep-rows", "--to", "deals.ldjson"])
    );
}

#[test]
fn a_mapping_that_does_not_fit_is_a_usage_error() {
    let convert = |mapping: &str| {
        Invocation::new(&["convert", "deals.csv", "--map", "m.toml"])
            .file("deals.csv", "Nummer;Betrag\nd-1;5\n")
            .file("m.toml", mapping)
    };
    assert_transcript!(
        "convert_misspelled_key",
        convert("[DEAL]\ndelimeter = ';'\n")
    );
    let fields = "[DEAL]\ndelimiter = ';'\n[DEAL.fields]\nobjectId = 'Numer'\nmodifiedDate = { constant = 'now' }\n";
    assert_transcript!("convert_unknown_column", convert(fields));
    assert_transcript!("convert_no_such_type", convert("[ACCOUNT]\n"));
    let missing = Invocation::new(&["convert", "nowhere.csv", "--map", "m.toml"]);
    assert_transcript!(
        "convert_missing_file",
        missing.file("m.toml", fields).file("x", "")
    );
    assert_transcript!("convert_no_map", Invocation::new(&["convert", "deals.csv"]));
}

#[test]
fn what_was_converted_is_flawless_to_the_check() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["accounts", "deals"] {
        let examples = workspace_root().join("examples/csv");
        let csv = examples.join(format!("{name}.csv"));
        let map = examples.join(format!("{name}.toml"));
        let target = folder.path().join(format!("{name}.ldjson"));
        let [csv, map, target] = [&csv, &map, &target].map(|path| path.to_str().unwrap());
        let convert = Invocation::new(&["convert", csv, "--map", map, "--to", target]).output();
        assert_eq!(convert.status.code(), Some(0));
        assert!(convert.stdout.is_empty());
        // Users and stages would come from elsewhere.
        let check = ["check", "--strict", "--allow", "missing-type", target];
        let check = Invocation::new(&check).output();
        assert_eq!(
            check.status.code(),
            Some(0),
            "{}",
            String::from_utf8_lossy(&check.stdout)
        );
    }
}
