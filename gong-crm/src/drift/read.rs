//! Reads the chosen records back, call by call, and stores the results.

use std::collections::{BTreeMap, HashSet};

use gong_client::objects::{CrmObject, MAX_OBJECTS};
use jiff::Timestamp;

use super::DriftError;
use super::choose::Chosen;
use super::judge::{Found, Generations, Judge, is_deleted};
use super::report::{Difference, DifferenceKind, DriftReport, FieldDifference, Handled};
use crate::client::Client;
use crate::ledger::{
    Confirmed, Differing, Handling, KnownDifference, ReadBack, RecordState, Seconds, SentField,
    Space, SpentOn, TryOutcome,
};
use crate::schema::EntitySchema;
use crate::value::ObjectId;
use crate::{IntegrationId, ObjectType};

/// How many changes of Gong's schema a drift looks back.
const MAX_GENERATIONS: u32 = 10;

/// Reads records back with at most so many calls, and judges them.
pub(super) async fn read_back(
    client: &Client,
    integration_id: IntegrationId,
    space: Space,
    chosen: Vec<Chosen>,
    calls: usize,
    report: &mut DriftReport,
) -> Result<(), DriftError> {
    let schema = client.entity_schema(integration_id, None).await?;
    count_call(client, report).await?;
    for (object_type, ids) in chunks(chosen, calls, report) {
        let before = states(client, space, object_type, &ids).await?;
        let asked: Vec<ObjectId> = ids.iter().filter_map(|id| id.parse().ok()).collect();
        report.not_read.unreadable_id += (ids.len() - asked.len()) as u64;
        if asked.is_empty() {
            continue;
        }
        let objects = client.objects(integration_id, object_type, &asked).await?;
        count_call(client, report).await?;
        report.not_read.unanswered += asked
            .iter()
            .filter(|id| !objects.contains_key(id.as_str()))
            .count() as u64;
        // Meanwhile another process may have sent something.
        let after = states(client, space, object_type, &ids).await?;
        let read: Vec<Read> = ids
            .into_iter()
            .zip(before.into_iter().zip(after))
            .filter_map(|(id, (before, after))| {
                let object = objects.get(&id)?.clone();
                let is_same = before == after;
                let state = after.filter(|_| is_same)?;
                Some(Read { id, state, object })
            })
            .collect();
        judge(client, space, object_type, read, &schema, report).await?;
    }
    Ok(())
}

/// A record as Gong gave it back, and as the ledger knows it.
struct Read {
    id: String,
    state: RecordState,
    object: Option<CrmObject>,
}

impl Read {
    /// The `modifiedDate` that Gong shows.
    fn shown_date(&self) -> Option<Seconds> {
        let date = self.object.as_ref()?.get("modifiedDate")?.as_str()?;
        Some(date.parse::<Timestamp>().ok()?.as_second())
    }
}

/// The records for each call. Records that do not fit wait.
fn chunks(
    chosen: Vec<Chosen>,
    calls: usize,
    report: &mut DriftReport,
) -> Vec<(ObjectType, Vec<String>)> {
    // Each is as early in the order as its first record.
    let mut chunks: Vec<(ObjectType, Vec<String>)> = Vec::new();
    let mut open: BTreeMap<ObjectType, usize> = BTreeMap::new();
    for chosen in chosen {
        let of_type = chosen.object_type;
        let place = open.get(&of_type).copied();
        let place = place.filter(|place| chunks[*place].1.len() < MAX_OBJECTS);
        let place = place.unwrap_or_else(|| {
            chunks.push((of_type, Vec::new()));
            open.insert(of_type, chunks.len() - 1);
            chunks.len() - 1
        });
        chunks[place].1.push(chosen.object_id);
    }
    let waiting = chunks.split_off(chunks.len().min(calls));
    report.not_read.waiting += waiting.iter().map(|(_, ids)| ids.len() as u64).sum::<u64>();
    chunks
}

