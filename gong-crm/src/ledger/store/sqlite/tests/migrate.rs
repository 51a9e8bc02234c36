//! Files that earlier versions wrote.

use super::super::super::legacy;
use super::*;

const UPLOADS: &str = "
    number            INTEGER PRIMARY KEY,
    client_request_id TEXT    NOT NULL,
    integration_id    INTEGER NOT NULL,
    object_type       TEXT    NOT NULL,
    source_path       TEXT    NOT NULL,
    piece             INTEGER NOT NULL,
    content_hash      TEXT    NOT NULL,
    bytes             INTEGER NOT NULL,
    records           INTEGER NOT NULL,
    attempt           INTEGER NOT NULL,
    state             TEXT    NOT NULL,
    planned_at        TEXT    NOT NULL,
    updated_at        TEXT    NOT NULL,
    finished_at       TEXT,
    answer            TEXT,";

/// Creates a file as the version with this format did, with one upload in each state.
fn write_legacy(path: &Path, format: i64) {
    let connection = Connection::open(path).unwrap();
    connection
        .pragma_update(None, "journal_mode", "WAL")
        .unwrap();
    let (column, index) = if format == 1 {
        (
            "",
            "CREATE INDEX unfinished_uploads ON uploads (state) WHERE state NOT IN ('done', 'failed');",
        )
    } else {
        (
            "content TEXT,",
            "CREATE INDEX open_uploads ON uploads (number)
                 WHERE state NOT IN ('done', 'failed') OR content IS NOT NULL;",
        )
    };
    let tables = format!(
        "CREATE TABLE uploads ({UPLOADS} {column} UNIQUE (integration_id, client_request_id));
         {index}
         CREATE TABLE calls (minute INTEGER PRIMARY KEY, number INTEGER NOT NULL);
         INSERT INTO calls VALUES (29000000, 7), (29000001, 300), (-1, 5);"
    );
    connection.execute_batch(&tables).unwrap();
    let states = [
        "done",
        "sending",
        "failed",
        "planned",
        "unknown",
        "processing",
        "accepted",
    ];
    for (number, state) in (1..).zip(states) {
        let upload = "INSERT INTO uploads (client_request_id, integration_id, object_type, source_path,
            piece, content_hash, bytes, records, attempt, state, planned_at, updated_at, answer)
            VALUES (?1, 5517027188234205706, 'ACCOUNT', 'exports/accounts.ldjson', 2, '5f1c', 1000, 10,
            1, ?2, '2026-03-01T09:30:00Z', '2026-03-01T09:30:02Z', '{}')";
        connection
            .execute(upload, (format!("account-{number}"), state))
            .unwrap();
    }
    if format == 2 {
        let content =
            "UPDATE uploads SET content = '{\"path\":\"stdin-1\"}' WHERE number IN (1, 2)";
        connection.execute_batch(content).unwrap();
    }
    connection
        .pragma_update(None, "user_version", format)
        .unwrap();
}

fn copy_of(path: &Path, ending: &str) -> PathBuf {
    path.with_file_name(format!("ledger.sqlite.{ending}.bak"))
}

fn count(path: &Path, query: &str) -> i64 {
    Connection::open(path)
        .unwrap()
        .query_row(query, [], |row| row.get(0))
        .unwrap()
}

