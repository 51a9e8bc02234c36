//! The rules for custom fields before they are sent to Gong.

use std::collections::{HashMap, HashSet};
use std::fmt;

use serde::Serialize;

use super::{FieldType, SchemaField};
use crate::record::ObjectType;
use crate::rule::Severity;

/// A rule that a wanted custom field breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum SchemaRule {
    /// Business users and stages have no custom fields.
    NoEntitySchema,
    /// A field needs a name.
    MissingName,
    /// A field needs a label.
    MissingLabel,
    /// Two fields have one name.
    DuplicateField,
    /// The name is that of one of Gong's own fields; Gong does not document the effect.
    StandardField,
    /// The type is none that Gong documents.
    UnknownType,
    /// `STRINGARRAY` is in Gong's list of types, and not in its table of formats; in 2023 it was for
    /// Gong's own fields. A warning.
    ArrayType,
    /// A `PICKLIST` needs its values.
    PicklistWithoutValues,
    /// Two values of a picklist are the same.
    DuplicateValue,
    /// Values are for picklists only. A warning.
    ValuesWithoutPicklist,
    /// A `REFERENCE` needs a target.
    ReferenceWithoutTarget,
    /// A reference points to `ACCOUNT`, `CONTACT`, `DEAL`, `LEAD` or `USER`.
    UnknownTarget,
    /// A target is for references only. A warning.
    TargetWithoutReference,
}

impl SchemaRule {
    fn severity(self) -> Severity {
        match self {
            Self::ArrayType | Self::ValuesWithoutPicklist | Self::TargetWithoutReference => {
                Severity::Warning
            }
            _ => Severity::Error,
        }
    }
}

/// A problem with a wanted field, and its fix.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SchemaFinding {
    /// The field's name.
    pub unique_name: String,
    /// The rule.
    pub rule: SchemaRule,
    /// Whether Gong would reject the fields.
    pub severity: Severity,
    /// The problem and its fix.
    pub message: String,
}

impl fmt::Display for SchemaFinding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.unique_name.is_empty() {
            return formatter.write_str(&self.message);
        }
        write!(formatter, "field {:?} {}", self.unique_name, self.message)
    }
}

/// The targets of a reference. Business users are called `USER` here, and nowhere else.
const TARGETS: [&str; 5] = ["ACCOUNT", "CONTACT", "DEAL", "LEAD", "USER"];

/// Every rule that a wanted field breaks, in the order of the fields.
pub(super) fn check_fields(
    object_type: ObjectType,
    live: &HashMap<&str, &SchemaField>,
    wanted: &[SchemaField],
) -> Vec<SchemaFinding> {
    let mut findings = Findings(Vec::new());
    if !object_type.has_entity_schema() {
        let message = format!("{object_type} has no custom fields in Gong");
        findings.add("", SchemaRule::NoEntitySchema, message);
    }
    let mut names = HashSet::new();
    for field in wanted {
        // What is to go needs to be right no more.
        if field.is_deleted == Some(true) {
            continue;
        }
        let name = field.unique_name.as_str();
        if name.trim().is_empty() {
            findings.add(name, SchemaRule::MissingName, "a field has no name");
        } else if !names.insert(name) {
            findings.add(
                name,
                SchemaRule::DuplicateField,
                "is declared twice; keep one of the two",
            );
        }
        check_field(object_type, live.get(name).copied(), field, &mut findings);
    }
    findings.0
}

/// What a field lacks that is to be sent: it would be emptied, or rejected.
pub(super) fn check_complete(field: &SchemaField) -> Option<SchemaFinding> {
    let (rule, message) = match field.field_type {
        FieldType::Picklist if field.ordered_value_list.is_empty() => (
            SchemaRule::PicklistWithoutValues,
            "is a PICKLIST whose values neither Gong's response nor the wanted field lists; \
             sending it without values would empty it; list them as orderedValueList",
        ),
        FieldType::Reference if field.reference_to.is_none() => (
            SchemaRule::ReferenceWithoutTarget,
            "is a REFERENCE whose target neither Gong's response nor the wanted field names; set \
             referenceTo",
        ),
        _ => return None,
    };
    Some(SchemaFinding {
        unique_name: field.unique_name.clone(),
        rule,
        severity: rule.severity(),
        message: message.to_owned(),
    })
}

