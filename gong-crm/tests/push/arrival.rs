//! A whole CRM arrives, and what Gong rejects is reported with its record.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use gong_crm::ObjectType;
use gong_crm::push::{Status, Verdict};
use serde_json::Value;

use crate::support::{Harness, OLD, account, bad_account, workspace};

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
async fn example_crm_arrives_and_is_not_sent_twice() {
    let harness = Harness::new().await;
    let folder = workspace("examples/acme");
    let options = harness.options(&folder).unchecked();
    let report = harness.push_with(options.clone()).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    let sent: Vec<ObjectType> = report.files.iter().map(|file| file.object_type).collect();
    assert_eq!(sent, ObjectType::ALL, "what is referred to goes first");
    let mut all_deletions = 0;
    for file in &report.files {
        assert_eq!(file.status, Status::Done, "{}", file.path.display());
        assert_eq!(file.records, file.accepted, "{}", file.path.display());
        let (alive, deletions) = survivors(&file.path);
        all_deletions += deletions;
        let object_type = file.object_type.as_str();
        assert_eq!(
            harness.simulator.object_count(object_type),
            alive.len(),
            "{object_type}"
        );
        for (object_id, record) in &alive {
            let held = harness.simulator.object(object_type, object_id).unwrap();
            for (field, value) in record.as_object().unwrap() {
                let place = format!("{object_type} {object_id}.{field}");
                assert_eq!(held.get(field), Some(value), "{place}");
            }
        }
    }
    assert!(all_deletions > 0, "the example CRM has deletions");

    let calls = harness.simulator.request_count();
    let again = harness.push_with(options).await;
    assert_eq!(again.verdict, Verdict::Done, "{again:#?}");
    assert_eq!(again.unchanged(), report.records());
    assert!(
        again
            .files
            .iter()
            .all(|file| file.status == Status::Unchanged)
    );
    assert_eq!(harness.simulator.request_count(), calls, "no call at all");
}

#[tokio::test]
async fn rejected_lines_are_reported_with_their_record() {
    let harness = Harness::new().await;
    let lines = [
        format!(r#"{{"objectId":"c-1","modifiedDate":"{OLD}","emailAddress":"a@acme.com"}}"#),
        r#"{"objectId":"c-2","emailAddress":"b@acme.com"}"#.to_owned(),
        r#"{"objectId":"c-3","modifiedDate":"#.to_owned(),
        format!(r#"{{"objectId":"c-4","modifiedDate":"{OLD}","emailAddress":"d@acme.com"}}"#),
    ];
    let path = harness.write_text("contacts.ldjson", &(lines.join("\n") + "\n"));
    let options = harness.options(&path).unchecked();
    let report = harness.push_with(options.clone()).await;
    assert_eq!(report.verdict, Verdict::Partial, "{report:#?}");
    let file = &report.files[0];
    assert_eq!(file.status, Status::Partial);
    let counts = (file.records, file.accepted, file.rejected, file.held_back);
    assert_eq!(counts, (4, 2, 1, 1));
    let errors: Vec<(u64, Option<&str>)> = file
        .errors
        .iter()
        .map(|error| (error.source_line, error.object_id.as_deref()))
        .collect();
    assert_eq!(errors, [(2, Some("c-2")), (3, Some("c-3"))]);
    let reason = &file.errors[0].description;
    assert!(reason.contains("modifiedDate"), "{reason}");
    assert_eq!(harness.simulator.object_count("CONTACT"), 2);

    // Gong rejected the record as it is, so it is not sent again the same day.
    let posts = harness.posts();
    let again = harness.push_with(options).await;
    assert_eq!(again.verdict, Verdict::Partial, "{again:#?}");
    let file = &again.files[0];
    let counts = (file.unchanged, file.rejected, file.held_back);
    assert_eq!(counts, (2, 1, 1));
    assert_eq!(harness.posts(), posts);
}

#[tokio::test]
async fn findings_of_the_check_keep_everything_from_being_sent() {
    let harness = Harness::new().await;
    let good = account("a-1", OLD, "Acme");
    let bad = r#"{"objectId":"a-2","modifiedDate":"2026-01-15 09:30","url":"crm"}"#;
    harness.write_text("crm/accounts.ldjson", &(good + bad));
    harness.write("crm/stages.ldjson", &[r#"{"objectId":"s-1","name":"New"}"#]);
    let report = harness.push(&harness.folder()).await;
    assert_eq!(report.verdict, Verdict::Invalid, "{report:#?}");
    let [stages, accounts] = &report.files[..] else {
        panic!("{report:#?}");
    };
    assert_eq!(stages.status, Status::NotSent);
    assert_eq!(accounts.status, Status::Invalid);
    assert_eq!((accounts.records, accounts.held_back), (2, 1));
    let errors: Vec<(u64, Option<&str>, &str)> = accounts
        .errors
        .iter()
        .map(|error| {
            let field = error.description.split(':').next().unwrap();
            (error.source_line, error.object_id.as_deref(), field)
        })
        .collect();
    assert_eq!(
        errors,
        [(2, Some("a-2"), "modifiedDate"), (2, Some("a-2"), "url")]
    );
    assert_eq!(harness.simulator.request_count(), 0);
    assert!(
        harness.states().await.is_empty(),
        "nothing is planned either"
    );
}

#[tokio::test]
async fn errors_beyond_those_that_gong_lists_are_found() {
    let harness = Harness::new().await;
    let mut text = String::new();
    for number in 1..=30 {
        let id = format!("a-{number}");
        text += &if number <= 25 {
            bad_account(&id)
        } else {
            account(&id, OLD, "A")
        };
    }
    let path = harness.write_text("accounts.ldjson", &text);
    let report = harness.push_with(harness.options(&path).unchecked()).await;
    let file = &report.files[0];
    assert_eq!(
        (file.records, file.accepted, file.rejected),
        (30, 5, 25),
        "{report:#?}"
    );
    let ids: Vec<&str> = file
        .errors
        .iter()
        .map(|error| error.object_id.as_deref().unwrap())
        .collect();
    let expected: Vec<String> = (1..=25).map(|number| format!("a-{number}")).collect();
    assert_eq!(ids, expected);
    assert_eq!(harness.simulator.object_count("ACCOUNT"), 5);
}

#[tokio::test]
async fn example_lines_of_gongs_own_page_arrive() {
    let harness = Harness::new().await;
    let folder = workspace("tests/fixtures/gong-examples");
    let options = harness.options(&folder).unchecked();
    let report = harness.push_with(options).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    for file in &report.files {
        let (alive, _) = survivors(&file.path);
        let object_type = file.object_type.as_str();
        assert_eq!(
            harness.simulator.object_count(object_type),
            alive.len(),
            "{object_type}"
        );
    }
}
