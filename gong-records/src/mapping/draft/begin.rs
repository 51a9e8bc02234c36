//! What the beginning of a file tells: what it is, and how it is written.

use std::io::{self, Read};
use std::path::Path;

use encoding_rs::Encoding;

use crate::mapping::csv_rows::Rows;
use crate::mapping::encoding::{Guessed, guessed, guessed_after};
use crate::mapping::json_rows::JsonRows;
use crate::mapping::row::Row;
use crate::mapping::source::{DELIMITERS, fitness, is_sep_line};

/// How much of a file is looked at to tell what it is.
pub(super) const BEGIN_BYTES: u64 = 256 * 1024;
/// The names of a file's columns, in their order; nothing of a file that can't be read.
pub(super) fn names(path: &Path) -> Vec<String> {
    let mut begin = Vec::new();
    let read = crate::mapping::open(path)
        .map(|source| source.take(BEGIN_BYTES).read_to_end(&mut begin).is_ok());
    if !read.unwrap_or(false) {
        return Vec::new();
    }
    let encoding = guessed(&begin).encoding;
    if is_named_json(path) {
        // Records leave keys out; that of the file's begin must do.
        let mut names = Vec::new();
        let mut rows = JsonRows::new(
            begin.as_slice(),
            encoding,
            list_of_document(path, &begin).as_deref(),
        );
        let mut row = Row::default();
        while let Ok(rows) = &mut rows
            && rows.next(&mut row).unwrap_or(false)
        {
            let Some((record, _)) = &row.json else { break };
            let keys = record
                .as_object()
                .into_iter()
                .flat_map(std::collections::BTreeMap::keys);
            names.extend(keys.cloned());
            names.sort();
            names.dedup();
        }
        return names;
    }
    header(&begin, encoding, delimiter(&begin, encoding)).1
}

/// The encoding by all bytes: the first that is not UTF-8 may be far behind.
pub(super) fn guessed_of_all(
    begin: &[u8],
    mut source: Box<dyn Read + Send>,
) -> io::Result<Guessed> {
    let by_begin = guessed(begin);
    let is_mixed = !by_begin.mixed.is_empty();
    if by_begin.encoding != encoding_rs::UTF_8 || by_begin.sample.is_some() || is_mixed {
        return Ok(by_begin);
    }
    let mut bytes = Vec::new();
    let (mut lines, mut has_letters) = (0, false);
    let mut note = |bytes: &[u8]| {
        lines += memchr::memchr_iter(b'\n', bytes).count() as u64;
        has_letters |= !bytes.is_ascii();
        (lines, has_letters)
    };
    let mut before_these = (0, false);
    loop {
        let before = bytes.len();
        source.by_ref().take(BEGIN_BYTES).read_to_end(&mut bytes)?;
        let is_at_end = bytes.len() == before;
        match std::str::from_utf8(&bytes) {
            Ok(_) => {
                before_these = note(&bytes);
                bytes.clear();
            }
            // A character may go on in what is read next.
            Err(error) if error.error_len().is_none() && !is_at_end => {
                before_these = note(&bytes[..error.valid_up_to()]);
                bytes.drain(..error.valid_up_to());
            }
            Err(_) => return Ok(guessed_after(&bytes, before_these.0, before_these.1)),
        }
        if is_at_end {
            return Ok(by_begin);
        }
    }
}

/// Whether a file's name says that it holds JSON.
pub(super) fn is_named_json(path: &Path) -> bool {
    let name = path.to_string_lossy().to_lowercase();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    [".json", ".jsonl", ".ndjson", ".ldjson"]
        .iter()
        .any(|end| name.ends_with(end))
}

