//! A CSV or a JSON file as rows with named columns.

use std::io::{self, Cursor, Read};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use encoding_rs::{Encoding, UTF_8};

use super::ConvertError;
use super::cell::{CellKind, Numbers};
use super::columns::{Column, find};
use super::csv_rows::Rows;
use super::encoding::{Utf8Watch, declared, guessed};
use super::expression::{Names, csv_row, json_row, signs};
use super::garbled::{Garbled, GarbledWatch};
use super::header_watch::{HeaderWatch, is_header};
use super::join::Joined;
use super::json::Json;
use super::json_path::{self, JsonPath};
use super::json_rows::JsonRows;
use super::model::{MappingError, TypeMapping};
use super::nearest::nearest;
use super::row::{Defect, Row, Width};
use super::width::FirstRows;

/// How much of a file is read to detect its encoding and its delimiter.
pub(super) const SNIFFED_BYTES: u64 = 64 * 1024;

/// The name of the column with the item of `each`.
const ITEM: &str = "item";

/// The name of the column with its position in the list, from 1; only for JSON.
const ITEM_NUMBER: &str = "item_number";

/// The possible delimiters, most likely first.
pub(super) const DELIMITERS: [u8; 4] = [b';', b',', b'\t', b'|'];

/// A file as rows with named columns.
pub(super) struct Source<'a> {
    rows: AnyRows<'a>,
    columns: Columns,
    row: Row,
    /// Whether the row that was read is still to be given.
    is_pending: bool,
    /// The rows above the first row of data.
    above: Vec<Row>,
    each: Option<Each>,
    each_split: String,
    /// The items of the row that are still to be given, last first.
    items: Vec<String>,
    json_items: Vec<Json>,
    /// How many items of the row were given.
    given: u64,
    joins: Vec<Joined>,
    header_watch: Option<HeaderWatch>,
    first_rows: FirstRows,
    /// How many cells each row has; known before the first is given.
    width: Option<Width>,
    /// How the table writes its numbers, for expressions.
    signs: minijinja::Value,
    /// An encoding in which every file can be read, and whether the file is UTF-8 instead.
    is_utf8: Option<(&'static Encoding, Arc<AtomicBool>)>,
    garbled: Arc<Mutex<Garbled>>,
}

/// Makes values of rows, as expressions have them.
#[derive(Debug)]
pub(super) struct Values {
    names: Option<Arc<Names>>,
    signs: minijinja::Value,
}

impl Values {
    pub(super) fn of(&self, row: &Row) -> minijinja::Value {
        if let Some((record, _)) = &row.json {
            return json_row(record, &self.signs);
        }
        match &self.names {
            Some(names) => csv_row(names, &row.cells),
            None => minijinja::Value::UNDEFINED,
        }
    }
}

