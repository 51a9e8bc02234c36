//! Records of other files that are joined to each record.

use std::collections::HashMap;
use std::path::Path;

use super::ConvertError;
use super::files::{beside, latest};
use super::json::Json;
use super::json_path::{JsonPath, cell};
use super::json_rows::JsonRows;
use super::model::{Join, MappingError, TypeMapping};
use super::nearest::nearest;
use super::row::Row;
use super::{Mapping, Options};
use crate::record::ObjectType;

/// The records of one other file, by their keys.
#[derive(Debug)]
pub(super) struct Joined {
    name: String,
    /// The file, as the mapping names it.
    source: String,
    key: String,
    by: JsonPath,
    /// Whether a record had a value at `by`.
    is_found: bool,
    records: HashMap<String, (Json, bool)>,
}

impl Joined {
    /// Adds the record that belongs to this one, null if there is none; and how many there are.
    pub(super) fn add_to(&mut self, record: &mut Json) -> Result<(), String> {
        let key = self.by.find(record).map(|key| cell(&key).0);
        self.is_found |= key.is_some();
        let key = key.unwrap_or_default();
        let (found, is_unclear) = match self.records.get(key.trim()) {
            Some((found, is_unclear)) => (found.clone(), *is_unclear),
            None => (Json::Null, false),
        };
        if let Json::Object(fields) = record {
            fields.insert(self.name.clone(), found);
            fields.insert(
                format!("{}_count", self.name),
                Json::Number(self.records.len().to_string()),
            );
        }
        if is_unclear {
            return Err(format!(
                "{} has different records where {} is {:?}",
                self.source,
                self.key,
                key.trim()
            ));
        }
        Ok(())
    }

    /// The path of the key, if no record had a value there.
    pub(super) fn never_found(&self) -> Option<&str> {
        (!self.is_found).then_some(self.by.text.as_str())
    }
}

/// Reads the files that a table joins.
pub(super) fn joins(
    table: &TypeMapping,
    object_type: ObjectType,
    mapping: &Mapping,
    options: &Options,
    is_json: bool,
) -> Result<Vec<Joined>, MappingError> {
    let read = |(name, join): (&String, &Join)| {
        let joined = if is_json {
            read(name, join, object_type, mapping, options)
        } else {
            Err(MappingError::new(
                "records are joined to those of JSON files; for a CSV, write a lookup",
            ))
        };
        joined.map_err(|error| error.within(name).within("join"))
    };
    table.join.iter().map(read).collect()
}

