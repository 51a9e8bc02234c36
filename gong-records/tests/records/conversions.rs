//! What setters take.

#![expect(
    clippy::needless_borrows_for_generic_args,
    reason = "that borrowed values are taken is what is tried"
)]

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use gong_records::{
    Account, Amount, CloseDate, Deal, Input, ObjectId, Rule, Stage, Timestamp, Violation,
};
use serde_json::value::RawValue;

/// The deal with this amount, as its JSON value.
fn amount(amount: impl Into<Input<Amount>>) -> String {
    let deal = Deal::builder()
        .object_id("d")
        .modified_date("2026-03-01T09:30:00Z")
        .amount(amount)
        .build()
        .unwrap();
    deal.amount().unwrap().to_string()
}

fn id(id: impl Into<Input<ObjectId>>) -> String {
    let stage = Stage::builder().object_id(id).name("S").build().unwrap();
    stage.object_id().to_string()
}

fn modified(modified: impl Into<Input<Timestamp>>) -> String {
    let deletion = Account::deletion("a", modified).unwrap();
    deletion.modified_date().to_string()
}

fn close_date(date: impl Into<Input<CloseDate>>) -> String {
    let deal = Deal::builder()
        .object_id("d")
        .modified_date("2026-03-01T09:30:00Z")
        .close_date(date)
        .build()
        .unwrap();
    deal.close_date().unwrap().to_string()
}

fn name(name: impl Into<Input<String>>) -> String {
    let stage = Stage::builder().object_id("s").name(name).build().unwrap();
    stage.name().to_owned()
}

#[test]
fn ids_come_as_text_and_as_numbers() {
    assert_eq!(id("a-1"), "a-1");
    assert_eq!(id("a-1".to_owned()), "a-1");
    assert_eq!(id(&"a-1".to_owned()), "a-1");
    assert_eq!(id(Cow::Borrowed("a-1")), "a-1");
    assert_eq!(id("a-1".parse::<ObjectId>().unwrap()), "a-1");
    assert_eq!(id(&"a-1".parse::<ObjectId>().unwrap()), "a-1");
    assert_eq!(id(7), "7");
    assert_eq!(id(7_usize), "7");
    assert_eq!(id(u128::MAX), "340282366920938463463374607431768211455");
    assert_eq!(id(9_007_199_254_740_993_i64), "9007199254740993");
}

#[test]
fn texts_come_owned_and_borrowed() {
    for found in [
        name("Ünï"),
        name("Ünï".to_owned()),
        name(&"Ünï".to_owned()),
        name(Cow::Borrowed("Ünï")),
        name(Cow::<str>::Owned("Ünï".to_owned())),
        name(Box::<str>::from("Ünï")),
    ] {
        assert_eq!(found, "Ünï");
    }
}

#[test]
fn amounts_keep_what_they_were_given_as() {
    assert_eq!(amount("1250.10"), "1250.10");
    assert_eq!(amount(7000), "7000");
    assert_eq!(amount(70_u8), "70");
    assert_eq!(amount(-7000_i64), "-7000");
    assert_eq!(amount(i128::MIN), i128::MIN.to_string());
    assert_eq!(amount(45.66), "45.66");
    assert_eq!(amount(0.1_f32), "0.1");
    assert_eq!(amount(1e300), "1e+300");
    assert_eq!(amount(serde_json::Number::from(12)), "12");
    for infinite in [f64::NAN, f64::INFINITY] {
        let refused = Deal::builder()
            .object_id("d")
            .modified_date("2026-03-01T09:30:00Z")
            .amount(infinite)
            .build()
            .unwrap_err();
        assert_eq!(refused.violations()[0].rule(), Rule::NumberFormat);
    }
    let refused = Deal::builder()
        .object_id("d")
        .modified_date("2026-03-01T09:30:00Z")
        .amount(f32::NAN)
        .build();
    assert!(refused.is_err());
}

