//! Finding records of a batch that refer to records that have not arrived yet.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::io::{self, BufRead as _, BufReader};

use gong_crm::{Client, IntegrationId, ObjectType};

use super::batch::Batch;
use super::error::TargetError;
use super::wanted::Wanted;

/// How many ids are looked up in the ledger at once.
const CHUNK: usize = 2_000;

/// The records of one type in a batch: the row of each, its id, and what it refers to.
type Lines = Vec<(u64, Option<String>, Vec<(ObjectType, String)>)>;

/// Takes the records out of a batch that refer to records of this tap which are neither in the batch
/// nor in Gong. Gives their rows, by stream.
pub(super) async fn defer(
    batch: &mut Batch,
    wanted: &Wanted,
    client: &Client,
    integration_id: IntegrationId,
) -> Result<BTreeMap<String, BTreeSet<u64>>, TargetError> {
    let mut known: HashSet<(ObjectType, String)> = HashSet::new();
    let mut deferred: BTreeMap<String, BTreeSet<u64>> = BTreeMap::new();
    let types: Vec<ObjectType> = batch.types.keys().copied().collect();
    for object_type in types {
        let mut of_streams = Vec::new();
        if let Some(source) = batch.types.get(&object_type) {
            for file in source.files.iter().filter(|file| !file.is_deletions) {
                let rows = batch.rows.get(&file.stream).map_or(&[][..], Vec::as_slice);
                let (converter, path) = (file.converter.clone(), file.path.clone());
                let rows = rows.to_vec();
                let reading = tokio::task::spawn_blocking(move || {
                    let lines = converter
                        .convert(&path, object_type)
                        .map_err(io::Error::other)?;
                    let mut all: Lines = Vec::new();
                    for (number, line) in (1_u64..).zip(BufReader::new(lines.open()?).lines()) {
                        let row = lines.row_of(number).and_then(|row| {
                            rows.get(usize::try_from(row.checked_sub(1)?).ok()?)
                                .copied()
                        });
                        let Some(row) = row else { continue };
                        let (id, references) = references(object_type, &line?);
                        all.push((row, id, references));
                    }
                    Ok::<Lines, io::Error>(all)
                });
                // A mapping that does not fit is reported by the sync.
                let Ok(Ok(lines)) = reading.await else {
                    continue;
                };
                of_streams.push((file.stream.clone(), lines));
            }
        }
        let mut open: BTreeMap<ObjectType, BTreeSet<String>> = BTreeMap::new();
        for (other, id) in of_streams
            .iter()
            .flat_map(|(_, lines)| lines)
            .flat_map(|(.., references)| references)
        {
            let may_come = wanted.types.contains_key(other) && *other != object_type;
            if may_come && !known.contains(&(*other, id.clone())) {
                open.entry(*other).or_default().insert(id.clone());
            }
        }
        let mut missing: HashSet<(ObjectType, String)> = HashSet::new();
        for (other, ids) in open {
            let ids: Vec<String> = ids.into_iter().collect();
            for chunk in ids.chunks(CHUNK) {
                let base_url = client.base_url();
                let ledger = client.ledger();
                let held = ledger.holds(base_url, integration_id, other, chunk).await?;
                let absent = chunk.iter().zip(held).filter(|(_, is_held)| !is_held);
                missing.extend(absent.map(|(id, _)| (other, id.clone())));
            }
        }
        for (stream, lines) in of_streams {
            let mut rows = BTreeSet::new();
            for (row, id, references) in lines {
                if references
                    .iter()
                    .any(|reference| missing.contains(reference))
                {
                    rows.insert(row);
                } else {
                    known.extend(id.map(|id| (object_type, id)));
                }
            }
            if !rows.is_empty() {
                let leaving = batch.leave_out(object_type, &stream, &rows);
                leaving.map_err(TargetError::Disk)?;
                deferred.entry(stream).or_default().append(&mut rows);
            }
        }
    }
    Ok(deferred)
}

/// The id of a record, and the records that it refers to.
fn references(object_type: ObjectType, line: &str) -> (Option<String>, Vec<(ObjectType, String)>) {
    let Ok(serde_json::Value::Object(record)) = serde_json::from_str(line) else {
        return (None, Vec::new());
    };
    let text = |name: &str| record.get(name)?.as_str().map(str::to_owned);
    let fields = object_type.line_format().fields.iter();
    let references = fields
        .filter_map(|field| Some((field.references?, text(field.name)?)))
        .collect();
    (text("objectId"), references)
}
