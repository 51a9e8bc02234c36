//! `gong-crm trust`: what a found config file would do, and the user's consent to it.

use std::path::{Path, PathBuf};

use crate::args::Global;
use crate::args::trust::Trust;
use crate::config::file::ConfigFile;
use crate::config::guard::{self, Guard};
use crate::config::search::Search;
use crate::config::settings::parse;
use crate::config::trust_store;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::Output;
use crate::output::table::Align;

pub(crate) fn run(global: &Global, args: &Trust, output: Output) -> Result<Exit, CliError> {
    let named = args.file.as_ref().or(global.config.as_ref());
    if args.revoke {
        let path = named.map_or_else(|| found().map(|(path, ..)| path), |path| Ok(path.clone()))?;
        return revoke(&path, output);
    }
    let (path, text, file) = match named {
        Some(path) => read(Search::named(path, "--config")?)?,
        None => found()?,
    };
    if !args.show {
        trust_store::keep(&path, &text)?;
    }
    let trust = trust_store::trust(&path, &text);
    show(&path, &file, trust, output);
    Ok(Exit::Ok)
}

/// The file that a command run here would find.
fn found() -> Result<(PathBuf, String, ConfigFile), CliError> {
    let search = Search::from_here()?;
    let is_found = |(origin, _): &(guard::Origin, _)| origin.trust != guard::Trust::Own;
    if search.file.as_ref().is_some_and(is_found) {
        return read(search);
    }
    Err(CliError::new(
        Exit::Usage,
        "there is no gong-crm.toml in this folder or above it",
    )
    .with_hint("name the file: gong-crm trust FILE"))
}

fn read(search: Search) -> Result<(PathBuf, String, ConfigFile), CliError> {
    let Some((origin, opened)) = search.file else {
        return Err(CliError::new(Exit::Usage, "there is no config file"));
    };
    let file = parse(&origin, &opened)?;
    Ok((origin.path, opened.text, file))
}

fn revoke(path: &Path, output: Output) -> Result<Exit, CliError> {
    let was_trusted = trust_store::revoke(path)?;
    if output.is_json() {
        output.json(&serde_json::json!({
            "path": path.to_string_lossy(), "trusted": false, "wasTrusted": was_trusted,
        }));
    } else {
        let path = path.display();
        output.status(&if was_trusted {
            format!("{path} is not trusted any more")
        } else {
            format!("{path} was not trusted")
        });
    }
    Ok(Exit::Ok)
}

/// Shows what the file does that only a trusted one may do.
fn show(path: &Path, file: &ConfigFile, trust: guard::Trust, output: Output) {
    let profiles = file.profiles.iter();
    let profiles = profiles.map(|(name, profile)| (Some(name.as_str()), profile));
    let all: Vec<(Option<&str>, &Guard)> = std::iter::once((None, &file.top))
        .chain(profiles)
        .flat_map(|(name, profile)| profile.guards().into_iter().map(move |guard| (name, guard)))
        .collect();
    if output.is_json() {
        let allows: Vec<_> = all
            .iter()
            .flat_map(|(profile, guard)| {
                guard.powers.iter().map(move |power| {
                    serde_json::json!({
                        "line": guard.line, "profile": profile, "setting": guard.setting,
                        "action": power.to_string(),
                    })
                })
            })
            .collect();
        output.json(&serde_json::json!({
            "path": path.to_string_lossy(), "trusted": trust.is_trusted(), "allows": allows,
        }));
        return;
    }
    let rows: Vec<Vec<String>> = all
        .iter()
        .flat_map(|(profile, guard)| {
            guard.powers.iter().map(move |power| {
                let setting = match profile {
                    Some(profile) => format!("profile.{profile}.{}", guard.setting),
                    None => guard.setting.clone(),
                };
                vec![guard.line.to_string(), setting, power.to_string()]
            })
        })
        .collect();
    if !rows.is_empty() {
        let columns = [
            ("line", Align::Right),
            ("setting", Align::Left),
            ("what it does", Align::Left),
        ];
        output.table(&columns, &rows);
    }
    let path = path.display();
    let needs = if rows.is_empty() {
        "; it does nothing that needs trust"
    } else {
        ""
    };
    output.status(&if trust.is_trusted() {
        format!("{path} is trusted until it changes{needs}")
    } else {
        format!("{path} is not trusted{needs}")
    });
}
