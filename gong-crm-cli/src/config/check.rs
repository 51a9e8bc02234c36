//! Parses `[check]` of a `gong-crm.toml`: which findings are reported, and as what.

use std::collections::BTreeSet;

use gong_crm::Rule;
use gong_crm::check::Severities;
use toml::Spanned;
use toml::de::DeValue;

use super::error::{ConfigError, kind, line, nearest};
use super::sources::Member;

const KEYS: [&str; 3] = ["strict", "allow", "deny"];

/// Reads the table `[check]`.
pub(super) fn check<'a>(
    text: &'a str,
    table: &'a Spanned<DeValue<'a>>,
) -> Result<Severities, ConfigError> {
    let mut severities = Severities::default();
    for member in Member::all(text, "check", table)? {
        match member.name {
            "strict" => severities.strict = member.boolean()?,
            "allow" => severities.allow = rules(&member)?,
            "deny" => severities.deny = rules(&member)?,
            _ => return Err(member.unknown(&KEYS)),
        }
    }
    if let Some(both) = severities.allow.intersection(&severities.deny).next() {
        return Err(ConfigError {
            line: line(text, table.span().start),
            message: format!("`{both}` is in `allow` and in `deny`"),
            hint: Some("keep one of them".to_owned()),
        });
    }
    Ok(severities)
}

/// A list of names of rules.
fn rules(of: &Member<'_>) -> Result<BTreeSet<Rule>, ConfigError> {
    let DeValue::Array(names) = of.value.get_ref() else {
        return Err(of.wrong("an array of names of rules"));
    };
    names
        .iter()
        .map(|name| {
            let wrong = |message, hint| ConfigError {
                line: line(of.text, name.span().start),
                message,
                hint: Some(hint),
            };
            let DeValue::String(text) = name.get_ref() else {
                let message = format!(
                    "a rule must be a quoted string, found {}",
                    kind(name.get_ref())
                );
                return Err(wrong(message, "write it like \"null-value\"".to_owned()));
            };
            text.parse::<Rule>().map_err(|_| {
                let known = Rule::ALL.iter().map(|rule| rule.name());
                let hint = match nearest(text, known) {
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None => "docs/check-rules.md lists all rules".to_owned(),
                };
                wrong(format!("unknown rule `{text}`"), hint)
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use gong_crm::check::Severity;

    use super::*;
    use crate::config::file::ConfigFile;

    #[test]
    fn rules_are_allowed_and_denied() {
        let file = ConfigFile::parse(
            "[check]\nallow = [\"null-value\"]\ndeny = [\"email-format\"]\nstrict = false\n",
        );
        let severities = file.unwrap().top.check;
        assert_eq!(severities.of(Rule::NullValue), None);
        assert_eq!(severities.of(Rule::EmailFormat), Some(Severity::Error));
    }

    #[test]
    fn mistake_in_check_is_reported_by_line() {
        for (text, line, message) in [
            ("[check]\nalow = []", 2, "unknown key `alow`"),
            ("[check]\nallow = 'x'", 2, "`allow` must be an array"),
            (
                "[check]\nallow = [\n 'null-valeu']",
                3,
                "unknown rule `null-valeu`",
            ),
            ("[check]\ndeny = [1]", 2, "a rule must be a quoted string"),
            (
                "[check]\nallow = ['null-value']\ndeny = ['null-value']",
                1,
                "`null-value` is in `allow` and in `deny`",
            ),
        ] {
            let error = ConfigFile::parse(text).unwrap_err();
            assert_eq!(error.line, line, "{text}: {error:?}");
            assert!(error.message.starts_with(message), "{text}: {error:?}");
        }
    }
}
