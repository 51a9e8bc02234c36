//! What differs between a company and Gong.

use std::collections::{BTreeMap, BTreeSet};

use gong_crm::ObjectType::{self, Account, Deal, Stage};
use gong_crm::sync::{Deletions, PlanAction, SyncReport};
use gong_sim::Simulator;
use serde_json::{Value, json};

use super::company::{CUSTOM, Company};
use super::export::Exports;
use super::weather::Rules;

/// An id, by which Gong tells objects apart.
pub(super) fn key(rules: &Rules, id: &str) -> String {
    if rules.is_on("object-ids-ignore-case") {
        id.to_lowercase()
    } else {
        id.to_owned()
    }
}

/// The records that a report names as not in Gong as they are.
pub(super) fn named(report: &SyncReport) -> BTreeSet<String> {
    let held = report.plan.changes.iter();
    let held = held.filter(|change| change.action == PlanAction::HoldBack);
    let errors = report.files.iter().flat_map(|file| &file.errors);
    held.filter_map(|change| change.object_id.clone())
        .chain(errors.filter_map(|error| error.object_id.clone()))
        .collect()
}

/// Records that are gone from their source and stay in Gong, as the source is set.
pub(super) fn kept(report: &SyncReport) -> BTreeSet<String> {
    let notes = report.plan.notes.iter();
    let of_kept = notes.filter_map(|note| note.split_once("(deletions = \"never\"): "));
    let ids = of_kept.flat_map(|(_, ids)| ids.split(", "));
    ids.map(str::to_owned).collect()
}

/// What differs, but for the records that a report names.
pub(super) fn differences(
    company: &Company,
    exports: &Exports,
    others: &Company,
    simulator: &Simulator,
    rules: &Rules,
    named: &BTreeSet<String>,
) -> Vec<String> {
    let mut found = Vec::new();
    for (object_type, deletions) in &exports.deletions {
        let object_type = *object_type;
        let in_gong: BTreeMap<String, Value> = simulator
            .objects(object_type.as_str())
            .into_iter()
            .map(|object| (key(rules, object["objectId"].as_str().unwrap()), object))
            .collect();
        for (id, record) in &company.records[&object_type] {
            if named.contains(id) {
                continue;
            }
            match in_gong.get(&key(rules, id)) {
                Some(object) => differs(object_type, id, record, object, rules, &mut found),
                None => found.push(format!("{object_type} {id} is not in Gong")),
            }
        }
        let keys = |company: &Company| -> BTreeSet<String> {
            let records = company.records.get(&object_type);
            let ids = records.into_iter().flat_map(BTreeMap::keys);
            ids.map(|id| key(rules, id)).collect()
        };
        let (ours, theirs) = (keys(company), keys(others));
        for (id, object) in &in_gong {
            let is_retired = object_type == Stage && object.get("isActive") == Some(&json!(false));
            let is_kept = *deletions == Deletions::Never || named.contains(id);
            let is_of_others = theirs.contains(id) || !is_of(company, others, id);
            if !ours.contains(id) && !is_of_others && !is_retired && !is_kept {
                found.push(format!("{object_type} {id} is still in Gong"));
            }
        }
    }
    found
}

/// Whether an object came from this company: what moved to the other one is that one's, also after
/// its id changed case there.
fn is_of(company: &Company, others: &Company, id: &str) -> bool {
    let is_european = id.to_lowercase().starts_with("eu-");
    let is_ours = is_european == (company.scope == "europe");
    let mut theirs = others.records.values().flat_map(BTreeMap::keys);
    is_ours && !theirs.any(|of| of.eq_ignore_ascii_case(id))
}

fn differs(
    object_type: ObjectType,
    id: &str,
    record: &Value,
    object: &Value,
    rules: &Rules,
    found: &mut Vec<String>,
) {
    for (name, value) in record.as_object().unwrap() {
        let counts = name != "modifiedDate" && name != "objectId" && !value.is_null();
        if counts && object.get(name) != Some(value) {
            let held = object.get(name);
            found.push(format!(
                "{object_type} {id}: {name} is {held:?}, not {value}"
            ));
        }
    }
    // What an earlier spelling of the id had is not known of the new one.
    let is_recased = rules.is_on("object-ids-ignore-case") && id.chars().any(char::is_uppercase);
    if matches!(object_type, Account | Deal) && !is_recased {
        for name in CUSTOM {
            let held = object.get(name).filter(|value| !value.is_null());
            let is_given = record.get(name).is_some_and(|value| !value.is_null());
            if let Some(held) = held.filter(|_| !is_given) {
                found.push(format!("{object_type} {id} still has {name} {held}"));
            }
        }
    }
    if object_type == Stage && object.get("isActive") == Some(&json!(false)) {
        found.push(format!("stage {id} is not active"));
    }
}
