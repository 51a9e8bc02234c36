//! CSVs on their way to the simulator: `check --map` and `push --map`.

use std::io::Write as _;

use crate::invocation::{Invocation, assert_transcript};

/// Two types in one file.
const MAPPING: &str = "\
[ACCOUNT]
delimiter = ';'
encoding = 'windows-1252'
zone = 'Europe/Berlin'
date-times = '%d.%m.%Y %H:%M'
decimal = ','
thousands = '.'
yes = 'ja'
no = 'nein'
[ACCOUNT.fields]
objectId = 'Kundennummer'
modifiedDate = 'Geändert am'
isDeleted = 'Gelöscht'
name = 'Firma'
revenue = { from = 'Umsatz', type = 'CURRENCY' }

[DEAL]
delimiter = ';'
encoding = 'windows-1252'
zone = 'Europe/Berlin'
dates = '%d.%m.%Y'
date-times = '%d.%m.%Y %H:%M'
decimal = ','
thousands = '.'
[DEAL.fields]
objectId = 'Auftragsnr.'
modifiedDate = 'Geändert am'
accountId = 'Kunde'
ownerId = { constant = 'u-1' }
stage = { constant = 's-1' }
name = 'Bezeichnung'
closeDate = 'Abschluss'
amount = 'Betrag'
";

const GOOD_ACCOUNTS: &str = "Kundennummer;Firma;Umsatz;Geändert am;Gelöscht\n\
    K-1;Müller & Söhne;1.250.000,00;03.02.2026 14:30;nein\n\
    K-2;\"Groß AG\nWerk Süd\";;04.02.2026 09:00;nein\n";

const BAD_ACCOUNTS: &str = "Kundennummer;Firma;Umsatz;Geändert am;Gelöscht\n\
    K-1;\"Groß AG\nWerk Süd\";n/a;03.02.2026 14:30;nein\n\
    K 2;Café;;31.02.2026 09:00;vielleicht\n\
    K-3;Weiß KG;7,5;04.02.2026 09:00;nein\n";

const DEALS: &str = "Auftragsnr.;Bezeichnung;Kunde;Betrag;Abschluss;Geändert am\n\
    D-1;Prüfstand;K-1;1.250,10;31.03.2026;03.02.2026 14:30\n\
    D-2;Wartung;K-9;12.5;30.06.2026;03.02.2026 14:30\n\
    D-1;Prüfstand II;K-1;800;30.06.2026;04.02.2026 14:30\n\
    D-4;zu kurz\n";

/// As Excel in Germany saves it.
fn windows(text: &str) -> Vec<u8> {
    let text = text.replace('\n', "\r\n");
    text.chars()
        .map(|letter| u8::try_from(u32::from(letter)).unwrap())
        .collect()
}

fn with(arguments: &[&str], files: &[(&str, &str)]) -> Invocation {
    let mut invocation = Invocation::new(arguments).file("crm.toml", MAPPING);
    for (name, text) in files {
        invocation = invocation.bytes(name, &windows(text));
    }
    invocation
}

const BOTH: [(&str, &str); 2] = [("accounts.csv", BAD_ACCOUNTS), ("deals.csv", DEALS)];

#[test]
fn a_check_marks_the_cells_of_a_folder_of_csvs() {
    for (format, name) in [
        ("text", "csv_check"),
        ("json", "csv_check_json"),
        ("github", "csv_check_github"),
    ] {
        let check = with(&["check", ".", "--map", "crm.toml", "-o", format], &BOTH);
        assert_transcript!(name, check);
    }
    let check = with(&["check", ".", "--map", "crm.toml", "-o", "sarif"], &BOTH);
    let log: serde_json::Value = serde_json::from_slice(&check.output().stdout).unwrap();
    let results = log["runs"][0]["results"].as_array().unwrap();
    assert_eq!(results[0]["ruleId"], "cell");
    let place = &results[0]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "./accounts.csv");
    // A column would be treated as a character.
    assert_eq!(place["region"], serde_json::json!({"startLine": 2}));
}

#[test]
fn push_of_csvs_with_errors_reports_rows_and_sends_nothing() {
    let push = ["--sim", "--no-progress", "push", ".", "--map", "crm.toml"];
    assert_transcript!("csv_push_invalid", with(&push, &BOTH));
    let good = [("accounts.csv", GOOD_ACCOUNTS)];
    assert_transcript!("csv_push", with(&push, &good));
    let dry = [&push[..], &["--dry-run"]].concat();
    assert_transcript!("csv_push_dry_run", with(&dry, &good));
    // Gong can't judge a cell without any information.
    let unchecked = [&push[..], &["--no-check"]].concat();
    assert_transcript!("csv_push_no_check", with(&unchecked, &BOTH));
}

