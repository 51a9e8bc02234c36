//! What others wrote, in files and in Gong's answers, acts on no terminal and no CI runner.

use serde_json::json;
use wiremock::{Mock, MockServer, ResponseTemplate, matchers};

use crate::invocation::Invocation;

/// Texts that would move a cursor, forge a line, or command GitHub's runner.
const HOSTILE: &str = "x\u{1b}[2J\u{9b}31m\u{202e}\r\n::add-mask::secret\n##[error]y ###[error]z";

async fn gong_that_says(description: &str) -> MockServer {
    let server = MockServer::start().await;
    let status = json!({
        "status": "FAILED", "totalErrorCount": 1, "totalSuccessCount": 0,
        "errors": [{"line": 1, "description": description}],
    });
    for (method, path, code, body) in [
        ("POST", "/v2/crm/entities", 201, json!({"requestId": "4al"})),
        ("GET", "/v2/crm/request-status", 200, status),
    ] {
        Mock::given(matchers::method(method))
            .and(matchers::path(path))
            .respond_with(ResponseTemplate::new(code).set_body_json(body))
            .mount(&server)
            .await;
    }
    server
}

fn assert_harmless(output: &std::process::Output) {
    for stream in [&output.stdout, &output.stderr] {
        let text = String::from_utf8(stream.clone()).unwrap();
        let is_active = |character: char| {
            character.is_control() && character != '\n' || "\u{202e}\u{2028}".contains(character)
        };
        assert!(!text.contains(is_active), "{text:?}");
        for line in text.lines() {
            let is_mark = line.contains("::stop-commands::") || line.starts_with("::gong-crm-");
            assert!(is_mark || !line.trim_start().starts_with("::"), "{text}");
            assert!(!line.contains("##["), "{text}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn description_of_gong_stays_on_its_line() {
    let server = gong_that_says(HOSTILE).await;
    for words in [
        &["push", "accounts.ldjson"][..],
        &["push", "accounts.ldjson", "-o", "json"],
        &["status", "account-1"],
    ] {
        let line = "{\"objectId\":\"a-1\",\"modifiedDate\":\"2026-03-01T09:30:00Z\"}\n";
        let output = Invocation::new(&[words, &["--integration-id", "17"]].concat())
            .against(&server.uri())
            .env("GITHUB_ACTIONS", "true")
            .file("accounts.ldjson", line)
            .output();
        assert_harmless(&output);
    }
}

#[cfg(unix)]
#[test]
fn file_name_and_object_id_stay_on_their_line() {
    let name = "accounts\n::error::x\u{1b}[31m.ldjson";
    let line = "{\"objectId\":\"a\\n::add-mask::b\",\"modifiedDate\":\"2026-03-01T09:30:00Z\"}\n";
    for words in [&["check", name][..], &["--sim", "push", name]] {
        let output = Invocation::new(words)
            .env("GITHUB_ACTIONS", "true")
            .file(name, line)
            .output();
        assert_harmless(&output);
    }
}

#[test]
fn github_runner_obeys_no_commands_meanwhile() {
    let output = Invocation::new(&["--sim", "push", "nowhere.ldjson"])
        .env("GITHUB_ACTIONS", "true")
        .output();
    let text = String::from_utf8(output.stderr).unwrap();
    let first = text.lines().next().unwrap();
    let token = first.strip_prefix("::stop-commands::").unwrap();
    assert_eq!(
        text.lines().last(),
        Some(format!("::{token}::").as_str()),
        "{text}"
    );
}

#[cfg(target_os = "linux")]
#[test]
fn full_disk_is_an_error() {
    for words in [
        &["--sim", "push", "examples/acme", "--no-rejects"][..],
        &[
            "--sim",
            "push",
            "examples/acme",
            "--no-rejects",
            "-o",
            "json",
        ],
        &["json-schema", "DEAL"],
        &["completions", "bash"],
        &["man"],
        &["--help"],
    ] {
        let mut invocation = Invocation::new(words).in_workspace();
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full");
        invocation.command().stdout(full.unwrap());
        let output = invocation.output();
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{words:?}: {text}");
        assert!(text.contains("could not be written"), "{words:?}: {text}");
    }
}
