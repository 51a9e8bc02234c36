//! Is the example CRM complete, valid and the same every time?

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::Value;

use super::names::{COMPANY_STEMS, COUNTRIES, FAMILY_NAMES, TRADES, countries};
use super::schema::{CUSTOM_FIELDS, FieldType};
use super::{SEED, generate, run, write_into};

const FILES: [(&str, usize); 6] = [
    ("business_users.ldjson", 20),
    ("stages.ldjson", 8),
    ("accounts.ldjson", 500),
    ("contacts.ldjson", 2_000),
    ("deals.ldjson", 1_500),
    ("leads.ldjson", 800),
];

/// Every reference of a standard field, with the file that it points into.
const REFERENCES: [(&str, &str, &str); 6] = [
    ("contacts.ldjson", "accountId", "accounts.ldjson"),
    ("deals.ldjson", "accountId", "accounts.ldjson"),
    ("deals.ldjson", "ownerId", "business_users.ldjson"),
    ("deals.ldjson", "stage", "stages.ldjson"),
    ("leads.ldjson", "convertedToAccountId", "accounts.ldjson"),
    ("leads.ldjson", "convertedToContactId", "contacts.ldjson"),
];

type Records = BTreeMap<&'static str, Vec<Value>>;

type Lines = BTreeMap<&'static str, Vec<String>>;

static EXAMPLE_LINES: LazyLock<Lines> = LazyLock::new(|| lines(1));
static EXAMPLE: LazyLock<Records> = LazyLock::new(|| records(&EXAMPLE_LINES));
static TWICE_AS_LARGE: LazyLock<Records> = LazyLock::new(|| records(&lines(2)));

fn lines(scale: u32) -> Lines {
    generate(scale, SEED)
        .map(|file| (file.name, file.lines.collect()))
        .collect()
}

fn records(lines: &Lines) -> Records {
    lines
        .iter()
        .filter(|(name, _)| name.ends_with(".ldjson"))
        .map(|(name, lines)| {
            let records = lines.iter().map(|line| serde_json::from_str(line).unwrap());
            (*name, records.collect())
        })
        .collect()
}

fn text<'record>(record: &'record Value, field: &str) -> &'record str {
    record[field]
        .as_str()
        .unwrap_or_else(|| panic!("{field} is no string in {record}"))
}

fn is_deleted(record: &Value) -> bool {
    record["isDeleted"] == true
}

fn live_ids<'records>(records: &'records Records, file: &str) -> BTreeSet<&'records str> {
    let live = records[file].iter().filter(|record| !is_deleted(record));
    live.map(|record| text(record, "objectId")).collect()
}

fn custom_fields(file: &str) -> BTreeMap<&'static str, FieldType> {
    let object_type = file.trim_end_matches("s.ldjson").to_uppercase();
    let fields = CUSTOM_FIELDS.iter().find(|(name, _)| *name == object_type);
    let fields = fields.map_or(&[][..], |(_, fields)| fields);
    fields
        .iter()
        .map(|(unique_name, _, field_type)| (*unique_name, *field_type))
        .collect()
}

fn standard_fields(file: &str) -> &'static [&'static str] {
    match file {
        "business_users.ldjson" => &["emailAddress"],
        "stages.ldjson" => &["name", "isActive", "sortOrder"],
        "accounts.ldjson" => &["name", "domains"],
        "contacts.ldjson" => &[
            "accountId",
            "emailAddress",
            "firstName",
            "lastName",
            "title",
            "phoneNumber",
        ],
        "deals.ldjson" => &[
            "accountId",
            "ownerId",
            "name",
            "createdDate",
            "closeDate",
            "status",
            "stage",
            "amount",
        ],
        _ => &[
            "emailAddress",
            "firstName",
            "lastName",
            "title",
            "phoneNumber",
            "convertedToDealId",
            "convertedToContactId",
            "convertedToAccountId",
        ],
    }
}

/// An ISO 8601 moment with an offset and without fractions.
fn moment(written: &str) -> Timestamp {
    assert!(!written.contains('.'), "{written} has a fraction");
    written
        .parse()
        .unwrap_or_else(|error| panic!("{written}: {error}"))
}

#[test]
fn the_committed_files_are_fresh() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    run(root, true).unwrap();
}

#[test]
fn stale_and_missing_files_are_named_with_the_cure() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("examples/acme");
    std::fs::create_dir_all(&folder).unwrap();
    let stages = EXAMPLE_LINES["stages.ldjson"]
        .join("\n")
        .replace("Discovery", "Recovery");
    std::fs::write(folder.join("stages.ldjson"), stages).unwrap();

    let error = run(root.path(), true).unwrap_err().to_string();
    assert!(
        error.contains("examples/acme/stages.ldjson is stale from line 2\n"),
        "{error}"
    );
    assert!(
        error.contains("examples/acme/deals.ldjson can't be read: "),
        "{error}"
    );
    assert!(
        error.ends_with("\nrun `cargo xtask acme` and commit examples/acme"),
        "{error}"
    );
}

