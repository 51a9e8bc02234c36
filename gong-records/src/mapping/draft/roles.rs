//! Which column is which field, reference or other thing, by its name.

use std::collections::{BTreeMap, BTreeSet};

use super::header::{Header, WEAKER, in_brackets, is_private};
use super::profile::Profile;
use super::table::{Column, Table};
use super::words::{plain, plain_words, words};
use crate::mapping::text::domains;
use crate::record::{LineFormat, ObjectType};

/// The columns of a table by what they are.
#[derive(Debug, Default)]
pub(super) struct Roles {
    /// Gong's fields, the best column first.
    pub(super) fields: BTreeMap<&'static str, Vec<usize>>,
    /// Fields that refer to other records.
    pub(super) references: BTreeMap<&'static str, Reference>,
    /// Columns that say something of a field, such as the currency.
    pub(super) others: BTreeMap<&'static str, usize>,
}

/// The columns that may say to which record another one belongs.
#[derive(Debug, Default)]
pub(super) struct Reference {
    /// By their names, they have ids.
    pub(super) ids: Vec<usize>,
    /// Names or ids.
    pub(super) names: Vec<usize>,
}

impl Reference {
    /// Leaves out columns such as `Owner (previous)` beside `Owner`.
    fn prefer_plain(&mut self, table: &Table) {
        let is_plain = |index: &usize| {
            let column = table.columns.get(*index);
            column.is_some_and(|one| one.profile.filled > 0 && is_main(&one.name))
        };
        for columns in [&mut self.ids, &mut self.names] {
            if columns.iter().any(is_plain) {
                columns.retain(is_plain);
            }
        }
    }
}

/// Columns that are no fields of Gong's, and say something of them; the currency is found apart.
const ROLES: [&str; 9] = [
    "lost-reason",
    "converted-amount",
    "pipeline",
    "won-time",
    "lost-time",
    "is-won",
    "is-closed",
    "full-name",
    "weak-id",
];

/// The place of a number that people give to a record: a column that is called an id comes first.
const NUMBER: usize = 500;

/// What is added to the place of a private address or number, which comes after all others.
const PRIVATE: usize = 1_000;

impl Roles {
    /// Returns each column to what its name fits best.
    pub(super) fn of(table: &Table, object_type: ObjectType) -> Self {
        let format = object_type.line_format();
        let mut roles = Self::default();
        let headers: Vec<Header> = table
            .columns
            .iter()
            .map(|column| Header::new(&column.name))
            .collect();
        let mut others: BTreeMap<&'static str, Vec<(usize, usize)>> = BTreeMap::new();
        let mut ranked: BTreeMap<&'static str, Vec<(usize, usize)>> = BTreeMap::new();
        let names = count_names(table);
        for (index, header) in headers.iter().enumerate() {
            let is_single = names.get(table.columns[index].name.as_str()) == Some(&1);
            if !is_single || table.columns[index].name.is_empty() {
                continue;
            }
            // What a list in a record holds are other records, unless this one refers to them.
            let refers = |of| {
                format
                    .fields
                    .iter()
                    .any(|field| field.references == Some(of))
            };
            if header.list_of.is_some_and(|of| !refers(of)) || table.columns[index].is_of_parent {
                continue;
            }
            if header.is_currency(object_type) {
                others.entry("currency").or_default().push((0, index));
                continue;
            }
            // `Lead title` is the title of the lead, and not of a person.
            let of_deals = [ObjectType::Lead, ObjectType::Deal];
            let is_of_record = |field: &str| {
                let names = words().affixes("name");
                field == "title" && of_deals.iter().any(|of| header.is_noun_with(*of, names))
            };
            let named = field(format, header).filter(|(field, _)| !is_of_record(field));
            let named = named.filter(|(field, rank)| {
                *field != "amount" || *rank <= WEAKER || is_plain_amount(&table.columns[index].name)
            });
            if let Some((field, rank)) = named {
                // Gong finds people by what they have at work.
                let is_last = is_private(&table.columns[index].name)
                    && ["emailAddress", "phoneNumber"].contains(&field);
                let rank = if is_last { rank + PRIVATE } else { rank };
                ranked.entry(field).or_default().push((rank, index));
            }
            if let Some((field, is_id)) = reference(format, header) {
                let reference = roles.references.entry(field).or_default();
                if is_id && !header.is_formatted {
                    reference.ids.push(index);
                } else {
                    reference.names.push(index);
                }
            }
            for role in ROLES {
                if let Some(rank) = header.rank(object_type, words().role(role)) {
                    others.entry(role).or_default().push((rank, index));
                }
            }
        }
        for (role, columns) in others {
            let best = columns.into_iter().min().map(|(_, index)| index);
            roles.others.extend(best.map(|index| (role, index)));
        }
        for (field, mut columns) in ranked {
            columns.sort_unstable();
            roles
                .fields
                .insert(field, columns.into_iter().map(|(_, index)| index).collect());
        }
        for reference in roles.references.values_mut() {
            reference.prefer_plain(table);
        }
        roles.by_form(table);
        roles.by_content(table, format);
        if object_type == ObjectType::Deal {
            roles.stage_by_status(table);
        }
        roles
    }

