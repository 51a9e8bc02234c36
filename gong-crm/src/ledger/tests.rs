use std::sync::atomic::{AtomicBool, Ordering};

use jiff::{SignedDuration, Timestamp};

use super::*;

fn now() -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * 365 * 50)
}

fn upload(number: u64) -> Upload {
    Upload {
        number,
        client_request_id: format!("account-{number}").parse().unwrap(),
        integration_id: IntegrationId::from(7),
        object_type: ObjectType::Account,
        direction: Direction::Upsert,
        purpose: Purpose::Records,
        state: UploadState::Planned,
        records: 2,
        bytes: 100,
        accepted: 0,
        rejected: 0,
        sources: vec!["accounts.ldjson".to_owned()],
        planned_at: now(),
        accepted_at: None,
        completed_at: None,
        not_found: 0,
        checked_until: None,
        was_tried: false,
        checked_at: None,
        status: None,
        space: 1,
        as_of: now().as_millisecond(),
        push: now().as_millisecond(),
        body: None,
        body_hash: String::new(),
        has_own_id: false,
        order: None,
        step: 0,
        scope: 0,
        sync: 0,
    }
}

fn pending(object_id: &str, hash: u8) -> Pending {
    Pending {
        object_id: object_id.to_owned(),
        action: Action::Create,
        hash: [hash; 16],
        given_as: [0; 8],
        fields: vec![SentField {
            name: 0,
            hash: [hash; 4],
        }],
        changed: Vec::new(),
        sent_date: Some(10),
        address: None,
        source: 0,
        line: 1,
        is_known: false,
        is_unsure: false,
        missing_parents: MissingParents::default(),
        leaves_default: false,
    }
}

async fn locked(ledger: &Ledger) -> LockedLedger {
    let clock = gong_client::clock::SystemClock;
    ledger.lock(false, &clock, &|_| {}).await.unwrap()
}

#[tokio::test]
async fn verdict_makes_accepted_current_and_keeps_rejected() {
    let ledger = Ledger::memory();
    let locked = locked(&ledger).await;
    let mut upload = upload(locked.next_number());
    let records = [pending("a", 1), pending("b", 2)];
    let new = [NewUpload {
        upload: upload.clone(),
        records: records.iter().cloned().collect(),
    }];
    locked.begin(new, &mut []).await.unwrap();
    assert_eq!(ledger.open_uploads().await.unwrap().len(), 1);
    assert_eq!(locked.manifest(1).await.unwrap(), records);

    upload.state = UploadState::Done;
    let mut conclusion = Conclusion::default();
    let rejected = (RecordOutcome::Rejected, "no name".to_owned());
    conclusion.exceptions.insert(1, rejected);
    locked
        .conclude(&mut upload, &records, &conclusion, now())
        .await
        .unwrap();
    assert!(ledger.open_uploads().await.unwrap().is_empty());
    assert_eq!((upload.accepted, upload.rejected), (1, 1));

    let states = ledger.records(Space(1), ObjectType::Account, ["a", "b", "c"]);
    let states = states.await.unwrap();
    let first = states[0].as_ref().unwrap();
    assert_eq!((first.current, first.hash), (Current::Version, [1; 16]));
    let second = states[1].as_ref().unwrap();
    assert_eq!(second.current, Current::None);
    let last = second.last_try.as_ref().unwrap();
    assert_eq!((last.reason.as_str(), last.tries), ("no name", 1));
    assert_eq!(last.next - now().as_second(), 24 * 3_600);
    assert!(states[2].is_none());

    let history = ledger.history(ObjectType::Account, "b").await.unwrap();
    assert_eq!(history.len(), 1);
    assert_eq!(history[0].outcome, Some(RecordOutcome::Rejected));
    let rejects = ledger
        .rejects_of(Space(1), ObjectType::Account)
        .await
        .unwrap();
    assert_eq!(rejects.len(), 1);
    assert_eq!(rejects[0].object_id, "b");
}

