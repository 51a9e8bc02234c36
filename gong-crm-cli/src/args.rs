//! The command line.

pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod convert;
pub(crate) mod datetime;
pub(crate) mod doctor;
pub(crate) mod drift;
pub(crate) mod init;
pub(crate) mod integration;
pub(crate) mod json_schema;
pub(crate) mod ledger;
pub(crate) mod meetings;
pub(crate) mod objects;
mod operations;
pub(crate) mod push;
pub(crate) mod schema;
pub(crate) mod sim;
pub(crate) mod singer;
pub(crate) mod source;
pub(crate) mod status;
pub(crate) mod sync;
pub(crate) mod trust;
pub(crate) mod why;

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::TypedValueParser;
use clap::parser::ValueSource;
use clap::{Args, Parser, Subcommand, ValueEnum};
use gong_crm::IntegrationId;
use jiff::SignedDuration;

/// Keep Gong in sync with your CRM
///
/// Each file has records of one type, one JSON object per line: accounts.ldjson, deals.ldjson and
/// so on. A ledger stores what was sent and what Gong accepted, so that only differences are sent.
///
/// Unofficial; not affiliated with Gong.
#[derive(Debug, Parser)]
#[command(
    name = "gong-crm",
    version,
    propagate_version = true,
    max_term_width = 100
)]
#[command(after_long_help = "\
Environment:
  GONG_ACCESS_KEY, GONG_ACCESS_KEY_SECRET   access key pair
  GONG_BEARER_TOKEN                         or a bearer token instead
  GONG_ACCESS_KEY_FILE and so on            file with one of these three
  GONG_BASE_URL                             base URL of your company's Gong API
  GONG_INTEGRATION_ID                       integration id [default: the registered one]
  GONG_CONFIG, GONG_PROFILE                 same as --config and --profile
  GONG_CALLS_PER_SECOND, GONG_CALLS_PER_DAY limits on calls
  NO_COLOR                                  no colors

Settings: flags override the environment, and the environment overrides a config file: the one that
--config names, a gong-crm.toml in the current directory or above it, up to the home directory, or
gong-crm/config.toml in the user's configuration directory. A file found by search can only choose
names and limits until `gong-crm trust` allows the rest:
  base-url = \"https://us-12345.api.gong.io\"
  integration-id = 5517027188234205706
  access-key = \"...\"                  or bearer-token; then the file must be private (chmod 600)
  access-key-secret = \"...\"
  credential-process = [\"cmd\"]        or a command that prints them
  ledger = \"ledger.sqlite\"
  map = \"crm.toml\"                    mapping of CSV files
  [profile.staging]                   the same keys, for --profile staging; top-level keys are
                                      ignored then

Exit codes:
  0 everything is as asked                        7 not finished in time: resume
  1 unexpected error                              8 rate limit or quota
  2 usage                                         9 outcome unknown: resume
  3 check failed, nothing sent                   10 changes present
  4 credentials or scope                         11 something held back by a limit
  5 some records rejected or held back          129, 130, 143 stopped by a signal: resume
  6 something not sent, or failed as a whole

Try it without a Gong account:
  gong-crm --sim push examples/acme")]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options that every command accepts.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// Use a built-in Gong simulator: no credentials, no rate limit, nothing is stored
    #[arg(long, global = true)]
    pub(crate) sim: bool,
    /// Format of results and errors
    #[arg(short, long, global = true, value_enum, default_value_t = Format::Text)]
    pub(crate) output: Format,
    /// Base URL of your company's Gong API, with or without /v2
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) base_url: Option<String>,
    /// Integration id [default: the registered integration]
    #[arg(long, global = true, value_name = "ID")]
    pub(crate) integration_id: Option<IntegrationId>,
    /// Path of the ledger, the record of what was sent [default: the user's state directory]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) ledger: Option<PathBuf>,
    /// Read settings from this file [default: gong-crm.toml in the current directory or a parent]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Use profile NAME from the config file; top-level settings are ignored
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// Retries after a transient failure [default: 3; uploads: 4]
    #[arg(long, global = true, value_name = "N")]
    pub(crate) max_retries: Option<u32>,
    /// Maximum number of calls per second; Gong allows a company 3
    #[arg(
        long,
        global = true,
        value_name = "N",
        env = "GONG_CALLS_PER_SECOND",
        default_value_t = CALLS_PER_SECOND,
        value_parser = LimitOfCalls(CALLS_PER_SECOND)
    )]
    pub(crate) calls_per_second: u32,
    /// Maximum number of calls per 24 hours, counted in the ledger; Gong allows a company 10,000
    #[arg(
        long,
        global = true,
        value_name = "N",
        env = "GONG_CALLS_PER_DAY",
        default_value_t = CALLS_PER_DAY,
        value_parser = LimitOfCalls(CALLS_PER_DAY)
    )]
    pub(crate) calls_per_day: u32,
    /// Do not show progress, only results and errors
    #[arg(long, global = true)]
    pub(crate) no_progress: bool,
}

