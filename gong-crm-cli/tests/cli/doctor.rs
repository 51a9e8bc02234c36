//! `gong-crm doctor`: why it does not work, with cause and fix.

use wiremock::{Mock, MockServer, ResponseTemplate, matchers};

use crate::integration::simulator;
use crate::invocation::{Invocation, assert_transcript};

fn doctor() -> Invocation {
    Invocation::new(&["doctor", "--max-retries", "0"])
}

#[test]
fn doctor_is_ok_with_the_simulator() {
    let sim = simulator().start_blocking().unwrap();
    let id = sim.register_integration("Acme CRM", "admin@acme.example");
    assert_transcript!("doctor_well", doctor().against(sim.base_url()));
    let json = Invocation::new(&["doctor", "-o", "json"]).against(sim.base_url());
    assert_transcript!("doctor_json", json);
    let other = doctor()
        .against(sim.base_url())
        .env("GONG_INTEGRATION_ID", "17");
    assert_transcript!("doctor_other_integration", other);
    assert_ne!(id, 17);
}

#[test]
fn each_failure_has_a_hint() {
    let sim = simulator()
        .bearer_token("token", ["api:crm:integrations:read", "api:crm:upload"])
        .start_blocking()
        .unwrap();
    let unregistered = doctor().against(sim.base_url());
    assert_transcript!("doctor_no_integration", unregistered);
    sim.register_integration("Acme CRM", "admin@acme.example");
    let scopes = doctor()
        .env("GONG_BASE_URL", sim.base_url())
        .env("GONG_BEARER_TOKEN", "token");
    assert_transcript!("doctor_missing_scopes", scopes);
    let revoked = doctor()
        .against(sim.base_url())
        .env("GONG_ACCESS_KEY_SECRET", "revoked");
    assert_transcript!("doctor_revoked", revoked);
    assert_transcript!("doctor_no_credentials", doctor());
}

