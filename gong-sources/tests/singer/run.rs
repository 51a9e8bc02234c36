//! What a target is, and when it passes a state on.

use gong_crm::ErrorKind;
use gong_crm::push::Verdict;
use gong_sim::{Effect, Fault, Operation, RetryAfter};
use gong_sources::singer::{Tap, TargetError};

use crate::place::Place;

const MAPPING: &str = r#"
[ACCOUNT]
stream = "companies"
deleted = "gone"
[ACCOUNT.fields]
objectId = "id"
modifiedDate = "at"
name = "name"

[DEAL]
stream = "deals"
[DEAL.fields]
objectId = "id"
modifiedDate = "at"
accountId = "company"
name = "name"
stage = "stage"
amount = "amount"
status = { constant = "OPEN" }
closeDate = "close"
"#;

const AT: &str = "2026-01-15T09:30:00Z";

fn schema(stream: &str) -> String {
    format!(
        "{{\"type\":\"SCHEMA\",\"stream\":\"{stream}\",\"key_properties\":[\"id\"],\
         \"schema\":{{\"properties\":{{\"id\":{{}},\"at\":{{}}}}}}}}\n"
    )
}

fn record(stream: &str, fields: &str) -> String {
    format!(
        "{{\"type\":\"RECORD\",\"stream\":\"{stream}\",\"record\":{{\"at\":\"{AT}\",{fields}}}}}\n"
    )
}

fn versioned(stream: &str, fields: &str, version: u32) -> String {
    record(stream, fields).replace("}}\n", &format!("}},\"version\":{version}}}\n"))
}

fn activate(stream: &str, version: u32) -> String {
    format!("{{\"type\":\"ACTIVATE_VERSION\",\"stream\":\"{stream}\",\"version\":{version}}}\n")
}

fn state(number: u32) -> String {
    format!("{{\"type\":\"STATE\",\"value\":{{\"n\":{number}}}}}\n")
}

fn companies(ids: std::ops::RangeInclusive<u32>) -> String {
    let mut text = schema("companies");
    for id in ids {
        text += &record(
            "companies",
            &format!("\"id\":{id},\"name\":\"Company {id}\""),
        );
    }
    text
}

