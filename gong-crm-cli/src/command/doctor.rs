//! `gong-crm doctor`: checks of the settings and the connection, with a hint for each problem.

use crate::args::Global;
use crate::args::doctor::Doctor;
use crate::config::setting::{Source, text};
use crate::config::settings::Settings;
use crate::connection::Connection;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::Output;

use self::calls::examine;
use self::check::{Check, State};

mod calls;
mod check;
mod probe;

pub(crate) async fn run(global: &Global, args: &Doctor, output: &Output) -> Result<Exit, CliError> {
    if args.probe {
        return probe::run(global, args, *output).await;
    }
    let checks = if global.sim {
        let connection = Connection::open(global).await?;
        examine(&connection, None).await
    } else {
        check_all(global).await
    };
    let exit = check::exit(&checks);
    if output.is_json() {
        output.json(&serde_json::json!({"ok": exit == Exit::Ok, "checks": checks}));
    } else {
        check::print(&checks, *output);
    }
    Ok(exit)
}

/// Checks the settings first, before any call.
async fn check_all(global: &Global) -> Vec<Check> {
    let mut checks = config_files(global);
    let settings = match Settings::read(global) {
        Ok(settings) => settings,
        Err(failure) => {
            checks.push(Check::failed("settings", &failure));
            return checks;
        }
    };
    checks.extend(settings.map.as_ref().map(|map| {
        let path = map.value.display();
        Check::ok("mapping", format!("{path}, from {}", map.source))
    }));
    checks.push(ledger(&settings).await);
    checks.extend(proxy());
    let credentials = settings.credentials();
    if checks.iter().any(|check| check.state == State::Failed) || credentials.is_err() {
        checks.extend(
            credentials
                .err()
                .map(|failure| Check::failed("credentials", &failure)),
        );
        return checks;
    }
    match Connection::with(&settings, global).await {
        Ok(connection) => checks.extend(examine(&connection, Some(&settings)).await),
        Err(failure) => checks.push(Check::failed("base URL", &failure)),
    }
    checks
}

/// The config file that counts, and those that do not.
fn config_files(global: &Global) -> Vec<Check> {
    let name = "config file";
    // The check of the settings reports the problem.
    let Ok(search) = Settings::search(global) else {
        return Vec::new();
    };
    let passed_over = search.passed_over.iter().map(|(path, reason)| {
        let path = path.display();
        Check::skipped(name, format!("{path}: {reason}"))
            .with_hint(format!("if you trust it, name it: --config {path}"))
    });
    let counted = match &search.file {
        None => Check::ok(name, "none; using flags and environment"),
        Some((origin, opened)) => {
            let profile = global.profile.clone().or_else(|| text("GONG_PROFILE"));
            let profile = profile.map_or_else(String::new, |name| format!(", profile {name}"));
            let path = origin.path.display();
            let message = format!("{path}, {}{profile}", origin.trust);
            if opened.may_be_written_by_others() {
                Check::new(
                    name,
                    State::Warning,
                    format!("{message}; others can write to it"),
                )
                .with_hint(format!("chmod go-w {path}"))
            } else {
                Check::ok(name, message)
            }
        }
    };
    passed_over.chain([counted]).collect()
}

async fn ledger(settings: &Settings) -> Check {
    let name = "ledger";
    let path = match settings.ledger_path() {
        Ok(path) => path,
        Err(failure) => return Check::failed(name, &failure),
    };
    let ledger = match settings.open_ledger().await {
        Ok(ledger) => ledger,
        Err(failure) => return unusable(&failure),
    };
    match ledger.check_usable().await {
        Ok(()) => Check::ok(
            name,
            format!(
                "{}{}",
                path.display(),
                from(settings.ledger.as_ref().map(|ledger| &ledger.source))
            ),
        ),
        Err(error) => unusable(&CliError::from_ledger(&error)),
    }
}

/// A ledger that can't be used: its error says what to do.
fn unusable(failure: &CliError) -> Check {
    Check {
        hint: failure.hint.clone(),
        ..Check::failed("ledger", failure)
    }
}

/// The proxy of calls by https, without its password; http, which leads to this machine, uses none.
fn proxy() -> Option<Check> {
    let names = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
    let (name, address) = names.iter().find_map(|name| Some((name, text(name)?)))?;
    let shown = without_credentials(&address);
    let without = ["NO_PROXY", "no_proxy"].iter().find_map(|name| text(name));
    let without = without.map_or_else(String::new, |hosts| format!("; none for {hosts}"));
    Some(Check::ok(
        "proxy",
        format!("{shown}, from {name}, for https{without}"),
    ))
}

/// An address without the user's name and password.
fn without_credentials(address: &str) -> String {
    let (scheme, rest) = address
        .split_once("://")
        .map_or(("", address), |(scheme, rest)| (scheme, rest));
    let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    if scheme.is_empty() {
        host.to_owned()
    } else {
        format!("{scheme}://{host}")
    }
}

/// The source of a setting, to be appended to it.
fn from(source: Option<&Source>) -> String {
    source.map_or_else(
        || ", by default".to_owned(),
        |source| format!(", from {source}"),
    )
}