async fn count_call(client: &Client, report: &mut DriftReport) -> Result<(), DriftError> {
    report.calls += 1;
    let now = client.clock.now();
    let counted = client.ledger().count_spent(SpentOn::ReadBacks, now, 1);
    Ok(counted.await?)
}

pub(super) async fn states(
    client: &Client,
    space: Space,
    object_type: ObjectType,
    ids: &[String],
) -> Result<Vec<Option<RecordState>>, DriftError> {
    let ids = ids.iter().map(String::as_str);
    Ok(client.ledger().records(space, object_type, ids).await?)
}

/// Judges the records of one call, and writes down what was found.
async fn judge(
    client: &Client,
    space: Space,
    object_type: ObjectType,
    read: Vec<Read>,
    schema: &EntitySchema,
    report: &mut DriftReport,
) -> Result<(), DriftError> {
    let ledger = client.ledger();
    let now = client.clock.now();
    let names = ledger.names(space, object_type).await?;
    let key = |id: &str| space.key(object_type, id);
    let keys: Vec<Vec<u8>> = read.iter().map(|read| key(&read.id)).collect();
    let known = ledger.read_backs(keys.clone()).await?;
    let contents = ledger.contents(keys).await?;
    let hash_key = ledger.identity().await?.key();
    let (written, confirmed) = {
        let generations = names.generations();
        let generation = |name: &str| generations.get(name).copied().unwrap_or_default();
        let declared = schema.fields(object_type).into_iter().flatten();
        let declared: HashSet<String> = declared.map(|field| field.unique_name.clone()).collect();
        let last = generations.values().max().copied().unwrap_or_default();
        let earlier: Vec<_> = (1..=last.min(MAX_GENERATIONS))
            .map(|before| {
                let generation = &generation;
                move |name: &str| generation(name).saturating_sub(before)
            })
            .collect();
        let earlier: Vec<Generations<'_>> =
            earlier.iter().map(|of| of as Generations<'_>).collect();
        let mut judge = Judge::new(
            hash_key,
            object_type,
            &generation,
            &earlier,
            &names,
            declared,
        );
        let mut written = Vec::new();
        let mut confirmed = Vec::new();
        for ((read, known), content) in read.iter().zip(known).zip(contents) {
            report.read += 1;
            let is_doubtful = read.state.last_try.as_ref().is_some_and(|last| {
                matches!(
                    last.outcome,
                    TryOutcome::Uncertain | TryOutcome::Unconfirmed
                )
            });
            let mut fresh = ReadBack {
                at: now.as_second(),
                ..ReadBack::default()
            };
            if is_doubtful {
                let found = doubtful(&mut judge, object_type, read, &content, &names);
                if let Some(found) = found {
                    confirmed.push(found);
                    report.same += 1;
                    report.differences.push(of_record(
                        object_type,
                        &read.id,
                        DifferenceKind::Confirmed,
                    ));
                } else {
                    report.differences.push(Difference {
                        shown: read.shown_date(),
                        ..of_record(object_type, &read.id, DifferenceKind::Unconfirmed)
                    });
                }
            } else {
                let found = judge.judge(&read.id, &read.state, read.object.as_ref());
                fresh.differences = note(object_type, read, found, &known, report);
            }
            written.push((key(&read.id), fresh));
        }
        if !judge.undeclared.is_empty() {
            let of_type = report.undeclared.entry(object_type).or_default();
            of_type.append(&mut judge.undeclared);
        }
        if !judge.declared_later.is_empty() {
            let of_type = report.declared_later.entry(object_type).or_default();
            of_type.append(&mut judge.declared_later);
        }
        (written, confirmed)
    };
    ledger.put_read_backs(&written).await?;
    if !confirmed.is_empty() {
        let locked = ledger.lock(true, &*client.clock, &|_| {}).await?;
        locked.confirm(space, &confirmed, now).await?;
    }
    Ok(())
}

/// Whether Gong has the last try of a record, which its verdicts did not cover.
fn doubtful(
    judge: &mut Judge<'_>,
    object_type: ObjectType,
    read: &Read,
    content: &[u8],
    names: &crate::ledger::Names,
) -> Option<Confirmed> {
    let last_try = read.state.last_try.clone()?;
    let (sent, is_deletion, modified) = if last_try.is_doubt() {
        (judge.sent(&read.state), false, read.state.sent_date)
    } else {
        judge.sent_by(content)?
    };
    let object = read.object.as_ref().filter(|object| !is_deleted(object));
    let is_held = match object {
        None => is_deletion,
        Some(object) => !is_deletion && judge.compare(&read.id, &sent, object).is_empty(),
    };
    let numbers = sent.iter().filter_map(|(name, hash)| {
        Some(SentField {
            name: names.number_of(name)?,
            hash: *hash,
        })
    });
    let mut fields: Vec<SentField> = numbers.collect();
    fields.sort_by_key(|field| field.name);
    is_held.then(|| Confirmed {
        object_type,
        object_id: read.id.clone(),
        last_try,
        is_deletion,
        fields,
        sent_date: modified,
    })
}

fn of_record(object_type: ObjectType, object_id: &str, kind: DifferenceKind) -> Difference {
    Difference {
        object_type,
        object_id: object_id.to_owned(),
        kind,
        fields: Vec::new(),
        handled: Handled::Nothing,
        shown: None,
    }
}

/// Adds the result for one record to the report, and returns what the ledger stores about it.
fn note(
    object_type: ObjectType,
    read: &Read,
    found: Vec<Found>,
    known: &ReadBack,
    report: &mut DriftReport,
) -> Vec<KnownDifference> {
    let object_id = read.id.as_str();
    let shown = read.shown_date();
    // With another date, Gong did not take what was sent last.
    let is_as_dated = shown.is_none() || shown == read.state.date_of_current();
    if found.is_empty() {
        report.same += 1;
        return Vec::new();
    }
    let mut kept = Vec::new();
    let mut open = Vec::new();
    let mut own = Vec::new();
    let mut kind = DifferenceKind::Different;
    let mut handled = Handled::Nothing;
    for found in found {
        let same = known.differences.iter().find(|known| {
            (&known.what, known.sent, known.held) == (&found.what, found.sent, found.held)
        });
        let before = same.map_or(Handling::Found, |known| known.handling);
        let is_field = matches!(found.what, Differing::Field(_));
        // What was not sent, or sent as null, has no form that Gong could make of it.
        let may_be_own_form = is_field && is_as_dated && found.sent != SentField::NULL_SENT;
        let handling = match before {
            Handling::Repaired if may_be_own_form => Handling::OwnForm,
            Handling::OwnForm if !may_be_own_form => Handling::Repaired,
            before => before,
        };
        let field = match &found.what {
            Differing::Field(name) => Some(FieldDifference {
                field: name.clone(),
                found: found.value,
                is_extra: found.sent == SentField::NULL_SENT,
            }),
            Differing::Missing => {
                kind = DifferenceKind::Missing;
                None
            }
            Differing::NotDeleted => {
                kind = DifferenceKind::NotDeleted;
                None
            }
        };
        match (before, handling) {
            (Handling::OwnForm, Handling::OwnForm) => {}
            (_, Handling::OwnForm) => own.extend(field),
            (_, handling) => {
                if handling == Handling::Repaired {
                    handled = if is_as_dated {
                        Handled::SentBefore
                    } else {
                        Handled::NotTaken
                    };
                }
                open.push(field);
            }
        }
        kept.push(KnownDifference {
            what: found.what,
            sent: found.sent,
            held: found.held,
            handling,
        });
    }
    if open.is_empty() {
        report.same += 1;
        report.in_own_form += u64::from(own.is_empty());
    } else {
        report.differences.push(Difference {
            fields: open.into_iter().flatten().collect(),
            handled,
            shown,
            ..of_record(object_type, object_id, kind)
        });
    }
    if !own.is_empty() {
        report.differences.push(Difference {
            fields: own,
            ..of_record(object_type, object_id, DifferenceKind::OwnForm)
        });
    }
    kept
}
