//! What is done with a cell before it gets the shape of its field: currencies, lists, lookups, ids.

use std::borrow::Cow;
use std::hash::BuildHasher as _;
use std::sync::Arc;

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use super::{Cell, Context};
use crate::mapping::cell::{
    CellError, CellKind, Format, Shape, is_scientific, mangled_id, multiply, whole,
};
use crate::mapping::columns::Column;
use crate::mapping::lookup::Table;
use crate::mapping::model::{FieldMapping, MappingError, Take, Words};
use crate::mapping::row::Row;
use crate::mapping::text as texts;
use crate::rule::Rule;

/// The steps of one field.
#[derive(Debug, Default)]
pub(super) struct Steps {
    take: Option<Take>,
    lookup: Option<Arc<Table>>,
    strip: Vec<String>,
    replace: Vec<(String, String)>,
    slug: bool,
    pub(super) domain: bool,
    only_currency: Option<Currency>,
    /// What each cleaned id was made of, where two could become one.
    origins: Option<Origins>,
}

/// The currency of each record's amount, and what others are worth.
#[derive(Debug)]
struct Currency {
    column: Column,
    is: String,
    rates: Vec<(String, String)>,
}

/// What ids were made of, by hashes: two that become one are an error.
#[derive(Debug, Default)]
pub(super) struct Origins {
    first: HashMap<u64, Origin, FixedState>,
    /// The cells themselves, of the first ids.
    cells: HashMap<u64, Box<str>, FixedState>,
}

/// The cell that an id was made of first, by its hash, and its line.
#[derive(Debug, Clone, Copy)]
struct Origin {
    cell: u64,
    line: u64,
}

/// Of how many ids the cells are kept, to name them; of others, the line says which it is.
const MAX_CELLS: usize = 4_096;

/// What the steps made of a cell.
pub(super) enum Ran {
    /// A cell as any other, and what is odd about it.
    Cell(Option<CellError>),
    /// What was found in another file, which is the value.
    Found,
}

impl Steps {
    pub(super) fn new(
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
                    let is_zero = rate.bytes().all(|byte| matches!(byte, b'0' | b'.'));
                    if is_zero || multiply("1", rate).is_none() {
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
            origins: (cleans && shape == Shape::Id).then(Origins::default),
        };
        let is_needed = steps.take.is_some()
            || steps.lookup.is_some()
            || cleans
            || steps.domain
            || steps.only_currency.is_some();
        Ok(is_needed.then(|| Box::new(steps)))
    }

    pub(super) fn run(
        &mut self,
        cell: &mut Cell<'_>,
        row: &Row,
        format: &Format,
        has_otherwise: bool,
    ) -> Result<Ran, CellError> {
        if let Some(currency) = &self.only_currency {
            currency.apply(cell, row, format)?;
        }
        if let Some(take) = self.take {
            let items: Vec<&str> = format.items(&cell.text, cell.kind).collect();
            let item = match take {
                Take::Nth(place) => items.get(place.saturating_sub(1)),
                Take::Last => items.last(),
            };
            let item = item.copied().unwrap_or_default().to_owned();
            cell.text = Cow::Owned(item);
            cell.kind = CellKind::Text;
            if cell.text.is_empty() {
                return Ok(Ran::Cell(None));
            }
        }
        if let Some(table) = &self.lookup {
            if cell.kind == CellKind::Number {
                cell.text = Cow::Owned(whole(&cell.text).to_owned());
            }
            // What the mapping says of the cell itself goes first.
            let is_named = format.replacement(&cell.text).is_some();
            if is_named || (has_otherwise && table.lacks(&cell.text)) {
                return Ok(Ran::Cell(None));
            }
            let found = table.get(&cell.text)?.to_owned();
            cell.text = Cow::Owned(found);
            cell.kind = CellKind::Text;
            if cell.text.is_empty() {
                return Ok(Ran::Cell(None));
            }
        }
        if self.domain {
            let domains = texts::domains(&cell.text);
            let odd = domains.odd.map(|item| {
                CellError::of(
                    Rule::DomainFormat,
                    format!("{item:?} is not a domain, a link or an email address"),
                    "correct the cell, or say with empty which cells mean no value",
                )
            });
            cell.text = Cow::Owned(domains.found.join("\u{1f}"));
            cell.kind = CellKind::List;
            return Ok(Ran::Cell(odd));
        }
        self.clean(cell, row.place.line)?;
        Ok(match self.lookup {
            Some(_) => Ran::Found,
            None => Ran::Cell(None),
        })
    }

