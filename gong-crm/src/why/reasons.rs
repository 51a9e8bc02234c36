//! Why people do not see a record, from all that was seen of it. No call is made here.

use serde_json::Map;

use super::look::{Owner, Related, Seen};
use super::parents::{Trouble, trouble};
use super::places::{Place, of_type};
use super::sources::text;
use super::{Effect, Evidence, Reason};
use crate::ObjectType;
use crate::coverage::Seat;
use gong_records::value::is_public_mail_host;

pub(super) fn reasons(seen: &Seen) -> Vec<Reason> {
    let object_type = seen.itself.object_type;
    let mut found = Found {
        seen,
        places: of_type(object_type),
        reasons: Vec::new(),
    };
    found.arrival();
    if seen.record.is_some() {
        match object_type {
            ObjectType::Deal => {
                found.account();
                found.at(&[Place::DealBoard], Found::board);
            }
            ObjectType::Contact => {
                found.account();
                found.at(&[Place::Activities], Found::person);
            }
            ObjectType::Lead => found.person(),
            ObjectType::Account => found.domains(),
            ObjectType::Stage => found.retired(),
            ObjectType::BusinessUser => {}
        }
    }
    if object_type == ObjectType::BusinessUser {
        found.user();
    }
    found.undeclared();
    found.reasons
}

/// The reasons that were found so far.
pub(super) struct Found<'s> {
    pub(super) seen: &'s Seen,
    /// From where the reasons that are added keep the record away.
    places: &'static [Place],
    reasons: Vec<Reason>,
}

