//! Check, JSON Schemas and simulator on ten thousand generated lines: what one accepts and another does
//! not is listed here, with the reason.

use std::collections::BTreeMap;

use gong_crm::check::{Options, check_reader};
use gong_crm::rate_limit::RateLimit;
use gong_crm::rule::Severity;
use gong_crm::status::RequestState;
use gong_crm::upload::Upload;
use gong_crm::{Client, ClientRequestId, Credentials, IntegrationId, ObjectType, Rule};
use gong_sim::Simulator;
use serde_json::{Map, Value, json};

/// How many lines of each type there are.
const LINES: usize = 1_700;

/// Gong lists at most this many errors per upload.
const PER_UPLOAD: usize = 20;

/// Possible values of one field in a line, with a name. `null` means a field that is omitted.
fn odd_values() -> Vec<(&'static str, Value)> {
    vec![
        ("left out", Value::Null),
        ("null", json!("\u{0}null")),
        ("true", json!(true)),
        ("the text true", json!("true")),
        ("0", json!(0)),
        ("-1", json!(-1)),
        ("1.5", json!(1.5)),
        ("a text of digits", json!("12")),
        ("an empty text", json!("")),
        ("a space", json!(" ")),
        ("a word", json!("word")),
        ("a word with an underscore", json!("a_b")),
        ("a word with a slash", json!("a/b")),
        ("65 letters", json!("x".repeat(65))),
        ("an address", json!("ada@acme.example")),
        ("an address without a dot", json!("a@b")),
        ("an address with a space", json!("a b@acme.example")),
        ("two addresses", json!("a@b.example,c@d.example")),
        ("a day", json!("2026-02-28")),
        ("a day that is not", json!("2026-02-30")),
        ("a moment", json!("2026-03-01T09:30:00Z")),
        ("a moment in a zone", json!("2026-03-01T09:30:00+05:30")),
        ("the end of time", json!("9999-12-31T23:59:59Z")),
        ("a moment that is not", json!("2026-02-30T09:30:00Z")),
        (
            "a moment with a fraction",
            json!("2026-03-01T09:30:00.123Z"),
        ),
        ("a moment without a zone", json!("2026-03-01T09:30:00")),
        ("a link", json!("https://crm.example.com/1")),
        ("a link without a host", json!("https://")),
        ("a link of ftp", json!("ftp://crm.example.com/1")),
        ("a list", json!(["a.example", "b.example"])),
        ("an empty list", json!([])),
        ("a list of numbers", json!([1, 2])),
        ("an object", json!({"a": 1})),
        (
            "a link with a control character",
            json!("https://a.example/\u{1}"),
        ),
        ("a link with DEL", json!("https://a.example/\u{7f}b")),
        ("a link with an umlaut", json!("https://a.example/\u{fc}")),
        ("a host with an umlaut", json!("https://\u{fc}.example")),
        ("a link with a bar", json!("https://a.example/|x")),
        ("a link with a bare percent", json!("https://a.example/%zz")),
        ("a link in capitals", json!("HTTPS://A.EXAMPLE")),
        ("a link with an empty host", json!("https:///x")),
        (
            "a moment with a short offset",
            json!("2026-03-01T09:30:00+0100"),
        ),
        ("a leap second", json!("2026-03-01T23:59:60Z")),
        ("a whole number with a fraction", json!(1.0)),
        ("2^31", json!(2_147_483_648_i64)),
        ("2^63 - 1", json!(i64::MAX)),
        ("1e20", json!(1e20)),
        ("OPEN", json!("OPEN")),
        ("open", json!("open")),
        ("a letter beyond ASCII", json!("é")),
    ]
}

/// A good record of each type, with all of its standard fields.
fn good(object_type: ObjectType, number: usize) -> Map<String, Value> {
    let mut record = Map::new();
    for field in object_type.line_format().fields {
        let value = match field.name {
            "objectId" => json!(format!("r-{number}")),
            "modifiedDate" | "createdDate" => json!("2026-03-01T09:30:00Z"),
            "closeDate" => json!("2026-06-30"),
            "url" => json!("https://crm.example.com/1"),
            "emailAddress" => json!(format!("user-{number}@acme.example")),
            "status" => json!("OPEN"),
            "amount" => json!(1250.5),
            "domains" => json!(["acme.example"]),
            "isActive" => json!(true),
            "isDeleted" => json!(false),
            "sortOrder" => json!(1),
            name if name.ends_with("Id") => json!("a-1"),
            _ => json!("text"),
        };
        record.insert(field.name.to_owned(), value);
    }
    // It is discouraged for stages.
    record.remove("isDeleted");
    record
}

/// A line, and what is odd in it.
struct Line {
    text: String,
    odd: String,
}

fn lines(object_type: ObjectType) -> Vec<Line> {
    let fields: Vec<&str> = object_type
        .line_format()
        .fields
        .iter()
        .map(|field| field.name)
        .collect();
    let fields: Vec<&str> = fields.into_iter().chain(["custom", "own field"]).collect();
    let values = odd_values();
    let deletion = Line {
        text:
            json!({"objectId": "gone", "isDeleted": true, "modifiedDate": "2026-03-01T09:30:00Z"})
                .to_string(),
        odd: "name: left out of a deletion".to_owned(),
    };
    let changed = (0..LINES).map(|number| {
        let mut record = good(object_type, number);
        let field = fields[number % fields.len()];
        let (name, value) = &values[number / fields.len() % values.len()];
        match value {
            Value::Null => drop(record.remove(field)),
            Value::String(text) if text == "\u{0}null" => {
                record.insert(field.to_owned(), Value::Null);
            }
            value => drop(record.insert(field.to_owned(), value.clone())),
        }
        Line {
            text: Value::Object(record).to_string(),
            odd: format!("{field}: {name}"),
        }
    });
    changed.chain([deletion]).collect()
}

