//! Rejected records as files that are fixed and pushed again.

use gong_crm::push::{Rejects, Verdict};
use serde_json::json;

use crate::support::World;

const BAD_A: &str =
    r#"{"objectId":"acc-a","modifiedDate":"2026-01-15T09:30:00Z","url":"nonsense"}"#;
const BAD_B: &str =
    r#"{"objectId":"acc-b","modifiedDate":"2026-01-16T09:30:00Z","url":"nonsense"}"#;
const GOOD_A: &str = r#"{"objectId":"acc-a","modifiedDate":"2026-02-01T09:30:00Z","name":"new"}"#;

async fn push(world: &World, name: &str, lines: &[&str]) -> gong_crm::push::Report {
    let path = world.write(name, lines);
    let options = world.options(&path).unchecked().rejects(Rejects::Beside);
    world.push_with(options).await
}

#[tokio::test]
async fn rejects_hold_what_is_rejected_now_from_all_rounds() {
    let world = World::new().await;
    let rejects = world.directory.path().join("accounts.rejects.ldjson");
    let read = || std::fs::read_to_string(&rejects).unwrap();

    assert_eq!(
        push(&world, "accounts.ldjson", &[BAD_A]).await.verdict,
        Verdict::Partial
    );
    assert_eq!(read(), format!("{BAD_A}\n"));
    assert_eq!(
        push(&world, "accounts.ldjson", &[BAD_B]).await.verdict,
        Verdict::Partial
    );
    assert_eq!(read(), format!("{BAD_A}\n{BAD_B}\n"));
    let _ = push(&world, "accounts.ldjson", &[GOOD_A]).await;
    assert_eq!(read(), format!("{BAD_B}\n"), "an accepted record leaves");
    let good_b = BAD_B.replace(r#","url":"nonsense""#, "");
    assert_eq!(
        push(&world, "accounts.ldjson", &[&good_b]).await.verdict,
        Verdict::Done
    );
    assert!(!rejects.exists(), "an empty file is removed");
}

#[tokio::test]
async fn old_rejects_do_not_undo_newer_data() {
    let world = World::new().await;
    let _ = push(&world, "accounts.ldjson", &[BAD_A]).await;
    let fixed = BAD_A.replace(r#","url":"nonsense""#, r#","name":"old""#);
    let _ = push(&world, "accounts-2.ldjson", &[GOOD_A]).await;
    let report = push(&world, "accounts.rejects.ldjson", &[&fixed]).await;
    assert_eq!(report.verdict, Verdict::Invalid, "{report:#?}");
    let description = &report.files[0].errors[0].description;
    assert!(description.contains("newer version"), "{description}");
    assert_eq!(world.field("ACCOUNT", "acc-a", "name"), json!("new"));
}

#[tokio::test]
async fn edited_rejects_are_not_overwritten() {
    let world = World::new().await;
    let _ = push(&world, "accounts.ldjson", &[BAD_A]).await;
    let mine = world.write("accounts.rejects.ldjson", &["work of an hour"]);
    let report = push(&world, "accounts.ldjson", &[BAD_B]).await;
    assert_eq!(std::fs::read_to_string(mine).unwrap(), "work of an hour\n");
    let second = report.files[0].rejects.clone().unwrap();
    assert_eq!(second.file_name().unwrap(), "accounts-2.rejects.ldjson");
    assert_eq!(
        std::fs::read_to_string(second).unwrap(),
        format!("{BAD_A}\n{BAD_B}\n")
    );
}
