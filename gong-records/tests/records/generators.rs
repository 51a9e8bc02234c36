//! Values and records to try things on, of every kind that the builders take.

use std::ops::RangeInclusive;

use gong_records::{Account, BusinessUser, Contact, Deal, DealStatus, Lead, Stage};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::value::RawValue;

/// How many values a property is tried on: enough within a second.
pub(crate) const CASES: u32 = 48;

pub(crate) fn object_id() -> impl Strategy<Value = String> {
    prop_oneof![
        "[A-Za-z0-9_-]{1,64}",
        "[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,20}@[a-z0-9-]{1,10}(\\.[a-z0-9-]{1,10}){0,2}",
    ]
}

pub(crate) fn timestamp() -> impl Strategy<Value = String> {
    let zone = prop_oneof![
        Just("Z".to_owned()),
        (select(vec!['+', '-']), 0..24_u8, 0..60_u8)
            .prop_map(|(sign, hours, minutes)| format!("{sign}{hours:02}:{minutes:02}")),
    ];
    let number = |range: RangeInclusive<u16>| range;
    (
        number(0..=9999),
        1..=12_u8,
        1..=28_u8,
        (0..24_u8, 0..60_u8, 0..60_u8),
        zone,
    )
        .prop_map(|(year, month, day, (hour, minute, second), zone)| {
            format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{zone}")
        })
}

pub(crate) fn date() -> impl Strategy<Value = String> {
    timestamp().prop_map(|timestamp| timestamp[..10].to_owned())
}

/// A number as JSON writes it, with more digits than any type of Rust keeps.
pub(crate) fn number() -> impl Strategy<Value = String> {
    "-?(0|[1-9][0-9]{0,24})(\\.[0-9]{1,6})?([eE][+-]?[0-9]{1,2})?"
}

/// Any text, escapes and odd characters in plenty.
pub(crate) fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[\\x00-\\x7f]{0,40}",
        "[a-z \"\\\\/é\u{2028}😀]{0,20}"
    ]
}

fn url() -> impl Strategy<Value = String> {
    "https?://[a-z0-9.-]{1,20}(/[!-~é]{0,20})?"
        .prop_filter("names a host", |url| !url.contains(":///"))
}

fn email_address() -> impl Strategy<Value = String> {
    "[!-?A-~é]{1,20}@[!-?A-~é]{1,20}"
}

/// JSON of any shape, with large numbers, odd escapes and white space.
pub(crate) fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        select(vec![
            "null",
            "true",
            "false",
            "-1.5E+300",
            "1.10",
            "-0",
            "\"\\u00e9\\/\"",
            "\"\\ud83d\\ude00\""
        ])
        .prop_map(str::to_owned),
        number(),
        text().prop_map(|text| serde_json::to_string(&text).unwrap()),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(", "))),
            vec((text(), inner), 0..4).prop_map(|entries| {
                let entries: Vec<String> = entries
                    .into_iter()
                    .map(|(name, value)| {
                        format!("{} : {value}", serde_json::to_string(&name).unwrap())
                    })
                    .collect();
                format!("{{{}}}", entries.join(","))
            }),
        ]
    })
}

/// Custom fields with unique names that are not names of standard fields.
pub(crate) fn custom() -> impl Strategy<Value = Vec<(String, Box<RawValue>)>> {
    vec((text(), json()), 0..5).prop_map(|fields| {
        let raw = |json| RawValue::from_string(json).unwrap();
        fields
            .into_iter()
            .enumerate()
            .map(|(index, (name, json))| (format!("c{index}{name}"), raw(json)))
            .collect()
    })
}

/// Returns a builder the custom fields and builds the record.
macro_rules! with_custom {
    ($builder:expr, $custom:expr) => {{
        let mut builder = $builder;
        for (name, value) in $custom {
            builder = builder.custom(name, value);
        }
        builder.build().unwrap()
    }};
}

