//! The effect of a verdict on the state of a record.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::conclusion::Conclusion;
use super::record::{Current, LastTry, LineHash, RecordState, SentField, TryOutcome, low_64};
use super::upload::{Action, Pending, Purpose, RecordOutcome, Upload};

/// The longest reason that is kept of a rejection, in characters.
const MAX_REASON: usize = 500;

/// The state of a record after the verdict.
pub(super) fn after(
    upload: &Upload,
    pending: &Pending,
    old: Option<RecordState>,
    outcome: RecordOutcome,
    reason: &str,
    conclusion: &Conclusion,
    now: Timestamp,
) -> RecordState {
    let mut state = old.unwrap_or_default();
    // A source of changes owns nothing, and whoever deleted a record no longer owns it.
    let is_back = outcome == RecordOutcome::Accepted && state.is_absent_from_gong();
    let is_of_other_sync = upload.sync != 0 && upload.sync != state.scope;
    // Meanwhile it may have been handed over.
    let has_other_owner = state.scope != 0 && !state.is_absent_from_gong();
    let may_claim = upload.scope != 0 && (upload.scope == state.scope || !has_other_owner);
    if may_claim || is_back && is_of_other_sync {
        state.scope = upload.scope;
    }
    let seconds = now.as_second();
    if pending.is_replacement() && outcome != RecordOutcome::Accepted {
        // The next upload, with the new address, decides the result of the user.
        if outcome == RecordOutcome::Uncertain || conclusion.may_be_in_gong {
            state.current = Current::Unknown;
            state.address = None;
            state.sent_date = state.sent_date.max(pending.sent_date);
        }
        return state;
    }
    let later = later_held(upload, pending, Some(&state)).cloned();
    let failed_whole = conclusion.failed_whole;
    match outcome {
        RecordOutcome::Accepted => {
            if state.is_absent_from_gong() {
                state.first_accepted = seconds;
            }
            state.before = state.before_next(low_64(&pending.hash), seconds);
            state.current = match pending.action {
                Action::Delete => Current::Deleted,
                Action::Create | Action::Update => Current::Version,
            };
            state.hash = pending.hash;
            let latest = state.sent_date.max(pending.sent_date);
            if pending.sent_date.is_some_and(|date| Some(date) < latest) {
                // Gong may have what it had before, and a line that comes again must be compared.
                state.fields = union(&state.fields, &pending.fields);
                state.line = LineHash::default();
                state.given_date = pending.sent_date;
            } else {
                state.fields.clone_from(&pending.fields);
                state.line = pending.given_as;
                state.given_date = None;
            }
            state.sent_date = latest;
            state.as_of = upload.as_of;
            state.last_accepted = seconds;
            state.address = pending.address;
            state.absent = 0;
            state.missing_parents = pending.missing_parents;
            state.leaves_default = pending.leaves_default;
            if !pending.is_replacement() {
                state.last_try = None;
            }
        }
        RecordOutcome::Rejected => {
            let tries = tries_of(&state, pending, TryOutcome::Rejected);
            // A search after the next try of a rejected record is a part of that try.
            let is_same_try = upload.purpose == Purpose::ErrorSearch && tries > 1;
            let tries = if is_same_try { tries - 1 } else { tries };
            let next = seconds + pause_after(tries).as_secs();
            // Users cannot be read back, so it stays unknown whether one is deleted.
            let is_unreadable =
                pending.action == Action::Delete && !upload.object_type.has_entity_schema();
            let outcome = if is_unreadable && tries >= MAX_UNCERTAIN {
                TryOutcome::Unconfirmed
            } else {
                TryOutcome::Rejected
            };
            state.last_try = Some(LastTry {
                failed_whole,
                ..last_try(upload, pending, outcome, reason, tries, now, next)
            });
        }
        RecordOutcome::Uncertain => {
            let same = state.last_try.as_ref();
            let same = same.filter(|last| last.hash == pending.hash);
            let tries = match (upload.purpose, same) {
                // It says nothing of the record that was not known before: a search decides it.
                _ if conclusion.needs_search => {
                    tries_of(&state, pending, TryOutcome::Uncertain) - 1
                }
                // Sent once more without the rejected records: it is the same try.
                (Purpose::ErrorSearch, Some(last)) if !last.needs_search() => last.tries,
                _ => tries_of(&state, pending, TryOutcome::Uncertain),
            };
            let outcome = if tries >= MAX_UNCERTAIN && !conclusion.needs_search {
                TryOutcome::Unconfirmed
            } else {
                TryOutcome::Uncertain
            };
            let next = if conclusion.needs_search {
                seconds + SEARCH_AGAIN.as_secs()
            } else {
                seconds
            };
            become_unknown(&mut state, pending);
            state.last_try = Some(LastTry {
                failed_whole,
                ..last_try(upload, pending, outcome, reason, tries, now, next)
            });
        }
        RecordOutcome::NotAccepted => {
            if conclusion.may_be_in_gong {
                become_unknown(&mut state, pending);
            }
            let tries = tries_of(&state, pending, TryOutcome::NotAccepted);
            let outcome = TryOutcome::NotAccepted;
            let next = seconds + pause_after_failure(tries).as_secs();
            state.last_try = Some(LastTry {
                failed_whole,
                ..last_try(upload, pending, outcome, reason, tries, now, next)
            });
        }
    }
    // What a later push held back is the newest that is known of the record.
    state.last_try = later.or(state.last_try);
    state
}

