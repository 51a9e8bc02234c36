//! `gong-crm integration`: from none to one, and back.

use gong_sim::{Processing, Simulator};
use wiremock::{Mock, MockServer, ResponseTemplate, matchers};

use crate::invocation::{Invocation, assert_transcript};
use crate::sync::Place;

/// A simulator that takes the credentials of every test.
pub(crate) fn simulator() -> gong_sim::Builder {
    Simulator::builder().access_key("test-key", "test-secret")
}

/// Such a simulator with an integration.
pub(crate) fn registered() -> Simulator {
    let sim = simulator().start_blocking().unwrap();
    sim.register_integration("Acme CRM", "admin@acme.example");
    sim
}

fn run(sim: &Simulator, arguments: &[&str]) -> Invocation {
    Invocation::new(arguments).against(sim.base_url())
}

const OWNER: [&str; 4] = ["--name", "Acme CRM", "--owner-email", "admin@acme.example"];

#[test]
fn ensure_registers_only_once() {
    let sim = simulator().start_blocking().unwrap();
    let ensure = [&["integration", "ensure"], &OWNER[..]].concat();
    assert_transcript!("integration_ensure_new", run(&sim, &ensure));
    assert_transcript!("integration_ensure_again", run(&sim, &ensure));
    let json = [&ensure[..], &["-o", "json"]].concat();
    assert_transcript!("integration_ensure_json", run(&sim, &json));
    assert_eq!(sim.integrations().len(), 1);
    let mut other = ensure.clone();
    other[3] = "Other CRM";
    assert_transcript!("integration_ensure_at_odds", run(&sim, &other));
    let register = [&["integration", "register"], &OWNER[..]].concat();
    assert_transcript!("integration_register_twice", run(&sim, &register));
}

#[test]
fn native_integration_is_explained() {
    let sim = simulator()
        .rule("native-integration", true)
        .start_blocking()
        .unwrap();
    let ensure = [&["integration", "ensure"], &OWNER[..]].concat();
    assert_transcript!("integration_native", run(&sim, &ensure));
}

#[test]
fn deletion_without_a_terminal_needs_yes() {
    let sim = simulator().start_blocking().unwrap();
    assert_transcript!(
        "integration_delete_none",
        run(&sim, &["integration", "delete"])
    );
    sim.register_integration("Acme CRM", "admin@acme.example");
    assert_transcript!(
        "integration_delete_unasked",
        run(&sim, &["integration", "delete"])
    );
    assert_eq!(sim.integrations().len(), 1);
    let dry_run = ["integration", "delete", "--dry-run"];
    assert_transcript!("integration_delete_dry_run", run(&sim, &dry_run));
    assert_eq!(sim.integrations().len(), 1);
    let yes = ["integration", "delete", "--yes"];
    assert_transcript!("integration_delete", run(&sim, &yes));
    assert!(
        sim.integrations()
            .iter()
            .all(|integration| integration.is_being_deleted)
    );
}

#[test]
fn token_that_may_only_delete_is_enough_to_delete() {
    let sim = simulator()
        .bearer_token("delete-only", ["api:crm:integration:delete"])
        .start_blocking()
        .unwrap();
    let id = sim.register_integration("Acme CRM", "admin@acme.example");
    let id = id.to_string();
    let delete = [
        "integration",
        "delete",
        "--yes",
        "--no-wait",
        "--integration-id",
        &id,
    ];
    let output = Invocation::new(&delete)
        .env("GONG_BASE_URL", sim.base_url())
        .env("GONG_BEARER_TOKEN", "delete-only")
        .output();
    let talk = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(7), "{talk}");
    let requests = sim.requests();
    assert_eq!(requests[0].method, "DELETE", "{talk}");
    let deletions = requests.iter().filter(|request| request.method == "DELETE");
    assert_eq!(deletions.count(), 1);
    assert!(sim.integrations().is_empty(), "it is deleted at once");
}

