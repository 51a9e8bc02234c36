//! Expressions in mappings: `minijinja` with functions for ids, domains and names.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};

use minijinja::value::{Enumerator, Object, Rest, Value, ValueKind};
use minijinja::{Environment, Error, ErrorKind, Expression, UndefinedBehavior};

use super::cell::{CellKind, LIST_SEPARATOR, Wrong};
use super::model::MappingError;
use super::nearest::nearest;
use super::text;

/// How many steps one evaluation may take, so that no expression runs forever.
const FUEL: u64 = 200_000;

static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(environment);

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    // Each is a function and a filter: domain(Website) and Website | domain.
    macro_rules! both {
        ($name:literal, $function:expr) => {
            environment.add_function($name, $function);
            environment.add_filter($name, $function);
        };
    }
    both!("slug", |value: Value| text::slug(&as_text(&value)));
    both!("domain", domain);
    both!("domains", domains);
    both!("first_name", |value: Value| text::first_name(&as_text(
        &value
    )));
    both!("last_name", |value: Value| text::last_name(&as_text(
        &value
    )));
    both!("digits", |value: Value| {
        let text = as_text(&value);
        text.chars()
            .filter(char::is_ascii_digit)
            .collect::<String>()
    });
    both!("leading_number", |value: Value| {
        text::leading_number(&as_text(&value)).map_or(Value::from(()), Value::from)
    });
    both!("email_in", |value: Value| text::email_in(&as_text(&value))
        .map_or(Value::from(()), Value::from));
    environment.add_function("first_of", first_of);
    environment
}

fn as_text(value: &Value) -> String {
    match value.as_str() {
        Some(text) => text.to_owned(),
        None if value.is_none() => String::new(),
        None => value.to_string(),
    }
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "how minijinja hands arguments over"
)]
fn domain(value: Value) -> Value {
    match text::domain(&as_text(&value)) {
        text::Domain::Company(host) => Value::from(host),
        text::Domain::PublicMail(_) | text::Domain::Other => Value::from(()),
    }
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "how minijinja hands arguments over"
)]
fn domains(value: Value) -> Result<Value, Error> {
    let found = text::domains(&as_text(&value)).map_err(|item| {
        Error::new(
            ErrorKind::InvalidOperation,
            format!("{item:?} is not a domain"),
        )
    })?;
    Ok(Value::from(found))
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "how minijinja hands arguments over"
)]
fn first_of(values: Rest<Value>) -> Value {
    let mut given = values.iter();
    let found = given.find(|value| !value.is_none() && !as_text(value).trim().is_empty());
    found.cloned().unwrap_or_else(|| Value::from(()))
}

/// The functions beside those of `minijinja`.
const FUNCTIONS: [&str; 9] = [
    "digits",
    "domain",
    "domains",
    "email_in",
    "first_name",
    "first_of",
    "last_name",
    "leading_number",
    "slug",
];

/// An expression, compiled once for all rows.
#[derive(Debug)]
pub(super) struct Compiled {
    expression: Expression<'static, 'static>,
}

impl Compiled {
    /// Compiles an expression, and tries it on a row without values for names that don't exist.
    pub(super) fn new(source: &str, names: Option<&Arc<Names>>) -> Result<Self, MappingError> {
        let expression = ENVIRONMENT
            .compile_expression_owned(source.to_owned())
            .map_err(|error| MappingError::new(message(&error, source)))?;
        let compiled = Self { expression };
        if let Some(names) = names {
            compiled.try_names(source, names)?;
        }
        Ok(compiled)
    }

