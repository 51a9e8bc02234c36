//! `gong-crm objects`: what Gong has, fetched.

use gong_sim::Simulator;

use crate::integration::simulator;
use crate::invocation::{Invocation, assert_transcript};

fn run(sim: &Simulator, arguments: &[&str], deals: &str) -> Invocation {
    Invocation::new(arguments)
        .against(sim.base_url())
        .file("deals.ldjson", deals)
}

fn registered() -> Simulator {
    let sim = simulator().start_blocking().unwrap();
    sim.register_integration("Acme CRM", "admin@acme.example");
    sim
}

fn push(sim: &Simulator, deals: &str) {
    let pushed = run(
        sim,
        &["push", "deals.ldjson", "--account-delay", "0"],
        deals,
    )
    .output();
    let said = String::from_utf8(pushed.stderr).unwrap();
    assert_eq!(pushed.status.code(), Some(0), "{said}");
}

const SENT: &str = r#"{"objectId":"d-1","modifiedDate":"2026-03-01T09:30:00+01:00","amount":1000,"url":"https://crm.acme.example/d-1","name":"One","status":"OPEN"}
{"objectId":"d-2","modifiedDate":"2026-03-01T09:30:00+01:00","amount":2000,"url":"https://crm.acme.example/d-2","name":"Two","status":"OPEN"}
{"objectId":"d-3","modifiedDate":"2026-03-01T09:30:00+01:00","amount":3000,"url":"https://crm.acme.example/d-3","name":"Three","status":"OPEN"}
"#;

#[test]
fn records_are_fetched_in_the_order_of_the_ids() {
    let sim = registered();
    push(&sim, SENT);
    let get = ["objects", "get", "--type", "DEAL", "d-2", "nobody", "d-1"];
    assert_transcript!("objects_get", run(&sim, &get, SENT));
    let json = ["objects", "get", "--type", "DEAL", "nobody", "-o", "json"];
    assert_transcript!("objects_get_json", run(&sim, &json, SENT));
    let stages = ["objects", "get", "--type", "STAGE", "s-1"];
    assert_transcript!("objects_get_stages", run(&sim, &stages, SENT));
    let strange = ["objects", "get", "--type", "DEAL", "d/1"];
    assert_transcript!("objects_get_strange_id", run(&sim, &strange, SENT));
}

#[test]
fn records_are_fetched_100_per_call() {
    let sim = registered();
    let ids: Vec<String> = (0..250).map(|id| format!("d-{id}")).collect();
    let words: Vec<&str> = ids.iter().map(String::as_str).collect();
    let get = [
        &["objects", "get", "--type", "DEAL", "-o", "json"],
        &words[..],
    ]
    .concat();
    let output = run(&sim, &get, SENT).output();
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found.as_object().unwrap().len(), 250);
    let requests = sim.requests();
    let asked = requests
        .iter()
        .filter(|request| request.path == "/v2/crm/entities");
    assert_eq!(asked.count(), 3);
}

#[test]
fn malformed_ids_are_usage_errors() {
    let sim = registered();
    for (name, id) in [
        ("objects_get_space", "d 1"),
        ("objects_get_unicode", "dé-1"),
        ("objects_get_empty", ""),
    ] {
        let get = ["objects", "get", "--type", "DEAL", id];
        assert_transcript!(name, run(&sim, &get, SENT));
    }
    push(&sim, SENT);
    let piped = ["objects", "get", "--type", "DEAL", "-", "-o", "json"];
    let piped = run(&sim, &piped, SENT).input("d-1\r\njane.doe@acme.example\n\n");
    let found: serde_json::Value = serde_json::from_slice(&piped.output().stdout).unwrap();
    assert_eq!(found["d-1"]["name"], "One");
    assert!(found["jane.doe@acme.example"].is_null());
}
