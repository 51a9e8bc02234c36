//! The plan against a model of what Gong does with a list of fields.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::schema::SchemaRule;

/// What a model of Gong has of a field, and since which upload its values are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Held {
    field: SchemaField,
    values_since: u32,
}

/// Gong, as its documentation describes the operation.
#[derive(Debug, Default, Clone)]
struct Model {
    fields: BTreeMap<String, Held>,
    uploads: u32,
    /// Lists no values and no targets, as Gong's own example does.
    is_sparing: bool,
}

impl Model {
    fn upload(&mut self, list: &[SchemaField]) -> Result<(), String> {
        self.uploads += 1;
        let missing = self
            .fields
            .keys()
            .find(|name| list.iter().all(|field| field.unique_name != **name));
        if let Some(name) = missing {
            return Err(format!("{name} is left out"));
        }
        for field in list {
            let name = field.unique_name.clone();
            if field.is_deleted == Some(true) {
                self.fields.remove(&name);
                continue;
            }
            let before = self.fields.get(&name);
            let values_since = match before {
                Some(held) if held.field.field_type == field.field_type => held.values_since,
                _ => self.uploads,
            };
            let held = Held {
                field: field.clone(),
                values_since,
            };
            self.fields.insert(name, held);
        }
        Ok(())
    }

    fn list(&self) -> Vec<SchemaField> {
        let mut fields: Vec<SchemaField> = self
            .fields
            .values()
            .map(|held| held.field.clone())
            .collect();
        if self.is_sparing {
            for field in &mut fields {
                field.ordered_value_list.clear();
                field.reference_to = None;
            }
        }
        // Gong may list its own fields as well.
        fields.push(SchemaField::new("name", "Name", "STRING"));
        fields
    }
}

fn field() -> impl Strategy<Value = SchemaField> {
    let name = prop_oneof![Just("a"), Just("b"), Just("c"), Just("d"), Just("e")];
    let field_type = prop_oneof![
        Just("STRING"),
        Just("NUMBER"),
        Just("PICKLIST"),
        Just("REFERENCE")
    ];
    (name, field_type, 0..3_u8, any::<bool>()).prop_map(|(name, field_type, label, more)| {
        let field = SchemaField::new(name, format!("Label {label}"), field_type);
        match field_type {
            "PICKLIST" if more => field.with_values(["x", "y"]),
            "PICKLIST" => field.with_values(["y"]),
            "REFERENCE" => field.with_reference_to("USER"),
            _ => field,
        }
    })
}

/// Fields of different names.
fn fields() -> impl Strategy<Value = Vec<SchemaField>> {
    prop::collection::vec(field(), 0..6).prop_map(|fields| {
        let by_name: BTreeMap<String, SchemaField> = fields
            .into_iter()
            .map(|field| (field.unique_name.clone(), field))
            .collect();
        by_name.into_values().collect()
    })
}

proptest! {
    #[test]
    fn from_any_start_the_plan_reaches_the_target(start in fields(), target in fields()) {
        let mut gong = Model::default();
        gong.upload(&start).unwrap();
        let before = gong.clone();
        let plan = SchemaPlan::new(ObjectType::Deal, &gong.list(), &target).unwrap();
        gong.upload(&plan.to_upload()).unwrap();
        let reached: Vec<SchemaField> = gong.fields.values().map(|held| held.field.clone()).collect();
        prop_assert_eq!(&reached, &target);

        let lost = before.fields.iter().any(|(name, held)| {
            gong.fields.get(name).is_none_or(|now| now.values_since != held.values_since)
        });
        prop_assert_eq!(plan.is_lossy(), lost);

        let again = SchemaPlan::new(ObjectType::Deal, &gong.list(), &target).unwrap();
        prop_assert!(again.is_empty());
        prop_assert_eq!(plan.is_empty(), before.fields.values().map(|held| &held.field).eq(&target));
    }
}

proptest! {
    #[test]
    fn a_gong_that_lists_no_values_is_brought_there_too(start in fields(), target in fields()) {
        let mut gong = Model { is_sparing: true, ..Model::default() };
        gong.upload(&start).unwrap();
        let plan = SchemaPlan::new(ObjectType::Deal, &gong.list(), &target).unwrap();
        gong.upload(&plan.to_upload()).unwrap();
        let reached: Vec<SchemaField> = gong.fields.values().map(|held| held.field.clone()).collect();
        prop_assert_eq!(&reached, &target);
        let again = SchemaPlan::new(ObjectType::Deal, &gong.list(), &target).unwrap();
        prop_assert!(again.is_empty(), "{:?}", again);
    }
}

#[test]
fn picklist_without_known_values_is_not_emptied() {
    let untold = SchemaField::new("p", "P", "PICKLIST");
    let same = std::slice::from_ref(&untold);
    let plan = SchemaPlan::new(ObjectType::Deal, same, same).unwrap();
    assert!(!plan.needs_upload());
    // Anything else that changes would send it along.
    let more = [untold.clone(), SchemaField::new("s", "S", "STRING")];
    let error = SchemaPlan::new(ObjectType::Deal, same, &more).unwrap_err();
    assert_eq!(error.findings()[0].rule, SchemaRule::PicklistWithoutValues);
    assert!(error.to_string().contains("would empty it"), "{error}");
    // Properties that Gong returns are kept.
    let reported = untold.clone().with_values(["x"]);
    let plan = SchemaPlan::new(ObjectType::Deal, std::slice::from_ref(&reported), &more).unwrap();
    assert_eq!(plan.to_upload()[0], reported);
    assert_eq!(plan.fields()[0].change, Change::Unchanged);
}