fn read(
    name: &str,
    join: &Join,
    object_type: ObjectType,
    mapping: &Mapping,
    options: &Options,
) -> Result<Joined, MappingError> {
    for (key, text) in [("in", &join.source), ("key", &join.key), ("by", &join.by)] {
        if text.is_empty() {
            return Err(MappingError::new(format!(
                "a join needs {key}; write join.pipeline = {{ in = \"pipelines.jsonl\", key = \
                 \"id\", by = \"pipeline_id\" }}"
            ))
            .within(key));
        }
    }
    let key = JsonPath::parse(&join.key).map_err(|error| error.within("key"))?;
    let by = JsonPath::parse(&join.by).map_err(|error| error.within("by"))?;
    let path = latest(beside(
        Path::new(&join.source),
        object_type,
        mapping,
        options,
    ));
    let unreadable = |error: String| {
        MappingError::new(format!("the join with {}: {error}", path.display())).within("in")
    };
    let file = super::open(&path).map_err(|error: ConvertError| unreadable(error.to_string()))?;
    let rows = JsonRows::new(file, encoding_rs::UTF_8, None);
    let mut rows = rows.map_err(|error| unreadable(error.to_string()))?;
    let mut records: HashMap<String, (Json, bool)> = HashMap::new();
    let mut row = Row::default();
    let mut last = None;
    while rows
        .next(&mut row)
        .map_err(|error| unreadable(error.to_string()))?
    {
        let Some((record, _)) = row.json.take() else {
            continue;
        };
        if let Some(defect) = &row.defect {
            let line = row.place.line;
            let (what, _) = defect.describe();
            return Err(unreadable(format!(
                "line {line}: {what}; a join is for JSON files, and lookup for others"
            )));
        }
        if let Some(key) = key.find(&record).map(|key| cell(&key).0) {
            let key = key.trim().to_owned();
            let is_unclear = !options.is_appended
                && records
                    .get(&key)
                    .is_some_and(|(known, is_unclear)| *is_unclear || *known != record);
            // Where a file is written on, the last one counts.
            records.insert(key, (record, is_unclear));
        } else {
            last = Some(record);
        }
    }
    if let (true, Some(record)) = (records.is_empty(), last) {
        let keys = record
            .as_object()
            .into_iter()
            .flat_map(|record| record.keys());
        let meant = nearest(&join.key, keys.map(String::as_str));
        let advice = meant.map_or_else(String::new, |meant| format!("; did you mean {meant:?}?"));
        return Err(MappingError::new(format!(
            "none of the records in {} has a value at {:?}{advice}",
            path.display(),
            join.key
        ))
        .within("key"));
    }
    Ok(Joined {
        name: name.to_owned(),
        source: join.source.clone(),
        key: join.key.clone(),
        by,
        is_found: false,
        records,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::convert_reader;

    fn convert(folder: &Path, join: &str, name: &str) -> Result<String, ConvertError> {
        let toml = format!(
            "[STAGE]\njoin.pipeline = {join}\n[STAGE.fields]\nobjectId = 'id'\nname = {name}\n"
        );
        let mapping = Mapping::from_toml(&toml)?;
        let mut options = Options::new(jiff::Timestamp::UNIX_EPOCH);
        options.path = Some(folder.join("stages.jsonl"));
        let stages = "{\"id\":1,\"pipeline_id\":7}\n{\"id\":2,\"pipeline_id\":9}\n{\"id\":3}\n";
        let mut lines = Vec::new();
        convert_reader(
            stages.as_bytes(),
            &mapping,
            ObjectType::Stage,
            &options,
            &mut lines,
            &mut |_| {},
        )?;
        Ok(String::from_utf8(lines).unwrap())
    }

    #[test]
    fn joined_record_is_a_column_and_null_where_there_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let pipelines = "{\"id\":7,\"name\":\"Sales\"}\n{\"id\":7,\"name\":\"Sales\"}\n";
        std::fs::write(folder.path().join("pipelines.jsonl"), pipelines).unwrap();
        let join = "{ in = 'pipelines.jsonl', key = 'id', by = 'pipeline_id' }";
        let name = "{ from = 'pipeline.name', default = 'none' }";
        assert_eq!(
            convert(folder.path(), join, name).unwrap(),
            "{\"objectId\":\"1\",\"name\":\"Sales\"}\n{\"objectId\":\"2\",\"name\":\"none\"}\n\
             {\"objectId\":\"3\",\"name\":\"none\"}\n"
        );
        let expr = "{ expr = \"pipeline.name if pipeline and pipeline_count == 1 else 'none'\" }";
        assert!(
            convert(folder.path(), join, expr)
                .unwrap()
                .contains("Sales")
        );
    }

    #[test]
    fn two_records_with_one_key_are_a_problem_of_what_they_are_joined_to() {
        let folder = tempfile::tempdir().unwrap();
        let pipelines = "{\"id\":7,\"name\":\"Old\"}\n{\"id\":7,\"name\":\"Sales\"}\n";
        std::fs::write(folder.path().join("pipelines.jsonl"), pipelines).unwrap();
        let join = "{ in = 'pipelines.jsonl', key = 'id', by = 'pipeline_id' }";
        let name = "{ from = 'pipeline.name', default = 'none' }";
        assert_eq!(
            convert(folder.path(), join, name).unwrap(),
            "{\"objectId\":\"2\",\"name\":\"none\"}\n{\"objectId\":\"3\",\"name\":\"none\"}\n"
        );
    }

    #[test]
    fn mistake_in_a_join_is_located() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("p.jsonl"), "{\"id\":7}\n").unwrap();
        std::fs::write(folder.path().join("p.csv"), "id,name\n7,Sales\n").unwrap();
        for (join, expected) in [
            ("{ in = 'no.jsonl', key = 'id', by = 'x' }", "no.jsonl"),
            ("{ in = 'no.jsonl', key = 'id' }", "a join needs by"),
            ("{ in = 'no.jsonl', key = 'a[', by = 'x' }", "line 2"),
            (
                "{ in = 'p.jsonl', key = 'idd', by = 'id' }",
                "did you mean \"id\"?",
            ),
            ("{ in = 'p.csv', key = 'id', by = 'id' }", "lookup"),
        ] {
            let error = convert(folder.path(), join, "'id'").unwrap_err();
            assert!(error.to_string().contains(expected), "{error}");
        }
    }
}
