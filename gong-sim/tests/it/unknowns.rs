//! Unknown behavior of Gong, each possibility with its switch.

use std::time::Duration;

use gong_sim::{Builder, Processing, Simulator};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{json, objects, status, upload};

/// A simulator with one integration, whose accounts and deals have a custom field `size`.
struct Gong {
    sim: Simulator,
    id: i64,
    uploads: std::cell::Cell<u32>,
}

impl Gong {
    async fn with(rules: &[(&str, bool)]) -> Self {
        Self::of(Simulator::builder(), rules).await
    }

    async fn of(builder: Builder, rules: &[(&str, bool)]) -> Self {
        let builder = rules
            .iter()
            .fold(builder, |builder, (name, on)| builder.rule(*name, *on));
        let sim = builder.start().await.unwrap();
        let id = sim.register_integration("Acme CRM", "admin@acme.example");
        for object_type in ["ACCOUNT", "DEAL"] {
            let path = format!("/v2/crm/entity-schema?integrationId={id}&objectType={object_type}");
            let field = r#"[{"uniqueName":"size","label":"Size","type":"NUMBER"}]"#;
            assert_eq!(json(&sim, Method::POST, &path, field).await.status, 200);
        }
        let uploads = std::cell::Cell::new(0);
        Self { sim, id, uploads }
    }

    /// Uploads records, and returns the answer of their status.
    async fn push(&self, object_type: &str, records: &[Value]) -> Value {
        self.uploads.set(self.uploads.get() + 1);
        let name = format!("up-{}", self.uploads.get());
        let lines: Vec<String> = records.iter().map(Value::to_string).collect();
        let reply = upload(&self.sim, self.id, object_type, &name, lines.join("\n")).await;
        assert_eq!(reply.status, 201, "{}", reply.text);
        status(&self.sim, self.id, &name).await.json()
    }

    /// An object as it is read back over HTTP.
    async fn read(&self, object_type: &str, object_id: &str) -> Value {
        let read = objects(&self.sim, self.id, object_type, &[object_id]).await;
        read.json()["crmObjectsMap"][object_id].clone()
    }
}

fn record(id: &str, fields: Value) -> Value {
    let mut record = json!({"objectId": id, "modifiedDate": "2024-05-01T10:00:00Z"});
    if let (Value::Object(record), Value::Object(fields)) = (&mut record, fields) {
        record.extend(fields);
    }
    record
}

fn deletion(id: &str) -> Value {
    record(id, json!({"isDeleted": true}))
}

#[tokio::test]
async fn omitted_fields_are_cleared_or_kept() {
    for (rules, name, size) in [
        (&[][..], json!("Account_#a"), Value::Null),
        (
            &[("omitted-standard-fields-cleared", false)],
            json!("Acme"),
            Value::Null,
        ),
        (
            &[("omitted-custom-fields-cleared", false)],
            json!("Account_#a"),
            json!(7),
        ),
    ] {
        let gong = Gong::with(rules).await;
        let full = record("a", json!({"name": "Acme", "size": 7}));
        gong.push("ACCOUNT", &[full]).await;
        gong.push("ACCOUNT", &[record("a", json!({}))]).await;
        let read = gong.read("ACCOUNT", "a").await;
        assert_eq!((&read["name"], &read["size"]), (&name, &size), "{rules:?}");
    }
}

#[tokio::test]
async fn null_clears_a_custom_field_or_is_ignored() {
    for (rule, on, expected) in [
        ("null-clears-custom-field", true, Some(Value::Null)),
        ("null-clears-custom-field", false, Some(json!(7))),
        ("null-is-kept", false, None),
    ] {
        let gong = Gong::with(&[(rule, on)]).await;
        gong.push("DEAL", &[record("d", json!({"size": 7}))]).await;
        gong.push("DEAL", &[record("d", json!({"size": null}))])
            .await;
        let read = gong.read("DEAL", "d").await;
        assert_eq!(read.get("size"), expected.as_ref(), "{rule} {on}");
    }
}