fn changes(current: &[SchemaField], wanted: &[SchemaField]) -> Vec<(String, Change, String)> {
    SchemaPlan::new(ObjectType::Deal, current, wanted)
        .unwrap()
        .fields()
        .iter()
        .map(|field| {
            (
                field.unique_name.clone(),
                field.change,
                field.details.join("; "),
            )
        })
        .collect()
}

#[test]
fn every_change_is_described() {
    let picklist = |values: &[&str]| {
        SchemaField::new("p", "P", "PICKLIST").with_values(values.iter().copied())
    };
    let reported = |current: &SchemaField, wanted: &SchemaField| {
        changes(std::slice::from_ref(current), std::slice::from_ref(wanted))
            .remove(0)
            .2
    };
    assert_eq!(
        reported(&picklist(&["x", "y"]), &picklist(&["y", "z"])),
        "values +\"z\" -\"x\""
    );
    assert_eq!(
        reported(&picklist(&["x", "y"]), &picklist(&["y", "x"])),
        "values in another order"
    );
    assert_eq!(
        reported(&picklist(&[]), &picklist(&["x"])),
        "values: 1 sent; Gong lists none"
    );
    let reference =
        |target: &str| SchemaField::new("r", "R", "REFERENCE").with_reference_to(target);
    assert_eq!(
        reported(&reference("USER"), &reference("LEAD")),
        "referenceTo USER → LEAD"
    );
    let text = SchemaField::new("p", "Price", "STRING");
    assert_eq!(reported(&text, &picklist(&["x"])), "type STRING → PICKLIST");
}

#[test]
fn a_field_of_the_file_that_is_removed_already_changes_nothing() {
    let gone = SchemaField::new("old", "Old", "STRING").with_deletion();
    assert_eq!(changes(&[], std::slice::from_ref(&gone)), []);
    let live = SchemaField::new("old", "Old", "STRING");
    let expected = ("old".to_owned(), Change::Removed, String::new());
    assert_eq!(changes(&[live], std::slice::from_ref(&gone)), [expected]);
}

#[test]
fn what_gong_says_sparingly_is_sent_back_in_full() {
    let mut current = SchemaField::new("old", "", "STRING");
    current.last_modified = Some("2026-03-01T09:30:00.123Z".to_owned());
    let plan = SchemaPlan::new(ObjectType::Deal, &[current], &[]).unwrap();
    let upload = plan.to_upload();
    assert_eq!(upload[0].label, "old");
    assert_eq!(upload[0].last_modified, None);
}

#[test]
fn every_rule_is_found_at_once() {
    let wanted = [
        SchemaField::new("stage", "Stage", "STRING"),
        SchemaField::new("p", "P", "PICKLIST"),
        SchemaField::new("q", "Q", "PICKLIST").with_values(["x", "x"]),
        SchemaField::new("r", "R", "REFERENCE"),
        SchemaField::new("u", "U", "REFERENCE").with_reference_to("BUSINESS_USER"),
        SchemaField::new("s", "S", "STRINGARRAY"),
        SchemaField::new("t", "", "TEXT"),
        SchemaField::new("t", "T", "string"),
        SchemaField::new("v", "V", "STRING").with_values(["x"]),
        SchemaField::new("w", "W", "STRING").with_reference_to("USER"),
        SchemaField::new("", "X", "STRING"),
    ];
    let error = SchemaPlan::new(ObjectType::Deal, &[], &wanted).unwrap_err();
    let found: Vec<(&str, SchemaRule)> = error
        .findings()
        .iter()
        .map(|finding| (finding.unique_name.as_str(), finding.rule))
        .collect();
    let expected = [
        ("stage", SchemaRule::StandardField),
        ("p", SchemaRule::PicklistWithoutValues),
        ("q", SchemaRule::DuplicateValue),
        ("r", SchemaRule::ReferenceWithoutTarget),
        ("u", SchemaRule::UnknownTarget),
        ("s", SchemaRule::ArrayType),
        ("t", SchemaRule::MissingLabel),
        ("t", SchemaRule::UnknownType),
        ("t", SchemaRule::DuplicateField),
        ("t", SchemaRule::UnknownType),
        ("v", SchemaRule::ValuesWithoutPicklist),
        ("w", SchemaRule::TargetWithoutReference),
        ("", SchemaRule::MissingName),
    ];
    assert_eq!(found, expected);
    let said = error.to_string();
    assert!(
        said.contains("in references these are called USER"),
        "{said}"
    );
    assert!(said.contains("did you mean STRING?"), "{said}");
    assert!(!said.contains("STRINGARRAY, which"), "a warning: {said}");
}

#[test]
fn types_without_custom_fields_are_rejected() {
    let error = SchemaPlan::new(ObjectType::Stage, &[], &[]).unwrap_err();
    assert_eq!(error.findings()[0].rule, SchemaRule::NoEntitySchema);
}
