//! How the records of a folder's files refer to each other: by ids, or by names that are looked up.

use std::collections::BTreeSet;

use super::header::Header;
use super::ids::Cleaning;
use super::object_type::is_called_lead;
use super::profile::Profile;
use super::roles::Roles;
use super::table::{Column, Table, pairs};
use super::words::words;
use crate::record::ObjectType;

/// The references of a file's records: field, target and way.
pub(super) type Links = Vec<(&'static str, ObjectType, Link)>;

/// A file whose type is known.
pub(super) struct TypedFile {
    pub(super) table: Table,
    pub(super) object_type: ObjectType,
    pub(super) roles: Roles,
    /// Where the mapping finds the file, relative to the mapping.
    pub(super) reference: String,
    /// What is to be asked about the file as a whole.
    pub(super) questions: Vec<String>,
}

/// How a field finds the record that it refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Link {
    /// The column has ids.
    Id(usize),
    /// The column has names, and another file has their ids.
    Name {
        column: usize,
        file: String,
        key: String,
        value: String,
        empty: Vec<String>,
    },
    /// The column has texts that contain an email address, which is the id.
    Email(usize),
    /// There is a column, and no file has the records.
    Missing(usize),
}

impl Link {
    /// The column has names of records, whose own mapping says how their file is read.
    fn by_name(column: usize, target: ObjectType) -> Self {
        Self::Name {
            column,
            file: target.to_string(),
            key: "name".to_owned(),
            value: "objectId".to_owned(),
            empty: Vec::new(),
        }
    }

    /// The column that is used.
    pub(super) fn column(&self) -> usize {
        match self {
            Self::Id(column)
            | Self::Name { column, .. }
            | Self::Email(column)
            | Self::Missing(column) => *column,
        }
    }
}

impl TypedFile {
    pub(super) fn column(&self, index: usize) -> Option<&Column> {
        self.table.columns.get(index)
    }

    pub(super) fn profile(&self, index: usize) -> Option<&Profile> {
        self.column(index).map(|column| &column.profile)
    }

    /// The column with the records' ids.
    pub(super) fn id(&self) -> Option<usize> {
        self.roles.column("objectId").or_else(|| {
            // Gong accepts email addresses as ids.
            let email = self.roles.column("emailAddress");
            email.filter(|_| self.object_type == ObjectType::BusinessUser)
        })
    }

    /// The column with the records' names.
    pub(super) fn name(&self) -> Option<usize> {
        let full = self.roles.others.get("full-name").copied();
        match self.object_type {
            ObjectType::BusinessUser | ObjectType::Contact => full,
            _ => self.roles.column("name"),
        }
    }
}

/// How a field of one file refers to records of another type.
fn link(file: &TypedFile, field: &str, target: Option<&TypedFile>) -> Option<Link> {
    let reference = file.roles.references.get(field)?;
    let filled = |index: &&usize| {
        file.profile(**index)
            .is_some_and(|profile| profile.filled > 0)
    };
    let ids: Vec<usize> = reference.ids.iter().filter(filled).copied().collect();
    let names: Vec<usize> = reference.names.iter().filter(filled).copied().collect();
    let any = ids.first().or(names.first()).copied()?;
    let Some(target) = target else {
        if let Some(id) = ids.first() {
            return Some(Link::Id(*id));
        }
        return Some(Link::Missing(any));
    };
    let overlap = |column: usize, other: Option<usize>| {
        let profile = file.profile(column)?;
        let other = target.profile(other?)?;
        let (common, all) = profile.overlap(other);
        (common * 2 > all).then_some(common)
    };
    let best = |columns: &[usize], other: Option<usize>| {
        let mut found: Option<(usize, usize)> = None;
        for column in columns {
            if let Some(common) = overlap(*column, other)
                && found.is_none_or(|(most, _)| common > most)
            {
                found = Some((common, *column));
            }
        }
        found.map(|(_, column)| column)
    };
    let all: Vec<usize> = ids.iter().chain(&names).copied().collect();
    if let Some(column) = best(&all, target.id()) {
        return Some(Link::Id(column));
    }
    let has_name = target.object_type.line_format().field("name").is_some();
    if let (Some(column), Some(key), Some(value), false) = (
        best(&all, target.name()),
        target.name(),
        target.id(),
        has_name,
    ) {
        let name = |index: usize| target.column(index).map(|column| column.name.clone());
        return Some(Link::Name {
            column,
            file: target.reference.clone(),
            key: name(key)?,
            value: name(value)?,
            empty: Vec::new(),
        });
    }
    // By the records, so that the file's mapping says how it is read; where its ids are an open
    // question, the lookup takes the answer.
    if let (true, Some(column)) = (has_name, best(&all, target.name())) {
        return Some(Link::by_name(column, target.object_type));
    }
    // Ids of records that the other file has not, as where an export was filtered.
    match ids.first() {
        Some(id) => Some(Link::Id(*id)),
        None => Some(Link::Missing(any)),
    }
}

