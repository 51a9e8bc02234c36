//! `gong-crm schema`: custom fields as a file.

use gong_sim::Simulator;
use wiremock::{Mock, MockServer, ResponseTemplate, matchers};

use crate::integration::{registered, simulator};
use crate::invocation::{Invocation, assert_transcript};

const FIRST: &str = "\
DEAL:
- uniqueName: region
  label: Region
  type: PICKLIST
  orderedValueList: [EMEA, APAC]
- uniqueName: score
  label: Score
  type: STRING
- uniqueName: old
  label: Old
  type: STRING
";

/// Renamed, with other values; retyped; dropped; and a new one.
const SECOND: &str = "\
DEAL:
- uniqueName: region
  label: Sales region
  type: PICKLIST
  orderedValueList: [EMEA, LATAM]
- uniqueName: score
  label: Score
  type: NUMBER
- uniqueName: owner2
  label: Second owner
  type: REFERENCE
  referenceTo: USER
";

fn run(sim: &Simulator, arguments: &[&str], file: &str) -> Invocation {
    Invocation::new(arguments)
        .against(sim.base_url())
        .file("schema.yaml", file)
}

#[test]
fn schema_is_pulled_planned_and_applied() {
    let sim = registered();
    let plan = ["schema", "plan", "schema.yaml"];
    let apply = ["schema", "apply", "schema.yaml"];
    assert_transcript!("schema_plan_new", run(&sim, &plan, FIRST));
    assert_transcript!("schema_apply_new", run(&sim, &apply, FIRST));
    assert_transcript!("schema_apply_again", run(&sim, &apply, FIRST));
    assert_transcript!("schema_pull", run(&sim, &["schema", "pull"], FIRST));
    let pull_json = ["schema", "pull", "--type", "deal", "-o", "json"];
    assert_transcript!("schema_pull_json", run(&sim, &pull_json, FIRST));

    assert_transcript!("schema_plan_lossy", run(&sim, &plan, SECOND));
    let json = ["schema", "plan", "schema.yaml", "-o", "json"];
    assert_transcript!("schema_plan_json", run(&sim, &json, SECOND));
    let before = sim.schema("DEAL");
    assert_transcript!("schema_apply_refused", run(&sim, &apply, SECOND));
    let dry_run = ["schema", "apply", "schema.yaml", "--dry-run"];
    assert_transcript!("schema_apply_dry_run", run(&sim, &dry_run, SECOND));
    assert_eq!(sim.schema("DEAL"), before, "nothing was sent");
    let allowed = ["schema", "apply", "schema.yaml", "--allow-data-loss"];
    assert_transcript!("schema_apply_allowed", run(&sim, &allowed, SECOND));
    let names: Vec<String> = sim
        .schema("DEAL")
        .iter()
        .map(|field| field["uniqueName"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(names, ["region", "score", "owner2"]);
}

#[test]
fn pulled_schema_has_no_changes() {
    let sim = simulator()
        .seed_from_dir(crate::invocation::workspace_root().join("examples/acme"))
        .start_blocking()
        .unwrap();
    for (name, arguments) in [
        ("schema.yaml", &["schema", "pull"][..]),
        ("schema.json", &["schema", "pull", "-o", "json"]),
    ] {
        let pulled = Invocation::new(arguments).against(sim.base_url()).output();
        let text = String::from_utf8(pulled.stdout).unwrap();
        let plan = Invocation::new(&["schema", "plan", name, "-o", "json"])
            .against(sim.base_url())
            .file(name, &text)
            .output();
        let plan: serde_json::Value = serde_json::from_slice(&plan.stdout).unwrap();
        assert_eq!(plan["isEmpty"], true, "{plan}");
    }
}

#[test]
fn schema_is_requested_per_type_if_required() {
    let sim = simulator()
        .seed_from_dir(crate::invocation::workspace_root().join("examples/acme"))
        .rule("schema-object-type-optional", false)
        .start_blocking()
        .unwrap();
    let pull = ["schema", "pull", "-o", "json"];
    let pulled = Invocation::new(&pull).against(sim.base_url()).output();
    let schema: serde_json::Value = serde_json::from_slice(&pulled.stdout).unwrap();
    let types: Vec<&String> = schema.as_object().unwrap().keys().collect();
    assert_eq!(types, ["ACCOUNT", "CONTACT", "DEAL", "LEAD"]);
}

#[test]
fn schema_mistakes_are_reported_before_any_call() {
    let sim = registered();
    let plan = ["schema", "plan", "schema.yaml"];
    let wrong = "\
DEAL:
- {uniqueName: stage, label: Stage, type: STRING}
- {uniqueName: region, label: Region, type: PICKLIST}
- {uniqueName: owner2, label: Owner, type: REFERENCE, referenceTo: BUSINESS_USER}
- {uniqueName: tags, label: Tags, type: STRINGARRAY}
LEAD:
- {uniqueName: score, label: Score, type: number}
";
    assert_transcript!("schema_rules", run(&sim, &plan, wrong));
    let json = [&plan[..], &["-o", "json"]].concat();
    assert_transcript!("schema_rules_json", run(&sim, &json, wrong));
    let twice = "\
DEAL:
- {uniqueName: a, label: A, type: STRING}
- {uniqueName: a, label: A, type: STRING}
";
    assert_transcript!("schema_twice", run(&sim, &plan, twice));
    assert_transcript!("schema_not_yaml", run(&sim, &plan, "DEAL: [\n"));
    assert_transcript!("schema_of_stages", run(&sim, &plan, "STAGE: []\n"));
    let missing = Invocation::new(&["schema", "plan", "nowhere.yaml"]);
    assert_transcript!("schema_missing_file", missing.against(sim.base_url()));
    let list = "- {uniqueName: a, label: A, type: STRING}\n";
    assert_transcript!("schema_bare_list", run(&sim, &plan, list));
    let typed = ["schema", "plan", "schema.yaml", "--type", "LEAD"];
    assert_transcript!("schema_bare_list_of_type", run(&sim, &typed, list));
}

#[tokio::test(flavor = "multi_thread")]
async fn picklist_without_listed_values_is_kept() {
    let server = MockServer::start().await;
    let region = serde_json::json!({
        "uniqueName": "region", "label": "Region", "type": "PICKLIST",
        "orderedValueList": null, "referenceTo": null, "lastModified": null,
    });
    let fields = serde_json::json!({"objectTypeToSelectedFields": {"DEAL": [region]}});
    Mock::given(matchers::method("GET"))
        .respond_with(ResponseTemplate::new(200).set_body_json(fields))
        .mount(&server)
        .await;
    Mock::given(matchers::method("POST"))
        .respond_with(ResponseTemplate::new(200).set_body_json(serde_json::json!({})))
        .expect(1)
        .mount(&server)
        .await;
    let run = |verb, file: &str| {
        Invocation::new(&["schema", verb, "schema.yaml", "--integration-id", "17"])
            .against(&server.uri())
            .file("schema.yaml", file)
    };
    let pulled = "DEAL:\n- {uniqueName: region, label: Region, type: PICKLIST}\n";
    assert_transcript!("schema_untold_as_pulled", run("apply", pulled));
    let more = format!("{pulled}- {{uniqueName: score, label: Score, type: NUMBER}}\n");
    assert_transcript!("schema_untold_refused", run("apply", &more));
    let said = pulled.replace("PICKLIST}", "PICKLIST, orderedValueList: [EMEA]}");
    assert_transcript!("schema_untold_planned", run("plan", &said));
    assert_transcript!("schema_untold_applied", run("apply", &said));
}

#[cfg(unix)]
#[test]
fn apply_waits_for_a_push_before_its_call() {
    use std::io::{BufRead as _, BufReader, Read as _};
    use std::process::Stdio;

    use rustix::process::{Pid, Signal, kill_process};

    let place = crate::sync::Place::new();
    let sim = &place.simulator;
    sim.set_processing(gong_sim::Processing::Never);
    place.export(1..=1);
    let list = "- {uniqueName: region, label: Region, type: STRING}\n";
    std::fs::write(place.path("schema.yaml"), list).unwrap();
    let words = [
        "push",
        "accounts.ldjson",
        "--poll-interval",
        "50ms",
        "--wait",
        "30s",
    ];
    let mut push = place.command(&words);
    let push = push.command().stdout(Stdio::null()).stderr(Stdio::null());
    let mut push = push.spawn().unwrap();
    // At least the upload, and the first question about it.
    while sim.request_count() < 3 {
        assert_eq!(push.try_wait().unwrap(), None, "it ended by itself");
        std::thread::yield_now();
    }
    let words = ["schema", "apply", "schema.yaml", "--type", "ACCOUNT"];
    let mut apply = place.command(&words);
    let apply = apply.command().stdout(Stdio::null()).stderr(Stdio::piped());
    let mut apply = apply.spawn().unwrap();
    let mut stderr = BufReader::new(apply.stderr.take().unwrap());
    let mut line = String::new();
    stderr.read_line(&mut line).unwrap();
    assert!(line.contains("waiting for another push to end"), "{line}");
    kill_process(Pid::from_child(&apply), Signal::INT).unwrap();
    let mut rest = String::new();
    stderr.read_to_string(&mut rest).unwrap();
    let code = apply.wait().unwrap().code();
    push.kill().unwrap();
    push.wait().unwrap();
    assert_eq!(code, Some(130), "{rest}");
    assert!(rest.contains("the same command again"), "{rest}");
    assert!(sim.schema("ACCOUNT").is_empty());
}