    /// Takes the column of the status as that of the stage, too, where no other has it and its values
    /// are the steps of a pipeline.
    fn stage_by_status(&mut self, table: &Table) {
        let status = self
            .column("status")
            .filter(|_| !self.fields.contains_key("stage"));
        let Some(status) = status else {
            return;
        };
        let Some(profile) = table.columns.get(status).map(|column| &column.profile) else {
            return;
        };
        let mut values = profile.values.keys();
        let is_step = |cell: &&String| !matches!(words().status(cell), Some("WON" | "LOST"));
        let steps = values.by_ref().filter(is_step).count();
        let is_small = !profile.has_more_values && (4..=20).contains(&profile.values.len());
        if is_small && steps > 1 {
            self.fields.insert("stage", vec![status]);
        }
    }

    /// Puts the id to the front of the columns that may have it.
    pub(super) fn prefer_id(&mut self, index: usize) {
        if let Some(ids) = self.fields.get_mut("objectId") {
            ids.sort_by_key(|known| *known != index);
        }
    }

    /// An id by its form, where no column is called one.
    fn by_form(&mut self, table: &Table) {
        if let Some(ids) = self.fields.get_mut("objectId") {
            // The id of a parent has gaps or repeats, beside one that has none.
            let is_own = |index: &usize| {
                let profile = table.columns.get(*index).map(|column| &column.profile);
                profile.is_some_and(|one| one.filled == table.rows && !one.has_duplicates)
            };
            ids.sort_by_key(|index| !is_own(index));
            return;
        }
        let taken: BTreeSet<usize> = self
            .references
            .values()
            .flat_map(|reference| reference.ids.iter().chain(&reference.names))
            .copied()
            .collect();
        let own = table.columns.iter().enumerate().find(|(index, column)| {
            let profile = &column.profile;
            !taken.contains(index)
                && !is_amount(&column.name)
                && !profile.has_duplicates
                && profile.filled == table.rows
                && profile.values.keys().all(|cell| is_id_form(cell))
        });
        let index = own.map(|(index, _)| index).or_else(|| {
            // A number or a reference is an id only if it is one.
            let weak = self.others.get("weak-id").copied()?;
            let profile = &table.columns.get(weak)?.profile;
            (!profile.has_duplicates && profile.filled == table.rows).then_some(weak)
        });
        if let Some(index) = index {
            self.fields.insert("objectId", vec![index]);
        }
    }

    /// The only column of addresses, or of domains, where no column is called so.
    fn by_content(&mut self, table: &Table, format: &'static LineFormat) {
        let only = |fits: &dyn Fn(&Column) -> bool| {
            let mut fitting = table.columns.iter().enumerate();
            let mut fitting = fitting.by_ref().filter(|(_, column)| fits(column));
            let first = fitting.next().map(|(index, _)| index);
            first.filter(|_| fitting.next().is_none())
        };
        let email = only(&|column| column.profile.mostly(column.profile.emails));
        let domains = only(&|column| is_of_companies(&column.profile));
        for (field, column) in [("emailAddress", email), ("domains", domains)] {
            if let (Some(column), Some(_)) = (column, format.field(field)) {
                self.fields.entry(field).or_insert_with(|| vec![column]);
            }
        }
    }