#[tokio::test(flavor = "multi_thread")]
async fn foreign_host_is_reported() {
    for (name, answer) in [
        (
            "doctor_redirect",
            ResponseTemplate::new(302).insert_header("location", "https://us-1.api.gong.io/v2"),
        ),
        (
            "doctor_html",
            ResponseTemplate::new(200).set_body_raw("<html>Welcome</html>", "text/html"),
        ),
        ("doctor_forbidden", ResponseTemplate::new(403)),
    ] {
        let server = MockServer::start().await;
        Mock::given(matchers::any())
            .respond_with(answer)
            .mount(&server)
            .await;
        assert_transcript!(name, doctor().against(&server.uri()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_clock_is_reported() {
    let server = MockServer::start().await;
    let answer = serde_json::json!({"requestId": "4al018gzaztcr8nbukw", "integrations": []});
    Mock::given(matchers::any())
        .respond_with(
            ResponseTemplate::new(200)
                .insert_header("date", "Sun, 06 Nov 1994 08:49:37 GMT")
                .set_body_json(answer),
        )
        .mount(&server)
        .await;
    let output = doctor().against(&server.uri()).output();
    let reported = String::from_utf8(output.stdout).unwrap();
    let clock = reported
        .lines()
        .find(|line| line.contains("clock"))
        .unwrap();
    assert!(clock.starts_with("warning"), "{reported}");
    assert!(clock.ends_with("s ahead of the server's"), "{reported}");
    assert!(
        reported.contains("→ set this machine's clock;"),
        "{reported}"
    );
}

#[test]
fn probe_asks_and_shows_its_results() {
    let sim = simulator().start_blocking().unwrap();
    sim.register_integration("Acme CRM", "admin@acme.example");
    let folder = tempfile::tempdir().unwrap();
    let ledger = folder.path().join("ledger.sqlite");
    let doctor = |words: &[&str]| {
        let ledger = ["--ledger", ledger.to_str().unwrap()];
        Invocation::new(&[&["doctor"], words, &ledger[..]].concat()).against(sim.base_url())
    };
    assert_transcript!("doctor_probe_asks", doctor(&["--probe"]));
    assert_eq!(sim.object_count("ACCOUNT"), 0);
    let quick = [
        "--probe",
        "--yes",
        "--account-delay",
        "0",
        "--visible-within",
        "0",
    ];
    let probed = doctor(&[&quick[..], &["-o", "json"]].concat()).output();
    let said = String::from_utf8(probed.stderr).unwrap();
    assert_eq!(probed.status.code(), Some(0), "{said}");
    let report: serde_json::Value = serde_json::from_slice(&probed.stdout).unwrap();
    let older = &report["facts"][0];
    assert_eq!(
        (&older["question"], &older["answer"]),
        (&"older-dates-taken".into(), &true.into())
    );
    assert_eq!(
        older["rule"],
        "modifiedDate is sent as the source has it, never raised"
    );
    assert_eq!(sim.object_count("ACCOUNT"), 0);
    let shown = String::from_utf8(doctor(&[]).output().stdout).unwrap();
    assert!(
        shown.contains("a version with an older modifiedDate takes effect"),
        "{shown}"
    );
}

#[test]
fn owners_who_are_not_gong_users_are_counted() {
    let sim = simulator()
        .user(gong_sim::GongUser::new("ada@acme.example"))
        .start_blocking()
        .unwrap();
    sim.register_integration("Acme CRM", "admin@acme.example");
    let date = "2026-03-01T09:30:00Z";
    let user = |id: u32, name: &str| {
        format!(
            "{{\"objectId\":\"u-{id}\",\"modifiedDate\":\"{date}\",\"emailAddress\":\"{name}@acme.example\"}}\n"
        )
    };
    let deal = |id: u32, owner: u32| {
        format!(
            "{{\"objectId\":\"d-{id}\",\"modifiedDate\":\"{date}\",\"ownerId\":\"u-{owner}\"}}\n"
        )
    };
    let users = user(1, "ada") + &user(2, "bob");
    let deals = deal(1, 1) + &deal(2, 2) + &deal(3, 2);
    let folder = tempfile::tempdir().unwrap();
    let ledger = folder.path().join("ledger.sqlite");
    let run = |words: &[&str]| {
        let ledger = ["--ledger", ledger.to_str().unwrap()];
        Invocation::new(&[words, &ledger[..]].concat())
            .against(sim.base_url())
            .file("business_users.ldjson", &users)
            .file("deals.ldjson", &deals)
            .file("gong-users.txt", "Ada <ada@acme.example>\n")
    };
    let push = run(&["push", "business_users.ldjson", "deals.ldjson"]).output();
    assert_eq!(
        push.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&push.stderr)
    );
    let sentence = "2 of 3 deals belong to 1 owner who is not an active Gong user";
    let doctor = String::from_utf8(run(&["doctor"]).output().stdout).unwrap();
    assert!(doctor.contains(sentence), "{doctor}");
    assert!(
        doctor.contains("u-2: 2 deals, no Gong user has the address"),
        "{doctor}"
    );
    let check = [
        "check",
        "business_users.ldjson",
        "deals.ldjson",
        "--users",
        "gong-users.txt",
    ];
    let check = run(&check).output();
    // Data is on standard output.
    let said = String::from_utf8(check.stdout).unwrap();
    assert_eq!(check.status.code(), Some(0), "{said}");
    assert!(said.contains(sentence), "{said}");
    let why = String::from_utf8(run(&["why", "DEAL", "d-2"]).output().stdout).unwrap();
    for part in [
        "people do not see it",
        "owner-not-in-gong, seen",
        "account-missing, seen",
    ] {
        assert!(why.contains(part), "{part}: {why}");
    }
    let why = run(&["why", "DEAL", "d-2", "-o", "json"]).output();
    assert_eq!(why.status.code(), Some(5));
    let why: serde_json::Value = serde_json::from_slice(&why.stdout).unwrap();
    assert_eq!(why["visible"], "no");
    let rules = why["reasons"]
        .as_array()
        .unwrap()
        .iter()
        .map(|reason| reason["rule"].as_str());
    assert!(
        rules.clone().any(|rule| rule == Some("owner-not-in-gong")),
        "{why}"
    );
}
