//! Each example of the library runs, and prints what its reader expects.

use std::error::Error;

use crate::support::snapshot::snapshot;

examples! {
    axum_service = "../../gong-crm/examples/axum_service.rs";
    concurrent_pushes = "../../gong-crm/examples/concurrent_pushes.rs";
    custom_schema = "../../gong-crm/examples/custom_schema.rs";
    from_database = "../../gong-crm/examples/from_database.rs";
    incremental_push = "../../gong-crm/examples/incremental_push.rs";
    meeting_readiness = "../../gong-crm/examples/meeting_readiness.rs";
    own_ledger = "../../gong-crm/examples/own_ledger.rs";
    quickstart = "../../gong-crm/examples/quickstart.rs";
    status_write_back = "../../gong-crm/examples/status_write_back.rs";
}

/// What an example prints, compared with `tests/snapshots/examples__{name}.snap`.
macro_rules! prints {
    ($example:ident, $description:literal) => {{
        let mut out = Vec::new();
        let ran: Result<(), Box<dyn Error>> = $example::run(&mut out).await;
        ran.unwrap();
        let name = concat!("examples__", stringify!($example));
        snapshot(name, $description, &String::from_utf8(out).unwrap());
    }};
}

#[tokio::test]
async fn quickstart_gets_a_verdict() {
    prints!(quickstart, "two records, and Gong's verdict");
}

#[tokio::test]
async fn rows_of_a_database_arrive() {
    prints!(
        from_database,
        "a row that is not a record is named, the others arrive, and the first night fails"
    );
}

#[tokio::test]
async fn incremental_push_loses_nothing() {
    prints!(
        incremental_push,
        "four rounds: all, nothing new, a failure, and what it left"
    );
}

#[tokio::test]
async fn lossy_schema_is_not_declared() {
    prints!(
        custom_schema,
        "declared, unchanged, and not declared because values would be lost"
    );
}

#[tokio::test]
async fn readiness_of_each_person_is_shown() {
    prints!(
        meeting_readiness,
        "who is ready, and how the others are fixed"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn own_ledger_passes_the_conformance_suite() {
    prints!(own_ledger, "a store of an app, and two pushes with it");
}

#[tokio::test]
async fn web_service_collects_and_pushes() {
    prints!(
        axum_service,
        "a good change, an older one that is late, a bad one, a push that fails, and one that does not"
    );
}

#[tokio::test]
async fn stopped_push_among_others_is_made_up_for() {
    prints!(
        concurrent_pushes,
        "three pushes at once, one of them stopped, and the same again"
    );
}

#[tokio::test]
async fn status_is_written_back_for_any_result_of_a_push() {
    prints!(
        status_write_back,
        "pushes that are refused, fail and arrive; a row that changed is not in Gong until it arrives"
    );
}

/// A new example is executed by a test, or this fails.
#[test]
fn every_example_is_run_here() {
    let source = include_str!("examples.rs").replace(char::is_whitespace, "");
    let folder = crate::support::workspace("gong-crm/examples");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let call = format!("prints!({name},");
        assert!(source.contains(&call), "no test calls {call}");
        seen += 1;
    }
    assert!(seen >= 9, "only {seen} examples were found");
}
