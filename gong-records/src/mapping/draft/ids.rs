//! How the ids of a type are cleaned, so that Gong accepts them: the same way wherever they occur.

use std::collections::BTreeSet;

use super::profile::Profile;
use super::toml_text::{list, quoted};
use crate::mapping::cell::is_scientific;
use crate::mapping::text::{replace as replaced, slug, strip};
use crate::value::object_id;

/// Between the ids of a cell that has several.
const LIST_SEPARATOR: char = ';';

/// What makes ids of the cells that hold them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Cleaning {
    strip: Vec<String>,
    replace: Vec<char>,
    /// Whether what is replaced is left out, as the signs between the digits of `1,001`.
    removes: bool,
    slug: bool,
}

impl Cleaning {
    /// The cleaning steps that the cells of all these columns need.
    pub(super) fn of(profiles: &[&Profile]) -> Self {
        // What a spreadsheet has made of an id is not an id, and must stay recognizable.
        let values = || {
            let all = profiles.iter().flat_map(|profile| profile.values.keys());
            let cells = all.filter(|cell| !is_scientific(cell));
            cells.flat_map(|cell| cell.split(LIST_SEPARATOR).map(str::trim))
        };
        let needs = |cell: &str| {
            object_id::check(cell).is_err() || (cell.contains('_') && !cell.contains('@'))
        };
        let odd: BTreeSet<char> = profiles
            .iter()
            .flat_map(|profile| profile.odd.iter().copied())
            // Two ids of one cell must not become one.
            .filter(|one| *one != LIST_SEPARATOR)
            .collect();
        let mut odd: Vec<char> = odd.into_iter().collect();
        let is_clean = odd.iter().all(|one| "@.+".contains(*one)) && !values().any(needs);
        if odd.is_empty() || is_clean || values().next().is_none() {
            return Self::default();
        }
        let mut cleaning = Self::default();
        let all = |fits: &dyn Fn(&str) -> bool| values().all(fits);
        if all(&|cell| cell.starts_with("=\"") && cell.ends_with('"')) {
            cleaning.strip = vec!["=\"".to_owned(), "\"".to_owned()];
            odd.retain(|one| !"=\"".contains(*one));
        } else if all(&|cell| cell.starts_with('{') && cell.ends_with('}')) {
            cleaning.strip = vec!["{".to_owned(), "}".to_owned()];
            odd.retain(|one| !"{}".contains(*one));
        } else if all(&is_float) {
            // As programs write whole numbers of a column with gaps.
            cleaning.strip = vec![".0".to_owned()];
            odd.clear();
        } else if all(&|cell| cell.starts_with('\'')) {
            cleaning.strip = vec!["'".to_owned()];
            odd.retain(|one| *one != '\'');
        } else {
            let prefix = common_prefix(&values().collect::<Vec<_>>());
            // Digits are of a record's own number, even where the few ids of an export share them.
            let prefix = prefix.split(|one: char| one.is_ascii_digit()).next();
            let prefix = prefix.unwrap_or_default();
            if let Some(end) = prefix.rfind('_').filter(|end| *end > 0) {
                let prefix = &prefix[..=end];
                let is_rest_plain = values().all(|cell| {
                    cell[prefix.len()..]
                        .chars()
                        .all(|one| one.is_ascii_alphanumeric() || one == '-')
                });
                if is_rest_plain && prefix.chars().any(char::is_alphabetic) {
                    cleaning.strip = vec![prefix.to_owned()];
                    odd.clear();
                }
            }
        }
        let is_grouped = |cell: &str| {
            let mut groups = cell.split([',', '.', '\'', ' ']);
            let first = groups.next().unwrap_or_default();
            let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
            (1..=3).contains(&first.len())
                && is_digits(first)
                && groups.all(|group| group.len() == 3 && is_digits(group))
        };
        cleaning.removes = odd.len() == 1 && all(&is_grouped);
        if odd.iter().any(|one| one.is_alphabetic()) {
            cleaning.slug = true;
        } else {
            cleaning.replace = odd;
        }
        cleaning
    }