#[test]
fn a_scale_of_zero_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let error = write_into(folder.path(), 0).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the scale is 0; give a number from 1 to 100000"
    );
}

#[test]
fn every_run_makes_the_same_files() {
    for file in generate(1, SEED) {
        let lines: Vec<String> = file.lines.collect();
        assert!(lines == EXAMPLE_LINES[file.name], "{} differs", file.name);
    }
}

#[test]
fn every_name_pool_has_the_size_that_company_names_count_on() {
    let countries = countries();
    assert_eq!(countries.len() as u64, COUNTRIES);
    for country in countries {
        assert_eq!(
            country.family_names.len() as u64,
            FAMILY_NAMES,
            "{country:?}"
        );
        assert_eq!(
            country.company_stems.len() as u64,
            COMPANY_STEMS,
            "{country:?}"
        );
        assert_eq!(country.trades.len() as u64, TRADES, "{country:?}");
    }
}

#[test]
fn every_file_has_its_number_of_records_and_the_whole_stays_small() {
    let records = &*EXAMPLE;
    let counts: BTreeMap<&str, usize> = records
        .iter()
        .map(|(name, records)| (*name, records.len()))
        .collect();
    assert_eq!(counts, BTreeMap::from(FILES));
    let size: usize = EXAMPLE_LINES
        .values()
        .flatten()
        .map(|line| line.len() + 1)
        .sum();
    assert!(size < 1_600_000, "{size} bytes");
}

#[test]
fn a_larger_scale_multiplies_all_but_the_stages() {
    let counts: BTreeMap<&str, usize> = TWICE_AS_LARGE
        .iter()
        .map(|(name, records)| (*name, records.len()))
        .collect();
    for (name, count) in FILES {
        let times = if name == "stages.ldjson" { 1 } else { 2 };
        assert_eq!(counts[name], times * count, "{name}");
    }
}

#[test]
fn no_object_id_repeats_and_each_has_only_letters_digits_and_hyphens() {
    for (&name, records) in &*TWICE_AS_LARGE {
        let mut seen = BTreeSet::new();
        for record in records {
            let id = text(record, "objectId");
            assert!(seen.insert(id), "{id} is twice in {name}");
            assert!((1..=64).contains(&id.len()), "{id}");
            assert!(
                id.bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'),
                "{id}"
            );
        }
    }
}

#[test]
fn every_reference_resolves_to_a_record_that_is_not_deleted() {
    let records = &*TWICE_AS_LARGE;
    let mut references: Vec<(&str, &str, &str)> = REFERENCES.to_vec();
    references.push(("leads.ldjson", "convertedToDealId", "deals.ldjson"));
    for (name, _) in FILES {
        for (field, field_type) in custom_fields(name) {
            if let FieldType::Reference(object_type) = field_type {
                let target = FILES
                    .iter()
                    .map(|(file, _)| *file)
                    .find(|file| match object_type {
                        "USER" => *file == "business_users.ldjson",
                        other => file.trim_end_matches("s.ldjson").to_uppercase() == other,
                    });
                references.push((name, field, target.unwrap()));
            }
        }
    }
    for (name, field, target) in references {
        let targets = live_ids(records, target);
        let mut count = 0;
        for record in records[name]
            .iter()
            .filter(|record| !record[field].is_null())
        {
            assert!(
                targets.contains(text(record, field)),
                "{field} dangles in {record}"
            );
            count += 1;
        }
        assert!(count > 20, "{name} has {count} values of {field}");
    }
}

#[test]
fn every_date_is_valid_and_lines_are_in_the_order_of_their_modified_dates() {
    for (&name, records) in &*EXAMPLE {
        let mut previous = Timestamp::MIN;
        for record in records {
            let modified = moment(text(record, "modifiedDate"));
            assert!(previous <= modified, "{name} is out of order at {record}");
            previous = modified;
            if name == "deals.ldjson" && !is_deleted(record) {
                let created = text(record, "createdDate");
                assert!(moment(created) < modified, "{record}");
                let close_date = text(record, "closeDate");
                assert_eq!(close_date.len(), "2025-12-31".len(), "{record}");
                assert!(created[..10].parse::<Date>().unwrap() < close_date.parse().unwrap());
            }
        }
    }
}

