//! Plans how to change a type's custom fields from what Gong has to what they should be.

use std::collections::HashMap;
use std::fmt;

use serde::Serialize;

use super::rules::{SchemaFinding, check_complete, check_fields};
use super::{EntitySchema, SchemaField};
use crate::record::ObjectType;
use crate::rule::Severity;

/// What happens to a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Change {
    /// Gong does not have it yet.
    Added,
    /// Its label, values or target change; its values on records stay.
    Changed,
    /// Its type changes: Gong makes a new field and drops the old one's values on all records.
    Retyped,
    /// It is removed, with its values on all records.
    Removed,
    /// It does not change, but Gong requires it in the list.
    Unchanged,
    /// Gong does not return all of its properties, such as the values of a picklist: it is sent as
    /// wanted, which changes nothing if it is the same.
    Uncertain,
}

impl Change {
    /// Whether values that records hold are lost by it.
    ///
    /// ```
    /// use gong_records::Change;
    ///
    /// assert!(Change::Retyped.is_lossy());
    /// assert!(!Change::Changed.is_lossy());
    /// ```
    pub fn is_lossy(self) -> bool {
        matches!(self, Self::Retyped | Self::Removed)
    }

    /// The word in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Changed => "changed",
            Self::Retyped => "retyped",
            Self::Removed => "removed",
            Self::Unchanged => "unchanged",
            Self::Uncertain => "uncertain",
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// One field of a plan: its current and its future definition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PlannedField {
    /// The field's name in the lines of entity files.
    pub unique_name: String,
    /// What happens to it.
    pub change: Change,
    /// The definition in Gong.
    pub before: Option<SchemaField>,
    /// The wanted definition.
    pub after: Option<SchemaField>,
    /// The differences, as text; empty if the whole field is new or removed.
    pub details: Vec<String>,
}

/// The way from the custom fields that Gong has of a type to those that it should have.
///
/// Gong accepts a type's custom fields only as a whole: a list that omits one is rejected, a field
/// is removed by sending it with `isDeleted`, and a changed type drops all values of the field. The
/// plan shows beforehand which of these happen, and [`SchemaPlan::to_upload`] gives the complete
/// list.
///
/// ```
/// use gong_records::{Change, ObjectType, SchemaField, SchemaPlan};
///
/// let current = [
///     SchemaField::new("region", "Region", "STRING"),
///     SchemaField::new("score", "Score", "STRING"),
/// ];
/// let wanted = [
///     SchemaField::new("region", "Sales region", "STRING"),
///     SchemaField::new("score", "Score", "NUMBER"),
/// ];
/// let plan = SchemaPlan::new(ObjectType::Deal, &current, &wanted)?;
/// assert_eq!(plan.fields()[0].change, Change::Changed);
/// assert_eq!(plan.fields()[1].change, Change::Retyped);
/// assert!(plan.is_lossy());
/// assert_eq!(plan.to_upload().len(), 2);
/// # Ok::<(), gong_records::SchemaPlanError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SchemaPlan {
    object_type: ObjectType,
    fields: Vec<PlannedField>,
    warnings: Vec<SchemaFinding>,
}

/// Why fields can't be declared as they are wanted; nothing was sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", said(*.object_type, .findings))]
pub struct SchemaPlanError {
    object_type: ObjectType,
    findings: Vec<SchemaFinding>,
}

impl SchemaPlanError {
    /// The type of the fields.
    pub fn object_type(&self) -> ObjectType {
        self.object_type
    }

    /// Everything that is wrong or doubtful, warnings included, in the order of the fields.
    pub fn findings(&self) -> &[SchemaFinding] {
        &self.findings
    }
}

fn said(object_type: ObjectType, findings: &[SchemaFinding]) -> String {
    let errors: Vec<String> = findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
        .map(ToString::to_string)
        .collect();
    format!(
        "{object_type}: the fields can't be declared: {}",
        errors.join("; ")
    )
}

