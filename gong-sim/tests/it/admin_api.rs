//! The endpoints under `/_sim/`, as a client in another language uses them.

use gong_sim::Simulator;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Reply, admin, get, json, objects, send, upload};

async fn post(sim: &Simulator, endpoint: &str, body: impl Into<reqwest::Body>) -> Reply {
    send(admin(sim, Method::POST, endpoint).body(body)).await
}

async fn look(sim: &Simulator, endpoint: &str) -> Value {
    send(admin(sim, Method::GET, endpoint)).await.json()
}

const ACCOUNT: &str =
    "{\"objectId\":\"a1\",\"modifiedDate\":\"2024-05-01T10:00:00Z\",\"name\":\"Ärger & Söhne\"}\n";

#[tokio::test]
async fn company_is_seeded_dumped_reset_and_restored() {
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

    let dump = send(admin(&sim, Method::GET, "dump")).await.text;
    assert!(
        dump.contains(&format!("\"integrationId\":\"{id}\"")),
        "{dump}"
    );
    post(&sim, "reset", "").await;
    assert!(sim.integrations().is_empty() && sim.requests().is_empty());
    let restored = admin(&sim, Method::PUT, "dump").body(dump.clone());
    assert_eq!(send(restored).await.status, 200);
    assert_eq!(
        sim.object("ACCOUNT", "a1").unwrap()["name"],
        "Ärger & Söhne"
    );
    assert_eq!(send(admin(&sim, Method::GET, "dump")).await.text, dump);

    let damaged = admin(&sim, Method::PUT, "dump").body("nonsense");
    send(damaged)
        .await
        .assert_error(400, "line 1 of the state is damaged");
}

