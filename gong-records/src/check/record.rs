//! Everything that is wrong with one line.
//!
//! [`inspect`] reads a line with a general JSON parser. The scanner accepts good lines faster, and
//! also finds the fields of other valid lines; only its doubts are checked here, by
//! [`RecordChecker::doubts`]. Both give the same report for the same line; a test compares them.

use std::collections::HashSet;
use std::ops::Range;

use foldhash::fast::RandomState;
use serde_json::value::RawValue;

use super::context::{CheckContext, FieldSet, bit_of, is_email_of_user, is_true, warns_if_missing};
use super::finding::{About, RawFinding};
use super::json::parse::{Pair, Parsed, parse, unescaped};
use super::json::{Diagnosis, Recovery, diagnose};
use super::names::{NameCache, UnknownName};
use super::scan::{Identity, Scanned, Scanner};
use crate::record::{Field, ObjectType, Presence};
use crate::rule::Rule;
use crate::schema::{FieldType, SchemaField};
use crate::value::{TOO_LARGE, overflowing_number, timestamp, unpaired_surrogate};

mod fixed;
mod reference;
mod report;
mod values;

pub(super) use fixed::FixedLines;
pub(super) use report::LineReport;
use report::shortened;
use values::{ValueProblem, fixed_timestamp};

/// The names of a line.
type Names<'a> = HashSet<&'a str, RandomState>;

/// How many syntax errors of a line are fixed to read on.
const MAX_FIXES: usize = 16;

/// Checks fields one by one and collects what is wrong.
pub(super) struct RecordChecker<'a, 'n> {
    context: &'a CheckContext<'a>,
    names: &'n mut NameCache,
    /// Whether findings need messages, or are only counted.
    detail: bool,
    report: LineReport,
}

/// Finds everything that is wrong with a line. `is_first` means that no record came before.
/// `doubts_type` asks which type the names belong to.
pub(super) fn inspect(
    line: &str,
    is_first: bool,
    doubts_type: bool,
    context: &CheckContext<'_>,
    names: &mut NameCache,
    fixed: Option<FixedLines<'_, '_>>,
) -> LineReport {
    let mut checker = RecordChecker::new(context, names, true);
    checker.line(line, 0, fixed, is_first, doubts_type);
    checker.report
}

impl<'a, 'n> RecordChecker<'a, 'n> {
    pub(super) fn new(
        context: &'a CheckContext<'a>,
        names: &'n mut NameCache,
        detail: bool,
    ) -> Self {
        Self {
            context,
            names,
            detail,
            report: LineReport::default(),
        }
    }

    /// Reads a line, or what it was after some of its mistakes were fixed.
    fn line(
        &mut self,
        text: &str,
        fixes: usize,
        mut fixed: Option<FixedLines<'_, '_>>,
        is_first: bool,
        doubts_type: bool,
    ) {
        let parsed = parse(text);
        if parsed.error.is_some() && fixes <= MAX_FIXES {
            let Diagnosis { problem, recovery } = diagnose(text, &parsed, is_first);
            // A fix may lead back to a problem that was found already.
            let mut known = self.report.problems.iter();
            let is_known = known.any(|known| known.range == problem.range);
            if !is_known {
                self.report.problems.push(problem);
            }
            match recovery {
                Recovery::ReadOn(next) if !is_known => {
                    if let Some(fixed) = &mut fixed
                        && !doubts_type
                        && fixed.read(&next, self.context)
                    {
                        self.scanned(&next, 0, fixed.scanner, fixed.scanned, true);
                        return;
                    }
                    self.line(&next, fixes + 1, fixed, is_first, doubts_type);
                    return;
                }
                Recovery::ReadOn(_) | Recovery::Stop => {}
                Recovery::StopFile => {
                    self.report.stops_file = true;
                    return;
                }
                Recovery::SkipRecord => {
                    self.report.is_spread = true;
                    self.report.is_record = true;
                    return;
                }
            }
        }
        self.report.is_record = parsed.is_closed || text.trim_start().starts_with('{');
        self.parsed(&parsed, doubts_type);
    }

