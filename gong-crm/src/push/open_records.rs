//! The records of uploads that may be in Gong without a verdict.

use std::collections::{HashMap, HashSet};

use super::ids::id_hash;
use super::plan::InFlight;
use super::planned::{Chosen, Earlier};
use super::session::Session;
use crate::ObjectType;
use crate::ledger::{Direction, LedgerError, SentField, Upload, low_64};

/// The records of open uploads of one type, by the hash of their id.
#[derive(Debug, Default)]
pub(super) struct OpenRecords(HashMap<u64, OpenRecord>);

/// What open uploads have of one record.
#[derive(Debug)]
pub(super) struct OpenRecord {
    pub(super) object_id: String,
    /// The last of its versions.
    pub(super) version: InFlight,
    /// The address of that version, if it is a user.
    address: Option<u64>,
    /// The fields that Gong is being sent with all versions.
    fields: Vec<SentField>,
}

impl OpenRecords {
    pub(super) fn get(&self, id: u64) -> Option<&OpenRecord> {
        self.0.get(&id)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, &OpenRecord)> {
        self.0.iter().map(|(id, record)| (*id, record))
    }

    /// What they are for the versions that are sent after them.
    pub(super) fn before(mut self, chosen: &[Chosen]) -> Earlier {
        let mut earlier = Earlier::default();
        let is_after = |chosen: &&Chosen| chosen.date_under_way.is_some() || chosen.step > 0;
        for chosen in chosen.iter().filter(is_after) {
            let id = chosen.entry.id;
            if let Some(of) = self.0.get(&id)
                && chosen.step == of.version.step.saturating_add(1)
            {
                earlier.addresses.insert((id, chosen.step), of.address);
            }
        }
        let later = chosen.iter().filter(|chosen| chosen.step > 0);
        let later: HashSet<u64> = later.map(|chosen| chosen.entry.id).collect();
        for id in later {
            let fields = self.0.remove(&id).map(|of| of.fields);
            earlier.fields.extend(fields.map(|fields| (id, fields)));
        }
        earlier
    }
}

impl Session {
    /// The records of a type in uploads that may be in Gong without a verdict.
    pub(super) async fn open_records(
        &self,
        object_type: ObjectType,
        open: &[Upload],
    ) -> Result<OpenRecords, LedgerError> {
        let mut records: HashMap<u64, OpenRecord> = HashMap::new();
        let is_here = |upload: &&Upload| {
            let is_of_type = upload.object_type == object_type;
            is_of_type && upload.space() == self.space && upload.state.may_be_in_gong()
        };
        for upload in open.iter().filter(is_here) {
            for pending in self.ledger.manifest(upload.number).await? {
                let version = InFlight {
                    upload: upload.number,
                    push: upload.push,
                    source: pending.source,
                    hash: low_64(&pending.hash),
                    step: upload.step,
                    as_of: upload.as_of,
                    date: pending.sent_date,
                    is_deletion: upload.direction == Direction::Delete,
                    scope: upload.scope,
                    missing: pending.missing_parents,
                    leaves_default: pending.leaves_default,
                    given_as: pending.given_as,
                };
                let id = id_hash(&self.key, &pending.object_id);
                let record = records.entry(id).or_insert_with(|| OpenRecord {
                    object_id: pending.object_id,
                    version,
                    address: pending.address,
                    fields: Vec::new(),
                });
                record.fields.extend(pending.fields);
                // Later pushes and steps have later versions; the numbers do not show this.
                let order = |of: &InFlight| (of.push, of.step);
                if order(&record.version) <= order(&version) {
                    (record.version, record.address) = (version, pending.address);
                }
            }
        }
        Ok(OpenRecords(records))
    }
}