    fn try_names(&self, source: &str, names: &Arc<Names>) -> Result<(), MappingError> {
        let mut known: Vec<&str> = names.0.keys().map(String::as_str).collect();
        known.sort_unstable();
        let functions: Vec<String> = ENVIRONMENT
            .globals()
            .map(|(name, _)| name.to_string())
            .collect();
        let mut used: Vec<String> = self
            .expression
            .undeclared_variables(false)
            .into_iter()
            .collect();
        used.sort_unstable();
        for name in used {
            if name == ROW || names.0.contains_key(&name) || functions.contains(&name) {
                continue;
            }
            let all: Vec<&str> = known
                .iter()
                .copied()
                .chain(functions.iter().map(String::as_str))
                .collect();
            let at = source
                .find(&name)
                .map_or(1, |at| source[..at].chars().count() + 1);
            return Err(MappingError::new(format!(
                "character {at} of the expression: there is no column or function {name:?}; {}",
                advice(&name, &all, &known)
            )));
        }
        let missing = Arc::new(Mutex::new(None));
        let blank = Row {
            names: Arc::clone(names),
            cells: vec![String::new(); names.0.len()],
            missing: Some(Arc::clone(&missing)),
        };
        // The result for empty texts does not matter here.
        if let Err(error) = self.expression.eval(Value::from_object(blank))
            && matches!(
                error.kind(),
                ErrorKind::UnknownFilter | ErrorKind::UnknownFunction | ErrorKind::UnknownTest
            )
        {
            return Err(MappingError::new(message(&error, source)));
        }
        let missing = missing.lock().ok().and_then(|name| name.clone());
        match missing {
            Some(name) => {
                let at = source
                    .find(&name)
                    .map_or(1, |at| source[..at].chars().count() + 1);
                Err(MappingError::new(format!(
                    "character {at} of the expression: the file has no column {name:?}; {}",
                    advice(&name, &known, &known)
                )))
            }
            None => Ok(()),
        }
    }

    /// Whether the row is wanted: the value is not false, zero, empty, missing, or one of the words
    /// for no.
    pub(super) fn is_true(&self, row: &Value, no: &[String]) -> Result<bool, Wrong> {
        let value = self
            .expression
            .eval(row.clone())
            .map_err(|error| wrong(&error))?;
        // A column is a text, also where it says no.
        let text = value.as_str().map(|text| text.trim().to_lowercase());
        let says_no = text.is_some_and(|text| text.is_empty() || no.contains(&text));
        Ok(value.is_true() && !says_no)
    }

    /// The value as the text of a cell, and what kind of value it is.
    pub(super) fn cell(&self, row: &Value) -> Result<(String, CellKind), Wrong> {
        let value = self
            .expression
            .eval(row.clone())
            .map_err(|error| wrong(&error))?;
        let text = match value.kind() {
            ValueKind::None => return Ok((String::new(), CellKind::Text)),
            ValueKind::Undefined => {
                return Err(Wrong::new(
                    "the expression has no value: a key or a column is missing",
                    "give a default, such as … | default('')",
                ));
            }
            ValueKind::String => return Ok((as_text(&value), CellKind::Text)),
            ValueKind::Bool => return Ok((value.is_true().to_string(), CellKind::Boolean)),
            ValueKind::Number => number(&value),
            ValueKind::Seq | ValueKind::Iterable => {
                let items = value.try_iter().map_err(|error| wrong(&error))?;
                let items: Vec<String> = items.map(|item| as_text(&item)).collect();
                return Ok((items.join(&LIST_SEPARATOR.to_string()), CellKind::List));
            }
            _ => {
                return Err(Wrong::new(
                    "the expression's value is not a text, a number, true, false or a list",
                    "use one of its keys",
                ));
            }
        };
        Ok((text, CellKind::Number))
    }
}

/// A number as JSON has it; Rust never writes an exponent.
fn number(value: &Value) -> String {
    match f64::try_from(value.clone()) {
        Ok(number) if !value.is_integer() => format!("{number}"),
        _ => value.to_string(),
    }
}

fn advice(name: &str, all: &[&str], columns: &[&str]) -> String {
    match nearest(name, all.iter().copied()) {
        Some(meant) => format!("did you mean {meant:?}?"),
        None => format!("there are {columns:?}"),
    }
}

fn wrong(error: &Error) -> Wrong {
    Wrong::new(
        format!("the expression fails: {}", detail(error)),
        "correct the expression, or the cell",
    )
}

fn detail(error: &Error) -> String {
    match error.detail() {
        Some(detail) => format!("{} ({detail})", error.kind()),
        None => error.kind().to_string(),
    }
}