    fn parsed(&mut self, parsed: &Parsed<'_>, doubts_type: bool) {
        let format = self.context.format;
        self.report.is_deleted = parsed
            .pairs
            .iter()
            .any(|pair| pair.name == "isDeleted" && is_true(pair.value.get()));
        self.report.present = parsed
            .pairs
            .iter()
            .fold(0, |present, pair| present | bit_of(format, &pair.name));
        let mut names = Names::with_capacity_and_hasher(parsed.pairs.len(), RandomState::default());
        for pair in &parsed.pairs {
            if !names.insert(&*pair.name) {
                let message = format!("{}: the key is twice in the record", pair.name);
                let problem = RawFinding::new(Rule::DuplicateKey, pair.name_range.clone(), message);
                let problem = problem
                    .with_field(Some(pair.name.clone().into_owned()))
                    .with_hint("keep one of the two");
                self.report.problems.push(problem);
                continue;
            }
            if self.is_replaced(pair) {
                let is_known = format.field(&pair.name).is_some() || self.is_declared(&pair.name);
                if !is_known {
                    let unknown = self.names.classify(&pair.name);
                    self.name(unknown, &pair.name, pair.name_range.clone());
                }
                continue;
            }
            if let Some(escape) = unpaired_surrogate(pair.value.get()) {
                let start = pair.range.start + escape.start;
                let range = start..start + escape.len();
                let message = "an unpaired surrogate is not a character";
                self.of_field(Rule::JsonSyntax, range, &pair.name, message);
                continue;
            }
            if let Some(number) = overflowing_number(pair.value.get()) {
                let start = pair.range.start + number.start;
                let range = start..start + number.len();
                self.of_field(Rule::NumberFormat, range, &pair.name, TOO_LARGE);
                continue;
            }
            if let Some(field) = format.field(&pair.name) {
                self.standard(field, pair);
            } else if let Some(declared) = self
                .context
                .schema
                .and_then(|schema| schema.field(format.object_type, &pair.name))
            {
                self.declared(declared, pair);
            } else {
                let unknown = self.names.classify(&pair.name);
                self.unknown(unknown, pair);
            }
        }
        if doubts_type {
            self.report.looks_like = self.looks_like(&names);
        }
        // Missing fields are known only if the line was read completely.
        if parsed.is_closed {
            let first = parsed.pairs.first();
            self.missing(first.map_or(0, |pair| pair.name_range.start));
        }
        self.sort();
    }

    fn is_declared(&self, name: &str) -> bool {
        let object_type = self.context.format.object_type;
        let mut schemas = self.context.schema.iter();
        schemas.any(|schema| schema.field(object_type, name).is_some())
    }

    /// Whether the value was not valid JSON, which is reported already, and was replaced to read on.
    fn is_replaced(&self, pair: &Pair<'_>) -> bool {
        let is_known = |problem: &RawFinding| problem.range.contains(&pair.range.start);
        pair.value.get() == "0" && self.report.problems.iter().any(is_known)
    }

    fn sort(&mut self) {
        self.report
            .problems
            .sort_by_key(|problem| (problem.range.start, problem.rule));
    }

    /// Checks the fields of a valid line that the scanner could not accept, and missing fields.
    /// `start` is the start of the line in the bytes that the scanner's positions refer to.
    pub(super) fn doubts(
        mut self,
        line: &str,
        start: usize,
        scanner: &Scanner<'_>,
        scanned: &Scanned,
        reports_names: bool,
    ) -> LineReport {
        self.scanned(line, start, scanner, scanned, reports_names);
        self.report
    }

