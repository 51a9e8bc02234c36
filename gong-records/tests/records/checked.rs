//! Whatever the builders make, the check takes.

use std::path::Path;

use gong_records::Record;
use gong_records::check::{self, Options};
use proptest::prelude::*;

use crate::generators;

fn is_taken<T: Record>(record: &T) -> Result<(), TestCaseError> {
    let mut line = Vec::new();
    record.write_line(&mut line);
    let mut errors = Vec::new();
    check::check_reader(
        line.as_slice(),
        Path::new("-"),
        T::OBJECT_TYPE,
        &Options::default(),
        &mut |finding| {
            if finding.severity == check::Severity::Error {
                errors.push(format!(
                    "{:?} {}: {}",
                    finding.field, finding.rule, finding.message
                ));
            }
        },
    )
    .unwrap();
    let line = String::from_utf8_lossy(&line);
    prop_assert!(errors.is_empty(), "{line}: {errors:?}");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(generators::CASES))]

    #[test]
    fn check_accepts_every_built_account(record in generators::account()) {
        is_taken(&record)?;
    }

    #[test]
    fn check_accepts_every_built_business_user(record in generators::business_user()) {
        is_taken(&record)?;
    }

    #[test]
    fn check_accepts_every_built_contact(record in generators::contact()) {
        is_taken(&record)?;
    }

    #[test]
    fn check_accepts_every_built_deal(record in generators::deal()) {
        is_taken(&record)?;
    }

    #[test]
    fn check_accepts_every_built_lead(record in generators::lead()) {
        is_taken(&record)?;
    }

    #[test]
    fn check_accepts_every_built_stage(record in generators::stage()) {
        is_taken(&record)?;
    }
}
