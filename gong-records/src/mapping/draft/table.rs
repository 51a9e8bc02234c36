//! A file as a draft sees it: its columns with statistics of their cells, and the rows above and
//! below them.

use std::collections::{BTreeSet, HashMap};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::begin::{
    BEGIN_BYTES, delimiter, guessed_of_all, header, is_named_json, list_of_document, refuse,
    refuse_rows,
};
use super::header::Header;
use super::kind::Kind;
use super::profile::Profile;
use super::words::words;
use crate::mapping::cell::CellKind;
use crate::mapping::csv_rows::Rows;
use crate::mapping::encoding::Guessed;
use crate::mapping::header_watch::HeaderWatch;
use crate::mapping::json::Json;
use crate::mapping::json_path::cell;
use crate::mapping::json_rows::JsonRows;
use crate::mapping::row::{Defect, Row};
use crate::mapping::source::is_sep_line;
use crate::mapping::text::trimmed;
use crate::record::ObjectType;

/// The name of the column that holds the item of a list.
const ITEM: &str = "item";

/// The most paths of JSON records that become columns.
const MAX_PATHS: usize = 300;

/// A file that can't be drafted, and what to do.
#[derive(Debug, thiserror::Error)]
#[error("{}: {message}", path.display())]
#[non_exhaustive]
pub struct DraftError {
    /// The file.
    pub path: PathBuf,
    /// The problem with it.
    pub message: String,
    /// How to fix it.
    pub hint: String,
}

/// A file with its columns.
pub(super) struct Table {
    pub(super) path: PathBuf,
    /// The other parts of the same export.
    parts: Vec<PathBuf>,
    /// Which of the file's records count, where it has two types of them.
    pub(super) kind: Option<Kind>,
    pub(super) is_json: bool,
    pub(super) records: Option<String>,
    /// The list in each record whose items the rows are.
    pub(super) each: Option<String>,
    /// The lists in the records whose items have ids, and are records of their own.
    pub(super) lists: BTreeSet<String>,
    pub(super) encoding: Guessed,
    pub(super) delimiter: u8,
    /// Rows above the header.
    pub(super) skip: usize,
    pub(super) columns: Vec<Column>,
    pub(super) rows: u64,
    /// Rows at the end with cells in few columns, such as totals: their first cells.
    pub(super) footers: Vec<String>,
    /// The columns in which those rows have cells.
    pub(super) footer_columns: BTreeSet<usize>,
    /// Rows that can't be read as rows of the table.
    pub(super) bad_rows: u64,
    /// Whether the header is there again between the rows, as where each group has its own.
    pub(super) has_header_again: bool,
    /// The line from which on the columns are in another order; the rows from there on don't count.
    pub(super) other_order: Option<u64>,
    /// The column that every record has filled, where the names and sums of groups are between them.
    pub(super) key: Option<usize>,
    /// Where the column of each path is, in JSON.
    places: HashMap<String, usize>,
}

pub(super) struct Column {
    pub(super) name: String,
    pub(super) profile: Profile,
    /// Of the record that holds the list of these records.
    pub(super) is_of_parent: bool,
}

impl Table {
    /// Reads a file whole.
    pub(super) fn read(path: &Path) -> Result<Self, DraftError> {
        Self::read_kind(path, None)
    }