#[test]
fn long_deletion_can_be_resumed() {
    let sim = simulator()
        .deletion(Processing::Polls(3))
        .start_blocking()
        .unwrap();
    let id = sim.register_integration("Acme CRM", "admin@acme.example");
    let start = ["integration", "delete", "--yes", "--no-wait"];
    assert_transcript!("integration_delete_async", run(&sim, &start));
    let status = format!("delete-{id}-1");
    let id = id.to_string();
    let mut states = Vec::new();
    for _ in 0..3 {
        let ask = ["status", &status, "--integration-id", &id];
        let output = run(&sim, &ask).output();
        states.push(String::from_utf8(output.stdout).unwrap().trim().to_owned());
    }
    let words = states.iter().map(|state| state.lines().next().unwrap());
    let words: Vec<&str> = words.collect();
    assert_eq!(words, ["IN_PROGRESS", "IN_PROGRESS", "DONE"]);
    let deletions = sim.requests();
    let deletions = deletions
        .iter()
        .filter(|request| request.method == "DELETE");
    assert_eq!(deletions.count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn dry_run_shows_the_requests() {
    let server = MockServer::start().await;
    Mock::given(matchers::any())
        .respond_with(ResponseTemplate::new(200).set_body_json(serde_json::json!({
            "requestId": "4al018gzaztcr8nbukw", "integrationId": 7, "meetingId": "17"
        })))
        .mount(&server)
        .await;
    let meeting = [
        "--organizer",
        "jane@acme.example",
        "--invite",
        "joe@globex.example",
        "--title",
        "Kickoff",
        "--start",
        "2026-03-02T14:00:00+01:00",
        "--duration",
        "45m",
    ];
    for arguments in [
        [&["integration", "register"], &OWNER[..]].concat(),
        [&["meetings", "create"], &meeting[..]].concat(),
        [&["meetings", "update", "17"], &meeting[..]].concat(),
        vec![
            "meetings",
            "delete",
            "17",
            "--organizer",
            "jane@acme.example",
        ],
        vec![
            "meetings",
            "readiness",
            "jane@acme.example",
            "joe@acme.example",
        ],
    ] {
        let dry_run = [&arguments[..], &["--dry-run", "-o", "json"]].concat();
        let shown = Invocation::new(&dry_run).output();
        assert_eq!(shown.status.code(), Some(0), "{dry_run:?}");
        let shown: serde_json::Value = serde_json::from_slice(&shown.stdout).unwrap();
        let shown = &shown["requests"][0];

        let seen = server.received_requests().await.unwrap().len();
        let real = Invocation::new(&arguments).against(&server.uri()).output();
        assert_eq!(real.status.code(), Some(0), "{arguments:?}");
        let sent = &server.received_requests().await.unwrap()[seen];
        assert_eq!(shown["method"], sent.method.as_str());
        assert_eq!(shown["path"], sent.url.path());
        let body: serde_json::Value = serde_json::from_slice(&sent.body).unwrap();
        assert_eq!(shown["body"], body, "{arguments:?}");
    }
}

/// At a terminal where this was typed.
#[cfg(unix)]
fn typing(invocation: Invocation, text: &str) -> (Invocation, std::fs::File) {
    use std::io::Write as _;

    let (mut person, terminal) = crate::invocation::terminal();
    person.write_all(text.as_bytes()).unwrap();
    let mut invocation = invocation;
    invocation.command().stdin(terminal);
    (invocation, person)
}

#[cfg(unix)]
#[test]
fn deletion_at_a_terminal_asks_for_the_name() {
    let sim = simulator().start_blocking().unwrap();
    sim.register_integration("Acme CRM", "admin@acme.example");
    let is_there = || sim.integrations().iter().any(|kept| !kept.is_being_deleted);
    let delete = || run(&sim, &["integration", "delete"]);
    for (name, typed) in [
        ("integration_delete_wrong_name", "acme\n"),
        ("integration_delete_no_name", "\n"),
        // Ctrl-D
        ("integration_delete_no_answer", "\u{4}"),
    ] {
        let (delete, _person) = typing(delete(), typed);
        assert_transcript!(name, delete);
        assert!(is_there(), "{name}");
    }
    // A program is not asked, at a terminal either.
    let json = run(&sim, &["integration", "delete", "-o", "json"]);
    let (json, _person) = typing(json, "Acme CRM\n");
    assert_transcript!("integration_delete_unasked_json", json);
    assert!(is_there());
    let (delete, _person) = typing(delete(), "Acme CRM\n");
    assert_transcript!("integration_delete_right_name", delete);
    assert!(!is_there());
}

#[test]
fn impossible_deletions_are_reported() {
    let sim = simulator().start_blocking().unwrap();
    sim.register_integration("Acme CRM", "admin@acme.example");
    let other = ["integration", "delete", "--yes", "--integration-id", "17"];
    assert_transcript!("integration_delete_other", run(&sim, &other));
    let sim = simulator()
        .deletion(Processing::Never)
        .start_blocking()
        .unwrap();
    sim.register_integration("Acme CRM", "admin@acme.example");
    let short = [
        "integration",
        "delete",
        "--yes",
        "--wait",
        "0s",
        "--no-progress",
    ];
    assert_transcript!("integration_delete_timed_out", run(&sim, &short));
    let json = ["integration", "delete", "--yes", "--no-wait", "-o", "json"];
    assert_transcript!("integration_delete_async_json", run(&sim, &json));
}

#[test]
fn integration_that_is_gone_is_said_at_once_with_the_way_out() {
    let place = Place::new();
    place.export(1..=3);
    let sync = ["sync", "--account-delay", "0"];
    assert_eq!(place.json(&sync).0, Some(0));
    let sim = &place.simulator;
    sim.reset();
    let (code, text) = place.json(&["push", "accounts.ldjson"]);
    assert_eq!(code, Some(1), "{text}");
    let (code, text) = place.json(&sync);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.to_string().contains("no longer in Gong"), "{text}");

    let id = sim.register_integration("Acme CRM", "admin@acme.example");
    let way_out = format!("--integration-id {id}");
    for (words, expected) in [(&sync[..], 1), (&["doctor"], 0)] {
        let output = place.command(words).output();
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8_lossy(&text).into_owned();
        assert_eq!(output.status.code(), Some(expected), "{text}");
        assert!(text.contains(&way_out), "{text}");
    }
    let id = id.to_string();
    let named = [&sync[..], &["--integration-id", &id]].concat();
    assert_eq!(place.json(&named).0, Some(0));
    assert_eq!(sim.object_count("ACCOUNT"), 3);
    let (_, doctor) = place.json(&["doctor"]);
    assert!(!doctor.to_string().contains("which is gone"), "{doctor}");
}
