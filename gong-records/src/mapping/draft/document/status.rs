//! A deal's status: by its own column, by two flags, or by the stage.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::Writer;
use crate::mapping::draft::header::Header;
use crate::mapping::draft::profile::Profile;
use crate::mapping::draft::settings::Content;
use crate::mapping::draft::toml_text::quoted;
use crate::mapping::draft::words::words;

impl Writer<'_> {
    pub(super) fn status(&mut self) {
        let roles = &self.document.file.roles;
        let of_values = |index: usize| {
            let profile = self.profile(index)?;
            let is_small = !profile.has_more_values
                && profile.values.len() <= 60
                && !profile.values.is_empty();
            let known = profile
                .values
                .keys()
                .filter(|cell| matches!(words().status(cell), Some("WON" | "LOST")));
            Some((is_small, known.count()))
        };
        let named = || roles.fields.get("status").into_iter().flatten().copied();
        let status = named()
            .find(|index| of_values(*index).is_some_and(|(small, known)| small && known > 0));
        if let Some(index) = status {
            self.used.insert(index);
            self.translate(index);
            return;
        }
        let [won, closed] = ["is-won", "is-closed"].map(|role| {
            roles.others.get(role).copied().filter(|index| {
                let is_flag = |profile: &Profile| {
                    profile
                        .values
                        .keys()
                        .all(|cell| matches!(cell.as_str(), "0" | "1"))
                };
                self.content(*index) == Content::Boolean
                    || self.profile(*index).is_some_and(is_flag)
            })
        });
        if let (Some(won), Some(closed)) = (won, closed) {
            self.used.extend([won, closed]);
            let yes: Vec<String> = words()
                .list("yes")
                .iter()
                .map(|word| format!("'{word}'"))
                .collect();
            let is = |index: usize| {
                format!(
                    "{} | string | lower in [{}]",
                    self.in_expression(index),
                    yes.join(", ")
                )
            };
            let expression = format!(
                "'WON' if ({}) else 'LOST' if ({}) else 'OPEN'",
                is(won),
                is(closed)
            );
            self.line("status", &[format!("expr = {}", quoted(&expression))]);
            return;
        }
        let stage = roles
            .column("stage")
            .filter(|index| of_values(*index).is_some_and(|(small, known)| small && known > 0));
        if let Some(index) = stage {
            self.ask_for_lost(index);
            self.comment("No column has the status; it is derived from the stage.");
            self.translate(index);
            return;
        }
        // A small file may have open deals alone.
        let status = named().find(|index| {
            let known = self.profile(*index).map(|profile| {
                profile
                    .values
                    .keys()
                    .any(|cell| words().status(cell).is_some())
            });
            of_values(*index).is_some_and(|(small, _)| small) && known == Some(true)
        });
        if let Some(index) = status {
            self.used.insert(index);
            self.translate(index);
        } else {
            self.questions.push(
                "Which column says whether a deal is won or lost? Set status; without it, Gong \
                 treats all deals as open."
                    .to_owned(),
            );
        }
    }

    /// Asks which deals are lost, where no stage says so and won ones are there: some CRMs keep a lost deal
    /// in its last stage, and archive it or note a reason.
    fn ask_for_lost(&mut self, stage: usize) {
        const MIN_ROWS: u64 = 10;
        let Some(profile) = self.profile(stage) else {
            return;
        };
        let means = |meaning: &str| {
            let mut cells = profile.values.keys();
            cells.any(|cell| words().status(cell) == Some(meaning))
        };
        let roles = &self.document.file.roles;
        let reason = roles.others.get("lost-reason").copied();
        let is_partly = |index: &usize| {
            let rows = self.document.file.table.rows;
            self.profile(*index)
                .is_some_and(|one| one.filled > 0 && one.filled < rows)
        };
        let is_active = words().field(crate::ObjectType::Stage, "isActive");
        let is_flag = |index: &usize| {
            let header = Header::new(self.name(*index));
            header.rank(crate::ObjectType::Deal, is_active).is_some()
                && self.profile(*index).is_some_and(|one| one.values.len() > 1)
        };
        let flags = (0..self.contents.len()).filter(is_flag);
        let columns: Vec<usize> = reason.into_iter().filter(is_partly).chain(flags).collect();
        let is_large = self.document.file.table.rows >= MIN_ROWS;
        if means("LOST") || columns.is_empty() && !(is_large && means("WON")) {
            return;
        }
        let question = match columns.first() {
            Some(first) => format!(
                "No stage means that a deal is lost. Does {} say it? Then write status as an expression, such as \
                 status = {{ expr = \"'LOST' if {} else …\" }}; else remove this question.",
                self.listed(&columns),
                self.in_expression(*first)
            ),
            None => "No stage means that a deal is lost. If the file has lost deals, write status as an \
                     expression that tells them; else remove this question."
                .to_owned(),
        };
        self.questions.push(question);
    }

    /// The status from the words of a column; unknown words are open questions.
    pub(super) fn translate(&mut self, index: usize) {
        let name = quoted(self.name(index));
        let cells: Vec<String> = self
            .profile(index)
            .map(|profile| profile.values.keys().cloned().collect())
            .unwrap_or_default();
        if cells
            .iter()
            .all(|cell| ["won", "lost", "open"].contains(&cell.to_lowercase().as_str()))
        {
            let mut keys = vec![format!("from = {name}")];
            keys.extend(self.empty(&[index]));
            self.line("status", &keys);
            return;
        }
        let _ = writeln!(self.fields, "status.from = {name}");
        if let Some(empty) = self.empty(&[index]) {
            let _ = writeln!(self.fields, "status.{empty}");
        }
        let mut seen = BTreeSet::new();
        for cell in cells {
            if !seen.insert(cell.to_lowercase()) {
                continue;
            }
            let _ = match words().status(&cell) {
                Some(meaning) => writeln!(
                    self.fields,
                    "status.values.{} = \"{meaning}\"",
                    quoted(&cell)
                ),
                None => writeln!(
                    self.fields,
                    "status.values.{} = \"?\"  # WON, LOST or OPEN?",
                    quoted(&cell)
                ),
            };
        }
    }
}
