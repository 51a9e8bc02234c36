//! New, lost, old, copied and exported ledgers, and several processes with one.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use gong_crm::clock::Clock;
use gong_crm::ledger::{Ledger, LedgerError};
use gong_crm::push::{Options, PushError, Verdict};
use gong_crm::rate_limit::RateLimit;
use gong_sim::Simulator;
use jiff::Timestamp;

use crate::support::{Harness, NEW, OLD, account, client_with, contact};

#[tokio::test]
async fn lost_ledger_brings_the_given_version_back() {
    let mut harness = Harness::new().await;
    let path = harness.write_text("accounts.ldjson", &account("a", OLD, "A"));
    drop(harness.push(&path).await);
    harness.write_text("accounts.ldjson", &account("a", NEW, "B"));
    drop(harness.push(&path).await);
    harness.use_ledger(Ledger::memory());
    harness.write_text("accounts.ldjson", &account("a", OLD, "A"));
    let report = harness.push(&path).await;
    assert_eq!(
        (report.verdict, report.accepted()),
        (Verdict::Done, 1),
        "{report:#?}"
    );
    assert_eq!(harness.name("a").as_deref(), Some("A"));
}

/// Copies a ledger that nobody uses.
fn copy(from: &Path, to: &Path) {
    std::fs::copy(from, to).unwrap();
    for ending in ["-wal", "-shm"] {
        let of = |path: &Path| {
            let mut name = path.as_os_str().to_owned();
            name.push(ending);
            PathBuf::from(name)
        };
        if of(from).exists() {
            std::fs::copy(of(from), of(to)).unwrap();
        } else if of(to).exists() {
            std::fs::remove_file(of(to)).unwrap();
        }
    }
}

/// A copy of the ledger as it is now.
async fn backup(harness: &mut Harness) -> PathBuf {
    // Closed, so that everything is in the file.
    harness.use_ledger(Ledger::memory());
    let backup = harness.directory.path().join("backup.sqlite");
    copy(&harness.ledger_path(), &backup);
    harness.reopen().await;
    backup
}

fn is_copied(error: &PushError) -> bool {
    let is_told = error.to_string().contains("another copy of this ledger");
    is_told && matches!(error, PushError::Ledger(LedgerError::Copied { .. }))
}

#[tokio::test]
async fn copied_ledger_is_noticed_also_if_it_sends_another_type() {
    let mut harness = Harness::on_disk().await;
    let accounts = harness.write_text("accounts.ldjson", &account("a", OLD, "A"));
    drop(harness.push(&accounts).await);
    let backup = backup(&mut harness).await;
    harness.write_text("accounts.ldjson", &account("a", NEW, "B"));
    drop(harness.push(&accounts).await);

    harness.use_ledger(Ledger::open(&backup).await.unwrap());
    let stages = harness.write_text("stages.ldjson", &crate::support::stage("s", "New"));
    let report = harness.push(&stages).await;
    assert_eq!(report.verdict, Verdict::Unknown, "{report:#?}");
    let reason = report.files[0].reason.as_ref().unwrap();
    assert!(reason.contains("another copy of this ledger"), "{reason}");
}

#[tokio::test]
async fn copied_ledger_is_noticed_at_its_next_upload() {
    let mut harness = Harness::on_disk().await;
    let path = harness.write_text("accounts.ldjson", &account("a", OLD, "A"));
    drop(harness.push(&path).await);
    let backup = backup(&mut harness).await;
    harness.write_text("accounts.ldjson", &account("a", NEW, "B"));
    drop(harness.push(&path).await);

    // Another job has the copy.
    harness.use_ledger(Ledger::open(&backup).await.unwrap());
    harness.write_text(
        "accounts.ldjson",
        &account("a", "2026-01-17T09:30:00Z", "C"),
    );
    let report = harness.push(&path).await;
    assert_eq!(report.verdict, Verdict::Unknown, "{report:#?}");
    let reason = report.files[0].reason.as_ref().unwrap();
    assert!(reason.contains("another copy of this ledger"), "{reason}");
    assert_eq!(
        harness.name("a").as_deref(),
        Some("B"),
        "nothing was sent over it"
    );

    // That stays so, whatever is pushed next, also if the ledger is opened again.
    harness.use_ledger(Ledger::open(&backup).await.unwrap());
    let requests = harness.simulator.requests().len();
    let other = harness.write_text("other/accounts.ldjson", &account("b", OLD, "B"));
    for path in [&path, &other] {
        let options = harness.options(path);
        let pushed = harness.client.push(harness.integration_id, options.clone());
        let pushed = pushed.await.unwrap_err();
        assert!(is_copied(&pushed), "{pushed}");
        let shown = harness.client.preview(harness.integration_id, options);
        let shown = shown.await.unwrap_err();
        assert!(is_copied(&shown), "{shown}");
    }
    let options = Options::default().simulator();
    let resumed = harness.client.resume([], options).await.unwrap_err();
    assert!(is_copied(&resumed), "{resumed}");
    assert_eq!(harness.simulator.requests().len(), requests);

    // Recovered, the ledger trusts nothing of what it knew.
    harness.client.ledger().recover().await.unwrap();
    harness.write_text("accounts.ldjson", &account("a", OLD, "A"));
    let report = harness.push(&path).await;
    assert_eq!(
        (report.verdict, report.accepted()),
        (Verdict::Done, 1),
        "{report:#?}"
    );
    assert_eq!(harness.name("a").as_deref(), Some("A"));
}