    /// Reads the records of one kind, or all.
    pub(super) fn read_kind(path: &Path, kind: Option<Kind>) -> Result<Self, DraftError> {
        let fail = |message: &str, hint: &str| DraftError {
            path: path.to_path_buf(),
            message: message.to_owned(),
            hint: hint.to_owned(),
        };
        let unreadable = |error: io::Error| {
            let is_of_path = matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied
            );
            let hint = if is_of_path {
                "check the path and its permissions"
            } else {
                "check whether the file is whole, or export it again"
            };
            fail(&format!("it can't be read: {error}"), hint)
        };
        let open = || crate::io::open::open(path).map_err(unreadable);
        File::open(path).map_err(unreadable)?;
        let mut begin = Vec::new();
        open()?
            .take(BEGIN_BYTES)
            .read_to_end(&mut begin)
            .map_err(unreadable)?;
        refuse(&begin).map_or(Ok(()), |(message, hint)| Err(fail(message, hint)))?;
        let encoding = guessed_of_all(&begin, open()?).map_err(unreadable)?;
        let first = begin
            .iter()
            .find(|byte| !byte.is_ascii_whitespace() && !b"\xef\xbb\xbf".contains(byte));
        if is_named_json(path) || matches!(first, Some(b'{')) {
            return Self::read_json(path, kind, encoding, open()?, &begin).map_err(unreadable);
        }
        let delimiter = delimiter(&begin, encoding.encoding);
        let (skip, names) = header(&begin, encoding.encoding, delimiter);
        if let Some((message, hint)) = refuse_rows(&begin, encoding.encoding, delimiter) {
            return Err(fail(&message, hint));
        }
        if names.iter().all(String::is_empty) {
            return Err(fail(
                "it has no row that names columns",
                "export it again with a header",
            ));
        }
        let mut table = Self {
            path: path.to_path_buf(),
            parts: Vec::new(),
            kind,
            is_json: false,
            records: None,
            each: None,
            lists: BTreeSet::new(),
            encoding,
            delimiter,
            skip,
            columns: columns(names),
            rows: 0,
            footers: Vec::new(),
            footer_columns: BTreeSet::new(),
            bad_rows: 0,
            has_header_again: false,
            other_order: None,
            key: None,
            places: HashMap::new(),
        };
        table.read_rows(open()?, skip).map_err(unreadable)?;
        if let (true, Some(key)) = (table.has_header_again, table.key_column()) {
            let names = std::mem::take(&mut table.columns).into_iter();
            table.columns = columns(names.map(|column| column.name).collect());
            (table.rows, table.bad_rows, table.key) = (0, 0, Some(key));
            table.footers.clear();
            table.footer_columns.clear();
            table.read_rows(open()?, skip).map_err(unreadable)?;
        }
        if table.rows == 0 && table.bad_rows > 0 {
            return Err(fail(
                "no row under its header can be read",
                "look for a quote that is not closed, or for rows with more or fewer cells than the header",
            ));
        }
        Ok(table)
    }

    /// Reads the other parts of the same export.
    pub(super) fn read_parts(&mut self, parts: &[PathBuf]) -> Result<(), DraftError> {
        for part in parts {
            self.read_part(part).map_err(|error| DraftError {
                path: part.clone(),
                message: format!("it can't be read: {error}"),
                hint: "check the path and its permissions".to_owned(),
            })?;
        }
        Ok(())
    }

    fn read_part(&mut self, path: &Path) -> io::Result<()> {
        let open = || crate::mapping::open(path).map_err(io::Error::other);
        if self.is_json {
            self.add_records(open()?)?;
        } else {
            let mut begin = Vec::new();
            open()?.take(BEGIN_BYTES).read_to_end(&mut begin)?;
            let (skip, _) = header(&begin, self.encoding.encoding, self.delimiter);
            self.read_rows(open()?, skip)?;
        }
        self.parts.push(path.to_path_buf());
        Ok(())
    }

    fn read_rows(&mut self, source: Box<dyn Read + Send>, skip: usize) -> io::Result<()> {
        let mut rows = Rows::new(source, self.encoding.encoding, self.delimiter);
        let mut row = Row::default();
        // Including the header, and the line with the delimiter for Excel.
        let mut above = skip + 1;
        let mut is_first = true;
        let names: Vec<String> = self
            .columns
            .iter()
            .map(|column| column.name.clone())
            .collect();
        let mut watch = HeaderWatch::new(&names);
        // Rows with one cell, which are notes if a footer follows, and records if not.
        let mut lone: Vec<Vec<String>> = Vec::new();
        while rows.next(&mut row)? {
            if std::mem::take(&mut is_first) && row.cells.iter().next().is_some_and(is_sep_line) {
                continue;
            }
            if above > 0 {
                above -= 1;
                continue;
            }
            let filled = row
                .cells
                .iter()
                .filter(|cell| !matches!(cell.trim(), "" | "\u{1a}"))
                .count();
            if filled == 0 {
                continue;
            }
            let header = watch.look(&row, &names);
            if let Some(Defect::OtherOrder { line }) = header {
                self.other_order.get_or_insert(line);
            }
            let is_again = header.is_some();
            self.has_header_again |= header == Some(Defect::HeaderAgain);
            if row.defect.is_some() || is_again {
                self.bad_rows += u64::from(self.key.is_none());
                continue;
            }
            if self
                .key
                .is_some_and(|key| row.cells.get(key).is_none_or(|cell| cell.trim().is_empty()))
            {
                continue;
            }
            let cells: Vec<String> = row
                .cells
                .iter()
                .map(|cell| trimmed(cell).to_owned())
                .collect();
            let first = cells.iter().find(|cell| !cell.is_empty());
            let is_lone = filled == 1 && self.columns.len() >= 3;
            if is_footer(first.map_or("", String::as_str), filled, self.columns.len())
                || (is_lone && !self.footers.is_empty())
            {
                for cells in lone.drain(..).chain([cells]) {
                    self.add_footer(&cells);
                }
            } else if is_lone {
                lone.push(cells);
            } else {
                for cells in lone.drain(..).chain([cells]) {
                    self.add_row(&cells);
                }
            }
        }
        for cells in lone {
            self.add_row(&cells);
        }
        Ok(())
    }

    /// The column of the records' ids by its name, in which the rows between groups have nothing.
    fn key_column(&self) -> Option<usize> {
        let is_id = |column: &Column| {
            let header = Header::new(&column.name);
            ObjectType::ALL.into_iter().any(|of| {
                let names = words().field(of, "objectId");
                header.rank(of, names).is_some() || header.is_noun_with(of, words().affixes("id"))
            })
        };
        self.columns.iter().position(is_id)
    }

    fn add_row(&mut self, cells: &[String]) {
        if let Some(kind) = &self.kind {
            let at = self.columns.iter().position(|one| one.name == kind.column);
            let cell = at.and_then(|at| cells.get(at));
            if !kind.takes(cell.map_or("", String::as_str)) {
                return;
            }
        }
        self.rows += 1;
        for (column, cell) in self.columns.iter_mut().zip(cells) {
            column.profile.add(cell, CellKind::Text);
        }
    }

    fn add_footer(&mut self, cells: &[String]) {
        let filled = cells
            .iter()
            .enumerate()
            .filter(|(_, cell)| !cell.is_empty());
        let mut columns: Vec<usize> = filled.map(|(index, _)| index).collect();
        let first = columns.first().and_then(|index| cells.get(*index));
        self.footers.extend(first.cloned());
        self.footer_columns.extend(columns.drain(..));
    }

    fn read_json(
        path: &Path,
        kind: Option<Kind>,
        encoding: Guessed,
        source: Box<dyn Read + Send>,
        begin: &[u8],
    ) -> io::Result<Self> {
        let mut table = Self {
            path: path.to_path_buf(),
            parts: Vec::new(),
            kind,
            is_json: true,
            records: list_of_document(path, begin),
            each: None,
            lists: BTreeSet::new(),
            encoding,
            delimiter: b',',
            skip: 0,
            columns: Vec::new(),
            rows: 0,
            footers: Vec::new(),
            footer_columns: BTreeSet::new(),
            bad_rows: 0,
            has_header_again: false,
            other_order: None,
            key: None,
            places: HashMap::new(),
        };
        table.add_records(source)?;
        Ok(table)
    }

    /// Counts the cells of each record, and notes its lists of other records.
    fn add_records(&mut self, source: Box<dyn Read + Send>) -> io::Result<()> {
        let bad_rows = self.each_record(source, &mut |table, record| {
            let mut cells = Vec::new();
            flatten(record, "", 0, &mut cells);
            table.add_cells(cells);
            for (key, value) in record.as_object().into_iter().flatten() {
                let mut items = value.as_array().into_iter().flatten();
                if items.any(|item| item.get("id").is_some()) && !table.lists.contains(key) {
                    table.lists.insert(key.clone());
                }
            }
        })?;
        self.bad_rows += bad_rows;
        Ok(())
    }

    /// The items of a list in each of the records, with the id of the record if it has one.
    pub(super) fn items(&self, list: &str, id: Option<&str>) -> Option<Self> {
        let mut table = Self {
            path: self.path.clone(),
            parts: self.parts.clone(),
            kind: None,
            is_json: true,
            records: self.records.clone(),
            each: Some(list.to_owned()),
            lists: BTreeSet::new(),
            encoding: self.encoding.clone(),
            delimiter: b',',
            skip: 0,
            columns: Vec::new(),
            rows: 0,
            footers: Vec::new(),
            footer_columns: BTreeSet::new(),
            bad_rows: 0,
            has_header_again: false,
            other_order: None,
            key: None,
            places: HashMap::new(),
        };
        table.columns.extend(id.map(|id| Column {
            name: id.to_owned(),
            profile: Profile::default(),
            is_of_parent: true,
        }));
        let paths = std::iter::once(&self.path).chain(&self.parts);
        for path in paths {
            let source = crate::mapping::open(path).ok()?;
            table.add_items(source, list, id).ok()?;
        }
        (table.rows > 0).then_some(table)
    }

    /// Counts the items of a list in each of the records.
    fn add_items(
        &mut self,
        source: Box<dyn Read + Send>,
        list: &str,
        id: Option<&str>,
    ) -> io::Result<u64> {
        self.each_record(source, &mut |table, record| {
            let parent = id.and_then(|id| record.get(id));
            let parent = parent.map(|value| cell(&Json::from(value)));
            for item in record
                .get(list)
                .and_then(serde_json::Value::as_array)
                .into_iter()
                .flatten()
            {
                let mut cells = Vec::new();
                if let (Some(id), Some((text, kind))) = (id, &parent) {
                    cells.push((id.to_owned(), text.clone(), *kind));
                }
                flatten(item, ITEM, 0, &mut cells);
                table.add_cells(cells);
            }
        })
    }

    /// Reads the records one by one, and says how many are none.
    fn each_record(
        &mut self,
        source: Box<dyn Read + Send>,
        on_record: &mut dyn FnMut(&mut Self, &serde_json::Value),
    ) -> io::Result<u64> {
        let rows = JsonRows::new(source, self.encoding.encoding, self.records.as_deref());
        let mut rows = rows.map_err(io::Error::other)?;
        let mut row = Row::default();
        let mut bad_rows = 0;
        while rows.next(&mut row)? {
            let text = row.json.as_ref().filter(|_| row.defect.is_none());
            match text.and_then(|(_, text)| serde_json::from_str(text).ok()) {
                Some(record) => on_record(self, &record),
                None => bad_rows += 1,
            }
        }
        Ok(bad_rows)
    }

    /// Counts the cells of a record, each in the column of its path.
    fn add_cells(&mut self, cells: Vec<(String, String, CellKind)>) {
        if let Some(kind) = &self.kind {
            let mut of_record = cells.iter();
            let cell = of_record.find(|(name, ..)| *name == kind.column);
            if !kind.takes(cell.map_or("", |(_, text, _)| text)) {
                return;
            }
        }
        self.rows += 1;
        for (name, text, kind) in cells {
            let known = self.places.get(&name).copied();
            let place = known.unwrap_or_else(|| {
                let known = self.columns.iter().position(|column| column.name == name);
                let place = known.unwrap_or(self.columns.len());
                if place == self.columns.len() && place < MAX_PATHS {
                    self.columns.push(Column {
                        name: name.clone(),
                        profile: Profile::default(),
                        is_of_parent: false,
                    });
                }
                self.places.insert(name, place);
                place
            });
            if let Some(column) = self.columns.get_mut(place) {
                column.profile.add(text.trim(), kind);
            }
        }
    }

    /// The file's name.
    pub(super) fn file_name(&self) -> String {
        self.path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned()
    }
}

