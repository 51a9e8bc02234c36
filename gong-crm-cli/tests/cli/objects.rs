//! `gong-crm objects`: what Gong holds, fetched or compared.

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
fn file_is_compared_with_gong() {
    let sim = registered();
    push(&sim, SENT);
    let verify = ["objects", "verify", "deals.ldjson"];
    assert_transcript!("objects_verify_same", run(&sim, &verify, SENT));
    // The same moment in another zone, the same number in another form, an older line of a record.
    let same = r#"{"objectId":"d-1","name":"Old"}
{"objectId":"d-1","modifiedDate":"2026-03-01T08:30:00Z","amount":1000.00,"name":"One"}
"#;
    assert_transcript!("objects_verify_alike", run(&sim, &verify, same));
    let differs = r#"{"objectId":"d-1","amount":1001,"name":"One","color":"red"}
{"objectId":"d-2","modifiedDate":"2026-03-01T09:30:00+01:00","isDeleted":true}
{"objectId":"d-9","amount":1}
{"objectId":"d-8","isDeleted":true}

not json
{"amount":1}
"#;
    assert_transcript!("objects_verify_differs", run(&sim, &verify, differs));
    let capped = ["objects", "verify", "deals.ldjson", "--max", "1"];
    assert_transcript!("objects_verify_capped", run(&sim, &capped, differs));
    let json = ["objects", "verify", "deals.ldjson", "-o", "json"];
    assert_transcript!("objects_verify_json", run(&sim, &json, differs));
    let missing = Invocation::new(&["objects", "verify", "deals.ldjson"]);
    assert_transcript!(
        "objects_verify_missing_file",
        missing.against(sim.base_url())
    );
    let unknown =
        Invocation::new(&["objects", "verify", "things.ldjson"]).file("things.ldjson", SENT);
    assert_transcript!(
        "objects_verify_unknown_type",
        unknown.against(sim.base_url())
    );
}

#[test]
fn newest_version_in_several_files_is_compared() {
    let sim = registered();
    let deal = |id: &str, day: u32, more: &str| {
        format!(
            r#"{{"objectId":"{id}","modifiedDate":"2026-03-0{day}T09:30:00Z","url":"https://crm.acme.example/{id}",{more}}}"#
        )
    };
    // Within a file the latest date counts; the second file comes after the first; deletions go last.
    let one = [
        deal("d-1", 2, r#""name":"New""#),
        deal("d-1", 1, r#""name":"Old""#),
        deal("d-2", 5, r#""name":"Of the first""#),
        deal("d-3", 1, r#""isDeleted":true"#),
    ];
    let two = [
        deal("d-2", 1, r#""name":"Of the second""#),
        deal("d-3", 2, r#""name":"Gone""#),
    ];
    let now = [
        deal(
            "d-1",
            2,
            r#""name":"New","accountId":"a","ownerId":"u","closeDate":"2026-09-30","stage":"s""#,
        ),
        deal(
            "d-2",
            1,
            r#""name":"Of the second","accountId":"a","ownerId":"u","closeDate":"2026-09-30","stage":"s""#,
        ),
    ];
    push(&sim, &(now.join("\n") + "\n"));
    let verify = Invocation::new(&["objects", "verify", "deals-1.ldjson", "deals-2.ldjson"])
        .against(sim.base_url())
        .file("deals-1.ldjson", &one.join("\n"))
        .file("deals-2.ldjson", &two.join("\n"));
    assert_transcript!("objects_verify_several", verify);
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

#[test]
fn directories_patterns_and_files_are_compared() {
    let sim = registered();
    let account = r#"{"objectId":"a-1","modifiedDate":"2026-03-01T09:30:00Z","url":"https://crm.acme.example/a-1","name":"Acme"}"#;
    let stage = r#"{"objectId":"s-1","modifiedDate":"2026-03-01T09:30:00Z","name":"Won","displayName":"Won","isActive":true,"sortOrder":1}"#;
    push(&sim, SENT);
    let exports = |words: &[&str], deals: &str| {
        Invocation::new(&[&["objects", "verify"], words].concat())
            .against(sim.base_url())
            .folder("exports")
            .file("exports/deals.ldjson", deals)
            .file("exports/accounts.ldjson", &format!("{account}\n"))
            .file("exports/stages.ldjson", &format!("{stage}\n"))
    };
    assert_transcript!("objects_verify_folder", exports(&["exports"], SENT));
    let pattern = exports(&["exports/d*.ldjson"], SENT);
    assert_transcript!("objects_verify_pattern", pattern);
    let named = exports(&["exports/stages.ldjson"], SENT);
    assert_transcript!("objects_verify_stages", named);
    let pattern = exports(&["exports/s*.ldjson"], SENT);
    assert_transcript!("objects_verify_nothing", pattern);
    assert_transcript!("objects_verify_input", exports(&["-"], SENT));
    let nowhere = exports(&["x*.ldjson"], SENT);
    assert_transcript!("objects_verify_no_file", nowhere);
}
