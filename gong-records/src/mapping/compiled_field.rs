//! One field of a mapping, resolved against the columns of a file.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

use super::cell::{CellError, CellKind, Format, Shape, rounded_digits, spreadsheet_error, text};
use super::columns::Column;
use super::expression::Compiled;
use super::field_type::constant;
use super::lookup::Table;
use super::model::{FieldMapping, Lookup, MappingError, TypeMapping};
use super::nearest::nfc;
use super::row::Row;
use super::source::Source;
use super::{Options, text as texts};
use crate::record::Presence;
use crate::rule::Rule;

mod notation;
mod steps;

use notation::Notation;
use steps::{Origins, Ran, Steps};

/// What `values` says of a cell whose meaning is an open question.
const QUESTION: &str = "?";

/// One field of the lines.
#[derive(Debug)]
pub(super) struct CompiledField {
    pub(super) name: String,
    /// The name as JSON, with its colon.
    pub(super) token: Vec<u8>,
    pub(super) is_object_id: bool,
    /// The type that the records have, for messages.
    from: From,
    join: Option<String>,
    format: Format,
    /// The format of what the mapping names.
    of_gong: Format,
    /// The JSON of a constant, or of the default.
    fallback: Option<Vec<u8>>,
    /// What becomes of cells that `values` does not list.
    otherwise: Option<Otherwise>,
    /// Of a field of Gong's own.
    pub(super) presence: Option<Presence>,
    /// Steps that are applied to a cell before its conversion; none for most fields.
    steps: Option<Box<Steps>>,
    /// Of an id that an expression makes.
    made: Option<Box<MadeIds>>,
    /// The question that is open.
    pub(super) todo: Option<String>,
    pub(super) rounded: Option<RoundedIds>,
    /// Whether the column is written as the mapping says; none for most fields.
    notation: Option<Box<Notation>>,
}

/// The source of the cell.
#[derive(Debug)]
enum From {
    Columns(Vec<Column>),
    Expression(Compiled),
    Nothing,
}

/// How many ids are long numbers, and whether all of them look rounded.
#[derive(Debug, Default)]
pub(super) struct RoundedIds {
    long: u64,
    zeros: usize,
    has_other: bool,
    pub(super) column: u64,
}

/// What became of a cell, and what is odd about it.
enum Appended {
    Value(Option<CellError>),
    /// The cell means no value.
    Nothing(Option<CellError>),
}

/// What becomes of a cell that `values` does not list.
#[derive(Debug)]
enum Otherwise {
    Json(Vec<u8>),
    Nothing,
    Question,
}

/// Ids that an expression makes, and the columns that it makes them of.
#[derive(Debug)]
struct MadeIds {
    columns: Vec<usize>,
    origins: Origins,
}

/// A cell on its way through the steps.
struct Cell<'a> {
    text: Cow<'a, str>,
    kind: CellKind,
}

