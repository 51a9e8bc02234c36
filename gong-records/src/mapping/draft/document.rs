//! The guessed mapping as a file that a person can mend.

use std::collections::BTreeSet;

use super::headers;
use super::seen::{Habits, NO, Seen, YES, currencies_in, is_placeholder};
use super::{Column, Sample};
use crate::mapping::nearest::plain;
use crate::record::{FieldKind, LineFormat, ObjectType, Presence};
use crate::value::object_id;

/// The most different cells that are listed for a person to translate.
const LISTED: usize = 20;

/// A column and what it seems to be.
struct Guessed<'a> {
    column: &'a Column,
    seen: Seen,
    field: Option<&'static str>,
    /// Whether the cells tell so, and not the name.
    by_cells: bool,
}

/// Writes the mapping of the sample.
pub(super) fn write(sample: &Sample, object_type: ObjectType) -> String {
    let habits = Habits::of(sample);
    let format = object_type.line_format();
    let columns = guess(sample, format, &habits);
    let mut toml = format!(
        "# A first mapping, guessed from {} of the CSV. Go through it, then run\n\
         #   gong-crm check FILE.csv --map THIS.toml\n\
         # Lines that begin with # do nothing; remove the # to use them.\n\n\
         [{object_type}]\n",
        rows(sample.rows)
    );
    toml += &settings(sample, &columns, &habits);
    toml += &format!("\n[{object_type}.fields]\n");
    for field in format.fields {
        let column = columns
            .iter()
            .find(|column| column.field == Some(field.name));
        match column {
            Some(guessed) => toml += &standard(field.name, field.kind, guessed),
            None if field.name == "modifiedDate" && field.presence == Presence::Required => {
                toml += "# No column tells when a record was changed; this is when the CSV was.\n\
                         modifiedDate = { constant = \"now\" }\n";
            }
            None if field.name == "status" => toml += &status_from_stage(&columns),
            None if field.name == "isDeleted" => {}
            None => {
                let why = match (field.presence, field.when_missing) {
                    (Presence::Required, _) => "  # every record needs it".to_owned(),
                    (_, Some(consequence)) => {
                        // A sentence of its own in the tables; here it goes on after a colon.
                        let clause = match consequence.strip_prefix("The ") {
                            Some(rest) => format!("the {rest}"),
                            None => consequence.to_owned(),
                        };
                        format!("  # without it: {clause}")
                    }
                    (_, None) => String::new(),
                };
                toml += &format!("# {} = \"\"{why}\n", field.name);
            }
        }
    }
    toml + &custom(&columns, format) + &nameless(sample, &columns)
}

fn rows(count: usize) -> String {
    match count {
        1 => "1 row".to_owned(),
        count => format!("{count} rows"),
    }
}

/// Gives each field to the first column that is called so.
fn guess<'a>(sample: &'a Sample, format: &'static LineFormat, habits: &Habits) -> Vec<Guessed<'a>> {
    let mut taken = BTreeSet::new();
    // A name that stands twice can't be told apart.
    let is_single = |name: &str| {
        !name.is_empty()
            && sample
                .columns
                .iter()
                .filter(|column| column.name == name)
                .count()
                == 1
    };
    let columns = sample.columns.iter();
    let mut guessed: Vec<Guessed<'_>> = columns
        .filter(|column| is_single(&column.name))
        .map(|column| Guessed {
            column,
            seen: habits.see(column),
            field: headers::field(format, &column.name).filter(|field| taken.insert(*field)),
            by_cells: false,
        })
        .collect();
    for column in guessed.iter_mut().filter(|column| column.field.is_none()) {
        if holds_ids(column.column) {
            let field = headers::reference(format, &column.column.name);
            column.field = field.filter(|field| taken.insert(*field));
        }
    }
    if taken.insert("objectId") {
        let mut free = guessed.iter_mut().filter(|column| column.field.is_none());
        let own = free.find(|column| holds_ids(column.column) && is_key(column.column, sample));
        if let Some(own) = own {
            (own.field, own.by_cells) = (Some("objectId"), true);
        }
    }
    guessed
}

/// Whether all cells could be ids, and have a digit as names have not.
fn holds_ids(column: &Column) -> bool {
    let is_id = |cell: &String| {
        object_id::check(cell).is_ok() && cell.contains(|one: char| one.is_ascii_digit())
    };
    !column.cells.is_empty() && column.cells.iter().all(is_id)
}

/// Whether each row has a cell of its own there.
fn is_key(column: &Column, sample: &Sample) -> bool {
    let different: BTreeSet<&String> = column.cells.iter().collect();
    different.len() == sample.rows
}

