//! How many records of a type may be deleted or changed within a day.

use std::collections::{HashMap, HashSet};

use jiff::SignedDuration;

use crate::ObjectType;
use crate::compare::Facts;
use crate::ledger::{Action, Content, Direction, LedgerError, Pending};
use crate::push::PushError;
use crate::push::lines::{EntryLines, id_reader};
use crate::push::parents::HELD_BACK;
use crate::push::planned::{Chosen, Plan, TypePlan};
use crate::push::reads::{HoldReason, Limit, Round};
use crate::push::session::Session;
use crate::push::survey::TypeFiles;
use crate::push::users::has_other_address;

/// So many deletions are never too many by a percentage alone.
const ALWAYS_ALLOWED: u64 = 20;

/// How many of a hundred users may change their address at once.
const MAX_ADDRESSES: f64 = 20.0;

/// So many changes of addresses are never too many: in a small company, two people who swap theirs are
/// many of a hundred.
const ADDRESSES_ALWAYS_ALLOWED: u64 = 3;

/// The deletions of one type.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deletable {
    /// How many records the scope owned before this round.
    pub(crate) tracked: u64,
    /// How many would be deleted now.
    pub(crate) now: u64,
    /// How many were deleted within the last 24 hours.
    pub(crate) today: u64,
    /// Whether the read has no record at all.
    pub(crate) is_empty_now: bool,
}

impl Deletable {
    /// How many records there were a day ago.
    pub(crate) fn base(self) -> u64 {
        self.tracked + self.today
    }

    /// How many may be deleted per day; `None` for any number.
    pub(crate) fn allowed(self, limit: Limit) -> Option<u64> {
        match limit {
            Limit::Default => Some(percent(5.0, self.base()).max(ALWAYS_ALLOWED)),
            Limit::Records(records) => Some(records),
            Limit::Percent(of_hundred) => Some(percent(of_hundred, self.base())),
            Limit::Unlimited => None,
        }
    }

    /// Why nothing of it is deleted, if that is so.
    pub(crate) fn refusal(self, limit: Limit, object_type: ObjectType) -> Option<String> {
        let allowed = self.allowed(limit)?;
        let (base, total) = (self.base(), self.now + self.today);
        if self.is_empty_now && self.tracked > 0 {
            return Some(format!(
                "the source has no {object_type} records at all now, but had {}",
                self.tracked
            ));
        }
        let count = match (total, self.today) {
            (1, _) => "1 deletion".to_owned(),
            (_, 0) => format!("{total} deletions"),
            (_, today) => format!("{total} deletions, {today} of them earlier today,"),
        };
        let are = if total == 1 { "is" } else { "are" };
        if total > allowed {
            return Some(format!(
                "{count} of {base} {object_type} records {are} more than the limit of {allowed} per \
                 day (--max-deletions)"
            ));
        }
        if self.tracked > 0 && total * 2 >= base {
            return Some(format!(
                "{count} of {base} {object_type} records {are} half of the type or more"
            ));
        }
        None
    }
}

/// So many of a hundred of a number, rounded down.
fn percent(of_hundred: f64, base: u64) -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "counts of records are far below 2^52"
    )]
    let part = (base as f64 * of_hundred / 100.0).floor() as u64;
    part
}

impl Session {
    /// How many records of a type were sent within the last 24 hours, in one direction.
    pub(crate) async fn today(
        &self,
        object_type: ObjectType,
        direction: Direction,
    ) -> Result<u64, LedgerError> {
        let day = self.now().checked_sub(SignedDuration::from_hours(24));
        let ledger = self.ledger.ledger();
        ledger
            .sent_since(self.space, object_type, direction, day.unwrap_or_default())
            .await
    }

    /// How many records of a type Gong has, as far as the ledger knows.
    pub(crate) async fn in_gong(&self, object_type: ObjectType) -> Result<u64, LedgerError> {
        let owners = self.ledger.ledger().owners(self.space, object_type).await?;
        Ok(owners.values().sum())
    }