/// Format of results and errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Text,
    /// For programs
    Json,
    /// A page for a browser, in one file (check, plan, push, sync, drift, history, …)
    Html,
    /// For GitHub workflows (check only)
    Github,
    /// SARIF 2.1.0, for code scanning (check only)
    Sarif,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Init(init::Init),
    Check(check::Check),
    Convert(convert::Convert),
    Push(push::Push),
    Plan(sync::Plan),
    Sync(Box<sync::Sync>),
    Singer(Box<singer::Singer>),
    Presets(singer::Presets),
    Resume(push::Resume),
    Uploads(ledger::Uploads),
    Rejects(ledger::Rejects),
    History(ledger::History),
    Changes(ledger::Changes),
    Ledger(ledger::LedgerArgs),
    Status(status::Status),
    Integration(integration::Integration),
    Schema(schema::Schema),
    Drift(drift::Drift),
    Why(why::Why),
    Objects(objects::Objects),
    Meetings(meetings::Meetings),
    Doctor(doctor::Doctor),
    Trust(trust::Trust),
    Sim(sim::Sim),
    JsonSchema(json_schema::JsonSchema),
    Completions(completions::Completions),
    Man(completions::Man),
}

/// Parses a duration: 90s, 10m, 2h, 1h30m; a bare number is seconds.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    if let Ok(seconds) = text.parse() {
        return Ok(Duration::from_secs(seconds));
    }
    text.parse::<SignedDuration>()
        .ok()
        .and_then(|duration| Duration::try_from(duration).ok())
        .ok_or_else(|| format!("{text:?} is not a duration; write 90s, 10m or 2h"))
}

/// Parses a duration between two rounds, which is not zero.
pub(crate) fn interval(text: &str) -> Result<Duration, String> {
    let interval = duration(text)?;
    if interval.is_zero() {
        return Err("rounds need time in between, such as 5m".to_owned());
    }
    Ok(interval)
}

/// Parses an age: a number of days such as 90d, or a duration.
fn age(text: &str) -> Result<Duration, String> {
    let days = text.strip_suffix('d').and_then(|days| days.parse().ok());
    match days {
        Some(days) => Ok(Duration::from_secs(
            86_400 * u64::from(u32::min(days, 36_500)),
        )),
        None => duration(text).map_err(|error| format!("{error}, or 90d")),
    }
}

/// How many calls Gong allows a company per second and per day.
const CALLS_PER_SECOND: u32 = 3;
const CALLS_PER_DAY: u32 = 10_000;

/// Reads a limit of calls. An empty variable of the environment, as compose files make them, counts
/// as not set: then the limit is this one.
#[derive(Debug, Clone)]
struct LimitOfCalls(u32);

impl TypedValueParser for LimitOfCalls {
    type Value = u32;

    fn parse_ref(
        &self,
        command: &clap::Command,
        argument: Option<&clap::Arg>,
        value: &std::ffi::OsStr,
    ) -> Result<u32, clap::Error> {
        let limit = clap::value_parser!(u32).range(1..);
        limit.parse_ref(command, argument, value)
    }

    fn parse_ref_(
        &self,
        command: &clap::Command,
        argument: Option<&clap::Arg>,
        value: &std::ffi::OsStr,
        source: ValueSource,
    ) -> Result<u32, clap::Error> {
        if value.is_empty() && source == ValueSource::EnvVariable {
            return Ok(self.0);
        }
        self.parse_ref(command, argument, value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn duration_has_units_or_is_in_seconds() {
        for (text, seconds) in [
            ("90", 90),
            ("90s", 90),
            ("10m", 600),
            ("1h30m", 5400),
            ("2h", 7200),
        ] {
            assert_eq!(duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "soon", "-5s", "10 parsecs"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn arguments_are_consistent() {
        use clap::CommandFactory as _;
        Arguments::command().debug_assert();
    }
}
