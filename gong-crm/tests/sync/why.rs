//! Why people don't see a record: ten ways to be invisible, and a record that nothing keeps away.

use gong_crm::ObjectType::{Account, BusinessUser, Contact, Deal, Stage};
use gong_crm::push::{Options, Verdict};
use gong_crm::why::{Effect, Evidence, Explanation, Visible, WhyOptions};
use gong_crm::{Client, Credentials, ObjectType};
use gong_sim::{GongUser, Simulator};
use serde_json::{Value, json};

use crate::support::{World, account, accounts, contact, deal, stage, user};

pub(crate) const TYPES: [ObjectType; 5] = [Stage, BusinessUser, Account, Contact, Deal];

/// A CRM whose one deal and contact people see: the owner is a Gong user.
pub(crate) async fn world() -> World {
    let world = World::new().await;
    world.simulator.add_user(GongUser::new("Ada@Acme.example"));
    world
        .simulator
        .add_user(GongUser::new("gone@acme.example").inactive());
    world.export("stage.ldjson", &[stage("s-1", "Open")]);
    let users = [
        user("u-1", "ada@acme.example"),
        user("u-2", "bob@acme.example"),
        user("u-3", "gone@acme.example"),
    ];
    world.export("business_user.ldjson", &users);
    world.export("account.ldjson", &accounts(1..=9));
    world.export("contact.ldjson", &[contact("c-1", "acc-1")]);
    world.export("deal.ldjson", &[deal("d-1", "acc-1", "s-1", 7)]);
    world
}

pub(crate) async fn sync(world: &World) {
    drop(world.sync(world.options(&TYPES)).await);
}

pub(crate) async fn why(world: &World, object_type: ObjectType, id: &str) -> Explanation {
    let options = WhyOptions::new().sources(world.options(&TYPES));
    let why = world
        .client
        .why(world.integration_id, object_type, id, options)
        .await;
    why.unwrap()
}

/// The rules of all reasons, but for notes.
pub(crate) fn rules(why: &Explanation) -> Vec<&'static str> {
    let reasons = why.reasons.iter();
    reasons
        .filter(|reason| reason.effect != Effect::Note)
        .map(|reason| reason.rule)
        .collect()
}

/// A deal that differs from the one that people see.
async fn deal_with(world: &World, field: &str, value: Value) -> Explanation {
    let mut record = deal("d-1", "acc-1", "s-1", 7);
    record[field] = value;
    world.export("deal.ldjson", &[record]);
    sync(world).await;
    why(world, Deal, "d-1").await
}

#[tokio::test]
async fn nothing_keeps_a_complete_record_away() {
    let world = world().await;
    sync(&world).await;
    for (object_type, id) in [
        (Deal, "d-1"),
        (Contact, "c-1"),
        (Account, "acc-1"),
        (BusinessUser, "u-1"),
    ] {
        let why = why(&world, object_type, id).await;
        assert_eq!(why.visible, Visible::Yes, "{why:#?}");
        assert_eq!(rules(&why), Vec::<&str>::new());
        assert!(why.calls <= 5, "{why:#?}");
    }
}

#[tokio::test]
async fn owner_who_is_not_a_gong_user_hides_a_deal() {
    let world = world().await;
    let found = deal_with(&world, "ownerId", json!("u-2")).await;
    assert_eq!(
        (found.visible, rules(&found)),
        (Visible::No, vec!["owner-not-in-gong"])
    );
    assert_eq!(found.reasons[0].evidence, Evidence::Seen);
    assert!(found.reasons[0].message.contains("u-2"), "{found:#?}");
    assert!(found.reasons[0].hint.is_some());
    let user = why(&world, BusinessUser, "u-2").await;
    assert_eq!(
        (user.visible, rules(&user)),
        (Visible::No, vec!["owner-not-in-gong"])
    );
}

#[tokio::test]
async fn owner_who_is_not_active_hides_a_deal() {
    let world = world().await;
    let why = deal_with(&world, "ownerId", json!("u-3")).await;
    assert_eq!(rules(&why), ["owner-inactive"]);
}

#[tokio::test]
async fn deal_without_owner_or_with_an_unknown_one_is_on_no_board() {
    let world = world().await;
    assert_eq!(
        rules(&deal_with(&world, "ownerId", Value::Null).await),
        ["owner-missing"]
    );
    let unknown = deal_with(&world, "ownerId", json!("u-9")).await;
    assert_eq!(rules(&unknown), ["owner-unknown"]);
}