fn text(lines: &[Line]) -> String {
    let lines: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
    lines.join("\n") + "\n"
}

/// Which of the lines the check finds no error in. Repeated ids are not the question.
fn good_by_check(object_type: ObjectType, lines: &[Line]) -> Vec<bool> {
    let mut options = Options::default();
    options.severities.allow.extend([
        Rule::DuplicateObjectId,
        Rule::ConflictingVersions,
        Rule::DuplicateEmail,
    ]);
    let mut is_good = vec![true; lines.len()];
    let text = text(lines);
    check_reader(
        text.as_bytes(),
        "lines.ldjson",
        object_type,
        &options,
        &mut |finding| {
            if finding.severity == Severity::Error && finding.line > 0 {
                is_good[usize::try_from(finding.line).unwrap() - 1] = false;
            }
        },
    )
    .unwrap();
    is_good
}

fn good_by_schema(object_type: ObjectType, lines: &[Line]) -> Vec<bool> {
    let schema = serde_json::from_str(object_type.line_format().json_schema_text()).unwrap();
    let schema = jsonschema::options()
        .should_validate_formats(true)
        .build(&schema)
        .unwrap();
    let is_valid = |line: &Line| schema.is_valid(&serde_json::from_str(&line.text).unwrap());
    lines.iter().map(is_valid).collect()
}

async fn good_by_simulator(
    client: &Client,
    integration_id: IntegrationId,
    object_type: ObjectType,
    lines: &[Line],
) -> Vec<bool> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lines.ldjson");
    let mut is_good = Vec::new();
    for (number, part) in lines.chunks(PER_UPLOAD).enumerate() {
        std::fs::write(&path, text(part)).unwrap();
        let id: ClientRequestId = format!("{object_type}-{number}").parse().unwrap();
        let upload = Upload::new(integration_id, object_type, id.clone(), &path);
        client.upload(&upload, |_| {}).await.unwrap();
        let status = loop {
            let status = client.request_status(integration_id, &id).await.unwrap();
            if matches!(status.status, RequestState::Done | RequestState::Failed) {
                break status;
            }
            tokio::task::yield_now().await;
        };
        let mut of_part = vec![true; part.len()];
        for error in &status.errors {
            of_part[usize::try_from(error.line).unwrap() - 1] = false;
        }
        is_good.extend(of_part);
    }
    is_good
}

/// Why two of them differ, as users read it: the rows of the table in `schemas/README.md`. The field, the
/// value (`*` for any), and the reason. The first that fits counts.
fn reasons() -> Vec<(&'static str, &'static str, &'static str)> {
    let page = include_str!("../../schemas/README.md");
    let rows = page.lines().filter_map(|line| {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        match cells[..] {
            ["", field, value, _check, _schemas, _simulator, why, ""] => Some((field, value, why)),
            _ => None,
        }
    });
    // The head of the table and the line under it.
    rows.skip(2).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn check_schemas_and_simulator_agree() {
    let simulator = Simulator::start().await.unwrap();
    let client = Client::builder()
        .base_url(simulator.base_url())
        .credentials(Credentials::access_key(
            simulator.access_key(),
            simulator.access_key_secret(),
        ))
        .rate_limit(RateLimit::unlimited())
        .build()
        .unwrap();
    let integration_id = simulator
        .register_integration("Acme CRM", "ada@acme.example")
        .into();
    let mut differences: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut count = 0;
    for object_type in ObjectType::ALL {
        let lines = lines(object_type);
        count += lines.len();
        let check = good_by_check(object_type, &lines);
        let schema = good_by_schema(object_type, &lines);
        let gong = good_by_simulator(&client, integration_id, object_type, &lines).await;
        for (at, line) in lines.iter().enumerate() {
            if check[at] == schema[at] && schema[at] == gong[at] {
                continue;
            }
            let word = |is_good: bool| if is_good { "accepts" } else { "rejects" };
            let difference = format!(
                "{}: check {}, schema {}, simulator {}",
                line.odd,
                word(check[at]),
                word(schema[at]),
                word(gong[at])
            );
            let types = differences.entry(difference).or_default();
            if !types.contains(&object_type.to_string()) {
                types.push(object_type.to_string());
            }
        }
    }
    assert!(count > 10_000, "{count} lines");
    let fits = |pattern: &str, text: &str| pattern == "*" || pattern == text;
    let mut unexplained = Vec::new();
    let reasons = reasons();
    assert!(reasons.len() > 5, "{reasons:?}");
    let mut used = vec![false; reasons.len()];
    for (difference, types) in &differences {
        let (odd, _) = difference.split_once(": check").unwrap();
        let (field, value) = odd.split_once(": ").unwrap();
        let reason = reasons
            .iter()
            .position(|(of_field, of_value, _)| fits(of_field, field) && fits(of_value, value));
        match reason {
            Some(at) => used[at] = true,
            None => unexplained.push(format!("{difference} ({})", types.join(", "))),
        }
    }
    assert!(
        unexplained.is_empty(),
        "without a reason:\n{}",
        unexplained.join("\n")
    );
    for ((field, value, reason), is_used) in reasons.iter().zip(used) {
        assert!(
            is_used,
            "nothing differs any more: {field}, {value}: {reason}"
        );
    }
}