struct Findings(Vec<SchemaFinding>);

impl Findings {
    fn add(&mut self, name: &str, rule: SchemaRule, message: impl Into<String>) {
        self.0.push(SchemaFinding {
            unique_name: name.to_owned(),
            rule,
            severity: rule.severity(),
            message: message.into(),
        });
    }
}

fn check_field(
    object_type: ObjectType,
    before: Option<&SchemaField>,
    field: &SchemaField,
    findings: &mut Findings,
) {
    let name = field.unique_name.as_str();
    let mut add = |rule, message: String| findings.add(name, rule, message);
    if field.label.trim().is_empty() {
        let message = "has no label, which is the field's name in Gong";
        add(SchemaRule::MissingLabel, message.to_owned());
    }
    if object_type.line_format().field(name).is_some() {
        let message = format!("is one of Gong's own fields of {object_type}; choose another name");
        add(SchemaRule::StandardField, message);
    }
    match &field.field_type {
        // What Gong has of it may come back as it is.
        FieldType::Unknown(word)
            if before.is_none_or(|before| before.field_type != field.field_type) =>
        {
            add(SchemaRule::UnknownType, unknown_type(word));
        }
        FieldType::StringArray => {
            let message = "is a STRINGARRAY, which Gong seems to keep for its own fields";
            add(SchemaRule::ArrayType, message.to_owned());
        }
        // Gong's response may list no values of a picklist that has some.
        FieldType::Picklist
            if field.ordered_value_list.is_empty()
                && before.is_none_or(|before| before.field_type != FieldType::Picklist) =>
        {
            let message = "is a PICKLIST without values; list them as orderedValueList";
            add(SchemaRule::PicklistWithoutValues, message.to_owned());
        }
        FieldType::Reference
            if field.reference_to.is_none()
                && before.is_none_or(|before| before.field_type != FieldType::Reference) =>
        {
            let message = format!(
                "is a REFERENCE without target; set referenceTo to one of {}",
                TARGETS.join(", ")
            );
            add(SchemaRule::ReferenceWithoutTarget, message);
        }
        _ => {}
    }
    if let Some(target) = &field.reference_to {
        if !TARGETS.contains(&target.as_str()) {
            add(SchemaRule::UnknownTarget, unknown_target(target));
        } else if field.field_type != FieldType::Reference {
            let message = format!(
                "has a target, but its type is {}, not REFERENCE",
                field.field_type
            );
            add(SchemaRule::TargetWithoutReference, message);
        }
    }
    if !field.ordered_value_list.is_empty() && field.field_type != FieldType::Picklist {
        let message = format!(
            "lists values, but its type is {}, not PICKLIST",
            field.field_type
        );
        add(SchemaRule::ValuesWithoutPicklist, message);
    }
    let mut values = HashSet::new();
    for value in &field.ordered_value_list {
        if !values.insert(value) {
            let message = format!("lists the value {value:?} twice");
            add(SchemaRule::DuplicateValue, message);
        }
    }
}

fn unknown_type(word: &str) -> String {
    /// How alike two words are, from 0 to 1, for one to be treated as a slip of the other.
    const ALIKE: f64 = 0.75;
    let upper = word.to_uppercase();
    let nearest = FieldType::ALL
        .iter()
        .map(|known| (strsim::jaro_winkler(&upper, known.as_str()), known.as_str()))
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .filter(|(alike, _)| *alike > ALIKE);
    if let Some((_, known)) = nearest {
        return format!("has the unknown type {word:?}; did you mean {known}?");
    }
    let all: Vec<&str> = FieldType::ALL.iter().map(FieldType::as_str).collect();
    let all = all.join(", ");
    format!("has the unknown type {word:?}; use one of {all}")
}

fn unknown_target(target: &str) -> String {
    if target.eq_ignore_ascii_case("BUSINESS_USER") {
        return "points to BUSINESS_USER; in references these are called USER".to_owned();
    }
    format!(
        "points to {target:?}; a reference's target is one of {}",
        TARGETS.join(", ")
    )
}
