//! `gong-crm doctor`: why it does not work, with cause and cure.

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
    let told = String::from_utf8(output.stdout).unwrap();
    let clock = told.lines().find(|line| line.contains("clock")).unwrap();
    assert!(clock.starts_with("warning"), "{told}");
    assert!(clock.ends_with("s ahead of the server's"), "{told}");
    assert!(told.contains("→ set this machine's clock;"), "{told}");
}
