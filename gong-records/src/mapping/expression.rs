//! Expressions in mappings: `minijinja` with functions for ids, domains and names.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, LazyLock, Mutex};

use minijinja::value::{Enumerator, Object, Rest, Value, ValueKind};
use minijinja::{Environment, Error, ErrorKind, Expression, State, UndefinedBehavior};

use super::cell::{CellError, CellKind, LIST_SEPARATOR, Numbers, whole};
use super::json::Json;
use super::model::MappingError;
use super::nearest::{nearest, nfc};
use super::text;

mod operands;

use operands::operands;

/// How many steps one evaluation may take, so that no expression runs for ever.
const FUEL: u64 = 200_000;

static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(environment);

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    // Most sources of JSON leave keys out that have no value.
    environment.set_undefined_behavior(UndefinedBehavior::Chainable);
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
    both!("number", number);
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
        text::Domain::Shared(_) | text::Domain::Other => Value::from(()),
    }
}

/// The number of a text, by the signs that the mapping names; none of an empty one.
fn number(state: &State<'_, '_>, value: Value) -> Result<Value, Error> {
    if value.kind() == ValueKind::Number {
        return Ok(value);
    }
    let text = as_text(&value);
    let text = text.trim();
    if text.is_empty() {
        return Ok(Value::from(()));
    }
    let signs = state.lookup(SIGNS);
    let signs = signs
        .as_ref()
        .and_then(|signs| signs.downcast_object_ref::<Signs>());
    let read = match signs {
        Some(Signs(numbers)) => numbers.read(text),
        None => Numbers::default().read(text),
    };
    let number = read.map_err(|wrong| {
        Error::new(
            ErrorKind::InvalidOperation,
            format!("{text:?}: {}", wrong.message),
        )
    })?;
    Ok(match (number.parse::<i64>(), number.parse::<f64>()) {
        (Ok(whole), _) => Value::from(whole),
        (Err(_), Ok(number)) => Value::from(number),
        (Err(_), Err(_)) => Value::from(()),
    })
}

/// The name under which expressions have the mapping's signs in numbers; no column is called so.
const SIGNS: &str = "\u{1f}signs";

/// The signs in numbers.
#[derive(Debug)]
struct Signs(Numbers);

impl Object for Signs {}

