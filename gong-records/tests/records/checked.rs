//! Whatever the builders make, the check takes.

use std::path::Path;

use gong_records::Record;
use gong_records::check::{self, Options};
use proptest::prelude::*;

use crate::made;

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
    #![proptest_config(ProptestConfig::with_cases(made::CASES))]

    #[test]
    fn the_check_takes_every_account_that_is_built(record in made::account()) {
        is_taken(&record)?;
    }

    #[test]
    fn the_check_takes_every_business_user_that_is_built(record in made::business_user()) {
        is_taken(&record)?;
    }

    #[test]
    fn the_check_takes_every_contact_that_is_built(record in made::contact()) {
        is_taken(&record)?;
    }

    #[test]
    fn the_check_takes_every_deal_that_is_built(record in made::deal()) {
        is_taken(&record)?;
    }

    #[test]
    fn the_check_takes_every_lead_that_is_built(record in made::lead()) {
        is_taken(&record)?;
    }

    #[test]
    fn the_check_takes_every_stage_that_is_built(record in made::stage()) {
        is_taken(&record)?;
    }
}