#[tokio::test]
async fn older_version_is_applied_dropped_or_filed() {
    for (applied, filed, size, versions) in [
        (true, false, 1, 0),
        (false, false, 2, 0),
        (false, true, 2, 1),
    ] {
        let rules = [
            ("older-update-applied", applied),
            ("older-update-filed", filed),
        ];
        let gong = Gong::with(&rules).await;
        gong.push("DEAL", &[record("d", json!({"size": 2}))]).await;
        let mut older = record("d", json!({"size": 1}));
        older["modifiedDate"] = "2024-05-01T11:59:59+02:00".into();
        let verdict = gong.push("DEAL", &[older]).await;
        assert_eq!(
            (&verdict["status"], &verdict["totalSuccessCount"]),
            (&json!("DONE"), &json!(1))
        );
        assert_eq!(gong.read("DEAL", "d").await["size"], size, "{rules:?}");
        assert_eq!(gong.sim.filed_versions("DEAL", "d").len(), versions);
    }
}

#[tokio::test]
async fn older_deletion_and_older_restoration_are_ignored_too() {
    let gong = Gong::with(&[("older-update-applied", false)]).await;
    let at = |mut record: Value, date: &str| {
        record["modifiedDate"] = date.into();
        record
    };
    gong.push(
        "DEAL",
        &[at(record("d", json!({})), "2024-05-02T00:00:00Z")],
    )
    .await;
    gong.push("DEAL", &[at(deletion("d"), "2024-05-01T00:00:00Z")])
        .await;
    assert!(gong.read("DEAL", "d").await.is_object());
    gong.push("DEAL", &[at(deletion("d"), "2024-05-03T00:00:00Z")])
        .await;
    gong.push(
        "DEAL",
        &[at(record("d", json!({})), "2024-05-02T00:00:00Z")],
    )
    .await;
    assert!(gong.read("DEAL", "d").await.is_null());
}

#[tokio::test]
async fn ids_that_differ_in_case_are_two_objects_or_one() {
    for (ignores_case, count) in [(false, 2), (true, 1)] {
        let gong = Gong::with(&[("object-ids-ignore-case", ignores_case)]).await;
        gong.push("ACCOUNT", &[record("Ab", json!({"size": 1}))])
            .await;
        gong.push("ACCOUNT", &[record("aB", json!({"size": 2}))])
            .await;
        assert_eq!(gong.sim.object_count("ACCOUNT"), count);
        let size = if ignores_case { 2 } else { 1 };
        assert_eq!(gong.read("ACCOUNT", "Ab").await["size"], size);
        let twice = [record("X", json!({})), record("x", json!({}))];
        let verdict = gong.push("ACCOUNT", &twice).await;
        assert_eq!(verdict["status"] == "FAILED", ignores_case, "{verdict}");
    }
}

#[tokio::test]
async fn ids_are_unique_within_a_type_or_over_all() {
    for (one_space, accounts_after) in [(false, 1), (true, 0)] {
        let gong = Gong::with(&[("one-id-space", one_space)]).await;
        gong.push("ACCOUNT", &[record("x", json!({}))]).await;
        gong.push("DEAL", &[record("x", json!({}))]).await;
        assert_eq!(gong.sim.object_count("ACCOUNT"), accounts_after);
        assert_eq!(gong.sim.object_count("DEAL"), 1);
        gong.push("ACCOUNT", &[record("y", json!({}))]).await;
        gong.push("LEAD", &[deletion("y")]).await;
        assert_eq!(gong.sim.object("ACCOUNT", "y").is_none(), one_space);
    }
}

#[tokio::test]
async fn address_change_is_an_error_or_an_update() {
    for (needs_deletion, expected) in [(true, "FAILED"), (false, "DONE")] {
        let gong = Gong::with(&[("email-change-needs-deletion", needs_deletion)]).await;
        let user = |email: &str| record("u", json!({"emailAddress": email}));
        gong.push("BUSINESS_USER", &[user("ada@acme.example")])
            .await;
        let changed = gong
            .push("BUSINESS_USER", &[user("bob@acme.example")])
            .await;
        assert_eq!(changed["status"], expected);
        let same = gong
            .push("BUSINESS_USER", &[user("BOB@acme.example")])
            .await;
        assert_eq!(same["status"], expected);
        gong.push("BUSINESS_USER", &[deletion("u")]).await;
        let again = gong
            .push("BUSINESS_USER", &[user("eve@acme.example")])
            .await;
        assert_eq!(again["status"], "DONE");
    }
}