/// How the file is written.
fn settings(sample: &Sample, columns: &[Guessed<'_>], habits: &Habits) -> String {
    let mut toml = format!(
        "delimiter = {}\n",
        quoted(&char::from(sample.delimiter).to_string())
    );
    if sample.encoding != encoding_rs::UTF_8 {
        toml += &format!(
            "encoding = {}\n",
            quoted(&sample.encoding.name().to_lowercase())
        );
    }
    let mut dates = BTreeSet::new();
    let mut date_times = BTreeSet::new();
    let mut needs_zone = false;
    for column in columns {
        match &column.seen {
            Seen::Date(format) => {
                dates.extend(format.clone());
                // The day alone becomes a date-time there.
                needs_zone |= column.field.is_some_and(|field| field != "closeDate");
            }
            Seen::DateTime { format, has_zone } => {
                date_times.extend(format.clone());
                needs_zone |= !has_zone;
            }
            _ => {}
        }
    }
    if needs_zone {
        let zone = if habits.is_day_first {
            "Europe/Berlin"
        } else {
            "UTC"
        };
        toml += "# The CSV's times have no zone. Is it this one?\n";
        toml += &format!("zone = {}\n", quoted(zone));
    }
    let strokes = |format: &String| format.contains("%m/%d") || format.contains("%d/%m");
    if dates.iter().chain(&date_times).any(strokes) {
        toml += "# Is it really this one of day (%d) and month (%m) that comes first?\n";
    }
    for (key, formats) in [("dates", dates), ("date-times", date_times)] {
        if !formats.is_empty() {
            toml += &format!("{key} = {}\n", list(formats.iter().map(String::as_str)));
        }
    }
    let is_number = |column: &&Guessed<'_>| {
        matches!(column.seen, Seen::Number | Seen::Currency | Seen::Percent)
    };
    let numbers: Vec<_> = columns.iter().filter(is_number).collect();
    if !numbers.is_empty() {
        toml += &format!("decimal = {}\n", quoted(&habits.decimal.to_string()));
        toml += &format!("thousands = {}\n", quoted(&habits.thousands.to_string()));
    }
    let cells = numbers.iter().flat_map(|column| &column.column.cells);
    let currencies: BTreeSet<_> = cells.flat_map(|cell| currencies_in(cell)).collect();
    if !currencies.is_empty() {
        toml += &format!("currency = {}\n", list(currencies.into_iter()));
    }
    let cells = columns.iter().flat_map(|column| &column.column.cells);
    let empty: BTreeSet<&String> = cells.filter(|cell| is_placeholder(cell)).collect();
    if !empty.is_empty() {
        toml += &format!("empty = {}\n", list(empty.into_iter()));
    }
    if columns.iter().any(|column| column.seen == Seen::Boolean) {
        toml += &format!(
            "yes = {}\nno = {}\n",
            list(YES.into_iter()),
            list(NO.into_iter())
        );
    }
    toml
}

/// One of Gong's own fields.
fn standard(name: &str, kind: FieldKind, guessed: &Guessed<'_>) -> String {
    let column = &guessed.column.name;
    let cells: BTreeSet<&str> = guessed.column.cells.iter().map(String::as_str).collect();
    match kind {
        FieldKind::Choice(words) if !cells.iter().all(|cell| words.contains(cell)) => {
            let values = cells.into_iter().map(|cell| (cell, status(cell)));
            translated(name, column, values)
        }
        // Few different ids with spaces or umlauts are names, which Gong does not take as ids; one
        // such id among good ones is a mistake.
        FieldKind::ObjectId if cells.len() <= LISTED && are_names(name, &cells) => {
            let names = cells
                .into_iter()
                .filter(|cell| object_id::check(cell).is_err());
            let values = names.map(|cell| (cell, Some(slug(cell))));
            let note = "# Gong's ids hold letters, digits and hyphens; write the same ids wherever \
                        these records are meant.\n";
            note.to_owned() + &translated(name, column, values)
        }
        _ if guessed.by_cells => {
            format!(
                "# No column is called so, but this one could be.\n{name} = {}\n",
                quoted(column)
            )
        }
        _ => format!("{name} = {}\n", quoted(column)),
    }
}

fn are_names(field: &str, cells: &BTreeSet<&str>) -> bool {
    let bad = cells
        .iter()
        .filter(|cell| object_id::check(cell).is_err())
        .count();
    bad * 2 > cells.len() || (bad > 0 && field != "objectId")
}