#[test]
fn rejected_rows_can_be_fixed_and_pushed_with_the_mapping() {
    let push = |path: &'static str, folder: &std::path::Path| {
        let mut push = Invocation::new(&[
            "--sim",
            "--no-progress",
            "push",
            path,
            "--map",
            "crm.toml",
            "--skip-invalid",
        ]);
        push.command().current_dir(folder);
        push
    };
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("crm.toml"), MAPPING).unwrap();
    std::fs::write(path("deals.csv"), windows(DEALS)).unwrap();
    assert_transcript!("csv_push_skip_invalid", push("deals.csv", folder.path()));
    let rejects = std::fs::read_to_string(path("deals.rejects.csv")).unwrap();
    let why = std::fs::read_to_string(path("deals.rejects.txt")).unwrap();
    crate::invocation::settings().bind(|| {
        insta::assert_snapshot!("csv_rejects", format!("{rejects}---\n{why}"));
    });
    let fixed = rejects
        .replace("12.5", "12,5")
        .replace("zu kurz", "x;K-1;1;30.06.2026;03.02.2026 14:30");
    std::fs::write(path("deals.rejects.csv"), fixed).unwrap();
    let again = push("deals.rejects.csv", folder.path()).output();
    assert_eq!(
        again.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&again.stderr)
    );
}

#[test]
fn rejected_records_of_a_csv_are_reported_by_row() {
    // Gong does not accept a deal without name or status of the right type; the check is configured
    // to.
    let deals = "Auftragsnr.;Bezeichnung;Kunde;Betrag;Abschluss;Geändert am\n\
        D-1;\"Prüf\nstand\";K-1;1;31.03.2026;03.02.2026 14:30\n\
        D/2;Wartung;K-1;2;30.06.2026;03.02.2026 14:30\n";
    let push = [
        "--sim",
        "push",
        "deals.csv",
        "--map",
        "crm.toml",
        "--no-check",
        "-o",
        "json",
    ];
    let output = with(&push, &[("deals.csv", deals)]).output();
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let file = &report["files"][0];
    assert_eq!(file["path"], "deals.csv");
    // The second line of what was sent began on line 4 of the CSV.
    assert_eq!(file["errors"][0]["line"], 2, "{file}");
    assert_eq!(file["errors"][0]["sourceLine"], 4);
    assert_eq!(file["errors"][0]["objectId"], "D/2");
    assert_eq!(file["rejects"], "deals.rejects.csv");
}

#[test]
fn compressed_csv_and_standard_input_are_accepted() {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(&windows(DEALS)).unwrap();
    let packed = packed.finish().unwrap();
    let check = [
        "check",
        "export.csv.gz",
        "--type",
        "deal",
        "--map",
        "crm.toml",
        "-o",
        "json",
    ];
    let from_file = with(&check, &[]).bytes("export.csv.gz", &packed).output();
    assert_eq!(from_file.status.code(), Some(3));

    let check = [
        "check", "-", "--type", "deal", "--map", "crm.toml", "-o", "json",
    ];
    let from_input = with(&check, &[]).input_bytes(&windows(DEALS)).output();
    assert_eq!(from_input.status.code(), Some(3));
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    assert_eq!(
        text(&from_file.stdout).replace("export.csv.gz", "-"),
        text(&from_input.stdout)
    );

    let push = [
        "--sim", "push", "-", "--type", "account", "--map", "crm.toml", "-o", "json",
    ];
    let pushed = with(&push, &[])
        .input_bytes(&windows(GOOD_ACCOUNTS))
        .output();
    assert_eq!(pushed.status.code(), Some(0), "{}", text(&pushed.stderr));
}

#[test]
fn a_csv_without_a_mapping_says_how_to_make_one() {
    for command in ["check", "push"] {
        for path in ["deals.csv", "."] {
            let run = with(&["--sim", command, path], &[("deals.csv", DEALS)]);
            let output = run.output();
            assert_eq!(output.status.code(), Some(2));
            let reported = String::from_utf8(output.stderr).unwrap();
            assert!(reported.contains("gong-crm init --print"), "{reported}");
            assert!(reported.contains("--map map.toml"), "{reported}");
        }
    }
    let push = with(&["--sim", "push", "deals.csv"], &[("deals.csv", DEALS)]);
    assert_transcript!("csv_without_mapping", push);
}