impl SchemaPlan {
    /// Compares the fields in Gong with the wanted ones.
    ///
    /// A field that is not wanted is removed. Gong's own fields, which its response may list, and
    /// fields that were removed before, are ignored. The wanted fields must first satisfy the rules
    /// of [`SchemaRule`](crate::SchemaRule).
    ///
    /// Gong's response may omit the values of a picklist and the target of a reference. If the
    /// wanted field does not have them either, they can't be sent, and sending the field without
    /// them would empty it: then nothing else of the type can change either. Properties that only
    /// Gong has are kept.
    ///
    /// # Errors
    ///
    /// [`SchemaPlanError`] with everything that Gong would reject.
    ///
    /// ```
    /// use gong_records::{ObjectType, SchemaField, SchemaPlan, SchemaRule};
    ///
    /// let wanted = [SchemaField::new("stage", "Stage", "PICKLIST")];
    /// let error = SchemaPlan::new(ObjectType::Deal, &[], &wanted).unwrap_err();
    /// let rules: Vec<_> = error.findings().iter().map(|finding| finding.rule).collect();
    /// assert_eq!(rules, [SchemaRule::StandardField, SchemaRule::PicklistWithoutValues]);
    /// ```
    pub fn new(
        object_type: ObjectType,
        current: &[SchemaField],
        wanted: &[SchemaField],
    ) -> Result<Self, SchemaPlanError> {
        let mut live: HashMap<&str, &SchemaField> = HashMap::new();
        for field in current {
            if is_custom(object_type, field) {
                live.insert(&field.unique_name, field);
            }
        }
        let mut findings = check_fields(object_type, &live, wanted);
        if findings
            .iter()
            .any(|finding| finding.severity == Severity::Error)
        {
            return Err(SchemaPlanError {
                object_type,
                findings,
            });
        }
        let mut fields = Vec::with_capacity(wanted.len());
        // Where a file names a field twice, once as removed, the live one is what is wanted.
        let kept: HashMap<&str, &SchemaField> = wanted
            .iter()
            .filter(|field| field.is_deleted != Some(true))
            .map(|field| (field.unique_name.as_str(), field))
            .collect();
        for field in wanted {
            if field.is_deleted != Some(true) {
                fields.push(planned(
                    live.get(field.unique_name.as_str()).copied(),
                    field,
                ));
            }
        }
        for field in current {
            let name = field.unique_name.as_str();
            if is_custom(object_type, field) && !kept.contains_key(name) {
                fields.push(removed(field));
            }
        }
        let plan = Self {
            object_type,
            fields,
            warnings: Vec::new(),
        };
        if plan.needs_upload() {
            let stays = |field: &PlannedField| field.after.as_ref().and_then(check_complete);
            findings.extend(plan.fields.iter().filter_map(stays));
            if findings
                .iter()
                .any(|finding| finding.severity == Severity::Error)
            {
                return Err(SchemaPlanError {
                    object_type,
                    findings,
                });
            }
        }
        Ok(Self {
            warnings: findings,
            ..plan
        })
    }

    /// The type whose fields these are.
    pub fn object_type(&self) -> ObjectType {
        self.object_type
    }

    /// Every field: the wanted ones in their order, then the removed ones.
    pub fn fields(&self) -> &[PlannedField] {
        &self.fields
    }

    /// The fields to which this happens.
    ///
    /// ```
    /// use gong_records::{Change, ObjectType, SchemaField, SchemaPlan};
    ///
    /// let wanted = [SchemaField::new("region", "Region", "STRING")];
    /// let plan = SchemaPlan::new(ObjectType::Lead, &[], &wanted)?;
    /// assert_eq!(plan.of(Change::Added).count(), 1);
    /// # Ok::<(), gong_records::SchemaPlanError>(())
    /// ```
    pub fn of(&self, change: Change) -> impl Iterator<Item = &PlannedField> {
        self.fields
            .iter()
            .filter(move |field| field.change == change)
    }

    /// The fields whose values on all records are lost.
    pub fn losses(&self) -> impl Iterator<Item = &PlannedField> {
        self.fields.iter().filter(|field| field.change.is_lossy())
    }

    /// Whether values that records hold are lost.
    pub fn is_lossy(&self) -> bool {
        self.losses().next().is_some()
    }

