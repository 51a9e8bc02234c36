//! What `why` says of the account, the owner and the stage that a record refers to.

use gong_crm::ObjectType::{Account, BusinessUser, Contact, Deal, Stage};
use gong_crm::ledger::Ledger;
use gong_crm::push::{Options, Wait};
use gong_crm::why::{Effect, Evidence, Explanation, Place, Reason, Visible, WhyOptions};
use gong_crm::{Client, Credentials, ObjectType};
use gong_sim::{GongUser, Processing, Simulator};
use serde_json::{Value, json};

use crate::support::{World, accounts, client, contact, deal, stage, user};
use crate::why::{rules, sync, why, world};

fn reason<'e>(why: &'e Explanation, rule: &str) -> &'e Reason {
    let reason = why.reasons.iter().find(|reason| reason.rule == rule);
    assert!(reason.is_some(), "no {rule}: {why:#?}");
    reason.unwrap()
}

fn hint(reason: &Reason) -> &str {
    reason.hint.as_deref().unwrap_or_default()
}

/// What is said of a record by its files alone.
async fn why_without_sources(world: &World, object_type: ObjectType, id: &str) -> Explanation {
    let asked = world
        .client
        .why(world.integration_id, object_type, id, WhyOptions::new());
    asked.await.unwrap()
}

async fn push_unchecked(world: &World, name: &str, record: &Value, wait: Wait) {
    let path = world.path(name);
    std::fs::write(&path, format!("{record}\n")).unwrap();
    let mut options = Options::new([path]).simulator().unchecked().wait(wait);
    options.ignore_dependencies = true;
    options.account_delay = std::time::Duration::ZERO;
    drop(world.client.push(world.integration_id, options).await);
}

#[tokio::test]
async fn unknown_to_this_ledger_is_not_seen_as_absent() {
    let world = world().await;
    sync(&world).await;
    let other = client(&world.simulator, Ledger::memory());
    let ask = |object_type, id| other.why(world.integration_id, object_type, id, WhyOptions::new());
    let found = ask(Deal, "d-1").await.unwrap();
    assert_eq!(found.visible, Visible::Unknown, "{found:#?}");
    for rule in ["owner-unknown", "stage-unknown"] {
        let reason = reason(&found, rule);
        assert_eq!(reason.evidence, Evidence::Inferred);
        assert_eq!(reason.effect, Effect::LeavesOpen);
    }
    for (object_type, id) in [(BusinessUser, "u-1"), (Stage, "s-1")] {
        let found = ask(object_type, id).await.unwrap();
        assert_eq!(found.visible, Visible::Unknown, "{found:#?}");
        let never = reason(&found, "never-sent");
        assert_eq!(never.evidence, Evidence::Inferred);
        assert!(!never.message.contains("does not have it"), "{never:?}");
    }
    // Accounts can be read back.
    let absent = ask(Account, "acc-99").await.unwrap();
    assert_eq!(absent.visible, Visible::No, "{absent:#?}");
}

#[tokio::test]
async fn account_without_verdict_is_not_called_unsent() {
    let world = world().await;
    world.simulator.set_processing(Processing::Never);
    let account = json!({"objectId": "acc-z", "modifiedDate": "2026-01-15T09:30:00Z"});
    push_unchecked(&world, "accounts.ldjson", &account, Wait::UntilSent).await;
    world.simulator.set_processing(Processing::Immediate);
    world.export("contact.ldjson", &[contact("c-z", "acc-z")]);
    let found = why(&world, Contact, "c-z").await;
    let account = reason(&found, "account-not-in-gong");
    assert!(account.message.contains("no verdict"), "{account:?}");
    assert!(hint(account).contains("resume"), "{account:?}");
}