enum AnyRows<'a> {
    Csv(Box<Rows<Box<dyn Read + Send + 'a>>>),
    Json(JsonRows<'a>),
}

enum Columns {
    Csv(Vec<String>, Option<Arc<Names>>),
    /// Every path that a field uses, and whether a record had a value there.
    Json(Vec<(JsonPath, bool)>),
}

enum Each {
    Column(usize),
    Path(JsonPath),
}

impl<'a> Source<'a> {
    /// Reads what is above the data.
    pub(super) fn open(
        source: impl Read + Send + 'a,
        table: &TypeMapping,
        is_json: bool,
    ) -> Result<Self, ConvertError> {
        let (source, encoding) = decode(source, table.encoding.as_deref())?;
        let mut is_utf8 = None;
        let mut garbled = Arc::default();
        let source: Box<dyn Read + Send + 'a> = if encoding.is_single_byte() {
            let (watched, found) = Utf8Watch::new(source);
            is_utf8 = Some((encoding, found));
            Box::new(watched)
        } else if encoding == UTF_8 {
            let (watched, found) = GarbledWatch::new(source);
            garbled = found;
            Box::new(watched)
        } else {
            source
        };
        let mut opened = Self {
            rows: AnyRows::Json(JsonRows::new(io::empty(), encoding, None)?),
            columns: Columns::Json(Vec::new()),
            row: Row::default(),
            is_pending: false,
            above: Vec::new(),
            each: None,
            each_split: table.each_split.clone(),
            items: Vec::new(),
            json_items: Vec::new(),
            given: 0,
            joins: Vec::new(),
            header_watch: None,
            first_rows: FirstRows::default(),
            width: None,
            signs: signs(Numbers::new(
                table.decimal,
                table.thousands,
                &table.currency,
            )?),
            is_utf8,
            garbled,
        };
        if is_json {
            let rows = JsonRows::new(source, encoding, table.records.as_deref());
            opened.rows = AnyRows::Json(rows?);
            if let Some(path) = &table.each {
                let path = JsonPath::parse(path).map_err(|error| error.within("each"))?;
                opened.each = Some(Each::Path(path));
            }
            return Ok(opened);
        }
        let delimiter = delimiter(table)?;
        let mut rows = Box::new(Rows::new(source, encoding, delimiter));
        let mut row = Row::default();
        for _ in 0..table.skip {
            if rows.next(&mut row).map_err(ConvertError::Read)? {
                opened.above.push(row.clone());
            }
        }
        let mut is_header = rows.next(&mut row).map_err(ConvertError::Read)?;
        // A line that only Excel reads.
        if is_header && row.cells.len() <= 2 && row.cells.iter().next().is_some_and(is_sep_line) {
            opened.above.push(row.clone());
            is_header = rows.next(&mut row).map_err(ConvertError::Read)?;
        }
        if !is_header {
            return Err(ConvertError::Empty);
        }
        let mut names: Vec<String> = if table.header {
            row.cells
                .iter()
                .map(|name| name.trim().to_owned())
                .collect()
        } else {
            (1..=row.cells.len())
                .map(|number| number.to_string())
                .collect()
        };
        if let Some(column) = &table.each {
            let column = find(column, &names).map_err(|error| error.within("each"))?;
            opened.each = Some(Each::Column(column.index));
            names.push(ITEM.to_owned());
        }
        if table.header {
            opened.header_watch = Some(HeaderWatch::new(&names));
            opened.above.push(row);
        } else {
            opened.row = row;
            opened.is_pending = true;
        }
        opened.columns = Columns::Csv(names, None);
        opened.rows = AnyRows::Csv(rows);
        Ok(opened)
    }

    /// Puts records of other files beside the columns of each record.
    pub(super) fn set_joins(&mut self, joins: Vec<Joined>) {
        self.joins = joins;
    }

    /// The column of this name, or at this path.
    pub(super) fn column(&mut self, name: &str) -> Result<Column, MappingError> {
        match &mut self.columns {
            Columns::Csv(names, _) => find(name, names),
            Columns::Json(paths) => {
                let path = JsonPath::parse(name)?;
                let known = paths.iter().position(|(known, _)| *known == path);
                let index = known.unwrap_or_else(|| {
                    paths.push((path, false));
                    paths.len() - 1
                });
                Ok(Column {
                    index,
                    name: name.to_owned(),
                })
            }
        }
    }

    /// Whether the rows are records of JSON.
    pub(super) fn is_json(&self) -> bool {
        matches!(self.columns, Columns::Json(_))
    }

    /// Notes that a record of JSON is expected to have this key, which an expression names; of no
    /// record having it, a person is told.
    pub(super) fn expect(&mut self, name: &str) {
        let is_own = [ITEM, ITEM_NUMBER].contains(&name);
        if let (Columns::Json(_), false) = (&self.columns, is_own) {
            // What is not a path is a name with other signs in it, which no path leads to.
            drop(self.column(name));
        }
    }

    /// How many columns there are, with that of `each`; nothing for JSON.
    fn column_count(&self) -> Option<usize> {
        match &self.columns {
            Columns::Csv(names, _) => Some(names.len()),
            Columns::Json(_) => None,
        }
    }

    /// The names of the columns for expressions; nothing for JSON, whose records say theirs.
    pub(super) fn names(&mut self) -> Option<Arc<Names>> {
        match &mut self.columns {
            Columns::Csv(header, names) => {
                Some(Arc::clone(names.get_or_insert_with(|| {
                    Arc::new(Names::new(header, &self.signs))
                })))
            }
            Columns::Json(_) => None,
        }
    }

    /// What makes values of the rows for expressions.
    pub(super) fn values(&mut self) -> Values {
        Values {
            names: self.names(),
            signs: self.signs.clone(),
        }
    }

    /// Reads the next row that has a cell with something in it, and says whether there was one.
    pub(super) fn next(&mut self) -> io::Result<bool> {
        loop {
            if self.next_item() {
                return Ok(true);
            }
            if !std::mem::take(&mut self.is_pending) {
                self.row.added = 0;
                if self.width.is_none() {
                    self.width = Some(self.find_width());
                }
                let is_there = match &mut self.rows {
                    AnyRows::Csv(rows) => self.first_rows.next(rows, &mut self.row)?,
                    AnyRows::Json(rows) => rows.next(&mut self.row)?,
                };
                if !is_there {
                    return Ok(false);
                }
            }
            if let Some((record, _)) = &mut self.row.json {
                for join in &mut self.joins {
                    if let Err(message) = join.add_to(record) {
                        self.row.defect = Some(Defect::Json(message));
                    }
                }
            }
            if self.row.defect.is_none() {
                self.row.defect = self.other_header();
            }
            if self.row.json.is_none() && is_blank(&self.row) {
                continue;
            }
            if self.row.defect.is_none() {
                self.row.defect = self.other_width();
            }
            if !self.split_items() {
                self.fill_cells();
                return Ok(true);
            }
        }
    }

    /// What follows from a row, or one before it, that names the columns as the header does.
    fn other_header(&mut self) -> Option<Defect> {
        let Columns::Csv(names, _) = &self.columns else {
            return None;
        };
        self.header_watch.as_mut()?.look(&self.row, names)
    }

    /// How many cells each row has. Without a header, the first row says it.
    fn find_width(&mut self) -> Width {
        let columns = self.columns_of_file();
        let (AnyRows::Csv(rows), Columns::Csv(names, _), Some(_)) =
            (&mut self.rows, &self.columns, &self.header_watch)
        else {
            return Width::Columns;
        };
        let names = &names[..columns];
        self.first_rows.read(rows, names, |row| {
            row.defect.is_none() && !is_blank(row) && !is_header(row, names)
        })
    }

    /// How many columns the file has, without that of `each`.
    fn columns_of_file(&self) -> usize {
        let is_item_added = matches!(self.each, Some(Each::Column(_)));
        self.column_count().unwrap_or_default() - usize::from(is_item_added)
    }

    /// Whether a row has too few or too many cells: it may be cut off, or a cell may have the delimiter.
    fn other_width(&mut self) -> Option<Defect> {
        if self.is_json() {
            return None;
        }
        let width = self.width.unwrap_or(Width::Columns);
        let (cells, columns) = (self.row.cells.len(), self.columns_of_file());
        (!width.fits(cells, columns)).then_some(Defect::Cells {
            cells,
            columns,
            width,
        })
    }

    /// Takes the items of the row apart; says whether it has a list of them.
    fn split_items(&mut self) -> bool {
        match &self.each {
            None => false,
            Some(Each::Column(index)) => {
                // A row with other cells than the header is reported as such.
                if self.row.defect.is_some() {
                    return false;
                }
                let cell = self.row.cells.get(*index).unwrap_or_default();
                let items = cell.split(self.each_split.as_str()).map(str::trim);
                self.items = items
                    .filter(|item| !item.is_empty())
                    .map(str::to_owned)
                    .collect();
                self.items.reverse();
                true
            }
            Some(Each::Path(path)) => {
                let Some((record, _)) = &self.row.json else {
                    return false;
                };
                if self.row.defect.is_some() {
                    return false;
                }
                self.json_items = match path.find(record).map(std::borrow::Cow::into_owned) {
                    Some(Json::List(items)) => items,
                    None | Some(Json::Null) => Vec::new(),
                    Some(other) => vec![other],
                };
                self.json_items.reverse();
                self.given = 0;
                true
            }
        }
    }

    /// Puts the next item of the row beside its other cells.
    fn next_item(&mut self) -> bool {
        if let Some(item) = self.items.pop() {
            // A delimiter after the last cell of the rows or of the header makes others.
            let columns = self.columns_of_file();
            self.row.cells.truncate(columns);
            while self.row.cells.len() < columns {
                self.row.cells.push_field("");
            }
            self.row.cells.push_field(&item);
            self.row.added = 1;
            return true;
        }
        if let Some(item) = self.json_items.pop()
            && let Some((Json::Object(record), _)) = &mut self.row.json
        {
            self.given += 1;
            record.insert(ITEM.to_owned(), item);
            record.insert(ITEM_NUMBER.to_owned(), Json::Number(self.given.to_string()));
            self.fill_cells();
            return true;
        }
        false
    }

    /// The cells of a record, one for each path that is used.
    fn fill_cells(&mut self) {
        let Columns::Json(paths) = &mut self.columns else {
            return;
        };
        self.row.cells.clear();
        self.row.kinds.clear();
        for (path, is_found) in paths {
            let record = self.row.json.as_ref().map(|(record, _)| record);
            let value = record.and_then(|record| path.find(record));
            *is_found |= value.is_some();
            let (text, kind) = value.map_or((String::new(), CellKind::Text), |value| {
                json_path::cell(&value)
            });
            self.row.cells.push_field(&text);
            self.row.kinds.push(kind);
        }
    }

    /// Hands over the row that was read last.
    pub(super) fn give(&mut self, row: &mut Row) {
        // The next item of a list stands beside the same cells.
        if self.each.is_some() {
            row.clone_from(&self.row);
        } else {
            std::mem::swap(row, &mut self.row);
        }
    }

    /// Takes a row back that was handed over.
    pub(super) fn take_back(&mut self, row: Row) {
        self.row = row;
    }

    /// The row that was read last.
    pub(super) fn row(&self) -> &Row {
        &self.row
    }

    /// The rows above the first row of data.
    pub(super) fn above(&self) -> &[Row] {
        &self.above
    }

    /// The paths that were in none of the records.
    pub(super) fn never_found(&self) -> impl Iterator<Item = &str> {
        let paths: &[(JsonPath, bool)] = match &self.columns {
            Columns::Json(paths) => paths,
            Columns::Csv(..) => &[],
        };
        let missing = paths.iter().filter(|(_, is_found)| !is_found);
        let of_joins = self.joins.iter().filter_map(Joined::never_found);
        missing.map(|(path, _)| path.text.as_str()).chain(of_joins)
    }

    /// The encoding in which a file was read that is UTF-8; known after its last row.
    pub(super) fn misread_as(&self) -> Option<&'static str> {
        let (encoding, found) = self.is_utf8.as_ref()?;
        found.load(Ordering::Relaxed).then(|| encoding.name())
    }

    /// The text in the file that another program has garbled; known after its last row.
    pub(super) fn garbled(&self) -> Garbled {
        let found = self.garbled.lock();
        found.map(|found| found.clone()).unwrap_or_default()
    }

    /// The key of the last record that is most like the first one of a path.
    pub(super) fn nearest_key(&self, path: &str) -> Option<&str> {
        let (record, _) = self.row.json.as_ref()?;
        let first = path.split(['.', '[']).next()?;
        let keys = record.as_object()?.keys().map(String::as_str);
        nearest(first, keys).filter(|key| *key != first)
    }
}