    fn scanned(
        &mut self,
        line: &str,
        start: usize,
        scanner: &Scanner<'_>,
        scanned: &Scanned,
        reports_names: bool,
    ) {
        let here = |range: &Range<usize>| range.start - start..range.end - start;
        self.report.is_record = true;
        self.report.is_deleted = scanned.is_deleted;
        self.report.present = scanned.present;
        self.report.resolved = scanned.resolved;
        if !scanned.object_id.is_empty() {
            let range = here(&scanned.object_id);
            self.report.object_id_at = range.start - 1;
            self.report.is_id_good = true;
            self.report.object_id = Some(line[range].to_owned());
        }
        let text = |range: &Range<usize>| {
            let range = here(range);
            let at = range.start - 1;
            (line[range].to_owned(), at)
        };
        self.report.modified = scanned.modified.as_ref().map(text);
        self.report.email_address = scanned.email_address.as_ref().map(text);
        for doubt in &scanned.doubts {
            let range = here(&doubt.value);
            // The scanner has read it, so it is JSON.
            let Ok(value) = serde_json::from_str::<&RawValue>(&line[range.clone()]) else {
                continue;
            };
            let (name, identity) = scanner.field(doubt.slot);
            let name_at = doubt.name_at - start;
            let pair = Pair {
                name: name.into(),
                name_range: name_at..name_at + scanner.raw_length(doubt.slot),
                value,
                range,
            };
            if self.is_replaced(&pair) {
                continue;
            }
            match identity {
                Identity::Standard(field) => self.standard(field, &pair),
                Identity::Declared(field) => self.declared(field, &pair),
                Identity::Unknown(unknown) => {
                    if unknown.rule(self.context, self.report.present).is_none() {
                        self.undeclared(&pair);
                    }
                }
            }
        }
        for noted in scanned.names.iter().filter(|_| reports_names) {
            let (name, identity) = scanner.field(noted.slot);
            if let Identity::Unknown(unknown) = identity {
                let name_at = noted.name_at - start;
                let range = name_at..name_at + scanner.raw_length(noted.slot);
                self.name(unknown, name, range);
            }
        }
        self.missing(scanned.first_name_at - start);
        self.sort();
    }

    fn of_field(&mut self, rule: Rule, range: Range<usize>, name: &str, message: &str) {
        let problem = if self.detail {
            RawFinding::of_field(rule, range, name, message)
        } else {
            RawFinding::counted(rule, range)
        };
        self.report.problems.push(problem);
    }

    fn standard(&mut self, field: &'static Field, pair: &Pair<'_>) {
        let outcome = values::check(field, pair.value, self.detail);
        let is_good = match &outcome {
            Ok(()) => true,
            // It is an id anyway.
            Err(invalid) => invalid.rule == Rule::ObjectIdUnderscore,
        };
        if let Err(ValueProblem {
            rule,
            message,
            hint,
        }) = outcome
        {
            self.of_field(rule, pair.range.clone(), field.name, &message);
            if let Some(problem) = self.report.problems.last_mut() {
                problem.hint = hint;
            }
        }
        if let Some(advice) = field.discouraged
            && pair.value.get() != "false"
        {
            let message = "Gong no longer documents it for this type";
            self.of_field(
                Rule::DiscouragedField,
                pair.name_range.clone(),
                field.name,
                message,
            );
            self.hint(|| advice.to_owned());
        }
        let text = || unescaped(pair.value.get()).into_owned();
        match field.name {
            "objectId" => {
                self.report.object_id_at = pair.range.start;
                self.report.is_id_good = is_good;
                // Even an invalid id tells a person which record it is.
                let id = pair.value.get();
                self.report.object_id = (id.len() > 2 && id != "null").then(|| shortened(text()));
            }
            "modifiedDate" if is_good => {
                self.report.modified = Some((text(), pair.range.start));
            }
            _ if is_good && is_email_of_user(field, self.context.format.object_type) => {
                self.report.email_address = Some((text(), pair.range.start));
            }
            _ => {}
        }
        if let Some(target) = field.references
            && is_good
        {
            self.reference(target, field.name, pair);
        }
    }

