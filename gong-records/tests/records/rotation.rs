//! Records over several files, whatever they are.

use std::collections::BTreeSet;

use gong_records::{Account, EntityFile, RecordLocation};
use proptest::prelude::*;

/// Accounts of a few ids, so that some are updates of others.
fn account() -> impl Strategy<Value = Account> {
    (0..6_u8, 0..80_usize).prop_map(|(id, padding)| {
        Account::builder()
            .object_id(format!("a-{id}"))
            .modified_date("2026-03-01T09:30:00Z")
            .name("n".repeat(padding))
            .build()
            .unwrap()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn files_in_order_have_every_record_in_place(
        records in prop::collection::vec(account(), 1..40),
        max_bytes in 200..1_000_u64,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let mut file = EntityFile::rolling(folder.path().join("accounts.ldjson"))
            .unwrap()
            .with_max_bytes(max_bytes);
        let places: Vec<RecordLocation> = records.iter().map(|record| file.write(record).unwrap()).collect();
        let written = file.finish().unwrap();
        prop_assert_eq!(written.records(), records.len() as u64);

        let mut found = Vec::new();
        for (index, file) in written.files.iter().enumerate() {
            let text = std::fs::read_to_string(file.path()).unwrap();
            prop_assert!(text.len() as u64 == file.bytes() && file.bytes() <= max_bytes);
            let mut ids = BTreeSet::new();
            for (line, json) in (1..).zip(text.lines()) {
                let record: Account = serde_json::from_str(json).unwrap();
                prop_assert_eq!(file.object_id(line), Some(record.object_id().as_str()));
                prop_assert!(ids.insert(record.object_id().clone()), "an id twice in a file");
                prop_assert_eq!(places[found.len()].file, index);
                prop_assert_eq!(places[found.len()].line, line);
                found.push(record);
            }
        }
        prop_assert_eq!(found, records);
    }
}