fn columns(names: Vec<String>) -> Vec<Column> {
    let names = names.into_iter();
    names
        .map(|name| Column {
            name,
            profile: Profile::default(),
            is_of_parent: false,
        })
        .collect()
}

/// Whether a row is a total or a note below the data.
fn is_footer(first: &str, filled: usize, columns: usize) -> bool {
    if columns < 3 || filled * 3 > columns {
        return false;
    }
    let text = super::words::plain_words(first);
    let mut footers = words().list("footers").iter();
    footers.any(|footer| {
        let footer = super::words::plain_words(footer);
        text == footer || text.starts_with(&format!("{footer} "))
    })
}

/// The paths of a record and their cells.
fn flatten(
    value: &serde_json::Value,
    path: &str,
    depth: usize,
    cells: &mut Vec<(String, String, CellKind)>,
) {
    let Some(object) = value.as_object() else {
        return;
    };
    for (key, value) in object {
        let path = if path.is_empty() {
            key.clone()
        } else {
            format!("{path}.{key}")
        };
        match value {
            serde_json::Value::Object(_) if depth < 3 => flatten(value, &path, depth + 1, cells),
            serde_json::Value::Array(items) if items.iter().any(serde_json::Value::is_object) => {
                let has_primary = items.iter().any(|item| item.get("primary").is_some());
                let mark = if has_primary { "primary" } else { "0" };
                let item = items.iter().find(|item| {
                    item.get("primary").and_then(serde_json::Value::as_bool) == Some(true)
                });
                if let Some(item) = item.or_else(|| items.first()) {
                    flatten(item, &format!("{path}[{mark}]"), depth + 1, cells);
                }
            }
            other => {
                let (text, kind) = cell(&Json::from(other));
                cells.push((path, text, kind));
            }
        }
    }
}

/// The different pairs of cells in two columns.
pub(super) fn pairs(
    table: &Table,
    first: usize,
    second: usize,
) -> Option<BTreeSet<(String, String)>> {
    let mut pairs = BTreeSet::new();
    let kind = table.kind.as_ref();
    let of_kind = kind.and_then(|kind| {
        let mut columns = table.columns.iter();
        columns.position(|column| column.name == kind.column)
    });
    for path in std::iter::once(&table.path).chain(&table.parts) {
        let source = crate::mapping::open(path).ok()?;
        let mut rows = Rows::new(source, table.encoding.encoding, table.delimiter);
        let mut row = Row::default();
        let mut above = table.skip + 1;
        while rows.next(&mut row).ok()? {
            if row.cells.iter().next().is_some_and(is_sep_line) {
                continue;
            }
            if above > 0 {
                above -= 1;
                continue;
            }
            let cell = |index: usize| trimmed(row.cells.get(index).unwrap_or_default()).to_owned();
            if kind
                .zip(of_kind)
                .is_some_and(|(kind, at)| !kind.takes(&cell(at)))
            {
                continue;
            }
            pairs.insert((cell(first), cell(second)));
        }
    }
    Some(pairs)
}
