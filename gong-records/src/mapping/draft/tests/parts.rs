//! Several files of one type: parts of one export, or one export at several times.

use super::folders::Exports;
use super::has;

fn deals(ids: std::ops::Range<u32>) -> Vec<u8> {
    let mut text = "Deal ID,Title,Stage,Owner,Updated\n".to_owned();
    for id in ids {
        let (stage, owner) = if id < 10 {
            ("Won", "Ann")
        } else {
            ("Parked", "Bo")
        };
        text += &format!("{id},Deal {id},{stage},{owner},2026-01-02T10:00:00Z\n");
    }
    text.into_bytes()
}

fn files(exports: &Exports) -> Vec<String> {
    let sources = exports.1.sources.iter();
    let deals = sources.filter(|source| source.object_type == crate::ObjectType::Deal);
    deals.map(super::super::DraftedSource::to_toml).collect()
}

#[test]
fn parts_of_one_export_are_all_read() {
    for [one, other, pattern] in [
        ["deals_part1.csv", "deals_part2.csv", "deals_part*.csv"],
        ["deals.0.csv", "deals.1.csv", "deals.*.csv"],
        ["Deals_009.csv", "Deals_010.csv", "Deals_*.csv"],
        [
            "all-deals-2026-01-15-1.csv",
            "all-deals-2026-01-15-2.csv",
            "all-deals-*.csv",
        ],
    ] {
        let exports = Exports::new(&[(one, &deals(1..8)), (other, &deals(8..15))]);
        let toml = files(&exports).concat();
        let expected = format!("files = {{ glob = \"exports/{pattern}\", take = \"parts\" }}");
        assert!(toml.contains(&expected), "{toml}");
        assert!(exports.1.superseded.is_empty());
        let rows: Vec<u64> = exports.1.sources.iter().map(|source| source.rows).collect();
        assert!(rows.contains(&14), "{rows:?}");
        // What is in the other part alone.
        let mapping = exports
            .1
            .files
            .iter()
            .find(|file| file.text.contains("[DEAL]"));
        let mapping = &mapping.unwrap().text;
        assert!(
            has(mapping, "status.values.\"Parked\" = \"?\""),
            "{mapping}"
        );
        let users = exports
            .1
            .files
            .iter()
            .find(|file| file.path.ends_with("users.csv"));
        assert!(users.unwrap().text.contains("Bo"), "{pattern}");
    }
}

#[test]
fn exports_at_several_times_are_not_parts() {
    for [one, other] in [
        ["deals-2026-01-15.csv", "deals-2026-02-15.csv"],
        ["deals-1.csv", "deals-2.csv"],
    ] {
        let exports = Exports::new(&[(one, &deals(1..20)), (other, &deals(3..22))]);
        assert!(files(&exports).concat().contains("take = \"latest\""));
        assert_eq!(exports.1.superseded.len(), 1);
        let mapping = exports.mapping("deals.toml");
        assert!(!has(mapping, "same export"), "{mapping}");
    }
}

#[test]
fn other_records_on_another_day_are_a_question() {
    let exports = Exports::new(&[
        ("deals-2026-01.csv", &deals(1..8)),
        ("deals-2026-02.csv", &deals(8..15)),
    ]);
    assert!(files(&exports).concat().contains("take = \"latest\""));
    let mapping = exports.mapping("deals.toml");
    assert!(
        has(
            mapping,
            "Is deals-2026-02.csv the same export as deals-2026-01.csv at a later time?"
        ),
        "{mapping}"
    );
}

#[test]
fn name_with_a_month_is_a_pattern() {
    for (name, pattern) in [
        ("deals-2026-01.csv", Some("deals-*.csv")),
        ("deals_202601.csv", Some("deals_*.csv")),
        ("export_deals_0126.csv", Some("export_deals_*.csv")),
        ("deals2.csv", None),
        ("365deals.csv", None),
    ] {
        let exports = Exports::new(&[(name, &deals(1..8))]);
        let toml = files(&exports).concat();
        let expected = match pattern {
            Some(pattern) => {
                format!("files = {{ glob = \"exports/{pattern}\", take = \"latest\" }}")
            }
            None => format!("files = \"exports/{name}\""),
        };
        assert!(toml.contains(&expected), "{toml}");
    }
}

#[test]
fn only_currency_of_a_file_is_drafted() {
    let exports = Exports::new(&[(
        "deals.csv",
        b"Deal ID,Title,Amount,Currency,Stage,Updated\n1,A,100,EUR,Won,2026-01-02T10:00:00Z\n\
          2,B,200,EUR,Lost,2026-01-02T10:00:00Z\n",
    )]);
    let amount = super::line(exports.mapping("deals.toml"), "amount");
    assert_eq!(
        amount,
        "amount = { from = \"Amount\", only-currency = { in = \"Currency\", is = \"EUR\" } }"
    );
    let exports = Exports::new(&[(
        "deals.csv",
        b"Deal ID,Title,Amount,Currency,Stage,Updated\n1,A,100,EUR,Won,2026-01-02T10:00:00Z\n\
          2,B,200.50,,Lost,2026-01-02T10:00:00Z\n",
    )]);
    let amount = super::line(exports.mapping("deals.toml"), "amount");
    assert!(amount.contains("rates = { \"\" = 1 }"), "{amount}");
    let errors = exports.errors();
    assert!(
        !errors.iter().any(|error| error.contains("other-currency")),
        "{errors:?}"
    );
}

