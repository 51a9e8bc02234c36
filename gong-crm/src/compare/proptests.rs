//! Properties of the compared form and of the sent form, on random records in random spellings.

use std::collections::{BTreeMap, BTreeSet};

use fastrand::Rng;
use proptest::prelude::*;
use serde::de::IgnoredAny;

use super::tests::{facts, hash, no_generations};
use super::{Edits, HashKey, Reader, sent_form};
use crate::{ObjectType, Rule};

/// The meaning of a value, independent of its notation.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Meaning {
    Null,
    Bool(bool),
    /// Digits without zeros at either end, and a power of ten.
    Number(i64, i64),
    Text(String),
    Instant(i64),
    Set(BTreeSet<String>),
    List(Vec<Self>),
    Object(BTreeMap<String, Self>),
}

fn number(mut digits: i64, mut exponent: i64) -> Meaning {
    if digits == 0 {
        return Meaning::Number(0, 0);
    }
    while digits % 10 == 0 {
        digits /= 10;
        exponent += 1;
    }
    Meaning::Number(digits, exponent)
}

type Record = BTreeMap<String, Meaning>;

/// The compared form, written a second time from its definition.
fn compared(object_type: ObjectType, record: &Record) -> Record {
    let id = record["objectId"].clone();
    let Meaning::Text(id_text) = &id else {
        panic!("an id is a text")
    };
    let mut compared = record.clone();
    compared.remove("modifiedDate");
    let standard = object_type.line_format();
    compared.retain(|name, value| *value != Meaning::Null || standard.field(name).is_some());
    let text = |text: &str| Meaning::Text(text.to_owned());
    let mut defaults = vec![("isDeleted", Meaning::Bool(false))];
    match object_type {
        ObjectType::Account => {
            defaults.push(("name", Meaning::Text(format!("Account_#{id_text}"))));
        }
        ObjectType::Deal => defaults.extend([
            ("name", Meaning::Text(format!("Deal_#{id_text}"))),
            ("status", text("OPEN")),
            ("amount", Meaning::Number(0, 0)),
        ]),
        _ => {}
    }
    for (name, value) in defaults {
        compared.entry(name.to_owned()).or_insert(value);
    }
    if compared["isDeleted"] == Meaning::Bool(true) {
        compared.retain(|name, _| name == "isDeleted" || name == "objectId");
    }
    compared
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        "[ -~]{1,12}",
        Just("é\"\\/\u{0}\n\u{1f600}ß".to_owned()),
        Just("2026-03-01T09:30:00Z".to_owned()),
        Just("1".to_owned()),
    ]
}

fn any_value() -> impl Strategy<Value = Meaning> {
    let leaf = prop_oneof![
        Just(Meaning::Null),
        any::<bool>().prop_map(Meaning::Bool),
        (-3_000_i64..3_000, -80_i64..80).prop_map(|(digits, exponent)| number(digits, exponent)),
        text().prop_map(Meaning::Text),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Meaning::List),
            prop::collection::btree_map(text(), inner, 0..4).prop_map(Meaning::Object),
        ]
    })
}

/// A field and a value that it can have.
fn field(object_type: ObjectType) -> BoxedStrategy<(String, Meaning)> {
    let custom = (
        prop_oneof![Just("region"), Just("Größe"), Just("x\"y"), Just("")],
        any_value(),
    );
    let flag = prop_oneof![9 => Just(false), 1 => Just(true)];
    let standard = match object_type {
        ObjectType::Deal => prop_oneof![
            (
                Just("status"),
                prop_oneof![Just("OPEN"), Just("WON")]
                    .prop_map(|word| Meaning::Text(word.to_owned()))
            ),
            (
                Just("amount"),
                (0_i64..3, -2_i64..3).prop_map(|(digits, exponent)| number(digits, exponent))
            ),
            (
                Just("createdDate"),
                (-100_000_i64..4_000_000_000).prop_map(Meaning::Instant)
            ),
            (
                Just("name"),
                prop_oneof![Just("Deal_#D-1".to_owned()), text()].prop_map(Meaning::Text)
            ),
            (
                Just("stage"),
                prop_oneof![Just(Meaning::Null), text().prop_map(Meaning::Text)]
            ),
        ]
        .boxed(),
        _ => prop_oneof![
            (
                Just("name"),
                prop_oneof![Just("Account_#D-1".to_owned()), text()].prop_map(Meaning::Text)
            ),
            (
                Just("domains"),
                prop::collection::btree_set(text(), 0..4).prop_map(Meaning::Set)
            ),
        ]
        .boxed(),
    };
    prop_oneof![
        4 => custom,
        4 => standard,
        1 => (Just("isDeleted"), flag.prop_map(Meaning::Bool)),
        1 => (Just("modifiedDate"), (0_i64..2_000_000_000).prop_map(Meaning::Instant)),
    ]
    .prop_map(|(name, value)| (name.to_owned(), value))
    .boxed()
}