    /// Holds back changes that reach a limit: too many of a type, or too many users whose address
    /// changes.
    pub(crate) async fn limit_changes(
        &self,
        round: &Round,
        of_type: &mut TypePlan,
    ) -> Result<Vec<(String, Action, HoldReason)>, PushError> {
        let object_type = of_type.object_type;
        let changes = of_type.chosen.iter();
        let now = changes
            .filter(|chosen| chosen.action != Action::Delete)
            .count() as u64;
        let allowed = match round.max_changes {
            Limit::Default | Limit::Unlimited => None,
            Limit::Records(records) => Some(records),
            Limit::Percent(of_hundred) => {
                let base = self.base_of_changes(of_type).await?;
                Some(percent(of_hundred, base))
            }
        };
        if let Some(allowed) = allowed
            && now > 0
        {
            let today = self.today(object_type, Direction::Upsert).await?;
            if now + today > allowed {
                let count = match (now + today, today) {
                    (1, _) => format!("1 change of {object_type} records is"),
                    (total, 0) => format!("{total} changes of {object_type} records are"),
                    (total, today) => format!(
                        "{total} changes of {object_type} records, {today} of them earlier today, are"
                    ),
                };
                let reason =
                    format!("{count} more than the limit of {allowed} per day (--max-changes)");
                let held = self.ids_of(of_type, |chosen| chosen.action != Action::Delete)?;
                of_type
                    .chosen
                    .retain(|chosen| chosen.action == Action::Delete);
                return Ok(with_reason(held, of_type, &reason));
            }
        }
        let may_exceed = object_type == ObjectType::BusinessUser && now > ADDRESSES_ALWAYS_ALLOWED;
        if may_exceed && round.max_deletions != Limit::Unlimited {
            let base = self.base_of_changes(of_type).await?;
            return self.limit_addresses(of_type, base).await;
        }
        Ok(Vec::new())
    }

    /// Of how many records the changes are a part: all of the type, of which a source of changes names
    /// few.
    async fn base_of_changes(&self, of_type: &TypePlan) -> Result<u64, LedgerError> {
        let known = of_type.round.counts.tracked.max(of_type.records);
        if self.is_complete(of_type.object_type) {
            return Ok(known);
        }
        Ok(self.in_gong(of_type.object_type).await?.max(known))
    }

    /// Users whose address changes are deleted and made again: not too many of them at once.
    async fn limit_addresses(
        &self,
        of_type: &mut TypePlan,
        base: u64,
    ) -> Result<Vec<(String, Action, HoldReason)>, PushError> {
        let is_known_change = |chosen: &Chosen| chosen.is_known && chosen.action != Action::Delete;
        let lines = self.lines_of(of_type, is_known_change)?;
        let ids = lines.iter().map(|line| line.object_id.as_str());
        let states = self.states(of_type.object_type, ids).await?;
        let changed: Vec<(u64, String)> = lines
            .into_iter()
            .zip(states)
            .filter(|(line, state)| {
                let before = state.as_ref().and_then(|state| state.address);
                let is_refused = state.as_ref().is_some_and(has_other_address);
                is_refused || before.is_some() && before != line.address
            })
            .map(|(line, _)| (line.place, line.object_id))
            .collect();
        let allowed = percent(MAX_ADDRESSES, base).max(ADDRESSES_ALWAYS_ALLOWED);
        if changed.len() as u64 <= allowed {
            return Ok(Vec::new());
        }
        let reason = format!(
            "the addresses of {} of {base} users change at once, which is more than {allowed}: \
             each would be deleted and created again (the same sync with --only BUSINESS_USER \
             --max-deletions unlimited allows it, and sends users alone)",
            changed.len()
        );
        let places: HashSet<u64> = changed.iter().map(|(place, _)| *place).collect();
        of_type
            .chosen
            .retain(|chosen| !places.contains(&chosen.entry.place));
        Ok(changed
            .into_iter()
            .map(|(_, id)| (id, Action::Update, HoldReason::Limit(reason.clone())))
            .collect())
    }

    /// The ids of some chosen versions, with their places.
    pub(crate) fn ids_of(
        &self,
        of_type: &TypePlan,
        is_wanted: impl Fn(&Chosen) -> bool,
    ) -> Result<Vec<(u64, String)>, PushError> {
        let lines = self.lines_of(of_type, is_wanted)?;
        Ok(lines
            .into_iter()
            .map(|line| (line.place, line.object_id))
            .collect())
    }

    fn lines_of(
        &self,
        of_type: &TypePlan,
        is_wanted: impl Fn(&Chosen) -> bool,
    ) -> Result<Vec<ChosenLine>, PushError> {
        let chosen = of_type.chosen.iter();
        let wanted = chosen.filter(|chosen| is_wanted(chosen)).copied().collect();
        let mut lines = Vec::new();
        self.each_chosen(of_type.object_type, wanted, |chosen, facts, _, _| {
            lines.push(ChosenLine {
                place: chosen.entry.place,
                address: facts.address,
                object_id: facts.object_id.into_owned(),
            });
        })?;
        Ok(lines)
    }

