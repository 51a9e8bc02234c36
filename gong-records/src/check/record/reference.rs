//! Whether the record that a field refers to is there.

use super::RecordChecker;
use crate::check::context::bit_of;
use crate::check::finding::{About, RawFinding};
use crate::check::ids::{ReferenceLookup, hash};
use crate::check::json::parse::{Pair, unescaped};
use crate::record::ObjectType;
use crate::rule::Rule;

impl RecordChecker<'_, '_> {
    pub(super) fn reference(&mut self, target: ObjectType, name: &str, pair: &Pair<'_>) {
        let id = unescaped(pair.value.get());
        let found = self.context.known_ids.look_up(target, hash(&id));
        if matches!(found, ReferenceLookup::Found | ReferenceLookup::Deleted) {
            self.report.resolved |= bit_of(self.context.format, name);
        }
        let rule = match found {
            ReferenceLookup::Unknown | ReferenceLookup::Found => return,
            ReferenceLookup::Missing => Rule::UnresolvedReference,
            ReferenceLookup::Deleted => Rule::DeletedReference,
        };
        let mut fields = self.context.format.fields.iter();
        let index = fields.position(|field| field.name == name);
        let about = match index.filter(|_| rule == Rule::UnresolvedReference) {
            Some(index) => About::Reference(index),
            None => About::Value,
        };
        if !self.detail {
            let problem = RawFinding::counted(rule, pair.range.clone());
            self.report.problems.push(problem.about(about));
            return;
        }
        let (message, hint) = if rule == Rule::UnresolvedReference {
            (
                format!("no {target} of these files has this objectId"),
                format!("add the {target}, unless Gong has it already"),
            )
        } else {
            (
                format!("these files delete the {target} with this objectId"),
                "refer to another record, or leave the field out".to_owned(),
            )
        };
        self.of_field(rule, pair.range.clone(), name, &message);
        if let Some(problem) = self.report.problems.last_mut() {
            problem.about = about;
        }
        self.hint(|| hint);
    }
}