#[tokio::test]
async fn changed_case_of_an_address_is_an_ordinary_update() {
    let gong = Gong::with(&[("email-change-needs-deletion", true)]).await;
    let user = |email: &str| record("u", json!({"emailAddress": email}));
    gong.push("BUSINESS_USER", &[user("ada@acme.example")])
        .await;
    let verdict = gong
        .push("BUSINESS_USER", &[user("Ada@Acme.example")])
        .await;
    assert_eq!(verdict["status"], "DONE");
}

#[tokio::test]
async fn waiting_deletion_counts_for_the_next_upload() {
    // Two uploads wait one after the other; the second is judged when it is processed.
    let builder = Simulator::builder()
        .virtual_time()
        .processing(Processing::After(Duration::from_secs(10)))
        .read_lag(Duration::from_mins(1));
    let gong = Gong::of(builder, &[("email-change-needs-deletion", true)]).await;
    let user = |email: &str| record("u", json!({"emailAddress": email}));
    gong.push("BUSINESS_USER", &[user("ada@acme.example")])
        .await;
    gong.push("BUSINESS_USER", &[deletion("u")]).await;
    gong.push("BUSINESS_USER", &[user("bob@acme.example")])
        .await;
    gong.sim.advance(Duration::from_secs(10));
    let last = status(&gong.sim, gong.id, "up-3").await.json();
    assert_eq!(last["status"], "DONE", "{last}");
    assert_eq!(gong.sim.object_count("BUSINESS_USER"), 0);
    gong.sim.advance(Duration::from_mins(1));
    let shown = gong.sim.shown_objects("BUSINESS_USER");
    assert_eq!(shown["u"]["emailAddress"], "bob@acme.example");
}

#[tokio::test]
async fn deletion_of_an_absent_object_is_done_or_an_error() {
    for (needs_object, expected) in [(true, "FAILED"), (false, "DONE")] {
        let gong = Gong::with(&[("deletion-needs-object", needs_object)]).await;
        let verdict = gong.push("LEAD", &[deletion("nobody")]).await;
        assert_eq!(verdict["status"], expected);
    }
}

#[tokio::test]
async fn success_count_is_right_absent_short_or_of_changes() {
    for (rule, on, expected) in [
        ("status-counts-successes", true, Some(json!(2))),
        ("status-counts-successes", false, None),
        ("success-count-is-short", true, Some(json!(1))),
        ("success-counts-changes", true, Some(json!(1))),
    ] {
        let gong = Gong::with(&[(rule, on)]).await;
        gong.push("ACCOUNT", &[record("a", json!({"size": 1}))])
            .await;
        let mut same = record("a", json!({"size": 1}));
        same["modifiedDate"] = "2024-06-01T10:00:00Z".into();
        let verdict = gong.push("ACCOUNT", &[same, record("b", json!({}))]).await;
        assert_eq!(verdict["status"], "DONE");
        assert_eq!(
            verdict.get("totalSuccessCount"),
            expected.as_ref(),
            "{rule}"
        );
    }
}

#[tokio::test]
async fn good_lines_of_a_failed_file_are_applied_or_not() {
    for (applied, count) in [(true, 1), (false, 0)] {
        let gong = Gong::with(&[("good-lines-applied", applied)]).await;
        let verdict = gong
            .push(
                "ACCOUNT",
                &[record("a", json!({})), json!({"name": "no id"})],
            )
            .await;
        assert_eq!(verdict["status"], "FAILED");
        assert_eq!(verdict["totalSuccessCount"], count);
        assert_eq!(gong.sim.object_count("ACCOUNT"), count);
    }
}

#[tokio::test]
async fn done_objects_are_seen_only_after_the_lag() {
    let builder = Simulator::builder().virtual_time();
    let gong = Gong::of(builder.read_lag(Duration::from_secs(30)), &[]).await;
    let verdict = gong.push("ACCOUNT", &[record("a", json!({}))]).await;
    assert_eq!(verdict["status"], "DONE");
    assert!(gong.read("ACCOUNT", "a").await.is_null());
    gong.sim.advance(Duration::from_secs(30));
    assert!(gong.read("ACCOUNT", "a").await.is_object());
}

