//! The scanner and the exact check agree, and so do the check and the JSON Schemas.

use std::path::Path;

use crate::check::fuzzing::{Setup, Verdict};
use crate::check::{Options, Sample, Severity};
use crate::object_type::ObjectType;
use crate::rule::Rule;
use crate::schema::EntitySchema;

use super::findings_of;

const SCHEMA: &str = r#"{"DEAL":[
    {"uniqueName":"region","label":"R","type":"PICKLIST","orderedValueList":["EMEA","APAC"]},
    {"uniqueName":"probability","label":"P","type":"PERCENT"},
    {"uniqueName":"isStrategic","label":"S","type":"BOOLEAN"},
    {"uniqueName":"nextStep","label":"N","type":"STRING"},
    {"uniqueName":"renewal","label":"R","type":"DATE"},
    {"uniqueName":"seenAt","label":"S","type":"DATETIME"},
    {"uniqueName":"partnerId","label":"P","type":"REFERENCE","referenceTo":"ACCOUNT"},
    {"uniqueName":"contactEmail","label":"C","type":"EMAILADDRESS"},
    {"uniqueName":"page","label":"P","type":"URL"},
    {"uniqueName":"tags","label":"T","type":"STRINGARRAY"},
    {"uniqueName":"weight","label":"W","type":"NUMBER"},
    {"uniqueName":"fax","label":"F","type":"STRING","isDeleted":true}]}"#;

/// Lines of each type, good and bad.
fn corpus() -> Vec<(ObjectType, Vec<String>)> {
    let mut corpus: Vec<(ObjectType, Vec<String>)> = ObjectType::ALL
        .into_iter()
        .map(|object_type| (object_type, Vec::new()))
        .collect();
    let mut add = |object_type: ObjectType, lines: &str| {
        let (_, known) = corpus
            .iter_mut()
            .find(|(known, _)| *known == object_type)
            .unwrap();
        known.extend(lines.lines().map(str::to_owned));
    };
    for rule in Rule::ALL {
        for sample in [&rule.explain().bad, &rule.explain().good] {
            if let Sample::File(example) = sample {
                add(
                    example.object_type,
                    &String::from_utf8_lossy(example.content),
                );
            }
        }
    }
    for object_type in ObjectType::ALL {
        for folder in ["examples/acme", "tests/fixtures/gong-examples"] {
            let path = Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("..")
                .join(folder);
            let path = path.join(format!("{}.ldjson", object_type.file_stem()));
            let lines = std::fs::read_to_string(path).unwrap_or_default();
            add(
                object_type,
                &lines.lines().take(40).collect::<Vec<_>>().join("\n"),
            );
        }
    }
    add(
        ObjectType::Deal,
        r#"{"objectId":"D-2","modifiedDate":"2026-03-01T09:30:00-05:30","url":"https://crm.example/D-2","accountId":"A","ownerId":"jane@acme.example","name":"Caf\u00e9 \"x\" \/ é","createdDate":"2026-03-01T09:30:00Z","closeDate":"2026-02-28","status":"OPEN","stage":"won","amount":-1.5e3,"region":"EMEA","probability":67.3,"isStrategic":true,"nextStep":"call","renewal":"2026-12-31","seenAt":"2026-03-01T09:30:00Z","partnerId":"a_b","contactEmail":"a@b.example","page":"http://x.example","tags":["a","b"],"weight":12}
{"objectId":"D-3", "modifiedDate":"2026-03-01T09:30:00+01:00", "isDeleted": true, "region": null, "probability": 100, "isStrategic": false, "nextStep": ""}"#,
    );
    corpus
}

/// The line, changed in some places.
fn mutated(line: &str, others: &[String], random: &mut fastrand::Rng) -> Vec<u8> {
    const PIECES: [&[u8]; 40] = [
        b"\"",
        b"\\",
        b",",
        b":",
        b"{",
        b"}",
        b"[",
        b"]",
        b" ",
        b"\t",
        b"\r",
        b"\n",
        b"0",
        b"9",
        b".",
        b"-",
        b"_",
        b"@",
        b"/",
        b"T",
        b"Z",
        b"\xc3\xa9",
        b"\xff",
        b"null",
        b"true",
        b"\"\"",
        b"\\u00e9",
        b"\\ud83d",
        b"\\u002e",
        b",\"x\":1",
        b"\"objectId\":",
        b"e5",
        b"+",
        b"\xe2\x80\x83",
        b"\0",
        b"'",
        b"\xc2\x85",
        b"{}",
        b".000",
        b"\x7f",
    ];
    let mut bytes = line.as_bytes().to_vec();
    for _ in 0..random.usize(1..=3) {
        let at = random.usize(0..=bytes.len());
        let end = (at + random.usize(0..12)).min(bytes.len());
        match random.u8(0..8) {
            0 => bytes.truncate(at),
            1 => drop(bytes.drain(at..end)),
            2 | 3 => drop(bytes.splice(
                at..at,
                random.choice(PIECES).unwrap_or(b"x").iter().copied(),
            )),
            4 => drop(bytes.splice(
                at..end.min(at + 1),
                random.choice(PIECES).unwrap_or(b"x").iter().copied(),
            )),
            5 if at < bytes.len() => bytes[at] = random.u8(..),
            6 if at < bytes.len() => bytes[at] ^= 1 << random.u8(0..8),
            _ => {
                let other = random
                    .choice(others)
                    .map_or(line, String::as_str)
                    .as_bytes();
                let from = random.usize(0..=other.len());
                let to = (from + random.usize(0..40)).min(other.len());
                drop(bytes.splice(at..end, other[from..to].iter().copied()));
            }
        }
    }
    bytes
}

