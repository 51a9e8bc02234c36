//! The draft of one file's mapping, as TOML with its open questions.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::ids::Cleaning;
use super::links::{Links, TypedFile};
use super::profile::Profile;
use super::settings::{Content, Settings, both_orders};
use super::toml_text::{in_expression, is_path, list, quoted, words as one_or_list};
use super::words::words;
use crate::record::{Field, ObjectType, Presence};

mod amount;
mod custom;
mod dates;
mod derived;
mod fields;
mod filter;
mod status;

/// The most values that a draft lists one by one.
pub(super) const MAX_LISTED: usize = 20;

/// The input of the draft of one type.
pub(super) struct Document<'a> {
    pub(super) file: &'a TypedFile,
    pub(super) links: &'a Links,
    /// The cleaning steps that the ids of each type need.
    pub(super) cleanings: &'a [(ObjectType, Cleaning)],
    pub(super) zone: Option<&'a str>,
    /// Questions of the folder as a whole that concern this type.
    pub(super) questions: Vec<String>,
    /// Whether stages come from this file's column of stages.
    pub(super) makes_stages: bool,
    /// Whether users come from the addresses in this file's column of owners.
    pub(super) makes_users: bool,
}

/// A table of the draft while it is written.
pub(super) struct Writer<'a> {
    document: &'a Document<'a>,
    settings: Settings,
    contents: Vec<Content>,
    questions: Vec<String>,
    fields: String,
    used: BTreeSet<usize>,
    needs_zone: bool,
}

impl Document<'_> {
    /// The mapping's text.
    pub(super) fn write(&self) -> String {
        let table = &self.file.table;
        let settings = Settings::of(table);
        let contents: Vec<Content> = table
            .columns
            .iter()
            .map(|column| settings.content(&column.name, &column.profile))
            .collect();
        let mut writer = Writer {
            document: self,
            settings,
            contents,
            questions: self.questions.clone(),
            fields: String::new(),
            used: BTreeSet::new(),
            needs_zone: false,
        };
        let rows = table.rows;
        let mut text = format!(
            "# Draft of a mapping, made from {rows} {} of {}.\n\
             # Each todo is a question: answer it in the mapping, then remove it.\n\
             # `gong-crm check` reports what is still open. Lines that begin with # do nothing.\n\n",
            if table.is_json { "records" } else { "rows" },
            self.file.reference,
        );
        writer.fields();
        let _ = write!(text, "{}", writer.table());
        if self.makes_stages {
            text += &writer.stages();
        }
        if self.makes_users {
            text += &writer.users();
        }
        text
    }
}

