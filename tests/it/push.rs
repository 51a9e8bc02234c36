//! Does a whole CRM arrive in Gong, and is what Gong refuses told with its record?

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use gong_crm::push::{FileStatus, Options, Report, Verdict};
use gong_crm::rate_limit::RateLimit;
use gong_crm::{Client, Credentials, IntegrationId, ObjectType};
use gong_sim::Simulator;
use serde_json::Value;

use crate::support::workspace;

/// A local Gong with an integration, and a client of it.
struct Gong {
    simulator: Simulator,
    client: Client,
    integration_id: IntegrationId,
}

async fn gong() -> Gong {
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
    let integration_id = client
        .register_integration("Acme CRM", "ada.king@acme.example")
        .await
        .unwrap();
    Gong {
        simulator,
        client,
        integration_id,
    }
}

impl Gong {
    async fn push(&self, path: &Path) -> Report {
        let options = Options::new([path]).local().unchecked();
        self.client
            .push(self.integration_id, options)
            .await
            .unwrap()
    }
}

/// The records of a file that are left when its deletions are done, and how many are deletions.
fn survivors(path: &Path) -> (BTreeMap<String, Value>, usize) {
    let mut alive = BTreeMap::new();
    let mut deletions = 0;
    for line in fs::read_to_string(path).unwrap().lines() {
        let record: Value = serde_json::from_str(line).unwrap();
        let object_id = record["objectId"].as_str().unwrap().to_owned();
        if record["isDeleted"] == true {
            deletions += 1;
            alive.remove(&object_id);
        } else {
            alive.insert(object_id, record);
        }
    }
    (alive, deletions)
}

#[tokio::test]
async fn the_whole_example_crm_arrives_and_is_not_sent_twice() {
    let gong = gong().await;
    let folder = workspace("examples/acme");
    let report = gong.push(&folder).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    let sent: Vec<ObjectType> = report.files.iter().map(|file| file.object_type).collect();
    assert_eq!(sent, ObjectType::ALL, "what is referred to goes first");
    assert_eq!((report.succeeded(), report.failed()), (report.records(), 0));
    let mut all_deletions = 0;
    for file in &report.files {
        assert!(file.sent, "{}", file.path.display());
        assert_eq!(file.records, file.succeeded, "{}", file.path.display());
        let (alive, deletions) = survivors(&file.path);
        all_deletions += deletions;
        let object_type = file.object_type.as_str();
        assert_eq!(
            gong.simulator.object_count(object_type),
            alive.len(),
            "{object_type}"
        );
        for (object_id, record) in &alive {
            let held = gong.simulator.object(object_type, object_id).unwrap();
            for (field, value) in record.as_object().unwrap() {
                assert_eq!(
                    held.get(field),
                    Some(value),
                    "{object_type} {object_id}.{field}"
                );
            }
        }
    }
    assert!(all_deletions > 0, "the example CRM has deletions");

    let before = gong.simulator.uploads().len();
    let again = gong.push(&folder).await;
    assert_eq!(again.verdict, Verdict::Done, "{again:#?}");
    assert!(again.files.iter().all(|file| !file.sent), "{again:#?}");
    assert_eq!(again.succeeded(), report.succeeded());
    assert_eq!(
        gong.simulator.uploads().len(),
        before,
        "nothing new was stored"
    );
}

