use std::fs;

use super::super::conformance;
use super::*;

mod access;
mod migrate;

/// A directory, and the path of a ledger in it.
fn place() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().canonicalize().unwrap().join("ledger.sqlite");
    (dir, path)
}

/// Returns a file that a test has created the mode that the store asks for, whatever the umask.
fn make_private(path: &Path) {
    #[cfg(unix)]
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    #[cfg(not(unix))]
    let _ = path;
}

fn entry(table: Table, key: &[u8], value: &[u8]) -> Batch {
    let mut batch = Batch::new();
    batch.put(table, key, value);
    batch
}

async fn value(store: &SqliteStore, table: Table, key: &[u8]) -> Option<Vec<u8>> {
    let values = store.get(table, vec![key.to_vec()]).await.unwrap();
    values.into_iter().next().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sqlite_store_conforms() {
    let dir = tempfile::tempdir().unwrap();
    let mut number = 0;
    let make = || {
        number += 1;
        let store = SqliteStore::open(dir.path().join(format!("{number}/ledger.sqlite")));
        async move { store }
    };
    conformance::check(make).await.unwrap();
}

#[tokio::test]
async fn entries_are_there_after_the_file_is_opened_again() {
    let (_dir, path) = place();
    let store = SqliteStore::open(&path).unwrap();
    store
        .commit(entry(Table::Records, b"id", b"hash"))
        .await
        .unwrap();
    // As after a kill: the first store is still open, and its write-ahead log not yet copied.
    let other = SqliteStore::open(&path).unwrap();
    assert_eq!(value(&other, Table::Records, b"id").await.unwrap(), b"hash");
    drop((store, other));
    let again = SqliteStore::open(&path).unwrap();
    assert_eq!(value(&again, Table::Records, b"id").await.unwrap(), b"hash");
    assert_eq!(again.path(), path);
    assert_eq!(
        again.spool_dir().unwrap(),
        path.with_file_name("ledger.sqlite.spool")
    );
}

#[tokio::test]
async fn last_change_of_each_key_wins_whatever_its_first_bytes() {
    // Changes are sorted by the first 16 bytes of their keys, where shorter keys end with zeros.
    let (_dir, path) = place();
    let store = SqliteStore::open(&path).unwrap();
    let keys: [&[u8]; 5] = [
        b"sixteen bytes!!!",
        b"sixteen bytes!!!b",
        b"sixteen bytes!!!a",
        b"short",
        b"short\0",
    ];
    let mut batch = Batch::new();
    for round in [b"1", b"2"] {
        for key in keys {
            batch.put(Table::Records, key, round);
        }
    }
    batch.delete(Table::Records, keys[1]);
    store.commit(batch).await.unwrap();
    for (place, key) in keys.into_iter().enumerate() {
        let expected = (place != 1).then(|| b"2".to_vec());
        assert_eq!(
            value(&store, Table::Records, key).await,
            expected,
            "{place}"
        );
    }
}

#[test]
fn many_processes_can_create_one_file_at_once() {
    for _ in 0..10 {
        let (dir, path) = place();
        let together = std::sync::Barrier::new(8);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    together.wait();
                    SqliteStore::open(&path).unwrap()
                });
            }
        });
        // No temporary file is left.
        for entry in fs::read_dir(dir.path()).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            assert!(name.starts_with("ledger.sqlite"), "{name}");
        }
    }
}