    /// Whether nothing is known to differ.
    ///
    /// ```
    /// use gong_records::{ObjectType, SchemaField, SchemaPlan};
    ///
    /// let fields = [SchemaField::new("region", "Region", "STRING")];
    /// assert!(SchemaPlan::new(ObjectType::Lead, &fields, &fields)?.is_empty());
    /// # Ok::<(), gong_records::SchemaPlanError>(())
    /// ```
    pub fn is_empty(&self) -> bool {
        self.fields
            .iter()
            .all(|field| matches!(field.change, Change::Unchanged | Change::Uncertain))
    }

    /// Whether there is something to send: a change, or properties that Gong does not return.
    ///
    /// ```
    /// use gong_records::{ObjectType, SchemaField, SchemaPlan};
    ///
    /// // Gong's own example lists a picklist without its values.
    /// let current = [SchemaField::new("region", "Region", "PICKLIST")];
    /// let wanted = [SchemaField::new("region", "Region", "PICKLIST").with_values(["EMEA"])];
    /// let plan = SchemaPlan::new(ObjectType::Lead, &current, &wanted)?;
    /// assert!(plan.is_empty() && plan.needs_upload());
    /// # Ok::<(), gong_records::SchemaPlanError>(())
    /// ```
    pub fn needs_upload(&self) -> bool {
        self.fields
            .iter()
            .any(|field| field.change != Change::Unchanged)
    }

    /// Doubts about the wanted fields, for which it is not known that Gong rejects them.
    pub fn warnings(&self) -> &[SchemaFinding] {
        &self.warnings
    }

    /// The complete list that Gong requires: every field that stays, and removed ones with
    /// `isDeleted`.
    ///
    /// ```
    /// use gong_records::{ObjectType, SchemaField, SchemaPlan};
    ///
    /// let current = [SchemaField::new("old", "Old", "STRING")];
    /// let plan = SchemaPlan::new(ObjectType::Deal, &current, &[])?;
    /// assert_eq!(plan.to_upload()[0].is_deleted, Some(true));
    /// # Ok::<(), gong_records::SchemaPlanError>(())
    /// ```
    pub fn to_upload(&self) -> Vec<SchemaField> {
        self.fields
            .iter()
            .filter_map(|planned| match (&planned.after, &planned.before) {
                (Some(after), _) => Some(after.clone()),
                (None, Some(before)) => Some(before.clone().with_deletion()),
                (None, None) => None,
            })
            .map(presentable)
            .collect()
    }
}

impl EntitySchema {
    /// The fields for a file under version control: the live custom ones, without the times of
    /// their last change. If the response names one twice, the last is used.
    ///
    /// ```
    /// use gong_records::{EntitySchema, ObjectType, SchemaField};
    ///
    /// let answer = EntitySchema::new().with_fields(ObjectType::Deal, [
    ///     SchemaField::new("name", "Name", "STRING"),
    ///     SchemaField::new("region", "Region", "STRING"),
    ///     SchemaField::new("old", "Old", "STRING").with_deletion(),
    /// ]);
    /// assert_eq!(answer.custom_only().fields(ObjectType::Deal).unwrap().len(), 1);
    /// ```
    #[must_use]
    pub fn custom_only(&self) -> Self {
        self.iter()
            .fold(Self::new(), |schema, (object_type, fields)| {
                let custom = (0..).zip(fields);
                let custom = custom.filter(|(_, field)| is_custom(object_type, field));
                let last: HashMap<&str, usize> = custom
                    .clone()
                    .map(|(index, field)| (field.unique_name.as_str(), index))
                    .collect();
                let custom = custom
                    .filter(|(index, field)| last.get(field.unique_name.as_str()) == Some(index));
                schema.with_fields(
                    object_type,
                    custom.map(|(_, field)| field.clone()).map(|mut field| {
                        field.last_modified = None;
                        field.is_deleted = None;
                        field
                    }),
                )
            })
    }
}

/// Whether a field of Gong's response is the company's to declare, and still there.
fn is_custom(object_type: ObjectType, field: &SchemaField) -> bool {
    let standard = object_type.line_format().field(&field.unique_name);
    standard.is_none() && field.is_deleted != Some(true)
}

