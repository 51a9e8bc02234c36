//! What is wrong with a record that another one refers to: its account, owner or stage.

use jiff::Timestamp;

use super::alike::Alike;
use super::look::{Held, Related};
use super::sources::InSource;
use super::wording::{SHOWN_WITHIN, command, day, without_prefix};
use super::{Effect, Evidence};
use crate::ObjectType;
use crate::ledger::{Current, LastTry, RecordState, TryOutcome};

/// Why Gong does not have what a record refers to.
#[derive(Debug)]
pub(super) struct Trouble {
    pub(super) effect: Effect,
    pub(super) evidence: Evidence,
    pub(super) message: String,
    pub(super) hint: String,
}

impl Trouble {
    fn new(effect: Effect, evidence: Evidence, message: String, hint: impl Into<String>) -> Self {
        Self {
            effect,
            evidence,
            message,
            hint: hint.into(),
        }
    }
}

/// What keeps a parent out of Gong, or leaves it open.
pub(super) fn trouble(parent: &Related, now: Timestamp) -> Option<Trouble> {
    let who = format!("its {} {}", noun(parent.object_type), parent.id);
    if parent.held == Held::Yes {
        return None;
    }
    let is_absent = parent.held == Held::No;
    if !is_absent && parent.is_accepted() {
        // Of an account, Gong itself could have said more.
        return not_read(parent, &who);
    }
    let in_ledger = if is_absent || parent.state.is_some() {
        Effect::Hides
    } else {
        Effect::LeavesOpen
    };
    if parent.is_under_way {
        let message = format!("{who} is not in Gong yet: an upload that holds it has no verdict");
        let hint = "gong-crm resume waits for the verdict; then ask again";
        return Some(Trouble::new(in_ledger, Evidence::Seen, message, hint));
    }
    let Some(state) = &parent.state else {
        return Some(never_sent(parent, &who));
    };
    let hint = command(parent.object_type, &parent.id);
    if let Some(last) = &state.last_try {
        let message = last_try(last, &who);
        return Some(Trouble::new(in_ledger, Evidence::Seen, message, hint));
    }
    Some(match state.current {
        Current::None => never_sent(parent, &who),
        Current::Deleted => {
            let message = format!(
                "{who} was deleted from Gong on {}",
                day(state.last_accepted)
            );
            let hint = format!(
                "put it back, or fill {} with the objectId of another {}",
                field(parent.object_type),
                kind(parent.object_type)
            );
            Trouble::new(Effect::Hides, Evidence::Seen, message, hint)
        }
        Current::Unknown => {
            let message = format!("{who} is not in Gong; which version was sent is not known");
            let hint = "the next sync or push sends it";
            Trouble::new(Effect::Hides, Evidence::Seen, message, hint)
        }
        Current::Version => lost(state, &who, now),
    })
}

/// The parent was accepted, and whether Gong has it is not known.
fn not_read(parent: &Related, who: &str) -> Option<Trouble> {
    match &parent.held {
        Held::NotRead(error) if !error.is_empty() => {
            let message = format!("whether {who} is in Gong is not known: {error}");
            Some(Trouble::new(
                Effect::LeavesOpen,
                Evidence::Seen,
                message,
                "try again later",
            ))
        }
        _ => None,
    }
}

fn lost(state: &RecordState, who: &str, now: Timestamp) -> Trouble {
    let at = Timestamp::from_second(state.last_accepted).unwrap_or_default();
    let (message, hint) = if now.duration_since(at) < SHOWN_WITHIN {
        (
            format!("Gong accepted {who} less than an hour ago, and does not show it yet"),
            "ask again in an hour",
        )
    } else {
        (
            format!(
                "Gong accepted {who} on {} and does not hold it any more",
                day(state.last_accepted)
            ),
            "gong-crm drift --repair sends it once more",
        )
    };
    Trouble::new(Effect::Hides, Evidence::Seen, message, hint)
}

