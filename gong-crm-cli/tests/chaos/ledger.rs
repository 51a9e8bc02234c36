//! What becomes of a push whose ledger can't be written?

use gong_crm::ledger::JobState;

use crate::crm::{Dice, Way};
use crate::life::Life;

#[test]
fn without_a_ledger_nothing_is_sent() {
    let life = Life::new("no ledger", &mut Dice::new(7), Way::Folder);
    // No folder, not even root's, can be made where a file is, and no file where a folder is.
    std::fs::create_dir(life.path("ledger.sqlite")).unwrap();
    let ended = life.push(&[]);
    assert_eq!(ended.code, Some(1), "{ended:#?}");
    assert!(ended.stderr.contains("ledger.sqlite"), "{ended:#?}");
    assert!(ended.stderr.contains("--ledger"), "{ended:#?}");
    assert_eq!(life.simulator.request_count(), 0);
    std::fs::remove_dir(life.path("ledger.sqlite")).unwrap();
    life.heal();
}

/// The disk has room for so many blocks of a file more, and for no more.
#[cfg(unix)]
#[test]
fn a_disk_that_is_full_at_any_write_of_the_ledger_loses_nothing() {
    let mut ends = std::collections::BTreeMap::new();
    let mut sent_nothing = 0;
    for way in [Way::Folder, Way::Input] {
        for blocks in (0..400).step_by(12) {
            let name = format!("{way:?} with room for {blocks} blocks");
            let life = Life::new(name, &mut Dice::new(7), way);
            let full = format!("trap '' XFSZ\nulimit -f {blocks}");
            let ended = life.end(life.start_push_in(Some(&full), &[]));
            let name = &life.name;
            let code = ended.code.unwrap_or_else(|| panic!("{name}: {ended:#?}"));
            *ends.entry(code).or_insert(0) += 1;
            let sent = life.simulator.uploads().len();
            sent_nothing += u32::from(sent == 0);
            if code == 1 {
                assert!(
                    ended.stderr.contains("ledger") || ended.stderr.contains("input"),
                    "{name}: {ended:#?}"
                );
            }
            // Gong has nothing of which the ledger does not know.
            let jobs = life.jobs();
            let left = |job: &&gong_crm::ledger::Job| job.state != JobState::Planned;
            assert!(
                jobs.iter().filter(left).count() >= sent,
                "{name}: {jobs:#?}"
            );
            life.heal();
        }
    }
    assert!(
        sent_nothing > 0 && ends.contains_key(&0) && ends.contains_key(&1),
        "{ends:?}"
    );
}
