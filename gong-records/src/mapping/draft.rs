//! A first mapping, guessed from the header and the cells of a CSV.

use std::io::Read;

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

use super::ConvertError;
use super::model::{Mapping, MappingError};
use super::rows::Rows;
use crate::record::ObjectType;

mod document;
mod headers;
mod seen;

/// The most bytes of a CSV that are looked at.
const SAMPLE_BYTES: u64 = 1024 * 1024;
/// The most rows that are looked at.
const SAMPLE_ROWS: usize = 1000;
/// What may stand between cells, likeliest first.
const DELIMITERS: [u8; 4] = [b';', b',', b'\t', b'|'];

/// A guessed mapping, and the same as a file with comments for a person to mend.
#[derive(Debug, Clone)]
pub struct Guess {
    toml: String,
    mapping: Mapping,
}

impl Guess {
    /// The mapping file, with comments that say what is unsure and what is missing.
    pub fn to_toml(&self) -> &str {
        &self.toml
    }

    /// The mapping.
    pub fn mapping(&self) -> &Mapping {
        &self.mapping
    }
}

/// A column of the sample.
#[derive(Debug)]
struct Column {
    name: String,
    /// Those that are not empty, trimmed.
    cells: Vec<String>,
}

/// What was looked at.
#[derive(Debug)]
struct Sample {
    encoding: &'static Encoding,
    delimiter: u8,
    rows: usize,
    columns: Vec<Column>,
}

impl Mapping {
    /// Guesses a mapping from the beginning of a CSV: its delimiter and encoding, how dates and
    /// numbers are written, which column is which of Gong's fields by its German or English name.
    /// Other columns become custom fields of the type seen in their cells.
    ///
    /// Looks at the first mebibyte and at most 1,000 rows.
    ///
    /// # Errors
    ///
    /// [`ConvertError`] when the CSV can't be read or has no header.
    ///
    /// ```
    /// use gong_records::ObjectType;
    /// use gong_records::mapping::Mapping;
    ///
    /// let csv = "Kundennummer;Firma;Geändert am;Mitarbeiter\nk-1;Müller GmbH;31.12.2025;1.250\n";
    /// let guess = Mapping::guess(csv.as_bytes(), ObjectType::Account)?;
    /// let accounts = guess.mapping().of_type(ObjectType::Account).unwrap();
    /// assert_eq!(accounts.field("objectId").unwrap().from.as_deref(), Some("Kundennummer"));
    /// assert!(guess.to_toml().contains(r#"dates = ["%d.%m.%Y"]"#));
    /// assert!(guess.to_toml().contains(r#"mitarbeiter = { from = "Mitarbeiter", type = "NUMBER" }"#));
    /// # Ok::<(), gong_records::mapping::ConvertError>(())
    /// ```
    pub fn guess(sample: impl Read, object_type: ObjectType) -> Result<Guess, ConvertError> {
        let mut bytes = Vec::new();
        sample
            .take(SAMPLE_BYTES)
            .read_to_end(&mut bytes)
            .map_err(ConvertError::Read)?;
        if bytes.len() as u64 == SAMPLE_BYTES {
            // The last line is cut somewhere.
            let end = memchr::memrchr(b'\n', &bytes).map_or(bytes.len(), |at| at + 1);
            bytes.truncate(end);
        }
        let encoding = encoding(&bytes);
        let delimiter = DELIMITERS
            .into_iter()
            .rev()
            .max_by_key(|delimiter| fitness(&bytes, encoding, *delimiter))
            .unwrap_or(b',');
        let sample = sample_of(&bytes, encoding, delimiter)?;
        let toml = document::write(&sample, object_type);
        let mapping = Self::from_toml(&toml)
            .map_err(|error| MappingError::new(format!("the guessed mapping, {error}")))?;
        Ok(Guess { toml, mapping })
    }
}

/// By the byte order mark, or by whether it can be UTF-8; else what Excel writes in Western Europe.
fn encoding(bytes: &[u8]) -> &'static Encoding {
    if let Some((encoding, _)) = Encoding::for_bom(bytes) {
        return encoding;
    }
    match std::str::from_utf8(bytes) {
        Ok(_) => UTF_8,
        // Only its end is cut.
        Err(error) if error.error_len().is_none() => UTF_8,
        Err(_) => WINDOWS_1252,
    }
}

/// How well the delimiter cuts the sample into a table: how many cells fit the header's columns.
fn fitness(bytes: &[u8], encoding: &'static Encoding, delimiter: u8) -> usize {
    let mut rows = Rows::new(bytes, encoding, delimiter);
    let Ok(Some(header)) = rows.next() else {
        return 0;
    };
    let columns = header.cells.len();
    if columns < 2 {
        return 0;
    }
    let mut fitting = 1;
    while let Ok(Some(row)) = rows.next() {
        fitting += usize::from(row.cells.len() == columns);
        if fitting > SAMPLE_ROWS {
            break;
        }
    }
    fitting * columns
}

fn sample_of(
    bytes: &[u8],
    encoding: &'static Encoding,
    delimiter: u8,
) -> Result<Sample, ConvertError> {
    let mut rows = Rows::new(bytes, encoding, delimiter);
    let header = rows
        .next()
        .map_err(ConvertError::Read)?
        .ok_or(ConvertError::Empty)?;
    let mut columns: Vec<Column> = header
        .cells
        .iter()
        .map(|name| Column {
            name: name.trim().to_owned(),
            cells: Vec::new(),
        })
        .collect();
    let mut count = 0;
    while let Some(row) = rows.next().map_err(ConvertError::Read)? {
        count += 1;
        for (column, cell) in columns.iter_mut().zip(&row.cells) {
            let cell = cell.trim();
            if !cell.is_empty() {
                column.cells.push(cell.to_owned());
            }
        }
        if count == SAMPLE_ROWS {
            break;
        }
    }
    Ok(Sample {
        encoding,
        delimiter,
        rows: count,
        columns,
    })
}