impl CompiledField {
    pub(super) fn new(
        name: &str,
        mapping: &FieldMapping,
        shape: Shape,
        table: &TypeMapping,
        context: &mut Context<'_, '_>,
    ) -> Result<Self, MappingError> {
        let format = Format::new(shape, table, mapping)?;
        let of_gong = format.of_gong();
        let source = &mut *context.source;
        let from = from(mapping, source)?;
        let options = context.options;
        let value = |words| constant(words, shape, &of_gong, options);
        let given = mapping.constant.as_ref().or(mapping.default.as_ref());
        let fallback = given.map(value).transpose()?;
        let otherwise = mapping.otherwise.as_ref();
        let otherwise = otherwise.map(|words| match words.iter().collect::<Vec<_>>()[..] {
            [""] => Ok(Otherwise::Nothing),
            [QUESTION] => Ok(Otherwise::Question),
            _ => value(words).map(Otherwise::Json),
        });
        let otherwise = otherwise.transpose();
        let otherwise = otherwise.map_err(|error| error.within("otherwise"))?;
        if otherwise.is_some() && mapping.values.is_empty() && mapping.lookup.is_none() {
            return Err(MappingError::new(
                "otherwise needs values: it is for cells that values does not list",
            )
            .within("otherwise"));
        }
        let mut cells = HashSet::new();
        for (cell, value) in &mapping.values {
            let plain = nfc(cell.trim()).to_lowercase();
            if plain.is_empty() {
                return Err(MappingError::new(
                    "an empty cell has no entry in values; default says what stands in for it",
                )
                .within("values"));
            }
            if !cells.insert(plain) {
                return Err(MappingError::new(format!(
                    "values lists {cell:?} twice: cells are compared in any case; remove one of them"
                ))
                .within("values"));
            }
            if !value.is_empty() && value != QUESTION {
                of_gong
                    .append(value, CellKind::Text, &mut Vec::new())
                    .map_err(|wrong| {
                        let message = if wrong.is_of_word {
                            format!("values: {}", wrong.message)
                        } else {
                            format!("values, {value:?}: {}", wrong.message)
                        };
                        MappingError::new(message).within("values")
                    })?;
            }
        }
        let steps = Steps::new(mapping, shape, context)?;
        let (mut column, mut made) = (None, None);
        match &from {
            From::Columns(columns) => column = columns.first().map(Column::number),
            From::Expression(compiled) => {
                let source = &mut *context.source;
                for name in &compiled.needed {
                    source.expect(name);
                }
                if matches!(name, "objectId" | "stage") && shape == Shape::Id {
                    let columns = compiled.columns.iter();
                    let columns = columns.filter_map(|name| source.column(name).ok());
                    made = Some(Box::new(MadeIds {
                        columns: columns.map(|column| column.index).collect(),
                        origins: Origins::default(),
                    }));
                }
            }
            From::Nothing => {}
        }
        if mapping.join.is_some()
            && mapping
                .from
                .as_ref()
                .is_none_or(|from| from.iter().nth(1).is_none())
        {
            return Err(MappingError::new(
                "join is put between several columns: from = [\"First\", \"Second\"]",
            )
            .within("join"));
        }
        let rounded = (name == "objectId").then(|| RoundedIds {
            column: column.unwrap_or_default(),
            ..RoundedIds::default()
        });
        let is_currency = mapping.field_type.as_deref() == Some("CURRENCY");
        let is_money = name == "amount" || is_currency;
        let notation = Notation::new(shape, &format, mapping, is_money);
        let mut token = Vec::new();
        text(name, &mut token);
        token.push(b':');
        Ok(Self {
            name: name.to_owned(),
            token,
            is_object_id: name == "objectId",
            from,
            join: mapping.join.clone(),
            format,
            of_gong,
            fallback,
            otherwise,
            presence: None,
            steps,
            made,
            todo: mapping.todo.clone(),
            rounded,
            notation,
        })
    }

    /// The first of its columns.
    pub(super) fn column(&self) -> Option<&Column> {
        match &self.from {
            From::Columns(columns) => columns.first(),
            _ => None,
        }
    }

    /// All of its columns.
    pub(super) fn columns(&self) -> &[Column] {
        match &self.from {
            From::Columns(columns) => columns,
            _ => &[],
        }
    }

    /// Whether it needs the row as expressions have it.
    pub(super) fn is_expression(&self) -> bool {
        matches!(self.from, From::Expression(_))
    }