/// The problem with an expression, and at which of its characters.
fn message(error: &Error, source: &str) -> String {
    let at = error.range().map_or(1, |range| {
        let start = source.floor_char_boundary(range.start.min(source.len()));
        source[..start].chars().count() + 1
    });
    let advice = match error.kind() {
        ErrorKind::UnknownFilter | ErrorKind::UnknownFunction | ErrorKind::UnknownTest => {
            let mut quoted = error.detail().unwrap_or_default().split_whitespace();
            let meant = quoted.find_map(|word| nearest(word, FUNCTIONS));
            meant.map_or_else(String::new, |meant| format!("; did you mean {meant}?"))
        }
        _ => String::new(),
    };
    format!(
        "character {at} of the expression: {}{advice}",
        detail(error)
    )
}

/// The name of the whole row in an expression, for columns whose names are not identifiers.
const ROW: &str = "row";

/// The columns by name.
#[derive(Debug)]
pub(super) struct Names(HashMap<String, usize>);

impl Names {
    pub(super) fn new(header: &[String]) -> Self {
        let mut names = HashMap::new();
        for (index, name) in header.iter().enumerate() {
            names.entry(name.clone()).or_insert(index);
        }
        Self(names)
    }
}

/// A row of a CSV as an expression has it: each column by its name, and `row["Any Name"]`.
#[derive(Debug)]
struct Row {
    names: Arc<Names>,
    cells: Vec<String>,
    /// Where the first column is noted that does not exist, when the expression is tried.
    missing: Option<Arc<Mutex<Option<String>>>>,
}

/// The row of a CSV for expressions.
pub(super) fn csv_row(names: &Arc<Names>, cells: &csv::StringRecord) -> Value {
    Value::from_object(Row {
        names: Arc::clone(names),
        cells: cells.iter().map(|cell| cell.trim().to_owned()).collect(),
        missing: None,
    })
}

/// The record of a JSON file for expressions.
pub(super) fn json_row(record: &serde_json::Value) -> Value {
    Value::from_object(Record(of_json(record)))
}

fn of_json(value: &serde_json::Value) -> Value {
    match value {
        serde_json::Value::Null => Value::from(()),
        serde_json::Value::Bool(value) => Value::from(*value),
        serde_json::Value::String(text) => Value::from(text.as_str()),
        serde_json::Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(number), _) => Value::from(number),
            (None, Some(number)) => Value::from(number),
            (None, None) => Value::from(number.as_f64().unwrap_or(f64::NAN)),
        },
        serde_json::Value::Array(items) => items.iter().map(of_json).collect(),
        serde_json::Value::Object(object) => {
            let pairs = object
                .iter()
                .map(|(key, value)| (key.as_str(), of_json(value)));
            Value::from_pairs(pairs)
        }
    }
}

impl Object for Row {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let name = key.as_str()?;
        if name == ROW {
            return Some(Value::from_object(WholeRow(Arc::clone(self))));
        }
        self.cell(name)
    }
}

impl Row {
    fn cell(&self, name: &str) -> Option<Value> {
        let index = *self.names.0.get(name)?;
        Some(Value::from(
            self.cells.get(index).map_or("", String::as_str),
        ))
    }
}

#[derive(Debug)]
struct WholeRow(Arc<Row>);

impl Object for WholeRow {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let name = key.as_str()?;
        let cell = self.0.cell(name);
        if let Some(missing) = self.0.missing.as_ref().filter(|_| cell.is_none())
            && let Ok(mut missing) = missing.lock()
        {
            missing.get_or_insert_with(|| name.to_owned());
        }
        cell
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        let names = self.0.names.0.keys();
        Enumerator::Values(names.map(|name| Value::from(name.as_str())).collect())
    }
}

/// A JSON record: its keys by name, and the whole of it as `row`.
#[derive(Debug)]
struct Record(Value);

impl Object for Record {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        if key.as_str() == Some(ROW) {
            return Some(self.0.clone());
        }
        let value = self.0.get_item(key).ok()?;
        Some(value).filter(|value| !value.is_undefined())
    }
}
