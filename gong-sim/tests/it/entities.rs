//! Uploading objects, asking for the outcome, reading them back.

use gong_sim::{Processing, Simulator};
use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};

use crate::support::{get, objects, request, send, status, upload};

fn account(id: &str, name: &str) -> String {
    format!(
        "{{\"objectId\":\"{id}\",\"modifiedDate\":\"2024-05-01T10:00:00Z\",\"name\":\"{name}\"}}\n"
    )
}

#[tokio::test]
async fn objects_are_created_changed_and_deleted_by_id() {
    let sim = Simulator::start().await.unwrap();
    let id = sim.register_integration("Acme CRM", "admin@acme.example");

    let reply = upload(
        &sim,
        id,
        "ACCOUNT",
        "first",
        account("a1", "Old") + &account("a2", "Two"),
    )
    .await;
    assert_eq!(
        (reply.status, &reply.json()["clientRequestId"]),
        (201, &json!("first"))
    );
    let done = status(&sim, id, "first").await.json();
    assert_eq!(done["status"], "DONE");
    assert_eq!(
        (&done["totalSuccessCount"], &done["totalErrorCount"]),
        (&json!(2), &json!(0))
    );
    assert_eq!(done["errors"], json!([]));

    upload(&sim, id, "ACCOUNT", "second", account("a1", "New")).await;
    let deletion = r#"{"objectId":"a2","modifiedDate":"2024-05-01T10:00:00Z","isDeleted":true}"#;
    upload(&sim, id, "ACCOUNT", "third", deletion).await;

    let read = objects(&sim, id, "ACCOUNT", &["a1", "a2", "nobody"])
        .await
        .json();
    assert_eq!(read["crmObjectsMap"]["a1"]["name"], "New");
    assert_eq!(read["crmObjectsMap"]["a2"], Value::Null);
    assert!(
        read["crmObjectsMap"]
            .as_object()
            .unwrap()
            .contains_key("nobody")
    );
    assert_eq!(sim.object_count("ACCOUNT"), 1);
    assert_eq!(sim.object("ACCOUNT", "a1").unwrap()["name"], "New");
}