/// Compares the two on this many lines; `CHECK_MUTATIONS` asks for more.
#[test]
fn scanner_and_exact_check_find_the_same() {
    let rounds = std::env::var("CHECK_MUTATIONS")
        .ok()
        .and_then(|text| text.parse().ok());
    let rounds: usize = rounds.unwrap_or(20_000);
    let schema = EntitySchema::from_json(SCHEMA).unwrap();
    let mut random = fastrand::Rng::with_seed(3);
    let (mut good, mut same, mut unread_good, mut unread) = (0, 0, 0, 0);
    let corpus = corpus();
    let runs = corpus.len() + 1;
    for (at, (object_type, lines)) in corpus.iter().chain(&corpus[4..5]).enumerate() {
        let schema = (at + 1 == runs).then(|| schema.clone());
        let setup = Setup::new(*object_type, schema);
        let mut differential = setup.differential();
        for round in 0..rounds / runs {
            let line = random.choice(lines).unwrap();
            let line = if round % 20 == 0 {
                line.clone().into_bytes()
            } else {
                mutated(line, lines, &mut random)
            };
            match differential.compare(&line) {
                Ok(Verdict::Good) => good += 1,
                Ok(Verdict::Same) => same += 1,
                Ok(Verdict::NotRead { is_good: true }) => unread_good += 1,
                Ok(Verdict::NotRead { is_good: false }) => unread += 1,
                Err(difference) => {
                    panic!(
                        "{object_type} {:?}: {difference}",
                        String::from_utf8_lossy(&line)
                    )
                }
            }
        }
    }
    println!("accepted {good}, same problems {same}, not read {unread}, though good {unread_good}");
    // The scanner has to read most lines of valid JSON.
    assert!(
        good > rounds / 50 && same > rounds / 20 && unread_good < good / 5,
        "{good} {same} {unread_good} {unread}"
    );
}

/// Rules that reject more than the JSON Schema, with the reason.
const STRICTER: &[(Rule, &str)] = &[
    (
        Rule::DuplicateKey,
        "JSON Schema sees the last of two values only",
    ),
    (
        Rule::TimestampRange,
        "a pattern can't know the days of each month",
    ),
    (Rule::UrlFormat, "the pattern does not look at the host"),
    (Rule::WrongType, "1.0 is an integer to JSON Schema"),
    (
        Rule::JsonSyntax,
        "half of a surrogate pair may pass a parser",
    ),
    (
        Rule::MissingField,
        "an empty date or address breaks the pattern",
    ),
];

#[test]
fn check_reports_what_a_json_schema_rejects() {
    let mut random = fastrand::Rng::with_seed(4);
    for (object_type, lines) in corpus() {
        let schema = serde_json::from_str(object_type.line_format().json_schema_text()).unwrap();
        let schema = jsonschema::validator_for(&schema).unwrap();
        for round in 0..400 {
            let line = random.choice(&lines).unwrap();
            let line = if round % 4 == 0 {
                line.clone()
            } else {
                String::from_utf8_lossy(&mutated(line, &lines, &mut random)).into_owned()
            };
            let Ok(value) = serde_json::from_str::<serde_json::Value>(&line) else {
                continue;
            };
            // The check reads files: a line feed within what was one line makes two of it.
            if line.contains('\n') {
                continue;
            }
            let found = findings_of(object_type, line.as_bytes(), &Options::default());
            let mut errors = found
                .iter()
                .filter(|finding| finding.severity == Severity::Error);
            if schema.is_valid(&value) {
                let only_stricter =
                    errors.all(|error| STRICTER.iter().any(|(rule, _)| *rule == error.rule));
                assert!(only_stricter, "{object_type} {line}: {found:?}");
            } else {
                assert!(!found.is_empty(), "{object_type} {line}");
            }
        }
    }
}
