//! The users, if no export has them: the owners that other files name.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::ids::Cleaning;
use super::links::{Link, Links, TypedFile};
use super::profile::Profile;
use super::table::pairs;
use super::words::plain;
use crate::mapping::cell::CellKind;
use crate::mapping::text::{email_in, slug};
use crate::record::ObjectType;

/// The draft of a file of users, where no export has them.
pub(super) const USERS: &str = "users.csv";

/// Where the users come from, if no export has them.
#[derive(Default)]
pub(super) struct Owners {
    /// The file whose column of owners has their addresses.
    pub(super) from_emails: Option<usize>,
    /// A file of users to fill in, and its mapping.
    pub(super) drafted: Option<(String, String)>,
    /// How the ids of that file are cleaned.
    pub(super) cleaning: Option<Cleaning>,
}

impl Owners {
    /// With `writes_file`, owners without addresses become a file to fill in.
    pub(super) fn of(files: &[TypedFile], links: &mut [Links], writes_file: bool) -> Self {
        if files
            .iter()
            .any(|file| file.object_type == ObjectType::BusinessUser)
        {
            return Self::default();
        }
        let mut owners = Self::default();
        // Names by id, where a file has both; else the names alone.
        let mut found: BTreeMap<String, String> = BTreeMap::new();
        let mut by_id: Vec<(usize, usize)> = Vec::new();
        for (place, file) in files.iter().enumerate() {
            let Some(reference) = file.roles.references.get("ownerId") else {
                continue;
            };
            let filled = |index: &&usize| {
                file.profile(**index)
                    .is_some_and(|profile| profile.filled > 0)
            };
            let id = reference.ids.iter().find(filled).copied();
            let name = reference.names.iter().find(filled).copied();
            let Some(column) = id.or(name) else { continue };
            let Some(profile) = file.profile(column) else {
                continue;
            };
            // Columns with ids beside names may be called the same; addresses win over both.
            let has_emails = |index: &usize| {
                file.profile(*index)
                    .is_some_and(|profile| profile.mostly(profile.with_email))
            };
            let with_email = [id, name].into_iter().flatten().find(has_emails);
            let with_email = with_email.or_else(|| of_same_name(file, column).find(has_emails));
            let link = links[place]
                .iter_mut()
                .find(|(field, ..)| *field == "ownerId");
            if let Some(email) = with_email {
                if let Some(link) = link {
                    link.2 = Link::Email(email);
                }
                if file.object_type == ObjectType::Deal || owners.from_emails.is_none() {
                    owners.from_emails = Some(place);
                }
                continue;
            }
            match (id, name) {
                (Some(id), Some(name)) if !file.table.is_json => {
                    for (id, name) in pairs(&file.table, id, name).unwrap_or_default() {
                        if !id.is_empty() {
                            found.insert(id, name);
                        }
                    }
                    by_id.push((place, id));
                }
                (Some(id), _) => {
                    found.extend(profile.values.keys().map(|id| (id.clone(), String::new())));
                    if !profile.has_more_values {
                        by_id.push((place, id));
                    }
                }
                (None, _) => {
                    for name in profile.values.keys() {
                        found.entry(slug(name)).or_insert_with(|| name.clone());
                    }
                    if let Some(link) = link.filter(|_| writes_file) {
                        link.2 = Link::Name {
                            column,
                            file: USERS.to_owned(),
                            key: "Name".to_owned(),
                            value: "Id".to_owned(),
                            empty: Vec::new(),
                        };
                    }
                }
            }
        }
        if writes_file && !found.is_empty() && owners.from_emails.is_none() {
            let mut profile = Profile::default();
            for id in found.keys() {
                profile.add(id, CellKind::Text);
            }
            let cleaning = Cleaning::of(&[&profile]);
            owners.drafted = Some(drafted_users(&found, &cleaning));
            owners.cleaning = Some(cleaning);
            // So that a new owner is found by the check, whom the file of users has not.
            for (place, column) in by_id {
                let profile = files.get(place).and_then(|file| file.profile(column));
                let is_single = profile.is_none_or(|one| !one.lists.contains_key(&';'));
                let mut links = links.get_mut(place).into_iter().flatten();
                if let Some(link) = links.find(|(field, ..)| is_single && *field == "ownerId") {
                    link.2 = Link::Name {
                        column,
                        file: USERS.to_owned(),
                        key: "Id".to_owned(),
                        value: "Id".to_owned(),
                        empty: Vec::new(),
                    };
                }
            }
        }
        owners
    }
}

/// The columns that are called as this one, and more: `Opportunity Owner: Email`.
fn of_same_name(file: &TypedFile, column: usize) -> impl Iterator<Item = usize> {
    let name = file.column(column).map(|one| plain(&one.name));
    let name = name.filter(|name| !name.is_empty());
    let columns = file.table.columns.iter().enumerate();
    columns.filter_map(move |(index, other)| {
        let is_of_it = plain(&other.name).starts_with(name.as_deref()?);
        (index != column && is_of_it).then_some(index)
    })
}

/// A file of users with the rows that a newer draft has besides; nothing if its columns are others.
pub(super) fn with_new_users(existing: &str, drafted: &str) -> Option<String> {
    let read = |text: &str| {
        let mut reader = csv::ReaderBuilder::new()
            .flexible(true)
            .from_reader(text.trim_start_matches('\u{feff}').as_bytes());
        let header = reader.headers().ok()?.clone();
        let rows = reader.records().collect::<Result<Vec<_>, _>>().ok()?;
        Some((header, rows))
    };
    let ((header, rows), (of_draft, drafted)) = (read(existing)?, read(drafted)?);
    let place = |name: &str| header.iter().position(|known| known.trim() == name);
    let id = place("Id")?;
    let places: Vec<usize> = of_draft.iter().map(place).collect::<Option<_>>()?;
    let known: BTreeSet<&str> = rows
        .iter()
        .filter_map(|row| row.get(id))
        .map(str::trim)
        .collect();
    let mut text = existing.trim_end().to_owned() + "\n";
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in &drafted {
        let mut cells = vec![""; header.len()];
        for (cell, place) in row.iter().zip(&places) {
            cells[*place] = cell;
        }
        if !known.contains(cells[id].trim()) {
            writer.write_record(&cells).ok()?;
        }
    }
    text.push_str(&String::from_utf8(writer.into_inner().ok()?).ok()?);
    Some(text)
}

/// A file of users whose addresses are to be filled in, and its mapping.
fn drafted_users(found: &BTreeMap<String, String>, cleaning: &Cleaning) -> (String, String) {
    let mut csv = "Id,Name,Email\n".to_owned();
    for (id, name) in found {
        let cell = |text: &str| {
            if text.contains([',', '"', '\n']) {
                format!("\"{}\"", text.replace('"', "\"\""))
            } else {
                text.to_owned()
            }
        };
        let email = email_in(name).unwrap_or_default();
        let _ = writeln!(csv, "{},{},{email}", cell(id), cell(name));
    }
    let keys = cleaning.keys();
    let object_id = if keys.is_empty() {
        "\"Id\"".to_owned()
    } else {
        format!("{{ from = \"Id\", {} }}", keys.join(", "))
    };
    let mapping = format!(
        "# The owners that the exports name. Gong knows its users by their email addresses: write them into\n\
         # {USERS}, and remove the rows of people who are not users of Gong.\n\n\
         [BUSINESS_USER]\n\n[BUSINESS_USER.fields]\nobjectId = {object_id}\n\
         modifiedDate = {{ constant = \"now\" }}\nemailAddress = \"Email\"\n"
    );
    (csv, mapping)
}