fn planned(before: Option<&SchemaField>, after: &SchemaField) -> PlannedField {
    let mut after = after.clone();
    // WriteSummary out it would be sent, and a field that stays has nothing to say about deletion.
    after.is_deleted = None;
    let (change, details) = match before {
        None => (Change::Added, Vec::new()),
        Some(before) if before.field_type != after.field_type => (
            Change::Retyped,
            vec![format!("type {} → {}", before.field_type, after.field_type)],
        ),
        Some(before) => {
            keep(before, &mut after);
            let mut details = differences(before, &after);
            let untold = untold(before, &after);
            let change = if !details.is_empty() {
                Change::Changed
            } else if untold.is_empty() {
                Change::Unchanged
            } else {
                Change::Uncertain
            };
            details.extend(untold);
            (change, details)
        }
    };
    PlannedField {
        unique_name: after.unique_name.clone(),
        change,
        before: before.cloned(),
        after: Some(after),
        details,
    }
}

fn removed(field: &SchemaField) -> PlannedField {
    PlannedField {
        unique_name: field.unique_name.clone(),
        change: Change::Removed,
        before: Some(field.clone()),
        after: None,
        details: Vec::new(),
    }
}

/// What differs between two fields of one type. When the field was last changed is Gong's note, not
/// part of what is wanted.
fn differences(before: &SchemaField, after: &SchemaField) -> Vec<String> {
    let mut details = Vec::new();
    if before.label != after.label {
        details.push(format!("label {:?} → {:?}", before.label, after.label));
    }
    if before.reference_to.is_some() && before.reference_to != after.reference_to {
        let shown = |target: &Option<String>| target.clone().unwrap_or_else(|| "none".to_owned());
        details.push(format!(
            "referenceTo {} → {}",
            shown(&before.reference_to),
            shown(&after.reference_to)
        ));
    }
    details.extend(value_differences(before, after));
    details
}

/// What the wanted field does not say and Gong does: a picklist has values, a reference a target, so
/// that none can be meant by silence.
fn keep(before: &SchemaField, after: &mut SchemaField) {
    if after.ordered_value_list.is_empty() {
        after
            .ordered_value_list
            .clone_from(&before.ordered_value_list);
    }
    if after.reference_to.is_none() {
        after.reference_to.clone_from(&before.reference_to);
    }
}

/// What is wanted and Gong does not tell, so that it can't be known whether they differ.
fn untold(before: &SchemaField, after: &SchemaField) -> Vec<String> {
    let mut untold = Vec::new();
    let values = after.ordered_value_list.len();
    if before.ordered_value_list.is_empty() && values > 0 {
        untold.push(format!("values: {values} sent; Gong lists none"));
    }
    if let (None, Some(target)) = (&before.reference_to, &after.reference_to) {
        untold.push(format!("referenceTo {target} sent; Gong names none"));
    }
    untold
}

fn value_differences(before: &SchemaField, after: &SchemaField) -> Option<String> {
    let (old, new) = (&before.ordered_value_list, &after.ordered_value_list);
    if old == new || old.is_empty() {
        return None;
    }
    let only_in = |these: &[String], those: &[String], sign: char| -> Vec<String> {
        these
            .iter()
            .filter(|value| !those.contains(value))
            .map(|value| format!("{sign}{value:?}"))
            .collect()
    };
    let mut signs = only_in(new, old, '+');
    signs.extend(only_in(old, new, '-'));
    if signs.is_empty() {
        return Some("values in another order".to_owned());
    }
    Some(format!("values {}", signs.join(" ")))
}

/// The field as Gong accepts it back, where its answer was sparing.
fn presentable(mut field: SchemaField) -> SchemaField {
    if field.label.is_empty() {
        field.label.clone_from(&field.unique_name);
    }
    // What Gong sends may have milliseconds, which it does not take.
    field.last_modified = field
        .last_modified
        .filter(|time| crate::value::timestamp::check(time).is_ok());
    field
}

#[cfg(test)]
mod tests;
