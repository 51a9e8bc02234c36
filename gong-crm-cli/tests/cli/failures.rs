//! Failures: one clear message with a hint, and the right exit code.

use crate::invocation::{Invocation, assert_transcript};
use wiremock::{Mock, MockServer, ResponseTemplate, matchers};

const LINE: &str = "{\"objectId\":\"a1\",\"modifiedDate\":\"2026-03-01T09:30:00Z\"}\n";

#[test]
fn unusable_files_are_usage_errors() {
    let push = |path: &str| Invocation::new(&["--sim", "push", path]);
    assert_transcript!("missing_file", push("nowhere.ldjson"));
    assert_transcript!(
        "empty_file",
        push("accounts.ldjson").file("accounts.ldjson", "")
    );
    assert_transcript!(
        "folder_without_entity_files",
        push("exports").folder("exports")
    );
    assert_transcript!(
        "file_of_unknown_type",
        push("things.ldjson").file("things.ldjson", LINE)
    );
    assert_transcript!(
        "unknown_type_name",
        Invocation::new(&["--sim", "push", "--type", "OPPORTUNITY", "a.ldjson"])
    );
    assert_transcript!("no_arguments", Invocation::new(&["push"]));
    assert_transcript!(
        "no_arguments_json",
        Invocation::new(&["push", "-o", "json"])
    );
}

#[test]
fn unusable_credentials_are_reported() {
    let status = || Invocation::new(&["status", "accounts-1"]);
    assert_transcript!("no_credentials", status());
    assert_transcript!("half_a_key_pair", status().env("GONG_ACCESS_KEY", "key"));
    assert_transcript!(
        "two_kinds_of_credentials",
        status()
            .env("GONG_ACCESS_KEY", "key")
            .env("GONG_BEARER_TOKEN", "token")
    );
    assert_transcript!(
        "base_url_without_tls",
        status()
            .env("GONG_BEARER_TOKEN", "token")
            .env("GONG_BASE_URL", "http://api.gong.io")
    );
}

/// A server that answers everything alike.
async fn server(answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(matchers::any())
        .respond_with(answer)
        .mount(&server)
        .await;
    server
}

fn gong_error(status: u16, message: &str) -> ResponseTemplate {
    ResponseTemplate::new(status)
        .set_body_json(serde_json::json!({"requestId": "4al018gzaztcr8nbukw", "errors": [message]}))
}

fn push_to(server: &MockServer) -> Invocation {
    Invocation::new(&["push", "accounts.ldjson", "--max-retries", "0"])
        .against(&server.uri())
        .file("accounts.ldjson", LINE)
}

#[tokio::test(flavor = "multi_thread")]
async fn unusable_servers_are_reported() {
    let scope = "You don't have permission to use 'api:crm:integrations:read' in your app.";
    for (name, answer) in [
        ("wrong_credentials", gong_error(401, "Company is inactive")),
        ("missing_scope", gong_error(401, scope)),
        ("forbidden", gong_error(403, "Forbidden")),
        (
            "redirect",
            ResponseTemplate::new(302).insert_header("location", "https://us-1.api.gong.io/v2"),
        ),
        (
            "html",
            ResponseTemplate::new(200).set_body_raw("<html>Welcome</html>", "text/html"),
        ),
        (
            "rate_limit",
            gong_error(429, "API request limit exceeded").insert_header("retry-after", "7"),
        ),
    ] {
        let server = server(answer).await;
        assert_transcript!(name, push_to(&server));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn json_error_is_one_object_on_stderr() {
    let server = server(gong_error(401, "Company is inactive")).await;
    let push = Invocation::new(&["push", "accounts.ldjson", "-o", "json"])
        .against(&server.uri())
        .file("accounts.ldjson", LINE);
    assert_transcript!("wrong_credentials_json", push);
}

#[tokio::test(flavor = "multi_thread")]
async fn output_never_contains_the_secret() {
    let server = server(gong_error(401, "Company is inactive")).await;
    let output = push_to(&server)
        .env("RUST_LOG", "trace")
        .env("RUST_BACKTRACE", "1")
        .output();
    let printed = [output.stdout, output.stderr].concat();
    let printed = String::from_utf8(printed).unwrap();
    for secret in ["test-secret", "test-key", "dGVzdC1rZXk"] {
        assert!(!printed.contains(secret), "{secret} is in: {printed}");
    }
}

#[test]
fn unreachable_host_is_reported() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    let show = ["integration", "show", "--max-retries", "0"];
    let show = Invocation::new(&show).against(&nobody);
    assert_transcript!("nobody_answers", show);
}

#[test]
fn missing_scope_is_named() {
    let sim = gong_sim::Simulator::builder()
        .bearer_token("token", ["api:crm:integrations:read"])
        .start_blocking()
        .unwrap();
    sim.register_integration("Acme CRM", "admin@acme.example");
    for (scope, words) in [
        ("api:crm:schema", &["schema", "pull"][..]),
        (
            "api:crm:get-objects",
            &["objects", "get", "--type", "DEAL", "d-1"],
        ),
        ("api:crm:upload", &["push", "accounts.ldjson"]),
        ("api:crm:upload", &["status", "account-1"]),
        (
            "api:crm:integration:delete",
            &["integration", "delete", "--yes"],
        ),
        (
            "api:meetings:integration:status",
            &["meetings", "readiness", "a@acme.example"],
        ),
        ("api:meetings:user:delete", &["meetings", "delete", "17"]),
    ] {
        let output = Invocation::new(words)
            .env("GONG_BASE_URL", sim.base_url())
            .env("GONG_BEARER_TOKEN", "token")
            .file("accounts.ldjson", LINE)
            .output();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(4), "{words:?}: {said}");
        assert!(
            said.contains(&format!("add the scope {scope} to the app")),
            "{said}"
        );
    }
}