/// Whether a row has nothing in its cells.
fn is_blank(row: &Row) -> bool {
    // DOS marks the end of a file by this sign.
    let is_blank = |cell: &str| matches!(cell.trim(), "" | "\u{1a}");
    row.cells.iter().all(is_blank)
}

/// Whether a file holds JSON: by the mapping, or by its name.
pub(super) fn is_json(path: &Path, table: &TypeMapping) -> Result<bool, MappingError> {
    match table.format.as_deref() {
        Some("csv") => Ok(false),
        Some("json") => Ok(true),
        Some(other) => Err(MappingError::new(format!(
            "there is no format {other:?}; write \"csv\" or \"json\""
        ))
        .within("format")),
        None => {
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .to_lowercase();
            let name = name.strip_suffix(".gz").unwrap_or(&name);
            let endings = [".json", ".jsonl", ".ndjson", ".ldjson"];
            Ok(table.records.is_some() || endings.iter().any(|ending| name.ends_with(ending)))
        }
    }
}

/// The source from its beginning, and its encoding: the mapping's, or UTF-8 if that fits.
fn decode<'a>(
    mut source: impl Read + Send + 'a,
    named: Option<&str>,
) -> Result<(Box<dyn Read + Send + 'a>, &'static Encoding), ConvertError> {
    if let Some(name) = named {
        return Ok((Box::new(source), declared(name)?));
    }
    let mut begin = Vec::new();
    source
        .by_ref()
        .take(SNIFFED_BYTES)
        .read_to_end(&mut begin)
        .map_err(ConvertError::Read)?;
    let encoding = guessed(&begin).confirmed()?;
    Ok((Box::new(Cursor::new(begin).chain(source)), encoding))
}

