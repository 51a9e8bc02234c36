//! Does every ledger keep what it is told, and keep two pushes apart?

use super::*;

fn job(id: &str, state: JobState) -> Job {
    let now = Timestamp::UNIX_EPOCH;
    Job {
        client_request_id: id.parse().unwrap(),
        integration_id: IntegrationId::from(5_517_027_188_234_205_706),
        object_type: ObjectType::Account,
        source_path: "/crm/accounts.ldjson".into(),
        piece: 1,
        content_hash: "5f1c".to_owned(),
        bytes: 1_000,
        records: 10,
        attempt: 1,
        state,
        planned_at: now,
        updated_at: now,
        finished_at: None,
        answer: None,
        content: None,
    }
}

#[test]
fn a_job_is_one_json_document_and_old_documents_are_read() {
    for state in JobState::ALL {
        let content = r#"{"path":"stdin-1.ldjson","isSpooled":true,"ranges":[[0,9]],"lines":[[1,1]],
            "isLast":false,"wave":0,"fileRecords":1,"leftOut":{"2":["why"]},"rows":[[1,2]]}"#;
        let full = Job {
            finished_at: Some(Timestamp::UNIX_EPOCH),
            answer: Some("{\"status\":\"DONE\"}".to_owned()),
            content: JobContent::from_json(content),
            ..job("a-1", state)
        };
        assert!(full.is_unreported());
        for job in [full, job("a-1", state)] {
            let value = serde_json::to_value(&job).unwrap();
            assert_eq!(serde_json::from_value::<Job>(value.clone()).unwrap(), job);
            let text = value.to_string();
            assert_eq!(serde_json::from_str::<Job>(&text).unwrap(), job);
            // What a later version may add is passed over.
            let later = text.replacen('{', "{\"later\":[1],", 1);
            assert_eq!(serde_json::from_str::<Job>(&later).unwrap(), job);
        }
    }
    let text = serde_json::to_string(&job("a-1", JobState::Done)).unwrap();
    for (good, bad) in [("done", "gone"), ("a-1", "a 1"), ("ACCOUNT", "CASE")] {
        let bad_text = text.replace(&format!("\"{good}\""), &format!("\"{bad}\""));
        let error = serde_json::from_str::<Job>(&bad_text).unwrap_err();
        assert!(!error.to_string().is_empty(), "{bad}");
    }
    let as_number = text.replace("\"5517027188234205706\"", "5517027188234205706");
    assert!(serde_json::from_str::<Job>(&as_number).is_ok());
}

fn keeps_what_it_is_told(ledger: &dyn Ledger) {
    let (one, two) = (job("a-1", JobState::Planned), job("b-1", JobState::Sending));
    ledger.record(&[one.clone(), two.clone()]).unwrap();
    let done = Job {
        state: JobState::Done,
        finished_at: Some(Timestamp::UNIX_EPOCH),
        answer: Some("{}".to_owned()),
        ..two.clone()
    };
    ledger.record(std::slice::from_ref(&done)).unwrap();
    assert_eq!(ledger.jobs().unwrap(), [one.clone(), done.clone()]);
    assert_eq!(ledger.open_jobs().unwrap(), std::slice::from_ref(&one));
    let found = ledger
        .job(two.integration_id, &two.client_request_id)
        .unwrap();
    assert_eq!(found, Some(done.clone()));
    // What has ended and was not reported is open too.
    let content = JobContent::from_json(
        r#"{"path":"stdin-1.ldjson","isSpooled":true,"ranges":[[0,9]],"lines":[[1,1]],"isLast":false,
            "wave":0,"fileRecords":1,"leftOut":{"2":["why"]}}"#,
    );
    let unreported = Job {
        content: Some(content.unwrap()),
        ..done.clone()
    };
    ledger.record(std::slice::from_ref(&unreported)).unwrap();
    assert_eq!(ledger.open_jobs().unwrap(), [one.clone(), unreported]);
    ledger.record(std::slice::from_ref(&done)).unwrap();
    let elsewhere = ledger.job(IntegrationId::from(1), &two.client_request_id);
    assert_eq!(elsewhere.unwrap(), None);
    ledger
        .forget(one.integration_id, &one.client_request_id)
        .unwrap();
    assert_eq!(ledger.jobs().unwrap(), [done]);

    let minute = |minute: i64| Timestamp::from_second(minute * 60).unwrap();
    for at in [10, 10, 20, 30] {
        ledger.count_call(minute(at)).unwrap();
    }
    assert_eq!(ledger.calls_since(minute(20)).unwrap(), 2);
    assert_eq!(ledger.calls_since(minute(10)).unwrap(), 4);
}

