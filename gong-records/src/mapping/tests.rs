//! Complete conversions: input, output and reported problems.

use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::*;
use crate::check;
use crate::schema::SchemaField;

mod bad_cells;
mod checked;
mod mappings;
mod needs;
mod notation;
mod silent;
mod threads;

/// The result of a conversion: the lines, and the problems as text.
struct Outcome {
    lines: Vec<String>,
    problems: Vec<String>,
    converted: Converted,
}

fn options() -> Options {
    Options::new("2026-03-01T08:30:00Z".parse().unwrap())
}

fn convert_with(
    csv: &[u8],
    toml: &str,
    object_type: ObjectType,
    options: &Options,
) -> Result<Outcome, ConvertError> {
    let mapping = Mapping::from_toml(toml)?;
    let (mut bytes, mut problems) = (Vec::new(), Vec::new());
    let converted = convert_reader(
        csv,
        &mapping,
        object_type,
        options,
        &mut bytes,
        &mut |problem| {
            problems.push(problem.to_string());
        },
    )?;
    let text = String::from_utf8(bytes).unwrap();
    Ok(Outcome {
        lines: text.lines().map(str::to_owned).collect(),
        problems,
        converted,
    })
}

/// The lines of a clean conversion of deals, each without its `objectId` and `modifiedDate`.
fn rest_of_deals(csv: &str, settings: &str, fields: &str) -> Vec<String> {
    let toml = format!(
        "[DEAL]\n{settings}\n[DEAL.fields]\nobjectId = \"id\"\nmodifiedDate = {{ constant = \"now\" }}\n{fields}"
    );
    let outcome = convert_with(csv.as_bytes(), &toml, ObjectType::Deal, &options()).unwrap();
    assert_eq!(outcome.problems, [""; 0]);
    let rest = |line: String| {
        let (_, rest) = line
            .split_once("\"modifiedDate\":\"2026-03-01T08:30:00Z\"")
            .unwrap();
        rest.trim_start_matches(',')
            .trim_end_matches('}')
            .to_owned()
    };
    outcome.lines.into_iter().map(rest).collect()
}

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/csv")
}

#[test]
fn the_examples_become_lines_that_the_check_finds_flawless() {
    for (name, object_type) in [
        ("accounts", ObjectType::Account),
        ("deals", ObjectType::Deal),
    ] {
        let mapping = Mapping::open(examples().join(format!("{name}.toml"))).unwrap();
        let csv = || open(&examples().join(format!("{name}.csv"))).unwrap();
        let convert = || {
            let mut lines = Vec::new();
            let converted = convert_reader(
                csv(),
                &mapping,
                object_type,
                &options(),
                &mut lines,
                &mut |problem| panic!("{problem}"),
            );
            (lines, converted.unwrap())
        };
        let (lines, converted) = convert();
        assert_eq!(
            (converted.rows, converted.records, converted.problems),
            (4, 4, 0)
        );
        // The same CSV gives the same bytes.
        assert_eq!(lines, convert().0);
        check::check_reader(
            &lines[..],
            "-",
            object_type,
            &check::Options::default(),
            &mut |finding| panic!("{finding:?}"),
        )
        .unwrap();
    }
}

#[test]
fn a_file_is_complete_or_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let mapping = Mapping::open(examples().join("deals.toml")).unwrap();
    let target = folder.path().join("deals.ldjson");
    let convert = |mapping: &Mapping| {
        let csv = examples().join("deals.csv");
        convert_file(
            &csv,
            mapping,
            ObjectType::Deal,
            &options(),
            &target,
            &mut |_| {},
        )
    };
    let misfit = Mapping::from_toml("[DEAL.fields]\nobjectId = 'x'\nmodifiedDate = 'y'").unwrap();
    assert!(matches!(convert(&misfit), Err(ConvertError::Mapping(_))));
    let error = convert(&Mapping::default()).unwrap_err().to_string();
    assert!(error.contains("it has no table [DEAL]"), "{error}");
    assert!(!target.exists());
    assert_eq!(convert(&mapping).unwrap().records, 4);
    assert_eq!(std::fs::read_to_string(&target).unwrap().lines().count(), 4);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn findings_of_the_check_are_reported_for_the_csv() {
    let csv = "id,note,url\nd-1,\"two\nlines\",\n\nd-2,,nowhere\nd-1,,\n";
    let toml = "[DEAL.fields]\nobjectId = 'ID'\nmodifiedDate = { constant = 'now' }\nurl = 'url'";
    let outcome = convert_with(csv.as_bytes(), toml, ObjectType::Deal, &options()).unwrap();
    let lines = outcome.lines.join("\n") + "\n";
    let mut found = Vec::new();
    let mut settings = check::Options::default();
    settings.severities.allow.insert(crate::Rule::NotVisible);
    check::check_reader(
        lines.as_bytes(),
        "deals.ldjson",
        ObjectType::Deal,
        &settings,
        &mut |finding| {
            let finding = outcome
                .converted
                .source_map
                .finding_in_csv(&Path::new("deals.csv").into(), finding);
            found.push((finding.line, finding.column, finding.message));
        },
    )
    .unwrap();
    assert_eq!(
        found,
        [
            (
                5,
                3,
                "url: it must begin with https:// or http:// (column \"url\", row 4)".to_owned()
            ),
            (
                6,
                1,
                "objectId: it is in line 2 already (column \"id\", row 5)".to_owned()
            ),
        ]
    );
    let place = outcome.converted.source_map.place(2).unwrap();
    assert_eq!((place.line, place.row), (5, 4));
}

proptest! {
    // Each case makes several conversions or guesses.
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_csv_brings_a_conversion_down(bytes: Vec<u8>, cells in "[\"a-z0-9;,.\\n\\r €ä-]{0,80}") {
        let toml = "[DEAL]\ndelimiter = ';'\nzone = 'UTC'\ndates = '%d.%m.%Y'\nheader = false\n\
            thousands = ','\ncurrency = '€'\n[DEAL.fields]\nobjectId = '1'\n\
            modifiedDate = { constant = 'now' }\n";
        for csv in [bytes.as_slice(), cells.as_bytes()] {
            for more in ["", "amount = '2'\ncloseDate = '2'\ncreatedDate = '2'\nd = { from = '2', type = 'STRINGARRAY' }\n"] {
                let outcome = convert_with(csv, &format!("{toml}{more}"), ObjectType::Deal, &options());
                for line in outcome.iter().flat_map(|outcome| &outcome.lines) {
                    prop_assert!(serde_json::from_str::<serde_json::Value>(line).is_ok(), "{}", line);
                }
            }
        }
    }

    #[test]
    fn no_mapping_brings_the_reader_down(text in "[\\[\\]a-zA-Z.=\"'{}\\n #-]{0,80}") {
        drop(Mapping::from_toml(&format!("[DEAL]\n{text}")));
    }
}