#[tokio::test]
async fn ledger_put_back_from_a_backup_is_noticed_at_once() {
    // What it knows is what is pushed, or is older: it would say "unchanged", or send.
    for content in ["A", "C"] {
        let mut harness = Harness::on_disk().await;
        let path = harness.write_text("accounts.ldjson", &account("a", OLD, "A"));
        drop(harness.push(&path).await);
        let backup = backup(&mut harness).await;
        harness.write_text("accounts.ldjson", &account("a", NEW, "B"));
        drop(harness.push(&path).await);
        harness.use_ledger(Ledger::memory());
        copy(&backup, &harness.ledger_path());

        harness.reopen().await;
        harness.write_text("accounts.ldjson", &account("a", OLD, content));
        let options = harness.options(&path);
        let pushed = harness.client.push(harness.integration_id, options).await;
        let Err(PushError::Ledger(LedgerError::Older { missing: 1 })) = pushed else {
            panic!("{content}: {pushed:?}");
        };
        assert_eq!(harness.name("a").as_deref(), Some("B"));

        let recovered = harness.client.ledger().recover().await.unwrap();
        assert_eq!((recovered.records, recovered.uploads), (1, 0));
        let report = harness.push(&path).await;
        assert_eq!(report.verdict, Verdict::Done, "{content}: {report:#?}");
        assert_eq!(harness.name("a").as_deref(), Some(content));
        // It is in use again, and no longer older than what was here.
        assert_eq!(harness.push(&path).await.unchanged(), 1);
    }
}

#[tokio::test]
async fn recovered_ledger_gives_up_its_open_uploads() {
    let mut harness = Harness::on_disk().await;
    harness.refuse_uploads_from(1);
    let path = harness.write_text("accounts.ldjson", &account("a", OLD, "A"));
    let report = harness.push(&path).await;
    assert_eq!(report.verdict, Verdict::Failed, "{report:#?}");
    harness.simulator.clear_faults();
    harness.use_ledger(Ledger::memory());
    let copied = harness.directory.path().join("copy.sqlite");
    copy(&harness.ledger_path(), &copied);
    // The other job has sent something newer under the next id.
    harness.use_ledger(Ledger::open(&copied).await.unwrap());
    harness.write_text("accounts.ldjson", &account("a", NEW, "B"));
    assert_eq!(harness.push(&path).await.verdict, Verdict::Done);

    harness.reopen().await;
    let recovered = harness.client.ledger().recover().await.unwrap();
    assert_eq!(recovered.uploads, 1);
    let rejects = harness.rejects().await;
    assert_eq!(rejects.len(), 1);
    assert!(rejects[0].reason.contains("recovered"), "{rejects:?}");
    let resumed = harness.resume().await;
    assert_eq!(resumed.verdict, Verdict::Failed, "{resumed:#?}");
    let reason = &resumed.files[0].errors[0].description;
    assert!(reason.contains("push it again"), "{reason}");
    assert_eq!(
        harness.name("a").as_deref(),
        Some("B"),
        "nothing old is sent"
    );

    harness.write_text("accounts.ldjson", &account("a", NEW, "C"));
    let report = harness.push(&path).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert_eq!(harness.name("a").as_deref(), Some("C"));
    assert!(harness.rejects().await.is_empty());
}

