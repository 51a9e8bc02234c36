//! The rules and the page that lists them.

use std::path::Path;

use gong_sim::{RULES, Simulator, rules_page};
use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use serde_json::json;

use crate::support::{get, json, objects, request, send, status, upload};

#[test]
fn committed_page_lists_the_current_rules() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/simulator-rules.md");
    let page = rules_page();
    if std::env::var_os("GONG_SIM_WRITE_RULES").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, page).unwrap();
        return;
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == page,
        "docs/simulator-rules.md is out of date: run `cargo xtask docs`"
    );
}

async fn with(rules: &[(&str, bool)]) -> (Simulator, i64) {
    let builder = rules
        .iter()
        .fold(Simulator::builder(), |builder, (name, on)| {
            builder.rule(*name, *on)
        });
    let sim = builder.start().await.unwrap();
    let id = sim.register_integration("Acme CRM", "admin@acme.example");
    (sim, id)
}

#[tokio::test]
async fn unknown_rule_is_rejected_at_the_start() {
    let error = Simulator::builder()
        .rule("no-such-rule", true)
        .start()
        .await
        .unwrap_err();
    assert!(error.to_string().contains("no-such-rule"), "{error}");
}

#[tokio::test]
async fn rules_can_all_be_switched_while_running() {
    let (sim, _) = with(&[]).await;
    for rule in RULES {
        sim.set_rule(rule.name, !rule.on_by_default).unwrap();
        sim.set_rule(rule.name, rule.on_by_default).unwrap();
    }
    assert_eq!(get(&sim, "/v2/crm/integrations").await.status, 200);
}

#[tokio::test]
async fn access_rules_change_every_answer() {
    let (sim, _) = with(&[]).await;
    for (rule, on, expected) in [
        ("company-inactive", true, 401),
        ("wrong-host-forbidden", true, 403),
        ("wrong-host-redirects", true, 307),
    ] {
        sim.set_rule(rule, on).unwrap();
        assert_eq!(
            get(&sim, "/v2/crm/integrations").await.status,
            expected,
            "{rule}"
        );
        sim.set_rule(rule, !on).unwrap();
    }
    sim.set_rule("credentials-required", false).unwrap();
    let anonymous = crate::support::http()
        .get(format!("{}/v2/crm/integrations", sim.base_url()))
        .send()
        .await
        .unwrap();
    assert_eq!(anonymous.status(), 200);
}

#[tokio::test]
async fn request_rules_reject_what_is_otherwise_ignored() {
    let (sim, id) = with(&[]).await;
    let odd = "/v2/crm/integrations?page=2";
    assert_eq!(get(&sim, odd).await.status, 200);
    sim.set_rule("unknown-query-parameter", true).unwrap();
    get(&sim, odd)
        .await
        .assert_error(400, "Unknown parameter [page]");

    sim.set_rule("unknown-body-property", true).unwrap();
    let body = r#"{"name":"x","ownerEmail":"a@b.example","color":"red"}"#;
    json(&sim, Method::PUT, "/v2/crm/integrations", body)
        .await
        .assert_error(400, "[color]");

    sim.set_rule("json-content-type", true).unwrap();
    let untyped =
        request(&sim, Method::PUT, "/v2/crm/integrations").header(CONTENT_TYPE, "text/plain");
    send(untyped.body("{}"))
        .await
        .assert_error(415, "Unsupported Media Type");

    sim.set_rule("unknown-request-is-400", false).unwrap();
    status(&sim, id, "nobody")
        .await
        .assert_error(404, "was not found");
}

#[tokio::test]
async fn integration_rules_decide_about_a_second_one() {
    let (sim, first) = with(&[("one-integration", false)]).await;
    let body = r#"{"name":"Second","ownerEmail":"a@b.example"}"#;
    assert_eq!(
        json(&sim, Method::PUT, "/v2/crm/integrations", body)
            .await
            .status,
        200
    );
    assert_eq!(sim.integrations().len(), 1);
    assert_ne!(sim.integrations()[0].integration_id, first);

    sim.set_rule("native-integration", true).unwrap();
    assert_eq!(
        get(&sim, "/v2/crm/integrations").await.json()["integrations"],
        json!([])
    );
    assert_eq!(
        json(&sim, Method::PUT, "/v2/crm/integrations", body)
            .await
            .status,
        409
    );
    sim.set_rule("empty-list-is-404", true).unwrap();
    assert_eq!(get(&sim, "/v2/crm/integrations").await.status, 404);
}

