//! Programs as sources.
#![cfg(unix)]

use std::path::Path;
use std::time::{Duration, Instant};

use gong_crm::ObjectType;
use gong_crm::push::Records;
use gong_sources::SourceOptions;
use gong_sources::command::CommandSource;

/// Waits until something is so; fails if it takes too long.
async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < Duration::from_secs(30), "{what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn program_and_its_children_end_without_a_reader() {
    let folder = tempfile::tempdir().unwrap();
    let script = "sleep 600 & echo $! > child.new; mv child.new child; wait";
    let source = CommandSource::new("/bin/sh", ["-c", script]).directory(folder.path());
    let child = folder.path().join("child");
    let mut records = Records::new();
    tokio::select! {
        _ = records.add_source(ObjectType::Account, &source) => panic!("it ended by itself"),
        () = until("it started", || child.exists()) => {}
    }
    let id: i32 = std::fs::read_to_string(child)
        .unwrap()
        .trim()
        .parse()
        .unwrap();
    until("its child ended", || !is_running(id)).await;
}

/// Whether a process exists and is not only waiting to be collected.
fn is_running(id: i32) -> bool {
    let status = std::process::Command::new("ps")
        .args(["-o", "stat=", "-p", &id.to_string()])
        .output();
    let state = status.map(|output| output.stdout).unwrap_or_default();
    state.first().is_some_and(|first| *first != b'Z')
}

#[tokio::test]
async fn missing_program_is_named() {
    let source = CommandSource::new("no-such-program", [""; 0]).directory(Path::new("/"));
    let mut records = Records::new();
    let read = records.add_source(ObjectType::Account, &source).await;
    let error = read.unwrap_err().to_string();
    assert!(error.contains("cannot start no-such-program"), "{error}");
}

/// A script that first writes an account, which is a complete read if it ends well.
fn script(script: &str, options: SourceOptions) -> CommandSource {
    let line = r#"{"objectId":"a","modifiedDate":"2026-01-01T00:00:00Z","name":"A"}"#;
    let script = format!("echo '{line}'; {script}");
    CommandSource::new("/bin/sh", ["-c", &script]).options(options)
}

/// What is said of a source that can't be read; nothing if it can.
async fn said_of(source: &CommandSource) -> String {
    let mut records = Records::new();
    let read = records.add_source(ObjectType::Account, source).await;
    read.err()
        .map(|error| error.to_string())
        .unwrap_or_default()
}

#[tokio::test]
async fn program_that_hangs_is_stopped() {
    let mut options = SourceOptions::default();
    options.timeout = Some(Duration::from_millis(300));
    for hangs in ["sleep 600", "exec >&-; sleep 600"] {
        let said = said_of(&script(hangs, options.clone())).await;
        assert!(said.contains("wrote nothing for 300ms"), "{hangs}: {said}");
    }
    assert_eq!(said_of(&script("sleep 0.1; echo", options)).await, "");
}

#[tokio::test]
async fn output_that_a_child_holds_open_is_no_complete_read() {
    let options = SourceOptions::default();
    let said = said_of(&script("sleep 30 &", options.clone())).await;
    assert!(said.contains("still holds its output"), "{said}");
    let fails = "echo gone >&2; sleep 30 & exit 3";
    let said = said_of(&script(fails, options.clone())).await;
    assert!(said.contains("exit status: 3"), "{said}");
    assert!(said.contains("gone"), "{said}");
    // One that holds only the error output has nothing to add to the records.
    assert_eq!(
        said_of(&script("sleep 30 > /dev/null &", options)).await,
        ""
    );
}