/// The links of a file's references, apart from owners without a file of users.
pub(super) fn links_of(file: &TypedFile, files: &[TypedFile]) -> Links {
    let format = file.object_type.line_format();
    let mut links = Links::new();
    for field in format.fields {
        let Some(target) = field.references else {
            continue;
        };
        let target_file = files.iter().find(|other| other.object_type == target);
        if field.name == "stage" {
            // Stages have their own names for the column.
            let column = file.roles.column("stage");
            if let (Some(column), Some(stages)) = (column, target_file) {
                links.push((field.name, target, stage_link(file, column, stages)));
            }
            continue;
        }
        if let Some(found) = link(file, field.name, target_file) {
            let found = without_empty(found, file, target_file);
            links.push((field.name, target, found));
        }
    }
    links
}

fn stage_link(file: &TypedFile, column: usize, stages: &TypedFile) -> Link {
    let overlap = |other: Option<usize>| {
        let (Some(own), Some(other)) = (
            file.profile(column),
            other.and_then(|index| stages.profile(index)),
        ) else {
            return 0;
        };
        own.overlap(other).0
    };
    if overlap(stages.name()) > overlap(stages.id()) && stages.id().is_some() {
        Link::by_name(column, ObjectType::Stage)
    } else {
        Link::Id(column)
    }
}

/// Notes which names lead to nothing in the other file, because their id is empty there.
fn without_empty(mut link: Link, file: &TypedFile, target: Option<&TypedFile>) -> Link {
    let (Link::Name { column, empty, .. }, Some(target)) = (&mut link, target) else {
        return link;
    };
    let (Some(key), Some(value)) = (target.name(), target.id()) else {
        return link;
    };
    let is_full = target
        .profile(value)
        .is_none_or(|profile| profile.filled == target.table.rows);
    if is_full || target.table.is_json {
        return link;
    }
    let used = file.profile(*column).map(|profile| &profile.values);
    let pairs = pairs(&target.table, key, value).unwrap_or_default();
    empty.extend(
        pairs
            .into_iter()
            .filter(|(key, value)| {
                value.is_empty() && used.is_some_and(|used| used.contains_key(key))
            })
            .map(|(key, _)| key),
    );
    link
}

/// The cleaning steps that the ids of a type need, wherever they occur.
pub(super) fn cleaning(files: &[TypedFile], links: &[Links], target: ObjectType) -> Cleaning {
    let mut profiles = Vec::new();
    for (file, links) in files.iter().zip(links) {
        if file.object_type == target {
            profiles.extend(file.id().and_then(|id| file.profile(id)));
        }
        for (_, of, link) in links {
            if let (true, Link::Id(column)) = (*of == target, link) {
                profiles.extend(file.profile(*column));
            }
        }
    }
    Cleaning::of(&profiles)
}