#[tokio::test]
async fn dependents_of_a_new_account_are_dropped_during_the_delay() {
    for object_type in ["CONTACT", "DEAL"] {
        let builder = Simulator::builder()
            .virtual_time()
            .account_delay(Duration::from_mins(1));
        let gong = Gong::of(builder, &[("account-delay", true)]).await;
        let dependent = record("d", json!({"accountId": "a"}));
        gong.push("ACCOUNT", &[record("a", json!({}))]).await;
        for (wait, count) in [(0, 0), (59, 0), (1, 1)] {
            gong.sim.advance(Duration::from_secs(wait));
            let verdict = gong
                .push(object_type, std::slice::from_ref(&dependent))
                .await;
            assert_eq!(
                (&verdict["status"], &verdict["totalSuccessCount"]),
                (&json!("DONE"), &json!(1)),
                "dropped records look like others"
            );
            assert_eq!(gong.sim.object_count(object_type), count, "{object_type}");
        }
        // An account that is merely updated is not new again.
        gong.push("ACCOUNT", &[record("a", json!({"size": 1}))])
            .await;
        gong.push(object_type, &[record("e", json!({"accountId": "a"}))])
            .await;
        assert_eq!(gong.sim.object_count(object_type), 2);
    }
}

#[tokio::test]
async fn dependents_of_an_invisible_account_are_dropped() {
    let builder = Simulator::builder()
        .virtual_time()
        .account_delay(Duration::from_mins(1))
        .read_lag(Duration::from_mins(10));
    let gong = Gong::of(builder, &[("account-delay", true)]).await;
    gong.push("ACCOUNT", &[record("a", json!({}))]).await;
    gong.sim.advance(Duration::from_secs(599));
    gong.push("DEAL", &[record("early", json!({"accountId": "a"}))])
        .await;
    gong.sim.advance(Duration::from_secs(1));
    gong.push("DEAL", &[record("late", json!({"accountId": "a"}))])
        .await;
    gong.sim.advance(Duration::from_mins(10));
    let deals = gong.sim.shown_objects("DEAL");
    assert_eq!(deals.keys().collect::<Vec<_>>(), ["late"]);
}

#[tokio::test]
async fn records_without_their_account_or_owner_never_appear() {
    for (rule, object_type, field) in [
        ("contact-needs-known-account", "CONTACT", "accountId"),
        ("deal-needs-known-account", "DEAL", "accountId"),
        ("deal-needs-known-owner", "DEAL", "ownerId"),
    ] {
        let gong = Gong::with(&[]).await;
        for (on, count) in [(true, 0), (false, 1)] {
            gong.sim.set_rule(rule, on).unwrap();
            let verdict = gong
                .push(object_type, &[record("d", json!({field: "nobody"}))])
                .await;
            assert_eq!(verdict["status"], "DONE");
            assert_eq!(gong.sim.object_count(object_type), count, "{rule} {on}");
        }
    }
}

#[tokio::test]
async fn stage_of_a_deal_must_exist_and_be_active_by_rule() {
    let gong = Gong::with(&[
        ("deal-stage-must-exist", true),
        ("deal-stage-must-be-active", true),
    ])
    .await;
    let stage = |id: &str, active: bool| json!({"objectId": id, "name": id, "isActive": active});
    gong.push("STAGE", &[stage("new", true), stage("old", true)])
        .await;
    let deal = |id: &str, stage: &str| record(id, json!({"stage": stage}));
    gong.push("DEAL", &[deal("d", "old")]).await;
    gong.push("STAGE", &[stage("old", false)]).await;
    for (deal, expected) in [
        (deal("e", "nowhere"), "FAILED"),
        (deal("e", "old"), "FAILED"),
        (deal("e", "new"), "DONE"),
        // It stays where it was before the stage was retired.
        (deal("d", "old"), "DONE"),
    ] {
        assert_eq!(gong.push("DEAL", &[deal]).await["status"], expected);
    }
    let shown = gong.sim.shown_objects("STAGE");
    assert_eq!(
        (&shown["new"]["isActive"], &shown["old"]["isActive"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(shown["new"]["sortOrder"], 1);
}

#[tokio::test]
async fn deleted_stage_is_removed_or_made_inactive() {
    for (deactivates, expected) in [(true, json!(false)), (false, Value::Null)] {
        let gong = Gong::with(&[("stage-deletion-deactivates", deactivates)]).await;
        gong.push("STAGE", &[json!({"objectId": "s", "name": "S"})])
            .await;
        gong.push("STAGE", &[json!({"objectId": "s", "isDeleted": true})])
            .await;
        let shown = gong.sim.shown_objects("STAGE");
        let is_active = shown.get("s").map(|stage| stage["isActive"].clone());
        assert_eq!(is_active.unwrap_or_default(), expected);
    }
}
