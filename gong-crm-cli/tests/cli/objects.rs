//! `gong-crm objects`: what Gong has, fetched.

use crate::deals::{SENT, push, run};
use crate::integration::registered;
use crate::invocation::assert_transcript;

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