#[test]
fn a_ledger_in_memory_keeps_what_it_is_told() {
    keeps_what_it_is_told(&MemoryLedger::new());
}

#[test]
fn every_state_has_a_word_that_leads_back_to_it() {
    for state in JobState::ALL {
        assert_eq!(JobState::from_word(state.as_str()), Some(state));
    }
}

#[cfg(feature = "sqlite")]
mod sqlite {
    use super::*;

    #[test]
    fn a_ledger_in_a_file_keeps_what_it_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state/ledger.sqlite");
        keeps_what_it_is_told(&SqliteLedger::open(&path).unwrap());
        assert_eq!(SqliteLedger::open(&path).unwrap().jobs().unwrap().len(), 1);
    }

    #[test]
    fn the_second_of_two_pushes_learns_who_is_first() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.sqlite");
        let (one, two) = (
            SqliteLedger::open(&path).unwrap(),
            SqliteLedger::open(&path).unwrap(),
        );
        let lock = one.try_lock().unwrap();
        for ledger in [&one, &two] {
            match ledger.try_lock() {
                Err(LedgerError::Held(holder)) => assert_eq!(holder.pid, Some(std::process::id())),
                other => panic!("{other:?}"),
            }
        }
        // Reading and writing need no lock.
        two.record(&[job("a-1", JobState::Planned)]).unwrap();
        assert_eq!(one.jobs().unwrap().len(), 1);
        drop(lock);
        two.try_lock().unwrap();
    }

    #[test]
    fn many_that_open_a_new_file_at_once_all_get_it() {
        for _ in 0..50 {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("ledger.sqlite");
            let together = std::sync::Barrier::new(8);
            std::thread::scope(|scope| {
                for _ in 0..8 {
                    scope.spawn(|| {
                        together.wait();
                        SqliteLedger::open(&path).unwrap()
                    });
                }
            });
        }
    }

    #[test]
    fn a_file_of_the_first_version_is_brought_up_to_date() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.sqlite");
        let one = job("a-1", JobState::Sending);
        SqliteLedger::open(&path)
            .unwrap()
            .record(std::slice::from_ref(&one))
            .unwrap();
        let connection = rusqlite::Connection::open(&path).unwrap();
        let back = "DROP INDEX open_uploads; ALTER TABLE uploads DROP COLUMN content;
            CREATE INDEX unfinished_uploads ON uploads (state)
                WHERE state NOT IN ('done', 'failed');
            PRAGMA user_version = 1;";
        connection.execute_batch(back).unwrap();
        drop(connection);
        let ledger = SqliteLedger::open(&path).unwrap();
        assert_eq!(ledger.open_jobs().unwrap(), [one]);
    }

    #[test]
    fn a_file_of_a_later_version_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.sqlite");
        drop(SqliteLedger::open(&path).unwrap());
        let connection = rusqlite::Connection::open(&path).unwrap();
        connection.pragma_update(None, "user_version", 99).unwrap();
        drop(connection);
        let error = SqliteLedger::open(&path).unwrap_err();
        assert!(
            matches!(error, LedgerError::Newer { version: 99, .. }),
            "{error}"
        );
    }

    #[test]
    fn what_is_no_ledger_is_told_by_its_path() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.sqlite");
        std::fs::write(
            &path,
            "this is no SQLite file, though it is long enough to look like one",
        )
        .unwrap();
        let message = SqliteLedger::open(&path).unwrap_err().to_string();
        assert!(message.contains("ledger.sqlite"), "{message}");
    }
}