fn typed_record() -> impl Strategy<Value = (ObjectType, Record)> {
    prop_oneof![Just(ObjectType::Deal), Just(ObjectType::Account)].prop_flat_map(|object_type| {
        prop::collection::vec(field(object_type), 0..8).prop_map(move |fields| {
            let mut record: Record = fields.into_iter().collect();
            record.insert("objectId".to_owned(), Meaning::Text("D-1".to_owned()));
            (object_type, record)
        })
    })
}

/// Writes values in one of their many spellings.
struct Writer {
    rng: Rng,
    out: String,
}

impl Writer {
    fn space(&mut self) {
        for _ in 0..self.rng.usize(0..3).saturating_sub(1) {
            self.out.push(if self.rng.bool() { ' ' } else { '\t' });
        }
    }

    fn text(&mut self, text: &str) {
        self.out.push('"');
        for character in text.chars() {
            let must = matches!(character, '"' | '\\') || character < ' ';
            if must || self.rng.u8(0..8) == 0 {
                match (character, self.rng.bool()) {
                    ('"' | '\\' | '/', true) => {
                        self.out.push('\\');
                        self.out.push(character);
                    }
                    ('\n', true) => self.out.push_str("\\n"),
                    _ => {
                        for unit in character.encode_utf16(&mut [0; 2]) {
                            if self.rng.bool() {
                                self.out.push_str(&format!("\\u{unit:04x}"));
                            } else {
                                self.out.push_str(&format!("\\u{unit:04X}"));
                            }
                        }
                    }
                }
            } else {
                self.out.push(character);
            }
        }
        self.out.push('"');
    }

    fn number(&mut self, digits: i64, exponent: i64) {
        let zeros = self.rng.usize(0..4);
        let sign = if digits < 0 || (digits == 0 && self.rng.bool()) {
            "-"
        } else {
            ""
        };
        let digits = format!("{}{}", digits.unsigned_abs(), "0".repeat(zeros));
        let exponent = exponent - i64::try_from(zeros).unwrap();
        let spelling = match (
            self.rng.u8(0..3),
            usize::try_from(exponent),
            usize::try_from(-exponent),
        ) {
            (0, Ok(zeros), _) if digits != "0" => format!("{digits}{}", "0".repeat(zeros)),
            (0, _, Ok(places)) if places > 0 && digits.len() > places => {
                let (whole, fraction) = digits.split_at(digits.len() - places);
                format!("{whole}.{fraction}")
            }
            (1, ..) => {
                let (first, rest) = digits.split_at(1);
                let rest = if rest.is_empty() { "0" } else { rest };
                let exponent = exponent + i64::try_from(digits.len()).unwrap() - 1;
                format!("{first}.{rest}E{exponent:+}")
            }
            _ => format!("{digits}e{exponent:03}"),
        };
        // Zeros before other digits are not JSON.
        let spelling = if spelling.starts_with("00") {
            "0.0".to_owned()
        } else {
            spelling
        };
        self.out.push_str(sign);
        self.out.push_str(&spelling);
    }