/// What the file is, where it is not a table.
pub(super) fn refuse(begin: &[u8]) -> Option<(&'static str, &'static str)> {
    let save = "open it in the program that made it, and save it as CSV (UTF-8)";
    let text = String::from_utf8_lossy(begin.get(..512).unwrap_or(begin))
        .trim_start_matches('\u{feff}')
        .trim_start()
        .to_lowercase();
    if begin.is_empty() || text.is_empty() && begin.len() < 512 {
        return Some(("it is empty", "export it again"));
    }
    if begin.starts_with(b"PK\x03\x04") {
        return Some((
            "it is an Excel workbook or a ZIP archive, despite its name",
            save,
        ));
    }
    if begin.starts_with(b"\xd0\xcf\x11\xe0") {
        return Some(("it is an old Excel workbook, despite its name", save));
    }
    let packed: [&[u8]; 5] = [
        b"\x1f\x8b",
        b"BZh",
        b"\xfd7zXZ",
        b"\x28\xb5\x2f\xfd",
        b"7z\xbc\xaf",
    ];
    if packed.iter().any(|magic| begin.starts_with(magic)) {
        return Some((
            "it is compressed, and its name does not say so",
            "unpack it; a gzip file may also be called NAME.csv.gz",
        ));
    }
    if begin.starts_with(b"SQLite format 3") {
        return Some((
            "it is an SQLite database",
            "read it as a source: sql = { url = \"sqlite:FILE\", … }",
        ));
    }
    if begin.starts_with(b"%PDF") {
        return Some(("it is a PDF", "export the records as CSV or JSON"));
    }
    if begin.starts_with(b"PAR1") {
        return Some((
            "it is a Parquet file",
            "name it as a source in gong-crm.toml: parquet = { url = \"…\" }",
        ));
    }
    if text.starts_with("<!doctype") || text.starts_with("<html") || text.starts_with("<table") {
        return Some((
            "it is a web page, such as a login or an error, and not a CSV",
            "export it again while you are logged in",
        ));
    }
    if text.starts_with("<?xml") {
        return Some(("it is XML", "export the records as CSV or JSON"));
    }
    None
}

/// The delimiter, by the line that tells Excel or by what fits best.
pub(super) fn delimiter(begin: &[u8], encoding: &'static Encoding) -> u8 {
    let mut rows = Rows::new(begin, encoding, b'\n' + 1);
    let mut row = Row::default();
    if rows.next(&mut row).unwrap_or(false) {
        let first = row.cells.iter().next().unwrap_or_default().to_lowercase();
        if let Some(named) = first
            .strip_prefix("sep=")
            .and_then(|rest| rest.bytes().next())
            && DELIMITERS.contains(&named)
        {
            return named;
        }
    }
    let all = DELIMITERS.into_iter().rev();
    let best = all.max_by_key(|delimiter| fitness(begin, encoding, *delimiter));
    best.unwrap_or(b',')
}

/// Why a file whose first rows are read is not a table, although it is text.
pub(super) fn refuse_rows(
    begin: &[u8],
    encoding: &'static Encoding,
    delimiter: u8,
) -> Option<(String, &'static str)> {
    let mut rows = Rows::new(begin, encoding, delimiter);
    let mut row = Row::default();
    let mut read: Vec<Vec<String>> = Vec::new();
    while read.len() < 50 && rows.next(&mut row).unwrap_or(false) {
        read.push(row.cells.iter().map(str::to_owned).collect());
    }
    let width = |cell: &str, delimiter: u8| {
        let mut cells = Rows::new(cell.as_bytes(), encoding_rs::UTF_8, delimiter);
        let mut row = Row::default();
        let is_row = cells.next(&mut row).unwrap_or(false);
        if is_row { row.cells.len() } else { 0 }
    };
    let first = read.first()?;
    let is_in_single =
        |cell: &String| cell.len() > 1 && cell.starts_with('\'') && cell.ends_with('\'');
    if first.len() > 1 && first.iter().all(is_in_single) {
        return Some((
            "its cells are in single quotes, within which a delimiter counts as one".to_owned(),
            "export it with double quotes",
        ));
    }
    if is_sep_line(first.first()?) {
        return None;
    }
    for other in DELIMITERS {
        let columns = width(first.first()?, other);
        if first.len() > 1 || columns < 3 || read.len() < 2 {
            continue;
        }
        let is_quoted = |cells: &Vec<String>| matches!(cells.as_slice(), [only] if width(only, other) == columns);
        if read.iter().all(is_quoted) {
            return Some((
                "each of its rows is one cell in quotes, as where a spreadsheet saved a CSV as a CSV again"
                    .to_owned(),
                "export it again, or remove the quotes around whole rows",
            ));
        }
        if other != delimiter && read.iter().skip(1).all(|cells| cells.len() == columns) {
            return Some((
                format!(
                    "its header is written with {:?} between cells, and its rows with {:?}",
                    char::from(other),
                    char::from(delimiter)
                ),
                "write both with the same sign",
            ));
        }
    }
    None
}

