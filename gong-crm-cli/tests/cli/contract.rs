//! Behavior of every command: retries, exit codes, pipes, plain text, narrow windows.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::Stdio;

use gong_sim::{Processing, Simulator};
use wiremock::{Mock, MockServer, ResponseTemplate, matchers};

use crate::integration::simulator;
use crate::invocation::{Invocation, assert_transcript, workspace_root};

const LINE: &str = r#"{"objectId":"a-1","modifiedDate":"2026-03-01T09:30:00Z","name":"Acme"}
"#;

/// A simulator with the example CRM in it.
fn seeded() -> Simulator {
    simulator()
        .user(gong_sim::GongUser::new("jane@acme.example"))
        .seed_from_dir(workspace_root().join("examples/acme"))
        .start_blocking()
        .unwrap()
}

/// One call of every command that asks something of Gong and changes nothing.
const QUESTIONS: &[&[&str]] = &[
    &["integration", "show"],
    &["schema", "pull"],
    &["objects", "get", "--type", "DEAL", "d-1"],
    &["drift", "accounts.ldjson"],
    &["meetings", "readiness", "jane@acme.example"],
    &["status", "account-1"],
];

#[tokio::test(flavor = "multi_thread")]
async fn reads_are_retried_as_often_as_configured() {
    for words in QUESTIONS {
        let server = MockServer::start().await;
        let refusal = serde_json::json!({"requestId": "4al", "errors": ["Not now"]});
        Mock::given(matchers::any())
            .respond_with(ResponseTemplate::new(503).set_body_json(refusal))
            .mount(&server)
            .await;
        let named = ["--integration-id", "17", "--max-retries", "1"];
        let output = Invocation::new(&[words, &named[..]].concat())
            .against(&server.uri())
            .file("accounts.ldjson", LINE)
            .output();
        assert_eq!(output.status.code(), Some(1), "{words:?}");
        let asked = server.received_requests().await.unwrap().len();
        assert_eq!(asked, 2, "{words:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn unfinished_push_has_its_own_exit_code() {
    let push = |sim: &Simulator, words: &[&str]| {
        Invocation::new(&[&["push", "accounts.ldjson", "--no-progress"], words].concat())
            .against(sim.base_url())
            .file("accounts.ldjson", LINE)
    };
    let never = simulator().processing(Processing::Never).start().await;
    let never = never.unwrap();
    never.register_integration("Acme CRM", "admin@acme.example");
    let waiting = ["--wait", "0s"];
    assert_transcript!("push_timed_out", push(&never, &waiting));

    // The outcome of the upload stays unknown: every response is lost.
    let server = MockServer::start().await;
    Mock::given(matchers::any())
        .respond_with_err(|_: &wiremock::Request| {
            std::io::Error::from(std::io::ErrorKind::ConnectionReset)
        })
        .mount(&server)
        .await;
    let lost = Invocation::new(&[
        "push",
        "accounts.ldjson",
        "--no-progress",
        "--integration-id",
        "17",
        "--max-retries",
        "0",
    ])
    .against(&server.uri())
    .file("accounts.ldjson", LINE);
    assert_transcript!("push_outcome_unknown", lost);
}

#[cfg(unix)]
#[test]
fn ctrl_c_stops_a_read_and_a_push() {
    let sim = simulator()
        .processing(Processing::Never)
        .start_blocking()
        .unwrap();
    sim.register_integration("Acme CRM", "admin@acme.example");
    for words in [
        &["push", "accounts.ldjson"][..],
        &["status", "account-1", "--wait=1h"],
    ] {
        let mut invocation = Invocation::new(words)
            .against(sim.base_url())
            .file("accounts.ldjson", LINE);
        let command = invocation.command();
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let before = sim.request_count();
        while sim.request_count() < before + 2 {
            std::thread::yield_now();
        }
        let pid = i32::try_from(child.id()).unwrap();
        let pid = rustix::process::Pid::from_raw(pid).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
        let mut said = String::new();
        let mut stderr = child.stderr.take().unwrap();
        stderr.read_to_string(&mut said).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(130), "{words:?}: {said}");
    }
}

#[test]
fn closed_pipe_is_not_an_error() {
    let sim = seeded();
    let person: &[&str] = &["meetings", "readiness", "jane@acme.example"];
    for words in [
        &["check", "examples/acme"][..],
        &["--sim", "push", "examples/acme", "--no-rejects"],
        &["push", "examples/acme", "--dry-run"],
        &["uploads"],
        &["integration", "show"],
        &["schema", "pull"],
        &["schema", "plan", "examples/acme/entity-schema.json"],
        &["objects", "get", "--type", "ACCOUNT", "acc-0001", "nobody"],
        person,
        &["doctor"],
        &["json-schema", "DEAL"],
        &["completions", "bash"],
        &["man"],
        &["--help"],
        &["help", "push"],
    ] {
        let mut invocation = Invocation::new(words)
            .against(sim.base_url())
            .in_workspace();
        if words.contains(&"--sim") {
            invocation.command().env_remove("GONG_BASE_URL");
        }
        let command = invocation.command();
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // As `head -n 0` does: away before the first line.
        drop(child.stdout.take());
        let mut said = String::new();
        let mut stderr = child.stderr.take().unwrap();
        stderr.read_to_string(&mut said).unwrap();
        let code = child.wait().unwrap().code();
        assert_eq!(code, Some(0), "{words:?}: {said}");
        assert!(!said.contains("error"), "{words:?}: {said}");
        assert!(!said.to_lowercase().contains("pipe"), "{words:?}: {said}");
    }
}

#[test]
fn escape_sequences_only_reach_a_terminal() {
    let sim = seeded();
    for words in [
        &["doctor"][..],
        &["check", "bad.ldjson"],
        &["objects", "get", "--type", "STAGE", "s"],
        &["nonsense"],
        &["push", "accounts.ldjson"],
    ] {
        for (name, value) in [("NO_COLOR", "1"), ("TERM", "dumb"), ("LANG", "C")] {
            let output = Invocation::new(words)
                .against(sim.base_url())
                .file("bad.ldjson", "{\"objectId\":1}\n")
                .file("accounts.ldjson", LINE)
                .env(name, value)
                .output();
            let printed = [output.stdout, output.stderr].concat();
            assert!(!printed.contains(&0x1b), "{words:?} {name}");
        }
    }
}

#[test]
fn narrow_window_is_legible() {
    const WIDTH: usize = 60;
    let sim = seeded();
    for (words, must_fit) in [
        (&["push", "examples/acme", "--dry-run", "--sim"][..], false),
        (&["--sim", "push", "examples/acme", "--no-rejects"], true),
        (
            &[
                "meetings",
                "readiness",
                "jane@acme.example",
                "ann@acme.example",
            ],
            false,
        ),
        (&["doctor"], false),
        (&["--help"], false),
    ] {
        let mut invocation = Invocation::new(words)
            .against(sim.base_url())
            .env("COLUMNS", "60")
            .in_workspace();
        if words.contains(&"--sim") {
            invocation.command().env_remove("GONG_BASE_URL");
        }
        let output = invocation.output();
        let text = String::from_utf8(output.stdout).unwrap();
        for line in text.lines() {
            // A link or a call is not torn apart.
            let may = line.contains("://")
                || line.contains("/v2/")
                || !must_fit && line.starts_with("  ");
            assert!(line.chars().count() <= WIDTH || may, "{words:?}: {line}");
        }
    }
}

#[test]
fn narrow_window_snapshots() {
    let sim = seeded();
    let narrow = |words: &[&str]| {
        Invocation::new(words)
            .against(sim.base_url())
            .env("COLUMNS", "60")
    };
    let people = [
        "meetings",
        "readiness",
        "jane@acme.example",
        "ann@acme.example",
    ];
    assert_transcript!("narrow_readiness", narrow(&people));
    let words = ["--sim", "push", "examples/acme", "--no-rejects"];
    // Files finish in any order, and progress reports them in that order.
    let sim = Invocation::new(&[&words[..], &["--no-progress"]].concat())
        .env("COLUMNS", "60")
        .in_workspace();
    assert_transcript!("narrow_push", sim);
    let doctor = ["doctor", "--ledger", "exports/ledger.sqlite"];
    let doctor = Invocation::new(&doctor).env("COLUMNS", "60");
    assert_transcript!("narrow_doctor", doctor);
}

/// The first line of a long answer is there before the rest, so that `head` has something to show.
#[test]
fn first_line_can_be_read_alone() {
    let mut invocation = Invocation::new(&["json-schema", "DEAL"]);
    let command = invocation.command();
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut first = String::new();
    let stdout = child.stdout.take().unwrap();
    BufReader::new(stdout).read_line(&mut first).unwrap();
    assert_eq!(first, "{\n");
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
