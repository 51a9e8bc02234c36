//! The doors under `/_sim/`, as a client in another language uses them.

use gong_sim::Simulator;
use serde_json::{Value, json};

use crate::support::{Reply, get, objects, send, upload};

async fn post(sim: &Simulator, door: &str, body: impl Into<reqwest::Body>) -> Reply {
    send(
        reqwest::Client::new()
            .post(format!("{}/_sim/{door}", sim.base_url()))
            .body(body),
    )
    .await
}

async fn look(sim: &Simulator, door: &str) -> Value {
    send(reqwest::Client::new().get(format!("{}/_sim/{door}", sim.base_url())))
        .await
        .json()
}

const ACCOUNT: &str =
    "{\"objectId\":\"a1\",\"modifiedDate\":\"2024-05-01T10:00:00Z\",\"name\":\"Ärger & Söhne\"}\n";

#[tokio::test]
async fn a_company_is_seeded_dumped_reset_and_restored() {
    let sim = Simulator::start().await.unwrap();
    let seeded = post(&sim, "seed?objectType=ACCOUNT", format!("{ACCOUNT}{{}}\n"))
        .await
        .json();
    assert_eq!(
        (&seeded["totalSuccessCount"], &seeded["totalErrorCount"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(seeded["errors"][0]["line"], 2);
    let id = sim.integrations()[0].integration_id;
    assert!(
        objects(&sim, id, "ACCOUNT", &["a1"])
            .await
            .text
            .contains("Ärger & Söhne")
    );

    let client = reqwest::Client::new();
    let dump = send(client.get(format!("{}/_sim/dump", sim.base_url())))
        .await
        .text;
    post(&sim, "reset", "").await;
    assert!(sim.integrations().is_empty() && sim.requests().is_empty());
    let restored = client
        .put(format!("{}/_sim/dump", sim.base_url()))
        .body(dump.clone());
    assert_eq!(send(restored).await.status, 200);
    assert_eq!(
        sim.object("ACCOUNT", "a1").unwrap()["name"],
        "Ärger & Söhne"
    );
    assert_eq!(
        send(client.get(format!("{}/_sim/dump", sim.base_url())))
            .await
            .text,
        dump
    );

    let damaged = client
        .put(format!("{}/_sim/dump", sim.base_url()))
        .body("nonsense");
    send(damaged)
        .await
        .assert_error(400, "line 1 of the state is damaged");
}

#[tokio::test]
async fn settings_clock_and_faults_are_set_over_http() {
    let sim = Simulator::builder().virtual_time().start().await.unwrap();
    let id = post(
        &sim,
        "integration",
        r#"{"name":"Acme","ownerEmail":"a@b.example"}"#,
    )
    .await
    .json()["integrationId"]
        .as_i64()
        .unwrap();
    let settings = r#"{"processing":{"after":60000},"deletion":"never","readLagMilliseconds":30000,"rateLimit":{"perSecond":100,"perDay":1000}}"#;
    assert_eq!(
        post(&sim, "settings", settings).await.json()["processing"],
        json!({"after": 60_000})
    );
    upload(&sim, id, "ACCOUNT", "up", ACCOUNT).await;
    for (seconds, status, count) in [(30, "IN_PROGRESS", 0), (30, "DONE", 0), (30, "DONE", 1)] {
        post(&sim, "clock", format!(r#"{{"advanceSeconds":{seconds}}}"#)).await;
        assert_eq!(look(&sim, "uploads").await["uploads"][0]["status"], status);
        assert_eq!(sim.object_count("ACCOUNT"), count);
    }
    assert_eq!(look(&sim, "clock").await["isVirtual"], true);
    assert_eq!(
        post(&sim, "settings", r#"{"rateLimit":null}"#).await.json()["rateLimit"],
        Value::Null
    );

    let fault = r#"{"operation":"GET /v2/crm/integrations","nth":[2],"effect":{"status":500}}"#;
    post(&sim, "faults", fault).await;
    assert_eq!(get(&sim, "/v2/crm/integrations").await.status, 200);
    get(&sim, "/v2/crm/integrations")
        .await
        .assert_error(500, "Internal server error occurred");
    assert_eq!(look(&sim, "faults").await["faults"][0]["injections"], 1);
    let requests = look(&sim, "requests").await;
    let last = requests["requests"]
        .as_array()
        .unwrap()
        .last()
        .unwrap()
        .clone();
    assert_eq!(
        (&last["status"], &last["fault"]),
        (&json!(500), &json!(r#"{"status":500}"#))
    );
    assert!(
        last["headers"]["authorization"]
            .as_str()
            .unwrap()
            .ends_with("***")
    );
}

#[tokio::test]
async fn rules_and_users_are_set_over_http() {
    let sim = Simulator::start().await.unwrap();
    post(&sim, "rules", r#"{"company-inactive":true}"#).await;
    get(&sim, "/v2/crm/integrations")
        .await
        .assert_error(401, "Company is inactive");
    let listed = look(&sim, "rules").await;
    let rule = listed["rules"]
        .as_array()
        .unwrap()
        .iter()
        .find(|rule| rule["name"] == "company-inactive");
    assert_eq!(rule.unwrap()["on"], true);
    let users = post(
        &sim,
        "users",
        r#"[{"email":"ada@acme.example","consentPage":false}]"#,
    )
    .await
    .json();
    assert_eq!(users["users"][0]["providerConnected"], true);
}

#[tokio::test]
async fn a_door_says_what_is_wrong_with_a_request() {
    let sim = Simulator::start().await.unwrap();
    for (door, body, message) in [
        (
            "faults",
            r#"{"effect":"explode"}"#,
            "unknown variant `explode`",
        ),
        (
            "faults",
            r#"{"effect":"gzip","operation":"GET /x"}"#,
            "there is no operation",
        ),
        ("rules", r#"{"no-such-rule":true}"#, "no-such-rule"),
        (
            "settings",
            r#"{"processing":"sometimes"}"#,
            "unknown variant `sometimes`",
        ),
        ("clock", "tomorrow", "expected"),
        ("seed?objectType=ACCOUNTS", "", "objectType must be one of"),
    ] {
        post(&sim, door, body).await.assert_error(400, message);
    }
    post(&sim, "no-such-door", "")
        .await
        .assert_error(404, "no such door");
    post(&sim, "dump", "")
        .await
        .assert_error(405, "another method");
}

#[tokio::test]
async fn other_web_sites_are_kept_out() {
    let sim = Simulator::start().await.unwrap();
    let client = reqwest::Client::new();
    let url = format!("{}/_sim/reset", sim.base_url());
    let foreign = client.post(&url).header("origin", "https://evil.example");
    send(foreign).await.assert_error(403, "other web sites");
    let rebound = client.post(&url).header("host", "evil.example");
    send(rebound).await.assert_error(403, "other web sites");
    assert_eq!(
        send(client.post(&url).header("origin", sim.base_url()))
            .await
            .status,
        200
    );
}