#[test]
fn lines_beside_csvs_go_on_working() {
    let line =
        "{\"objectId\":\"K-9\",\"modifiedDate\":\"2026-02-03T14:30:00+01:00\",\"name\":\"Neun\"}\n";
    let check = ["check", ".", "-o", "json"];
    let beside = |arguments: &[&str]| {
        with(arguments, &[("deals.csv", DEALS)])
            .file("accounts.ldjson", line)
            .output()
    };
    assert!(beside(&check).stdout.is_empty());
    let findings = beside(&[&check[..], &["--map", "crm.toml"]].concat()).stdout;
    let findings = String::from_utf8(findings).unwrap();
    // K-9 is among the lines, K-1 is not.
    assert!(findings.contains("\"rule\":\"unresolved-reference\"") && findings.contains("D-1"));
    assert!(
        !findings.contains("\"objectId\":\"D-2\",\"message\":\"accountId"),
        "{findings}"
    );
}

#[test]
fn mistakes_in_mappings_name_file_line_and_key() {
    let check = |mapping: &str| {
        with(
            &["check", "deals.csv", "--map", "m.toml"],
            &[("deals.csv", DEALS)],
        )
        .file("m.toml", mapping)
    };
    let fields = |fields: &str| {
        format!(
            "[DEAL]\ndelimiter = ';'\nencoding = 'windows-1252'\n[DEAL.fields]\nobjectId = 'Auftragsnr.'\nmodifiedDate = {{ constant = 'now' }}\n{fields}"
        )
    };
    for (name, mapping) in [
        ("csv_map_unknown_key", fields("name = { form = 'x' }\n")),
        ("csv_map_unknown_column", fields("closeDate = 'Abschlus'\n")),
        ("csv_map_unknown_field", fields("amounts = 'Betrag'\n")),
        ("csv_map_wrong_delimiter", fields("").replace(';', ",")),
        ("csv_map_no_such_type", "[ACCOUNT]\n".to_owned()),
        ("csv_map_misspelt_type", "[DEALS]\n".to_owned()),
        ("csv_map_bad_toml", "[DEAL\n".to_owned()),
    ] {
        assert_transcript!(name, check(&mapping));
    }
}

#[test]
fn csv_is_not_changed_by_fix() {
    let fix = with(
        &["check", ".", "--map", "crm.toml", "--fix", "fixed"],
        &BOTH,
    );
    assert_transcript!("csv_fix", fix);
}

#[test]
fn several_mappings_must_not_have_the_same_type() {
    let (accounts, deals) = MAPPING.split_once("\n[DEAL]").unwrap();
    let push = |second: &str| {
        let arguments = [
            "--sim",
            "push",
            ".",
            "--map",
            "a.toml",
            "--map",
            "b.toml",
            "--skip-invalid",
            "-o",
            "json",
        ];
        let files = [("accounts.csv", GOOD_ACCOUNTS), ("deals.csv", DEALS)];
        with(&arguments, &files)
            .file("a.toml", accounts)
            .file("b.toml", second)
            .output()
    };
    let both = push(&format!("[DEAL]{deals}"));
    let report: serde_json::Value = serde_json::from_slice(&both.stdout).unwrap();
    assert_eq!(report["files"][0]["accepted"], 2, "{report}");
    assert_eq!(report["files"][1]["accepted"], 1, "{report}");
    assert_eq!(report["files"][1]["superseded"], 1, "{report}");
    let reported = String::from_utf8(push(MAPPING).stderr).unwrap();
    assert!(
        reported.contains("a.toml and b.toml both have a table [ACCOUNT]"),
        "{reported}"
    );
}

#[test]
fn the_commands_of_the_guide_do_what_it_says() {
    let root = crate::invocation::workspace_root();
    let guide = std::fs::read_to_string(root.join("docs/guide/csv.md")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("examples/csv")).unwrap();
    for file in std::fs::read_dir(root.join("examples/csv")).unwrap() {
        let file = file.unwrap();
        let target = folder.path().join("examples/csv").join(file.file_name());
        std::fs::copy(file.path(), target).unwrap();
    }
    let commands: Vec<&str> = guide
        .lines()
        .filter_map(|line| line.strip_prefix("$ gong-crm "))
        .collect();
    assert_eq!(commands.len(), 7);
    for command in commands {
        // A shell would do no more than this with them.
        let (command, input) = command.split_once(" < ").unwrap_or((command, ""));
        let (command, target) = command.split_once(" > ").unwrap_or((command, ""));
        let arguments: Vec<&str> = command.split(' ').collect();
        let mut run = Invocation::new(&arguments);
        run.command().current_dir(folder.path());
        let output = if input.is_empty() {
            run.output()
        } else {
            run.input_bytes(&std::fs::read(folder.path().join(input)).unwrap())
                .output()
        };
        let reported = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(0), "{command}\n{reported}");
        if !target.is_empty() {
            std::fs::write(folder.path().join(target), &output.stdout).unwrap();
        }
    }
}