    /// Keeps the content of changes that are held back, where the next read of their source does not
    /// have them any more. `before` is what was to be sent before it was held back.
    pub(crate) fn keep_held(
        &self,
        of_type: &TypePlan,
        before: Vec<Chosen>,
        plan: &mut Plan,
    ) -> Result<(), PushError> {
        let object_type = of_type.object_type;
        let sent: HashSet<u64> = of_type.chosen.iter().map(|of| of.entry.place).collect();
        let mut held = before;
        held.retain(|chosen| !sent.contains(&chosen.entry.place));
        let reasons = plan.round.held.iter();
        let reasons: HashMap<&str, &str> = reasons
            .filter(|held| held.object_type == object_type)
            .map(|held| (held.object_id.as_str(), held.reason.text()))
            .collect();
        let mut kept = Vec::new();
        self.each_chosen(object_type, held, |chosen, facts, file, line| {
            let source_line = self.files[file].source_line(u64::from(chosen.entry.line));
            let reason = reasons.get(facts.object_id.as_ref()).copied();
            let object_id = facts.object_id.into_owned();
            let pending = Pending {
                sent_date: facts.modified,
                address: facts.address,
                source: u32::try_from(file).unwrap_or(u32::MAX),
                line: source_line,
                ..Pending::new(object_id, chosen.action, facts.hash.to_le_bytes())
            };
            let content = Content {
                line: line.to_vec(),
                ..Content::default()
            };
            let reason = format!("{HELD_BACK}{}", reason.unwrap_or_default());
            kept.push((pending, reason, content));
        })?;
        if !kept.is_empty() {
            let of_ledger = plan.writes.held.entry(object_type).or_default();
            of_ledger.extend(kept);
        }
        Ok(())
    }

    /// Reads the lines of chosen versions; the files are counted among all of the push.
    pub(super) fn each_chosen(
        &self,
        object_type: ObjectType,
        mut wanted: Vec<Chosen>,
        mut use_line: impl FnMut(&Chosen, Facts<'_>, usize, &[u8]),
    ) -> Result<(), PushError> {
        if wanted.is_empty() {
            return Ok(());
        }
        wanted.sort_unstable_by_key(|chosen| chosen.entry.place);
        let files = TypeFiles::new(object_type, &self.files);
        let mut reader = id_reader(self.key, object_type);
        let mut lines = EntryLines::new(&files);
        for chosen in &wanted {
            let (file, line) = lines.read(&chosen.entry)?;
            // Lines that can no longer be read are found when they are written.
            if let Ok(facts) = reader.read(line) {
                use_line(chosen, facts, files.files[file].0, line);
            }
        }
        Ok(())
    }
}

/// The facts in a chosen version's line.
struct ChosenLine {
    place: u64,
    object_id: String,
    address: Option<u64>,
}

fn with_reason(
    held: Vec<(u64, String)>,
    of_type: &TypePlan,
    reason: &str,
) -> Vec<(String, Action, HoldReason)> {
    debug_assert!(
        of_type
            .chosen
            .iter()
            .all(|chosen| chosen.action == Action::Delete)
    );
    held.into_iter()
        .map(|(_, id)| (id, Action::Update, HoldReason::Limit(reason.to_owned())))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deletable(tracked: u64, now: u64, today: u64) -> Deletable {
        Deletable {
            tracked,
            now,
            today,
            is_empty_now: false,
        }
    }

    #[test]
    fn deletions_stop_at_daily_limit_and_half_of_the_type() {
        let table = [
            ("few", Limit::Default, deletable(10_000, 5, 0), true),
            ("5 %", Limit::Default, deletable(10_000, 500, 0), true),
            (
                "more than 5 %",
                Limit::Default,
                deletable(10_000, 501, 0),
                false,
            ),
            (
                "4 % twice a day",
                Limit::Default,
                deletable(9_600, 384, 400),
                false,
            ),
            ("20 of 100", Limit::Default, deletable(100, 20, 0), true),
            ("15 of 16", Limit::Default, deletable(16, 15, 0), false),
            ("half", Limit::Default, deletable(4, 2, 0), false),
            (
                "half by number",
                Limit::Records(100),
                deletable(100, 50, 0),
                false,
            ),
            ("by number", Limit::Records(3), deletable(100, 4, 0), false),
            ("none", Limit::Records(0), deletable(100, 1, 0), false),
            ("1 %", Limit::Percent(1.0), deletable(1_000, 11, 0), false),
            ("unlimited", Limit::Unlimited, deletable(16, 16, 0), true),
            (
                "by flag, nothing tracked",
                Limit::Default,
                deletable(0, 3, 0),
                true,
            ),
        ];
        for (name, limit, of, may_go) in table {
            let refusal = of.refusal(limit, ObjectType::Deal);
            assert_eq!(refusal.is_none(), may_go, "{name}: {refusal:?}");
        }
        let empty = Deletable {
            is_empty_now: true,
            ..deletable(50, 2, 0)
        };
        assert!(empty.refusal(Limit::Default, ObjectType::Deal).is_some());
        assert!(empty.refusal(Limit::Unlimited, ObjectType::Deal).is_none());
    }
}