    /// Adds a hint to the last problem, if findings have messages.
    fn hint(&mut self, hint: impl FnOnce() -> String) {
        if self.detail
            && let Some(problem) = self.report.problems.last_mut()
        {
            problem.hint = Some(hint());
        }
    }

    /// A field that is not a standard or a declared one.
    fn unknown(&mut self, unknown: UnknownName, pair: &Pair<'_>) {
        if !self.name(unknown, &pair.name, pair.name_range.clone()) {
            self.undeclared(pair);
        }
    }

    /// Reports a name if it breaks a rule.
    fn name(&mut self, unknown: UnknownName, name: &str, range: Range<usize>) -> bool {
        let problem = self.name_problem(unknown, name, range, self.report.present);
        let breaks = problem.is_some();
        self.report.problems.extend(problem);
        breaks
    }

    /// The problem of a name in a line with these standard fields, if it breaks a rule.
    pub(super) fn name_problem(
        &mut self,
        unknown: UnknownName,
        name: &str,
        range: Range<usize>,
        present: FieldSet,
    ) -> Option<RawFinding> {
        let rule = unknown.rule(self.context, present)?;
        let object_type = self.context.format.object_type;
        let (message, hint) = match (rule, unknown) {
            (Rule::CustomName, _) => (
                "a field has an empty name".to_owned(),
                "name it or leave it out".to_owned(),
            ),
            (Rule::RetiredName, UnknownName::Retired { current }) => (
                format!("the field is now called {current}"),
                format!("write {current}, in its current form"),
            ),
            (Rule::MisspelledName, UnknownName::Misspelled { meant, .. }) => (
                format!("it is not a standard field; did you mean {}?", meant.name),
                format!("write {}", meant.name),
            ),
            (Rule::CustomNotShown, _) => (
                format!("{object_type} has no custom fields, so Gong does not display it"),
                "leave it out".to_owned(),
            ),
            _ => (
                "the entity schema does not declare it, so Gong does not display it".to_owned(),
                "declare it in the entity schema, or leave it out".to_owned(),
            ),
        };
        let problem = if rule == Rule::CustomName {
            RawFinding::new(rule, range, message)
        } else {
            RawFinding::of_field(rule, range, name, &message)
        };
        Some(problem.with_hint(hint).about(About::Name))
    }

    fn declared(&mut self, field: &SchemaField, pair: &Pair<'_>) {
        let invalid = match counted_only(field, pair.value).filter(|_| !self.detail) {
            Some(rule) => {
                let problem = RawFinding::counted(rule, pair.range.clone());
                self.report.problems.push(problem);
                return;
            }
            None => field.check(pair.value),
        };
        match invalid {
            Ok(()) => {
                if let Some(target) = field.target()
                    && pair.value.get() != "null"
                {
                    self.reference(target, &pair.name, pair);
                }
            }
            Err(invalid) => {
                let rule = invalid.rule();
                let range = pair.range.clone();
                self.of_field(rule, range, &pair.name, invalid.message());
                if self.detail
                    && let Some(problem) = self.report.problems.last_mut()
                {
                    problem.hint = declared_hint(rule, field, pair.value);
                }
            }
        }
    }

    /// A custom field without a declaration.
    fn undeclared(&mut self, pair: &Pair<'_>) {
        let json = pair.value.get();
        let range = pair.range.clone();
        if json.starts_with('"') {
            let text = unescaped(json);
            let is_fractional = |text| {
                timestamp::check(text)
                    .is_err_and(|invalid| invalid.rule() == Rule::TimestampFraction)
            };
            if is_fractional(&text) {
                let message = "it has a fraction of a second, which Gong's rule forbids and one of \
                               its examples has";
                self.of_field(Rule::CustomTimestampFraction, range, &pair.name, message);
                self.hint_fixed_timestamp(&text);
            }
        } else if json.starts_with('{')
            || json.starts_with('[') && serde_json::from_str::<Vec<String>>(json).is_err()
        {
            let message = "Gong has no type of field for an object or a nested list";
            self.of_field(Rule::CustomShape, range, &pair.name, message);
            self.hint(|| "send its parts as separate fields".to_owned());
        }
    }

