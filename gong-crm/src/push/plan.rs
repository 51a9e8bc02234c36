//! Decides which records of one type are sent: the differences between the input and Gong.
//!
//! Everything here is decided from values: no call is made, nothing is read or written.

use super::survey::{Entry, NO_DATE};
use crate::ledger::{
    Action, Current, LastTry, LineHash, Milliseconds, MissingParents, RecordState, Seconds,
    TryOutcome, low_64,
};

/// How records are compared.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub(super) struct Rules {
    /// The as-of of the read that the records come from.
    pub(super) as_of: Milliseconds,
    /// Now.
    pub(super) now: Seconds,
    /// All versions of a record go, the oldest first.
    pub(super) history: bool,
    /// Gong takes older versions, or they are sent anyway.
    pub(super) keeps_dates: bool,
    /// A later date alone is a change.
    pub(super) touch: bool,
    /// Records that are in Gong already are sent again.
    pub(super) resend: bool,
    /// What failed with its whole upload waits for its next try: a person who pushes does not.
    pub(super) backs_off: bool,
    /// Calls are left to search for records that Gong rejects and does not list.
    pub(super) may_search: bool,
    /// Records that stayed unconfirmed are sent again, too.
    pub(super) finds_all: bool,
    /// The version is sent with defaults that an earlier one left out.
    pub(super) says_defaults: bool,
}

/// A version of the record that an open upload has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct InFlight {
    /// The number of the upload.
    pub(super) upload: u64,
    /// The push that planned it.
    pub(super) push: Milliseconds,
    /// The place of the record's source in the upload.
    pub(super) source: u32,
    /// The low half of the hash.
    pub(super) hash: u64,
    /// The upload's step.
    pub(super) step: u16,
    pub(super) as_of: Milliseconds,
    pub(super) date: Option<Seconds>,
    pub(super) is_deletion: bool,
    /// The scope that owns it.
    pub(super) scope: u32,
    /// What it refers to and Gong may not have had.
    pub(super) missing: MissingParents,
    /// Whether it leaves a field out that has a default and that Gong was sent before.
    pub(super) leaves_default: bool,
    /// The hash of the line that it was given as.
    pub(super) given_as: LineHash,
}

/// Which other records a version may be sent with: a bad record can fail a whole upload, and good
/// ones with it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Share {
    /// With all that were not tried before.
    #[default]
    Any,
    /// With others that Gong rejected by their line.
    Rejected,
    /// With others of uploads in which Gong counted more errors than it listed.
    Unlisted,
    /// With others whose upload failed as a whole.
    FailedWhole,
}

impl Share {
    /// That of a version which was tried before.
    pub(super) fn after(last: &LastTry) -> Self {
        match last.outcome {
            _ if last.failed_whole => Self::FailedWhole,
            TryOutcome::Rejected => Self::Rejected,
            _ if last.needs_search() => Self::Unlisted,
            _ => Self::Any,
        }
    }
}

/// The decision about one version of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    /// Gong has it.
    Unchanged,
    /// It is sent.
    Send {
        action: Action,
        /// How many other versions must have their verdict before it.
        step: u16,
        /// Which other records it may be sent with.
        share: Share,
    },
    /// An open upload has it: that upload's verdict is the record's.
    InFlight { upload: u64 },
    /// Gong has a version from a later read.
    NewerInGong,
    /// Another scope owns the record.
    Foreign,
    /// Another version of the record in the same input is sent instead.
    Superseded,
    /// Two versions have the same date and different content: it is unclear which one is current.
    Contradictory,
    /// Gong rejected it as it is, and it is not time to try again.
    Rejected,
    /// Somebody ended its retries; it is not sent until it changes.
    Waived,
    /// Gong's verdicts did not cover it, after the maximum number of tries.
    Unconfirmed,
    /// Its upload failed as a whole, and it is not time to try again.
    NotAccepted,
    /// Only a search can decide whether Gong rejects it, and no calls are left for one.
    SearchWaits,
}

