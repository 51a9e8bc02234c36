//! Whatever the builders make, the JSON Schemas take.

use gong_records::Record;
use jsonschema::Validator;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use crate::generators;

fn validator<T: Record>() -> Validator {
    let schema = serde_json::from_str(T::LINE_FORMAT.json_schema_text()).unwrap();
    jsonschema::validator_for(&schema).unwrap()
}

fn is_taken<T: Record>(validator: &Validator, record: &T) -> Result<(), TestCaseError> {
    // A stock validator reads numbers as its language does, so 1e400 is beyond it.
    let text = serde_json::to_string(record)
        .unwrap()
        .replace("1e400", "1e40");
    let Ok(line) = serde_json::from_str(&text) else {
        return Ok(());
    };
    let refused: Vec<String> = validator
        .iter_errors(&line)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    prop_assert!(refused.is_empty(), "{text}: {refused:?}");
    Ok(())
}

/// Makes the validator once: it takes longer than all checks together.
macro_rules! the_schema_takes {
    ($($test:ident: $records:expr;)*) => {$(
        #[test]
        fn $test() {
            fn all<T: Record>(records: impl Strategy<Value = T>) {
                let validator = validator::<T>();
                let config = ProptestConfig::with_cases(generators::CASES);
                let result = TestRunner::new(config).run(&records, |record| is_taken(&validator, &record));
                assert!(result.is_ok(), "{result:?}");
            }
            all($records);
        }
    )*};
}
the_schema_takes! {
    the_schema_takes_every_account_that_is_built: generators::account();
    the_schema_takes_every_business_user_that_is_built: generators::business_user();
    the_schema_takes_every_contact_that_is_built: generators::contact();
    the_schema_takes_every_deal_that_is_built: generators::deal();
    the_schema_takes_every_lead_that_is_built: generators::lead();
    the_schema_takes_every_stage_that_is_built: generators::stage();
}