    fn hint_fixed_timestamp(&mut self, text: &str) {
        if self.detail
            && let Some(problem) = self.report.problems.last_mut()
        {
            problem.hint = fixed_timestamp(text).map(|fixed| format!("write \"{fixed}\""));
        }
    }

    /// Checks for missing fields. `start` is the position of the first name.
    fn missing(&mut self, start: usize) {
        // The opening brace marks what is not there.
        let brace = start.saturating_sub(1)..start.max(1);
        let (present, is_deleted) = (self.report.present, self.report.is_deleted);
        for (index, field) in self.context.format.fields.iter().enumerate() {
            if present & (1 << index) != 0 {
                continue;
            }
            let is_required = match field.presence {
                Presence::Required => true,
                Presence::UnlessDeleted => !is_deleted,
                Presence::Optional => false,
            };
            let rule = if is_required {
                Rule::MissingField
            } else if warns_if_missing(field) && !is_deleted {
                Rule::NotVisible
            } else {
                continue;
            };
            let message = missing_message(field, rule, "it is missing");
            self.of_field(rule, brace.clone(), field.name, &message);
            if let Some(problem) = self.report.problems.last_mut() {
                problem.about = About::Missing(index);
            }
        }
    }

    /// The type whose fields these names are, if they are not this type's.
    fn looks_like(&self, names: &Names<'_>) -> Option<ObjectType> {
        let known_to = |object_type: ObjectType| {
            let format = object_type.line_format();
            names
                .iter()
                .filter(|name| format.field(name).is_some())
                .count()
        };
        let here = known_to(self.context.format.object_type);
        ObjectType::ALL
            .into_iter()
            .map(|object_type| (known_to(object_type), object_type))
            .max_by_key(|(known, _)| *known)
            // A few such names may be custom fields.
            .filter(|(known, _)| *known >= here + 3)
            .map(|(_, object_type)| object_type)
    }
}

/// The message for a missing field, which begins with the field.
pub(super) fn missing_message(field: &Field, rule: Rule, missing: &str) -> String {
    if rule == Rule::MissingField {
        return format!("{missing}, and it is required");
    }
    let consequence = field.when_missing.unwrap_or_default();
    format!("{missing}. {}", consequence.trim_end_matches('.'))
}

/// The rule that a value of a declared field violates, if building the message is slow.
fn counted_only(field: &SchemaField, value: &RawValue) -> Option<Rule> {
    let json = value.get();
    let is_kept = field.is_deleted != Some(true);
    let values = &field.ordered_value_list;
    if is_kept && field.field_type == FieldType::Picklist && json.starts_with('"') {
        let text = unescaped(json);
        let is_invalid = !values.is_empty() && !values.iter().any(|value| *value == text);
        return is_invalid.then_some(Rule::CustomPicklist);
    }
    None
}

fn declared_hint(rule: Rule, field: &SchemaField, value: &RawValue) -> Option<String> {
    let text = unescaped(value.get());
    match rule {
        Rule::CustomType if value.get().starts_with('"') => Some(format!("write {}", text.trim()))
            .filter(|_| {
                crate::value::is_json_number(text.trim()) || matches!(text.trim(), "true" | "false")
            }),
        Rule::CustomType => Some("put it in double quotes".to_owned())
            .filter(|_| !value.get().starts_with(['[', '{'])),
        Rule::CustomTimestampFraction | Rule::TimestampFormat => {
            fixed_timestamp(&text).map(|fixed| format!("write \"{fixed}\""))
        }
        Rule::CustomDeleted => Some("leave it out".to_owned()),
        Rule::CustomPicklist => field
            .ordered_value_list
            .iter()
            .find(|value| value.to_lowercase() == text.trim().to_lowercase())
            .map(|value| format!("write {value:?}")),
        _ => None,
    }
}
