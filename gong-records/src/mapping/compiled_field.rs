//! One field of a mapping, resolved against the columns of a file.

use std::borrow::Cow;
use std::hash::BuildHasher as _;
use std::sync::Arc;

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use super::cell::{CellKind, Format, Shape, Wrong, multiply, rounded_digits, text};
use super::columns::Column;
use super::expression::Compiled;
use super::field_type::constant;
use super::lookup::Table;
use super::model::{FieldMapping, Lookup, MappingError, Take, TypeMapping, Words};
use super::row::Row;
use super::source::Source;
use super::{Options, text as texts};
use crate::record::Presence;
use crate::rule::Rule;

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
    /// The JSON for cells that `values` does not list.
    otherwise: Option<Vec<u8>>,
    /// Of a field of Gong's own.
    pub(super) presence: Option<Presence>,
    /// What is done with a cell before it gets its shape; nothing for most fields.
    steps: Option<Box<Steps>>,
    /// The question that is open.
    pub(super) todo: Option<String>,
    pub(super) rounded: Option<RoundedIds>,
}

/// Where the cell comes from.
#[derive(Debug)]
enum From {
    Columns(Vec<Column>),
    Expression(Compiled),
    Nothing,
}

#[derive(Debug, Default)]
struct Steps {
    take: Option<Take>,
    lookup: Option<Arc<Table>>,
    strip: Vec<String>,
    replace: Vec<(String, String)>,
    slug: bool,
    domain: bool,
    only_currency: Option<Currency>,
    /// What each cleaned id was made of, by hashes, where two could become one.
    origins: Option<HashMap<u64, u64, FixedState>>,
}

/// The currency of each record's amount, and what others are worth.
#[derive(Debug)]
struct Currency {
    column: Column,
    is: String,
    rates: Vec<(String, String)>,
}

/// How many ids are long numbers, and whether all of them look rounded.
#[derive(Debug, Default)]
pub(super) struct RoundedIds {
    long: u64,
    zeros: usize,
    has_other: bool,
    pub(super) column: u64,
}

/// What became of a cell.
enum Appended {
    /// A value, and what is odd about it.
    Value(Option<Wrong>),
    /// The cell means no value.
    Nothing,
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
        let otherwise = mapping.otherwise.as_ref().map(value).transpose();
        let otherwise = otherwise.map_err(|error| error.within("otherwise"))?;
        if otherwise.is_some() && mapping.values.is_empty() {
            return Err(MappingError::new(
                "otherwise is for the cells that values does not list, and there are no values",
            )
            .within("otherwise"));
        }
        for value in mapping.values.values() {
            if !value.is_empty() && value != QUESTION {
                of_gong
                    .append(value, CellKind::Text, &mut Vec::new())
                    .map_err(|wrong| {
                        let message = format!("values, {value:?}: {}", wrong.message);
                        MappingError::new(message).within("values")
                    })?;
            }
        }
        let steps = Steps::new(mapping, shape, context)?;
        let column = match &from {
            From::Columns(columns) => columns.first().map(Column::number),
            _ => None,
        };
        let rounded = (name == "objectId").then(|| RoundedIds {
            column: column.unwrap_or_default(),
            ..RoundedIds::default()
        });
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
            todo: mapping.todo.clone(),
            rounded,
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
    ) -> Result<(bool, Option<Wrong>), (Cow<'a, str>, Wrong)> {
        let cell = match self.cell(row, value) {
            Ok(cell) => cell,
            Err(wrong) => return Err((Cow::Borrowed(""), wrong)),
        };
        if self.format.is_empty(&cell.text) && cell.kind != CellKind::Number {
            return self.append_fallback(line);
        }
        let shown = cell.text.clone();
        match self.append_cell(cell, row, line) {
            Ok(Appended::Value(warning)) => Ok((true, warning)),
            Ok(Appended::Nothing) => self.append_fallback(line),
            Err(wrong) => Err((shown, wrong)),
        }
    }

    /// What the columns or the expression give, trimmed.
    fn cell<'a>(&self, row: &'a Row, value: Option<&minijinja::Value>) -> Result<Cell<'a>, Wrong> {
        let text_of = |column: &Column| row.cells.get(column.index).unwrap_or_default().trim();
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

    /// Appends what stands in for a missing value, if anything does.
    fn append_fallback<'a>(
        &self,
        line: &mut Vec<u8>,
    ) -> Result<(bool, Option<Wrong>), (Cow<'a, str>, Wrong)> {
        match &self.fallback {
            Some(json) => {
                line.extend_from_slice(json);
                Ok((true, None))
            }
            None if self.is_object_id => Err((
                Cow::Borrowed(""),
                Wrong::new("it is empty, and every record needs an id", "fill the cell"),
            )),
            None => Ok((false, None)),
        }
    }

    /// What Gong can't match by, where a column of links is mapped as it is.
    fn odd_domain(&self, cell: &str) -> Option<Wrong> {
        let cleans = self.steps.as_ref().is_some_and(|steps| steps.domain);
        if self.name != "domains" || cleans {
            return None;
        }
        let odd = self.format.items(cell).find(|item| {
            !matches!(texts::domain(item), texts::Domain::Company(host) if host == item.to_lowercase())
        })?;
        Some(Wrong::of(
            Rule::DomainFormat,
            format!("{odd:?} is not the bare domain of a company, by which Gong matches"),
            "write domain = true in the mapping: it takes domains from links and addresses",
        ))
    }

    /// Appends a cell that is not empty; nothing if it means no value.
    fn append_cell(
        &mut self,
        mut cell: Cell<'_>,
        row: &Row,
        line: &mut Vec<u8>,
    ) -> Result<Appended, Wrong> {
        if let Some(steps) = &mut self.steps {
            steps.run(&mut cell, row, &self.format, &self.name)?;
            if cell.text.is_empty() {
                return Ok(Appended::Nothing);
            }
        }
        match self.format.replacement(&cell.text) {
            Some("") => return Ok(Appended::Nothing),
            Some(QUESTION) => {
                return Err(Wrong::of(
                    Rule::OpenQuestion,
                    format!("the mapping leaves open what {:?} means", cell.text),
                    format!(
                        "write the value in place of \"?\" in the values of {} in the mapping",
                        self.name
                    ),
                ));
            }
            Some(value) => {
                return self
                    .of_gong
                    .append(value, CellKind::Text, line)
                    .map(Appended::Value);
            }
            None => {}
        }
        if let Some(json) = &self.otherwise {
            line.extend_from_slice(json);
            return Ok(Appended::Value(None));
        }
        if let Some(rounded) = &mut self.rounded {
            rounded.note(&cell.text);
        }
        let warning = self.format.append(&cell.text, cell.kind, line)?;
        Ok(Appended::Value(
            warning.or_else(|| self.odd_domain(&cell.text)),
        ))
    }
}