/// Decides about all versions of one record, which are in the order of dates and places.
pub(super) fn decide(
    versions: &[Entry],
    known: Option<&RecordState>,
    in_flight: Option<InFlight>,
    rules: Rules,
    decisions: &mut Vec<Decision>,
) {
    decisions.clear();
    if versions.len() == 1 {
        decisions.push(one(&versions[0], known, in_flight, rules));
        return;
    }
    let contradicts = versions
        .chunk_by(|one, other| one.modified == other.modified)
        .any(|same| same.iter().any(|version| version.hash != same[0].hash));
    if contradicts {
        decisions.resize(versions.len(), Decision::Contradictory);
        return;
    }
    if rules.history {
        chain(versions, known, in_flight, rules, decisions);
        return;
    }
    // The newest; of equal ones the first.
    let newest = versions.len()
        - versions
            .iter()
            .rev()
            .take_while(|version| version.modified == versions[versions.len() - 1].modified)
            .count();
    for (place, version) in versions.iter().enumerate() {
        decisions.push(if place == newest {
            one(version, known, in_flight, rules)
        } else {
            Decision::Superseded
        });
    }
}

/// All versions from the one that Gong has, each after the previous one.
fn chain(
    versions: &[Entry],
    known: Option<&RecordState>,
    in_flight: Option<InFlight>,
    rules: Rules,
    decisions: &mut Vec<Decision>,
) {
    let mut step = 0;
    let mut before: Option<&Entry> = None;
    let mut versions = versions;
    if let Some((place, decision)) = place_in_chain(versions, known, in_flight, rules) {
        // The version in Gong or in flight, and everything before it, is not sent again.
        decisions.resize(place, Decision::Superseded);
        let is_newest = place + 1 == versions.len();
        let is_in_flight = matches!(decision, Decision::InFlight { .. });
        decisions.push(if is_newest || is_in_flight {
            decision
        } else {
            Decision::Superseded
        });
        before = versions.get(place);
        versions = &versions[place + 1..];
    }
    let mut is_first = true;
    for version in versions {
        let decision = match before {
            Some(before) if before.hash == version.hash => Decision::Superseded,
            Some(_) if !is_first => Decision::Send {
                action: action(version, Some(Current::Version)),
                step,
                share: Share::Any,
            },
            _ => one(version, known, in_flight, rules),
        };
        if let Decision::Send { .. } = decision {
            step += 1;
        }
        if decision != Decision::Superseded {
            before = Some(version);
            is_first = false;
        }
        decisions.push(decision);
    }
}

/// The place of the version that Gong has or is being sent, with what is decided about it.
fn place_in_chain(
    versions: &[Entry],
    known: Option<&RecordState>,
    in_flight: Option<InFlight>,
    rules: Rules,
) -> Option<(usize, Decision)> {
    if rules.resend {
        return None;
    }
    let (hash, date, decision) = match (in_flight, known) {
        (Some(in_flight), _) => {
            let upload = in_flight.upload;
            (
                in_flight.hash,
                in_flight.date,
                Decision::InFlight { upload },
            )
        }
        (None, Some(known)) if known.current.is_certain() && !is_ignored(known, None, rules) => {
            (low_64(&known.hash), known.sent_date, Decision::Unchanged)
        }
        _ => return None,
    };
    // A record can go back to what it was: then the date says which of the two it is.
    let is_it = |version: &Entry| {
        let is_sent =
            version.modified == NO_DATE || date.is_none_or(|date| version.modified <= date);
        version.hash == hash && is_sent
    };
    let place = versions.iter().rposition(is_it)?;
    // The same content with a later date is the same version.
    let later = &versions[place + 1..];
    let same = later.iter().take_while(|version| version.hash == hash);
    Some((place + same.count(), decision))
}

