//! What keeps a record away from people, from all that was seen of it. No call is made here.

use jiff::{SignedDuration, Timestamp};
use serde_json::Map;

use super::look::{Held, InSource, Owner, Seen};
use super::related::text;
use super::{Effect, Evidence, Reason};
use crate::ObjectType;
use crate::coverage::Seat;
use crate::ledger::{Current, LastTry, RecordState, TryOutcome};
use crate::sync::PlanAction;
use gong_records::value::is_public_mail_host;

/// How long Gong may take to show what it accepted, as its documentation of 2023 says of deals.
const SHOWN_WITHIN: SignedDuration = SignedDuration::from_hours(1);

/// How long before its dependents an account must have been accepted, in seconds.
const ACCOUNT_DELAY: i64 = 60;

/// Where people see a record of this type.
pub(super) fn place(object_type: ObjectType) -> &'static str {
    match object_type {
        ObjectType::Deal => "on the deal board of its owner, and on the page of its account",
        ObjectType::Contact => {
            "on the page of its account, and with the calls and mails of its address"
        }
        ObjectType::Account => "on its own page, with its contacts, deals, calls and mails",
        ObjectType::Lead => "with the calls and mails of its address",
        ObjectType::BusinessUser => "as the owner of deals, if a Gong user has the address",
        ObjectType::Stage => "as a stage of deals on the deal board",
    }
}

pub(super) fn reasons(seen: &Seen) -> Vec<Reason> {
    let mut found = Found {
        seen,
        reasons: Vec::new(),
    };
    found.arrival();
    if seen.record.is_some() {
        match seen.object_type {
            ObjectType::Deal => {
                found.account();
                found.owner();
                found.deal();
            }
            ObjectType::Contact => {
                found.account();
                found.person();
            }
            ObjectType::Lead => found.person(),
            ObjectType::Account => found.domains(),
            ObjectType::BusinessUser | ObjectType::Stage => {}
        }
    }
    if seen.object_type == ObjectType::BusinessUser {
        found.user();
    }
    found.undeclared();
    found.reasons
}

struct Found<'s> {
    seen: &'s Seen,
    reasons: Vec<Reason>,
}

