//! How the records of a folder's files refer to each other: by ids, or by names that are looked up.

use super::ids::Cleaning;
use super::profile::Profile;
use super::roles::Roles;
use super::table::{Column, Table};
use crate::record::ObjectType;

/// A file whose type is known.
pub(super) struct TypedFile {
    pub(super) table: Table,
    pub(super) object_type: ObjectType,
    pub(super) roles: Roles,
    /// Where the mapping finds the file, relative to the mapping.
    pub(super) reference: String,
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
pub(super) fn link(file: &TypedFile, field: &str, target: Option<&TypedFile>) -> Option<Link> {
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
        return Some(Link::Name {
            column,
            file: target.object_type.to_string(),
            key: "name".to_owned(),
            value: "objectId".to_owned(),
            empty: Vec::new(),
        });
    }
    // Ids of records that the other file has not, as where an export was filtered.
    match ids.first() {
        Some(id) => Some(Link::Id(*id)),
        None => Some(Link::Missing(any)),
    }
}

/// The cleaning steps that the ids of a type need, wherever they occur.
pub(super) fn cleaning(
    files: &[TypedFile],
    links: &[Vec<(&'static str, ObjectType, Link)>],
    target: ObjectType,
) -> Cleaning {
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