    /// Finds the id of each record in a file that has the records that others of it refer to: a
    /// column that is filled and different in every row is the record's own, and the ids of a noun
    /// beside it are references.
    pub(super) fn tell_ids_apart(&mut self, table: &Table, object_type: ObjectType) {
        let is_own = |index: &usize| {
            let profile = table.columns.get(*index).map(|column| &column.profile);
            profile.is_some_and(|one| one.filled == table.rows && !one.has_duplicates)
        };
        if !self.fields.contains_key("objectId") {
            let is_named = |column: &Column| Header::new(&column.name).bare.ends_with("id");
            let mut columns = table.columns.iter().enumerate();
            let own = columns.find(|(index, column)| is_named(column) && is_own(index));
            if let Some((own, _)) = own {
                for reference in self.references.values_mut() {
                    reference.ids.retain(|index| *index != own);
                    reference.names.retain(|index| *index != own);
                }
                self.fields.insert("objectId", vec![own]);
            }
        }
        if object_type == ObjectType::Contact {
            let others = self.fields.get("objectId").into_iter().flatten();
            let others: Vec<usize> = others.skip(1).copied().collect();
            let reference = self.references.entry("accountId").or_default();
            reference.ids.extend(others);
        }
    }

    /// Takes what names leads as references to accounts, where the CRM calls its companies leads.
    pub(super) fn refer_to_leads(&mut self, table: &Table) {
        for (index, column) in table.columns.iter().enumerate() {
            let header = Header::new(&column.name);
            let is_id = header.is_noun_with(ObjectType::Lead, words().affixes("id"));
            let is_name = header.is_noun(ObjectType::Lead)
                || header.is_noun_with(ObjectType::Lead, words().affixes("name"));
            if !is_id && !is_name {
                continue;
            }
            for columns in self.fields.values_mut() {
                columns.retain(|known| *known != index);
            }
            self.fields.retain(|_, columns| !columns.is_empty());
            self.others.retain(|_, known| *known != index);
            let reference = self.references.entry("accountId").or_default();
            if is_id {
                reference.ids.push(index);
            } else {
                reference.names.push(index);
            }
        }
    }

    /// The best column of a field.
    pub(super) fn column(&self, field: &str) -> Option<usize> {
        self.fields
            .get(field)
            .and_then(|columns| columns.first())
            .copied()
    }
}

/// Whether the cells are the domains of different companies, and not pages of one service.
fn is_of_companies(profile: &Profile) -> bool {
    if !profile.mostly(profile.domains) || profile.mostly(profile.emails) {
        return false;
    }
    let all: Vec<String> = profile
        .values
        .keys()
        .map(|cell| domains(cell))
        .filter(|domains| domains.odd.is_none())
        .flat_map(|domains| domains.found)
        .collect();
    let different: BTreeSet<&String> = all.iter().collect();
    different.len() * 2 > all.len() && !all.is_empty()
}

/// How often each name occurs.
pub(super) fn count_names(table: &Table) -> BTreeMap<&str, usize> {
    let mut names = BTreeMap::new();
    for column in &table.columns {
        *names.entry(column.name.as_str()).or_default() += 1;
    }
    names
}

/// The field that a header names, and how well.
fn field(format: &'static LineFormat, header: &Header) -> Option<(&'static str, usize)> {
    let object_type = format.object_type;
    let own_ids = words().affixes("id");
    if (header.is_locked && header.is_noun(object_type))
        || header.is_noun_with(object_type, own_ids)
        || (header.is_id_path && header.is_noun(object_type))
    {
        let is_number = header.is_noun_with(object_type, words().affixes("number"));
        return Some(("objectId", if is_number { NUMBER } else { 0 }));
    }
    if header.is_id_path {
        return None;
    }
    if format.field("name").is_some() && header.is_noun_with(object_type, words().affixes("name")) {
        return Some(("name", 0));
    }
    let rank_of = |name: &str| header.rank(object_type, words().field(object_type, name));
    // The technical names, as our own files and earlier documentation have them. Where people use the
    // word for other things too, as they do "title", its place in the list counts.
    if let Some(own) = format
        .fields
        .iter()
        .find(|own| plain(own.name) == header.plain && own.references.is_none())
    {
        return Some((own.name, rank_of(own.name).map_or(0, |rank| rank + 1)));
    }
    if let Some((_, today)) = format
        .retired_names
        .iter()
        .find(|(old, _)| plain(old) == header.plain)
    {
        return format.field(today).map(|field| (field.name, 1));
    }
    let ranked = format
        .fields
        .iter()
        .filter(|field| field.references.is_none() || field.name == "stage");
    let ranked = ranked.filter_map(|field| Some((field.name, rank_of(field.name)? + 1)));
    let best = ranked.min_by_key(|(_, rank)| *rank);
    // The name of a record may be its noun alone: `Firma` of an account, `Vorgang` of a deal.
    best.or_else(|| {
        let is_name = format.field("name").is_some() && header.is_noun(object_type);
        is_name.then_some(("name", 50))
    })
}