    /// The id that a cell becomes.
    pub(super) fn apply(&self, cell: &str) -> String {
        let by = if self.removes { "" } else { "-" };
        let replace: Vec<(String, String)> = self
            .replace
            .iter()
            .map(|one| (one.to_string(), by.to_owned()))
            .collect();
        let cleaned = replaced(strip(cell, &self.strip), &replace);
        if self.slug {
            slug(&cleaned)
        } else {
            cleaned.into_owned()
        }
    }

    /// The keys of a field's table.
    pub(super) fn keys(&self) -> Vec<String> {
        let mut keys = Vec::new();
        if !self.strip.is_empty() {
            keys.push(format!("strip = {}", list(&self.strip)));
        }
        if !self.replace.is_empty() {
            let pairs: Vec<String> = self
                .replace
                .iter()
                .map(|one| {
                    let by = if self.removes { "" } else { "-" };
                    format!("{} = \"{by}\"", quoted(&one.to_string()))
                })
                .collect();
            keys.push(format!("replace = {{ {} }}", pairs.join(", ")));
        }
        if self.slug {
            keys.push("slug = true".to_owned());
        }
        keys
    }
}

/// Whether an id is a whole number, perhaps as `1001.0`.
fn is_float(cell: &str) -> bool {
    let whole = cell.strip_suffix(".0").unwrap_or(cell);
    !whole.is_empty() && whole.bytes().all(|byte| byte.is_ascii_digit())
}

fn common_prefix(values: &[&str]) -> String {
    let mut values = values.iter();
    let mut prefix = values.next().copied().unwrap_or_default();
    for value in values {
        let common = prefix
            .chars()
            .zip(value.chars())
            .take_while(|(one, other)| one == other);
        let length: usize = common.map(|(one, _)| one.len_utf8()).sum();
        prefix = &prefix[..length];
    }
    prefix.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::cell::CellKind;

    fn keys(cells: &[&str]) -> String {
        let mut profile = Profile::default();
        for cell in cells {
            profile.add(cell, CellKind::Text);
        }
        Cleaning::of(&[&profile]).keys().join(", ")
    }

    #[test]
    fn ids_of_crms_are_cleaned_by_their_content() {
        for (cells, expected) in [
            (&["101", "102"][..], ""),
            (&["a@x.example", "b.c@x.example"], ""),
            (
                &[
                    "{3F2504E0-4F89-11D3-9A0C-0305E82C3301}",
                    "{3F2504E0-4F89-11D3-9A0C-0305E82C3302}",
                ],
                "strip = [\"{\", \"}\"]",
            ),
            (
                &["zcrm_4876876000000333001", "zcrm_4876876000000333002"],
                "strip = [\"zcrm_\"]",
            ),
            (
                &["__export__.res_partner_9", "__export__.res_partner_10"],
                "strip = [\"__export__.res_partner_\"]",
            ),
            (
                &["V-2025/0000", "V-2025/0001"],
                "replace = { \"/\" = \"-\" }",
            ),
            (
                &["12.345.678/0001-90"],
                "replace = { \".\" = \"-\", \"/\" = \"-\" }",
            ),
            (&["1,001", "12,345", "7"], "replace = { \",\" = \"\" }"),
            (&["=\"001\"", "=\"002\""], "strip = [\"=\\\"\", \"\\\"\"]"),
            (&["1001.0", "1002"], "strip = [\".0\"]"),
            (&["'0001", "'0002"], "strip = [\"'\"]"),
            (&["lead_a1", "cont_b2"], "replace = { \"_\" = \"-\" }"),
            (&["Müller 1"], "slug = true"),
            // A cell with two ids is a list, and no id.
            (&["18446744073710;18446744073709", "51"], ""),
            (&["zcrm_1;zcrm_2"], "strip = [\"zcrm_\"]"),
            // One record, or some with the first digits in common.
            (&["zcrm_77"], "strip = [\"zcrm_\"]"),
            (
                &["__export__.res_partner_9_a1"],
                "replace = { \".\" = \"-\", \"_\" = \"-\" }",
            ),
            (
                &["__export__.res_partner_10", "__export__.res_partner_19"],
                "strip = [\"__export__.res_partner_\"]",
            ),
        ] {
            assert_eq!(keys(cells), expected, "{cells:?}");
        }
    }
}