/// Takes, of several columns that may be the id of a file's records, the one whose cells the records of
/// other files refer to.
pub(super) fn prefer_referenced_ids(files: &mut [TypedFile]) {
    for place in 0..files.len() {
        let target = &files[place];
        let ids = target.roles.fields.get("objectId").cloned();
        let ids = ids.filter(|ids| ids.len() > 1).unwrap_or_default();
        let is_own = |index: &usize| {
            let profile = target.profile(*index);
            profile.is_some_and(|one| one.filled == target.table.rows && !one.has_duplicates)
        };
        let common = |id: usize| {
            let mut common = 0;
            for file in files
                .iter()
                .filter(|file| file.table.path != target.table.path)
            {
                for field in file.object_type.line_format().fields {
                    let reference = file.roles.references.get(field.name);
                    let of_target = field.references == Some(target.object_type);
                    let columns = reference.filter(|_| of_target).into_iter();
                    for column in columns.flat_map(|one| one.ids.iter().chain(&one.names)) {
                        let overlap = file.profile(*column).zip(target.profile(id));
                        common += overlap.map_or(0, |(own, other)| own.overlap(other).0);
                    }
                }
            }
            common
        };
        let counts = ids
            .iter()
            .filter(|id| is_own(id))
            .map(|id| (common(*id), *id));
        // Of equal ones the first.
        let best = counts.rev().max_by_key(|(count, _)| *count);
        if let Some((count, id)) = best.filter(|(count, _)| *count > 0) {
            let first = ids.first().copied().unwrap_or(id);
            if common(first) < count {
                files[place].roles.prefer_id(id);
            }
        }
    }
}

/// Questions about columns of ids of which not one is an id in the file of the records that they refer
/// to.
pub(super) fn unresolved(
    file: &TypedFile,
    links: &Links,
    files: &[TypedFile],
    cleanings: &[(ObjectType, Cleaning)],
) -> Vec<String> {
    let question = |(field, of, link): &(&'static str, ObjectType, Link)| {
        let Link::Id(column) = link else {
            return None;
        };
        let target = files.iter().find(|other| other.object_type == *of)?;
        let (own, ids) = (file.profile(*column)?, target.profile(target.id()?)?);
        let is_same_file = target.table.path == file.table.path;
        if is_same_file || own.distinct() < 2 || ids.has_more_values || own.overlap(ids).0 > 0 {
            return None;
        }
        let mut cleanings = cleanings.iter();
        let (_, cleaning) = cleanings.find(|(known, _)| known == of)?;
        let known: BTreeSet<String> = ids.values.keys().map(|id| cleaning.apply(id)).collect();
        let mut cells = own.values.keys();
        if cells.any(|cell| known.contains(&cleaning.apply(cell))) {
            return None;
        }
        Some(format!(
            "None of the ids in the column {:?}, such as {:?}, is an id in {}, such as {:?}. Correct {field}, or \
             remove this question if Gong has these records already.",
            file.column(*column)?.name,
            own.values.keys().next()?,
            target.table.file_name(),
            ids.values.keys().next()?,
        ))
    };
    links.iter().filter_map(question).collect()
}

/// Takes references to leads as references to accounts where the companies of a CRM are called leads,
/// and asks where other records belong to leads.
pub(super) fn name_leads(files: &mut [TypedFile]) {
    let of = |object_type| move |file: &&TypedFile| file.object_type == object_type;
    let accounts = files.iter().find(of(ObjectType::Account));
    if accounts.is_some_and(|file| is_called_lead(&file.table.file_name())) {
        for file in files {
            if matches!(file.object_type, ObjectType::Deal | ObjectType::Contact) {
                file.roles.refer_to_leads(&file.table);
            }
        }
        return;
    }
    let leads = files.iter().find(of(ObjectType::Lead));
    let (None, Some(leads)) = (accounts, leads) else {
        return;
    };
    let ids = leads.id().and_then(|id| leads.profile(id));
    let refers = |file: &&TypedFile| {
        let is_child = matches!(file.object_type, ObjectType::Deal | ObjectType::Contact);
        let mut columns = file.table.columns.iter();
        is_child
            && columns.any(|column| {
                let is_named =
                    Header::new(&column.name).is_noun_with(ObjectType::Lead, words().affixes("id"));
                let common = ids.map(|ids| column.profile.overlap(ids));
                is_named && common.is_some_and(|(common, all)| common > 0 && common * 2 > all)
            })
    };
    let Some(child) = files.iter().find(refers) else {
        return;
    };
    let question = format!(
        "The records of {} belong to these leads. Are the leads companies? Then draft them as accounts: \
         gong-crm init --print {} --type ACCOUNT.",
        child.table.file_name(),
        leads.table.file_name()
    );
    let mut files = files.iter_mut();
    if let Some(leads) = files.find(|file| file.object_type == ObjectType::Lead) {
        leads.questions.push(question);
    }
}