#[test]
fn every_record_has_what_makes_it_visible_in_gong() {
    let records = &*EXAMPLE;
    for contact in &records["contacts.ldjson"] {
        assert!(contact["accountId"].is_string(), "{contact}");
    }
    for user in &records["business_users.ldjson"] {
        assert!(is_deleted(user) || text(user, "emailAddress").ends_with("@acme.example"));
    }
    for deal in records["deals.ldjson"]
        .iter()
        .filter(|deal| !is_deleted(deal))
    {
        for field in ["accountId", "ownerId", "stage", "closeDate"] {
            assert!(deal[field].is_string(), "{field} is missing in {deal}");
        }
        assert!(deal["amount"].is_number(), "{deal}");
        let closed = match text(deal, "status") {
            "WON" => Some("closed-won"),
            "LOST" => Some("closed-lost"),
            "OPEN" => None,
            other => panic!("status {other}"),
        };
        match closed {
            Some(stage) => assert_eq!(text(deal, "stage"), stage, "{deal}"),
            None => assert!(!text(deal, "stage").starts_with("closed-"), "{deal}"),
        }
    }
}

#[test]
fn every_object_type_but_the_stages_has_live_and_deleted_records() {
    for (&name, records) in &*EXAMPLE {
        let deleted = records.iter().filter(|record| is_deleted(record)).count();
        assert_eq!(
            deleted > 0,
            name != "stages.ldjson",
            "{name}: {deleted} deleted"
        );
        assert!(deleted * 10 < records.len(), "{name}: {deleted} deleted");
    }
}

#[test]
fn every_address_lies_in_a_domain_kept_for_examples_and_no_two_people_share_one() {
    let kept = |host: &str| matches!(host.rsplit('.').next(), Some("example" | "test"));
    let records = &*EXAMPLE;
    let domains: BTreeMap<&str, &Value> = records["accounts.ldjson"]
        .iter()
        .map(|account| (text(account, "objectId"), &account["domains"]))
        .collect();
    for (&name, records) in records {
        let mut seen = BTreeSet::new();
        for record in records {
            if let Some(address) = record["emailAddress"].as_str() {
                assert!(seen.insert(address), "{address} is twice in {name}");
                let (local, host) = address.split_once('@').unwrap();
                assert!(kept(host), "{address}");
                let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-".contains(&byte);
                assert!(local.bytes().chain(host.bytes()).all(plain), "{address}");
                if name == "contacts.ldjson" {
                    assert_eq!(domains[text(record, "accountId")][0], host, "{record}");
                }
            }
            for field in ["url", "website"] {
                if let Some(url) = record[field].as_str() {
                    let host = url
                        .strip_prefix("https://")
                        .unwrap()
                        .split('/')
                        .next()
                        .unwrap();
                    assert!(kept(host), "{url}");
                }
            }
            if let Some(number) = record["phoneNumber"].as_str() {
                let digits: String = number.chars().filter(char::is_ascii_digit).collect();
                assert_eq!(&digits[digits.len() - 7..][..5], "55501", "{number}");
            }
        }
    }
}

#[test]
fn every_field_is_standard_or_in_the_entity_schema_and_holds_what_that_says() {
    for (&name, records) in &*EXAMPLE {
        let custom_fields = custom_fields(name);
        let mut unseen: BTreeSet<&str> = custom_fields.keys().copied().collect();
        for record in records {
            for (field, value) in record.as_object().unwrap() {
                let Some(field_type) = custom_fields.get(field.as_str()) else {
                    let common = ["objectId", "modifiedDate", "isDeleted", "url"];
                    let known = common.iter().chain(standard_fields(name));
                    assert!(
                        known.clone().any(|known| known == field),
                        "{field} in {name}"
                    );
                    continue;
                };
                if !value.is_null() {
                    assert!(holds(*field_type, value), "{field} is {value} in {name}");
                    unseen.remove(field.as_str());
                }
            }
        }
        assert!(unseen.is_empty(), "{name} never sets {unseen:?}");
    }
}

fn holds(field_type: FieldType, value: &Value) -> bool {
    match field_type {
        FieldType::Boolean => value.is_boolean(),
        FieldType::Currency | FieldType::Number => value.is_number(),
        FieldType::Percent => value
            .as_f64()
            .is_some_and(|percent| (0.0..=100.0).contains(&percent)),
        FieldType::Date => value
            .as_str()
            .is_some_and(|date| date.parse::<Date>().is_ok()),
        FieldType::DateTime => value
            .as_str()
            .is_some_and(|written| moment(written) > Timestamp::UNIX_EPOCH),
        FieldType::Picklist(values) => value.as_str().is_some_and(|value| values.contains(&value)),
        FieldType::Reference(_) | FieldType::String => value.is_string(),
        FieldType::Url => value
            .as_str()
            .is_some_and(|url| url.starts_with("https://")),
    }
}