/// A question, if the row that seems to name the columns looks like a record.
pub(super) fn question_of_header(names: &[String]) -> Option<String> {
    let is_value = |name: &&String| {
        let parts: Vec<&str> = name.split(['.', '/', '-']).collect();
        let is_digits =
            |text: &&str| !text.is_empty() && text.bytes().all(|one| one.is_ascii_digit());
        let is_date = parts.len() == 3 && parts.iter().all(is_digits);
        let is_amount = name.parse::<f64>().is_ok() && name.contains('.');
        let is_email = crate::value::email_address::check(name).is_ok();
        is_date || is_amount || is_email
    };
    let values: Vec<&String> = names.iter().filter(is_value).collect();
    let [first, second, ..] = values.as_slice() else {
        return None;
    };
    Some(format!(
        "The first row looks like a record: {first:?} and {second:?} are not names of columns. If it is one, write \
         header = false, and name the columns by their numbers."
    ))
}

/// How many rows are above the header, and the header: the first row that is as wide as most rows.
pub(super) fn header(
    begin: &[u8],
    encoding: &'static Encoding,
    delimiter: u8,
) -> (usize, Vec<String>) {
    let mut rows = Rows::new(begin, encoding, delimiter);
    let mut row = Row::default();
    let mut read: Vec<Vec<String>> = Vec::new();
    while read.len() < 200 && rows.next(&mut row).unwrap_or(false) {
        let is_sep = read.is_empty()
            && row.cells.len() <= 2
            && row.cells.iter().next().is_some_and(is_sep_line);
        if !is_sep {
            read.push(
                row.cells
                    .iter()
                    .map(|cell| cell.trim().to_owned())
                    .collect(),
            );
        }
    }
    let filled = |cells: &Vec<String>| cells.iter().filter(|cell| !cell.is_empty()).count();
    let widest = read.iter().map(filled).max().unwrap_or_default();
    // Data may have empty cells; a header names its columns, and a title is one or two cells.
    let at = read.iter().position(|cells| {
        let names = filled(cells);
        names * 2 > widest && (names > 2 || widest <= 2)
    });
    let at = at.unwrap_or_default();
    (at, read.into_iter().nth(at).unwrap_or_default())
}

/// The path of the list of records in a document that is not a list itself.
pub(super) fn list_of_document(path: &Path, begin: &[u8]) -> Option<String> {
    let name = path.to_string_lossy().to_lowercase();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    // One record per line, also where there is only one.
    if [".jsonl", ".ndjson", ".ldjson"]
        .iter()
        .any(|end| name.ends_with(end))
    {
        return None;
    }
    let text = String::from_utf8_lossy(begin);
    if !text
        .trim_start_matches('\u{feff}')
        .trim_start()
        .starts_with('{')
    {
        return None;
    }
    // More than one object on lines of their own are records.
    let source = crate::mapping::open(path).ok()?;
    let document: serde_json::Value = serde_json::from_reader(io::BufReader::new(source)).ok()?;
    let mut lists = Vec::new();
    lists_of_objects(&document, "", 1, &mut lists);
    // The nearest; of equal ones the first that is not empty.
    lists.sort_by_key(|(depth, is_empty, _)| (*depth, *is_empty));
    lists.into_iter().next().map(|(.., path)| path)
}

/// The lists of objects in a document, with their depths, whether they are empty, and their paths.
fn lists_of_objects(
    value: &serde_json::Value,
    path: &str,
    depth: usize,
    lists: &mut Vec<(usize, bool, String)>,
) {
    // An API wraps its list in a few objects; deeper ones are parts of records.
    const MAX_DEPTH: usize = 4;
    for (key, value) in value.as_object().into_iter().flatten() {
        let path = if path.is_empty() {
            key.clone()
        } else {
            format!("{path}.{key}")
        };
        match value {
            serde_json::Value::Array(items) if items.iter().all(serde_json::Value::is_object) => {
                lists.push((depth, items.is_empty(), path));
            }
            serde_json::Value::Object(_) if depth < MAX_DEPTH => {
                lists_of_objects(value, &path, depth + 1, lists);
            }
            _ => {}
        }
    }
}