/// What a field is compiled with.
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
            "{first} and {second} exclude each other; where the column is empty, default stands in"
        ))
        .within(second));
    }
    if let Some(columns) = &mapping.from {
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

impl Steps {
    fn new(
        mapping: &FieldMapping,
        shape: Shape,
        context: &mut Context<'_, '_>,
    ) -> Result<Option<Box<Self>>, MappingError> {
        if mapping.split.is_some() && shape != Shape::List && mapping.take.is_none() {
            return Err(MappingError::new(
                "the field is a single value, so split needs take: take = \"first\"",
            )
            .within("split"));
        }
        if mapping.domain && !matches!(shape, Shape::List | Shape::Text) {
            return Err(MappingError::new("domain is for lists and texts").within("domain"));
        }
        let lookup = match &mapping.lookup {
            Some(wanted) => {
                Some((context.look_up)(wanted).map_err(|error| error.within("lookup"))?)
            }
            None => None,
        };
        let only_currency = match &mapping.only_currency {
            Some(only) => {
                let column = context.source.column(&only.column);
                let column = column.map_err(|error| error.within("in").within("only-currency"))?;
                if !shape.is_number() {
                    return Err(
                        MappingError::new("only-currency is for amounts").within("only-currency")
                    );
                }
                let mut rates = Vec::new();
                for (currency, rate) in &only.rates {
                    let rate = rate.first().unwrap_or_default();
                    if multiply("1", rate).is_none() {
                        return Err(MappingError::new(format!(
                            "the rate of {currency} is a number such as 1.1, found {rate:?}"
                        ))
                        .within("rates")
                        .within("only-currency"));
                    }
                    rates.push((currency.to_lowercase(), rate.to_owned()));
                }
                Some(Currency {
                    column,
                    is: only.is.to_lowercase(),
                    rates,
                })
            }
            None => None,
        };
        let mut replace: Vec<(String, String)> = mapping
            .replace
            .iter()
            .filter(|(from, _)| !from.is_empty())
            .map(|(from, to)| (from.clone(), to.clone()))
            .collect();
        replace.sort_by_key(|(from, _)| std::cmp::Reverse(from.len()));
        let strip: Vec<String> = mapping
            .strip
            .iter()
            .flat_map(Words::iter)
            .map(str::to_owned)
            .collect();
        let cleans = mapping.slug || !replace.is_empty() || !strip.is_empty();
        let steps = Self {
            take: mapping.take,
            lookup,
            strip,
            replace,
            slug: mapping.slug,
            domain: mapping.domain,
            only_currency,
            origins: (cleans && shape == Shape::Id).then(HashMap::default),
        };
        let is_needed = steps.take.is_some()
            || steps.lookup.is_some()
            || cleans
            || steps.domain
            || steps.only_currency.is_some();
        Ok(is_needed.then(|| Box::new(steps)))
    }

    fn run(
        &mut self,
        cell: &mut Cell<'_>,
        row: &Row,
        format: &Format,
        field: &str,
    ) -> Result<(), Wrong> {
        if let Some(currency) = &self.only_currency {
            currency.apply(cell, row, format)?;
        }
        if let Some(take) = self.take {
            let items: Vec<&str> = format.items(&cell.text).collect();
            let item = match take {
                Take::Nth(place) => items.get(place.saturating_sub(1)),
                Take::Last => items.last(),
            };
            let item = item.copied().unwrap_or_default().to_owned();
            cell.text = Cow::Owned(item);
            cell.kind = CellKind::Text;
            if cell.text.is_empty() {
                return Ok(());
            }
        }
        if let Some(table) = &self.lookup {
            let found = table.get(&cell.text)?.to_owned();
            cell.text = Cow::Owned(found);
            cell.kind = CellKind::Text;
        }
        if self.domain {
            let domains = texts::domains(&cell.text).map_err(|item| {
                Wrong::new(
                    format!("{item:?} is not a domain, a link or an email address"),
                    "correct the cell, or say with empty which cells mean no value",
                )
            })?;
            cell.text = Cow::Owned(domains.join("\u{1f}"));
            cell.kind = CellKind::List;
            return Ok(());
        }
        self.clean(cell, field)
    }

    /// Cleans an id, unless another one became the same.
    fn clean(&mut self, cell: &mut Cell<'_>, field: &str) -> Result<(), Wrong> {
        if !self.slug && self.replace.is_empty() && self.strip.is_empty() {
            return Ok(());
        }
        let stripped = texts::strip(&cell.text, &self.strip);
        let replaced = texts::replace(stripped, &self.replace);
        let cleaned = if self.slug {
            texts::slug(&replaced)
        } else {
            replaced.trim().to_owned()
        };
        if cleaned.is_empty() {
            return Err(Wrong::new(
                "nothing is left of it as an id",
                "name its id in values of the mapping",
            ));
        }
        if let Some(origins) = &mut self.origins {
            let hash = |text: &str| FixedState::default().hash_one(text);
            let before = *origins
                .entry(hash(&cleaned))
                .or_insert_with(|| hash(&cell.text));
            if before != hash(&cell.text) {
                return Err(Wrong::of(
                    Rule::IdCollision,
                    format!("it becomes the id {cleaned:?}, as another {field} already did"),
                    "keep more of the id in the mapping, or name the ids in values",
                ));
            }
        }
        cell.text = Cow::Owned(cleaned);
        cell.kind = CellKind::Text;
        Ok(())
    }
}

impl Currency {
    /// Converts the amount, if it is in another currency that has a rate.
    fn apply(&self, cell: &mut Cell<'_>, row: &Row, format: &Format) -> Result<(), Wrong> {
        let found = row.cells.get(self.column.index).unwrap_or_default().trim();
        let currency = found.to_lowercase();
        if currency == self.is {
            return Ok(());
        }
        let rate = self.rates.iter().find(|(known, _)| *known == currency);
        let Some((_, rate)) = rate else {
            return Err(Wrong::of(
                Rule::OtherCurrency,
                format!(
                    "it is in {found:?}, and Gong shows amounts in {} alone",
                    self.is.to_uppercase()
                ),
                "add a rate to only-currency in the mapping, or choose the column with the converted \
                 amount",
            ));
        };
        let number = format.number(&cell.text, cell.kind)?;
        let converted = multiply(&number, rate).ok_or_else(|| {
            Wrong::new("it has too many digits to be converted", "correct the cell")
        })?;
        cell.text = Cow::Owned(converted);
        cell.kind = CellKind::Number;
        Ok(())
    }
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