    /// Appends the field's value; says whether there is one, and what is odd about it.
    pub(super) fn append<'a>(
        &mut self,
        row: &'a Row,
        value: Option<&minijinja::Value>,
        line: &mut Vec<u8>,
    ) -> Result<(bool, Option<CellError>), (Cow<'a, str>, CellError)> {
        let cell = match self.cell(row, value) {
            Ok(cell) => cell,
            Err(wrong) => return Err((Cow::Borrowed(""), wrong)),
        };
        if self.format.is_empty(&cell.text) && cell.kind != CellKind::Number {
            return self.append_fallback(line);
        }
        let (shown, kind) = (cell.text.clone(), cell.kind);
        let begin = line.len();
        match self.append_cell(cell, row, line) {
            Ok(Appended::Value(warning)) => {
                if let Some(notation) = &mut self.notation {
                    notation.note(&shown, kind, &line[begin..], &self.format, row);
                }
                Ok((true, warning))
            }
            Ok(Appended::Nothing(warning)) => {
                let (is_there, _) = self.append_fallback(line)?;
                Ok((is_there, warning))
            }
            Err(mut wrong) => {
                if let Some(notation) = &mut self.notation
                    && notation.note_failed(&shown, &wrong, row)
                {
                    wrong.is_other_notation = true;
                }
                Err((shown, wrong))
            }
        }
    }

    /// What is wrong with the column's notation as a whole, and how to fix it.
    pub(super) fn notation(&self) -> Option<(String, String)> {
        self.notation.as_ref()?.finding(&self.format)
    }

    /// The trimmed value of the columns or the expression.
    fn cell<'a>(
        &self,
        row: &'a Row,
        value: Option<&minijinja::Value>,
    ) -> Result<Cell<'a>, CellError> {
        let text_of =
            |column: &Column| texts::trimmed(row.cells.get(column.index).unwrap_or_default());
        match (&self.from, value) {
            (From::Columns(columns), _) => {
                if let (Some(join), true) = (&self.join, columns.len() > 1) {
                    let texts = columns
                        .iter()
                        .map(text_of)
                        .filter(|text| !self.format.is_empty(text));
                    return Ok(Cell {
                        text: Cow::Owned(texts.collect::<Vec<_>>().join(join)),
                        kind: CellKind::Text,
                    });
                }
                let mut given = columns
                    .iter()
                    .filter(|one| !self.format.is_empty(text_of(one)));
                let column = given.next().or(columns.first());
                Ok(column.map_or(
                    Cell {
                        text: Cow::Borrowed(""),
                        kind: CellKind::Text,
                    },
                    |column| Cell {
                        text: Cow::Borrowed(text_of(column)),
                        kind: row.kind(column.index),
                    },
                ))
            }
            (From::Expression(expression), Some(value)) => {
                let (text, kind) = expression.cell(value)?;
                Ok(Cell {
                    text: Cow::Owned(text.trim().to_owned()),
                    kind,
                })
            }
            _ => Ok(Cell {
                text: Cow::Borrowed(""),
                kind: CellKind::Text,
            }),
        }
    }

    /// Appends what is in for a missing value, if anything does.
    fn append_fallback<'a>(
        &self,
        line: &mut Vec<u8>,
    ) -> Result<(bool, Option<CellError>), (Cow<'a, str>, CellError)> {
        match &self.fallback {
            Some(json) => {
                line.extend_from_slice(json);
                Ok((true, None))
            }
            // The question says it, once.
            None if self.todo.is_some() && matches!(self.from, From::Nothing) => Ok((false, None)),
            None if self.is_object_id => Err((
                Cow::Borrowed(""),
                CellError::new("it is empty, and every record needs an id", "fill the cell"),
            )),
            None => Ok((false, None)),
        }
    }

    /// The part that Gong can't match, if a column of links is mapped directly.
    fn odd_domain(&self, cell: &str) -> Option<CellError> {
        let cleans = self.steps.as_ref().is_some_and(|steps| steps.domain);
        if self.name != "domains" || cleans {
            return None;
        }
        let odd = self.format.items(cell, CellKind::Text).find(|item| {
            !matches!(texts::domain(item), texts::Domain::Company(host) if host == item.to_lowercase())
        })?;
        Some(CellError::of(
            Rule::DomainFormat,
            format!("{odd:?} is not a bare company domain, which Gong needs for matching"),
            "write domain = true in the mapping: it extracts domains from links and addresses",
        ))
    }

    /// That an address has more in it than an address, so that Gong matches nobody by it.
    fn odd_address(&self, cell: &str) -> Option<CellError> {
        let is_odd =
            self.name == "emailAddress" && cell.contains([':', ';', ',', '<', '>', '(', ')']);
        is_odd.then(|| {
            CellError::of(
                Rule::EmailFormat,
                "it has more in it than an address, and Gong matches people by it",
                "write expr = \"email_in(…)\" in the mapping: it takes the address out of a text",
            )
        })
    }

    /// Appends a cell that is not empty; nothing if it means no value.
    fn append_cell(
        &mut self,
        mut cell: Cell<'_>,
        row: &Row,
        line: &mut Vec<u8>,
    ) -> Result<Appended, CellError> {
        if let Some(wrong) = spreadsheet_error(&cell.text)
            && self.format.replacement(&cell.text).is_none()
        {
            return Err(wrong);
        }
        let mut odd = None;
        let mut is_found = false;
        if let Some(steps) = &mut self.steps {
            let has_otherwise = self.otherwise.is_some();
            match steps.run(&mut cell, row, &self.format, has_otherwise)? {
                Ran::Cell(warning) => odd = warning,
                Ran::Found => is_found = true,
            }
            if cell.text.is_empty() {
                return Ok(Appended::Nothing(odd));
            }
        }
        if let Some(made) = &mut self.made {
            made.note(&cell.text, row)?;
        }
        if !is_found {
            match self.format.replacement(&cell.text) {
                Some("") => return Ok(Appended::Nothing(odd)),
                Some(QUESTION) => return Err(self.question(&cell.text)),
                Some(value) => {
                    return self
                        .of_gong
                        .append(value, CellKind::Text, line)
                        .map(Appended::Value);
                }
                None => {}
            }
            match &self.otherwise {
                Some(Otherwise::Json(json)) => {
                    line.extend_from_slice(json);
                    return Ok(Appended::Value(odd));
                }
                Some(Otherwise::Nothing) => return Ok(Appended::Nothing(odd)),
                Some(Otherwise::Question) => return Err(self.question(&cell.text)),
                None => {}
            }
        }
        if let Some(rounded) = &mut self.rounded {
            rounded.note(&cell.text);
        }
        let warning = self.format.append(&cell.text, cell.kind, line)?;
        Ok(Appended::Value(
            warning
                .or(odd)
                .or_else(|| self.odd_domain(&cell.text))
                .or_else(|| self.odd_address(&cell.text)),
        ))
    }

    /// That the mapping does not say yet what a cell means.
    fn question(&self, cell: &str) -> CellError {
        CellError::of(
            Rule::OpenQuestion,
            format!("the mapping leaves open what {cell:?} means"),
            format!(
                "write the value in place of \"?\" in the mapping of {}, or add the word to its values",
                self.name
            ),
        )
    }
}