    fn instant(&mut self, seconds: i64) {
        let minutes = self.rng.i64(-720..720);
        let local = jiff::Timestamp::from_second(seconds + minutes * 60).unwrap();
        let local = local.to_string();
        let local = local.trim_end_matches('Z');
        let zone = if minutes == 0 {
            "Z".to_owned()
        } else {
            let sign = if minutes < 0 { '-' } else { '+' };
            format!("{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
        };
        self.text(&format!("{local}{zone}"));
    }

    fn value(&mut self, value: &Meaning) {
        match value {
            Meaning::Null => self.out.push_str("null"),
            Meaning::Bool(value) => self.out.push_str(&value.to_string()),
            Meaning::Number(digits, exponent) => self.number(*digits, *exponent),
            Meaning::Text(text) => self.text(text),
            Meaning::Instant(seconds) => self.instant(*seconds),
            Meaning::Set(texts) => {
                let mut texts: Vec<_> = texts.iter().collect();
                if let Some(repeated) = self.rng.choice(texts.clone()) {
                    texts.push(repeated);
                }
                self.rng.shuffle(&mut texts);
                let texts: Vec<_> = texts.into_iter().cloned().map(Meaning::Text).collect();
                self.value(&Meaning::List(texts));
            }
            Meaning::List(values) => {
                self.out.push('[');
                for (index, value) in values.iter().enumerate() {
                    self.comma(index);
                    self.value(value);
                    self.space();
                }
                self.out.push(']');
            }
            Meaning::Object(members) => self.object(members),
        }
    }

    fn object(&mut self, members: &Record) {
        let mut members: Vec<_> = members.iter().collect();
        self.rng.shuffle(&mut members);
        self.out.push('{');
        for (index, (name, value)) in members.into_iter().enumerate() {
            self.comma(index);
            self.text(name);
            self.space();
            self.out.push(':');
            self.space();
            self.value(value);
            self.space();
        }
        self.out.push('}');
    }

    fn comma(&mut self, index: usize) {
        if index > 0 {
            self.out.push(',');
        }
        self.space();
    }
}

/// One of the lines that mean this record.
fn line(object_type: ObjectType, record: &Record, seed: u64) -> String {
    let mut writer = Writer {
        rng: Rng::with_seed(seed),
        out: String::new(),
    };
    let mut record = record.clone();
    for (name, value) in compared(object_type, &record) {
        // Any default may be written out, or omitted.
        if writer.rng.bool() && record.get("isDeleted") != Some(&Meaning::Bool(true)) {
            record.entry(name).or_insert(value);
        }
    }
    if writer.rng.bool() {
        record.entry("phantom".to_owned()).or_insert(Meaning::Null);
    }
    record.insert(
        "modifiedDate".to_owned(),
        Meaning::Instant(writer.rng.i64(0..2_000_000_000)),
    );
    writer.object(&record);
    writer.out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn spelling_does_not_count((object_type, record) in typed_record(), seeds in any::<[u64; 2]>()) {
        let [one, other] = seeds.map(|seed| line(object_type, &record, seed));
        prop_assert_eq!(hash(object_type, &one), hash(object_type, &other), "{}\n{}", one, other);
    }

    #[test]
    fn hashes_are_equal_exactly_if_the_compared_forms_are(
        (object_type, record, changes) in typed_record().prop_flat_map(|(object_type, record)| {
            let changes = prop::collection::vec((field(object_type), any::<bool>()), 0..3);
            (Just(object_type), Just(record), changes)
        }),
        seeds in any::<[u64; 2]>(),
    ) {
        let mut other = record.clone();
        for ((name, value), is_removed) in changes {
            if is_removed {
                other.remove(&name);
            } else {
                other.insert(name, value);
            }
        }
        let forms = [compared(object_type, &record), compared(object_type, &other)];
        let lines = [line(object_type, &record, seeds[0]), line(object_type, &other, seeds[1])];
        let is_equal = hash(object_type, &lines[0]) == hash(object_type, &lines[1]);
        prop_assert_eq!(is_equal, forms[0] == forms[1], "{}\n{}", &lines[0], &lines[1]);

        // Field by field, the same fields differ.
        let mut reader = Reader::new(HashKey::from_bytes([7; 16]), object_type, &no_generations);
        let hashes = lines.each_ref().map(|line| {
            let fields = reader.fields(line.as_bytes()).unwrap();
            let compared = fields.into_iter().filter(|field| !(field.is_custom && field.is_null));
            compared
                .map(|field| (field.name.into_owned(), field.hash))
                .collect::<BTreeMap<_, _>>()
        });
        for name in forms.iter().flat_map(BTreeMap::keys).filter(|name| *name != "objectId") {
            prop_assert_eq!(
                hashes[0].get(name) == hashes[1].get(name),
                forms[0].get(name) == forms[1].get(name),
                "{} of {}\n{}", name, &lines[0], &lines[1]
            );
        }
        prop_assert_eq!(hashes[0].len() + 1, forms[0].len());
    }

    #[test]
    fn one_reader_reads_as_many_do(records in prop::collection::vec(typed_record(), 1..6), seed in any::<u64>()) {
        let mut reader = Reader::new(HashKey::from_bytes([7; 16]), ObjectType::Deal, &no_generations);
        for (_, record) in records {
            let line = line(ObjectType::Deal, &record, seed);
            prop_assert_eq!(reader.read(line.as_bytes()).unwrap(), facts(ObjectType::Deal, &line));
        }
    }

    #[test]
    fn sent_form_differs_by_its_edits_only(
        (object_type, record) in typed_record(),
        seed in any::<u64>(),
        (with_nulls, with_defaults, with_date) in any::<(bool, bool, bool)>(),
    ) {
        let given = line(object_type, &record, seed);
        let all_defaults = ["isDeleted", "name", "status", "amount", "stage"];
        let edits = Edits {
            nulls: if with_nulls { &["region", "Größe", "x\"y", "", "absent"] } else { &[] },
            defaults: if with_defaults { &all_defaults } else { &[] },
            modified: with_date.then_some("2026-03-01T09:30:00Z"),
        };
        let mut sent = Vec::new();
        sent_form(object_type, given.as_bytes(), &edits, &mut sent).unwrap();
        let sent = String::from_utf8(sent).unwrap();
        prop_assert_eq!(sent.matches('\n').count(), 1);

        // It is the same version of the record.
        let is_deleted = facts(object_type, &given).is_deleted;
        prop_assert_eq!(hash(object_type, &sent), hash(object_type, &given), "{}\n{}", given, sent);
        prop_assert_eq!(facts(object_type, &sent).is_deleted, is_deleted);

        // Unedited parts keep their bytes: the parts of the given line are in the sent one.
        let parse = |line: &str| -> serde_json::Map<String, serde_json::Value> { serde_json::from_str(line).unwrap() };
        let (before, mut after) = (parse(&given), parse(&sent));
        for (name, value) in &before {
            let sent_value = after.remove(name);
            if !(with_date && name == "modifiedDate") {
                prop_assert_eq!(sent_value.as_ref(), Some(value));
            }
        }
        for (name, value) in after {
            let is_null = with_nulls && edits.nulls.contains(&&*name) && value.is_null();
            let is_default = with_defaults && all_defaults.contains(&&*name) && !value.is_null();
            prop_assert!(is_null || is_default, "{} in {}", name, sent);
        }
        let front = given.split("odifiedDate").next().unwrap();
        if !with_date {
            let body = given.trim_end_matches(['}', ' ', '\t']);
            prop_assert!(sent.starts_with(body), "{}\n{}", given, sent);
        } else if front.len() < given.len() {
            prop_assert!(sent.starts_with(front), "{}\n{}", given, sent);
        }
    }

    #[test]
    fn random_bytes_do_not_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        try_everything(&bytes);
    }

