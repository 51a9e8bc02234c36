//! Pushes whose ledger cannot be written.

use gong_crm::ledger::UploadState;

use crate::crm::{SeededRng, Source};
use crate::harness::Harness;

#[test]
fn nothing_is_sent_without_a_ledger() {
    let harness = Harness::new("no ledger", &mut SeededRng::new(7), Source::Folder);
    // Nobody, not even root, can create a file where a directory is.
    std::fs::create_dir(harness.path("ledger.sqlite")).unwrap();
    let ended = harness.push(&[]);
    assert_eq!(ended.code, Some(1), "{ended:#?}");
    assert!(ended.stderr.contains("ledger.sqlite"), "{ended:#?}");
    assert!(ended.stderr.contains("--ledger"), "{ended:#?}");
    assert_eq!(harness.simulator.request_count(), 0);
    std::fs::remove_dir(harness.path("ledger.sqlite")).unwrap();
    harness.recover();
}

/// Files cannot grow beyond a number of blocks.
#[cfg(unix)]
#[test]
fn full_disk_at_any_write_loses_nothing() {
    let mut ends = std::collections::BTreeMap::new();
    let mut sent_nothing = 0;
    for source in [Source::Folder, Source::Input] {
        for blocks in (0..4_000).step_by(125) {
            let name = format!("{source:?} with room for {blocks} blocks");
            let harness = Harness::new(name, &mut SeededRng::new(7), source);
            let full = format!("ulimit -f {blocks}");
            let ended = harness.end(harness.start_push_in(Some(&full), &[]));
            let name = &harness.name;
            let code = ended.code.unwrap_or_else(|| panic!("{name}: {ended:#?}"));
            *ends.entry(code).or_insert(0) += 1;
            let sent = harness.simulator.uploads().len();
            sent_nothing += u32::from(sent == 0);
            if code == 1 {
                assert!(
                    ended.stderr.contains("ledger") || ended.stderr.contains("spool"),
                    "{name}: {ended:#?}"
                );
            }
            // Gong has nothing that the ledger does not know.
            let uploads = harness.uploads();
            let left = |upload: &&gong_crm::ledger::Upload| upload.state != UploadState::Planned;
            assert!(
                uploads.iter().filter(left).count() >= sent,
                "{name}: {uploads:#?}"
            );
            harness.recover();
        }
    }
    assert!(
        sent_nothing > 0 && ends.contains_key(&0) && ends.contains_key(&1),
        "{ends:?}"
    );
}