#[tokio::test]
async fn recovered_ledger_keeps_ids_and_forgets_versions() {
    let ledger = Ledger::memory();
    let locked = locked(&ledger).await;
    let mut upload = upload(locked.next_number());
    let records = [pending("a", 1)];
    let new = [NewUpload {
        upload: upload.clone(),
        records: records.iter().cloned().collect(),
    }];
    locked.begin(new, &mut []).await.unwrap();
    locked
        .conclude(&mut upload, &records, &Conclusion::default(), now())
        .await
        .unwrap();
    drop(locked);
    let mut export = Vec::new();
    ledger.export(&mut export).await.unwrap();
    let clock = gong_client::clock::SystemClock;
    let sealed = ledger.lock(false, &clock, &|_| {}).await.unwrap_err();
    assert!(matches!(sealed, LedgerError::Sealed { .. }), "{sealed}");

    let other = Ledger::memory();
    let imported = other.import(&mut export.as_slice(), false).await.unwrap();
    assert_eq!(imported, 1);
    let states = other.records(Space(1), ObjectType::Account, ["a"]);
    let state = states.await.unwrap().remove(0).unwrap();
    assert_eq!(state.current, Current::Unknown);
}

#[tokio::test]
async fn calls_of_all_processes_share_a_second() {
    let ledger = Ledger::memory();
    let mut due = Vec::new();
    for _ in 0..9 {
        let wait = ledger.reserve_call(now(), 3).await.unwrap();
        due.push(wait.as_millis());
    }
    assert_eq!(due, [0, 0, 0, 1100, 1100, 1100, 2200, 2200, 2200]);
    // The clock jumps back by a day.
    let earlier = now() - SignedDuration::from_hours(24);
    let wait = ledger.reserve_call(earlier, 3).await.unwrap();
    assert!(wait.as_secs() <= 2, "{wait:?}");
}

#[tokio::test]
async fn pruned_ledger_keeps_the_state_of_gong() {
    let ledger = Ledger::memory();
    let locked = locked(&ledger).await;
    let mut upload = upload(locked.next_number());
    let records = [pending("a", 1)];
    let new = [NewUpload {
        upload: upload.clone(),
        records: records.iter().cloned().collect(),
    }];
    locked.begin(new, &mut []).await.unwrap();
    locked
        .conclude(&mut upload, &records, &Conclusion::default(), now())
        .await
        .unwrap();
    let day = SignedDuration::from_hours(24);
    assert_eq!(ledger.prune(now() - day).await.unwrap(), 0);
    assert_eq!(ledger.prune(now() + day).await.unwrap(), 1);
    assert!(ledger.uploads(10).await.unwrap().is_empty());
    let states = ledger.records(Space(1), ObjectType::Account, ["a"]);
    assert_eq!(
        states.await.unwrap()[0].as_ref().unwrap().current,
        Current::Version
    );
}

/// A store in which later commits overtake the next one, or the next one fails.
#[derive(Debug, Default)]
struct Disturbed {
    store: MemoryStore,
    is_overtaken: AtomicBool,
    fails: AtomicBool,
}

impl Store for &'static Disturbed {
    fn get(&self, table: Table, keys: Vec<Vec<u8>>) -> StoreFuture<'_, Vec<Option<Vec<u8>>>> {
        self.store.get(table, keys)
    }

    fn scan(
        &self,
        table: Table,
        from: Vec<u8>,
        before: Option<Vec<u8>>,
        limit: usize,
    ) -> StoreFuture<'_, Vec<store::Entry>> {
        self.store.scan(table, from, before, limit)
    }

    fn commit(&self, batch: Batch) -> StoreFuture<'_, ()> {
        Box::pin(async move {
            if self.fails.swap(false, Ordering::SeqCst) {
                return Err(LedgerError::storage("", "no room"));
            }
            if self.is_overtaken.swap(false, Ordering::SeqCst) {
                for _ in 0..1_000 {
                    tokio::task::yield_now().await;
                }
            }
            self.store.commit(batch).await
        })
    }

    fn update<'a>(
        &'a self,
        table: Table,
        key: Vec<u8>,
        update: store::Update<'a>,
    ) -> StoreFuture<'a, ()> {
        self.store.update(table, key, update)
    }

    fn try_lock(&self) -> StoreFuture<'_, LedgerLock> {
        self.store.try_lock()
    }
}

