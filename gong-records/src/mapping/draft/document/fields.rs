//! Gong's own fields, each from the column that fits it best.

use super::Writer;
use crate::mapping::draft::header::Header;
use crate::mapping::draft::ids::Cleaning;
use crate::mapping::draft::links::Link;
use crate::mapping::draft::profile::Profile;
use crate::mapping::draft::roles::is_amount;
use crate::mapping::draft::settings::{Content, is_date_by_name, is_text_by_name};
use crate::mapping::draft::table::pairs;
use crate::mapping::draft::toml_text::{list, quoted, words as one_or_list};
use crate::mapping::draft::words::{plain, words};
use crate::record::ObjectType;
use std::collections::BTreeSet;

impl Writer<'_> {
    pub(super) fn object_id(&mut self) {
        let file = self.document.file;
        let Some(index) = file.id() else {
            let noun = file.object_type.as_str().to_lowercase().replace('_', " ");
            let candidates = self.different_everywhere();
            let hint = if candidates.is_empty() {
                "no column is filled and different in every row: export the id, too".to_owned()
            } else {
                format!(
                    "filled and different in every row: {}",
                    self.listed(&candidates)
                )
            };
            self.line(
                "objectId",
                &[format!(
                    "todo = {}",
                    quoted(&format!("Which column holds the id of each {noun}, which stays the same for ever? No column name says so; {hint}."))
                )],
            );
            for index in candidates.into_iter().take(3) {
                let profile = self.profile(index).into_iter().collect::<Vec<_>>();
                let mut keys = vec![format!("from = {}", quoted(self.name(index)))];
                keys.extend(Cleaning::of(&profile).keys());
                self.comment(&format!("objectId = {{ {} }}", keys.join(", ")));
            }
            return;
        };
        let destroyed = self.profile(index).map_or(0, |profile| profile.scientific);
        if destroyed > 0 {
            self.questions.push(format!(
                "{destroyed} cells of {} are like 1.23E+15: a spreadsheet has rounded them, and their digits are \
                 lost. Export again, and don't open the file in a spreadsheet.",
                quoted(self.name(index))
            ));
        }
        self.used.insert(index);
        let mut keys = vec![format!("from = {}", quoted(self.name(index)))];
        let is_email = file.roles.column("objectId").is_none();
        if !is_email {
            keys.extend(self.cleaning(file.object_type));
        }
        keys.extend(self.empty(&[index]));
        self.line("objectId", &keys);
    }

    /// The columns that could be ids by what is in them.
    fn different_everywhere(&self) -> Vec<usize> {
        let file = self.document.file;
        let references = file.roles.references.values();
        let others: BTreeSet<usize> = references
            .flat_map(|reference| reference.ids.iter().chain(&reference.names))
            .copied()
            .collect();
        let is_id = |index: &usize| {
            let name = self.name(*index);
            let is_own = |one: &Profile| {
                let is_domain = one.mostly(one.domains) && !one.mostly(one.emails);
                one.filled == file.table.rows && !one.has_duplicates && !is_domain
            };
            let of_type = file.object_type;
            let phones = words().field(of_type, "phoneNumber");
            let is_phone = Header::new(name).rank(of_type, phones).is_some();
            let content = self.content(*index);
            matches!(
                content,
                Content::Text | Content::Number | Content::EmailAddress
            ) && !is_amount(name)
                && !is_phone
                && !is_date_by_name(name)
                && !name.is_empty()
                && !others.contains(index)
                && self.profile(*index).is_some_and(is_own)
        };
        let mut columns: Vec<usize> = (0..self.contents.len()).filter(is_id).collect();
        columns.sort_by_key(|index| !is_text_by_name(self.name(*index)));
        columns
    }

    pub(super) fn cleaning(&self, target: ObjectType) -> Vec<String> {
        let cleanings = self.document.cleanings.iter();
        let mut of_target = cleanings.filter(|(known, _)| *known == target);
        of_target
            .next()
            .map(|(_, cleaning)| cleaning.keys())
            .unwrap_or_default()
    }

    pub(super) fn domains(&mut self) {
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
        // A second column of links is not the page in the CRM.
        let links = self.document.file.roles.fields.get("url");
        let links = links.into_iter().flatten().skip(1).copied();
        let mut columns: Vec<usize> = columns.into_iter().chain(links).filter(fits).collect();
        let mut known = BTreeSet::new();
        columns.retain(|index| known.insert(*index));
        columns.truncate(3);
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

    /// A field of which a person can have several: the first that is not empty is used.
    pub(super) fn several(&mut self, name: &str, is_email: bool) {
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
        let has_cell = |fits: &dyn Fn(&str) -> bool| {
            let profiles = columns.iter().filter_map(|index| self.profile(*index));
            let mut cells = profiles.flat_map(|profile| profile.values.keys());
            is_email && cells.any(|cell| fits(cell))
        };
        // As mail programs write a person.
        let is_within_text = has_cell(&|cell| cell.contains(['<', '(']));
        if let (true, [only]) = (is_within_text, columns.as_slice()) {
            let expression = format!("email_in({})", self.in_expression(*only));
            self.line(name, &[format!("expr = {}", quoted(&expression))]);
            return;
        }
        let names: Vec<String> = columns
            .iter()
            .map(|index| self.name(*index).to_owned())
            .collect();
        let mut keys = vec![format!("from = {}", one_or_list(&names))];
        let around = ["mailto:", ";", ","].into_iter().filter(|text| {
            has_cell(&|cell| cell.to_lowercase().starts_with(text) || cell.ends_with(text))
        });
        let around: Vec<&str> = around.collect();
        if around.is_empty() {
            keys.extend(columns.iter().find_map(|index| self.strip(*index)));
        } else {
            keys.push(format!("strip = {}", list(around)));
        }
        if !separators.is_empty() || is_list {
            let separators: Vec<String> = separators.into_iter().collect();
            if !separators.is_empty() {
                keys.push(format!("split = {}", one_or_list(&separators)));
            }
            keys.push("take = \"first\"".to_owned());
        }
        self.line(name, &keys);
    }

    pub(super) fn person(&mut self, name: &str) {
        let roles = &self.document.file.roles;
        let [first, last] = ["firstName", "lastName"].map(|field| roles.column(field));
        let named = roles.others.get("full-name").copied();
        let named = named.filter(|full| Some(*full) != first && Some(*full) != last);
        let full = match (first.or(last), named) {
            _ if first.is_some() && last.is_some() => None,
            // "Name" beside "Vorname" is the last name, unless it has the first name in it.
            (Some(only), Some(other)) if self.is_within(only, other) => Some(other),
            (Some(_), Some(other)) => {
                let has_own = if name == "firstName" { first } else { last };
                if has_own.is_none() {
                    self.used.insert(other);
                    let from = format!("from = {}", quoted(self.name(other)));
                    self.line(name, &[from]);
                    return;
                }
                None
            }
            // "Nome" alone is the whole name, if most cells are several words.
            (Some(only), None) => self.is_of_words(only).then_some(only),
            (None, named) => named,
        };
        match full {
            Some(full) if !self.name(full).contains('[') => {
                self.used.insert(full);
                let function = if name == "firstName" {
                    "first_name"
                } else {
                    "last_name"
                };
                let expression = format!("{function}({})", self.in_expression(full));
                self.line(name, &[format!("expr = {}", quoted(&expression))]);
            }
            _ => self.plain(name),
        }
    }

    /// Whether most cells of a column are in those of another one.
    fn is_within(&self, part: usize, whole: usize) -> bool {
        let table = &self.document.file.table;
        if table.is_json {
            return self.is_of_words(whole);
        }
        let pairs = pairs(table, part, whole).unwrap_or_default();
        let filled = pairs.iter().filter(|(part, _)| !part.is_empty());
        let within = filled.clone().filter(|(part, whole)| whole.contains(part));
        within.count() * 4 >= filled.count() * 3
    }

    /// Whether most cells are more than one word.
    pub(super) fn is_of_words(&self, index: usize) -> bool {
        self.profile(index).is_some_and(|profile| {
            let values = profile.values.iter();
            let several = values.filter(|(cell, _)| cell.contains(' '));
            let count: u64 = several.map(|(_, count)| count).sum();
            count * 4 >= profile.values.values().sum::<u64>() * 3
        })
    }

    /// Columns by their names, for a question.
    pub(super) fn listed(&self, columns: &[usize]) -> String {
        let names = columns
            .iter()
            .take(6)
            .map(|index| quoted(self.name(*index)));
        let mut names: Vec<String> = names.collect();
        if columns.len() > 6 {
            names.push("…".to_owned());
        }
        names.join(", ")
    }

    pub(super) fn plain(&mut self, name: &str) {
        if name == "createdDate" {
            if !self.moment(name) {
                let question = self.unread(name, "date-times");
                self.questions.extend(question);
            }
            return;
        }
        let Some(index) = self.document.file.roles.column(name) else {
            return;
        };
        let profile = self.profile(index);
        // The pages of companies are their own, and not those of the CRM.
        if name == "url" && self.document.file.roles.column("domains") == Some(index) {
            return;
        }
        if name == "url" && !profile.is_some_and(|profile| profile.mostly(profile.urls)) {
            return;
        }
        if name == "isActive" && self.content(index) != Content::Boolean {
            return;
        }
        self.used.insert(index);
        let mut keys = vec![format!("from = {}", quoted(self.name(index)))];
        keys.extend(self.strip(index));
        if !matches!(self.content(index), Content::Text | Content::List) {
            keys.extend(self.empty(&[index]));
        }
        self.line(name, &keys);
    }

    /// The name of a record; a deal without one is called as its account.
    pub(super) fn record_name(&mut self) {
        self.plain("name");
        let roles = &self.document.file.roles;
        let is_deal = self.document.file.object_type == ObjectType::Deal;
        if !is_deal || roles.column("name").is_some() {
            return;
        }
        let accounts = roles.references.get("accountId");
        let mut names = accounts.into_iter().flat_map(|reference| &reference.names);
        let is_filled = |index: &&usize| self.profile(**index).is_some_and(|one| one.filled > 0);
        if let Some(index) = names.find(is_filled).copied() {
            let texts = self.names_of_deals();
            if !texts.is_empty() {
                self.questions.push(format!(
                    "Which column names the deal, {}? Write name; until then, a deal is called as its account.",
                    self.listed(&texts)
                ));
            }
            self.comment("No column names the deal; this is the name of its account.");
            let from = format!("from = {}", quoted(self.name(index)));
            self.line("name", &[from]);
        }
    }

    /// The columns of texts that are different in most rows, and no other field of a deal.
    fn names_of_deals(&self) -> Vec<usize> {
        let roles = &self.document.file.roles;
        let references = roles.references.values();
        let known: BTreeSet<usize> = references
            .flat_map(|reference| reference.ids.iter().chain(&reference.names))
            .chain(roles.fields.values().flatten())
            .chain(roles.others.values())
            .copied()
            .collect();
        let is_name = |index: &usize| {
            let is_open = !known.contains(index) && !self.name(*index).is_empty();
            let profile = self.profile(*index).filter(|_| is_open);
            profile.is_some_and(|one| {
                let is_full = one.filled * 4 >= self.document.file.table.rows * 3;
                let is_varied = one.distinct() as u64 * 2 > one.filled && one.filled > 1;
                let is_text = self.content(*index) == Content::Text;
                let has_words = one.values.keys().filter(|cell| cell.contains(' ')).count();
                is_text && is_full && is_varied && has_words * 2 > one.values.len()
            })
        };
        (0..self.contents.len()).filter(is_name).collect()
    }

    /// The key for a column of which a spreadsheet has marked every cell as a text.
    pub(super) fn strip(&self, index: usize) -> Option<String> {
        let profile = self.profile(index)?;
        if profile.all(profile.excel_texts) {
            Some(r#"strip = ["=\"", "\""]"#.to_owned())
        } else if profile.all(profile.apostrophes) {
            Some("strip = \"'\"".to_owned())
        } else {
            None
        }
    }

    pub(super) fn reference(&mut self, field: &str) {
        let link = self
            .document
            .links
            .iter()
            .find(|(known, ..)| *known == field);
        let Some((_, target, link)) = link.cloned() else {
            return;
        };
        let link_column = link.column();
        let column = self.name(link_column).to_owned();
        let from = format!("from = {}", quoted(&column));
        self.used.insert(link.column());
        let is_deal = self.document.file.object_type == ObjectType::Deal;
        let mut others = words().list("other-owners").iter();
        if is_deal && field == "ownerId" && others.any(|name| plain(name) == plain(&column)) {
            self.questions.push(format!(
                "Is {column:?} the owner of the deal, or of its account? Correct ownerId if it is another column, or \
                 remove this question."
            ));
        }
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
                keys.extend(self.empty(&[index]));
                self.line(field, &keys);
            }
            Link::Name {
                column,
                file,
                key,
                value,
                mut empty,
            } => {
                let mut keys = vec![from];
                if !empty.is_empty() {
                    self.comment(&format!(
                        "{file} has no {value} for these; their records get none."
                    ));
                }
                let profile = self.profile(column);
                empty.extend(
                    profile
                        .into_iter()
                        .flat_map(|one| one.placeholders.keys().cloned()),
                );
                if !empty.is_empty() {
                    keys.push(format!("empty = {}", list(&empty)));
                }
                keys.push(format!(
                    "lookup = {{ in = {}, key = {}, value = {} }}",
                    quoted(&file),
                    quoted(&key),
                    quoted(&value)
                ));
                // An id of a type's record is a cleaned one.
                if file.parse::<ObjectType>().is_err() {
                    keys.extend(self.cleaning(target));
                }
                self.line(field, &keys);
            }
            Link::Email(_) => {
                let expression = format!("email_in({})", self.in_expression(link_column));
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

    pub(super) fn stage(&mut self) {
        if !self.document.makes_stages {
            self.reference("stage");
            return;
        }
        if let Some(index) = self.document.file.roles.column("stage") {
            self.used.insert(index);
            let mut keys = vec![format!("from = {}", quoted(self.name(index)))];
            keys.push("slug = true".to_owned());
            keys.extend(self.empty(&[index]));
            self.line("stage", &keys);
        }
    }
}