#[tokio::test]
async fn account_that_gong_does_not_show_yet_needs_only_time() {
    let world = world().await;
    sync(&world).await;
    world
        .simulator
        .set_read_lag(std::time::Duration::from_hours(2));
    let account = json!({"objectId": "acc-z", "modifiedDate": "2026-01-15T09:30:00Z"});
    push_unchecked(&world, "accounts.ldjson", &account, Wait::UntilDone).await;
    world.export("contact.ldjson", &[contact("c-z", "acc-z")]);
    let found = why(&world, Contact, "c-z").await;
    let account = reason(&found, "account-not-in-gong");
    assert!(
        account.message.contains("does not show it yet"),
        "{account:?}"
    );
    assert!(hint(account).contains("hour"), "{account:?}");
}

#[tokio::test]
async fn deleted_account_is_called_deleted() {
    let world = world().await;
    sync(&world).await;
    let gone =
        json!({"objectId": "acc-1", "modifiedDate": "2026-02-15T09:30:00Z", "isDeleted": true});
    push_unchecked(&world, "accounts.ldjson", &gone, Wait::UntilDone).await;
    let found = why_without_sources(&world, Contact, "c-1").await;
    let account = reason(&found, "account-not-in-gong");
    assert!(account.message.contains("was deleted"), "{account:?}");
    assert!(hint(account).contains("put it back"), "{account:?}");
}

#[tokio::test]
async fn rejected_owner_and_stage_have_their_reason() {
    let world = world().await;
    let at = "2026-01-15T09:30:00Z";
    let nobody = json!({"objectId": "u-bad", "modifiedDate": at});
    push_unchecked(&world, "business_users.ldjson", &nobody, Wait::UntilDone).await;
    let nameless = json!({"objectId": "s-bad", "sortOrder": 1});
    push_unchecked(&world, "stages.ldjson", &nameless, Wait::UntilDone).await;
    let mut record = deal("d-1", "acc-1", "s-bad", 7);
    record["ownerId"] = json!("u-bad");
    push_unchecked(&world, "deals.ldjson", &record, Wait::UntilDone).await;
    let found = why_without_sources(&world, Deal, "d-1").await;
    let owner = reason(&found, "owner-unknown");
    assert_eq!(owner.effect, Effect::Hides);
    assert!(
        owner.message.contains("rejected") && owner.message.contains("emailAddress"),
        "{owner:?}"
    );
    assert_eq!(hint(owner), "gong-crm why BUSINESS_USER u-bad");
    let stage = reason(&found, "stage-unknown");
    assert!(
        stage.message.contains("rejected") && stage.message.contains("name"),
        "{stage:?}"
    );
}

#[tokio::test]
async fn references_that_resemble_a_record_name_it() {
    let world = world().await;
    sync(&world).await;
    for (field, value, rule, meant) in [
        ("ownerId", "Ada@acme.example", "owner-unknown", "u-1"),
        ("ownerId", "U-1", "owner-unknown", "u-1"),
        ("accountId", "ACC-1", "account-not-in-gong", "acc-1"),
        ("stage", "open", "stage-unknown", "s-1"),
    ] {
        let mut record = deal("d-2", "acc-1", "s-1", 7);
        record[field] = json!(value);
        world.export("deal.ldjson", &[deal("d-1", "acc-1", "s-1", 7), record]);
        let found = why(&world, Deal, "d-2").await;
        let reason = reason(&found, rule);
        assert!(reason.message.contains(meant), "{reason:?}");
        assert!(hint(reason).contains(meant), "{reason:?}");
    }
    // The id that is asked about, in another case and of another type.
    for (object_type, id) in [(Deal, "D-1"), (Contact, "d-1")] {
        let found = why(&world, object_type, id).await;
        let absent = reason(&found, "not-in-source");
        assert_eq!(hint(absent), "gong-crm why DEAL d-1", "{absent:?}");
    }
}

