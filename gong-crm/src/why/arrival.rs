//! Whether a record came to Gong, and in which version.

use jiff::Timestamp;

use super::alike::Alike;
use super::look::{Held, Related};
use super::reasons::Found;
use super::sources::InSource;
use super::wording::{SHOWN_WITHIN, command, day, without_prefix};
use super::{Effect, Evidence};
use crate::ObjectType;
use crate::ledger::{Current, LastTry, RecordState, TryOutcome};
use crate::sync::PlanAction;

/// How long before its dependents an account must have been accepted, in seconds.
const ACCOUNT_DELAY: i64 = 60;

impl Found<'_> {
    /// What a record means that is not in Gong in its newest version.
    fn effect(&self) -> Effect {
        let itself = &self.seen.itself;
        match (&itself.held, &itself.state) {
            (Held::Yes, _) => Effect::Note,
            (Held::CannotTell | Held::NotRead(_), Some(_)) if itself.is_accepted() => Effect::Note,
            (Held::No, _) | (Held::CannotTell | Held::NotRead(_), Some(_)) => Effect::Hides,
            (Held::CannotTell | Held::NotRead(_), None) => Effect::LeavesOpen,
        }
    }

    /// Whether the record came to Gong, and in which version.
    pub(super) fn arrival(&mut self) {
        let seen = self.seen;
        let effect = self.effect();
        if let Held::NotRead(error) = &seen.itself.held {
            let message = format!("Gong cannot be asked for it now: {error}");
            let rule = "not-read";
            self.add(Effect::LeavesOpen, Evidence::Seen, rule, message, "");
        }
        let state = seen.itself.state.as_ref();
        let last_try = state.and_then(|state| state.last_try.as_ref());
        if let Some(last) = last_try {
            self.last_try(last, effect);
        } else if seen.itself.is_under_way {
            let message = "its upload has no verdict yet";
            let hint = "gong-crm resume waits for it";
            self.add(effect, Evidence::Seen, "under-way", message, hint);
        }
        if let InSource::Unreadable(clause) = &seen.itself.source {
            let message = format!("its source {clause}");
            let hint = "fix the source; gong-crm plan shows every source";
            let rule = "source-unreadable";
            self.add(Effect::Note, Evidence::Seen, rule, message, hint);
        }
        let is_settled = last_try.is_some() || seen.itself.is_under_way;
        match &seen.itself.held {
            Held::Yes => self.other_version(),
            Held::No if !is_settled => self.absent(),
            Held::CannotTell | Held::NotRead(_) if !is_settled => self.not_readable(),
            Held::No | Held::CannotTell | Held::NotRead(_) => {}
        }
    }

    fn last_try(&mut self, last: &LastTry, effect: Effect) {
        let at = day(last.at);
        let reason = without_prefix(&last.reason);
        let itself = &self.seen.itself;
        let holds = match itself.held {
            Held::Yes => "Gong has an earlier version; ",
            Held::CannotTell | Held::NotRead(_) if itself.is_accepted() => {
                "Gong accepted an earlier version; "
            }
            _ => "",
        };
        let waived = "it was waived: --resend sends it again, and so does a change";
        let (rule, message, hint) = match last.outcome {
            TryOutcome::Rejected if last.is_waived() => (
                "rejected",
                format!("{holds}Gong rejected it on {at}: {reason}"),
                waived,
            ),
            TryOutcome::Unconfirmed if last.is_waived() => (
                "unconfirmed",
                format!("{holds}Gong did not confirm it, last on {at}: {reason}"),
                waived,
            ),
            TryOutcome::Rejected => (
                "rejected",
                format!("{holds}Gong rejected it on {at}: {reason}"),
                "correct it in the CRM; the next sync or push sends it again",
            ),
            TryOutcome::HeldBack => (
                "held-back",
                format!("{holds}it was held back on {at}: {reason}"),
                "fix the reason; the next sync or push sends it",
            ),
            TryOutcome::Uncertain if last.is_doubt() => (
                "uncertain",
                format!("{holds}since {at}, it is not known whether Gong still has it: {reason}"),
                "gong-crm drift reads it back; a sync sends it once its source lists it, or push it again",
            ),
            TryOutcome::Uncertain => (
                "uncertain",
                format!(
                    "{holds}Gong's verdict of {at} does not say whether it was accepted: {reason}"
                ),
                "the next sync or push sends it once more",
            ),
            TryOutcome::Unconfirmed => (
                "unconfirmed",
                format!("{holds}Gong did not confirm it, last on {at}: {reason}"),
                "gong-crm drift reads it back; with --repair it is sent once more",
            ),
            TryOutcome::NotAccepted => (
                "not-accepted",
                format!("{holds}its upload of {at} failed as a whole: {reason}"),
                "the next sync or push sends it again",
            ),
        };
        self.add(effect, Evidence::Seen, rule, message, hint);
    }

    /// Whether the source holds another version than Gong.
    fn other_version(&mut self) {
        let Some((action, fields, reason)) = &self.seen.planned else {
            return;
        };
        match action {
            PlanAction::Create | PlanAction::Update => {
                let fields = if fields.is_empty() {
                    String::new()
                } else {
                    format!(" ({})", fields.join(", "))
                };
                let message = format!("its source has changes that were not sent yet{fields}");
                let hint = "gong-crm sync sends them";
                self.add(
                    Effect::Note,
                    Evidence::Seen,
                    "not-sent-since",
                    message,
                    hint,
                );
            }
            PlanAction::Delete => {
                let reason = reason.as_deref().unwrap_or("it is gone from its source");
                let message = format!("the next sync deletes it: {reason}");
                let hint = "put it back into its source to keep it";
                self.add(Effect::Note, Evidence::Seen, "to-be-deleted", message, hint);
            }
            // The reason of the last round is told already.
            PlanAction::HoldBack if self.seen.itself.is_tried() => {}
            PlanAction::HoldBack => {
                let reason = reason.as_deref().unwrap_or("a finding");
                let message = format!("its newest version is held back: {reason}");
                let hint = "gong-crm plan shows what holds it back";
                self.add(Effect::Note, Evidence::Seen, "held-back", message, hint);
            }
        }
    }

    /// Why Gong does not have it.
    fn absent(&mut self) {
        let seen = self.seen;
        if let Some((PlanAction::HoldBack, _, reason)) = &seen.planned {
            let reason = without_prefix(reason.as_deref().unwrap_or("a finding"));
            let message = format!("it is not in Gong, and it is held back: {reason}");
            return self.hides("held-back", message, "fix the reason, and sync again");
        }
        let Some(state) = &seen.itself.state else {
            return self.never_sent();
        };
        match state.current {
            Current::None => self.never_sent(),
            Current::Deleted => self.deleted(state),
            Current::Unknown => {
                let message = "it is not in Gong; which version was sent is not known";
                self.hides("unknown-version", message, "the next sync or push sends it");
            }
            Current::Version => self.lost(state),
        }
    }

    fn deleted(&mut self, state: &RecordState) {
        let message = format!("it was deleted from Gong on {}", day(state.last_accepted));
        let hint = "put it back into its source, or push it again";
        self.hides("deleted", message, hint);
    }

    fn never_sent(&mut self) {
        let itself = &self.seen.itself;
        let effect = self.effect();
        if let Some(error) = &self.seen.id_error {
            let message = format!("Gong allows no such id: {error}");
            let (rule, hint) = ("id-not-allowed", "check the id");
            return self.add(Effect::Hides, Evidence::Inferred, rule, message, hint);
        }
        let (evidence, elsewhere) = match itself.held {
            Held::No => (Evidence::Seen, ", and Gong does not have it"),
            // Users and stages can't be read back.
            _ => (
                Evidence::Inferred,
                "; Gong cannot be asked whether another ledger sent it",
            ),
        };
        let (rule, mut message, mut hint) = match itself.source {
            InSource::Yes => (
                "not-sent",
                format!("it is in its source and was never sent with this ledger{elsewhere}"),
                "gong-crm sync sends it".to_owned(),
            ),
            InSource::Deleted => (
                "marked-as-deleted",
                format!("its source marks it as deleted, and it was never sent{elsewhere}"),
                "put it back in the CRM".to_owned(),
            ),
            InSource::No => (
                "not-in-source",
                format!("it is not in its source, and was never sent with this ledger{elsewhere}"),
                "check the id, and whether the export has the record".to_owned(),
            ),
            InSource::NoSource | InSource::Unreadable(_) => (
                "never-sent",
                format!("this ledger never sent it{elsewhere}"),
                "check the id, and push the file that has it".to_owned(),
            ),
        };
        if let Some(alike) = &itself.alike {
            let (clause, of_record) = resembles(itself, alike);
            message = format!("{message}; {clause}");
            hint = of_record;
        }
        self.add(effect, evidence, rule, message, &hint);
    }

    /// Gong accepted it and does not have it.
    fn lost(&mut self, state: &RecordState) {
        let at = Timestamp::from_second(state.last_accepted).unwrap_or_default();
        let account = self.seen.account.as_ref();
        let account = account.and_then(|account| account.state.as_ref());
        let is_early = account.is_some_and(|account| {
            account.is_absent_from_gong()
                || account.first_accepted.saturating_add(ACCOUNT_DELAY) > state.last_accepted
        });
        if is_early {
            let message = format!(
                "Gong accepted it on {} before its account existed, and does not have it",
                day(state.last_accepted)
            );
            let is_marked = state.missing_parents.contains(ObjectType::Account);
            let hint = if is_marked && !account.is_some_and(RecordState::is_absent_from_gong) {
                "the next push or sync of the record sends it again, now that the account exists"
            } else {
                "send it again, now that the account exists: push or sync with --resend"
            };
            let rule = "account-too-late";
            self.add(Effect::Hides, Evidence::Inferred, rule, message, hint);
        } else if self.seen.now.duration_since(at) < SHOWN_WITHIN {
            let message = "Gong accepted it less than an hour ago, but does not show it yet";
            self.hides("not-shown-yet", message, "check again in an hour");
        } else {
            let message = format!(
                "Gong accepted it on {} but does not have it any more",
                day(state.last_accepted)
            );
            let hint = "gong-crm drift --repair sends it once more";
            self.hides("gone", message, hint);
        }
    }

    /// Gong can't show it: the ledger is all there is.
    fn not_readable(&mut self) {
        let seen = self.seen;
        let state = seen.itself.state.as_ref();
        if let Some((PlanAction::HoldBack, _, reason)) = &seen.planned
            && !seen.itself.is_accepted()
        {
            let reason = without_prefix(reason.as_deref().unwrap_or("a finding"));
            let message = format!("it is held back: {reason}");
            let (effect, hint) = (self.effect(), "fix the reason, and sync again");
            return self.add(effect, Evidence::Seen, "held-back", message, hint);
        }
        match state.map(|state| (state.current, state)) {
            Some((Current::Version, state)) => {
                let at = day(state.last_accepted);
                let message = format!(
                    "Gong cannot be asked for it; the ledger says that Gong accepted it on {at}"
                );
                self.add(Effect::Note, Evidence::Seen, "not-readable", message, "");
                self.other_version();
            }
            Some((Current::Unknown, _)) => {
                let message = "it is not known which version Gong has, and Gong cannot be asked";
                let hint = "the next sync or push sends it";
                let rule = "unknown-version";
                self.add(Effect::LeavesOpen, Evidence::Seen, rule, message, hint);
            }
            Some((Current::Deleted, state)) => self.deleted(state),
            Some((Current::None, _)) | None => self.never_sent(),
        }
    }
}

/// What the id of a record that was never sent resembles, and the command that explains that.
fn resembles(itself: &Related, alike: &Alike) -> (String, String) {
    let object_type = itself.object_type;
    match alike {
        Alike::Case(other) => (
            format!("{object_type} {other} differs from it in case only"),
            command(object_type, other),
        ),
        Alike::Address(other) => (
            format!("it is the address of {object_type} {other}"),
            command(object_type, other),
        ),
        Alike::Name(other) => (
            format!("it is the name of {object_type} {other}"),
            command(object_type, other),
        ),
        Alike::Type(other) => (
            format!("a {other} of this id was sent"),
            command(*other, &itself.id),
        ),
    }
}
