//! A probe finds out how Gong behaves under each switch of the simulator, and push follows it.

use gong_crm::ObjectType::{Account, Contact};
use gong_crm::probe::{ProbeOptions, Question};
use gong_crm::push::{Options, Report, Verdict};
use gong_crm::schema::{FieldType, SchemaField};
use gong_sim::{Effect, Fault, Operation};
use serde_json::{Value, json};

use crate::support::{World, account, accounts, contact};

/// The switch that a question is about, with the answer while it is on.
const SWITCHES: [(Question, &str, bool); 8] = [
    (Question::OlderDatesTaken, "older-update-applied", true),
    (Question::GoodLinesTaken, "good-lines-applied", true),
    (
        Question::OmittedClearsCustom,
        "omitted-custom-fields-cleared",
        true,
    ),
    (
        Question::OmittedClearsStandard,
        "omitted-standard-fields-cleared",
        true,
    ),
    (Question::NullClearsCustom, "null-clears-custom-field", true),
    (
        Question::NullClearsStandard,
        "null-clears-standard-field",
        true,
    ),
    (Question::IdsIgnoreCase, "object-ids-ignore-case", true),
    (
        Question::AbsentDeletionTaken,
        "deletion-needs-object",
        false,
    ),
];

async fn world() -> World {
    let world = World::new().await;
    let field = SchemaField::new("region", "Region", FieldType::String);
    world
        .client
        .upload_entity_schema(world.integration_id, Contact, &[field])
        .await
        .unwrap();
    world
}

async fn probe(world: &World) {
    let options = ProbeOptions::new().simulator();
    let report = world.client.probe(world.integration_id, options).await;
    let report = report.unwrap();
    assert_eq!(report.left, []);
    assert!(report.calls <= gong_crm::probe::CALLS, "{report:#?}");
    for object_type in ["ACCOUNT", "CONTACT"] {
        let left = world.simulator.objects(object_type);
        let left = left.iter().map(|object| object["objectId"].to_string());
        let left: Vec<String> = left.filter(|id| id.contains("gong-crm-probe")).collect();
        assert_eq!(left, Vec::<String>::new());
    }
}

async fn push(world: &World, name: &str, records: &[Value]) -> Report {
    let path = world.path(name);
    let text: String = records.iter().map(|record| format!("{record}\n")).collect();
    std::fs::write(&path, text).unwrap();
    let options = Options::new([path]).simulator().unchecked();
    world
        .client
        .push(world.integration_id, options)
        .await
        .unwrap()
}