#[test]
fn groups_of_a_file_are_left_out_by_its_draft() {
    let exports = Exports::new(&[(
        "deals.csv",
        b"Deals\nQ1\n\
          Name,Stage,Amount,Owner,Item ID (auto generated),Updated\n\
          A,Won,100,Ann,11,2026-01-02T10:00:00Z\n\
          B,Lost,200,Bo,12,2026-01-02T10:00:00Z\n\
          ,,300,,,\n\
          \nQ2\n\
          Name,Stage,Amount,Owner,Item ID (auto generated),Updated\n\
          C,Won,100,Ann,13,2026-01-02T10:00:00Z\n\
          ,,100,,,\n",
    )]);
    let deals = exports.mapping("deals.toml");
    assert_eq!(
        super::line(deals, "where"),
        "where = \"row['Item ID (auto generated)'] not in ['', 'Item ID (auto generated)']\""
    );
    assert_eq!(
        super::line(deals, "objectId"),
        "objectId = \"Item ID (auto generated)\""
    );
    assert!(deals.contains("made from 3 rows"), "{deals}");
    let errors = exports.errors();
    assert!(
        !errors.iter().any(|error| error.contains("header again")),
        "{errors:?}"
    );
}

#[test]
fn list_of_records_is_found_in_the_objects_around_it() {
    for (json, expected) in [
        (
            r#"{"success":true,"data":{"deals":[{"id":1,"title":"A"},{"id":2,"title":"B"}]},"paging":{"next":[]}}"#,
            "records = \"data.deals\"",
        ),
        (
            r#"{"data":{"x":{"edges":[{"node":{"id":1}},{"node":{"id":2}}]}}}"#,
            "records = \"data.x.edges\"",
        ),
        (
            r#"{"errors":[],"data":[{"id":1,"items":[{"id":7}]},{"id":2,"items":[]}]}"#,
            "records = \"data\"",
        ),
    ] {
        let exports = Exports::new(&[("deals.json", json.as_bytes())]);
        let deals = exports.mapping("deals.toml");
        assert!(has(deals, expected), "{deals}");
        assert!(deals.contains("made from 2 records"), "{deals}");
    }
}

#[test]
fn texts_that_are_no_tables_are_refused_by_name() {
    let draft = |text: &str| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deals.csv");
        std::fs::write(&path, text).unwrap();
        let options = crate::mapping::DraftOptions::default();
        let error = crate::mapping::Mapping::draft(&[&path], &options).unwrap_err();
        error.to_string()
    };
    let quoted = "\"Deal ID,Name,Amount\"\n\"1,\"\"Acme, Inc\"\",500\"\n\"2,Beta,7\"\n";
    assert!(
        draft(quoted).contains("one cell in quotes"),
        "{}",
        draft(quoted)
    );
    let mixed = draft("Deal ID;Name;Amount\n1,A,500\n2,B,7\n");
    assert!(
        mixed.contains("written with ';' between cells, and its rows with ','"),
        "{mixed}"
    );
}

#[test]
fn first_row_that_is_a_record_is_a_question() {
    let exports = Exports::new(&[(
        "deals.csv",
        b"7,Acme deal,1000.50,2026-03-14\n8,Beta deal,20.00,2026-03-15\n",
    )]);
    let deals = exports.mapping("deals.toml");
    assert!(has(deals, "The first row looks like a record"), "{deals}");
}

#[test]
fn placeholder_of_one_column_is_no_placeholder_of_others() {
    let exports = Exports::new(&[(
        "deals.csv",
        b"Deal ID,Title,Amount,Stage,Owner ID,Updated\n\
          1,None,100,Won,7,2026-01-02T10:00:00Z\n\
          2,B,none,NULL,NULL,2026-01-02T10:00:00Z\n",
    )]);
    let deals = exports.mapping("deals.toml");
    assert!(
        super::line(deals, "amount").contains("empty = \"none\""),
        "{deals}"
    );
    assert!(
        super::line(deals, "stage").contains("empty = \"NULL\""),
        "{deals}"
    );
    assert!(
        super::line(deals, "ownerId").contains("empty = [\"NULL\"]"),
        "{deals}"
    );
    assert_eq!(super::line(deals, "name"), "name = \"Title\"");
    assert!(
        !deals.lines().any(|line| line.starts_with("empty")),
        "{deals}"
    );
    assert!(has(deals, "Stage not in ['', 'NULL']"), "{deals}");
}

