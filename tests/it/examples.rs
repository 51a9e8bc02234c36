//! Does each example of the library run, and print what its reader expects?

use std::error::Error;

use crate::support::snapshot::snapshot;

/// Takes in an example as a module: its `main` is for cargo.
macro_rules! examples {
    ($($name:ident = $path:literal;)*) => {$(
        #[path = $path]
        #[expect(dead_code, reason = "main is for `cargo run --example`")]
        mod $name;
    )*};
}
examples! {
    axum_service = "../../gong-crm/examples/axum_service.rs";
    custom_schema = "../../gong-crm/examples/custom_schema.rs";
    from_database = "../../gong-crm/examples/from_database.rs";
    incremental_push = "../../gong-crm/examples/incremental_push.rs";
    meeting_readiness = "../../gong-crm/examples/meeting_readiness.rs";
    own_ledger = "../../gong-crm/examples/own_ledger.rs";
    quickstart = "../../gong-crm/examples/quickstart.rs";
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
async fn the_quickstart_comes_to_a_verdict() {
    prints!(quickstart, "two records, and Gong's verdict");
}

#[tokio::test]
async fn rows_of_a_database_arrive() {
    prints!(
        from_database,
        "a row that is no record is named, the others arrive"
    );
}

#[tokio::test]
async fn each_round_sends_what_has_changed() {
    prints!(
        incremental_push,
        "three rounds: all, the newest once more, a change"
    );
}

#[tokio::test]
async fn a_lossy_schema_is_not_declared() {
    prints!(
        custom_schema,
        "declared, unchanged, and not declared because values would be lost"
    );
}

#[tokio::test]
async fn readiness_is_told_of_each_person() {
    prints!(
        meeting_readiness,
        "who is ready, and what mends it for the others"
    );
}

#[tokio::test]
async fn an_own_ledger_sees_every_state() {
    prints!(
        own_ledger,
        "the second push of the same content sends nothing"
    );
}

#[tokio::test]
async fn a_web_service_collects_and_pushes() {
    prints!(
        axum_service,
        "a good change, a bad one, and one push of what came in"
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
    assert!(seen >= 7, "only {seen} examples were found");
}