/// The reference that a header names, and whether it says that it has ids.
fn reference(format: &'static LineFormat, header: &Header) -> Option<(&'static str, bool)> {
    let references = format
        .fields
        .iter()
        .filter_map(|field| Some((field.name, field.references?)));
    for (name, target) in references {
        if name == "stage" {
            continue;
        }
        let affixes = words().affixes("id");
        let base = |end: &str| {
            let base = header
                .plain
                .strip_suffix(end)
                .or_else(|| header.bare.strip_suffix(end))?;
            words()
                .reference(name)
                .iter()
                .any(|known| known == base)
                .then_some(())
        };
        let is_known = header
            .rank(format.object_type, words().reference(name))
            .is_some();
        let is_id_name = header.plain.ends_with("id")
            || header.plain.ends_with("ids")
            || header.plain.ends_with("idsprimary")
            || (target == ObjectType::Account && header.is_noun_with(target, affixes));
        if is_known {
            return Some((name, header.is_id_path || is_id_name));
        }
        if affixes.iter().any(|end| base(end).is_some()) {
            return Some((name, true));
        }
        if target != format.object_type && matches!(name, "accountId" | "ownerId") {
            if header.is_noun_with(target, affixes) {
                return Some((name, true));
            }
            let is_linked = header.is_noun_with(target, words().affixes("link"));
            if header.is_noun(target)
                || is_linked
                || header.is_noun_with(target, words().affixes("name"))
            {
                return Some((name, header.is_id_path));
            }
        }
    }
    None
}

/// Whether what stands in brackets after the name of an amount says nothing of its size: a currency, or
/// that it is converted or net. Others, such as `k€` and `weighted`, are part of the name.
fn is_plain_amount(name: &str) -> bool {
    let Some(inside) = in_brackets(name) else {
        return true;
    };
    let bare = plain_words(inside);
    let mut notes = words().list("amount-notes").iter();
    let bare = bare.strip_prefix("in ").unwrap_or(&bare);
    words().currency(inside).is_some()
        || words().currency(bare).is_some()
        || notes.any(|note| plain_words(note) == bare)
}

/// Whether what stands in brackets after the name of a reference does not make it another one.
fn is_main(name: &str) -> bool {
    let inside = in_brackets(name).map(plain_words);
    let mut notes = words().list("main-notes").iter();
    inside.is_none_or(|inside| notes.any(|note| plain_words(note) == inside))
}

/// Whether a column's name says that its numbers count or weigh something.
pub(super) fn is_amount(name: &str) -> bool {
    let text = format!(" {} ", plain_words(name));
    let mut amounts = words().list("amounts").iter();
    amounts.any(|amount| text.contains(&format!(" {} ", plain_words(amount))))
}

/// Whether a cell has the form of an id: a GUID, 15 or 18 letters and digits, a number after a prefix.
fn is_id_form(cell: &str) -> bool {
    let bare = cell.trim_start_matches('{').trim_end_matches('}');
    let groups: Vec<usize> = bare.split('-').map(str::len).collect();
    let is_hex = bare
        .chars()
        .all(|one| one.is_ascii_hexdigit() || one == '-');
    if is_hex && groups == [8, 4, 4, 4, 12] {
        return true;
    }
    let has = |is: fn(&char) -> bool| cell.chars().any(|one| is(&one));
    let mixed = has(char::is_ascii_digit) && has(char::is_ascii_alphabetic);
    let plain = cell.chars().all(|one| one.is_ascii_alphanumeric());
    if mixed && plain && matches!(cell.len(), 15 | 18) {
        return true;
    }
    let number = cell.rsplit(['_', '.']).next().unwrap_or_default();
    let is_prefixed = number.len() < cell.len() && cell.contains('_');
    is_prefixed && !number.is_empty() && number.chars().all(|one| one.is_ascii_digit())
}

#[cfg(test)]
mod tests;
