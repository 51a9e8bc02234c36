//! Which records are read back: those that are doubtful, then those that were read back longest ago.

use std::collections::{BTreeSet, BinaryHeap, HashSet};

use jiff::Timestamp;

use super::{DriftError, DriftOptions, DriftReport};
use crate::ObjectType;
use crate::client::Client;
use crate::ledger::{Current, Handling, ReadBack, RecordState, Seconds, Space, TryOutcome};

/// How many records of the ledger are read at once.
const PAGE: usize = 4_096;

/// Records that are not judged now.
#[derive(Debug)]
pub(super) struct Exclusions {
    /// Those that an upload without a verdict has.
    pub(super) under_way: HashSet<(ObjectType, String)>,
    /// Those whose source has another version.
    pub(super) changed: HashSet<(ObjectType, String)>,
    /// Types whose source could not be compared.
    pub(super) unread: BTreeSet<ObjectType>,
}

/// A record that is read back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Chosen {
    /// Its place in the order in which records are read back.
    order: Order,
    pub(super) object_type: ObjectType,
    pub(super) object_id: String,
}

/// What decides which record is read back first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Order {
    class: Class,
    /// When it was read back last.
    at: Seconds,
    accepted: Seconds,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    /// Gong's verdicts do not say whether it was accepted.
    Unconfirmed,
    /// One of Gong's own fields was omitted.
    Omitted,
    /// It differed the last time.
    Differed,
    Any,
}

impl PartialOrd for Chosen {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Chosen {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let key = |of: &Self| (of.order, of.object_type);
        key(self)
            .cmp(&key(other))
            .then_with(|| self.object_id.cmp(&other.object_id))
    }
}

/// The records that are read back, in their order.
#[derive(Debug, Default)]
pub(super) struct Choice {
    pub(super) chosen: Vec<Chosen>,
}

/// Chooses at most so many records.
pub(super) async fn choose(
    client: &Client,
    space: Space,
    options: &DriftOptions,
    exclusions: &Exclusions,
    limit: usize,
    report: &mut DriftReport,
) -> Result<Choice, DriftError> {
    let now = client.clock.now().as_second();
    let age = i64::try_from(options.min_age.as_secs()).unwrap_or(i64::MAX);
    let newest = now.saturating_sub(age);
    // The last ones are on top, and give way to earlier ones.
    let mut best: BinaryHeap<Chosen> = BinaryHeap::new();
    let mut oldest_waiting: Option<Seconds> = None;
    let mut wait = |chosen: &Chosen, report: &mut DriftReport| {
        report.not_read.waiting += 1;
        let at = chosen.order.at;
        oldest_waiting = Some(oldest_waiting.map_or(at, |oldest| oldest.min(at)));
    };
    for object_type in ObjectType::ALL {
        if !options.includes(object_type) || exclusions.unread.contains(&object_type) {
            continue;
        }
        let mut after = None;
        loop {
            let page = client
                .ledger()
                .page_of_records(space, object_type, after, PAGE)
                .await?;
            let keys = page.iter().map(|(key, _)| key.clone()).collect();
            let read_backs = client.ledger().read_backs(keys).await?;
            for ((key, state), read_back) in page.iter().zip(read_backs) {
                let Some(object_id) = Space::object_id(key) else {
                    continue;
                };
                let order = order(state, &read_back);
                if !object_type.has_entity_schema() {
                    let held = !state.is_absent_from_gong();
                    let count = match object_type {
                        ObjectType::Stage => &mut report.not_read.stages,
                        _ => &mut report.not_read.users,
                    };
                    *count += u64::from(held);
                    continue;
                }
                let named = (object_type, object_id.to_owned());
                let not_read = &mut report.not_read;
                let Some(order) = order else {
                    let is_unknown = state.current == Current::Unknown;
                    not_read.unknown_version += u64::from(is_unknown);
                    continue;
                };
                if exclusions.under_way.contains(&named) {
                    not_read.under_way += 1;
                    continue;
                }
                let is_doubtful = order.class == Class::Unconfirmed;
                if exclusions.changed.contains(&named) && !is_doubtful {
                    not_read.changed_in_source += 1;
                    continue;
                }
                if order.accepted > newest {
                    not_read.too_new += 1;
                    continue;
                }
                best.push(Chosen {
                    order,
                    object_type,
                    object_id: named.1,
                });
                if best.len() > limit
                    && let Some(last) = best.pop()
                {
                    wait(&last, report);
                }
            }
            if page.len() < PAGE {
                break;
            }
            after = page.last().map(|(key, _)| key.clone());
        }
    }
    report.not_read.oldest_waiting = oldest_waiting
        .filter(|at| *at > 0)
        .and_then(|at| Timestamp::from_second(at).ok());
    Ok(Choice {
        chosen: best.into_sorted_vec(),
    })
}

/// The place of a record in the order; none if it is not known which version Gong should have, or
/// if it was deleted and seen to be gone.
fn order(state: &RecordState, read_back: &ReadBack) -> Option<Order> {
    if let Some(last) = &state.last_try
        && matches!(
            last.outcome,
            TryOutcome::Uncertain | TryOutcome::Unconfirmed
        )
    {
        return Some(Order {
            class: Class::Unconfirmed,
            at: read_back.at,
            accepted: last.at,
        });
    }
    let differed = read_back
        .differences
        .iter()
        .any(|difference| difference.handling != Handling::OwnForm);
    match state.current {
        Current::None | Current::Unknown => return None,
        Current::Deleted if read_back.at >= state.last_accepted && !differed => return None,
        Current::Deleted | Current::Version => {}
    }
    let class = if read_back.is_first {
        Class::Omitted
    } else if differed {
        Class::Differed
    } else {
        Class::Any
    };
    Some(Order {
        class,
        at: read_back.at,
        accepted: state.last_accepted,
    })
}
