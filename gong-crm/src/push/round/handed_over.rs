//! Records that move from the source of one scope to that of another one: their owner hands them over
//! instead of deleting them.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::stages::is_retired;
use crate::ObjectType;
use crate::ledger::{Current, LedgerError, RefusedClaims};
use crate::named::some_of;
use crate::push::planned::{Plan, TypePlan};
use crate::push::reads::{Round, TypeRead};
use crate::push::session::Session;

/// How many records a note names.
pub(super) const NAMED: usize = 5;

impl Session {
    /// The stages that another scope owns and took out of use: it does not need them any more, and this
    /// one may bring them back.
    pub(crate) async fn retired_stages(&self) -> Result<HashSet<String>, LedgerError> {
        let Some((round, _)) = self.read_of(ObjectType::Stage) else {
            return Ok(HashSet::new());
        };
        let mut ids = Vec::new();
        let ledger = self.ledger.ledger();
        ledger
            .each_head(self.space, ObjectType::Stage, |id, head| {
                let is_of_other = head.scope != 0 && head.scope != round.scope;
                if is_of_other && head.current == Current::Version {
                    ids.push(id.to_owned());
                }
                true
            })
            .await?;
        let lines = ledger.stage_lines(self.space, &ids).await?;
        let stages = ids.into_iter().zip(lines);
        let retired = stages.filter(|(_, line)| is_retired(line));
        Ok(retired.map(|(id, _)| id).collect())
    }

    /// Gives vanished records to the scope whose source has them.
    pub(super) async fn hand_over(
        &self,
        round: &Round,
        of_type: &mut TypePlan,
        plan: &mut Plan,
    ) -> Result<(), LedgerError> {
        let object_type = of_type.object_type;
        let released = std::mem::take(&mut of_type.round.released);
        if !released.is_empty() {
            plan.round.writes.handed.push((object_type, 0, released));
        }
        if of_type.round.absent.is_empty() {
            return Ok(());
        }
        let ledger = self.ledger.ledger();
        let mut scopes = ledger.live_scopes().await?;
        scopes.remove(&round.scope);
        let mut claims = Vec::new();
        for scope in scopes {
            let refused = ledger.refused_claims(self.space, scope, object_type);
            let refused = refused.await?;
            if !refused.ids.is_empty() {
                claims.push((scope, refused));
            }
        }
        if claims.is_empty() {
            return Ok(());
        }
        // What a complete source has, its scope owns.
        claims.sort_by_key(|(_, claims)| (claims.is_mostly_foreign, !claims.is_complete));
        let now = self.now();
        let mut handed: BTreeMap<u32, Vec<String>> = BTreeMap::new();
        let mut doubted: BTreeMap<u32, Vec<String>> = BTreeMap::new();
        of_type.round.absent.retain(|absent| {
            let mut claims = claims.iter();
            let found = claims.find(|(_, of)| of.have(&absent.object_id, now));
            let Some((scope, of_scope)) = found else {
                return true;
            };
            if of_scope.is_mostly_foreign {
                let of_scope = doubted.entry(*scope).or_default();
                of_scope.push(absent.object_id.clone());
                return true;
            }
            let of_scope = handed.entry(*scope).or_default();
            of_scope.push(absent.object_id.clone());
            false
        });
        for (scope, ids) in doubted {
            let name = ledger.scope_name(scope).await?.unwrap_or_default();
            let ids = ids.into_iter().map(|id| (id, name.clone()));
            of_type.round.doubted.extend(ids);
        }
        for (scope, ids) in handed {
            let mut claims = claims.iter();
            let owns = claims.any(|(of, claims)| *of == scope && claims.is_complete);
            let name = ledger.scope_name(scope).await?.unwrap_or_default();
            let (records, are, has_them) = match ids.len() {
                1 => ("1 record".to_owned(), "is", "has it"),
                count => (format!("{count} records"), "are", "has them"),
            };
            let owner = if owns {
                "which owns"
            } else {
                "and stays in Gong: no sync owns"
            };
            let them = if ids.len() == 1 { "it" } else { "them" };
            let named = some_of(ids.iter(), NAMED);
            // What a source of changes gave is not kept, and it may never give it again by itself.
            let then = if owns {
                String::new()
            } else {
                format!("; what that scope gave of {them} before was not sent: give it again there")
            };
            plan.notes.push(format!(
                "{object_type}: {records} {are} gone from the source, and scope {name:?} {has_them}, {owner} \
                 {them} from now on: {named}{then}"
            ));
            let to = if owns { scope } else { 0 };
            plan.round.writes.handed.push((object_type, to, ids));
        }
        Ok(())
    }

    /// Notes which records of a read another scope owns.
    pub(super) async fn note_refused(
        &self,
        round: &Round,
        read: &TypeRead,
        of_type: &mut TypePlan,
        plan: &mut Plan,
    ) -> Result<(), LedgerError> {
        let object_type = of_type.object_type;
        let refused = std::mem::take(&mut of_type.round.refused);
        let ids = refused.iter().map(|(id, _)| id.as_str());
        of_type.round.counts.foreign_named = some_of(ids, NAMED);
        let mut claimed = BTreeSet::new();
        let mut deleted = Vec::new();
        for (id, is_deletion) in refused {
            if is_deletion {
                deleted.push(id);
            } else {
                claimed.insert(id);
            }
        }
        let ledger = self.ledger.ledger();
        let known = ledger.refused_claims(self.space, round.scope, object_type);
        let known = known.await?;
        let counts = &of_type.round.counts;
        let is_whole = read.is_complete && counts.incomplete.is_none();
        let at = self.now().as_second();
        let own = counts.tracked + of_type.chosen.len() as u64;
        let is_mostly_foreign = counts.foreign > own && read.is_complete;
        let claims = if is_whole {
            RefusedClaims {
                is_complete: true,
                is_mostly_foreign,
                at,
                ids: claimed,
            }
        } else {
            let mut claims = known.clone();
            claims.is_complete |= read.owns();
            claims.is_mostly_foreign |= is_mostly_foreign;
            claims.at = at;
            claims.ids.extend(claimed);
            for id in deleted {
                claims.ids.remove(&id);
            }
            claims
        };
        let is_nothing = claims.ids.is_empty() && known.ids.is_empty();
        if claims != known && !is_nothing {
            plan.round.writes.refused.push((object_type, claims));
        }
        Ok(())
    }
}