    /// Cleans an id, unless another one became the same.
    fn clean(&mut self, cell: &mut Cell<'_>, line: u64) -> Result<(), CellError> {
        if !self.slug && self.replace.is_empty() && self.strip.is_empty() {
            return Ok(());
        }
        // As it is in the file: once cleaned, 1.23E+15 looks like any other id.
        if self.origins.is_some() && self.lookup.is_none() && is_scientific(&cell.text) {
            return Err(mangled_id());
        }
        let stripped = texts::strip(&cell.text, &self.strip);
        let replaced = texts::replace(stripped, &self.replace);
        let cleaned = if self.slug {
            texts::slug(&replaced)
        } else {
            replaced.trim().to_owned()
        };
        if cleaned.is_empty() {
            return Err(CellError::new(
                "it has no character that an id can have",
                "name its id in values of the mapping",
            ));
        }
        if let Some(origins) = &mut self.origins {
            origins.note(&cleaned, &cell.text, line)?;
        }
        cell.text = Cow::Owned(cleaned);
        cell.kind = CellKind::Text;
        Ok(())
    }
}

impl Currency {
    /// Converts the amount, if it is in another currency that has a rate.
    fn apply(&self, cell: &mut Cell<'_>, row: &Row, format: &Format) -> Result<(), CellError> {
        let found = row.cells.get(self.column.index).unwrap_or_default().trim();
        let currency = found.to_lowercase();
        if currency == self.is {
            return Ok(());
        }
        let rate = self.rates.iter().find(|(known, _)| *known == currency);
        let Some((_, rate)) = rate else {
            // Nothing is nothing in any currency.
            let number = format.number(&cell.text, cell.kind)?;
            if number
                .bytes()
                .all(|byte| matches!(byte, b'0' | b'.' | b'-'))
            {
                return Ok(());
            }
            let of_row = if found.is_empty() {
                format!("its currency is not in the column {:?}", self.column.name)
            } else {
                format!("it is in {found:?}")
            };
            return Err(CellError::of(
                Rule::OtherCurrency,
                format!(
                    "{of_row}, but Gong shows amounts only in {}",
                    self.is.to_uppercase()
                ),
                "add a rate to only-currency in the mapping, or choose the column with the converted \
                 amount",
            ));
        };
        let number = format.number(&cell.text, cell.kind)?;
        let converted = multiply(&number, rate).ok_or_else(|| {
            CellError::new("it has too many digits to be converted", "correct the cell")
        })?;
        cell.text = Cow::Owned(converted);
        cell.kind = CellKind::Number;
        Ok(())
    }
}

impl Origins {
    /// Notes what an id was made of, unless another one became the same.
    pub(super) fn note(&mut self, id: &str, origin: &str, line: u64) -> Result<(), CellError> {
        let hash = |text: &str| FixedState::default().hash_one(text);
        let (key, cell) = (hash(id), hash(origin));
        let first = *self.first.entry(key).or_insert_with(|| {
            if self.cells.len() < MAX_CELLS {
                self.cells.insert(key, origin.into());
            }
            Origin { cell, line }
        });
        if first.cell == cell {
            return Ok(());
        }
        let other = match self.cells.get(&key) {
            Some(cell) => format!("{:?} in line {}", cell.replace('\u{1f}', ", "), first.line),
            None => format!("the cell in line {}", first.line),
        };
        Err(CellError::of(
            Rule::IdCollision,
            format!("it becomes the id {id:?}, as {other} does"),
            "keep more of the id in the mapping, or name the ids in values",
        ))
    }
}