#[tokio::test]
async fn bad_lines_are_counted_and_good_ones_applied() {
    let sim = Simulator::start().await.unwrap();
    let id = sim.register_integration("Acme CRM", "admin@acme.example");
    let mut file = account("good-1", "Good");
    file.push_str(
        "{\"objectId\":\"x\",\"modifiedDate\":\"2024-05-01T10:00:00Z\",\"name\": OPEN}\n",
    );
    for _ in 0..30 {
        file.push_str("{\"name\":\"no id\"}\n");
    }
    file.push_str(&account("good-2", "Good"));

    assert_eq!(upload(&sim, id, "ACCOUNT", "mixed", file).await.status, 201);
    let failed = status(&sim, id, "mixed").await.json();
    assert_eq!(failed["status"], "FAILED");
    assert_eq!(
        (&failed["totalSuccessCount"], &failed["totalErrorCount"]),
        (&json!(2), &json!(31))
    );
    let errors = failed["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 20);
    assert_eq!(errors[0]["line"], 2);
    assert_eq!(
        errors[1],
        json!({"line": 3, "description": "Mandatory field [objectId] is missing or empty"})
    );
    assert_eq!(sim.object_count("ACCOUNT"), 2);
}

#[tokio::test]
async fn recorded_failure_is_reproduced_exactly() {
    let sim = Simulator::start().await.unwrap();
    let id = sim.register_integration("Acme CRM", "admin@acme.example");
    let line = r#"{"objectId":"u1","modifiedDate":"2024-05-01T10:00:00Z"}"#;
    upload(&sim, id, "BUSINESS_USER", "users", line).await;
    let mut failed = status(&sim, id, "users").await.json();
    failed.as_object_mut().unwrap().shift_remove("requestId");
    assert_eq!(
        failed.to_string(),
        r#"{"status":"FAILED","errors":[{"line":1,"description":"Mandatory field [emailAddress] is missing or empty"}],"totalErrorCount":1,"totalSuccessCount":0}"#
    );
}

#[tokio::test]
async fn used_client_request_id_is_rejected() {
    let sim = Simulator::start().await.unwrap();
    let id = sim.register_integration("Acme CRM", "admin@acme.example");
    upload(&sim, id, "ACCOUNT", "once", account("a1", "First")).await;
    upload(&sim, id, "ACCOUNT", "once", account("a1", "Second"))
        .await
        .assert_error(409, "Client request id has already been used");
    assert_eq!(sim.object("ACCOUNT", "a1").unwrap()["name"], "First");
}

#[tokio::test]
async fn processing_by_polls_shows_every_state() {
    let sim = Simulator::builder()
        .processing(Processing::Polls(3))
        .start()
        .await
        .unwrap();
    let id = sim.register_integration("Acme CRM", "admin@acme.example");
    upload(&sim, id, "ACCOUNT", "slow", account("a1", "Slow")).await;
    let mut seen = Vec::new();
    for _ in 0..5 {
        seen.push(
            status(&sim, id, "slow").await.json()["status"]
                .as_str()
                .unwrap()
                .to_owned(),
        );
    }
    assert_eq!(
        seen,
        ["PENDING", "IN_PROGRESS", "IN_PROGRESS", "DONE", "DONE"]
    );
    assert_eq!(sim.object_count("ACCOUNT"), 1);
}

#[tokio::test]
async fn unfinished_upload_changes_nothing() {
    let sim = Simulator::builder()
        .processing(Processing::Never)
        .start()
        .await
        .unwrap();
    let id = sim.register_integration("Acme CRM", "admin@acme.example");
    upload(&sim, id, "ACCOUNT", "stuck", account("a1", "Stuck")).await;
    for expected in ["PENDING", "IN_PROGRESS", "IN_PROGRESS"] {
        assert_eq!(status(&sim, id, "stuck").await.json()["status"], expected);
    }
    assert_eq!(sim.object_count("ACCOUNT"), 0);
}

#[tokio::test]
async fn query_of_an_upload_is_checked() {
    let sim = Simulator::start().await.unwrap();
    let id = sim.register_integration("Acme CRM", "admin@acme.example");
    for (query, message) in [
        (String::new(), "objectType"),
        (
            format!("integrationId={id}&objectType=account&clientRequestId=x"),
            "must be one of",
        ),
        (
            format!("integrationId={id}&objectType=ACCOUNT"),
            "clientRequestId",
        ),
        (
            format!("integrationId={id}&objectType=ACCOUNT&clientRequestId=a.b"),
            "letters, digits",
        ),
        (
            "integrationId=99999999999999999999&objectType=DEAL&clientRequestId=x".into(),
            "64 bits",
        ),
        (
            "integrationId=1&objectType=DEAL&clientRequestId=x".into(),
            "was not found",
        ),
    ] {
        let form = reqwest::multipart::Form::new().text("dataFile", account("a1", "A"));
        let path = format!("/v2/crm/entities?{query}");
        send(request(&sim, Method::POST, &path).multipart(form))
            .await
            .assert_error(400, message);
    }
}

#[tokio::test]
async fn body_is_accepted_in_every_form_of_multipart_only() {
    let sim = Simulator::start().await.unwrap();
    let id = sim.register_integration("Acme CRM", "admin@acme.example");
    let good = account("a1", "A").replace('\n', "");
    let cases = [
        (
            "multipart/form-data; boundary=XX",
            format!(
                "--XX\r\nContent-Disposition: form-data; name=\"dataFile\"\r\n\r\n{good}\r\n--XX--\r\n"
            ),
            201,
        ),
        (
            "multipart/form-data; boundary=\"X X\"",
            format!(
                "--X X\r\nContent-Disposition: form-data; name=dataFile; filename=\"a.ldjson\"\r\nContent-Type: application/x-ndjson\r\n\r\n{good}\r\n--X X--"
            ),
            201,
        ),
        (
            "multipart/form-data; boundary=XX",
            format!(
                "--XX\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nhello\r\n--XX\r\nContent-Disposition: form-data; name=\"dataFile\"; filename=\"x\"\r\nContent-Type: text/plain\r\n\r\n{good}\r\n--XX\r\nContent-Disposition: form-data; name=\"more\"\r\n\r\nx\r\n--XX--\r\n"
            ),
            201,
        ),
        (
            "multipart/form-data; boundary=XX",
            format!(
                "--XX\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n{good}\r\n--XX--\r\n"
            ),
            400,
        ),
        (
            "multipart/form-data; boundary=XX",
            "--XX--\r\n".to_owned(),
            400,
        ),
        ("multipart/form-data; boundary=XX", String::new(), 400),
        (
            "multipart/form-data; boundary=XX",
            format!("--XX\r\nContent-Disposition: form-data; name=\"dataFile\"\r\n\r\n{good}"),
            400,
        ),
        ("multipart/form-data", good.clone(), 400),
        ("application/json", good.clone(), 400),
    ];
    for (index, (content_type, body, expected)) in cases.into_iter().enumerate() {
        let path = format!(
            "/v2/crm/entities?integrationId={id}&objectType=ACCOUNT&clientRequestId=c{index}"
        );
        let upload = request(&sim, Method::POST, &path)
            .header(CONTENT_TYPE, content_type)
            .body(body.clone());
        let reply = send(upload).await;
        assert_eq!(
            reply.status, expected,
            "{content_type}\n{body}\n{}",
            reply.text
        );
        if expected == 400 {
            assert_eq!(reply.error(), "dataFile part is missing");
        }
    }
    assert_eq!(sim.uploads().len(), 3);
}

#[tokio::test]
async fn reading_objects_needs_a_json_body_and_stops_at_a_hundred() {
    let sim = Simulator::start().await.unwrap();
    let id = sim.register_integration("Acme CRM", "admin@acme.example");
    let path = format!("/v2/crm/entities?integrationId={id}&objectType=ACCOUNT");
    get(&sim, &path)
        .await
        .assert_error(415, "Unsupported Media Type");
    get(&sim, &format!("{path}&objectsCrmIds=a1"))
        .await
        .assert_error(415, "Unsupported Media Type");

    let ids: Vec<String> = (0..150).map(|number| format!("a{number}")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let read = objects(&sim, id, "ACCOUNT", &ids).await.json();
    assert_eq!(read["crmObjectsMap"].as_object().unwrap().len(), 100);
    objects(&sim, id, "STAGE", &["x"])
        .await
        .assert_error(400, "must be one of");
}