#[tokio::test]
async fn second_push_reports_the_owner_of_the_lock() {
    let (_dir, path) = place();
    let (one, two) = (
        SqliteStore::open(&path).unwrap(),
        SqliteStore::open(&path).unwrap(),
    );
    let lock = one.try_lock().await.unwrap();
    for store in [&one, &two] {
        match store.try_lock().await {
            Err(LedgerError::Held(owner)) => {
                assert_eq!(owner.pid, Some(std::process::id()));
                assert!(owner.since.is_some());
            }
            other => panic!("{other:?}"),
        }
    }
    drop(lock);
    drop(two.try_lock().await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn updates_of_two_processes_all_count() {
    let (_dir, path) = place();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..2 {
        let store = SqliteStore::open(&path).unwrap();
        tasks.spawn(async move {
            for _ in 0..100 {
                let add = |value: Option<&[u8]>| Some(vec![value.map_or(0, |value| value[0]) + 1]);
                store
                    .update(Table::Calls, b"minute".to_vec(), Box::new(add))
                    .await
                    .unwrap();
            }
        });
    }
    tasks.join_all().await;
    let store = SqliteStore::open(&path).unwrap();
    assert_eq!(value(&store, Table::Calls, b"minute").await.unwrap(), [200]);
}

#[tokio::test]
async fn readers_do_not_wait_for_a_writer() {
    let (_dir, path) = place();
    let store = SqliteStore::open(&path).unwrap();
    store
        .commit(entry(Table::Meta, b"key", b"old"))
        .await
        .unwrap();
    let mut other = connect(&path, WRITER_CACHE).unwrap();
    let transaction = other
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .unwrap();
    transaction.execute("DELETE FROM meta", []).unwrap();
    assert_eq!(value(&store, Table::Meta, b"key").await.unwrap(), b"old");
    let entries = store.scan(Table::Meta, Vec::new(), None, 9).await.unwrap();
    assert_eq!(entries, [(b"key".to_vec(), b"old".to_vec())]);
    drop(transaction);
    // Nor for a commit of this process, which has the other connection.
    let inner = Arc::clone(&store.inner);
    let (release, released) = std::sync::mpsc::channel::<()>();
    let (taken, is_taken) = tokio::sync::oneshot::channel();
    let commit = std::thread::spawn(move || {
        let _writer = locked(&inner.writer);
        taken.send(()).unwrap();
        // Ends when the sender is dropped.
        released.recv().unwrap_err();
    });
    is_taken.await.unwrap();
    let read = value(&store, Table::Meta, b"key");
    let read = tokio::time::timeout(Duration::from_secs(10), read).await;
    assert_eq!(read.expect("the reader waits").unwrap(), b"old");
    drop(release);
    commit.join().unwrap();
}

#[tokio::test]
async fn batch_that_does_not_fit_on_the_disk_changes_nothing() {
    let (_dir, path) = place();
    let store = SqliteStore::open(&path).unwrap();
    store
        .commit(entry(Table::Records, b"1", b"old"))
        .await
        .unwrap();
    locked(&store.inner.writer)
        .pragma_update(None, "max_page_count", 20)
        .unwrap();
    let mut batch = entry(Table::Records, b"1", b"new");
    batch.put(Table::Contents, b"large", &vec![1; 1_000_000]);
    batch.put(Table::Records, b"2", b"new");
    let error = store.commit(batch).await.unwrap_err();
    assert!(error.to_string().contains("full"), "{error}");
    let LedgerError::Storage { source, .. } = error else {
        unreachable!("{error}")
    };
    let source = source.downcast_ref().map(std::io::Error::kind);
    assert_eq!(source, Some(std::io::ErrorKind::StorageFull));
    assert_eq!(value(&store, Table::Records, b"1").await.unwrap(), b"old");
    assert_eq!(value(&store, Table::Records, b"2").await, None);
    store
        .commit(entry(Table::Records, b"2", b"next"))
        .await
        .unwrap();
    assert_eq!(value(&store, Table::Records, b"2").await.unwrap(), b"next");
}

#[tokio::test]
async fn only_counting_calls_leaves_out_the_sync() {
    const NORMAL: i64 = 1;
    const FULL: i64 = 2;
    let (_dir, path) = place();
    let store = SqliteStore::open(&path).unwrap();
    let synchronous = || -> i64 {
        let writer = locked(&store.inner.writer);
        writer
            .query_row("PRAGMA synchronous", [], |row| row.get(0))
            .unwrap()
    };
    for (table, expected) in [(Table::Calls, NORMAL), (Table::Meta, FULL)] {
        let set = |_: Option<&[u8]>| Some(vec![1]);
        store
            .update(table, b"key".to_vec(), Box::new(set))
            .await
            .unwrap();
        assert_eq!(synchronous(), expected, "{table:?}");
    }
    for table in Table::ALL {
        store
            .update(Table::Calls, b"key".to_vec(), Box::new(|_| Some(vec![2])))
            .await
            .unwrap();
        store.commit(entry(table, b"key", b"value")).await.unwrap();
        assert_eq!(synchronous(), FULL, "{table:?}");
    }
}

#[test]
fn file_of_a_later_version_is_left_alone() {
    let (_dir, path) = place();
    drop(SqliteStore::open(&path).unwrap());
    let connection = Connection::open(&path).unwrap();
    let later = "CREATE TABLE later (x); PRAGMA user_version = 99;";
    connection.execute_batch(later).unwrap();
    drop(connection);
    let before = fs::read(&path).unwrap();
    let error = SqliteStore::open(&path).unwrap_err();
    assert!(
        matches!(error, LedgerError::Newer { version: 99, .. }),
        "{error}"
    );
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn file_that_is_not_a_database_is_named() {
    let (_dir, path) = place();
    let text = "This is not a SQLite file, though it is long enough to look like one. ".repeat(9);
    fs::write(&path, &text).unwrap();
    make_private(&path);
    let message = SqliteStore::open(&path).unwrap_err().to_string();
    assert!(message.contains("ledger.sqlite"), "{message}");
    assert!(message.contains("not a SQLite file"), "{message}");
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
}

#[test]
fn ledger_that_cannot_be_written_is_called_so() {
    for code in [
        rusqlite::ffi::SQLITE_CANTOPEN,
        rusqlite::ffi::SQLITE_READONLY,
    ] {
        let error = rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), None);
        let said = storage_error(Path::new("l.sqlite"), error).to_string();
        assert!(said.contains("can't be written"), "{said}");
    }
}