impl Writer<'_> {
    fn name(&self, index: usize) -> &str {
        self.document
            .file
            .column(index)
            .map_or("", |column| column.name.as_str())
    }

    /// The column in an expression.
    fn in_expression(&self, index: usize) -> String {
        let name = self.name(index);
        if self.document.file.table.is_json && is_path(name) {
            name.to_owned()
        } else {
            in_expression(name)
        }
    }

    fn profile(&self, index: usize) -> Option<&Profile> {
        self.document.file.profile(index)
    }

    fn content(&self, index: usize) -> Content {
        self.contents
            .get(index)
            .copied()
            .unwrap_or(Content::Nothing)
    }

    /// The key for cells of a field's columns that only say that there is nothing: "None" may be a
    /// name, and is neither a date nor an id.
    fn empty(&self, columns: &[usize]) -> Option<String> {
        let profiles = columns.iter().filter_map(|index| self.profile(*index));
        let cells: BTreeSet<String> = profiles
            .flat_map(|profile| profile.placeholders.keys())
            .filter(|cell| !is_null(cell))
            .cloned()
            .collect();
        let cells: Vec<String> = cells.into_iter().collect();
        (!cells.is_empty()).then(|| format!("empty = {}", one_or_list(&cells)))
    }

    fn line(&mut self, name: &str, keys: &[String]) {
        let _ = match keys {
            [only] if only.starts_with("from = \"") && !only.contains(", \"") => {
                writeln!(self.fields, "{name} = {}", &only["from = ".len()..])
            }
            keys => writeln!(self.fields, "{name} = {{ {} }}", keys.join(", ")),
        };
    }

    fn comment(&mut self, text: &str) {
        let _ = writeln!(self.fields, "# {text}");
    }

    /// Writes the fields, and notes which settings they need.
    fn fields(&mut self) {
        let object_type = self.document.file.object_type;
        let format = object_type.line_format();
        let mut missing = Vec::new();
        for field in format.fields {
            let before = self.fields.len();
            match field.name {
                "objectId" => self.object_id(),
                "modifiedDate" => self.modified(field.presence == Presence::Required),
                "isDeleted" => continue,
                "status" => self.status(),
                "stage" => self.stage(),
                "closeDate" => self.close_date(),
                "amount" => self.amount(),
                "domains" => self.domains(),
                "emailAddress" => self.several("emailAddress", true),
                "phoneNumber" => self.several("phoneNumber", false),
                "firstName" | "lastName" => self.person(field.name),
                _ if field.references.is_some() => self.reference(field.name),
                "name" => self.record_name(),
                name => self.plain(name),
            }
            if self.fields.len() == before {
                self.missing(field);
                missing.push(field.name);
            }
        }
        if object_type == ObjectType::Deal {
            for field in missing {
                self.ask_for_column(field);
            }
        }
        self.custom();
    }

    /// Asks for a column without which deals are not on the deal board, where columns could be it.
    fn ask_for_column(&mut self, field: &str) {
        let roles = &self.document.file.roles;
        let references = roles.references.values();
        let known: BTreeSet<usize> = references
            .flat_map(|reference| reference.ids.iter().chain(&reference.names))
            .chain(roles.fields.get("createdDate").into_iter().flatten())
            .chain(roles.others.values())
            .chain(&self.used)
            .copied()
            .collect();
        let is_candidate = |index: &usize| {
            let Some(profile) = self.profile(*index) else {
                return false;
            };
            let (content, is_full) = (self.content(*index), !profile.has_more_values);
            let is_repeated = is_full && profile.has_duplicates && profile.values.len() > 1;
            let is_word = content == Content::Text && is_repeated;
            !known.contains(index)
                && !self.name(*index).is_empty()
                && match field {
                    "closeDate" => matches!(content, Content::Date(_)),
                    "ownerId" => is_word && self.is_of_words(*index),
                    "stage" => is_word && profile.values.len() <= MAX_LISTED,
                    _ => false,
                }
        };
        let columns: Vec<usize> = (0..self.contents.len()).filter(is_candidate).collect();
        let (what, without) = match field {
            "closeDate" => (
                "says when a deal closes",
                "does not appear on the deal board",
            ),
            "ownerId" => (
                "names the owner of a deal",
                "does not appear on the deal board",
            ),
            _ => (
                "names the stage of a deal",
                "has no place on the deal board",
            ),
        };
        // Nobody sees a stage that is not in Gong.
        let then = if field == "stage" {
            " Stages are records, too: add a table [STAGE] with distinct = true, objectId = { from = …, slug = true } \
             and name, and its source in gong-crm.toml with the files of the deals."
        } else {
            ""
        };
        if !columns.is_empty() {
            self.questions.push(format!(
                "Which column {what}, {}? Write {field}; without it, a deal {without}. If none does, remove this \
                 question.{then}",
                self.listed(&columns)
            ));
        }
    }

    /// Says that no column was found for a field, and what follows from that.
    fn missing(&mut self, field: &Field) {
        let name = field.name;
        if let Some(consequence) = field.when_missing {
            let clause = consequence.trim_end_matches('.');
            self.comment(&format!("{name} = \"\"  # no column found. {clause}."));
        } else if matches!(
            name,
            "name" | "domains" | "createdDate" | "firstName" | "lastName"
        ) {
            self.comment(&format!("{name} = \"\"  # no column found."));
        }
    }

    /// The settings of the type, and its fields.
    fn table(&mut self) -> String {
        let object_type = self.document.file.object_type;
        let settings = self.settings_text(true);
        let mut text = format!("[{object_type}]\n");
        if let [only] = self.questions.as_slice() {
            let _ = writeln!(text, "todo = {}", quoted(only));
        } else if !self.questions.is_empty() {
            text += "todo = [\n";
            for question in &self.questions {
                let _ = writeln!(text, "  {},", quoted(question));
            }
            text += "]\n";
        }
        text += &settings;
        let _ = write!(text, "\n[{object_type}.fields]\n{}", self.fields);
        text
    }

    /// How the file is written.
    fn settings_text(&mut self, is_main: bool) -> String {
        let table = &self.document.file.table;
        let mut text = String::new();
        if table.is_json {
            text += "format = \"json\"\n";
            if let Some(records) = &table.records {
                let _ = writeln!(text, "records = {}", quoted(records));
            }
            if let Some(list) = &table.each {
                let _ = writeln!(text, "each = {}", quoted(list));
            }
        } else if table.delimiter != b',' {
            let _ = writeln!(
                text,
                "delimiter = {}",
                quoted(&char::from(table.delimiter).to_string())
            );
        }
        let encoding = table.encoding.encoding.name().to_lowercase();
        if let Some(sample) = &table.encoding.sample {
            let _ = writeln!(text, "encoding = {}", quoted(&encoding));
            if is_main {
                self.questions.push(format!("The file is not UTF-8. As {encoding} it reads: {sample}. Is that right? If not, correct encoding."));
            }
        }
        if let Some(lines) = table.encoding.mixed_lines() {
            let _ = writeln!(text, "encoding = {}", quoted(&encoding));
            if is_main {
                self.questions.push(format!("Most of the file is UTF-8, but {lines}: export it again, or correct what is not. Until then, such cells are errors."));
            }
        }
        if table.skip > 0 {
            let _ = writeln!(text, "skip = {}", table.skip);
        }
        if let Some(filter) = self.filter() {
            let _ = writeln!(text, "where = {}", quoted(&filter));
        }
        if !is_main {
            return text;
        }
        if let Some(deleted) = self.document.file.roles.column("isDeleted") {
            let _ = writeln!(text, "deleted = {}", quoted(self.name(deleted)));
        }
        if self.needs_zone {
            let zone = self.document.zone.unwrap_or("UTC");
            let _ = writeln!(text, "zone = {}", quoted(zone));
            if self.document.zone.is_none() {
                self.questions.push(
                    "The times of the file have no zone. Are they in UTC? If not, correct zone, \
                     such as zone = \"Europe/Berlin\"."
                        .to_owned(),
                );
            }
        }
        text += &self.formats();
        text
    }

    fn formats(&mut self) -> String {
        let mut text = String::new();
        let table = &self.document.file.table;
        if let Some(language) = self.settings.language {
            let _ = writeln!(text, "language = {}", quoted(language));
        }
        let [dates, date_times] = self.settings.formats(&self.contents);
        for (key, formats) in [("dates", dates), ("date-times", date_times)] {
            let formats: Vec<String> = formats.into_iter().collect();
            if !formats.is_empty() {
                let _ = writeln!(text, "{key} = {}", one_or_list(&formats));
            }
        }
        if let [_, _, ..] = self.settings.languages.as_slice() {
            self.questions.push(format!(
                "The names of the months fit the languages {}. Which is it? Correct language.",
                self.settings.languages.join(", ")
            ));
        }
        if let Some(example) = &self.settings.has_ambiguous_dates {
            let both = both_orders(&self.contents);
            let mut answers = Vec::new();
            for (key, formats) in ["dates", "date-times"].into_iter().zip(both) {
                let of = |order: usize| {
                    let formats = formats.iter().map(|both| both[order].clone());
                    one_or_list(&formats.collect::<Vec<_>>())
                };
                if !formats.is_empty() {
                    answers.push(format!("{key} = {} or {key} = {}", of(0), of(1)));
                }
            }
            self.questions.push(format!(
                "Does the day or the month come first in {example}? All dates fit both. Write {}.",
                answers.join(", and ")
            ));
        }
        if let Some(example) = &self.settings.has_ambiguous_numbers {
            self.questions.push(format!(
                "Is the sign in {example} between thousands, or before decimals? All numbers fit both. Correct \
                 decimal and thousands."
            ));
        }
        if self.settings.decimal != '.' {
            let _ = writeln!(
                text,
                "decimal = {}",
                quoted(&self.settings.decimal.to_string())
            );
        }
        if let Some(thousands) = self.settings.thousands {
            let _ = writeln!(text, "thousands = {}", quoted(&thousands.to_string()));
        }
        let mut currencies = BTreeSet::new();
        let mut empty = BTreeSet::new();
        let (mut yes, mut no) = (BTreeSet::new(), BTreeSet::new());
        let mut others = (BTreeSet::new(), BTreeSet::new());
        for (column, content) in table.columns.iter().zip(&self.contents) {
            if *content == Content::Currency {
                currencies.extend(column.profile.currencies.keys().cloned());
            }
            if matches!(content, Content::Boolean)
                || self
                    .document
                    .file
                    .roles
                    .column("isDeleted")
                    .is_some_and(|index| self.name(index) == column.name)
            {
                for cell in column.profile.values.keys() {
                    let word = cell.to_lowercase();
                    if words().list("yes").contains(&word) {
                        yes.insert(word);
                    } else if words().list("no").contains(&word) {
                        no.insert(word);
                    }
                }
            }
            // Those that are not text anywhere; of others each field says it itself.
            let placeholders = column.profile.placeholders.keys();
            empty.extend(placeholders.filter(|cell| is_null(cell)).cloned());
        }
        if !currencies.is_empty() {
            let currencies: Vec<String> = currencies.into_iter().collect();
            let _ = writeln!(text, "currency = {}", one_or_list(&currencies));
        }
        // The other word of a language may come next month.
        for pair in words().list("pairs") {
            if let Some((one, other)) = pair.split_once('/') {
                let (is_yes, is_no) = (yes.contains(one), no.contains(other));
                if is_yes && no.is_empty() {
                    others.1.insert(other.to_owned());
                } else if is_no && yes.is_empty() {
                    others.0.insert(one.to_owned());
                }
            }
        }
        yes.extend(others.0);
        no.extend(others.1);
        let known = |words: &BTreeSet<String>, default: [&str; 3]| {
            words.iter().all(|word| default.contains(&word.as_str()))
        };
        let defaults = [["true", "yes", "1"], ["false", "no", "0"]];
        if !known(&yes, defaults[0]) || !known(&no, defaults[1]) {
            for (key, words, defaults) in [("yes", &yes, defaults[0]), ("no", &no, defaults[1])] {
                let written = if words.is_empty() {
                    list(defaults)
                } else {
                    list(words)
                };
                let _ = writeln!(text, "{key} = {written}");
            }
        }
        if !empty.is_empty() {
            let empty: Vec<String> = empty.into_iter().collect();
            let _ = writeln!(text, "empty = {}", one_or_list(&empty));
        }
        text
    }
}

/// Whether a cell is something other than a text, whatever its column.
fn is_null(cell: &str) -> bool {
    words().list("null").contains(&cell.to_lowercase())
}