#[tokio::test]
async fn recovered_ledger_raises_dates_that_gong_may_know() {
    // Gong drops versions that are older than what it has.
    let simulator = Simulator::builder().rule("older-update-applied", false);
    let mut harness = Harness::with(simulator.start().await.unwrap()).await;
    harness.reopen().await;
    let path = harness.write_text("accounts.ldjson", &account("known", OLD, "A"));
    drop(harness.push(&path).await);
    let backup = backup(&mut harness).await;
    let newer = account("known", NEW, "B") + &account("unknown", NEW, "B");
    harness.write_text("accounts.ldjson", &newer);
    drop(harness.push(&path).await);
    harness.use_ledger(Ledger::memory());
    copy(&backup, &harness.ledger_path());

    harness.reopen().await;
    harness.client.ledger().recover().await.unwrap();
    // One record goes back to what it was, and one that the backup does not know is deleted.
    let older = account("known", OLD, "A") + &crate::support::deletion("unknown", OLD);
    harness.write_text("accounts.ldjson", &older);
    let report = harness.push(&path).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert_eq!(harness.name("known").as_deref(), Some("A"));
    assert_eq!(harness.name("unknown"), None);
    let is_said = |text: &str| report.notes.iter().any(|note| note.contains(text));
    assert!(is_said("modifiedDate was raised in 2"), "{report:#?}");
    assert!(
        is_said("1 record goes to Gong from a recovered ledger"),
        "{report:#?}"
    );
    // Once Gong has accepted them, what it holds is known again.
    harness.write_text("accounts.ldjson", &account("known", NEW, "C"));
    let report = harness.push(&path).await;
    let mut notes = report.notes.iter();
    assert!(
        !notes.any(|note| note.contains("recovered ledger")),
        "{report:#?}"
    );
}

#[tokio::test]
async fn ledger_in_use_takes_no_import() {
    let harness = Harness::on_disk().await;
    let path = harness.write_text("accounts.ldjson", &account("a", OLD, "A"));
    drop(harness.push(&path).await);
    let mut export = Vec::new();
    harness.client.ledger().export(&mut export).await.unwrap();

    let other = Harness::new().await;
    let path = other.write_text("accounts.ldjson", &account("b", OLD, "B"));
    drop(other.push(&path).await);
    let refused = other.client.ledger().import(&mut &export[..], true).await;
    assert!(matches!(refused, Err(LedgerError::NotEmpty)), "{refused:?}");
    assert_eq!(other.push(&path).await.unchanged(), 1, "it is as it was");
}

#[tokio::test]
async fn exported_ledger_is_sealed_and_its_import_continues() {
    let mut harness = Harness::on_disk().await;
    let path = harness.write_text("accounts.ldjson", &account("a", OLD, "A"));
    drop(harness.push(&path).await);
    let mut export = Vec::new();
    harness.client.ledger().export(&mut export).await.unwrap();
    let options = harness.options(&path);
    let refused = harness.client.push(harness.integration_id, options).await;
    assert!(
        matches!(refused, Err(PushError::Ledger(LedgerError::Sealed { .. }))),
        "{refused:?}"
    );

    let imported = Ledger::memory();
    let records = imported.import(&mut &export[..], true).await.unwrap();
    assert_eq!(records, 1);
    harness.use_ledger(imported);
    assert_eq!(harness.push(&path).await.unchanged(), 1);
    harness.write_text("accounts.ldjson", &account("a", NEW, "B"));
    let report = harness.push(&path).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert_eq!(harness.name("a").as_deref(), Some("B"));

    // Without `as_is`, ids are kept and nothing counts as unchanged.
    let careful = Ledger::memory();
    careful.import(&mut &export[..], false).await.unwrap();
    harness.use_ledger(careful);
    let report = harness.push(&path).await;
    assert_eq!(
        (report.verdict, report.accepted()),
        (Verdict::Done, 1),
        "{report:#?}"
    );
}

/// A clock whose pauses take no time, and which drives the simulator's.
#[derive(Debug)]
struct Shared {
    now: Mutex<Timestamp>,
    simulator: Arc<Simulator>,
}

impl Clock for Shared {
    fn now(&self) -> Timestamp {
        *self.now.lock().unwrap()
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        // A pause never ends early, and always a little late.
        let duration = duration + Duration::from_millis(1);
        *self.now.lock().unwrap() += duration;
        self.simulator.advance(duration);
        Box::pin(async {})
    }
}

#[tokio::test]
async fn pushes_one_after_another_make_three_calls_per_second() {
    let simulator = Simulator::builder()
        .virtual_time()
        .rate_limit(gong_sim::RateLimit::gong())
        .start()
        .await
        .unwrap();
    let integration_id = simulator
        .register_integration("Acme CRM", "ada.king@acme.example")
        .into();
    let simulator = Arc::new(simulator);
    let clock = Arc::new(Shared {
        now: Mutex::new(Timestamp::try_from(simulator.now()).unwrap()),
        simulator: Arc::clone(&simulator),
    });
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("accounts.ldjson");
    for number in 0..6 {
        let ledger = Ledger::open(directory.path().join("ledger.sqlite"))
            .await
            .unwrap();
        let client = client_with(
            &simulator,
            ledger,
            RateLimit::default(),
            Some(Arc::clone(&clock) as Arc<dyn Clock>),
        );
        std::fs::write(&path, account("a", OLD, &format!("name {number}"))).unwrap();
        let options = Options::new([&path]).simulator();
        let report = client.push(integration_id, options).await.unwrap();
        assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    }
    let refused = simulator
        .requests()
        .iter()
        .filter(|request| request.status == 429)
        .count();
    assert_eq!(refused, 0, "Gong had to refuse calls");
}