/// The version of a record that a later push than that of an upload held back: the verdict says nothing
/// about it.
pub(super) fn later_held<'s>(
    upload: &Upload,
    pending: &Pending,
    old: Option<&'s RecordState>,
) -> Option<&'s LastTry> {
    let last = old?.last_try.as_ref()?;
    let is_other = last.outcome == TryOutcome::HeldBack && last.hash != pending.hash;
    (is_other && last.push > upload.push).then_some(last)
}

/// Gong may have the old version, or the one that was sent now.
pub(super) fn become_unknown(state: &mut RecordState, pending: &Pending) {
    state.current = Current::Unknown;
    state.fields = union(&state.fields, &pending.fields);
    // Gong may ignore what is not later.
    state.sent_date = state.sent_date.max(pending.sent_date);
    if state.address != pending.address {
        // With either address: both must be made free before another is given.
        state.address = None;
    }
}

/// How often the same content is tried while Gong's verdict says nothing about it.
const MAX_UNCERTAIN: u8 = 3;

/// When the calls that a search spent are free again, at the latest.
const SEARCH_AGAIN: SignedDuration = SignedDuration::from_hours(24);

/// After a rejection, the same version is sent again after 1, 2, 4 … 30 days.
fn pause_after(tries: u8) -> SignedDuration {
    let days = 1_i64 << i64::from(tries.saturating_sub(1)).min(5);
    SignedDuration::from_hours(24 * days.min(30))
}

/// After an upload that failed as a whole, the same version is sent by the next round of a sync, then
/// after 15 minutes, an hour, six hours.
fn pause_after_failure(tries: u8) -> SignedDuration {
    match tries {
        0 | 1 => SignedDuration::ZERO,
        2 => SignedDuration::from_mins(15),
        3 => SignedDuration::from_hours(1),
        _ => SignedDuration::from_hours(6),
    }
}

pub(super) fn tries_of(state: &RecordState, pending: &Pending, outcome: TryOutcome) -> u8 {
    let same = state.last_try.as_ref().filter(|last| {
        let is_same = last.outcome == outcome
            || (outcome == TryOutcome::Uncertain && last.outcome == TryOutcome::Unconfirmed);
        last.hash == pending.hash && is_same
    });
    same.map_or(1, |last| last.tries.saturating_add(1))
}

pub(super) fn last_try(
    upload: &Upload,
    pending: &Pending,
    outcome: TryOutcome,
    reason: &str,
    tries: u8,
    now: Timestamp,
    next: i64,
) -> LastTry {
    let source = upload.sources.get(pending.source as usize);
    LastTry {
        outcome,
        hash: pending.hash,
        reason: bounded(reason),
        tries,
        at: now.as_second(),
        next,
        upload: upload.number,
        source: source.cloned().unwrap_or_default(),
        line: pending.line,
        failed_whole: false,
        as_of: upload.as_of,
        push: upload.push,
    }
}

/// The outcome of a record whose last try may decide it.
///
/// A record that was rejected is sent again only with other rejected ones: if Gong fails their upload
/// as a whole, it counts as rejected once more, and is not tried again within hours.
pub(super) fn outcome_after(
    pending: &Pending,
    old: Option<&RecordState>,
    outcome: RecordOutcome,
    conclusion: &Conclusion,
) -> RecordOutcome {
    let last = old.and_then(|old| old.last_try.as_ref());
    let was_rejected =
        last.is_some_and(|last| last.outcome == TryOutcome::Rejected && last.hash == pending.hash);
    let is_whole = outcome == RecordOutcome::NotAccepted && !conclusion.may_be_in_gong;
    if is_whole && was_rejected && !pending.is_replacement() {
        RecordOutcome::Rejected
    } else {
        outcome
    }
}

/// The fields of both, with the hashes of the second.
fn union(one: &[SentField], other: &[SentField]) -> Vec<SentField> {
    let mut fields: BTreeMap<u16, SentField> =
        one.iter().map(|field| (field.name, *field)).collect();
    fields.extend(other.iter().map(|field| (field.name, *field)));
    fields.into_values().collect()
}

pub(super) fn bounded(reason: &str) -> String {
    reason.chars().take(MAX_REASON).collect()
}
