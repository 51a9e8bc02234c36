//! A test suite for implementations of [`Store`].
//!
//! [`check`] needs a tokio runtime, best with several threads. It writes some 100,000 small entries.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;

use super::{Batch, Entry, Store, Table};
use crate::ledger::LedgerError;

#[cfg(test)]
mod tests;

/// What failed, in a sentence; otherwise nothing.
type Outcome = Result<(), String>;

/// Runs the suite. `make` creates an empty store each time; stores that it created before are
/// dropped.
///
/// # Errors
///
/// A sentence that names the first requirement that the store does not meet.
///
/// ```
/// use gong_crm::ledger::store::{MemoryStore, conformance};
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), String> {
/// conformance::check(|| async { Ok(MemoryStore::new()) }).await?;
/// # Ok(())
/// # }
/// ```
pub async fn check<S, F>(mut make: impl FnMut() -> F) -> Result<(), String>
where
    S: Store,
    F: Future<Output = Result<S, LedgerError>>,
{
    macro_rules! run {
        ($($requirement:ident),*) => {$(
            let store = make().await.map_err(|error| format!("no store: {error}"))?;
            let outcome = $requirement(Arc::new(store)).await;
            outcome.map_err(|failure| format!("{}: {failure}", stringify!($requirement)))?;
        )*};
    }
    run!(
        an_empty_store_has_no_entries,
        values_are_read_in_the_order_of_keys_asked_for,
        tables_are_separate,
        empty_keys_and_values_are_entries,
        later_changes_of_a_key_win,
        scans_are_in_the_order_of_bytes,
        scans_keep_to_range_and_limit,
        any_bytes_are_keys_and_values,
        readers_see_all_of_a_batch_or_nothing,
        an_abandoned_commit_is_made_wholly_or_not_at_all,
        an_update_sees_and_replaces_the_value,
        concurrent_updates_all_count,
        updates_and_commits_do_not_overwrite_each_other,
        the_lock_excludes_until_it_is_dropped,
        a_large_batch_is_committed
    );
    Ok(())
}

/// The keys of 100,000 entries are compared one by one.
const LARGE: u32 = 100_000;

#[expect(clippy::needless_pass_by_value, reason = "both are made for the call")]
fn expect<T: PartialEq + std::fmt::Debug>(what: &str, actual: T, expected: T) -> Outcome {
    if actual == expected {
        Ok(())
    } else {
        Err(format!("{what}: expected {expected:?}, found {actual:?}"))
    }
}

async fn put(store: &impl Store, entries: &[(Table, &[u8], &[u8])]) -> Outcome {
    let mut batch = Batch::new();
    for (table, key, value) in entries {
        batch.put(*table, key, value);
    }
    store.commit(batch).await.map_err(text)
}

async fn value(store: &impl Store, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, String> {
    let mut values = store.get(table, vec![key.to_vec()]).await.map_err(text)?;
    match (values.pop(), values.len()) {
        (Some(value), 0) => Ok(value),
        (_, left) => Err(format!(
            "get of one key gave not one value, but {left} more"
        )),
    }
}

async fn all(store: &impl Store, table: Table) -> Result<Vec<Entry>, String> {
    let entries = store.scan(table, Vec::new(), None, usize::MAX).await;
    entries.map_err(text)
}

#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn text(error: LedgerError) -> String {
    error.to_string()
}

fn entry(key: &[u8], value: &[u8]) -> Entry {
    (key.to_vec(), value.to_vec())
}

async fn an_empty_store_has_no_entries(store: Arc<impl Store>) -> Outcome {
    for table in Table::ALL {
        expect(table.as_str(), all(&*store, table).await?, Vec::new())?;
        expect(table.as_str(), value(&*store, table, b"key").await?, None)?;
    }
    store.commit(Batch::new()).await.map_err(text)?;
    let values = store.get(Table::Meta, Vec::new()).await.map_err(text)?;
    expect("get of no keys", values, Vec::new())
}

async fn values_are_read_in_the_order_of_keys_asked_for(store: Arc<impl Store>) -> Outcome {
    let table = Table::Records;
    put(
        &*store,
        &[
            (table, b"a", b"1"),
            (table, b"b", b"2"),
            (table, b"c", b"3"),
        ],
    )
    .await?;
    let keys = [&b"c"[..], b"none", b"a", b"b", b"a"].map(<[u8]>::to_vec);
    let values = store.get(table, keys.to_vec()).await.map_err(text)?;
    let expected = [Some("3"), None, Some("1"), Some("2"), Some("1")];
    let expected = expected.map(|value| value.map(|value| value.as_bytes().to_vec()));
    expect("values", values, expected.to_vec())
}

async fn tables_are_separate(store: Arc<impl Store>) -> Outcome {
    for table in Table::ALL {
        put(&*store, &[(table, b"key", table.as_str().as_bytes())]).await?;
    }
    for table in Table::ALL {
        let expected = table.as_str().as_bytes();
        expect(
            "value",
            value(&*store, table, b"key").await?,
            Some(expected.to_vec()),
        )?;
        expect(
            "scan",
            all(&*store, table).await?,
            vec![entry(b"key", expected)],
        )?;
    }
    let mut batch = Batch::new();
    batch.delete(Table::Records, b"key");
    store.commit(batch).await.map_err(text)?;
    for table in Table::ALL {
        let is_there = value(&*store, table, b"key").await?.is_some();
        expect(table.as_str(), is_there, table != Table::Records)?;
    }
    Ok(())
}

async fn empty_keys_and_values_are_entries(store: Arc<impl Store>) -> Outcome {
    let table = Table::Contents;
    put(
        &*store,
        &[(table, b"", b"of the empty key"), (table, b"empty", b"")],
    )
    .await?;
    expect(
        "value",
        value(&*store, table, b"empty").await?,
        Some(Vec::new()),
    )?;
    let expected = vec![entry(b"", b"of the empty key"), entry(b"empty", b"")];
    expect("scan", all(&*store, table).await?, expected)?;
    put(&*store, &[(table, b"", b"")]).await?;
    expect("value", value(&*store, table, b"").await?, Some(Vec::new()))
}

async fn later_changes_of_a_key_win(store: Arc<impl Store>) -> Outcome {
    let table = Table::Uploads;
    let mut batch = Batch::new();
    batch.put(table, b"put twice", b"1");
    batch.put(table, b"deleted", b"1");
    batch.delete(table, b"put again");
    batch.delete(table, b"was never there");
    batch.put(table, b"put twice", b"2");
    batch.delete(table, b"deleted");
    batch.put(table, b"put again", b"2");
    store.commit(batch).await.map_err(text)?;
    let expected = vec![entry(b"put again", b"2"), entry(b"put twice", b"2")];
    expect("after one batch", all(&*store, table).await?, expected)?;
    put(
        &*store,
        &[(table, b"put again", b"3, and longer than before")],
    )
    .await?;
    let expected = Some(b"3, and longer than before".to_vec());
    expect(
        "after another",
        value(&*store, table, b"put again").await?,
        expected,
    )
}

/// Keys in ascending order that text comparison, C strings or signed bytes would sort otherwise.
const ODD_KEYS: [&[u8]; 12] = [
    b"",
    b"\0",
    b"\0\0",
    b"\0\xff",
    b"\x01",
    b"A",
    b"a",
    b"a\0",
    b"a\0b",
    b"ab",
    b"\x80",
    b"\xff\xff",
];

async fn scans_are_in_the_order_of_bytes(store: Arc<impl Store>) -> Outcome {
    for backwards in [false, true] {
        let mut keys = ODD_KEYS;
        if backwards {
            keys.reverse();
        }
        for key in keys {
            put(&*store, &[(Table::Records, key, key)]).await?;
        }
        let expected: Vec<Entry> = ODD_KEYS.iter().map(|key| entry(key, key)).collect();
        expect("scan", all(&*store, Table::Records).await?, expected)?;
    }
    Ok(())
}

async fn scans_keep_to_range_and_limit(store: Arc<impl Store>) -> Outcome {
    let table = Table::History;
    for key in ODD_KEYS {
        put(&*store, &[(table, key, b"value")]).await?;
    }
    let mut ends: Vec<Option<&[u8]>> = ODD_KEYS.iter().map(|key| Some(*key)).collect();
    ends.extend([None, Some(&b"a\0a"[..]), Some(b"\xff\xff\xff")]);
    for from in ODD_KEYS.into_iter().chain([&b"Z"[..], b"\xff\xff\xff"]) {
        for before in &ends {
            for limit in [0, 1, 3, usize::MAX] {
                let expected: Vec<Entry> = ODD_KEYS
                    .iter()
                    .filter(|key| **key >= from && before.is_none_or(|before| **key < before))
                    .take(limit)
                    .map(|key| entry(key, b"value"))
                    .collect();
                let end = before.map(<[u8]>::to_vec);
                let entries = store.scan(table, from.to_vec(), end, limit).await;
                let what = format!("scan from {from:?} before {before:?}, at most {limit}");
                expect(&what, entries.map_err(text)?, expected)?;
            }
        }
    }
    Ok(())
}

async fn any_bytes_are_keys_and_values(store: Arc<impl Store>) -> Outcome {
    let table = Table::Contents;
    let mut batch = Batch::new();
    let mut expected = BTreeMap::new();
    for byte in 0..=u8::MAX {
        for key in [vec![byte], vec![0, byte], vec![0xff, byte, 0]] {
            let value = vec![byte; usize::from(byte) * 40];
            batch.put(table, &key, &value);
            expected.insert(key, value);
        }
    }
    let large_key = vec![0x7f; 3_000];
    let large_value = vec![0; 1_000_000];
    batch.put(table, &large_key, &large_value);
    expected.insert(large_key, large_value);
    store.commit(batch).await.map_err(text)?;
    // The entries are too many to be printed.
    let found: BTreeMap<_, _> = all(&*store, table).await?.into_iter().collect();
    expect(
        "the entries are those that were written",
        found == expected,
        true,
    )
}

/// The entries that [`generation`] writes.
const GENERATION: u32 = 500;

/// All entries with the same value.
fn generation(number: u32) -> Batch {
    let mut batch = Batch::new();
    for key in 0..GENERATION {
        let table = if key % 2 == 0 {
            Table::Records
        } else {
            Table::History
        };
        batch.put(table, &key.to_be_bytes(), &number.to_be_bytes());
    }
    batch
}

/// The number of the generation that is in the store; an error if there are parts of several.
async fn whole_generation(store: &impl Store, tables: &[Table]) -> Result<u32, String> {
    let mut values = Vec::new();
    for table in tables {
        values.extend(
            all(store, *table)
                .await?
                .into_iter()
                .map(|(_, value)| value),
        );
    }
    let expected = GENERATION as usize / 2 * tables.len();
    expect("the number of entries", values.len(), expected)?;
    values.dedup();
    match <[Vec<u8>; 1]>::try_from(values) {
        Ok([value]) => <[u8; 4]>::try_from(value)
            .map(u32::from_be_bytes)
            .map_err(|value| format!("a value of four bytes came back as {value:?}")),
        Err(_) => Err("a part of a batch is in the store without the rest".to_owned()),
    }
}

async fn readers_see_all_of_a_batch_or_nothing(store: Arc<impl Store>) -> Outcome {
    store.commit(generation(0)).await.map_err(text)?;
    let writer = tokio::spawn({
        let store = Arc::clone(&store);
        async move {
            for number in 1..=40 {
                store.commit(generation(number)).await.map_err(text)?;
                tokio::task::yield_now().await;
            }
            Ok::<_, String>(())
        }
    });
    while !writer.is_finished() {
        whole_generation(&*store, &[Table::Records]).await?;
        tokio::task::yield_now().await;
    }
    writer.await.map_err(|error| error.to_string())??;
    let last = whole_generation(&*store, &[Table::Records, Table::History]).await?;
    expect("the last batch", last, 40)
}

async fn an_abandoned_commit_is_made_wholly_or_not_at_all(store: Arc<impl Store>) -> Outcome {
    store.commit(generation(0)).await.map_err(text)?;
    for (number, polls) in (1..).zip([0_u32, 1, 2, 3, 1, 2]) {
        let mut commit = store.commit(generation(number));
        for _ in 0..polls {
            let mut waker = std::task::Context::from_waker(std::task::Waker::noop());
            if let std::task::Poll::Ready(result) = commit.as_mut().poll(&mut waker) {
                result.map_err(text)?;
                break;
            }
            tokio::task::yield_now().await;
        }
        drop(commit);
        // Unfinished changes are completed before the next change.
        put(&*store, &[(Table::Meta, b"next", b"")]).await?;
        whole_generation(&*store, &[Table::Records, Table::History]).await?;
    }
    Ok(())
}

async fn an_update_sees_and_replaces_the_value(store: Arc<impl Store>) -> Outcome {
    let (table, key) = (Table::Meta, b"counter");
    for old in [None, Some(b"1".to_vec()), Some(Vec::new())] {
        let mut batch = Batch::new();
        match &old {
            Some(old) => batch.put(table, key, old),
            None => batch.delete(table, key),
        }
        batch.put(table, b"counters", b"a neighbor");
        store.commit(batch).await.map_err(text)?;
        for new in [None, Some(b"2".to_vec()), Some(Vec::new())] {
            let before = value(&*store, table, key).await?;
            let mut seen = None;
            let update = |value: Option<&[u8]>| {
                seen = Some(value.map(<[u8]>::to_vec));
                new.clone()
            };
            store
                .update(table, key.to_vec(), Box::new(update))
                .await
                .map_err(text)?;
            expect("the old value", seen, Some(before.clone()))?;
            expect(
                "the new value",
                value(&*store, table, key).await?,
                new.or(before),
            )?;
        }
        let neighbor = value(&*store, table, b"counters").await?;
        expect("another key", neighbor, Some(b"a neighbor".to_vec()))?;
    }
    Ok(())
}

/// Adds one to the number that the value is; four bytes, big endian.
#[expect(clippy::unnecessary_wraps, reason = "what an update returns")]
fn add_one(value: Option<&[u8]>) -> Option<Vec<u8>> {
    let number = value.and_then(|value| value.try_into().ok());
    let number = number.map_or(0, u32::from_be_bytes);
    Some((number + 1).to_be_bytes().to_vec())
}

async fn concurrent_updates_all_count(store: Arc<impl Store>) -> Outcome {
    const TASKS: u32 = 16;
    const UPDATES: u32 = 25;
    for table in [Table::Calls, Table::Meta] {
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..TASKS {
            let store = Arc::clone(&store);
            tasks.spawn(async move {
                for _ in 0..UPDATES {
                    store
                        .update(table, b"counter".to_vec(), Box::new(add_one))
                        .await?;
                }
                Ok::<_, LedgerError>(())
            });
        }
        while let Some(result) = tasks.join_next().await {
            result.map_err(|error| error.to_string())?.map_err(text)?;
        }
        let expected = (TASKS * UPDATES).to_be_bytes().to_vec();
        expect(
            table.as_str(),
            value(&*store, table, b"counter").await?,
            Some(expected),
        )?;
    }
    Ok(())
}

async fn updates_and_commits_do_not_overwrite_each_other(store: Arc<impl Store>) -> Outcome {
    // The counter is set back once by a commit; updates that read it before must notice.
    const UPDATES: u32 = 100;
    const HIGH: u32 = 1_000_000;
    let committer = tokio::spawn({
        let store = Arc::clone(&store);
        async move { put(&*store, &[(Table::Meta, b"counter", &HIGH.to_be_bytes())]).await }
    });
    for _ in 0..UPDATES {
        store
            .update(Table::Meta, b"counter".to_vec(), Box::new(add_one))
            .await
            .map_err(text)?;
        tokio::task::yield_now().await;
    }
    committer.await.map_err(|error| error.to_string())??;
    let value = value(&*store, Table::Meta, b"counter")
        .await?
        .unwrap_or_default();
    let number = <[u8; 4]>::try_from(value).map_or(0, u32::from_be_bytes);
    let is_right = (HIGH..=HIGH + UPDATES).contains(&number);
    expect(
        &format!("{number} is what the commit set, or more"),
        is_right,
        true,
    )
}

async fn the_lock_excludes_until_it_is_dropped(store: Arc<impl Store>) -> Outcome {
    for round in ["first", "second"] {
        let lock = store.try_lock().await.map_err(text)?;
        match store.try_lock().await {
            Err(LedgerError::Held(_)) => {}
            Err(error) => return Err(format!("{round} time: not `Held`, but {error}")),
            Ok(_) => return Err(format!("{round} time: the lock was given twice")),
        }
        // Reads and writes need no lock.
        put(&*store, &[(Table::Meta, b"round", round.as_bytes())]).await?;
        drop(lock);
    }
    Ok(())
}

async fn a_large_batch_is_committed(store: Arc<impl Store>) -> Outcome {
    let table = Table::Records;
    let mut batch = Batch::new();
    // In no order.
    let keys = (0..LARGE).map(|number| number.wrapping_mul(2_654_435_761));
    for key in keys.clone() {
        batch.put(table, &key.to_be_bytes(), &[0x5a; 40]);
    }
    store.commit(batch).await.map_err(text)?;
    let mut expected: Vec<Vec<u8>> = keys.map(|key| key.to_be_bytes().to_vec()).collect();
    let values = store.get(table, expected.clone()).await.map_err(text)?;
    let are_read = values
        .iter()
        .all(|value| value.as_deref() == Some(&[0x5a; 40]));
    expect("every value is read", are_read, true)?;
    expected.sort_unstable();
    let found: Vec<Vec<u8>> = all(&*store, table)
        .await?
        .into_iter()
        .map(|(key, _)| key)
        .collect();
    expect("the scan gives every key in order", found == expected, true)
}
