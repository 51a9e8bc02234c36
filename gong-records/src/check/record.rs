//! Everything that is wrong with one line: the exact way, which takes its time.
//!
//! The scanner accepts good lines faster; whatever it does not accept comes here, so that what is
//! said of a line depends on this module alone.

use std::collections::HashSet;

use foldhash::fast::RandomState;
use serde_json::value::RawValue;

use super::emails::is_email_of_user;
use super::finding::Problem;
use super::ids::{KnownIds, Resolution, hash};
use super::name::{Stranger, stranger};
use super::object::{Pair, Parsed, parse, unescaped};
use super::syntax::{Diagnosis, Then, diagnose};
use super::value::{self, mended_timestamp};
use crate::record::{Field, FieldKind, LineFormat, ObjectType, Presence};
use crate::rule::Rule;
use crate::schema::{EntitySchema, SchemaField};
use crate::value::{TOO_LARGE, overflowing_number, timestamp, unpaired_surrogate};

/// What lines are held against.
#[derive(Debug, Clone, Copy)]
pub(super) struct Yardstick<'a> {
    pub(super) format: &'static LineFormat,
    /// The entity schema, if it says anything of this type.
    pub(super) schema: Option<&'a EntitySchema>,
    /// The records that other files hold.
    pub(super) known_ids: &'a KnownIds,
}

/// What there is to know of a line.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(super) struct Inspection {
    pub(super) problems: Vec<Problem>,
    pub(super) object_id: Option<String>,
    /// Where the value of `objectId` stands.
    pub(super) object_id_at: usize,
    /// Whether the id is one that another line may repeat.
    pub(super) is_id_good: bool,
    pub(super) is_deleted: bool,
    /// `modifiedDate` and its place, if it is a good one.
    pub(super) modified: Option<(String, usize)>,
    /// The email address of a business user and its place, if it is a good one.
    pub(super) email_address: Option<(String, usize)>,
    /// Whether the line is a record, good or bad, as far as can be seen.
    pub(super) is_record: bool,
    pub(super) stops_file: bool,
    pub(super) is_spread: bool,
    /// Custom fields that are unremarkable wherever they stand, and those that are as long as a
    /// certain field stands beside them.
    pub(super) custom_names: Vec<(String, Option<&'static str>)>,
    /// The type that the names speak of, if it is another one.
    pub(super) looks_like: Option<ObjectType>,
}

/// The names of a line.
type Names<'a> = HashSet<&'a str, RandomState>;

/// How many mistakes of a line are mended to read on.
const MOST_MENDED: usize = 16;

/// Finds everything that is wrong with a line. `is_first` says that no record came before.
/// `doubts_type` asks which type the names speak of.
pub(super) fn inspect(
    line: &str,
    is_first: bool,
    doubts_type: bool,
    yardstick: &Yardstick<'_>,
) -> Inspection {
    let mut inspection = Inspection::default();
    let mut mended: Option<String> = None;
    for _ in 0..=MOST_MENDED {
        let text = mended.as_deref().unwrap_or(line);
        let parsed = parse(text);
        if parsed.error.is_none() {
            return inspection.read(&parsed, line, doubts_type, yardstick);
        }
        let Diagnosis { problem, then } = diagnose(text, &parsed, is_first);
        // Mending may lead back to a mistake that was told already.
        let repeated = inspection
            .problems
            .iter()
            .any(|told| told.range == problem.range);
        if !repeated {
            inspection.problems.push(problem);
        }
        match then {
            Then::ReadOn(next) if !repeated => mended = Some(next),
            Then::ReadOn(_) | Then::Stop => break,
            Then::StopFile => {
                inspection.stops_file = true;
                return inspection;
            }
            Then::SkipRecord => {
                inspection.is_spread = true;
                inspection.is_record = true;
                return inspection;
            }
        }
    }
    let parsed = parse(mended.as_deref().unwrap_or(line));
    inspection.read(&parsed, line, doubts_type, yardstick)
}

impl Inspection {
    fn read(
        mut self,
        parsed: &Parsed<'_>,
        line: &str,
        doubts_type: bool,
        yardstick: &Yardstick<'_>,
    ) -> Self {
        self.is_record = parsed.is_closed || line.trim_start().starts_with('{');
        Reading {
            yardstick,
            parsed,
            inspection: &mut self,
        }
        .check(doubts_type);
        self
    }
}

struct Reading<'a> {
    yardstick: &'a Yardstick<'a>,
    parsed: &'a Parsed<'a>,
    inspection: &'a mut Inspection,
}

