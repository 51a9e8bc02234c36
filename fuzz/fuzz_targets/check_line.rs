//! Compares what the scanner and the exact check find in a line.
//!
//! The first byte chooses the type and whether there is an entity schema; the rest is the line. It
//! is checked twice, because the scanner learns names from the first time.

#![no_main]

use gong_crm::check::fuzzing::Setup;
use gong_crm::ObjectType;
use gong_crm::schema::EntitySchema;
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
    let setup = Setup::new(object_type, schema);
    let mut differential = setup.differential();
    for _ in 0..2 {
        if let Err(difference) = differential.compare(line) {
            panic!("{object_type}: {difference}");
        }
    }
});