#[tokio::test]
async fn settings_clock_and_faults_are_set_over_http() {
    let sim = Simulator::builder().virtual_time().start().await.unwrap();
    let integration = r#"{"name":"Acme","ownerEmail":"a@b.example"}"#;
    let registered = post(&sim, "integrations", integration).await.json();
    let id: i64 = registered["integrationId"]
        .as_str()
        .unwrap()
        .parse()
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
async fn endpoint_says_what_is_wrong_with_a_request() {
    let sim = Simulator::start().await.unwrap();
    for (endpoint, body, message) in [
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
        post(&sim, endpoint, body).await.assert_error(400, message);
    }
    post(&sim, "no-such-endpoint", "")
        .await
        .assert_error(404, "no such endpoint");
    post(&sim, "dump", "")
        .await
        .assert_error(405, "no such method");
}

#[tokio::test]
async fn listed_endpoints_all_answer() {
    let sim = Simulator::start().await.unwrap();
    let id = sim.register_integration("Acme CRM", "admin@acme.example");
    upload(&sim, id, "ACCOUNT", "up", ACCOUNT).await;
    let listed = look(&sim, "endpoints").await["endpoints"].clone();
    let mut listed = listed.as_array().unwrap().clone();
    assert!(listed.len() > 25, "{listed:?}");
    // Reading comes first: the examples of the others change what there is to read.
    listed.sort_by_key(|endpoint| endpoint["method"] != "GET");
    for endpoint in listed {
        let text = |name: &str| endpoint[name].as_str().unwrap().to_owned();
        let method = text("method").parse().unwrap();
        if text("path").ends_with("reset") || method == Method::DELETE {
            continue;
        }
        let path = text("path")
            .replace("/_sim/", "")
            .replace("{objectType}", "ACCOUNT")
            .replace("{objectId}", "a1")
            .replace("{clientRequestId}", "up")
            .replace("{sequence}", "1");
        let example = text("example");
        let request = match example.strip_prefix('?') {
            Some(query) => {
                let query = query.replace("shown|", "").replace("newest-first|", "");
                admin(
                    &sim,
                    method,
                    &format!("{path}?{}", query.replace("ID", "a0")),
                )
            }
            None => admin(&sim, method, &path).body(example),
        };
        let reply = send(request).await;
        assert!(
            reply.status == 200 || path == "dump",
            "{endpoint}: {} {}",
            reply.status,
            reply.text
        );
    }
}

#[tokio::test]
async fn objects_are_read_by_type_with_every_digit() {
    let sim = Simulator::start().await.unwrap();
    let id = sim.register_integration("Acme CRM", "admin@acme.example");
    let deals = "{\"objectId\":\"d1\",\"modifiedDate\":\"2024-05-01T10:00:00Z\",\"amount\":7000.10,\"extra\":12345678901234567890123}\n\
                 {\"objectId\":\"d2\",\"modifiedDate\":\"2024-05-01T10:00:00Z\"}";
    upload(&sim, id, "DEAL", "deals", deals).await;
    let stage = r#"{"objectId":"s1","name":"Won"}"#;
    upload(&sim, id, "STAGE", "stages", stage).await;
    assert_eq!(look(&sim, "objects").await["counts"]["DEAL"], 2);

    let text = |path: &str| send(admin(&sim, Method::GET, path));
    let shown = text("objects/DEAL").await.text;
    assert!(
        shown.contains("\"amount\":7000.10") && !shown.contains("extra"),
        "{shown}"
    );
    let uploaded = text("objects/DEAL?form=uploaded&limit=1").await;
    assert!(
        uploaded.text.contains("12345678901234567890123"),
        "{}",
        uploaded.text
    );
    assert_eq!(uploaded.json()["objects"].as_object().unwrap().len(), 1);
    let next = text("objects/DEAL?after=d1").await.json();
    assert_eq!(
        (&next["total"], &next["objects"]["d2"]["status"]),
        (&json!(2), &json!("OPEN"))
    );
    let stages = text("objects/STAGE").await.json();
    assert_eq!(stages["objects"]["s1"]["isActive"], true);
    let one = text("objects/DEAL/d1").await.json();
    assert_eq!(
        (&one["object"]["objectId"], &one["filedVersions"]),
        (&json!("d1"), &json!([]))
    );
    text("objects/DEAL/d9")
        .await
        .assert_error(404, "no such object");
    text("objects/DEALS")
        .await
        .assert_error(400, "must be one of");
}

#[tokio::test]
async fn uploads_and_requests_have_bodies_and_text_ids() {
    let sim = Simulator::start().await.unwrap();
    let id = sim.register_integration("Acme CRM", "admin@acme.example");
    upload(&sim, id, "ACCOUNT", "first", ACCOUNT).await;
    upload(&sim, id, "ACCOUNT", "second", ACCOUNT).await;
    let listed = look(&sim, "uploads?order=oldest-first").await["uploads"].clone();
    assert_eq!(
        (&listed[0]["clientRequestId"], &listed[0]["integrationId"]),
        (&json!("first"), &json!(id.to_string()))
    );
    let shown = look(&sim, "uploads/first").await;
    assert_eq!(shown["uploads"][0]["file"], ACCOUNT);
    let body = look(&sim, "requests/1").await["body"].clone();
    assert!(
        body.as_str().unwrap().contains("name=\"dataFile\""),
        "{body}"
    );
    let integrations = look(&sim, "integrations").await;
    assert_eq!(
        integrations["integrations"][0]["integrationId"],
        id.to_string()
    );
}

#[tokio::test]
async fn integration_is_registered_under_a_chosen_id() {
    let sim = Simulator::builder()
        .integration(7, "Acme CRM", "admin@acme.example")
        .start()
        .await
        .unwrap();
    assert_eq!(sim.integrations()[0].integration_id, 7);
    post(&sim, "reset", "").await;
    for (id, expected) in [
        (r#""5517027188234205706""#, 5_517_027_188_234_205_706_i64),
        ("8", 8),
    ] {
        let body = format!(r#"{{"name":"A","ownerEmail":"a@b.example","integrationId":{id}}}"#);
        let registered = post(&sim, "integrations", body.clone()).await.json();
        assert_eq!(registered["integrationId"], expected.to_string());
        post(&sim, "integrations", body)
            .await
            .assert_error(409, "this id");
    }
}

#[tokio::test]
async fn credentials_are_added_and_revoked_over_http() {
    let sim = Simulator::start().await.unwrap();
    let path = "/v2/crm/integrations";
    let token = r#"{"bearerToken":"secret-token","scopes":["api:crm:integrations:read"]}"#;
    let listed = post(&sim, "credentials", token).await;
    assert!(!listed.text.contains("secret-token"), "{}", listed.text);
    let ask = || {
        let client = crate::support::http();
        send(
            client
                .get(format!("{}{path}", sim.base_url()))
                .bearer_auth("secret-token"),
        )
    };
    assert_eq!(ask().await.status, 200);
    post(
        &sim,
        "credentials/revoke",
        r#"{"bearerToken":"secret-token"}"#,
    )
    .await;
    assert_eq!(ask().await.status, 401);

    let key = r#"{"accessKey":"second","accessKeySecret":"pair"}"#;
    post(&sim, "credentials", key).await;
    let own = format!(r#"{{"accessKey":"{}"}}"#, sim.access_key());
    post(&sim, "credentials/revoke", own).await;
    assert_eq!(get(&sim, path).await.status, 401);
    post(&sim, "credentials", r#"{"key":"x"}"#)
        .await
        .assert_error(400, "accessKeySecret");
}

#[tokio::test]
async fn settings_of_the_builder_are_changed_over_http() {
    let sim = Simulator::start().await.unwrap();
    let changed = post(
        &sim,
        "settings",
        r#"{"accountDelayMilliseconds":5,"readTimeoutMilliseconds":6,"keptRequests":1,"keptBodyBytes":8,"bodyLimitBytes":9,"virtualTime":true,"seed":3}"#,
    )
    .await
    .json();
    for (name, value) in [
        ("accountDelayMilliseconds", json!(5)),
        ("readTimeoutMilliseconds", json!(6)),
        ("keptRequests", json!(1)),
        ("keptBodyBytes", json!(8)),
        ("bodyLimitBytes", json!(9)),
        ("virtualTime", json!(true)),
    ] {
        assert_eq!(changed[name], value, "{name}");
    }
    let stands = sim.now();
    assert_eq!(sim.now(), stands);
    let first = sim.register_integration("A", "a@b.example");
    post(&sim, "settings", r#"{"seed":3,"virtualTime":false}"#).await;
    assert_eq!(sim.register_integration("B", "a@b.example"), first);
    for name in ["1", "2"] {
        get(&sim, &format!("/v2/crm/integrations?call={name}")).await;
    }
    assert_eq!(sim.requests().len(), 1);
    json(
        &sim,
        Method::PUT,
        "/v2/crm/integrations",
        "{\"name\":\"longer than 8\"}",
    )
    .await;
    assert!(sim.requests()[0].body().is_none());
}

#[tokio::test]
async fn fault_that_cannot_take_effect_is_rejected() {
    let sim = Simulator::start().await.unwrap();
    for fault in [
        r#"{"nth": [0], "effect": "gzip"}"#,
        r#"{"nth": [], "effect": "gzip"}"#,
        r#"{"operation": "GET /v2/users", "effect": "lose-upload"}"#,
        r#"{"probability": 2, "effect": "gzip"}"#,
        r#"[{"effect": "gzip"}, {"effect": {"status": 42}}]"#,
    ] {
        assert_eq!(post(&sim, "faults", fault).await.status, 400, "{fault}");
    }
    assert_eq!(look(&sim, "faults").await["faults"], json!([]));
}

#[tokio::test]
async fn misspelt_scope_is_rejected_with_the_right_one() {
    let sim = Simulator::start().await.unwrap();
    let token = r#"{"bearerToken": "t0k-abcdef", "scopes": ["api:crm:uplaod"]}"#;
    post(&sim, "credentials", token)
        .await
        .assert_error(400, "did you mean api:crm:upload?");
    let token = r#"{"bearerToken": "t0k-abcdef", "scopes": ["everything"]}"#;
    post(&sim, "credentials", token)
        .await
        .assert_error(400, "the scopes are api:crm:get-objects, ");
    let started = Simulator::builder()
        .bearer_token("t", ["api:crm:uplaod"])
        .start()
        .await;
    assert!(started.is_err());

    let token = r#"{"bearerToken": "t0k-abcdef", "scopes": ["api:crm:upload"]}"#;
    let known = post(&sim, "credentials", token).await.json();
    assert_eq!(known["bearerTokens"][0]["begins"], "t0k-");
    let revoked = r#"{"bearerToken": "another"}"#;
    assert_eq!(post(&sim, "credentials/revoke", revoked).await.status, 404);
}

#[tokio::test]
async fn user_without_an_address_and_limit_of_nothing_are_rejected() {
    let sim = Simulator::start().await.unwrap();
    let user = post(&sim, "users", r#"{"email": "nope"}"#).await;
    user.assert_error(400, "\"nope\" is not an email address");
    let limit = r#"{"rateLimit": {"perSecond": 0, "perDay": 0}}"#;
    post(&sim, "settings", limit)
        .await
        .assert_error(400, "rateLimit of 0");
}

#[tokio::test]
async fn errors_of_queries_paths_and_bodies_are_json() {
    let sim = Simulator::start().await.unwrap();
    for (path, message) in [
        ("uploads?order=sideways", "unknown variant `sideways`"),
        ("uploads?limti=1", "unknown field `limti`"),
        ("objects/ACCOUNT?limit=-1", "invalid digit"),
        ("requests/x", "path: "),
    ] {
        let reply = send(admin(&sim, Method::GET, path)).await;
        reply.assert_error(400, message);
    }
    post(&sim, "faults", "no JSON")
        .await
        .assert_error(400, "the body is not JSON: ");
}

#[tokio::test]
async fn settings_that_are_sent_back_change_nothing() {
    let sim = Simulator::builder().strict().seed(7).start().await.unwrap();
    let settings = look(&sim, "settings").await;
    assert_eq!(
        (&settings["rules"], &settings["seed"]),
        (&json!("strict"), &json!(7))
    );
    let same = post(&sim, "settings", settings.to_string()).await;
    assert_eq!(same.json(), settings);
    post(&sim, "rules", r#"{"one-integration": false}"#).await;
    assert_eq!(look(&sim, "settings").await["rules"], Value::Null);
}

#[tokio::test]
async fn empty_or_headless_dump_leaves_everything() {
    let sim = Simulator::start().await.unwrap();
    sim.register_integration("Acme CRM", "admin@acme.example");
    let empty = send(admin(&sim, Method::PUT, "dump").body("\n")).await;
    empty.assert_error(400, "the dump is empty");
    assert_eq!(sim.integrations().len(), 1);
    let dump = send(admin(&sim, Method::GET, "dump")).await.text;
    let headless = dump.split_once('\n').unwrap().1.to_owned();
    let restored = send(admin(&sim, Method::PUT, "dump").body(headless)).await;
    restored.assert_error(400, "a dump begins with its line `gongSim`");
}
