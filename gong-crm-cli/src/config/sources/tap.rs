//! Parses `tap` of `[sources]`: one Singer tap for all types.

use std::path::PathBuf;
use std::time::Duration;

use toml::Spanned;
use toml::de::DeValue;

use super::{Member, words};
use crate::args::duration;
use crate::config::error::ConfigError;
use crate::config::guard::{Guarded, Power};

/// What `[sources]` says of a tap.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct TapTable {
    pub(crate) line: usize,
    pub(crate) command: Vec<String>,
    pub(crate) preset: Option<String>,
    pub(crate) map: Option<PathBuf>,
    pub(crate) currency: Option<String>,
    pub(crate) complete_every: Option<Duration>,
}

/// The keys of `[sources]` that are not types.
pub(super) const TAP_KEYS: [&str; 5] = ["tap", "preset", "map", "currency", "complete-every"];

/// Reads the keys of a tap in `[sources]`. What it runs and reads are its powers.
pub(in crate::config) fn tap<'a>(
    text: &'a str,
    table: &'a Spanned<DeValue<'a>>,
) -> Result<Option<Guarded<TapTable>>, ConfigError> {
    let mut tap = TapTable::default();
    let mut first = None;
    for member in Member::all(text, "sources", table)? {
        match member.name {
            "tap" => {
                tap.command = words(&member, "[\"tap-pipedrive\", \"--config\", \"tap.json\"]")?;
                tap.line = member.line;
            }
            "preset" => tap.preset = Some(member.string()?),
            "map" => tap.map = Some(member.string()?.into()),
            "currency" => tap.currency = Some(member.string()?),
            "complete-every" => tap.complete_every = Some(member.parsed(duration)?),
            _ => continue,
        }
        first.get_or_insert((member.line, member.name));
    }
    let Some((line, name)) = first else {
        return Ok(None);
    };
    let wrong = |line, message: String, hint: &str| {
        Err(ConfigError {
            line,
            message,
            hint: Some(hint.to_owned()),
        })
    };
    if tap.command.is_empty() {
        let hint = "write tap = [\"tap-pipedrive\", \"--config\", \"tap.json\"] in [sources]; the \
                    source of one type is a section such as [sources.ACCOUNT]";
        return wrong(line, format!("`{name}` in [sources] needs `tap`"), hint);
    }
    if tap.preset.is_some() == tap.map.is_some() {
        let message = "`tap` needs either `preset` or `map`".to_owned();
        let hint = "gong-crm presets list names the presets; with another tap: map = \"crm.toml\"";
        return wrong(tap.line, message, hint);
    }
    let mut powers = vec![Power::Run(tap.command.clone())];
    powers.extend(tap.map.clone().map(Power::Read));
    Ok(Some(Guarded::new(tap.line, "sources.tap", powers, tap)))
}

#[cfg(test)]
mod tests {
    use crate::config::file::ConfigFile;
    use crate::config::guard::{Origin, Trust};

    #[test]
    fn tap_is_read_and_needs_trust() {
        let text = "[sources]\ntap = [\"tap-x\", \"--config\", \"tap.json\"]\nmap = \"crm.toml\"\n\
                    complete-every = \"168h\"\n[sources.STAGE]\nfiles = \"stages.csv\"\n";
        let file = ConfigFile::parse(text).unwrap();
        assert_eq!(file.top.sources.len(), 1);
        let shown: Vec<String> = file
            .top
            .guards()
            .iter()
            .flat_map(|guard| guard.powers.iter().map(ToString::to_string))
            .collect();
        assert!(
            shown.contains(&"run tap-x --config tap.json".to_owned()),
            "{shown:?}"
        );
        assert!(shown.contains(&"read crm.toml".to_owned()), "{shown:?}");
        let guarded = file.top.tap.unwrap();
        let found = Origin {
            path: "gong-crm.toml".into(),
            trust: Trust::Unknown,
        };
        let refusal = guarded.clone().allowed_by(&found).unwrap_err();
        assert!(
            refusal.message.contains("would run tap-x"),
            "{}",
            refusal.message
        );
        let named = Origin {
            trust: Trust::Named("--config"),
            ..found
        };
        let tap = guarded.allowed_by(&named).unwrap().value;
        assert_eq!(
            tap.complete_every,
            Some(std::time::Duration::from_hours(7 * 24))
        );
    }

    #[test]
    fn mistakes_name_their_line() {
        for (text, line, message) in [
            (
                "[sources]\npreset = 'close'",
                2,
                "`preset` in [sources] needs `tap`",
            ),
            ("[sources]\n\ntap = ['x']", 3, "`tap` needs either"),
            (
                "[sources]\ntap = ['x']\npreset = 'a'\nmap = 'b'",
                2,
                "`tap` needs either",
            ),
            (
                "[sources]\ntap = 'x'\npreset = 'a'",
                2,
                "`tap` must be a list of words",
            ),
            ("[sources]\ntpa = ['x']", 2, "[sources.tpa]"),
        ] {
            let error = ConfigFile::parse(text).unwrap_err();
            assert_eq!(error.line, line, "{text}: {error:?}");
            assert!(error.message.starts_with(message), "{text}: {error:?}");
        }
    }
}