#[tokio::test]
async fn children_before_parents_and_ids_as_floats_arrive() {
    let place = Place::with_mapping(MAPPING).await;
    let output = state(0)
        + &schema("deals")
        + &record(
            "deals",
            r#""id":"7","company":9001.0,"name":"Wind","amount":12345678901234567890.123456789"#,
        )
        + &state(1)
        + &schema("companies")
        + &record("companies", r#""id":9001,"name":"Borealis""#)
        + &state(2);
    let ran = place.run(output).await;
    assert_eq!(ran.report().verdict, Verdict::Done, "{ran:?}");
    assert_eq!(ran.states, [r#"{"n":2}"#]);
    let deal = place.sim.object_text("DEAL", "7").unwrap();
    assert!(deal.contains("\"accountId\":\"9001\""), "{deal}");
    assert!(deal.contains("12345678901234567890.123456789"), "{deal}");
}

#[tokio::test]
async fn upload_without_verdict_emits_no_state() {
    for (effect, operation, expected) in [
        (
            Effect::Status(500),
            Operation::RequestStatus,
            Verdict::TimedOut,
        ),
        (
            Effect::TooManyRequests(RetryAfter::Seconds(86_400)),
            Operation::UploadEntities,
            Verdict::Failed,
        ),
    ] {
        let place = Place::with_mapping(MAPPING).await;
        place
            .sim
            .add_fault(Fault::new(effect).on(operation))
            .unwrap();
        let output = companies(1..=3) + &state(1);
        let ran = place.run(output.clone()).await;
        assert_eq!(ran.report().verdict, expected, "{ran:?}");
        assert_eq!(ran.states, [""; 0]);
        place.sim.clear_faults();
        let ran = place.run(output).await;
        assert_eq!(ran.report().verdict, Verdict::Done, "{ran:?}");
        assert_eq!(ran.states, [r#"{"n":1}"#]);
        assert_eq!(place.sim.object_count("ACCOUNT"), 3);
    }
}

#[tokio::test]
async fn server_that_fails_in_mid_upload_lets_no_state_out() {
    let place = Place::with_preset("pipedrive").await;
    let recorded = include_str!("../fixtures/pipedrive.jsonl");
    place
        .sim
        .add_fault(
            Fault::new(Effect::Status(401))
                .on(Operation::UploadEntities)
                .nth(3),
        )
        .unwrap();
    let ran = place.run(recorded).await;
    assert_ne!(ran.report().verdict, Verdict::Done, "{ran:?}");
    assert_eq!(
        ran.report().cause.as_ref().unwrap().kind(),
        ErrorKind::Unauthorized
    );
    assert_eq!(ran.states, [""; 0]);
    place.sim.clear_faults();
    let ran = place.run(recorded).await;
    assert_eq!(ran.report().verdict, Verdict::Done, "{ran:?}");
    assert_eq!(ran.states.len(), 1);
    assert_eq!(place.sim.object_count("DEAL"), 1);
}

#[tokio::test]
async fn rejected_record_is_in_the_ledger_and_state_is_emitted() {
    let place = Place::with_mapping(MAPPING).await;
    let output = companies(1..=2)
        + &schema("deals")
        + &record("deals", r#""id":7,"company":1,"close":"someday""#)
        + &record("deals", r#""id":8,"company":1"#)
        + &state(1);
    let ran = place.run(output).await;
    assert_eq!(ran.report().verdict, Verdict::Partial, "{ran:?}");
    assert_eq!(ran.report().rejected, 1);
    assert_eq!(ran.states, [r#"{"n":1}"#]);
    assert_eq!(place.sim.object_count("DEAL"), 1);
    let rejects = place.rejects().await;
    assert_eq!(rejects.len(), 1);
    assert_eq!(rejects[0].object_id, "7");
    assert_eq!(rejects[0].path, "deals");
    let content = String::from_utf8_lossy(rejects[0].line_content()).into_owned();
    assert!(content.contains("\"objectId\":\"7\""), "{content}");
    // All of them: the state goes on as well.
    let output = schema("deals") + &record("deals", r#""id":9,"close":"never""#) + &state(2);
    let ran = place.run(output).await;
    assert_eq!(ran.report().verdict, Verdict::Partial, "{ran:?}");
    assert_eq!(ran.states, [r#"{"n":2}"#]);
    assert_eq!(place.rejects().await.len(), 2);
}

#[tokio::test]
async fn tap_that_dies_deletes_nothing() {
    let place = Place::with_mapping(MAPPING).await;
    let _ = place.run(companies(1..=5) + &state(1)).await.report();
    let ran = place.run(companies(1..=2)).await;
    assert_eq!(ran.report().verdict, Verdict::Done);
    assert_eq!(ran.states, [""; 0]);
    assert_eq!(place.sim.object_count("ACCOUNT"), 5);
    // A truncated line is not a message, and its content is not used.
    let cut = companies(1..=2) + "{\"type\":\"STATE\",\"va";
    let ran = place.run(cut).await;
    let error = ran.report.unwrap_err();
    assert!(
        matches!(error, TargetError::Message { line: 4, .. }),
        "{error:?}"
    );
    assert_eq!(ran.states, [""; 0]);
}

#[tokio::test]
async fn activated_version_says_that_all_others_are_gone() {
    let place = Place::with_mapping(MAPPING).await;
    let table = |version: u32, ids: std::ops::RangeInclusive<u32>| {
        let rows = ids.map(|id| {
            versioned(
                "companies",
                &format!("\"id\":{id},\"name\":\"{id}\""),
                version,
            )
        });
        schema("companies")
            + &rows.collect::<String>()
            + &activate("companies", version)
            + &state(version)
    };
    assert_eq!(
        place.run(table(1, 1..=5)).await.report().verdict,
        Verdict::Done
    );
    // The version of the last run: incremental, nothing is gone.
    let again = activate("companies", 1);
    let same = schema("companies")
        + &again
        + &versioned("companies", "\"id\":1,\"name\":\"1\"", 1)
        + &again
        + &state(2);
    assert_eq!(place.run(same).await.report().verdict, Verdict::Done);
    assert_eq!(place.sim.object_count("ACCOUNT"), 5);
    // A new version before any record of it: nothing is gone.
    let early = schema("companies") + &activate("companies", 2) + &state(3);
    assert_eq!(place.run(early).await.report().verdict, Verdict::Done);
    assert_eq!(place.sim.object_count("ACCOUNT"), 5);
    // A new version after its records.
    let ran = place.run(table(3, 1..=4)).await;
    assert_eq!(ran.report().verdict, Verdict::Done, "{ran:?}");
    assert_eq!(place.sim.object_count("ACCOUNT"), 4);
    assert!(place.sim.object("ACCOUNT", "5").is_none());
    // More than half of them: a limit holds them back, and the state is emitted.
    let ran = place.run(table(4, 1..=1)).await;
    assert_eq!(ran.report().verdict, Verdict::HeldBack, "{ran:?}");
    assert_eq!(ran.states, [r#"{"n":4}"#]);
    assert_eq!(place.sim.object_count("ACCOUNT"), 4);
}

#[tokio::test]
async fn record_that_only_says_that_it_was_deleted_is_deleted() {
    let place = Place::with_mapping(MAPPING).await;
    let _ = place.run(companies(1..=9) + &state(1)).await.report();
    let deleted = schema("companies")
        + "{\"type\":\"RECORD\",\"stream\":\"companies\",\"record\":{\"id\":2,\
           \"_sdc_deleted_at\":\"2026-02-04 00:00:00+00\",\"_sdc_lsn\":7}}\n"
        + &record(
            "companies",
            r#""id":3,"gone":false,"name":"x","_sdc_deleted_at":"2026-02-04T00:00:00+00:00""#,
        )
        + &state(2);
    let ran = place.run(deleted).await;
    assert_eq!(ran.report().verdict, Verdict::Done, "{ran:?}");
    assert_eq!(ran.states, [r#"{"n":2}"#]);
    assert_eq!(place.sim.object_count("ACCOUNT"), 7);
    assert!(place.sim.object("ACCOUNT", "2").is_none());
    assert!(place.sim.object("ACCOUNT", "3").is_none());
}

#[tokio::test]
async fn records_wait_within_a_run_for_what_they_refer_to() {
    let mut place = Place::with_mapping(MAPPING).await;
    // After every parcel of lines, what came is sent.
    place.flush_bytes = 1;
    let parts = [
        schema("deals") + &record("deals", r#""id":7,"company":1,"name":"a""#) + &state(1),
        companies(2..=2) + &state(2),
        record("deals", r#""id":7,"company":1,"name":"b""#)
            + &record("deals", r#""id":8,"company":2"#)
            + &state(3),
        companies(1..=1) + &state(4),
    ];
    let ran = place.run_on(Parts(parts.into(), Vec::new())).await;
    assert_eq!(ran.report().verdict, Verdict::Done, "{ran:?}");
    assert!(ran.report().flushes > 2, "{ran:?}");
    // No state left while a deal waited for its account.
    assert_eq!(ran.states.last().unwrap(), r#"{"n":4}"#);
    assert_eq!(ran.states.len(), 1, "{ran:?}");
    assert_eq!(place.sim.object("DEAL", "7").unwrap()["name"], "b");
    assert_eq!(place.sim.object_count("DEAL"), 2);
    assert_eq!(ran.report().rejected, 0);
}

/// Returns each part by its own read.
struct Parts(std::collections::VecDeque<String>, Vec<u8>);

impl std::io::Read for Parts {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.1.is_empty() {
            let Some(next) = self.0.pop_front() else {
                return Ok(0);
            };
            self.1 = next.into_bytes();
        }
        let read = self.1.len().min(buffer.len());
        buffer[..read].copy_from_slice(&self.1[..read]);
        self.1.drain(..read);
        Ok(read)
    }
}

#[cfg(unix)]
#[tokio::test]
async fn tap_that_ends_well_without_a_state_wrote_everything() {
    let place = Place::with_mapping(MAPPING).await;
    let output = place.path("output.jsonl");
    let (path, given) = (output.display().to_string(), place.path("state.json"));
    let tap = |more: &str| Tap::new(["sh", "-c", &format!("cat '{path}'; {more}")]).unwrap();
    let companies = |ids| schema("deals") + &companies(ids);
    std::fs::write(&output, companies(1..=5) + &state(1)).unwrap();
    assert_eq!(
        place.run_tap(&tap("")).await.report().verdict,
        Verdict::Done
    );
    std::fs::write(&output, companies(1..=4) + &state(2)).unwrap();
    // It fails: nothing is gone, and that is reported.
    let ran = place.run_tap(&tap("exit 3")).await;
    assert_eq!(ran.report().verdict, Verdict::Failed, "{ran:?}");
    assert!(ran.report().tap_failed.as_ref().unwrap().contains('3'));
    assert_eq!(place.sim.object_count("ACCOUNT"), 5);
    // It was given a state of the stream: nothing is gone.
    std::fs::write(&given, r#"{"bookmarks":{"companies":{"at":"2026"}}}"#).unwrap();
    let with_state = tap("").with_state(&given);
    assert_eq!(
        place.run_tap(&with_state).await.report().verdict,
        Verdict::Done
    );
    assert_eq!(place.sim.object_count("ACCOUNT"), 5);
    // It ends well.
    let ran = place.run_tap(&tap("")).await;
    assert_eq!(ran.report().verdict, Verdict::Done, "{ran:?}");
    assert_eq!(place.sim.object_count("ACCOUNT"), 4);
    let missing = place.run_tap(&Tap::new(["no-such-tap"]).unwrap()).await;
    assert!(
        matches!(missing.report, Err(TargetError::Tap { .. })),
        "{missing:?}"
    );
}

#[tokio::test]
async fn tap_without_any_stream_of_the_mapping_emits_no_state() {
    let place = Place::with_mapping(MAPPING).await;
    let others = companies(1..=2).replace("companies", "Companies");
    let ran = place.run(others + &state(1)).await;
    assert_eq!(ran.states, [""; 0]);
    assert!(ran.report().is_state_withheld);
    let ran = place.run(String::new()).await;
    let error = ran.report.unwrap_err();
    assert!(matches!(error, TargetError::Missing { .. }), "{error}");
    let said = error.to_string();
    let expected = "none of the mapping's streams (\"companies\", \"deals\")";
    assert!(said.contains(expected), "{said}");
    assert_eq!(ran.states, [""; 0]);
}

#[cfg(unix)]
#[tokio::test]
async fn type_without_a_stream_in_a_whole_run_emits_no_state() {
    let mut place = Place::with_mapping(MAPPING).await;
    let (output, given) = (place.path("output.jsonl"), place.path("state.json"));
    let tap = Tap::new(["cat", &output.display().to_string()]).unwrap();
    std::fs::write(&output, companies(1..=2) + &state(1)).unwrap();
    let ran = place.run_tap(&tap).await;
    assert_eq!(ran.report().verdict, Verdict::Failed, "{ran:?}");
    assert!(ran.report().is_state_withheld);
    assert_eq!(ran.states, [""; 0]);
    assert_eq!(place.sim.object_count("ACCOUNT"), 2);
    // With a state, what did not change need not come.
    std::fs::write(&given, r#"{"bookmarks":{"deals":{"at":"2026"}}}"#).unwrap();
    let tap_with_state =
        Tap::new(["sh", "-c", "cat \"$0\"", &output.display().to_string()]).unwrap();
    let ran = place.run_tap(&tap_with_state.with_state(&given)).await;
    assert_eq!(ran.report().verdict, Verdict::Done, "{ran:?}");
    assert_eq!(ran.states.len(), 1);
    // Nor must what the tap never writes.
    place.never_complete.insert(gong_crm::ObjectType::Deal);
    let ran = place.run_tap(&tap).await;
    assert_eq!(ran.report().verdict, Verdict::Done, "{ran:?}");
    assert!(!ran.report().is_state_withheld && ran.states.len() == 1);
}

#[tokio::test]
async fn lookup_streams_are_known_in_later_runs() {
    let place = Place::with_mapping(
        "[STAGE]\nstream = 'stages'\n[STAGE.fields]\nobjectId = 'id'\nname = 'name'\n\
         [DEAL]\nstream = 'deals'\njoin.user = { in = 'users.json', key = 'id', by = 'user' }\n\
         [DEAL.fields]\nobjectId = 'id'\nmodifiedDate = 'at'\nownerId = 'user.email'\n\
         stage = { from = 'stage', lookup = { in = 'STAGE', key = 'name', value = 'objectId' } }\n",
    )
    .await;
    let first = schema("stages")
        + &record("stages", r#""id":"s-1","name":"New""#)
        + &schema("users")
        + &record("users", r#""id":1,"email":"ada@acme.example""#)
        + &state(1);
    assert_eq!(place.run(first).await.report().verdict, Verdict::Done);
    let deals = |name: &str| {
        schema("deals")
            + &record("deals", &format!(r#""id":7,"user":1,"stage":"{name}""#))
            + &state(2)
    };
    let ran = place.run(deals("New")).await;
    assert_eq!(ran.report().verdict, Verdict::Done, "{ran:?}");
    let deal = place.sim.object("DEAL", "7").unwrap();
    assert_eq!(
        (&deal["stage"], &deal["ownerId"]),
        (&"s-1".into(), &"ada@acme.example".into())
    );
    // The stage was renamed: only the new name is known.
    let renamed = schema("stages") + &record("stages", r#""id":"s-1","name":"Fresh""#);
    assert_eq!(
        place.run(renamed + &deals("Fresh")).await.report().verdict,
        Verdict::Done
    );
    let ran = place.run(deals("New")).await;
    assert_eq!(ran.report().verdict, Verdict::Partial, "{ran:?}");
}

#[tokio::test]
async fn invalid_tap_output_is_rejected_by_name() {
    let unkeyed = schema("companies").replace("\"id\":{},", "\"name\":{},");
    let changed = schema("companies").replace("[\"id\"]", "[\"at\"]");
    for (output, expected) in [
        (
            record("companies", "\"id\":1"),
            "comes before the stream's SCHEMA",
        ),
        (
            record("others", "\"id\":1") + &schema("others"),
            "comes before the stream's SCHEMA",
        ),
        (
            schema("companies") + &record("companies", "\"name\":\"x\""),
            "key property \"id\"",
        ),
        (
            schema("others") + &record("others", "\"name\":\"x\""),
            "key property \"id\"",
        ),
        (unkeyed, "its key property \"id\""),
        (
            schema("companies") + &changed,
            "the key of stream \"companies\" changes",
        ),
        (
            schema("companies") + "{\"type\":\"BATCH\",\"stream\":\"companies\"}\n",
            "BATCH messages",
        ),
        ("INFO starting\n".to_owned(), "not a Singer message"),
    ] {
        let place = Place::with_mapping(MAPPING).await;
        let ran = place.run(output + &state(1)).await;
        let error = ran.report.unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        assert!(error.hint().is_some());
        assert_eq!(ran.states, [""; 0]);
        assert_eq!(place.sim.request_count(), 0);
    }
}

#[tokio::test]
async fn streams_without_key_schema_or_use_are_stood() {
    let place = Place::with_mapping(MAPPING).await;
    let mut output = schema("companies").replace("[\"id\"]", "[]");
    output += &record("companies", "\"id\":1,\"name\":\"a\"");
    output += &record("companies", "\"id\":1,\"name\":\"a\"");
    output += "\n{\"type\":\"RECORD\",\"stream\":\"sale_activities\",\"record\":{\"id\":801}}\n";
    output += "{\"type\":\"LOG\"}\n";
    let ran = place.run(output + &state(1)).await;
    assert_eq!(ran.report().verdict, Verdict::Done, "{ran:?}");
    assert_eq!(place.sim.object_count("ACCOUNT"), 1);
    // A state without any record goes on at once.
    let ran = place.run(state(2)).await;
    assert_eq!(ran.states, [r#"{"n":2}"#]);
    assert_eq!(ran.report().flushes, 0);
}