/// The lines of the last upload.
fn last_upload(world: &World) -> Vec<Value> {
    let history = world.simulator.upload_history();
    let requests = world.simulator.requests();
    let last = requests
        .iter()
        .rev()
        .find(|request| request.method == "POST" && request.path == "/v2/crm/entities");
    assert!(!history.is_empty());
    let body = last.unwrap().body_text().unwrap().into_owned();
    let lines = body.lines().filter(|line| line.starts_with('{'));
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[tokio::test]
async fn every_switch_is_probed_in_both_positions() {
    for (question, rule, when_on) in SWITCHES {
        for is_on in [true, false] {
            let world = world().await;
            world.simulator.set_rule(rule, is_on).unwrap();
            probe(&world).await;
            let facts = world.client.facts(world.integration_id).await.unwrap();
            let expected = Some(is_on == when_on);
            assert_eq!(
                facts.answer(question),
                expected,
                "{rule} {is_on}: {facts:#?}"
            );
        }
    }
}

#[tokio::test]
async fn answers_do_not_depend_on_each_other() {
    // All switches the other way than usual.
    let world = world().await;
    for (_, rule, _) in SWITCHES {
        let is_on = ["object-ids-ignore-case", "deletion-needs-object"].contains(&rule);
        world.simulator.set_rule(rule, is_on).unwrap();
    }
    probe(&world).await;
    let facts = world.client.facts(world.integration_id).await.unwrap();
    for (question, rule, _) in SWITCHES {
        let expected = Some(question == Question::IdsIgnoreCase);
        assert_eq!(facts.answer(question), expected, "{rule}: {facts:#?}");
    }
}

#[tokio::test]
async fn custom_fields_stay_unknown_without_a_declared_one() {
    let world = World::new().await;
    probe(&world).await;
    let facts = world.client.facts(world.integration_id).await.unwrap();
    assert_eq!(facts.answer(Question::NullClearsCustom), None);
    assert_eq!(facts.answer(Question::OmittedClearsCustom), None);
    assert_eq!(facts.answers.len(), 6, "{facts:#?}");
}

#[tokio::test]
async fn what_a_dead_probe_left_is_removed_by_the_next_one() {
    let world = world().await;
    // From its third read on, Gong rejects it.
    let mut fault = Fault::new(Effect::Status(401)).on(Operation::GetObjects);
    for call in 3..=9 {
        fault = fault.nth(call);
    }
    world.simulator.add_fault(fault).unwrap();
    let options = ProbeOptions::new().simulator();
    let died = world.client.probe(world.integration_id, options).await;
    assert!(died.is_err());
    assert_eq!(world.simulator.object_count("CONTACT"), 1);
    world.simulator.clear_faults();
    probe(&world).await;
}

#[tokio::test]
async fn dates_are_raised_unless_older_ones_are_accepted() {
    for is_taken in [None, Some(true), Some(false)] {
        let world = world().await;
        if let Some(is_taken) = is_taken {
            let rule = "older-update-applied";
            world.simulator.set_rule(rule, is_taken).unwrap();
            probe(&world).await;
        }
        drop(push(&world, "accounts.ldjson", &[account("acc-1", "One")]).await);
        drop(push(&world, "accounts.ldjson", &[account("acc-1", "Two")]).await);
        let sent = &last_upload(&world)[0]["modifiedDate"];
        let given = "2026-01-15T09:30:00Z";
        assert_eq!(
            sent == given,
            is_taken == Some(true),
            "{is_taken:?}: {sent}"
        );
        assert_eq!(world.field("ACCOUNT", "acc-1", "name"), "Two");
    }
}

#[tokio::test]
async fn good_lines_of_a_failed_upload_are_what_the_probe_says() {
    let mut bad = accounts(1..=3);
    bad[1].as_object_mut().unwrap().remove("modifiedDate");
    for (is_probed, uploads) in [(false, 2), (true, 1)] {
        let world = world().await;
        let rule = "status-counts-successes";
        world.simulator.set_rule(rule, false).unwrap();
        if is_probed {
            probe(&world).await;
        }
        let before = world.simulator.uploads().len();
        let report = push(&world, "accounts.ldjson", &bad).await;
        assert_eq!(
            (report.accepted(), report.rejected()),
            (2, 1),
            "{report:#?}"
        );
        let sent = world.simulator.uploads().len() - before;
        assert_eq!(sent, uploads, "probed: {is_probed}");
    }
    // Nothing is taken of a file with an error, though Gong counts the good lines.
    let world = world().await;
    world
        .simulator
        .set_rule("good-lines-applied", false)
        .unwrap();
    probe(&world).await;
    let report = push(&world, "accounts.ldjson", &bad).await;
    assert_eq!(
        (report.accepted(), report.rejected()),
        (2, 1),
        "{report:#?}"
    );
    assert!(world.has("ACCOUNT", "acc-1") && world.has("ACCOUNT", "acc-3"));
}

/// The switches that are off; what is sent for a custom field and for one of Gong's own; whether that one
/// is cleared.
type Case<'a> = (&'a [&'a str], Option<Value>, Option<Value>, bool);

#[tokio::test]
async fn fields_are_cleared_in_the_way_that_works() {
    let full = |is_full: bool| {
        let mut record = contact("c-1", "acc-1");
        if is_full {
            record["title"] = json!("CEO");
            record["region"] = json!("north");
        }
        record
    };
    let omitted: Option<Value> = None;
    let null = Some(Value::Null);
    let cases: [Case<'_>; 4] = [
        (&[], null.clone(), omitted.clone(), true),
        (
            &["null-clears-custom-field"],
            omitted.clone(),
            omitted.clone(),
            true,
        ),
        (
            &["omitted-standard-fields-cleared"],
            null.clone(),
            null.clone(),
            true,
        ),
        (
            &[
                "omitted-standard-fields-cleared",
                "null-clears-standard-field",
            ],
            null,
            omitted,
            false,
        ),
    ];
    for (off, custom, standard, is_cleared) in cases {
        let world = world().await;
        for rule in off {
            world.simulator.set_rule(rule, false).unwrap();
        }
        probe(&world).await;
        drop(push(&world, "accounts.ldjson", &accounts(1..=1)).await);
        drop(push(&world, "contacts.ldjson", &[full(true)]).await);
        let report = push(&world, "contacts.ldjson", &[full(false)]).await;
        assert_eq!(report.verdict, Verdict::Done);
        let sent = &last_upload(&world)[0];
        assert_eq!(sent.get("region"), custom.as_ref(), "{off:?}");
        assert_eq!(sent.get("title"), standard.as_ref(), "{off:?}");
        let title = world.field("CONTACT", "c-1", "title");
        assert_eq!(title.is_null(), is_cleared, "{off:?}");
        assert!(world.field("CONTACT", "c-1", "region").is_null(), "{off:?}");
        let says = report.notes.iter().any(|note| note.contains("title"));
        assert_eq!(says, !is_cleared, "{off:?}: {:?}", report.notes);
    }
}

#[tokio::test]
async fn record_with_changed_id_case_is_deleted_if_ids_have_case() {
    let with = |id: &str| {
        let mut records = accounts(1..=9);
        records.push(account(id, "One"));
        records
    };
    for is_probed in [false, true] {
        let world = world().await;
        if is_probed {
            probe(&world).await;
        }
        world.export("account.ldjson", &with("acc-A"));
        let options = world.options(&[Account]);
        drop(world.sync(options.clone()).await);
        world.export("account.ldjson", &with("acc-a"));
        drop(world.sync(options).await);
        assert_eq!(
            world.has("ACCOUNT", "acc-A"),
            !is_probed,
            "probed: {is_probed}"
        );
        assert!(world.has("ACCOUNT", "acc-a"));
    }
}

#[tokio::test]
async fn two_spellings_of_one_id_are_held_back_where_case_is_ignored() {
    let world = world().await;
    world
        .simulator
        .set_rule("object-ids-ignore-case", true)
        .unwrap();
    let options = world.options(&[Account]);
    world.export("account.ldjson", &accounts(1..=2));
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Done);
    probe(&world).await;
    let mut both = accounts(1..=3);
    both.push(account("ACC-1", "Other"));
    let path = world.export("account.ldjson", &both);
    let report = world.sync(options.clone()).await;
    assert_eq!(report.verdict, Verdict::Partial, "{report:#?}");
    let held = ["acc-1", "ACC-1"].map(|id| {
        let mut errors = report.files.iter().flat_map(|file| &file.errors);
        errors.any(|error| error.object_id.as_deref() == Some(id))
    });
    assert_eq!(held, [true, true], "{report:#?}");
    assert_eq!(world.field("ACCOUNT", "acc-1", "name"), "Company 1");
    assert!(world.has("ACCOUNT", "acc-3"));
    let pushed = Options::new([path]).simulator();
    let report = world.client.push(world.integration_id, pushed).await;
    assert_eq!(report.unwrap().verdict, Verdict::Invalid);
}