impl Found<'_> {
    fn add(
        &mut self,
        effect: Effect,
        evidence: Evidence,
        rule: &'static str,
        message: impl Into<String>,
        hint: &str,
    ) {
        self.reasons.push(Reason {
            rule,
            message: message.into(),
            hint: Some(hint.to_owned()).filter(|hint| !hint.is_empty()),
            evidence,
            effect,
        });
    }

    fn hides(&mut self, rule: &'static str, message: impl Into<String>, hint: &str) {
        self.add(Effect::Hides, Evidence::Seen, rule, message, hint);
    }

    /// Whether the record came to Gong, and in which version.
    fn arrival(&mut self) {
        let seen = self.seen;
        let effect = match seen.object {
            Held::Yes => Effect::Note,
            Held::No | Held::CannotTell => Effect::Hides,
        };
        let last_try = seen
            .state
            .as_ref()
            .and_then(|state| state.last_try.as_ref());
        if let Some(last) = last_try {
            self.last_try(last, effect);
        } else if seen.is_under_way {
            let message = "an upload that holds it has no verdict yet";
            let hint = "gong-crm resume waits for it";
            self.add(effect, Evidence::Seen, "under-way", message, hint);
        }
        if let InSource::Unreadable(why) = &seen.source {
            let message = format!("its source cannot be read: {why}");
            let hint = "mend the source; gong-crm plan shows every source";
            self.add(
                Effect::Note,
                Evidence::Seen,
                "source-unreadable",
                message,
                hint,
            );
        }
        let is_settled = last_try.is_some() || seen.is_under_way;
        match &seen.object {
            Held::Yes => self.other_version(),
            Held::No if !is_settled => self.absent(),
            Held::CannotTell if !is_settled => self.not_readable(),
            Held::No | Held::CannotTell => {}
        }
    }

    fn last_try(&mut self, last: &LastTry, effect: Effect) {
        let at = day(last.at);
        let reason = &last.reason;
        let holds = match self.seen.object {
            Held::Yes => "Gong holds an earlier version; ",
            _ => "",
        };
        let (rule, message, hint) = match last.outcome {
            TryOutcome::Rejected => (
                "rejected",
                format!("{holds}Gong rejected it on {at}: {reason}"),
                "correct it in the CRM; the next sync or push sends it again",
            ),
            TryOutcome::HeldBack => (
                "held-back",
                format!("{holds}it was held back on {at}: {reason}"),
                "settle what holds it back; the next sync or push sends it",
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
                format!("{holds}Gong never confirmed it, the last time on {at}: {reason}"),
                "gong-crm drift reads it back; with --repair it is sent once more",
            ),
            TryOutcome::NotTaken => (
                "not-taken",
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
            let reason = reason.as_deref().unwrap_or("a finding");
            let message = format!("it is not in Gong, and it is held back: {reason}");
            return self.hides("held-back", message, "settle that, and sync again");
        }
        let Some(state) = &seen.state else {
            return self.never_sent();
        };
        match state.current {
            Current::None => self.never_sent(),
            Current::Deleted => {
                let message = format!("it was deleted from Gong on {}", day(state.last_accepted));
                let hint = "put it back into its source, or push it again";
                self.hides("deleted", message, hint);
            }
            Current::Unknown => {
                let message = "it is not in Gong; which version was sent is not known";
                self.hides("unknown-version", message, "the next sync or push sends it");
            }
            Current::Version => self.lost(state),
        }
    }

    fn never_sent(&mut self) {
        match self.seen.source {
            InSource::Yes => {
                let message = "it is in its source and was never sent to Gong";
                self.hides("not-sent", message, "gong-crm sync sends it");
            }
            InSource::No => {
                let message = "it is not in its source, and was never sent to Gong";
                let hint = "check the id, and whether the export leaves it out";
                self.hides("not-in-source", message, hint);
            }
            InSource::NoSource | InSource::Unreadable(_) => {
                let message = "this ledger never sent it, and Gong does not have it";
                let hint = "check the id; push the file that holds it";
                self.hides("never-sent", message, hint);
            }
        }
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
                "Gong accepted it on {} before its account was there, and does not hold it",
                day(state.last_accepted)
            );
            let hint = "send it again, now that the account is there: push or sync with --resend";
            let rule = "account-too-late";
            self.add(Effect::Hides, Evidence::Inferred, rule, message, hint);
        } else if self.seen.now.duration_since(at) < SHOWN_WITHIN {
            let message = "Gong accepted it less than an hour ago, and does not show it yet";
            self.hides("not-shown-yet", message, "look again in an hour");
        } else {
            let message = format!(
                "Gong accepted it on {} and does not hold it any more",
                day(state.last_accepted)
            );
            let hint = "gong-crm drift --repair sends it once more";
            self.hides("gone", message, hint);
        }
    }

    /// Gong can't show it: the ledger is all there is.
    fn not_readable(&mut self) {
        let seen = self.seen;
        match seen.state.as_ref().map(|state| state.current) {
            Some(Current::Version) => {
                let message = format!(
                    "Gong cannot be asked for it; the ledger says that Gong accepted it on {}",
                    day(seen.state.as_ref().map_or(0, |state| state.last_accepted))
                );
                self.add(Effect::Note, Evidence::Seen, "not-readable", message, "");
            }
            Some(Current::Unknown) => {
                let message = "which version Gong holds is not known, and it cannot be asked";
                let hint = "the next sync or push sends it";
                let rule = "unknown-version";
                self.add(Effect::LeavesOpen, Evidence::Seen, rule, message, hint);
            }
            Some(Current::Deleted) => self.absent(),
            Some(Current::None) | None => self.never_sent(),
        }
    }

    fn account(&mut self) {
        let Some(account) = &self.seen.account else {
            let message = "it has no account";
            let hint = "fill accountId with the objectId of an account";
            return self.hides("account-missing", message, hint);
        };
        if account.is_held {
            return;
        }
        let id = &account.id;
        let last = account.state.as_ref();
        let why = match last.and_then(|state| state.last_try.as_ref()) {
            Some(last) if last.outcome == TryOutcome::Rejected => {
                format!(": Gong rejected it: {}", last.reason)
            }
            Some(last) => format!(": {}", last.reason),
            None => match last.map(|state| state.current) {
                Some(Current::Deleted) => ": it was deleted".to_owned(),
                Some(Current::Version) => ", although Gong accepted it".to_owned(),
                _ => ": it was never sent".to_owned(),
            },
        };
        let message = format!("its account {id} is not in Gong{why}");
        let hint = "send the account first; gong-crm why ACCOUNT ID says what keeps that away";
        self.hides("account-not-in-gong", message, hint);
    }

    fn owner(&mut self) {
        let Some(owner) = &self.seen.owner else {
            let message = "it has no owner, so it is on nobody's board";
            let hint = "fill ownerId with the objectId of a business user";
            return self.hides("owner-missing", message, hint);
        };
        let id = &owner.id;
        if !is_in_gong(owner.state.as_ref()) {
            let message = format!("its owner {id} is not known to Gong as a business user");
            let hint = "send the business users before the deals";
            let rule = "owner-not-sent";
            self.add(Effect::Hides, Evidence::Seen, rule, message, hint);
        }
        self.seat(owner, &format!("its owner {id}"));
    }

    /// Whether a person is a user of Gong.
    fn seat(&mut self, owner: &Owner, who: &str) {
        match &owner.seat {
            Ok(Seat::Inactive) => {
                let message = format!("{who} is a Gong user who is not active");
                let hint = "activate the user in Gong, or give the deal to another owner";
                self.hides("owner-inactive", message, hint);
            }
            Ok(Seat::NotAUser) => {
                let message = format!("no Gong user has the address of {who}");
                let hint = "invite the person to Gong, or correct the address of the business user";
                self.hides("owner-not-in-gong", message, hint);
            }
            Ok(Seat::NoAddress) if is_in_gong(owner.state.as_ref()) => {
                let message = format!("the address of {who} is not known");
                let hint = "fill emailAddress of the business user";
                self.hides("owner-without-address", message, hint);
            }
            // That the owner was not sent is another reason.
            Ok(Seat::Active | Seat::NoAddress) => {}
            Err(why) => {
                let message = format!("whether {who} is a Gong user is not known: {why}");
                let hint = "give the token the scope api:users:read";
                let rule = "users-not-readable";
                self.add(Effect::LeavesOpen, Evidence::Seen, rule, message, hint);
            }
        }
    }

    fn user(&mut self) {
        if let Some(owner) = &self.seen.owner {
            self.seat(owner, "this business user");
        }
    }

    fn deal(&mut self) {
        let empty = Map::new();
        let record = self.seen.record.as_ref().unwrap_or(&empty);
        if text(record, "closeDate").is_none() {
            let message = "it has no close date, so it is on no board";
            self.hides("close-date-missing", message, "fill closeDate");
        }
        match &self.seen.stage {
            None => {
                let message = "it has no stage: Gong ties fewer calls and mails to it";
                let hint = "fill stage with the objectId of a stage";
                self.add(Effect::Note, Evidence::Seen, "stage-missing", message, hint);
            }
            Some((id, state)) if !is_in_gong(state.as_ref()) => {
                let message = format!("its stage {id} was not sent to Gong, or was rejected");
                let hint = "send the stages before the deals; a deal names a stage by its objectId, not \
                            by its name";
                let rule = "stage-unknown";
                self.add(Effect::Hides, Evidence::Inferred, rule, message, hint);
            }
            Some(_) => {}
        }
    }

    fn person(&mut self) {
        let empty = Map::new();
        let record = self.seen.record.as_ref().unwrap_or(&empty);
        let Some(address) = text(record, "emailAddress") else {
            if text(record, "phoneNumber").is_none() {
                let message = "it has neither an address nor a phone number, so it meets no call";
                let hint = "fill emailAddress";
                self.hides("address-missing", message, hint);
            }
            return;
        };
        let host = address
            .rsplit('@')
            .next()
            .unwrap_or_default()
            .to_lowercase();
        if is_public_mail_host(&host) {
            let message =
                format!("its address is a private one, at {host}: people meet from others");
            let hint = "fill emailAddress with the address at the company";
            let rule = "private-address";
            self.add(Effect::Hides, Evidence::Inferred, rule, message, hint);
        }
        if let [first, rest @ ..] = self.seen.same_address.as_slice() {
            let more = if rest.is_empty() {
                String::new()
            } else {
                format!(" and {} more", rest.len())
            };
            let message = format!(
                "{first}{more} has the same address: Gong ties a call or mail to one of them only"
            );
            let hint = "merge them in the CRM, or leave all but one out";
            let rule = "duplicate-address";
            self.add(Effect::Hides, Evidence::Inferred, rule, message, hint);
        }
    }

    fn domains(&mut self) {
        let empty = Map::new();
        let record = self.seen.record.as_ref().unwrap_or(&empty);
        let has_domains = record
            .get("domains")
            .and_then(|domains| domains.as_array())
            .is_some_and(|domains| !domains.is_empty());
        if !has_domains {
            let message = "it has no domains: calls and mails reach it by its contacts only";
            let hint = "fill domains with the company's own";
            let rule = "domains-missing";
            self.add(Effect::Note, Evidence::Seen, rule, message, hint);
        }
    }

    fn undeclared(&mut self) {
        let fields = &self.seen.undeclared;
        if !fields.is_empty() {
            let message = format!(
                "Gong does not show fields that its schema does not have: {}",
                fields.join(", ")
            );
            let hint = "declare them: gong-crm schema plan";
            let rule = "field-not-declared";
            self.add(Effect::Note, Evidence::Seen, rule, message, hint);
        }
    }
}

fn is_in_gong(state: Option<&RecordState>) -> bool {
    state.is_some_and(|state| matches!(state.current, Current::Version | Current::Unknown))
}

/// A moment to the minute, in UTC.
fn day(seconds: i64) -> String {
    let at = Timestamp::from_second(seconds).unwrap_or_default();
    at.strftime("%Y-%m-%d %H:%MZ").to_string()
}