#[tokio::test]
async fn earlier_formats_keep_their_open_uploads_and_calls() {
    for format in [1, 2] {
        let (dir, path) = place();
        write_legacy(&path, format);
        let store = SqliteStore::open(&path).unwrap();
        let uploads = legacy::uploads(&store).await.unwrap();
        let states: Vec<_> = uploads
            .iter()
            .map(|upload| (upload.number, &*upload.state))
            .collect();
        let open = [
            (2, "sending"),
            (4, "planned"),
            (5, "unknown"),
            (6, "processing"),
            (7, "accepted"),
        ];
        assert_eq!(states, open);
        let first = &uploads[0];
        assert_eq!(first.client_request_id, "account-2");
        assert_eq!(first.integration_id, 5_517_027_188_234_205_706);
        assert_eq!(first.object_type, "ACCOUNT");
        assert_eq!(first.source_path, Path::new("exports/accounts.ldjson"));
        assert_eq!(
            (first.part, first.bytes, first.records, first.attempt),
            (2, 1_000, 10, 1)
        );
        assert_eq!(first.planned_at.to_string(), "2026-03-01T09:30:00Z");
        assert_eq!(first.updated_at.to_string(), "2026-03-01T09:30:02Z");
        assert_eq!(first.answer.as_deref(), Some("{}"));
        let content = (format == 2).then_some("{\"path\":\"stdin-1\"}");
        assert_eq!(first.content.as_deref(), content);

        let calls = store.scan(Table::Calls, Vec::new(), None, 9).await.unwrap();
        let call =
            |minute: u64, calls: u32| (minute.to_be_bytes().to_vec(), calls.to_be_bytes().to_vec());
        assert_eq!(calls, [call(29_000_000, 7), call(29_000_001, 300)]);

        // They stay until they are removed.
        drop(store);
        let store = SqliteStore::open(&path).unwrap();
        assert_eq!(legacy::uploads(&store).await.unwrap(), uploads);
        let mut batch = Batch::new();
        first.remove(&mut batch);
        store.commit(batch).await.unwrap();
        assert_eq!(legacy::uploads(&store).await.unwrap(), uploads[1..]);

        // The copy is whole, also what was only in the write-ahead log.
        let copy = copy_of(&path, &format!("format-{format}"));
        assert_eq!(count(&copy, "SELECT count(*) FROM uploads"), 7);
        assert_eq!(count(&copy, "PRAGMA user_version"), format);
        #[cfg(unix)]
        assert_eq!(
            std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&copy).unwrap().permissions())
                & 0o777,
            0o600
        );
        drop((store, dir));
    }
}

#[test]
fn copy_of_an_earlier_format_overwrites_nothing() {
    let (_dir, path) = place();
    write_legacy(&path, 2);
    let first = copy_of(&path, "format-2");
    fs::write(&first, "an older copy").unwrap();
    drop(SqliteStore::open(&path).unwrap());
    assert_eq!(fs::read_to_string(&first).unwrap(), "an older copy");
    let second = copy_of(&path, "format-2.2");
    assert_eq!(count(&second, "SELECT count(*) FROM uploads"), 7);
}

#[test]
fn many_processes_can_open_an_earlier_format_at_once() {
    let (dir, path) = place();
    write_legacy(&path, 2);
    let together = std::sync::Barrier::new(6);
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                together.wait();
                SqliteStore::open(&path).unwrap()
            });
        }
    });
    assert_eq!(count(&path, "SELECT count(*) FROM meta"), 5);
    let names = fs::read_dir(dir.path()).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert_eq!(names.filter(|name| name.contains(".format-")).count(), 1);
}

#[test]
fn earlier_version_at_work_keeps_its_file() {
    let (_dir, path) = place();
    write_legacy(&path, 2);
    let _lock = lock::try_lock(&path).unwrap();
    let mut connection = connect(&path, WRITER_CACHE).unwrap();
    let error = super::super::migrate::migrate(&path, &mut connection, Duration::ZERO);
    assert!(matches!(error, Err(LedgerError::Held(_))), "{error:?}");
    assert_eq!(count(&path, "PRAGMA user_version"), 2);
    assert!(!copy_of(&path, "format-2").exists());
}

#[test]
fn earlier_format_with_a_trigger_is_rejected_unchanged() {
    let (_dir, path) = place();
    write_legacy(&path, 2);
    let trigger = "CREATE TRIGGER sneaky AFTER DELETE ON calls BEGIN DELETE FROM uploads; END";
    Connection::open(&path)
        .unwrap()
        .execute_batch(trigger)
        .unwrap();
    let error = SqliteStore::open(&path).unwrap_err();
    assert!(matches!(error, LedgerError::Untrusted { .. }), "{error}");
    assert!(
        error.to_string().contains("the trigger \"sneaky\""),
        "{error}"
    );
    assert_eq!(count(&path, "SELECT count(*) FROM uploads"), 7);
    assert!(!copy_of(&path, "format-2").exists());
}

#[test]
fn damaged_upload_of_an_earlier_format_changes_nothing() {
    let (_dir, path) = place();
    write_legacy(&path, 2);
    let damage = "UPDATE uploads SET planned_at = 'yesterday' WHERE state = 'sending'";
    Connection::open(&path)
        .unwrap()
        .execute_batch(damage)
        .unwrap();
    let message = SqliteStore::open(&path).unwrap_err().to_string();
    assert!(message.contains("yesterday"), "{message}");
    assert_eq!(count(&path, "PRAGMA user_version"), 2);
    assert_eq!(count(&path, "SELECT count(*) FROM uploads"), 7);
}