#[tokio::test]
async fn refused_lines_are_told_with_their_record() {
    let gong = gong().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("contacts.ldjson");
    let time = "2026-01-15T09:30:00Z";
    let lines = [
        format!(r#"{{"objectId":"c-1","modifiedDate":"{time}","emailAddress":"a@acme.com"}}"#),
        r#"{"objectId":"c-2","emailAddress":"b@acme.com"}"#.to_owned(),
        r#"{"objectId":"c-3","modifiedDate":"#.to_owned(),
        format!(r#"{{"objectId":"c-4","modifiedDate":"{time}","emailAddress":"d@acme.com"}}"#),
    ];
    fs::write(&path, lines.join("\n") + "\n").unwrap();
    let report = gong.push(&path).await;
    assert_eq!(report.verdict, Verdict::Partial, "{report:#?}");
    let file = &report.files[0];
    assert_eq!(file.status, FileStatus::Partial);
    assert_eq!((file.records, file.succeeded, file.failed), (4, 2, 2));
    let errors: Vec<(u64, Option<&str>)> = file
        .errors
        .iter()
        .map(|error| (error.source_line, error.object_id.as_deref()))
        .collect();
    assert_eq!(errors, [(2, Some("c-2")), (3, None)]);
    assert!(
        file.errors[0].description.contains("modifiedDate"),
        "{:?}",
        file.errors[0]
    );
    assert_eq!(gong.simulator.object_count("CONTACT"), 2);

    // Gong has called the content failed, so the same file may go again: under the next id.
    let again = gong.push(&path).await;
    let ids = [&report, &again].map(|report| {
        let id = report.files[0].client_request_id.as_ref().unwrap();
        id.as_str().rsplit('-').next().unwrap().to_owned()
    });
    assert_eq!(ids, ["1", "2"]);
}

#[tokio::test]
async fn what_the_check_finds_is_told_with_its_record_and_nothing_is_sent() {
    let gong = gong().await;
    let folder = tempfile::tempdir().unwrap();
    let good = r#"{"objectId":"a-1","modifiedDate":"2026-01-15T09:30:00Z","name":"Acme"}"#;
    let bad = r#"{"objectId":"a-2","modifiedDate":"2026-01-15 09:30","url":"crm"}"#;
    fs::write(
        folder.path().join("accounts.ldjson"),
        [good, bad].join("\n"),
    )
    .unwrap();
    fs::write(
        folder.path().join("stages.ldjson"),
        r#"{"objectId":"s-1","name":"New"}"#,
    )
    .unwrap();
    let options = Options::new([folder.path()]).local();
    let report = gong
        .client
        .push(gong.integration_id, options)
        .await
        .unwrap();
    assert_eq!(report.verdict, Verdict::Invalid, "{report:#?}");
    let [stages, accounts] = &report.files[..] else {
        panic!("{report:#?}");
    };
    assert_eq!(stages.status, FileStatus::NotSent);
    assert_eq!((accounts.records, accounts.failed), (2, 1));
    let errors: Vec<(u64, Option<&str>, &str)> = accounts
        .errors
        .iter()
        .map(|error| {
            (
                error.source_line,
                error.object_id.as_deref(),
                &*error.description,
            )
        })
        .collect();
    let spaced = "modifiedDate: there is a space instead of the T between date and time";
    let schemeless = "url: it must begin with https:// or http://";
    assert_eq!(
        errors,
        [(2, Some("a-2"), spaced), (2, Some("a-2"), schemeless)]
    );
    assert!(gong.simulator.uploads().is_empty());
}

#[tokio::test]
async fn errors_beyond_those_that_gong_lists_are_counted() {
    let gong = gong().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("accounts.ldjson");
    let mut text = String::new();
    for number in 1..=30 {
        let time = if number <= 25 {
            ""
        } else {
            r#","modifiedDate":"2026-01-15T09:30:00Z""#
        };
        let _ = writeln!(text, r#"{{"objectId":"a-{number}","name":"A"{time}}}"#);
    }
    fs::write(&path, text).unwrap();
    let report = gong.push(&path).await;
    let file = &report.files[0];
    assert_eq!((file.records, file.succeeded, file.failed), (30, 5, 25));
    assert_eq!((file.errors.len(), file.hidden_errors), (20, 5));
    assert_eq!(file.errors[19].object_id.as_deref(), Some("a-20"));
    assert_eq!(gong.simulator.object_count("ACCOUNT"), 5);
}

#[tokio::test]
async fn the_example_lines_of_gongs_own_page_arrive() {
    let gong = gong().await;
    let folder = workspace("tests/fixtures/gong-examples");
    let report = gong.push(&folder).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    for file in &report.files {
        let (alive, _) = survivors(&file.path);
        let object_type = file.object_type.as_str();
        assert_eq!(
            gong.simulator.object_count(object_type),
            alive.len(),
            "{object_type}"
        );
    }
}