/// A deal's status by what its stage says, where there is no column of its own.
fn status_from_stage(columns: &[Guessed<'_>]) -> String {
    let stage = columns.iter().find(|column| column.field == Some("stage"));
    let cells: BTreeSet<&str> = stage
        .iter()
        .flat_map(|stage| stage.column.cells.iter().map(String::as_str))
        .collect();
    let says_so = cells
        .iter()
        .any(|cell| matches!(status(cell), Some(word) if word != "OPEN"));
    match stage {
        Some(stage) if says_so && cells.len() <= LISTED => {
            let values = cells.into_iter().map(|cell| {
                (
                    cell,
                    Some(status(cell).unwrap_or_else(|| "OPEN".to_owned())),
                )
            });
            translated("status", &stage.column.name, values)
        }
        _ => "# status = \"\"  # without it Gong takes OPEN\n".to_owned(),
    }
}

/// A field whose cells are translated one by one; a cell without translation waits for a person.
fn translated(
    name: &str,
    column: &str,
    values: impl Iterator<Item = (impl AsRef<str>, Option<String>)>,
) -> String {
    let mut toml = format!("{name}.from = {}\n", quoted(column));
    for (cell, value) in values.take(LISTED) {
        let cell = quoted(cell.as_ref());
        toml += &match value {
            Some(value) => format!("{name}.values.{cell} = {}\n", quoted(&value)),
            None => format!("# {name}.values.{cell} = \"\"  # what does it mean?\n"),
        };
    }
    toml
}

/// The columns that are none of Gong's fields.
fn custom(columns: &[Guessed<'_>], format: &'static LineFormat) -> String {
    let others: Vec<_> = columns
        .iter()
        .filter(|column| column.field.is_none())
        .collect();
    if others.is_empty() {
        return String::new();
    }
    let is_shown = format.entity_schema;
    let mut toml = if is_shown {
        "\n# Custom fields. Gong shows those that the entity schema declares.\n".to_owned()
    } else {
        "\n# Gong knows no custom fields of this type.\n".to_owned()
    };
    let mut taken: BTreeSet<String> = format
        .fields
        .iter()
        .map(|field| field.name.to_lowercase())
        .collect();
    for guessed in others {
        let name = unique(&camel_case(&guessed.column.name), &mut taken);
        let is_used = is_shown && guessed.seen != Seen::Nothing;
        let comment = if is_used { "" } else { "# " };
        let empty = if guessed.seen == Seen::Nothing {
            "  # no cell is filled"
        } else {
            ""
        };
        toml += &format!(
            "{comment}{name} = {{ from = {}, type = \"{}\" }}{empty}\n",
            quoted(&guessed.column.name),
            guessed.seen.field_type()
        );
    }
    toml
}

/// Columns that can't be named in a mapping.
fn nameless(sample: &Sample, columns: &[Guessed<'_>]) -> String {
    let is_named = |name: &str| columns.iter().any(|guessed| guessed.column.name == name);
    let names: BTreeSet<&str> = sample
        .columns
        .iter()
        .map(|column| column.name.as_str())
        .filter(|name| !is_named(name))
        .collect();
    if names.is_empty() {
        return String::new();
    }
    let names: Vec<String> = names.into_iter().map(quoted).collect();
    format!(
        "\n# Left out, because the header has no name for them, or the same name twice: {}\n",
        names.join(", ")
    )
}

/// What a word for a deal's status means.
fn status(cell: &str) -> Option<String> {
    let word = plain(cell);
    let is = |parts: &[&str]| parts.iter().any(|part| word.contains(part));
    let meant = if is(&[
        "notwon",
        "nichtgewonnen",
        "lost",
        "verloren",
        "abgelehnt",
        "storniert",
    ]) {
        "LOST"
    } else if word == "won" || is(&["closedwon", "gewonnen", "beauftragt"]) {
        "WON"
    } else if is(&["open", "offen", "laufend", "bearbeitung", "progress"]) {
        "OPEN"
    } else {
        return None;
    };
    Some(meant.to_owned())
}

/// The words of a text, without umlauts and punctuation.
fn words(text: &str) -> Vec<String> {
    text.split(|character: char| !character.is_alphanumeric())
        .map(|word| {
            plain(word)
                .chars()
                .filter(char::is_ascii_alphanumeric)
                .collect::<String>()
        })
        .filter(|word| !word.is_empty())
        .collect()
}

/// An id such as `angebot-erstellt`.
fn slug(text: &str) -> String {
    let mut slug = words(text).join("-");
    slug.truncate(object_id::MAX_LENGTH);
    if slug.is_empty() {
        "unnamed".to_owned()
    } else {
        slug
    }
}

/// A name such as `annualRevenue`.
fn camel_case(header: &str) -> String {
    let mut name = String::new();
    for word in words(header) {
        let mut letters = word.chars();
        match letters.next() {
            Some(first) if !name.is_empty() => name.push(first.to_ascii_uppercase()),
            Some(first) => name.push(first),
            None => {}
        }
        name.push_str(letters.as_str());
    }
    if name.is_empty() {
        "field".to_owned()
    } else {
        name
    }
}

fn unique(name: &str, taken: &mut BTreeSet<String>) -> String {
    let mut candidate = name.to_owned();
    let mut number = 2;
    while !taken.insert(candidate.to_lowercase()) {
        candidate = format!("{name}{number}");
        number += 1;
    }
    candidate
}

/// A text as TOML writes it on one line; a text of several lines would break the line it is in.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\t' => quoted.push_str("\\t"),
            '\n' => quoted.push_str("\\n"),
            control if control.is_control() => {
                quoted.push_str(&format!("\\u{:04X}", u32::from(control)));
            }
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

fn list(texts: impl Iterator<Item = impl AsRef<str>>) -> String {
    let texts: Vec<String> = texts.map(|text| quoted(text.as_ref())).collect();
    format!("[{}]", texts.join(", "))
}