#[tokio::test]
async fn record_is_seen_in_one_place_and_not_in_another() {
    let world = world().await;
    let mut record = deal("d-1", "acc-1", "s-1", 7);
    record["closeDate"] = Value::Null;
    world.export("deal.ldjson", &[record]);
    let mut person = contact("c-1", "acc-1");
    person["emailAddress"] = json!("jane.doe@gmail.com");
    world.export("contact.ldjson", &[person]);
    sync(&world).await;
    let views = |why: &Explanation| {
        let places = why.places.iter();
        places
            .map(|view| (view.place, view.visible))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        views(&why(&world, Deal, "d-1").await),
        [
            (Place::DealBoard, Visible::No),
            (Place::AccountPage, Visible::Yes)
        ]
    );
    assert_eq!(
        views(&why(&world, Contact, "c-1").await),
        [
            (Place::AccountPage, Visible::Yes),
            (Place::Activities, Visible::No)
        ]
    );
}

#[tokio::test]
async fn users_with_one_address_and_retired_stages_are_told() {
    let world = world().await;
    let users = [
        user("u-1", "ada@acme.example"),
        user("u-4", "ADA@acme.example"),
    ];
    for (place, user) in users.iter().enumerate() {
        let name = format!("business_users.{place}.ldjson");
        push_unchecked(&world, &name, user, Wait::UntilDone).await;
    }
    let mut old = stage("s-1", "Open");
    old["isActive"] = json!(false);
    push_unchecked(&world, "stages.ldjson", &old, Wait::UntilDone).await;
    push_unchecked(
        &world,
        "accounts.ldjson",
        &accounts(1..=1)[0],
        Wait::UntilDone,
    )
    .await;
    let record = deal("d-1", "acc-1", "s-1", 7);
    push_unchecked(&world, "deals.ldjson", &record, Wait::UntilDone).await;
    let found = why_without_sources(&world, Deal, "d-1").await;
    assert_eq!(found.visible, Visible::Unknown, "{found:#?}");
    assert!(
        reason(&found, "owner-duplicate-address")
            .message
            .contains("u-4")
    );
    assert!(reason(&found, "stage-retired").message.contains("s-1"));
    let user = why_without_sources(&world, BusinessUser, "u-4").await;
    assert_eq!(rules(&user), ["owner-duplicate-address"], "{user:#?}");
    let stage = why_without_sources(&world, Stage, "s-1").await;
    reason(&stage, "stage-retired");
}

#[tokio::test]
async fn gong_without_users_leaves_the_owner_open() {
    let world = World::new().await;
    world.export("stage.ldjson", &[stage("s-1", "Open")]);
    world.export("business_user.ldjson", &[user("u-1", "ada@acme.example")]);
    world.export("account.ldjson", &accounts(1..=1));
    world.export("contact.ldjson", &[]);
    world.export("deal.ldjson", &[deal("d-1", "acc-1", "s-1", 7)]);
    sync(&world).await;
    let found = why(&world, Deal, "d-1").await;
    assert_eq!(rules(&found), ["users-not-readable"], "{found:#?}");
    assert_eq!(found.visible, Visible::Unknown);
}

#[tokio::test]
async fn schema_that_may_not_be_read_is_a_note() {
    let simulator = Simulator::builder().bearer_token(
        "token",
        ["api:crm:upload", "api:crm:get-objects", "api:users:read"],
    );
    let world = World::with(simulator.start().await.unwrap()).await;
    world.simulator.add_user(GongUser::new("ada@acme.example"));
    let custom = json!({"objectId": "acc-1", "modifiedDate": "2026-01-15T09:30:00Z", "domains": ["one.example"], "tier": "gold"});
    push_unchecked(&world, "accounts.ldjson", &custom, Wait::UntilDone).await;
    let limited = Client::builder()
        .base_url(world.simulator.base_url())
        .credentials(Credentials::bearer_token("token"))
        .ledger(world.client.ledger().clone())
        .build()
        .unwrap();
    let asked = limited.why(world.integration_id, Account, "acc-1", WhyOptions::new());
    let found = asked.await.unwrap();
    assert_eq!(found.visible, Visible::Yes, "{found:#?}");
    assert!(
        reason(&found, "schema-not-readable")
            .message
            .contains("api:crm:schema")
    );
}
