//! Does the fast way of reading a line ever accept what the exact way finds wrong?
//!
//! The first byte chooses the type and whether there is an entity schema; the rest is the line. It
//! is read twice, because names are learned from the first reading.

#![no_main]

use gong_crm::check::differential::Differential;
use gong_crm::schema::EntitySchema;
use gong_crm::ObjectType;
use libfuzzer_sys::fuzz_target;

const SCHEMA: &str = r#"{"DEAL":[
    {"uniqueName":"p","label":"P","type":"PERCENT"},
    {"uniqueName":"d","label":"D","type":"DATE"},
    {"uniqueName":"w","label":"W","type":"PICKLIST","orderedValueList":["A"]},
    {"uniqueName":"l","label":"L","type":"STRINGARRAY"}]}"#;

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, line)) = bytes.split_first() else {
        return;
    };
    let object_type = ObjectType::ALL[usize::from(choice % 6)];
    let schema = EntitySchema::from_json(SCHEMA).ok().filter(|_| *choice > 127);
    let mut differential = Differential::new(object_type, schema);
    for _ in 0..2 {
        if let Err(disagreement) = differential.compare(line) {
            panic!("{object_type}: {disagreement}");
        }
    }
});
