//! The entity schema and what it does to objects.

use gong_sim::Simulator;
use reqwest::Method;
use serde_json::json;

use crate::support::{Reply, get, json, objects, upload};

async fn send_schema(sim: &Simulator, id: i64, fields: serde_json::Value) -> Reply {
    let path = format!("/v2/crm/entity-schema?integrationId={id}&objectType=DEAL");
    json(sim, Method::POST, &path, &fields.to_string()).await
}

fn field(name: &str, field_type: &str) -> serde_json::Value {
    json!({"uniqueName": name, "label": name, "type": field_type})
}

#[tokio::test]
async fn schema_is_sent_as_a_whole_and_listed() {
    let sim = Simulator::start().await.unwrap();
    let id = sim.register_integration("Acme CRM", "admin@acme.example");
    assert_eq!(
        send_schema(&sim, id, json!([field("size", "NUMBER")]))
            .await
            .status,
        200
    );
    send_schema(&sim, id, json!([field("color", "STRING")]))
        .await
        .assert_error(400, "missing: [size]");

    let all = get(&sim, &format!("/v2/crm/entity-schema?integrationId={id}"))
        .await
        .json();
    assert_eq!(
        all["objectTypeToSelectedFields"],
        json!({"ACCOUNT": [], "CONTACT": [], "DEAL": [field("size", "NUMBER")], "LEAD": []})
    );
    let one = get(
        &sim,
        &format!("/v2/crm/entity-schema?integrationId={id}&objectType=LEAD"),
    )
    .await
    .json();
    assert_eq!(one["objectTypeToSelectedFields"], json!({"LEAD": []}));
}

#[tokio::test]
async fn changed_type_and_deletion_drop_the_values() {
    let sim = Simulator::start().await.unwrap();
    let id = sim.register_integration("Acme CRM", "admin@acme.example");
    send_schema(
        &sim,
        id,
        json!([field("size", "NUMBER"), field("note", "STRING")]),
    )
    .await;
    let deal = r#"{"objectId":"d1","modifiedDate":"2024-05-01T10:00:00Z","size":7.50,"note":"n","unknown":1}"#;
    upload(&sim, id, "DEAL", "one", deal).await;
    let shown = objects(&sim, id, "DEAL", &["d1"]).await;
    assert!(shown.text.contains("\"size\":7.50"), "{}", shown.text);
    assert!(!shown.text.contains("unknown"), "{}", shown.text);
    assert_eq!(sim.object("DEAL", "d1").unwrap()["unknown"], 1);

    let mut gone = field("note", "STRING");
    gone["isDeleted"] = true.into();
    assert_eq!(
        send_schema(&sim, id, json!([field("size", "STRING"), gone]))
            .await
            .status,
        200
    );
    let stored = sim.object("DEAL", "d1").unwrap();
    assert!(
        stored.get("size").is_none() && stored.get("note").is_none(),
        "{stored}"
    );
    assert_eq!(sim.schema("DEAL"), [field("size", "STRING")]);
}

#[tokio::test]
async fn field_definitions_are_checked_and_bad_ones_change_nothing() {
    let sim = Simulator::start().await.unwrap();
    let id = sim.register_integration("Acme CRM", "admin@acme.example");
    let reference = |target: &str| json!({"uniqueName": "r", "label": "r", "type": "REFERENCE", "referenceTo": target});
    for (bad, message) in [
        (json!([field("a", "number")]), "unknown field type [number]"),
        (json!([{"uniqueName": "a", "type": "NUMBER"}]), "[label]"),
        (json!([field("a", "PICKLIST")]), "orderedValueList"),
        (json!([field("a", "REFERENCE")]), "referenceTo"),
        (json!([reference("BUSINESS_USER")]), "USER"),
        (
            json!([field("a", "NUMBER"), field("a", "NUMBER")]),
            "more than once",
        ),
        (json!({"fields": []}), "must be an array"),
    ] {
        send_schema(&sim, id, bad).await.assert_error(400, message);
    }
    assert!(sim.schema("DEAL").is_empty());
    assert_eq!(
        send_schema(&sim, id, json!([reference("USER")]))
            .await
            .status,
        200
    );
}
