//! Programs as sources.
#![cfg(unix)]

use std::path::Path;
use std::time::{Duration, Instant};

use gong_crm::ObjectType;
use gong_crm::push::Records;
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
