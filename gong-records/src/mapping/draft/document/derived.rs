//! The tables of stages and users that are made of deals.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{MAX_LISTED, Writer};
use crate::mapping::draft::toml_text::quoted;
use crate::mapping::draft::words::words;

impl Writer<'_> {
    /// The stages that the file's deals are in.
    pub(super) fn stages(&mut self) -> String {
        let Some(index) = self.document.file.roles.column("stage") else {
            return String::new();
        };
        let name = self.name(index).to_owned();
        let settings = self.settings_text(false);
        let placeholders = self.profile(index).map(|profile| &profile.placeholders);
        let placeholders = placeholders.filter(|cells| !cells.is_empty());
        let is_stage = match placeholders {
            Some(cells) => {
                let cells: Vec<String> = cells
                    .keys()
                    .map(|cell| format!("'{}'", cell.replace('\\', "\\\\").replace('\'', "\\'")))
                    .collect();
                let column = self.in_expression(index);
                format!("{column} not in ['', {}]", cells.join(", "))
            }
            None => self.is_filled(index),
        };
        let filter = match self.filter() {
            Some(filter) if filter.contains(' ') => format!("({filter}) and {is_stage}"),
            Some(filter) => format!("{filter} and {is_stage}"),
            None => is_stage.clone(),
        };
        let settings = without_filter(&settings);
        let mut text = format!(
            "\n# The stages that the deals are in, each once.\n[STAGE]\n{settings}distinct = true\nwhere = {}\n\n[STAGE.fields]\n\
             objectId = {{ from = {}, slug = true }}\nname = {}\n",
            quoted(&filter),
            quoted(&name),
            quoted(&name)
        );
        let values = self.profile(index).map(|profile| &profile.values);
        let is_numbered = values.is_some_and(|values| {
            !values.is_empty() && values.keys().all(|cell| is_numbered(cell))
        });
        if is_numbered {
            let expression = format!("leading_number({})", self.in_expression(index));
            let _ = writeln!(
                text,
                "# A stage without a number at its beginning comes last.\nsortOrder = {{ expr = {}, default = \"999\" }}",
                quoted(&expression)
            );
        } else {
            let mut known: Vec<&String> = values.into_iter().flat_map(BTreeMap::keys).collect();
            known.sort_by_key(|cell| match words().status(cell) {
                Some("WON") => 1,
                Some("LOST") => 2,
                _ => 0,
            });
            if known.len() <= MAX_LISTED {
                let numbered = known.into_iter().zip(1..);
                let pairs: Vec<String> = numbered
                    .map(|(cell, number)| format!("{} = \"{number}\"", quoted(cell)))
                    .collect();
                let _ = writeln!(
                    text,
                    "# Their order on the deal board; correct it, and remove the #:\n# sortOrder = {{ from = {}, values = {{ {} }}, otherwise = \"99\" }}",
                    quoted(&name),
                    pairs.join(", ")
                );
            }
        }
        text
    }

    /// The users whose addresses are in the column of owners.
    pub(super) fn users(&mut self) -> String {
        let link = self
            .document
            .links
            .iter()
            .find(|(field, ..)| *field == "ownerId");
        let Some((_, _, link)) = link else {
            return String::new();
        };
        let column = self.in_expression(link.column());
        let settings = self.settings_text(false);
        let settings = without_filter(&settings);
        let expression = quoted(&format!("email_in({column})"));
        format!(
            "\n# The owners of the deals, each once.\n[BUSINESS_USER]\n{settings}distinct = true\nwhere = {expression}\n\n\
             [BUSINESS_USER.fields]\nobjectId = {{ expr = {expression} }}\nmodifiedDate = {{ constant = \"now\" }}\n\
             emailAddress = {{ expr = {expression} }}\n"
        )
    }
}

/// The settings without the rows that are omitted.
fn without_filter(settings: &str) -> String {
    let lines = settings.split_inclusive('\n');
    lines.filter(|line| !line.starts_with("where = ")).collect()
}

/// Whether a stage begins with its number, as `1. New`; `0% - Lost` begins with a probability.
fn is_numbered(cell: &str) -> bool {
    let digits = cell.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = cell.split_at(digits);
    let is_percent = rest.trim_start().starts_with('%');
    !is_percent && number.parse::<u32>().is_ok_and(|number| number > 0)
}