pub(crate) fn account() -> impl Strategy<Value = Account> {
    (
        (object_id(), timestamp(), of(any::<bool>()), of(url())),
        (of(text()), of(vec(text(), 0..3)), custom()),
    )
        .prop_map(|((id, modified, deleted, url), (name, domains, custom))| {
            let builder = Account::builder()
                .object_id(id)
                .modified_date(modified)
                .is_deleted(deleted)
                .url(url)
                .name(name)
                .domains(domains);
            with_custom!(builder, custom)
        })
}

pub(crate) fn business_user() -> impl Strategy<Value = BusinessUser> {
    (
        object_id(),
        timestamp(),
        of(url()),
        email_address(),
        custom(),
    )
        .prop_map(|(id, modified, url, email, custom)| {
            let builder = BusinessUser::builder()
                .object_id(id)
                .modified_date(modified)
                .url(url)
                .email_address(email);
            with_custom!(builder, custom)
        })
}

pub(crate) fn contact() -> impl Strategy<Value = Contact> {
    (
        (object_id(), timestamp(), of(url()), of(object_id())),
        (
            of(email_address()),
            of(text()),
            of(text()),
            of(text()),
            of(text()),
        ),
        custom(),
    )
        .prop_map(
            |((id, modified, url, account), (email, first, last, title, phone), custom)| {
                let builder = Contact::builder()
                    .object_id(id)
                    .modified_date(modified)
                    .url(url)
                    .account_id(account)
                    .email_address(email)
                    .first_name(first)
                    .last_name(last)
                    .title(title)
                    .phone_number(phone);
                with_custom!(builder, custom)
            },
        )
}

pub(crate) fn deal() -> impl Strategy<Value = Deal> {
    let statuses = vec![DealStatus::Won, DealStatus::Lost, DealStatus::Open];
    (
        (
            object_id(),
            timestamp(),
            of(url()),
            of(object_id()),
            of(object_id()),
        ),
        (
            of(text()),
            of(timestamp()),
            of(date()),
            of(select(statuses)),
        ),
        (of(object_id()), of(number()), custom()),
    )
        .prop_map(
            |(
                (id, modified, url, account, owner),
                (name, created, close, status),
                (stage, amount, custom),
            )| {
                let builder = Deal::builder()
                    .object_id(id)
                    .modified_date(modified)
                    .url(url)
                    .account_id(account)
                    .owner_id(owner)
                    .name(name)
                    .created_date(created)
                    .close_date(close)
                    .status(status)
                    .stage(stage)
                    .amount(amount);
                with_custom!(builder, custom)
            },
        )
}

pub(crate) fn lead() -> impl Strategy<Value = Lead> {
    (
        (object_id(), timestamp(), of(url()), of(email_address())),
        (of(text()), of(text()), of(text()), of(text())),
        (of(object_id()), of(object_id()), of(object_id()), custom()),
    )
        .prop_map(
            |(
                (id, modified, url, email),
                (first, last, title, phone),
                (deal, contact, account, custom),
            )| {
                let builder = Lead::builder()
                    .object_id(id)
                    .modified_date(modified)
                    .url(url)
                    .email_address(email)
                    .first_name(first)
                    .last_name(last)
                    .title(title)
                    .phone_number(phone)
                    .converted_to_deal_id(deal)
                    .converted_to_contact_id(contact)
                    .converted_to_account_id(account);
                with_custom!(builder, custom)
            },
        )
}

pub(crate) fn stage() -> impl Strategy<Value = Stage> {
    (
        (
            object_id(),
            text().prop_filter("names the stage", |name| !name.is_empty()),
        ),
        (
            of(any::<bool>()),
            of(1..=i64::from(i32::MAX)),
            of(timestamp()),
            custom(),
        ),
    )
        .prop_map(|((id, name), (active, order, modified, custom))| {
            let builder = Stage::builder()
                .object_id(id)
                .name(name)
                .is_active(active)
                .sort_order(order)
                .modified_date(modified);
            with_custom!(builder, custom)
        })
}