#[tokio::test]
async fn deal_without_account_is_nowhere() {
    let world = world().await;
    let why = deal_with(&world, "accountId", Value::Null).await;
    assert_eq!(rules(&why), ["account-missing"]);
}

#[tokio::test]
async fn account_that_gong_rejected_hides_its_contacts() {
    let world = world().await;
    let mut bad = account("acc-3", "Three");
    bad["url"] = json!("not an address");
    let mut options = world.options(&TYPES);
    options.push = options.push.unchecked();
    options.push.ignore_dependencies = true;
    world.export("account.ldjson", &[account("acc-1", "One"), bad]);
    world.export("contact.ldjson", &[contact("c-1", "acc-3")]);
    drop(world.sync(options.clone()).await);
    let explained = WhyOptions::new().sources(options);
    let why = world
        .client
        .why(world.integration_id, Contact, "c-1", explained.clone())
        .await
        .unwrap();
    assert_eq!(rules(&why), ["account-not-in-gong"], "{why:#?}");
    assert!(why.reasons[0].message.contains("rejected"), "{why:#?}");
    let account = world
        .client
        .why(world.integration_id, Account, "acc-3", explained)
        .await
        .unwrap();
    assert_eq!(rules(&account), ["rejected"], "{account:#?}");
}

#[tokio::test]
async fn deal_that_came_before_its_account_never_appears() {
    let simulator = Simulator::builder().rule("deal-needs-known-account", true);
    let world = World::with(simulator.start().await.unwrap()).await;
    world.simulator.add_user(GongUser::new("ada@acme.example"));
    let push = |name: &'static str, record: Value| {
        let path = world.path(name);
        std::fs::write(&path, format!("{record}\n")).unwrap();
        let mut options = Options::new([path]).simulator().unchecked();
        options.ignore_dependencies = true;
        world.client.push(world.integration_id, options)
    };
    drop(push("business_users.ldjson", user("u-1", "ada@acme.example")).await);
    drop(push("stages.ldjson", stage("s-1", "Open")).await);
    let pushed = push("deals.ldjson", deal("d-1", "acc-1", "s-1", 1)).await;
    assert_eq!(pushed.unwrap().verdict, Verdict::Done);
    drop(push("accounts.ldjson", account("acc-1", "One")).await);
    world.export("deal.ldjson", &[deal("d-1", "acc-1", "s-1", 1)]);
    let options = WhyOptions::new().sources(world.options(&[Deal]));
    let why = world
        .client
        .why(world.integration_id, Deal, "d-1", options)
        .await
        .unwrap();
    assert_eq!(rules(&why), ["account-too-late"], "{why:#?}");
    assert_eq!(why.reasons[0].evidence, Evidence::Inferred);
    let hint = why.reasons[0].hint.as_deref().unwrap_or_default();
    assert!(hint.starts_with("the next push or sync"), "{hint}");
}

#[tokio::test]
async fn deal_without_close_date_is_on_no_board() {
    let world = world().await;
    let why = deal_with(&world, "closeDate", Value::Null).await;
    assert_eq!(rules(&why), ["close-date-missing"]);
}

#[tokio::test]
async fn stage_that_was_not_sent_hides_a_deal() {
    let world = world().await;
    let why = deal_with(&world, "stage", json!("Negotiation")).await;
    assert!(rules(&why).contains(&"stage-unknown"), "{why:#?}");
}

#[tokio::test]
async fn private_and_shared_addresses_hide_contacts() {
    let world = world().await;
    let with = |id: &str, address: &str| {
        let mut record = contact(id, "acc-1");
        record["emailAddress"] = json!(address);
        record
    };
    let contacts = [
        with("c-1", "jane.doe@gmail.com"),
        with("c-2", "joe@customer.example"),
        with("c-3", "Joe@customer.example"),
        with("c-4", ""),
    ];
    world.export("contact.ldjson", &contacts);
    let mut options = world.options(&TYPES);
    options.push = options.push.unchecked();
    drop(world.sync(options).await);
    assert_eq!(
        rules(&why(&world, Contact, "c-1").await),
        ["private-address"]
    );
    let shared = why(&world, Contact, "c-2").await;
    assert_eq!(rules(&shared), ["duplicate-address"]);
    assert!(shared.reasons[0].message.contains("c-3"), "{shared:#?}");
    assert_eq!(
        rules(&why(&world, Contact, "c-4").await),
        ["address-missing"]
    );
}

