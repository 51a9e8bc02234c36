//! The streams that a mapping needs: those of each type, and those for lookups.

use std::collections::{BTreeMap, BTreeSet};

use gong_crm::ObjectType;
use gong_crm::mapping::{FieldMapping, Mapping, TypeMapping};

use super::error::TargetError;
use super::streams::{DELETED_AT, file_stem};

/// The streams that a mapping names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    /// The streams of each type, in the order of the mapping.
    pub(super) types: BTreeMap<ObjectType, Vec<String>>,
    /// The file stems of streams that records are looked up in.
    references: BTreeSet<String>,
    /// The properties that the records of each stream are dated by.
    dates: BTreeMap<String, Vec<String>>,
}

impl Wanted {
    pub(super) fn of(mapping: &Mapping) -> Result<Self, TargetError> {
        let mut types = BTreeMap::new();
        for object_type in mapping.object_types() {
            let table = mapping.of_type(object_type);
            let streams: Vec<String> = table
                .into_iter()
                .flat_map(|table| table.stream.iter().map(str::to_owned))
                .collect();
            if streams.is_empty() {
                return Err(TargetError::Settings {
                    message: format!("the mapping's table [{object_type}] names no stream"),
                    hint: format!("write stream = \"...\" in [{object_type}], as the tap calls it"),
                });
            }
            types.insert(object_type, streams);
        }
        if types.is_empty() {
            return Err(TargetError::Settings {
                message: "the mapping has no table of a type".to_owned(),
                hint: "write a table such as [ACCOUNT], or name a preset".to_owned(),
            });
        }
        let mut references = BTreeSet::new();
        for object_type in mapping.object_types() {
            let Some(table) = mapping.of_type(object_type) else {
                continue;
            };
            for source in sources(table) {
                match source.parse::<ObjectType>() {
                    Ok(other) => {
                        let streams = types.get(&other).into_iter().flatten();
                        references.extend(streams.map(|stream| file_stem(stream)));
                    }
                    Err(_) => {
                        let stem = source.strip_suffix(".json");
                        // Never a path: streams are files beside each other.
                        let stem = stem.filter(|stem| file_stem(stem) == *stem);
                        references.extend(stem.map(str::to_owned));
                    }
                }
            }
        }
        let mut dates: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (object_type, streams) in &types {
            let table = mapping.of_type(*object_type);
            let Some(table) = table.filter(|table| table.each.is_none()) else {
                continue;
            };
            let dated = table.field("modifiedDate");
            let columns = dated.and_then(|field| field.from.as_ref());
            let columns: Vec<String> = columns
                .into_iter()
                .flat_map(|columns| columns.iter().map(str::to_owned))
                .collect();
            for stream in streams {
                let known = dates.entry(stream.clone()).or_default();
                known.extend(columns.iter().cloned());
            }
        }
        Ok(Self {
            types,
            references,
            dates,
        })
    }

    /// Whether any type uses the stream.
    pub(super) fn is_mapped(&self, stream: &str) -> bool {
        let mut all = self.types.values().flatten();
        all.any(|known| known == stream)
    }

    /// The properties that the records of a stream are dated by, as far as the mapping says so.
    pub(super) fn dates(&self, stream: &str) -> &[String] {
        self.dates.get(stream).map_or(&[], Vec::as_slice)
    }

    /// Whether records are looked up in the stream.
    pub(super) fn is_reference(&self, stream: &str) -> bool {
        self.references.contains(&file_stem(stream))
    }

    /// The stems of the files that records are looked up in.
    pub(super) fn references(&self) -> impl Iterator<Item = &str> {
        self.references.iter().map(String::as_str)
    }

    /// The name of a stream in reports, if several types use it.
    pub(super) fn name(&self, stream: &str, object_type: ObjectType) -> String {
        let types = self.types.values();
        let of_stream = types.filter(|streams| streams.iter().any(|known| known == stream));
        if of_stream.count() > 1 {
            format!("{stream} as {object_type}")
        } else {
            stream.to_owned()
        }
    }
}

/// The files and types that a table looks up in.
fn sources(table: &TypeMapping) -> Vec<&str> {
    let joins = table.join.values().map(|join| join.source.as_str());
    let deleted = table.deleted.iter();
    let fields = table.fields().map(|(_, field)| field).chain(deleted);
    let lookups = fields.filter_map(|field| Some(field.lookup.as_ref()?.source.as_str()));
    joins.chain(lookups).collect()
}

/// The mapping of records that only say that they were deleted, as log-based taps write them: their
/// key and the time. `None` for stages, which are deactivated instead, and for records that are
/// parts of another.
pub(super) fn of_deletions(mapping: &Mapping, object_type: ObjectType) -> Option<Mapping> {
    let table = mapping.of_type(object_type)?;
    if object_type == ObjectType::Stage || table.each.is_some() {
        return None;
    }
    let mut reduced = TypeMapping::default();
    reduced.zone = table.zone.clone().or_else(|| Some("UTC".to_owned()));
    reduced.deleted = Some(FieldMapping::from_column(DELETED_AT));
    let reduced = reduced
        .with_field("objectId", table.field("objectId")?.clone())
        .with_field("modifiedDate", FieldMapping::from_column(DELETED_AT));
    Some(Mapping::default().with_type(object_type, reduced))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_of_a_mapping_are_known() {
        let mapping = Mapping::from_toml(
            "[STAGE]\nstream = 'stages'\njoin.pipeline = { in = 'pipelines.json', key = 'id', by = 'p' }\n\
             [STAGE.fields]\nobjectId = 'id'\n\
             [DEAL]\nstream = 'deals'\n[DEAL.fields]\nobjectId = 'id'\n\
             stage = { from = 's', lookup = { in = 'STAGE', key = 'name', value = 'objectId' } }\n\
             ownerId = { from = 'o', lookup = { in = 'users.csv', key = 'a', value = 'b' } }\n",
        )
        .unwrap();
        let wanted = Wanted::of(&mapping).unwrap();
        assert!(wanted.is_mapped("deals") && !wanted.is_mapped("pipelines"));
        assert_eq!(
            wanted.references().collect::<Vec<_>>(),
            ["pipelines", "stages"]
        );
        let without = Mapping::from_toml("[DEAL.fields]\nobjectId = 'id'\n").unwrap();
        let error = Wanted::of(&without).unwrap_err().to_string();
        assert!(error.contains("[DEAL] names no stream"), "{error}");
    }
}