impl Reading<'_> {
    fn check(&mut self, doubts_type: bool) {
        let parsed = self.parsed;
        self.inspection.is_deleted = parsed
            .pairs
            .iter()
            .any(|pair| pair.name == "isDeleted" && pair.value.get().trim_matches('"') == "true");
        let mut names = Names::with_capacity_and_hasher(parsed.pairs.len(), RandomState::default());
        for pair in &parsed.pairs {
            if !names.insert(&*pair.name) {
                let message = format!("{}: the name stands twice in the line", pair.name);
                let problem = Problem::new(Rule::DuplicateKey, pair.name_range.clone(), message);
                let problem = problem
                    .with_field(Some(pair.name.clone().into_owned()))
                    .with_hint("keep one of the two");
                self.problem(problem);
                continue;
            }
            // A value that was no JSON has been told of, and was replaced to read on.
            let told = |problem: &Problem| problem.range.contains(&pair.range.start);
            if pair.value.get() == "0" && self.inspection.problems.iter().any(told) {
                continue;
            }
            if let Some(escape) = unpaired_surrogate(pair.value.get()) {
                let start = pair.range.start + escape.start;
                let range = start..start + escape.len();
                self.of_field(
                    Rule::JsonSyntax,
                    range,
                    &pair.name,
                    "half of a surrogate pair is no character",
                );
                continue;
            }
            if let Some(number) = overflowing_number(pair.value.get()) {
                let start = pair.range.start + number.start;
                let range = start..start + number.len();
                self.of_field(Rule::NumberFormat, range, &pair.name, TOO_LARGE);
                continue;
            }
            match self.yardstick.format.field(&pair.name) {
                Some(field) => self.standard(field, pair),
                None => self.stranger(pair, &names),
            }
        }
        if doubts_type {
            self.inspection.looks_like = self.looks_like(&names);
        }
        // What is missing can be said only of a line that was read to its end.
        if parsed.is_closed {
            self.absent(&names);
        }
        self.inspection
            .problems
            .sort_by_key(|problem| (problem.range.start, problem.rule));
    }

    fn problem(&mut self, problem: Problem) {
        self.inspection.problems.push(problem);
    }

    fn of_field(&mut self, rule: Rule, range: std::ops::Range<usize>, name: &str, message: &str) {
        self.problem(Problem::of_field(rule, range, name, message));
    }

    fn standard(&mut self, field: &'static Field, pair: &Pair<'_>) {
        let outcome = value::check(field, pair.value);
        let is_good = match &outcome {
            Ok(()) => true,
            Err(misfit) => misfit.rule.severity() == crate::rule::Severity::Warning,
        };
        if let Err(misfit) = outcome {
            let mut problem =
                Problem::of_field(misfit.rule, pair.range.clone(), field.name, &misfit.message);
            problem.hint = misfit.hint;
            self.problem(problem);
        }
        if let Some(advice) = field.discouraged
            && pair.value.get() != "false"
        {
            let problem = Problem::of_field(
                Rule::DiscouragedField,
                pair.name_range.clone(),
                field.name,
                "Gong no longer documents it for this type",
            );
            self.problem(problem.with_hint(advice));
        }
        let text = || unescaped(pair.value.get()).into_owned();
        match field.name {
            "objectId" => {
                self.inspection.object_id_at = pair.range.start;
                self.inspection.is_id_good = is_good;
                // Also a bad id tells a person which record is meant.
                let id = pair.value.get();
                self.inspection.object_id =
                    (id.len() > 2 && id != "null").then(|| text().chars().take(128).collect());
            }
            "modifiedDate" if is_good => {
                self.inspection.modified = Some((text(), pair.range.start));
            }
            _ if is_good && is_email_of_user(field, self.yardstick.format.object_type) => {
                self.inspection.email_address = Some((text(), pair.range.start));
            }
            _ => {}
        }
        if let Some(target) = field.references
            && is_good
        {
            self.reference(target, field.name, pair);
        }
    }

    fn reference(&mut self, target: ObjectType, name: &str, pair: &Pair<'_>) {
        let id = unescaped(pair.value.get());
        let (rule, message, hint) = match self.yardstick.known_ids.resolve(target, hash(&id)) {
            Resolution::Unknown | Resolution::Found => return,
            Resolution::Missing => (
                Rule::UnresolvedReference,
                format!("no {target} of these files has this objectId"),
                format!("add the {target}, unless Gong has it from earlier"),
            ),
            Resolution::Deleted => (
                Rule::DeletedReference,
                format!("these files delete the {target} of this objectId"),
                "refer to another one, or leave the field out".to_owned(),
            ),
        };
        self.problem(Problem::of_field(rule, pair.range.clone(), name, &message).with_hint(hint));
    }

    /// A name that is no field of the type.
    fn stranger(&mut self, pair: &Pair<'_>, names: &Names<'_>) {
        let yardstick = self.yardstick;
        let object_type = yardstick.format.object_type;
        if let Some(declared) = yardstick
            .schema
            .and_then(|schema| schema.field(object_type, &pair.name))
        {
            self.declared(declared, pair);
            return;
        }
        if pair.name.is_empty() {
            let problem = Problem::new(
                Rule::CustomName,
                pair.name_range.clone(),
                "a field has an empty name",
            );
            self.problem(problem.with_hint("name it or leave it out"));
            return;
        }
        let name_problem = |rule, message: &str| {
            Problem::of_field(rule, pair.name_range.clone(), &pair.name, message)
        };
        let mut as_long_as = None;
        match stranger(yardstick.format, &pair.name) {
            Stranger::Retired { today } => {
                let message = format!("the field is now called {today}");
                let problem = name_problem(Rule::RetiredName, &message);
                self.problem(problem.with_hint(format!("write {today}, in its present form")));
                return;
            }
            Stranger::Misspelled { meant, is_certain }
                if is_certain || !self.stands(meant.name, names) =>
            {
                let message = format!("Gong has no such field; {} may be meant", meant.name);
                let problem = name_problem(Rule::MisspelledName, &message);
                self.problem(problem.with_hint(format!("write {}", meant.name)));
                return;
            }
            Stranger::Misspelled { meant, .. } => as_long_as = Some(meant.name),
            Stranger::Custom => {}
        }
        if !object_type.has_entity_schema() {
            let message = format!("{object_type} has no custom fields, so Gong does not show it");
            self.problem(name_problem(Rule::CustomNotShown, &message).with_hint("leave it out"));
        } else if yardstick.schema.is_some() {
            let message = "the entity schema does not declare it, so Gong does not show it";
            let problem = name_problem(Rule::CustomUnknown, message);
            self.problem(problem.with_hint("declare it in the entity schema, or leave it out"));
        } else {
            let name = pair.name.clone().into_owned();
            self.inspection.custom_names.push((name, as_long_as));
            self.undeclared(pair);
        }
    }

    fn stands(&self, name: &str, names: &Names<'_>) -> bool {
        // The pairs after this one have not been seen yet.
        names.contains(name) || self.parsed.pairs.iter().any(|pair| pair.name == name)
    }

    fn declared(&mut self, field: &SchemaField, pair: &Pair<'_>) {
        match field.check(pair.value) {
            Ok(()) => {
                if let Some(target) = field.target()
                    && pair.value.get() != "null"
                {
                    self.reference(target, &pair.name, pair);
                }
            }
            Err(fault) => {
                let rule = fault.rule();
                let range = pair.range.clone();
                let mut problem = Problem::of_field(rule, range, &pair.name, fault.message());
                problem.hint = declared_hint(rule, field, pair.value);
                self.problem(problem);
            }
        }
    }

    /// A custom field of which only its value is known.
    fn undeclared(&mut self, pair: &Pair<'_>) {
        let json = pair.value.get();
        if json.starts_with('"') {
            let text = unescaped(json);
            if timestamp::check(&text).is_err_and(|fault| fault.rule() == Rule::TimestampFraction) {
                let message = "it has a fraction of a second, which Gong's rule forbids and one of \
                               its examples shows";
                let range = pair.range.clone();
                let mut problem =
                    Problem::of_field(Rule::CustomTimestampFraction, range, &pair.name, message);
                problem.hint = mended_timestamp(&text).map(|mended| format!("write \"{mended}\""));
                self.problem(problem);
            }
        } else if json.starts_with('{')
            || json.starts_with('[') && serde_json::from_str::<Vec<String>>(json).is_err()
        {
            let message = "no field of Gong's can show an object or a nested list";
            let range = pair.range.clone();
            let problem = Problem::of_field(Rule::CustomShape, range, &pair.name, message);
            self.problem(problem.with_hint("send its parts as fields of their own"));
        }
    }

    /// What is not there and should be.
    fn absent(&mut self, names: &Names<'_>) {
        let start = self
            .parsed
            .pairs
            .first()
            .map_or(0, |pair| pair.name_range.start);
        // The opening brace stands for what is not there.
        let brace = start.saturating_sub(1)..start.max(1);
        let is_deleted = self.inspection.is_deleted;
        for field in self.yardstick.format.fields {
            if names.contains(field.name) {
                continue;
            }
            let is_missing = match field.presence {
                Presence::Required => true,
                Presence::UnlessDeleted => !is_deleted,
                Presence::Optional => false,
            };
            if is_missing {
                let message = "it is missing, and it is required";
                self.of_field(Rule::MissingField, brace.clone(), field.name, message);
            } else if let Some(consequence) = field.when_missing
                && warns_when_missing(field)
                && !is_deleted
            {
                let message = format!("it is missing. {consequence}");
                self.of_field(
                    Rule::NotVisible,
                    brace.clone(),
                    field.name,
                    message.trim_end_matches('.'),
                );
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
        let here = known_to(self.yardstick.format.object_type);
        ObjectType::ALL
            .into_iter()
            .map(|object_type| (known_to(object_type), object_type))
            .max_by_key(|(known, _)| *known)
            // A few such names may be custom fields.
            .filter(|(known, _)| *known >= here + 3)
            .map(|(_, object_type)| object_type)
    }
}

/// Whether the check warns when an optional field is missing. Not of email addresses: Gong finds
/// people by their phone number and other ways too.
pub(super) fn warns_when_missing(field: &Field) -> bool {
    field.when_missing.is_some() && field.kind != FieldKind::EmailAddress
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
            mended_timestamp(&text).map(|mended| format!("write \"{mended}\""))
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