fn last_try(last: &LastTry, who: &str) -> String {
    let (at, reason) = (day(last.at), without_prefix(&last.reason));
    match last.outcome {
        TryOutcome::Rejected => format!("{who} is not in Gong: Gong rejected it on {at}: {reason}"),
        TryOutcome::HeldBack => {
            format!("{who} is not in Gong: it was held back on {at}: {reason}")
        }
        TryOutcome::Uncertain | TryOutcome::Unconfirmed => {
            format!("Gong has not confirmed {who}, the last time on {at}: {reason}")
        }
        TryOutcome::NotAccepted => {
            format!("{who} is not in Gong: its upload of {at} failed as a whole: {reason}")
        }
    }
}

fn never_sent(parent: &Related, who: &str) -> Trouble {
    let (field, id) = (field(parent.object_type), &parent.id);
    if let Some(alike) = &parent.alike {
        let (message, hint) = resembles(parent.object_type, id, alike);
        return Trouble::new(Effect::Hides, Evidence::Inferred, message, hint);
    }
    let is_absent = parent.held == Held::No;
    let (effect, evidence) = if is_absent {
        (Effect::Hides, Evidence::Seen)
    } else {
        (Effect::LeavesOpen, Evidence::Inferred)
    };
    // Users and stages can't be read back: another ledger may have sent them.
    let elsewhere = if is_absent {
        ""
    } else {
        "; Gong cannot be asked whether another ledger sent it"
    };
    let not_in_gong = if is_absent {
        format!("{who} is not in Gong: it")
    } else {
        who.to_owned()
    };
    let (message, hint) = match parent.source {
        InSource::Yes => (
            format!("{not_in_gong} is in its source, and this ledger never sent it{elsewhere}"),
            "gong-crm sync sends it".to_owned(),
        ),
        InSource::Deleted => (
            format!("{not_in_gong} is marked as deleted in its source, and was never sent"),
            format!(
                "fill {field} with the objectId of another {}",
                kind(parent.object_type)
            ),
        ),
        InSource::No => (
            format!("{not_in_gong} is not in its source, and this ledger never sent it{elsewhere}"),
            format!("check {field}, and whether the export leaves the record out"),
        ),
        InSource::NoSource | InSource::Unreadable(_) => (
            format!("{not_in_gong} was never sent with this ledger{elsewhere}"),
            match parent.object_type {
                ObjectType::BusinessUser => "send the business users before the deals".to_owned(),
                ObjectType::Stage => {
                    "send the stages before the deals; a deal names a stage by its \
                                      objectId, not by its name"
                        .to_owned()
                }
                _ => "send the account first".to_owned(),
            },
        ),
    };
    Trouble::new(effect, evidence, message, hint)
}

/// What an id that was never sent was meant to be, and what to do.
fn resembles(object_type: ObjectType, id: &str, alike: &Alike) -> (String, String) {
    let (field, kind) = (field(object_type), kind(object_type));
    match alike {
        Alike::Case(other) => (
            format!("its {field} is {id}, which differs in case from the {kind} {other}"),
            format!("fill {field} with {other}: ids differ if their case does"),
        ),
        Alike::Address(other) => (
            format!("its {field} is {id}, the address of the {kind} {other}"),
            format!("fill {field} with the objectId: {other}"),
        ),
        Alike::Name(other) => (
            format!("its {field} is {id}, the name of the {kind} {other}"),
            format!("fill {field} with the objectId: {other}"),
        ),
        Alike::Type(other) => (
            format!("its {field} is {id}, which is the id of a {other}"),
            format!("fill {field} with the objectId of a record of the type {object_type}"),
        ),
    }
}

fn noun(object_type: ObjectType) -> &'static str {
    match object_type {
        ObjectType::BusinessUser => "owner",
        ObjectType::Stage => "stage",
        _ => "account",
    }
}

fn kind(object_type: ObjectType) -> &'static str {
    match object_type {
        ObjectType::BusinessUser => "business user",
        other => noun(other),
    }
}

fn field(object_type: ObjectType) -> &'static str {
    match object_type {
        ObjectType::BusinessUser => "ownerId",
        ObjectType::Stage => "stage",
        _ => "accountId",
    }
}