/// How a table writes its numbers, for the function `number`.
pub(super) fn signs(numbers: Numbers) -> Value {
    Value::from_object(Signs(numbers))
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "how minijinja hands arguments over"
)]
fn domains(value: Value) -> Value {
    Value::from(text::domains(&as_text(&value)).found)
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
const FUNCTIONS: [&str; 10] = [
    "digits",
    "domain",
    "domains",
    "email_in",
    "first_name",
    "first_of",
    "last_name",
    "leading_number",
    "number",
    "slug",
];

/// The one of them that takes several values.
const SEVERAL: &str = "first_of";

/// An expression, compiled once for all rows.
#[derive(Debug)]
pub(super) struct Compiled {
    expression: Expression<'static, 'static>,
    /// The columns that it reads, or the keys of a record.
    pub(super) columns: Vec<String>,
    /// Those of them for which nothing stands in where they are missing.
    pub(super) needed: Vec<String>,
}

impl Compiled {
    /// Compiles an expression, and tries it on a row without values for names that don't exist.
    pub(super) fn new(source: &str, names: Option<&Arc<Names>>) -> Result<Self, MappingError> {
        let source = &*nfc(source);
        let braced = source.trim().strip_prefix("{{");
        if let Some(inner) = braced.and_then(|rest| rest.strip_suffix("}}")) {
            return Err(MappingError::new(format!(
                "an expression has no braces around it; write {:?}",
                inner.trim()
            )));
        }
        let expression = ENVIRONMENT
            .compile_expression_owned(source.to_owned())
            .map_err(|error| MappingError::new(message(&error, source)))?;
        let operands = operands(source, names.is_some());
        let is_function = |name: &String| ENVIRONMENT.globals().any(|(known, _)| known == *name);
        let columns = |found: BTreeSet<String>| {
            let found = found.into_iter().filter(|name| !is_function(name));
            found.collect::<Vec<String>>()
        };
        let compiled = Self {
            expression,
            columns: columns(operands.columns),
            needed: columns(operands.needed),
        };
        if let Some(names) = names {
            compiled.check_names(source, names)?;
        }
        if let Some((at, mistake)) = operands.mistake {
            let at = source[..source.floor_char_boundary(at)].chars().count() + 1;
            return Err(MappingError::new(format!(
                "character {at} of the expression: {mistake}"
            )));
        }
        if let Some(names) = names {
            compiled.try_blank(source, names)?;
        }
        Ok(compiled)
    }

    /// Whether every name is that of a column or a function.
    fn check_names(&self, source: &str, names: &Arc<Names>) -> Result<(), MappingError> {
        let mut known: Vec<&str> = names.columns.keys().map(String::as_str).collect();
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
            if name == ROW || names.columns.contains_key(&name) || functions.contains(&name) {
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
        Ok(())
    }

    /// Tries it on a row without values, for functions and columns that don't exist.
    fn try_blank(&self, source: &str, names: &Arc<Names>) -> Result<(), MappingError> {
        let mut known: Vec<&str> = names.columns.keys().map(String::as_str).collect();
        known.sort_unstable();
        let missing = Arc::new(Mutex::new(None));
        let blank = Row {
            names: Arc::clone(names),
            cells: vec![String::new(); names.columns.len()],
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

    /// Whether the row is wanted: the value is not false, zero, empty or missing, and not a text
    /// that means so, in lower case.
    pub(super) fn is_true(&self, row: &Value, falsy: &[String]) -> Result<bool, CellError> {
        let value = self
            .expression
            .eval(row.clone())
            .map_err(|error| wrong(&error))?;
        if let Some(text) = value.as_str() {
            let text = text.trim().to_lowercase();
            return Ok(!text.is_empty() && !falsy.contains(&text));
        }
        Ok(value.is_true())
    }

    /// The value as the text of a cell, and what kind of value it is.
    pub(super) fn cell(&self, row: &Value) -> Result<(String, CellKind), CellError> {
        let value = self
            .expression
            .eval(row.clone())
            .map_err(|error| wrong(&error))?;
        let text = match value.kind() {
            ValueKind::None | ValueKind::Undefined => {
                return Ok((String::new(), CellKind::Text));
            }
            ValueKind::String => return Ok((as_text(&value), CellKind::Text)),
            ValueKind::Bool => return Ok((value.is_true().to_string(), CellKind::Boolean)),
            ValueKind::Number => json_number(&value),
            ValueKind::Seq | ValueKind::Iterable => {
                let items = value.try_iter().map_err(|error| wrong(&error))?;
                let items: Vec<String> = items.map(|item| as_text(&item)).collect();
                return Ok((items.join(&LIST_SEPARATOR.to_string()), CellKind::List));
            }
            _ => {
                return Err(CellError::new(
                    "the expression's value is not a text, a number, true, false or a list",
                    "use one of its keys",
                ));
            }
        };
        Ok((text, CellKind::Number))
    }
}

/// A number as JSON has it; Rust never writes an exponent. A fraction has 15 digits, as many as are
/// exact: `0.1 + 0.2` is `0.3`.
fn json_number(value: &Value) -> String {
    match f64::try_from(value.clone()) {
        Ok(number) if !value.is_integer() => {
            let rounded = format!("{number:.14e}").parse().unwrap_or(number);
            format!("{rounded}")
        }
        _ => value.to_string(),
    }
}

fn advice(name: &str, all: &[&str], columns: &[&str]) -> String {
    match nearest(name, all.iter().copied()) {
        Some(meant) => format!("did you mean {meant:?}?"),
        None => format!("there are {columns:?}"),
    }
}

fn wrong(error: &Error) -> CellError {
    CellError::new(
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
pub(super) struct Names {
    columns: HashMap<String, usize>,
    signs: Value,
}

impl Names {
    pub(super) fn new(header: &[String], signs: &Value) -> Self {
        let mut columns = HashMap::new();
        for (index, name) in header.iter().enumerate() {
            columns.entry(nfc(name).into_owned()).or_insert(index);
        }
        Self {
            columns,
            signs: signs.clone(),
        }
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
pub(super) fn json_row(record: &Json, signs: &Value) -> Value {
    Value::from_object(Record {
        fields: of_json(record),
        signs: signs.clone(),
    })
}

fn of_json(value: &Json) -> Value {
    match value {
        Json::Null => Value::from(()),
        Json::Bool(value) => Value::from(*value),
        Json::Text(text) => Value::from(text.as_str()),
        Json::Number(number) => match (whole(number).parse::<i128>(), number.parse::<f64>()) {
            (Ok(whole), _) => i64::try_from(whole).map_or_else(|_| Value::from(whole), Value::from),
            (Err(_), Ok(number)) => Value::from(number),
            (Err(_), Err(_)) => Value::from(()),
        },
        Json::List(items) => items.iter().map(of_json).collect(),
        Json::Object(fields) => {
            let pairs = fields
                .iter()
                .map(|(key, value)| (key.as_str(), of_json(value)));
            Value::from_pairs(pairs)
        }
    }
}

impl Object for Row {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let name = key.as_str()?;
        match name {
            ROW => Some(Value::from_object(WholeRow(Arc::clone(self)))),
            SIGNS => Some(self.names.signs.clone()),
            _ => self.cell(name),
        }
    }
}

impl Row {
    fn cell(&self, name: &str) -> Option<Value> {
        let index = *self.names.columns.get(name)?;
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
        let names = self.0.names.columns.keys();
        Enumerator::Values(names.map(|name| Value::from(name.as_str())).collect())
    }
}

/// A JSON record: its keys by name, and the whole of it as `row`.
#[derive(Debug)]
struct Record {
    fields: Value,
    signs: Value,
}

impl Object for Record {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        match key.as_str() {
            Some(ROW) => return Some(self.fields.clone()),
            Some(SIGNS) => return Some(self.signs.clone()),
            _ => {}
        }
        let value = self.fields.get_item(key).ok()?;
        Some(value).filter(|value| !value.is_undefined())
    }
}