/// The delimiter that a mapping names.
fn delimiter(table: &TypeMapping) -> Result<u8, MappingError> {
    u8::try_from(table.delimiter)
        .ok()
        .filter(|byte| byte.is_ascii() && !b"\"\r\n".contains(byte))
        .ok_or_else(|| {
            MappingError::new(format!(
                "{:?} can't be a delimiter; write one ASCII character such as \";\" or \"\\t\"",
                table.delimiter
            ))
            .within("delimiter")
        })
}

/// Whether the cell is the line `sep=;`, with which a CSV gives Excel its delimiter.
pub(super) fn is_sep_line(cell: &str) -> bool {
    let cell = cell.trim().to_lowercase();
    cell.strip_prefix("sep=")
        .is_some_and(|rest| rest.chars().count() <= 1)
}

/// The delimiter that cuts the beginning of a CSV best: by how many cells fit its header.
pub(super) fn likely_delimiter(source: impl Read) -> char {
    let mut begin = Vec::new();
    if source.take(SNIFFED_BYTES).read_to_end(&mut begin).is_err() {
        return ',';
    }
    let encoding = guessed(&begin).encoding;
    let best = DELIMITERS
        .into_iter()
        .rev()
        .max_by_key(|delimiter| fitness(&begin, encoding, *delimiter));
    char::from(best.unwrap_or(b','))
}

/// How well the delimiter cuts the text into a table: the share of rows that are as wide as most, in
/// thousandths, then how many cells they have. A row in which a quote has no other cuts no cell.
pub(super) fn fitness(bytes: &[u8], encoding: &'static Encoding, delimiter: u8) -> (usize, usize) {
    let mut rows = Rows::new(bytes, encoding, delimiter);
    let mut row = Row::default();
    let mut by_width = std::collections::BTreeMap::<usize, usize>::new();
    let mut count = 0;
    while count < 1000 && rows.next(&mut row).unwrap_or(false) {
        count += 1;
        let has_lone_quote =
            |cell: &str| cell.bytes().filter(|byte| *byte == b'"').count() % 2 == 1;
        let is_cut = row.defect.is_none() && !row.cells.iter().any(has_lone_quote);
        if is_cut && row.cells.len() > 1 {
            *by_width.entry(row.cells.len()).or_default() += 1;
        }
    }
    let best = by_width
        .into_iter()
        .max_by_key(|(width, times)| width * times);
    best.map_or((0, 0), |(width, times)| {
        (times * 1000 / count.max(1), width * times)
    })
}