    #[test]
    fn damaged_lines_are_read_exactly_if_they_are_json(
        (object_type, record) in typed_record(),
        seed in any::<u64>(),
    ) {
        let given = line(object_type, &record, seed);
        let mut rng = Rng::with_seed(seed);
        for _ in 0..20 {
            let mut bytes = given.clone().into_bytes();
            for _ in 0..rng.usize(1..4) {
                let at = rng.usize(0..bytes.len());
                let byte = *rng.choice(br#"{}[]",:\\/u0123.eE+-tfn "#).unwrap();
                match rng.u8(0..4) {
                    0 => bytes[at] = byte,
                    1 => bytes.insert(at, byte),
                    2 => drop(bytes.remove(at)),
                    _ => bytes[at] = rng.u8(..),
                }
                if bytes.is_empty() {
                    break;
                }
            }
            try_everything(&bytes);
        }
    }
}

/// Reads and writes a line in every way, and compares what is called JSON with `serde_json`.
fn try_everything(bytes: &[u8]) {
    let mut reader = Reader::new(
        HashKey::from_bytes([7; 16]),
        ObjectType::Deal,
        &no_generations,
    );
    let outcome = reader.read(bytes);
    let line = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let is_json = serde_json::from_slice::<IgnoredAny>(line).is_ok();
    match &outcome {
        Ok(_) => assert!(is_json, "read though not JSON: {}", bytes.escape_ascii()),
        Err(error) if error.rule == Rule::JsonSyntax => {
            let is_one_line = !bytes.trim_ascii_end().contains(&b'\n');
            let is_object = line.trim_ascii().starts_with(b"{");
            assert!(
                !(is_json && is_one_line && is_object) || bytes.starts_with(b"\n"),
                "{error}: {}",
                bytes.escape_ascii()
            );
        }
        Err(_) => {}
    }
    assert_eq!(reader.fields(bytes).is_ok(), outcome.is_ok());
    assert!(reader.references(bytes).is_ok() || outcome.is_err());
    let edits = Edits {
        nulls: &["region"],
        defaults: &["name"],
        modified: Some("2026-03-01T09:30:00Z"),
    };
    let mut out = Vec::new();
    let is_sent = sent_form(ObjectType::Deal, bytes, &edits, &mut out).is_ok();
    if outcome.is_ok() {
        assert!(is_sent);
        let sent = Reader::new(
            HashKey::from_bytes([7; 16]),
            ObjectType::Deal,
            &no_generations,
        )
        .read(&out)
        .map(|facts| facts.hash);
        assert_eq!(sent, outcome.map(|facts| facts.hash));
    }
}
