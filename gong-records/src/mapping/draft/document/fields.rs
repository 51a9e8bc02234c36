//! Gong's own fields, each from the column that fits it best.

use super::Writer;
use crate::mapping::draft::links::Link;
use crate::mapping::draft::settings::Content;
use crate::mapping::draft::toml_text::{in_expression, list, quoted, words as one_or_list};
use crate::record::ObjectType;
use std::collections::BTreeSet;

impl Writer<'_> {
    pub(super) fn object_id(&mut self) {
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

    pub(super) fn cleaning(&self, target: ObjectType) -> Vec<String> {
        let cleanings = self.document.cleanings.iter();
        let mut of_target = cleanings.filter(|(known, _)| *known == target);
        of_target
            .next()
            .map(|(_, cleaning)| cleaning.keys())
            .unwrap_or_default()
    }

    /// The keys that a date needs where its column counts days or seconds.
    pub(super) fn counted_dates(&self, index: usize, is_time: bool) -> Vec<String> {
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
    pub(super) fn is_date(&self, index: usize) -> bool {
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
    pub(super) fn note_zone(&mut self, index: usize) {
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

    pub(super) fn moment(&mut self, name: &str) -> bool {
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

    pub(super) fn modified(&mut self, is_required: bool) {
        if !self.moment("modifiedDate") && is_required {
            self.comment("No column tells when a record was changed; this is when the file was.");
            self.line("modifiedDate", &["constant = \"now\"".to_owned()]);
        }
    }

    pub(super) fn close_date(&mut self) {
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

    pub(super) fn amount(&mut self) {
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

    pub(super) fn person(&mut self, name: &str) {
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

    pub(super) fn plain(&mut self, name: &str) {
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

    pub(super) fn reference(&mut self, field: &str) {
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

    pub(super) fn stage(&mut self) {
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
}