#[tokio::test]
async fn processes_that_push_at_once_lose_nothing() {
    let harness = Harness::on_disk().await;
    let mut pushes = Vec::new();
    for number in 0..6 {
        let ledger = Ledger::open(harness.ledger_path()).await.unwrap();
        let client = crate::support::client(&harness.simulator, ledger);
        let name = format!("accounts-{number}.ldjson");
        let text = account(&format!("a-{number}"), OLD, "own")
            + &account(
                "shared",
                &format!("2026-01-{:02}T09:30:00Z", 10 + number),
                "same",
            );
        let path = harness.write_text(&name, &text);
        pushes.push(tokio::spawn(
            client
                .push(harness.integration_id, harness.options(&path))
                .into_future(),
        ));
    }
    for push in pushes {
        let report = push.await.unwrap().unwrap();
        assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    }
    assert_eq!(harness.simulator.object_count("ACCOUNT"), 7);
    let uploads = harness.simulator.uploads();
    assert_eq!(uploads.len(), 6, "each push had something to send");
}

#[tokio::test]
async fn forgotten_record_is_sent_again() {
    let harness = Harness::new().await;
    let path = harness.write_text("accounts.ldjson", &account("a", OLD, "A"));
    drop(harness.push(&path).await);
    let ledger = harness.client.ledger();
    let was_known = ledger
        .forget(
            harness.client.base_url(),
            harness.integration_id,
            gong_crm::ObjectType::Account,
            "a",
        )
        .await
        .unwrap();
    assert!(was_known);
    assert_eq!(harness.push(&path).await.accepted(), 1);
}

#[tokio::test]
async fn version_after_a_forgotten_one_reaches_gong() {
    // Gong drops versions that are older than what it has, and keeps custom fields that are absent.
    let simulator = Simulator::builder()
        .rule("older-update-applied", false)
        .rule("omitted-custom-fields-cleared", false);
    let harness = Harness::with(simulator.start().await.unwrap()).await;
    let region =
        r#"{"objectId":"a","modifiedDate":"2026-01-10T09:30:00Z","name":"B","region":"EU"}"#;
    for text in [account("a", OLD, "A"), format!("{region}\n")] {
        let path = harness.write_text("accounts.ldjson", &text);
        assert_eq!(harness.push(&path).await.accepted(), 1);
    }
    let ledger = harness.client.ledger();
    let id = harness.integration_id;
    let of = gong_crm::ObjectType::Account;
    let was_known = ledger.forget(harness.client.base_url(), id, of, "a").await;
    assert!(was_known.unwrap());
    // The date is older than the one that Gong was sent last.
    let path = harness.write_text("accounts.ldjson", &account("a", OLD, "C"));
    let report = harness.push(&path).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert_eq!(harness.name("a").as_deref(), Some("C"));
    let object = harness.simulator.object("ACCOUNT", "a").unwrap();
    assert!(
        object.get("region").is_none_or(serde_json::Value::is_null),
        "{object}"
    );
}

#[tokio::test]
async fn pruned_ledger_still_knows_the_state_of_gong() {
    let harness = Harness::new().await;
    harness.write_text("crm/accounts.ldjson", &account("a", OLD, "A"));
    harness.write_text("crm/contacts.ldjson", &contact("c", "a"));
    drop(harness.push(&harness.folder()).await);
    let later = Timestamp::now() + Duration::from_hours(24);
    let pruned = harness.client.ledger().prune(later).await.unwrap();
    assert_eq!(pruned, 2);
    assert!(harness.states().await.is_empty());
    let report = harness.push(&harness.folder()).await;
    assert_eq!(report.unchanged(), 2, "{report:#?}");
}

#[tokio::test]
async fn history_names_what_changed() {
    let harness = Harness::new().await;
    let path = harness.write_text("accounts.ldjson", &account("a", OLD, "A"));
    drop(harness.push(&path).await);
    harness.write_text("accounts.ldjson", &account("a", NEW, "B"));
    drop(harness.push(&path).await);
    let ledger = harness.client.ledger();
    let history = ledger
        .history(gong_crm::ObjectType::Account, "a")
        .await
        .unwrap();
    let fields: Vec<&[String]> = history.iter().map(|entry| &entry.fields[..]).collect();
    assert_eq!(history.len(), 2, "{history:#?}");
    assert_eq!(fields[1], ["name"]);
    let changes = ledger.changes(Timestamp::UNIX_EPOCH).await.unwrap();
    assert_eq!(changes.len(), 2);
}
