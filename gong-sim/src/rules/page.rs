//! Writes the page of rules, `docs/simulator-rules.md`, from the table.

use std::fmt::Write as _;

use super::table::{Area, RULES};

/// The text of `docs/simulator-rules.md`: every rule with its tag, source, date and switch.
///
/// ```
/// assert!(gong_sim::rules_page().contains("missing-scope-is-401"));
/// ```
pub fn rules_page() -> String {
    let mut page = String::from(INTRODUCTION);
    for area in Area::ALL {
        let rows: Vec<_> = RULES.iter().filter(|rule| rule.area == area).collect();
        _ = write!(
            page,
            "\n## {}\n\n| rule | tag | on | what it means | when off | source, date |\n|---|---|---|---|---|---|\n",
            area.title()
        );
        for rule in rows {
            _ = writeln!(
                page,
                "| `{}` | {} | {} | {} | {} | {}, {} |",
                rule.name,
                rule.evidence,
                if rule.on_by_default { "yes" } else { "no" },
                rule.statement,
                rule.otherwise,
                rule.source,
                rule.date,
            );
        }
    }
    page
}

const INTRODUCTION: &str = "\
<!-- Generated from gong-sim/src/rules/table.rs. Update it with: GONG_SIM_WRITE_RULES=1 cargo test -p gong-sim --test it rules -->

# Rules of the Gong simulator, and their evidence

Each row is one switch of the simulator. The tag says where the rule comes from:

- **documented**: Gong's current documentation or API description says so;
- **recorded**: an answer of the live service shows it;
- **assumed**: neither does. It is a guess, a statement of 2023 that has left the documentation, or something an integrator wrote. Do not take it for Gong's behavior.

A test that depends on an assumed rule should set its switch, so that the reader sees it: in Rust with `.rule(\"name\", true)`, over HTTP with `POST /_sim/rules` and `{\"name\": true}`, or all at once with `.strict()` (everything that can be rejected is) and `.lenient()` (nothing is rejected on a mere assumption).

Without a switch: `objectId` is mandatory in every record, `isDeleted` must be a boolean, and all text is UTF-8.
";