/// Two uploads that are begun, each with the record of one id.
async fn two_begun(locked: &LockedLedger) -> Vec<(Upload, [Pending; 1])> {
    let mut uploads = Vec::new();
    for id in ["a", "b"] {
        let upload = upload(locked.next_number());
        let records = [pending(id, 1)];
        let new = [NewUpload {
            upload: upload.clone(),
            records: records.iter().cloned().collect(),
        }];
        locked.begin(new, &mut []).await.unwrap();
        uploads.push((upload, records));
    }
    uploads
}

#[tokio::test]
async fn older_list_of_open_uploads_never_replaces_a_newer_one() {
    let store: &'static Disturbed = Box::leak(Box::default());
    let ledger = Ledger::with_store(store);
    let locked = locked(&ledger).await;
    let mut uploads = two_begun(&locked).await;
    let conclusion = Conclusion::default();
    let (first, second) = uploads.split_at_mut(1);
    store.is_overtaken.store(true, Ordering::SeqCst);
    let ((one, of_one), (two, of_two)) = (&mut first[0], &mut second[0]);
    one.state = UploadState::Done;
    two.state = UploadState::Done;
    let ended = tokio::join!(
        locked.conclude(one, of_one, &conclusion, now()),
        locked.conclude(two, of_two, &conclusion, now()),
    );
    assert!(ended.0.is_ok() && ended.1.is_ok());
    assert!(ledger.open_uploads().await.unwrap().is_empty());
    assert!(locked.open_uploads().await.unwrap().is_empty());
}

/// The numbers of the uploads that are open, and of those that Gong may process late.
async fn listed(ledger: &Ledger) -> (Vec<u64>, Vec<u64>) {
    let numbers = |uploads: Vec<Upload>| uploads.iter().map(|upload| upload.number).collect();
    let open = ledger.open_uploads().await.unwrap();
    let late = ledger.given_up_uploads().await.unwrap();
    (numbers(open), numbers(late))
}

#[tokio::test]
async fn upload_whose_verdict_is_not_written_stays_where_it_is_listed() {
    let store: &'static Disturbed = Box::leak(Box::default());
    let ledger = Ledger::with_store(store);
    let locked = locked(&ledger).await;
    let mut uploads = two_begun(&locked).await;
    let (mut two, of_two) = uploads.remove(1);
    let (one, of_one) = uploads.remove(0);
    let lost = Conclusion {
        rest: Some(RecordOutcome::NotAccepted),
        may_be_in_gong: true,
        may_come_late: true,
        ..Conclusion::default()
    };
    let fails = || store.fails.store(true, Ordering::SeqCst);

    let mut given_up = one.clone();
    given_up.state = UploadState::Lost;
    fails();
    let failed = locked.conclude(&mut given_up, &of_one, &lost, now()).await;
    assert!(failed.is_err());
    two.state = UploadState::Lost;
    let written = locked.conclude(&mut two, &of_two, &lost, now()).await;
    assert!(written.is_ok());
    assert_eq!(listed(&ledger).await, (vec![1], vec![2]));
    assert_eq!(locked.open_uploads().await.unwrap().len(), 1);

    let mut checked = two.clone();
    fails();
    assert!(locked.forget_late(&mut checked).await.is_err());
    let mut done = one.clone();
    done.state = UploadState::Done;
    let verdict = Conclusion::default();
    let written = locked.conclude(&mut done, &of_one, &verdict, now()).await;
    assert!(written.is_ok());
    assert_eq!(listed(&ledger).await, (vec![], vec![2]));
    locked.forget_late(&mut two).await.unwrap();
    assert_eq!(listed(&ledger).await, (vec![], vec![]));
}