#[tokio::test]
async fn record_rules_depend_on_stored_objects() {
    let (sim, id) = with(&[
        ("deletion-needs-object", true),
        ("email-change-needs-deletion", true),
        ("older-update-applied", false),
        ("omitted-standard-fields-cleared", false),
        ("deal-needs-known-account", true),
    ])
    .await;
    let user = |email: &str| {
        format!(
            r#"{{"objectId":"u1","modifiedDate":"2024-05-01T10:00:00Z","emailAddress":"{email}"}}"#
        )
    };
    upload(&sim, id, "BUSINESS_USER", "u-1", user("ada@acme.example")).await;
    upload(&sim, id, "BUSINESS_USER", "u-2", user("bob@acme.example")).await;
    assert_eq!(status(&sim, id, "u-2").await.json()["status"], "FAILED");

    let deletion =
        r#"{"objectId":"nobody","modifiedDate":"2024-05-01T10:00:00Z","isDeleted":true}"#;
    upload(&sim, id, "ACCOUNT", "d-1", deletion).await;
    assert_eq!(status(&sim, id, "d-1").await.json()["errors"][0]["line"], 1);

    upload(&sim, id, "ACCOUNT", "a-1", r#"{"objectId":"a","modifiedDate":"2024-05-02T10:00:00Z","name":"New","url":"https://a.example"}"#).await;
    upload(
        &sim,
        id,
        "ACCOUNT",
        "a-2",
        r#"{"objectId":"a","modifiedDate":"2024-05-01T10:00:00Z","name":"Old"}"#,
    )
    .await;
    assert_eq!(sim.object("ACCOUNT", "a").unwrap()["name"], "New");
    upload(
        &sim,
        id,
        "ACCOUNT",
        "a-3",
        r#"{"objectId":"a","modifiedDate":"2024-05-03T10:00:00Z","name":"Newest"}"#,
    )
    .await;
    assert_eq!(
        sim.object("ACCOUNT", "a").unwrap()["url"],
        "https://a.example"
    );

    let deals = "{\"objectId\":\"1\",\"modifiedDate\":\"2024-05-01T10:00:00Z\",\"accountId\":\"a\"}\n\
                 {\"objectId\":\"2\",\"modifiedDate\":\"2024-05-01T10:00:00Z\",\"accountId\":\"b\"}";
    upload(&sim, id, "DEAL", "deals", deals).await;
    assert_eq!(status(&sim, id, "deals").await.json()["status"], "DONE");
    assert_eq!(sim.object_count("DEAL"), 1);
}

#[tokio::test]
async fn objects_show_defaults_and_hide_what_no_schema_names() {
    let (sim, id) = with(&[]).await;
    upload(
        &sim,
        id,
        "DEAL",
        "deal",
        r#"{"objectId":"d","modifiedDate":"2024-05-01T10:00:00Z","extra":1}"#,
    )
    .await;
    let shown = objects(&sim, id, "DEAL", &["d"]).await.json()["crmObjectsMap"]["d"].clone();
    assert_eq!(
        (&shown["name"], &shown["status"], &shown["amount"]),
        (&json!("Deal_#d"), &json!("OPEN"), &json!(0))
    );
    assert!(shown.get("extra").is_none());
    sim.set_rule("objects-show-defaults", false).unwrap();
    sim.set_rule("objects-hide-unknown-fields", false).unwrap();
    let shown = objects(&sim, id, "DEAL", &["d"]).await.json()["crmObjectsMap"]["d"].clone();
    assert_eq!(
        shown,
        json!({"objectId": "d", "modifiedDate": "2024-05-01T10:00:00Z", "extra": 1})
    );
}

#[tokio::test]
async fn schema_is_listed_in_both_printed_forms() {
    let (sim, id) = with(&[
        ("schema-lists-name", true),
        ("schema-lists-nulls", true),
        ("schema-answers-200", false),
    ])
    .await;
    let path = format!("/v2/crm/entity-schema?integrationId={id}&objectType=LEAD");
    let field = r#"[{"uniqueName":"a","label":"A","type":"NUMBER"}]"#;
    assert_eq!(json(&sim, Method::POST, &path, field).await.status, 201);
    assert_eq!(
        get(&sim, &path).await.json()["objectTypeToSelectedFields"]["LEAD"],
        json!([{"label": "A", "type": "NUMBER", "name": "a", "lastModified": null, "referenceTo": null, "orderedValueList": null}])
    );
    sim.set_rule("schema-lists-standard-fields", true).unwrap();
    assert!(get(&sim, &path).await.text.contains("convertedToDealId"));
    sim.set_rule("schema-object-type-optional", false).unwrap();
    get(&sim, &format!("/v2/crm/entity-schema?integrationId={id}"))
        .await
        .assert_error(400, "objectType");
}

#[tokio::test]
async fn strict_simulator_accepts_flawless_records() {
    let sim = Simulator::builder().strict().start().await.unwrap();
    let body = r#"{"name":"Acme CRM","ownerEmail":"admin@acme.example"}"#;
    let registered = json(&sim, Method::PUT, "/v2/crm/integrations", body)
        .await
        .json();
    let id = registered["integrationId"].as_i64().unwrap();
    let account = r#"{"objectId":"a-1","modifiedDate":"2024-05-01T10:00:00Z","name":"Acme","domains":["acme.example"]}"#;
    upload(&sim, id, "ACCOUNT", "good", account).await;
    assert_eq!(status(&sim, id, "good").await.json()["status"], "DONE");
    upload(
        &sim,
        id,
        "ACCOUNT",
        "odd",
        account.replace("a-1", "a_1") + "\n\n",
    )
    .await;
    assert_eq!(status(&sim, id, "odd").await.json()["totalErrorCount"], 2);
    assert_eq!(objects(&sim, id, "ACCOUNT", &["a-1"]).await.status, 200);
}

#[tokio::test]
async fn lenient_simulator_accepts_what_is_only_assumed_wrong() {
    let sim = Simulator::builder().lenient().start().await.unwrap();
    let id = sim.register_integration("Acme CRM", "admin@acme.example");
    let marked = "\u{feff}{\"objectId\":\"a-1\",\"modifiedDate\":\"2024-05-01T10:00:00Z\"}\r\n\r\n";
    upload(&sim, id, "ACCOUNT", "marked", marked).await;
    assert_eq!(status(&sim, id, "marked").await.json()["status"], "DONE");
    upload(&sim, id, "ACCOUNT", "undated", r#"{"objectId":"a-2"}"#).await;
    assert_eq!(status(&sim, id, "undated").await.json()["status"], "FAILED");
}
