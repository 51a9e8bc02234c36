//! The draft of one file's mapping, as TOML with its open questions.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::ids::Cleaning;
use super::links::{Link, TypedFile};
use super::profile::Profile;
use super::settings::{Content, Settings};
use super::toml_text::{field_name, in_expression, list, quoted, words as one_or_list};
use super::words::words;
use crate::record::{ObjectType, Presence};

/// The most values that a draft lists one by one.
pub(super) const MAX_LISTED: usize = 20;

/// The references of a file's records: field, target and way.
pub(super) type Links = Vec<(&'static str, ObjectType, Link)>;

/// What a draft of one type is made of.
pub(super) struct Document<'a> {
    pub(super) file: &'a TypedFile,
    pub(super) links: &'a Links,
    /// What the ids of each type need.
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
struct Writer<'a> {
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

    fn profile(&self, index: usize) -> Option<&Profile> {
        self.document.file.profile(index)
    }

    fn content(&self, index: usize) -> Content {
        self.contents
            .get(index)
            .copied()
            .unwrap_or(Content::Nothing)
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
                name => self.plain(name),
            }
            if self.fields.len() == before
                && let Some(consequence) = field.when_missing
            {
                let clause = consequence.trim_end_matches('.');
                self.comment(&format!(
                    "{} = \"\"  # no column found. {clause}.",
                    field.name
                ));
            }
        }
        self.custom();
    }

    fn object_id(&mut self) {
        let file = self.document.file;
        let Some(index) = file.id() else {
            let noun = file.object_type.as_str().to_lowercase().replace('_', " ");
            self.line(
                "objectId",
                &[format!(
                    "todo = {}",
                    quoted(&format!("Which column holds the id of each {noun}, which stays the same for ever? No name tells it."))
                )],
            );
            return;
        };
        self.used.insert(index);
        let mut keys = vec![format!("from = {}", quoted(self.name(index)))];
        let is_email = file.roles.column("objectId").is_none();
        if !is_email {
            keys.extend(self.cleaning(file.object_type));
        }
        self.line("objectId", &keys);
    }

    fn cleaning(&self, target: ObjectType) -> Vec<String> {
        let cleanings = self.document.cleanings.iter();
        let mut of_target = cleanings.filter(|(known, _)| *known == target);
        of_target
            .next()
            .map(|(_, cleaning)| cleaning.keys())
            .unwrap_or_default()
    }

    /// The keys that a date needs where its column counts days or seconds.
    fn counted_dates(&self, index: usize, is_time: bool) -> Vec<String> {
        let Some(profile) = self.profile(index) else {
            return Vec::new();
        };
        let key = if is_time { "date-times" } else { "dates" };
        let format = if profile.all(profile.epochs) {
            "epoch"
        } else if profile.all(profile.epoch_milliseconds) {
            "epoch-ms"
        } else if profile.all(profile.serials) {
            "excel"
        } else {
            return Vec::new();
        };
        vec![format!("{key} = \"{format}\"")]
    }

    /// Whether a column can be dates.
    fn is_date(&self, index: usize) -> bool {
        matches!(
            self.content(index),
            Content::Date(_) | Content::DateTime { .. }
        ) || self.profile(index).is_some_and(|profile| {
            profile.all(profile.epochs)
                || profile.all(profile.epoch_milliseconds)
                || profile.all(profile.serials)
        })
    }

    /// Notes that a moment without zone is read.
    fn note_zone(&mut self, index: usize) {
        let has_zone = match self.content(index) {
            Content::DateTime { has_zone, .. } => has_zone,
            Content::Date(_) => false,
            _ => {
                let profile = self.profile(index);
                !profile.is_some_and(|profile| profile.all(profile.serials))
            }
        };
        self.needs_zone |= !has_zone;
    }

    fn moment(&mut self, name: &str) -> bool {
        let columns = self
            .document
            .file
            .roles
            .fields
            .get(name)
            .cloned()
            .unwrap_or_default();
        let Some(index) = columns.into_iter().find(|index| self.is_date(*index)) else {
            return false;
        };
        self.used.insert(index);
        self.note_zone(index);
        let mut keys = vec![format!("from = {}", quoted(self.name(index)))];
        keys.extend(self.counted_dates(index, true));
        self.line(name, &keys);
        true
    }

    fn modified(&mut self, is_required: bool) {
        if !self.moment("modifiedDate") && is_required {
            self.comment("No column tells when a record was changed; this is when the file was.");
            self.line("modifiedDate", &["constant = \"now\"".to_owned()]);
        }
    }

    fn close_date(&mut self) {
        let roles = &self.document.file.roles;
        // When it was won or lost says more than when that was expected.
        let ended = ["won-time", "lost-time"]
            .iter()
            .filter_map(|role| roles.others.get(role));
        let planned = roles.fields.get("closeDate").into_iter().flatten().take(1);
        let columns: Vec<usize> = ended.chain(planned).copied().collect();
        let columns: Vec<usize> = columns
            .into_iter()
            .filter(|index| self.is_date(*index))
            .collect();
        let Some(first) = columns.first().copied() else {
            return;
        };
        self.used.extend(&columns);
        let names: Vec<String> = columns
            .iter()
            .map(|index| self.name(*index).to_owned())
            .collect();
        let mut keys = vec![format!("from = {}", one_or_list(&names))];
        keys.extend(self.counted_dates(first, false));
        self.line("closeDate", &keys);
    }

    fn amount(&mut self) {
        let columns = self
            .document
            .file
            .roles
            .fields
            .get("amount")
            .cloned()
            .unwrap_or_default();
        let is_number = |content| matches!(content, Content::Number | Content::Currency);
        // All of them may be text where they are few; a number is better.
        let Some(index) = columns
            .into_iter()
            .find(|index| is_number(self.content(*index)))
        else {
            return;
        };
        self.used.insert(index);
        let mut keys = vec![format!("from = {}", quoted(self.name(index)))];
        let currency = self.document.file.roles.others.get("currency").copied();
        if let Some(currency) = currency {
            self.used.insert(currency);
            let (distinct, commonest, all) =
                self.profile(currency)
                    .map_or((0, String::new(), String::new()), |profile| {
                        let all: Vec<String> = profile
                            .values
                            .iter()
                            .map(|(cell, count)| format!("{cell} ({count})"))
                            .collect();
                        (
                            profile.distinct(),
                            profile.commonest().unwrap_or_default().to_owned(),
                            all.join(", "),
                        )
                    });
            if distinct > 1 {
                keys.push(format!(
                    "only-currency = {{ in = {}, is = {} }}",
                    quoted(self.name(currency)),
                    quoted(&commonest)
                ));
                self.questions.push(format!(
                    "Gong shows one currency, and the deals have {all}. Is {commonest} the company's? Correct \
                     only-currency of amount, and add rates for the others, such as rates = {{ XXX = 1.1 }}; \
                     without a rate they are held back."
                ));
            }
        }
        self.line("amount", &keys);
    }

    fn domains(&mut self) {
        let columns = self
            .document
            .file
            .roles
            .fields
            .get("domains")
            .cloned()
            .unwrap_or_default();
        let fits = |index: &usize| {
            let profile = self.profile(*index);
            profile.is_some_and(|profile| {
                profile.mostly(profile.domains)
                    || profile.mostly(profile.urls)
                    || profile.mostly(profile.emails)
            })
        };
        let columns: Vec<usize> = columns.into_iter().filter(fits).take(3).collect();
        if columns.is_empty() {
            return;
        }
        self.used.extend(&columns);
        let names: Vec<String> = columns
            .iter()
            .map(|index| self.name(*index).to_owned())
            .collect();
        let mut keys = vec![format!("from = {}", one_or_list(&names))];
        if columns.len() > 1 {
            keys.push("join = \",\"".to_owned());
        }
        keys.push("domain = true".to_owned());
        self.line("domains", &keys);
    }

    /// A field of which a person may have several: the first that is not empty.
    fn several(&mut self, name: &str, is_email: bool) {
        let columns = self
            .document
            .file
            .roles
            .fields
            .get(name)
            .cloned()
            .unwrap_or_default();
        let fits = |index: &usize| {
            let profile = self.profile(*index);
            profile.is_some_and(|profile| {
                profile.filled > 0 && (!is_email || profile.mostly(profile.with_email))
            })
        };
        let columns: Vec<usize> = columns.into_iter().filter(fits).take(3).collect();
        if columns.is_empty() {
            return;
        }
        self.used.extend(&columns);
        let mut separators = BTreeSet::new();
        for index in &columns {
            let Some(profile) = self.profile(*index) else {
                continue;
            };
            for (separator, count) in &profile.lists {
                if *count > 0 && (is_email || *separator != ',' || *count * 4 < profile.filled) {
                    separators.insert(separator.to_string());
                }
            }
        }
        let is_list = columns
            .iter()
            .any(|index| self.content(*index) == Content::List);
        let names: Vec<String> = columns
            .iter()
            .map(|index| self.name(*index).to_owned())
            .collect();
        let mut keys = vec![format!("from = {}", one_or_list(&names))];
        if !separators.is_empty() || is_list {
            let separators: Vec<String> = separators.into_iter().collect();
            if !separators.is_empty() {
                keys.push(format!("split = {}", one_or_list(&separators)));
            }
            keys.push("take = \"first\"".to_owned());
        }
        self.line(name, &keys);
    }

    fn person(&mut self, name: &str) {
        let roles = &self.document.file.roles;
        let has_own = ["firstName", "lastName"]
            .iter()
            .all(|field| roles.fields.contains_key(field));
        let full = roles.others.get("full-name").copied();
        match full.filter(|_| !has_own) {
            Some(full) if !self.name(full).contains('[') => {
                self.used.insert(full);
                let function = if name == "firstName" {
                    "first_name"
                } else {
                    "last_name"
                };
                let expression = format!("{function}({})", in_expression(self.name(full)));
                self.line(name, &[format!("expr = {}", quoted(&expression))]);
            }
            _ => self.plain(name),
        }
    }

    fn plain(&mut self, name: &str) {
        if name == "createdDate" {
            self.moment(name);
            return;
        }
        let Some(index) = self.document.file.roles.column(name) else {
            return;
        };
        let profile = self.profile(index);
        if name == "url" && !profile.is_some_and(|profile| profile.mostly(profile.urls)) {
            return;
        }
        if name == "isActive" && self.content(index) != Content::Boolean {
            return;
        }
        self.used.insert(index);
        self.line(name, &[format!("from = {}", quoted(self.name(index)))]);
    }

    fn reference(&mut self, field: &str) {
        let link = self
            .document
            .links
            .iter()
            .find(|(known, ..)| *known == field);
        let Some((_, target, link)) = link.cloned() else {
            return;
        };
        let column = self.name(link.column()).to_owned();
        let from = format!("from = {}", quoted(&column));
        self.used.insert(link.column());
        match link {
            Link::Id(index) => {
                let mut keys = vec![from];
                let profile = self.profile(index);
                if profile
                    .is_some_and(|profile| profile.lists.get(&';').is_some_and(|count| *count > 0))
                {
                    keys.push("split = \";\", take = \"first\"".to_owned());
                }
                let is_email = profile.is_some_and(|profile| profile.mostly(profile.emails));
                if !is_email {
                    keys.extend(self.cleaning(target));
                }
                self.line(field, &keys);
            }
            Link::Name {
                file,
                key,
                value,
                empty,
                ..
            } => {
                let mut keys = vec![from];
                if !empty.is_empty() {
                    self.comment(&format!(
                        "{file} has no {value} for these; their records get none."
                    ));
                    keys.push(format!("empty = {}", list(&empty)));
                }
                keys.push(format!(
                    "lookup = {{ in = {}, key = {}, value = {} }}",
                    quoted(&file),
                    quoted(&key),
                    quoted(&value)
                ));
                keys.extend(self.cleaning(target));
                self.line(field, &keys);
            }
            Link::Email(_) => {
                let expression = format!("email_in({})", in_expression(&column));
                self.line(field, &[format!("expr = {}", quoted(&expression))]);
            }
            Link::Missing(_) => {
                let noun = target.file_stem().replace('_', " ");
                self.comment(&format!("{field} = {{ {from} }}"));
                self.questions.push(format!(
                    "The column {column:?} names {noun}, and no file has their ids: export the {noun} into this \
                     folder and run init again, or write {field} yourself."
                ));
            }
        }
    }

    fn stage(&mut self) {
        if !self.document.makes_stages {
            self.reference("stage");
            return;
        }
        if let Some(index) = self.document.file.roles.column("stage") {
            self.used.insert(index);
            self.line(
                "stage",
                &[
                    format!("from = {}", quoted(self.name(index))),
                    "slug = true".to_owned(),
                ],
            );
        }
    }

    fn status(&mut self) {
        let roles = &self.document.file.roles;
        let of_values = |index: usize| {
            let profile = self.profile(index)?;
            let is_small = !profile.has_more_values
                && profile.values.len() <= 60
                && !profile.values.is_empty();
            let known = profile
                .values
                .keys()
                .filter(|cell| matches!(words().status(cell), Some("WON" | "LOST")));
            Some((is_small, known.count()))
        };
        let status = roles
            .column("status")
            .filter(|index| of_values(*index).is_some_and(|(small, known)| small && known > 0));
        if let Some(index) = status {
            self.used.insert(index);
            self.translate(index);
            return;
        }
        let [won, closed] = ["is-won", "is-closed"].map(|role| {
            roles
                .others
                .get(role)
                .copied()
                .filter(|index| self.content(*index) == Content::Boolean)
        });
        if let (Some(won), Some(closed)) = (won, closed) {
            self.used.extend([won, closed]);
            let yes: Vec<String> = words()
                .list("yes")
                .iter()
                .map(|word| format!("'{word}'"))
                .collect();
            let is = |index: usize| {
                format!(
                    "{} | string | lower in [{}]",
                    in_expression(self.name(index)),
                    yes.join(", ")
                )
            };
            let expression = format!(
                "'WON' if ({}) else 'LOST' if ({}) else 'OPEN'",
                is(won),
                is(closed)
            );
            self.line("status", &[format!("expr = {}", quoted(&expression))]);
            return;
        }
        let stage = roles
            .column("stage")
            .filter(|index| of_values(*index).is_some_and(|(small, known)| small && known > 0));
        if let Some(index) = stage {
            self.comment("No column tells the status; the stage does.");
            self.translate(index);
            return;
        }
        // A small file may have open deals alone.
        let status = roles.column("status").filter(|index| {
            let known = self.profile(*index).map(|profile| {
                profile
                    .values
                    .keys()
                    .any(|cell| words().status(cell).is_some())
            });
            of_values(*index).is_some_and(|(small, _)| small) && known == Some(true)
        });
        if let Some(index) = status {
            self.used.insert(index);
            self.translate(index);
        } else {
            self.questions.push(
                "Which column tells whether a deal is won or lost? Write status; without it, Gong takes all \
                 deals as open."
                    .to_owned(),
            );
        }
    }

    /// The status by the words of a column; those that are not known are open questions.
    fn translate(&mut self, index: usize) {
        let name = quoted(self.name(index));
        let cells: Vec<String> = self
            .profile(index)
            .map(|profile| profile.values.keys().cloned().collect())
            .unwrap_or_default();
        if cells
            .iter()
            .all(|cell| ["won", "lost", "open"].contains(&cell.to_lowercase().as_str()))
        {
            self.line("status", &[format!("from = {name}")]);
            return;
        }
        let _ = writeln!(self.fields, "status.from = {name}");
        let mut seen = BTreeSet::new();
        for cell in cells {
            if !seen.insert(cell.to_lowercase()) {
                continue;
            }
            let _ = match words().status(&cell) {
                Some(meaning) => writeln!(
                    self.fields,
                    "status.values.{} = \"{meaning}\"",
                    quoted(&cell)
                ),
                None => writeln!(
                    self.fields,
                    "status.values.{} = \"?\"  # WON, LOST or OPEN?",
                    quoted(&cell)
                ),
            };
        }
    }

    /// The columns that are none of Gong's fields.
    fn custom(&mut self) {
        let file = self.document.file;
        let format = file.object_type.line_format();
        if !format.entity_schema {
            return;
        }
        let deleted = file.roles.column("isDeleted");
        self.used.extend(deleted);
        let mut taken: BTreeSet<String> = format
            .fields
            .iter()
            .map(|field| field.name.to_lowercase())
            .collect();
        let mut names = std::collections::BTreeMap::<&str, usize>::new();
        for column in &file.table.columns {
            *names.entry(&column.name).or_default() += 1;
        }
        let mut text = String::new();
        let mut nameless = BTreeSet::new();
        for (index, column) in file.table.columns.iter().enumerate() {
            if self.used.contains(&index) {
                continue;
            }
            if column.name.is_empty() || names.get(column.name.as_str()) != Some(&1) {
                nameless.insert(quoted(&column.name));
                continue;
            }
            let content = self.content(index);
            let field = field_name(&column.name, format, &mut taken);
            if content == Content::Nothing {
                let _ = writeln!(
                    text,
                    "# {field} = {{ from = {}, type = \"STRING\" }}  # every cell is empty",
                    quoted(&column.name)
                );
                continue;
            }
            self.needs_zone |= matches!(
                content,
                Content::DateTime {
                    has_zone: false,
                    ..
                }
            );
            let _ = writeln!(
                text,
                "{field} = {{ from = {}, type = \"{}\" }}",
                quoted(&column.name),
                content.field_type()
            );
        }
        if !text.is_empty() {
            self.fields += "\n# Custom fields. Gong shows those that the entity schema declares.\n";
            self.fields += &text;
        }
        if !nameless.is_empty() {
            let names: Vec<String> = nameless.into_iter().collect();
            let _ = writeln!(
                self.fields,
                "\n# Left out, because they have no name, or the same name twice: {}",
                names.join(", ")
            );
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
                self.questions.push(format!("The file is not UTF-8. As {encoding} it reads: {sample}. Is that right? Else correct encoding."));
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
                    "The times of the file have no zone. Are they in UTC? Else correct zone, such as zone = \
                     \"Europe/Berlin\"."
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
        if let Some(example) = &self.settings.has_ambiguous_dates {
            self.questions.push(format!(
                "Does the day or the month come first in {example}? All dates fit both. Write dates = \
                 \"%d/%m/%Y\" or dates = \"%m/%d/%Y\", and date-times in the same way."
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
        for (column, content) in table.columns.iter().zip(&self.contents) {
            if *content == Content::Currency {
                currencies.extend(column.profile.currencies.iter().cloned());
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
            // Placeholders count where the other cells are not texts: "None" may be a name.
            let is_text = matches!(content, Content::Text | Content::List);
            if !is_text {
                empty.extend(column.profile.placeholders.keys().cloned());
            }
        }
        if !currencies.is_empty() {
            let currencies: Vec<String> = currencies.into_iter().collect();
            let _ = writeln!(text, "currency = {}", one_or_list(&currencies));
        }
        let known = |words: &BTreeSet<String>, default: [&str; 3]| {
            words.iter().all(|word| default.contains(&word.as_str()))
        };
        if !known(&yes, ["true", "yes", "1"]) || !known(&no, ["false", "no", "0"]) {
            let _ = writeln!(text, "yes = {}", list(&yes));
            let _ = writeln!(text, "no = {}", list(&no));
        }
        if !empty.is_empty() {
            let empty: Vec<String> = empty.into_iter().collect();
            let _ = writeln!(text, "empty = {}", one_or_list(&empty));
        }
        text
    }

    /// The rows that are records, where totals or notes are below them.
    fn filter(&self) -> Option<String> {
        let file = self.document.file;
        if file.object_type == ObjectType::BusinessUser
            && let Some(email) = file.roles.column("emailAddress")
            && self
                .profile(email)
                .is_some_and(|profile| profile.filled < file.table.rows)
        {
            return Some(in_expression(self.name(email)));
        }
        if file.table.footers.is_empty() {
            return None;
        }
        let id = file.id().or(Some(0))?;
        let name = in_expression(self.name(id));
        if id == 0 {
            let footers: Vec<String> = file
                .table
                .footers
                .iter()
                .map(|text| format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'")))
                .collect();
            return Some(format!("{name} not in [{}]", footers.join(", ")));
        }
        Some(name)
    }

    /// The stages that the file's deals are in.
    fn stages(&mut self) -> String {
        let Some(index) = self.document.file.roles.column("stage") else {
            return String::new();
        };
        let name = self.name(index).to_owned();
        let settings = self.settings_text(false);
        let is_stage = in_expression(&name);
        let filter = match self.filter() {
            Some(filter) if filter.contains(" not in ") => format!("({filter}) and {is_stage}"),
            Some(filter) => format!("{filter} and {is_stage}"),
            None => is_stage.clone(),
        };
        let settings: String = settings
            .lines()
            .filter(|line| !line.starts_with("where = "))
            .map(|line| format!("{line}\n"))
            .collect();
        let mut text = format!(
            "\n# The stages that the deals are in, each once.\n[STAGE]\n{settings}distinct = true\nwhere = {}\n\n[STAGE.fields]\n\
             objectId = {{ from = {}, slug = true }}\nname = {}\n",
            quoted(&filter),
            quoted(&name),
            quoted(&name)
        );
        let values = self.profile(index).map(|profile| &profile.values);
        let is_numbered = values.is_some_and(|values| {
            !values.is_empty()
                && values
                    .keys()
                    .all(|cell| cell.starts_with(|one: char| one.is_ascii_digit()))
        });
        if is_numbered {
            let expression =
                format!("{is_stage} | replace('.', ' ') | replace(')', ' ') | split | first");
            let _ = writeln!(text, "sortOrder = {{ expr = {} }}", quoted(&expression));
        } else {
            let known: Vec<String> = values
                .into_iter()
                .flat_map(|values| values.keys())
                .map(|cell| quoted(cell))
                .collect();
            if known.len() <= MAX_LISTED {
                let pairs: Vec<String> =
                    known.iter().map(|cell| format!("{cell} = \"1\"")).collect();
                let _ = writeln!(
                    text,
                    "# Their order on the deal board, from 1; write it here:\n# sortOrder = {{ from = {}, values = {{ {} }}, otherwise = \"99\" }}",
                    quoted(&name),
                    pairs.join(", ")
                );
            }
        }
        text
    }

    /// The users whose addresses the column of owners holds.
    fn users(&mut self) -> String {
        let link = self
            .document
            .links
            .iter()
            .find(|(field, ..)| *field == "ownerId");
        let Some((_, _, link)) = link else {
            return String::new();
        };
        let column = in_expression(self.name(link.column()));
        let settings = self.settings_text(false);
        let settings: String = settings
            .lines()
            .filter(|line| !line.starts_with("where = "))
            .map(|line| format!("{line}\n"))
            .collect();
        let expression = quoted(&format!("email_in({column})"));
        format!(
            "\n# The owners of the deals, each once.\n[BUSINESS_USER]\n{settings}distinct = true\nwhere = {expression}\n\n\
             [BUSINESS_USER.fields]\nobjectId = {{ expr = {expression} }}\nmodifiedDate = {{ constant = \"now\" }}\n\
             emailAddress = {{ expr = {expression} }}\n"
        )
    }
}