#[tokio::test]
async fn record_that_was_not_sent_or_was_deleted_says_so() {
    let world = world().await;
    assert_eq!(rules(&why(&world, Account, "acc-1").await), ["not-sent"]);
    assert_eq!(
        rules(&why(&world, Account, "acc-99").await),
        ["not-in-source"]
    );
    sync(&world).await;
    world.export("account.ldjson", &accounts((1..=9).filter(|id| *id != 2)));
    sync(&world).await;
    assert_eq!(rules(&why(&world, Account, "acc-2").await), ["deleted"]);
    // A change that was not sent since does not hide the record.
    world.export("account.ldjson", &[account("acc-1", "Changed")]);
    let changed = why(&world, Account, "acc-1").await;
    assert_eq!(changed.visible, Visible::Yes);
    let note = changed
        .reasons
        .iter()
        .find(|reason| reason.rule == "not-sent-since");
    assert!(note.unwrap().message.contains("name"), "{changed:#?}");
}

#[tokio::test]
async fn record_that_is_held_back_says_why() {
    let world = world().await;
    let mut bad = deal("d-1", "acc-1", "s-1", 7);
    bad["status"] = json!("open");
    world.export("deal.ldjson", &[bad]);
    sync(&world).await;
    let why = why(&world, Deal, "d-1").await;
    assert_eq!(why.visible, Visible::No);
    assert!(rules(&why).contains(&"held-back"), "{why:#?}");
}

#[tokio::test]
async fn users_that_may_not_be_listed_leave_it_open() {
    let simulator = Simulator::builder().bearer_token(
        "token",
        ["api:crm:upload", "api:crm:get-objects", "api:crm:schema"],
    );
    let world = World::with(simulator.start().await.unwrap()).await;
    let limited = Client::builder()
        .base_url(world.simulator.base_url())
        .credentials(Credentials::bearer_token("token"))
        .ledger(world.client.ledger().clone())
        .build()
        .unwrap();
    drop(
        world
            .push("business_users.ldjson", &[user("u-1", "ada@acme.example")])
            .await,
    );
    drop(world.push("stages.ldjson", &[stage("s-1", "Open")]).await);
    drop(world.push("accounts.ldjson", &accounts(1..=1)).await);
    drop(
        world
            .push("deals.ldjson", &[deal("d-1", "acc-1", "s-1", 1)])
            .await,
    );
    let why = limited
        .why(world.integration_id, Deal, "d-1", WhyOptions::new())
        .await
        .unwrap();
    assert_eq!(why.visible, Visible::Unknown, "{why:#?}");
    assert_eq!(rules(&why), ["users-not-readable"]);
}

#[tokio::test]
async fn plan_counts_invisible_deals() {
    let world = world().await;
    let deals = [
        deal("d-1", "acc-1", "s-1", 1),
        json!({"objectId": "d-2", "modifiedDate": "2026-01-15T09:30:00Z", "ownerId": "u-2"}),
        json!({"objectId": "d-3", "modifiedDate": "2026-01-15T09:30:00Z"}),
    ];
    world.export("deal.ldjson", &deals);
    let plan = world.plan(world.options(&TYPES)).await;
    assert_eq!(plan.coverage, None, "Gong's users were not listed yet");
    world.client.gong_users(world.integration_id).await.unwrap();
    let plan = world.plan(world.options(&TYPES)).await;
    let coverage = plan.coverage.unwrap();
    assert_eq!((coverage.deals, coverage.unseen_deals()), (3, 1));
    assert_eq!(
        coverage.to_string(),
        "1 of 3 deals belongs to 1 owner who is not an active Gong user; 1 of 3 deals has no owner"
    );
    sync(&world).await;
    let users = world.client.gong_users(world.integration_id).await.unwrap();
    let counted = world
        .client
        .coverage(world.integration_id, &users)
        .await
        .unwrap();
    assert_eq!(counted, coverage, "the ledger says the same as the sources");
}