impl MadeIds {
    /// Notes of which cells an id was made, unless others made the same one. An id that is one of its
    /// cells as it is was chosen, not made; and an address names one person, however the cells do.
    fn note(&mut self, id: &str, row: &Row) -> Result<(), CellError> {
        if id.contains('@') {
            return Ok(());
        }
        let cells = self.columns.iter().map(|index| row.cells.get(*index));
        let cells: Vec<&str> = cells.map(|cell| cell.unwrap_or_default().trim()).collect();
        if cells.contains(&id) {
            return self.origins.note(id, id, row.place.line);
        }
        self.origins.note(id, &cells.join("\u{1f}"), row.place.line)
    }
}

/// The context of the compilation of a field.
pub(super) struct Context<'a, 's> {
    pub(super) source: &'a mut Source<'s>,
    pub(super) options: &'a Options,
    /// Reads the table in which cells are looked up.
    pub(super) look_up: &'a dyn Fn(&Lookup) -> Result<Arc<Table>, MappingError>,
}

fn from(mapping: &FieldMapping, source: &mut Source<'_>) -> Result<From, MappingError> {
    let given = [
        ("from", mapping.from.is_some()),
        ("expr", mapping.expr.is_some()),
        ("constant", mapping.constant.is_some()),
    ];
    let given: Vec<&str> = given
        .iter()
        .filter(|(_, is)| *is)
        .map(|(name, _)| *name)
        .collect();
    if let [first, second, ..] = given.as_slice() {
        return Err(MappingError::new(format!(
            "{first} and {second} cannot be used together; for an empty column, use default"
        ))
        .within(second));
    }
    if let Some(columns) = &mapping.from {
        if columns.first().is_none() {
            return Err(MappingError::new("from names no column").within("from"));
        }
        let columns = columns.iter().map(|name| source.column(name));
        let columns = columns.collect::<Result<Vec<_>, _>>();
        return Ok(From::Columns(
            columns.map_err(|error| error.within("from"))?,
        ));
    }
    if let Some(expression) = &mapping.expr {
        let names = source.names();
        let compiled = Compiled::new(expression, names.as_ref());
        return Ok(From::Expression(
            compiled.map_err(|error| error.within("expr"))?,
        ));
    }
    if mapping.constant.is_none() && mapping.todo.is_none() {
        return Err(MappingError::new(
            "it needs from (a column), expr (an expression) or constant (a value)",
        ));
    }
    Ok(From::Nothing)
}

impl RoundedIds {
    fn note(&mut self, id: &str) {
        match rounded_digits(id) {
            Some(0) => self.has_other = true,
            Some(zeros) => {
                self.long += 1;
                self.zeros += zeros;
            }
            None => {}
        }
    }

    /// How many ids a spreadsheet has rounded, if they all look so and not by chance.
    pub(super) fn count(&self) -> Option<u64> {
        (!self.has_other && self.long > 1 && self.zeros > 3).then_some(self.long)
    }
}