fn one(
    version: &Entry,
    known: Option<&RecordState>,
    in_flight: Option<InFlight>,
    rules: Rules,
) -> Decision {
    let current = match in_flight {
        // By then Gong does not have it any more.
        Some(in_flight) if in_flight.is_deletion => Some(Current::Deleted),
        _ => known.map(|known| known.current),
    };
    let send = |share| Decision::Send {
        action: action(version, current),
        step: 0,
        share,
    };
    if let Some(in_flight) = in_flight {
        let leaves_default = in_flight.leaves_default && rules.says_defaults;
        if in_flight.hash == version.hash && !leaves_default && !rules.resend {
            return Decision::InFlight {
                upload: in_flight.upload,
            };
        }
        let is_later = is_later(version, in_flight.as_of, in_flight.date, rules);
        return if is_later {
            send(Share::Any)
        } else {
            Decision::NewerInGong
        };
    }
    let Some(known) = known else {
        return send(Share::Any);
    };
    let leaves_default = known.leaves_default && rules.says_defaults;
    let is_held = match known.current {
        Current::Version => low_64(&known.hash) == version.hash && !leaves_default,
        Current::Deleted => low_64(&known.hash) == version.hash,
        Current::None | Current::Unknown => false,
    };
    let is_held = is_held && !is_ignored(known, Some(version), rules);
    let last = known.last_try.as_ref();
    let last = last.filter(|last| low_64(&last.hash) == version.hash);
    if rules.resend {
        return send(last.map_or(Share::Any, Share::after));
    }
    // It was sent once more, because what it refers to came after it, and not accepted.
    let is_tried_again = !known.missing_parents.is_empty() && last.is_some();
    if is_held && !is_tried_again {
        let is_touched = rules.touch
            && version.modified != NO_DATE
            && known.sent_date.is_some_and(|sent| version.modified > sent);
        return if is_touched {
            send(Share::Any)
        } else {
            Decision::Unchanged
        };
    }
    let holds_something = known.current.is_certain();
    if holds_something && !is_later(version, known.as_of, known.last_date(), rules) {
        return Decision::NewerInGong;
    }
    let Some(last) = last else {
        return send(Share::Any);
    };
    match last.outcome {
        _ if last.is_waived() => Decision::Waived,
        TryOutcome::Rejected if last.next > rules.now => Decision::Rejected,
        TryOutcome::Unconfirmed if !rules.finds_all => Decision::Unconfirmed,
        TryOutcome::Uncertain if last.needs_search() && !rules.may_search => Decision::SearchWaits,
        TryOutcome::NotAccepted if rules.backs_off && last.next > rules.now => {
            Decision::NotAccepted
        }
        TryOutcome::Rejected
        | TryOutcome::Uncertain
        | TryOutcome::Unconfirmed
        | TryOutcome::HeldBack
        | TryOutcome::NotAccepted => send(Share::after(last)),
    }
}

/// Whether Gong may have ignored the version that it accepted last, and may take it now: with a later date.
fn is_ignored(known: &RecordState, version: Option<&Entry>, rules: Rules) -> bool {
    let is_later = version.is_some_and(|version| Some(version.modified) > known.sent_date);
    known.may_be_ignored() && (!rules.keeps_dates || is_later)
}

/// By how much the clocks of two processes may differ, in seconds.
const TOLERANCE: Seconds = 3_600;

/// Whether a version is from a later read than another, or has a later date.
fn is_later(version: &Entry, as_of: Milliseconds, date: Option<Seconds>, rules: Rules) -> bool {
    // A read of tomorrow was dated by a clock that was wrong: it keeps nothing back.
    let is_of_wrong_clock = as_of > rules.now.saturating_add(TOLERANCE).saturating_mul(1_000);
    is_of_wrong_clock
        || rules.as_of >= as_of
        || (version.modified != NO_DATE && date.is_none_or(|date| version.modified > date))
}

fn action(version: &Entry, current: Option<Current>) -> Action {
    match current {
        _ if version.is_deletion() => Action::Delete,
        Some(Current::Version | Current::Unknown) => Action::Update,
        Some(Current::None | Current::Deleted) | None => Action::Create,
    }
}

#[cfg(test)]
mod tests;