#[test]
fn owners_by_id_are_looked_up_so_that_a_new_one_is_found() {
    let exports = Exports::new(&[(
        "deals.csv",
        b"Deal ID,Title,Stage,Owner ID,Updated\n1,A,Won,7,2026-01-02T10:00:00Z\n\
          2,B,Lost,8,2026-01-02T10:00:00Z\n",
    )]);
    assert_eq!(
        super::line(exports.mapping("deals.toml"), "ownerId"),
        "ownerId = { from = \"Owner ID\", lookup = { in = \"users.csv\", key = \"Id\", value = \"Id\" } }"
    );
}

#[test]
fn owners_and_users_are_drafted_with_the_same_ids() {
    let exports = Exports::new(&[(
        "deals.csv",
        b"Deal ID,Title,Stage,Owner ID,Updated\n1,A,Won,zcrm_77,2026-01-02T10:00:00Z\n\
          2,B,Lost,zcrm_78,2026-01-02T10:00:00Z\n",
    )]);
    assert_eq!(
        super::line(exports.mapping("deals.toml"), "ownerId"),
        "ownerId = { from = \"Owner ID\", lookup = { in = \"users.csv\", key = \"Id\", value = \"Id\" }, \
         strip = [\"zcrm_\"] }"
    );
    assert_eq!(
        super::line(exports.mapping("users.toml"), "objectId"),
        "objectId = { from = \"Id\", strip = [\"zcrm_\"] }"
    );
}

#[test]
fn exports_of_other_records_with_the_same_columns_are_parts() {
    let exports = Exports::new(&[
        ("open-deals.csv", &deals(1..8)),
        ("won-deals.csv", &deals(8..15)),
    ]);
    let toml = files(&exports).concat();
    assert!(
        toml.contains("files = { glob = \"exports/*-deals.csv\", take = \"parts\" }"),
        "{toml}"
    );
    assert!(exports.1.skipped.is_empty());
    // The same records, or a third file that the pattern would take in.
    let exports = Exports::new(&[
        ("open-deals.csv", &deals(1..8)),
        ("won-deals.csv", &deals(2..9)),
    ]);
    assert!(
        files(&exports)
            .concat()
            .contains("files = \"exports/open-deals.csv\"")
    );
    assert_eq!(exports.1.skipped.len(), 1);
    let exports = Exports::new(&[
        ("open-deals.csv", &deals(1..8)),
        ("won-deals.csv", &deals(8..15)),
        ("no-deals.csv", b"Deal ID,Lost because\n99,price\n"),
    ]);
    assert_eq!(exports.1.skipped.len(), 2);
    assert!(!files(&exports).concat().contains("exports/*-deals.csv"));
}

#[test]
fn lists_of_all_parts_are_looked_at() {
    let companies = |ids: std::ops::Range<u32>, contact: &str| {
        let records = ids.map(|id| format!("{{\"id\":{id},\"name\":\"Firm {id}\"{contact}}}"));
        format!("[{}]", records.collect::<Vec<_>>().join(",")).into_bytes()
    };
    let contact = ",\"contacts\":[{\"id\":\"c\",\"first_name\":\"Ann\",\"nickname\":\"A\"}]";
    let exports = Exports::new(&[
        ("companies_part1.json", &companies(1..8, "")),
        ("companies_part2.json", &companies(8..15, contact)),
    ]);
    let contacts = exports.1.sources.iter();
    let mut contacts = contacts.filter(|one| one.object_type == crate::ObjectType::Contact);
    let contacts = contacts.next().expect("the contacts of the other part");
    assert_eq!(contacts.rows, 7);
    assert!(contacts.is_parts);
}

#[test]
fn parts_in_two_folders_are_all_read() {
    for (others, is_parts) in [(8..15, true), (1..8, false)] {
        let folder = tempfile::tempdir().unwrap();
        let folders = ["exports/eu", "exports/us"].map(|name| folder.path().join(name));
        for (place, ids) in folders.iter().zip([1..8, others]) {
            std::fs::create_dir_all(place).unwrap();
            std::fs::write(place.join("deals.csv"), deals(ids)).unwrap();
        }
        let options = crate::mapping::DraftOptions {
            folder: folder.path().to_path_buf(),
            ..crate::mapping::DraftOptions::default()
        };
        let draft = crate::mapping::Mapping::draft(&folders, &options).unwrap();
        let mut sources = draft.sources.iter();
        let source = sources.find(|source| source.object_type == crate::ObjectType::Deal);
        let toml = source.unwrap().to_toml();
        let pattern = "files = { glob = \"exports/*/deals.csv\", take = \"parts\" }";
        assert_eq!(toml.contains(pattern), is_parts, "{toml}");
        // The same records in both folders are not sent twice, and it is said.
        assert_eq!(draft.skipped.len(), usize::from(!is_parts));
    }
}
