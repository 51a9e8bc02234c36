//! Records through JSON and back.

use gong_records::{Account, Deal, Record};
use proptest::prelude::*;

use crate::generators;

/// Both ways to JSON give the same line, and the line gives the same record.
fn comes_back<T: Record + PartialEq>(record: &T) -> Result<(), TestCaseError> {
    let mut line = Vec::new();
    record.write_line(&mut line);
    let json = serde_json::to_string(record).unwrap();
    let line = String::from_utf8(line).unwrap();
    prop_assert_eq!(&line, &format!("{json}\n"));
    prop_assert_eq!(line.lines().count(), 1);
    prop_assert_eq!(&serde_json::from_str::<T>(&json).unwrap(), record);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(generators::CASES))]

    #[test]
    fn account_survives_a_round_trip(record in generators::account()) {
        comes_back(&record)?;
    }

    #[test]
    fn business_user_survives_a_round_trip(record in generators::business_user()) {
        comes_back(&record)?;
    }

    #[test]
    fn contact_survives_a_round_trip(record in generators::contact()) {
        comes_back(&record)?;
    }

    #[test]
    fn deal_survives_a_round_trip(record in generators::deal()) {
        comes_back(&record)?;
    }

    #[test]
    fn lead_survives_a_round_trip(record in generators::lead()) {
        comes_back(&record)?;
    }

    #[test]
    fn stage_survives_a_round_trip(record in generators::stage()) {
        comes_back(&record)?;
    }

    #[test]
    fn every_value_of_a_line_is_kept_byte_for_byte(
        id in generators::object_id(),
        modified in generators::timestamp(),
        amount in generators::number(),
        custom in generators::custom(),
    ) {
        let mut line = format!("{{\"objectId\":\"{id}\",\"modifiedDate\":\"{modified}\",\"amount\":{amount}");
        for (name, value) in &custom {
            line.push_str(&format!(",{}:{value}", serde_json::to_string(name).unwrap()));
        }
        line.push_str("}\n");
        let record: Deal = serde_json::from_str(&line).unwrap();
        let mut written = Vec::new();
        record.write_line(&mut written);
        prop_assert_eq!(String::from_utf8(written).unwrap(), line);
    }
}

#[test]
fn amounts_offsets_and_custom_values_are_kept_byte_for_byte() {
    let line = concat!(
        r#"{"objectId":"d-1","modifiedDate":"2026-03-01T09:30:00-03:30","amount":1250.10,"#,
        r#""big":1e400,"exact":1.10,"escaped":"\u00e9\/\ud83d\ude00","plain":"é😀","#,
        r#""nested":{"b":[1.0,{"a":null}],"a":-0},"nothing":null}"#
    );
    let deal: Deal = serde_json::from_str(line).unwrap();
    assert_eq!(serde_json::to_string(&deal).unwrap(), line);
}

#[test]
fn a_line_break_within_a_custom_value_does_not_break_the_line() {
    let value = serde_json::value::RawValue::from_string("[\n  1.10,\r\n  \"a b\"\n]".to_owned());
    let account = Account::builder()
        .object_id("a")
        .modified_date("2026-03-01T09:30:00Z")
        .custom("list", value.unwrap())
        .build()
        .unwrap();
    let mut line = Vec::new();
    account.write_line(&mut line);
    assert!(
        String::from_utf8(line)
            .unwrap()
            .ends_with("\"list\":[1.10,\"a b\"]}\n")
    );
}