#[test]
fn unreadable_custom_values_are_rejected() {
    for (json, rules) in [
        ("1e400", &[Rule::CustomValue][..]),
        ("[1,{\"a\":-2E+999}]", &[Rule::CustomValue]),
        (r#""\ud83d""#, &[Rule::CustomValue]),
        ("1e300", &[]),
        (r#""1e400 \ud83d\ude00""#, &[]),
    ] {
        let raw = RawValue::from_string(json.to_owned()).unwrap();
        let built = Account::builder()
            .object_id("a-1")
            .modified_date("2026-03-01T09:30:00Z")
            .custom("size", &raw)
            .build();
        let violations = built.err().map(|refused| refused.violations().to_vec());
        let broken: Vec<Rule> = violations.iter().flatten().map(Violation::rule).collect();
        assert_eq!(broken, rules, "{json}");
    }
}

#[test]
fn times_keep_their_offset_and_lose_their_fraction() {
    let zoned: jiff::Zoned = "2026-03-01T09:30:00.9+05:30[Asia/Kolkata]".parse().unwrap();
    assert_eq!(modified(&zoned), "2026-03-01T09:30:00+05:30");
    assert_eq!(modified(zoned.timestamp()), "2026-03-01T04:00:00Z");
    assert_eq!(modified(zoned), "2026-03-01T09:30:00+05:30");
    assert_eq!(
        modified(SystemTime::UNIX_EPOCH + Duration::from_millis(1_700_000_000_999)),
        "2023-11-14T22:13:20Z"
    );
    assert_eq!(
        modified("2026-03-01T09:30:00-03:00"),
        "2026-03-01T09:30:00-03:00"
    );
    let parsed: Timestamp = "2026-03-01T09:30:00-03:00".parse().unwrap();
    assert_eq!(modified(parsed), "2026-03-01T09:30:00-03:00");
    assert_eq!(modified(&parsed), "2026-03-01T09:30:00-03:00");
}

#[test]
fn time_beyond_the_calendar_of_iso_8601_is_rejected() {
    let far = jiff::Timestamp::MIN;
    let refused = Account::deletion("a", far).unwrap_err();
    assert_eq!(refused.violations()[0].field(), "modifiedDate");
}

#[test]
fn close_dates_come_as_days() {
    assert_eq!(close_date("2026-09-30"), "2026-09-30");
    assert_eq!(close_date(jiff::civil::date(2026, 9, 30)), "2026-09-30");
    let parsed: CloseDate = "2026-09-30".parse().unwrap();
    assert_eq!(close_date(parsed), "2026-09-30");
}

#[test]
fn lists_come_in_every_shape() {
    let domains = |account: Account| account.domains().unwrap().join(" ");
    let bare = || {
        Account::builder()
            .object_id("a")
            .modified_date("2026-03-01T09:30:00Z")
    };
    let owned = vec!["a.example".to_owned(), "b.example".to_owned()];
    for account in [
        bare().domains(["a.example", "b.example"]),
        bare().domains(vec!["a.example", "b.example"]),
        bare().domains(owned.as_slice()),
        bare().domains(&["a.example", "b.example"][..]),
        bare().domains(owned),
    ] {
        assert_eq!(domains(account.build().unwrap()), "a.example b.example");
    }
}

#[test]
fn values_that_may_be_missing_have_setters_of_their_own() {
    let stage = Stage::builder()
        .object_id("s")
        .name("S")
        .sort_order(None::<i64>)
        .is_active(Some(true))
        .build()
        .unwrap();
    assert_eq!((stage.sort_order(), stage.is_active()), (None, Some(true)));
}

#[cfg(feature = "chrono")]
#[test]
fn chrono_times_and_days_are_accepted() {
    use chrono::{DateTime, FixedOffset, NaiveDate, Utc};
    let moment =
        DateTime::<FixedOffset>::parse_from_rfc3339("2026-03-01T09:30:00.999+01:00").unwrap();
    assert_eq!(modified(moment), "2026-03-01T09:30:00+01:00");
    assert_eq!(
        modified(moment.with_timezone(&Utc)),
        "2026-03-01T08:30:00+00:00"
    );
    assert_eq!(
        close_date(NaiveDate::from_ymd_opt(2026, 9, 30).unwrap()),
        "2026-09-30"
    );
}

#[cfg(feature = "rust_decimal")]
#[test]
fn decimals_keep_their_digits() {
    let exact: rust_decimal::Decimal = "1250.10".parse().unwrap();
    assert_eq!(amount(exact), "1250.10");
    assert_eq!(amount(rust_decimal::Decimal::new(-5, 3)), "-0.005");
}

#[test]
fn a_required_name_must_not_be_empty() {
    let refused = Stage::builder()
        .object_id("s")
        .name("")
        .build()
        .unwrap_err();
    assert_eq!(refused.violations()[0].rule(), Rule::MissingField);
    let line = r#"{"objectId":"s","name":""}"#;
    assert!(serde_json::from_str::<Stage>(line).is_err());
}