impl Found<'_> {
    /// Adds reasons that keep the record away from these places only.
    fn at(&mut self, places: &'static [Place], add: impl FnOnce(&mut Self)) {
        let all = std::mem::replace(&mut self.places, places);
        add(self);
        self.places = all;
    }

    pub(super) fn add(
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
            places: match effect {
                Effect::Note => Vec::new(),
                Effect::Hides | Effect::LeavesOpen => self.places.to_vec(),
            },
        });
    }

    pub(super) fn hides(&mut self, rule: &'static str, message: impl Into<String>, hint: &str) {
        self.add(Effect::Hides, Evidence::Seen, rule, message, hint);
    }

    fn parent(&mut self, rule: &'static str, parent: &Related) {
        if let Some(found) = trouble(parent, self.seen.now) {
            let Trouble {
                effect,
                evidence,
                message,
                hint,
            } = found;
            self.add(effect, evidence, rule, message, &hint);
        }
    }

    fn account(&mut self) {
        match &self.seen.account {
            Some(account) => self.parent("account-not-in-gong", account),
            None => {
                let message = "it has no account";
                let hint = "set accountId to the objectId of an account";
                self.hides("account-missing", message, hint);
            }
        }
    }

    fn owner(&mut self) {
        let Some(owner) = &self.seen.owner else {
            let message = "it has no owner, so it is on nobody's board";
            let hint = "set ownerId to the objectId of a business user";
            return self.hides("owner-missing", message, hint);
        };
        self.parent("owner-unknown", &owner.user);
        self.seat(owner, &format!("its owner {}", owner.user.id));
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
            Ok(Seat::NoAddress) if owner.user.is_accepted() => {
                let message = format!("the address of {who} is not known");
                let hint = "set emailAddress of the business user";
                self.hides("owner-without-address", message, hint);
            }
            // That the owner was not sent is another reason.
            Ok(Seat::Active | Seat::NoAddress) => {}
            Err((why, _)) if why.is_empty() => {}
            Err((why, hint)) => {
                let message = format!("whether {who} is a Gong user is not known: {why}");
                let rule = "users-not-readable";
                self.add(Effect::LeavesOpen, Evidence::Seen, rule, message, hint);
            }
        }
        if let [first, rest @ ..] = owner.same_address.as_slice() {
            let message = format!(
                "{} the same address as {who}: Gong ties an address to one business user only",
                has(first, rest)
            );
            let hint = "merge them in the CRM, or send only one of them";
            let rule = "owner-duplicate-address";
            self.add(Effect::LeavesOpen, Evidence::Inferred, rule, message, hint);
        }
    }

    fn user(&mut self) {
        if let Some(owner) = &self.seen.owner {
            self.seat(owner, "this business user");
        }
    }

    /// What keeps a deal off the board.
    fn board(&mut self) {
        self.owner();
        let empty = Map::new();
        let record = self.seen.record.as_ref().unwrap_or(&empty);
        if text(record, "closeDate").is_none() {
            let message = "it has no close date, so it is on no board";
            self.hides("close-date-missing", message, "set closeDate");
        }
        match &self.seen.stage {
            None => {
                let message = "it has no stage, so Gong associates fewer calls and emails with it";
                let hint = "set stage to the objectId of a stage";
                self.add(Effect::Note, Evidence::Seen, "stage-missing", message, hint);
            }
            Some((stage, is_retired)) => {
                self.parent("stage-unknown", stage);
                if *is_retired {
                    let message = format!("its stage {} is retired (isActive is false)", stage.id);
                    let hint = "old deals keep it; give a new deal another stage";
                    self.add(Effect::Note, Evidence::Seen, "stage-retired", message, hint);
                }
            }
        }
    }

    /// Whether a stage is out of use.
    fn retired(&mut self) {
        let record = self.seen.record.as_ref();
        let is_active = record.and_then(|record| record.get("isActive"));
        if is_active == Some(&serde_json::Value::Bool(false)) {
            let message = "it is retired (isActive is false): old deals keep it, new deals do not \
                           offer it";
            let hint = "set isActive to true to use it again";
            self.add(Effect::Note, Evidence::Seen, "stage-retired", message, hint);
        }
    }

    fn person(&mut self) {
        let empty = Map::new();
        let record = self.seen.record.as_ref().unwrap_or(&empty);
        let Some(address) = text(record, "emailAddress") else {
            if text(record, "phoneNumber").is_none() {
                let message = "it has neither an address nor a phone number, so Gong matches no call \
                               or mail with it";
                let hint = "set emailAddress";
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
            let message = format!(
                "its address is a private one, at {host}: calls and mails with the company come from \
                 company addresses"
            );
            let hint = "set emailAddress to the address at the company";
            let rule = "private-address";
            self.add(Effect::Hides, Evidence::Inferred, rule, message, hint);
        }
        match self.seen.same_address.as_deref() {
            Some([first, rest @ ..]) => {
                let message = format!(
                    "{} the same address: Gong ties a call or mail to one of them only",
                    has(first, rest)
                );
                let hint = "merge them in the CRM, or send only one of them";
                let rule = "duplicate-address";
                self.add(Effect::Hides, Evidence::Inferred, rule, message, hint);
            }
            Some([]) => {}
            None => {
                let message = "whether other records have the same address was not looked for: there \
                               is no source to look in";
                let hint = "name the sources in gong-crm.toml; gong-crm check finds them in files";
                let rule = "duplicates-not-looked-for";
                self.add(Effect::Note, Evidence::Seen, rule, message, hint);
            }
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
            let message = "it has no domains, so Gong associates calls and emails with it only through its contacts";
            let hint = "set domains to the company's own";
            let rule = "domains-missing";
            self.add(Effect::Note, Evidence::Seen, rule, message, hint);
        }
    }

    fn undeclared(&mut self) {
        match &self.seen.undeclared {
            Ok(fields) if fields.is_empty() => {}
            Ok(fields) => {
                let message = format!(
                    "Gong does not show fields that its schema does not have: {}",
                    fields.join(", ")
                );
                let hint = "declare them: gong-crm schema plan";
                let rule = "field-not-declared";
                self.add(Effect::Note, Evidence::Seen, rule, message, hint);
            }
            Err(error) => {
                let message =
                    format!("whether Gong shows its custom fields was not looked at: {error}");
                let rule = "schema-not-readable";
                self.add(Effect::Note, Evidence::Seen, rule, message, "");
            }
        }
    }
}

/// Who has something: the first, and how many more.
fn has(first: &str, rest: &[String]) -> String {
    if rest.is_empty() {
        format!("{first} has")
    } else {
        format!("{first} and {} more have", rest.len())
    }
}
