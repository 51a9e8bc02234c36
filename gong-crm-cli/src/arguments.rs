//! What can be said on the command line.

pub(crate) mod completions;
pub(crate) mod doctor;
pub(crate) mod integration;
pub(crate) mod json_schema;
pub(crate) mod meetings;
pub(crate) mod objects;
mod operations;
pub(crate) mod schema;
pub(crate) mod sim;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use gong_crm::{ClientRequestId, IntegrationId, ObjectType, Rule};
use jiff::SignedDuration;

/// Get a CRM into Gong, and know that it arrived.
///
/// Files hold one record a line as JSON, one type of records a file: accounts.ldjson, deals.ldjson
/// and so on.
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
  GONG_ACCESS_KEY, GONG_ACCESS_KEY_SECRET   the access key pair
  GONG_BEARER_TOKEN                         or a bearer token instead
  GONG_BASE_URL                             the company's address of Gong's interface
  GONG_INTEGRATION_ID                       the integration; otherwise the one that is registered
  GONG_CONFIG, GONG_PROFILE                 as --config and --profile
  GONG_CALLS_PER_SECOND, GONG_CALLS_PER_DAY how many calls to make at most
  NO_COLOR                                  no colors

Settings: flags go before the environment, the environment before the file gong-crm.toml, which is
looked for in this folder, those above it, and the user's own folder of configurations:
  base-url = \"https://us-12345.api.gong.io\"
  integration-id = 5517027188234205706
  access-key = \"...\"                  or bearer-token; the file is then yours alone: chmod 600
  access-key-secret = \"...\"
  ledger = \"ledger.sqlite\"            map = \"crm.toml\", the mapping of CSVs
  [profile.staging]                   the same keys, for --profile staging; nothing above is taken

Exit codes:
  0 ok                      5 some records rejected     9 outcome unknown, resume
  1 unexpected              6 the job failed whole      130 interrupted
  2 usage                   7 timed out waiting
  3 check failed            8 rate limit or quota
  4 credentials or scope

Try it without a Gong account:
  gong-crm --sim push examples/acme")]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// Run against a local Gong inside this command: no credentials, no rate limit, nothing kept
    #[arg(long, global = true)]
    pub(crate) sim: bool,
    /// How results and errors are printed
    #[arg(short, long, global = true, value_enum, default_value_t = Format::Text)]
    pub(crate) output: Format,
    /// The company's address of Gong's interface, with or without /v2
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) base_url: Option<String>,
    /// The integration; without it, the one that is registered
    #[arg(long, global = true, value_name = "ID")]
    pub(crate) integration_id: Option<IntegrationId>,
    /// Where it is written down what was sent; by default in the user's own folder
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) ledger: Option<PathBuf>,
    /// Take settings from this file, instead of the gong-crm.toml of this folder or one above it
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Take the settings of [profile.NAME] in that file, and nothing of its top
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// How often a call is made again that failed for a passing reason [default: 3; an upload 4]
    #[arg(long, global = true, value_name = "N")]
    pub(crate) retries: Option<u32>,
    /// How many calls to make in any second at most; Gong allows a company 3
    #[arg(
        long,
        global = true,
        value_name = "N",
        env = "GONG_CALLS_PER_SECOND",
        default_value_t = 3,
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    pub(crate) calls_per_second: u32,
    /// How many calls to make in any 24 hours at most, as the ledger counts them; Gong allows a
    /// company 10,000
    #[arg(
        long,
        global = true,
        value_name = "N",
        env = "GONG_CALLS_PER_DAY",
        default_value_t = 10_000,
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    pub(crate) calls_per_day: u32,
    /// No progress, only results and errors
    #[arg(long, global = true)]
    pub(crate) no_progress: bool,
}

/// How results and errors are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Text,
    /// For programs
    Json,
    /// For GitHub's workflows (check only)
    Github,
    /// SARIF 2.1.0, for code scanning (check only)
    Sarif,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Check(Check),
    Convert(Convert),
    Push(Push),
    Resume(Resume),
    Jobs(Jobs),
    Status(Status),
    Integration(integration::Integration),
    Schema(schema::Schema),
    Objects(objects::Objects),
    Meetings(meetings::Meetings),
    Doctor(doctor::Doctor),
    Sim(sim::Sim),
    JsonSchema(json_schema::JsonSchema),
    Completions(completions::Completions),
    Man(completions::Man),
}

/// Find every problem in record files before Gong does
///
/// Gong lists at most 20 errors per upload, and accepts some records that it never displays. `check`
/// finds every problem before you upload, and reports line, column, record, rule and fix. A folder is
/// checked as a whole: a deal whose account is in none of its files is found too. Nothing is sent.
///
/// Exit code 0 without errors, 3 with errors. An error is what Gong rejects, by its documentation or
/// a recorded answer, and what leaves open which record or value is meant; everything else is a
/// warning. --strict, --allow and --deny change it.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  gong-crm check examples/acme
  gong-crm check --schema entity-schema.json --strict deals.ldjson
  zcat deals.ldjson.gz | gong-crm check --type DEAL -
  gong-crm check exports/*.csv --map crm.toml
  gong-crm check --fix fixed deals.ldjson
  gong-crm check --explain object-id-charset")]
pub(crate) struct Check {
    /// Files, folders, patterns, or - for the standard input; .gz is decompressed; in a folder,
    /// rejects files of earlier pushes (NAME.rejects.ldjson) are skipped
    #[arg(required_unless_present = "explain", value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Record type of all files [default: taken from each file name]
    #[arg(long = "type", value_name = "TYPE")]
    pub(crate) object_type: Option<ObjectType>,
    /// Check CSVs too, by this mapping; may be given several times, one for each type [default: for
    /// .csv and .tsv that of gong-crm.toml]
    #[arg(long, value_name = "FILE")]
    pub(crate) map: Vec<PathBuf>,
    /// Check custom fields against this entity schema, YAML or JSON as schema pull writes it
    #[arg(long, value_name = "FILE")]
    pub(crate) schema: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) severities: SeverityArguments,
    /// Show at most this many findings of records, and as many of whole columns and files; the rest
    /// is counted [default: 50 in text, all in other formats]
    #[arg(long, value_name = "N")]
    pub(crate) max: Option<u64>,
    /// Write fixed copies into this folder, with unambiguous fixes only, and check those; the files
    /// themselves stay as they are
    #[arg(long, value_name = "DIR")]
    pub(crate) fix: Option<PathBuf>,
    /// Print why a rule exists, with its source and examples
    #[arg(long, value_name = "RULE", conflicts_with = "paths")]
    pub(crate) explain: Option<Rule>,
}

/// Which findings of the check are reported, and as errors or warnings
#[derive(Debug, Args)]
pub(crate) struct SeverityArguments {
    /// Count warnings as errors
    #[arg(long)]
    pub(crate) strict: bool,
    /// Do not report findings of this rule; may be given several times
    #[arg(long, value_name = "RULE")]
    pub(crate) allow: Vec<Rule>,
    /// Count findings of this rule as errors; may be given several times
    #[arg(long, value_name = "RULE")]
    pub(crate) deny: Vec<Rule>,
}

/// Turn a CSV into LDJSON, by a small mapping file
///
/// The mapping says which column becomes which field, and how dates, numbers and yes or no are
/// written; --guess makes a first one. The result is checked, and what is wrong is told by row and
/// column of the CSV. Rows with a cell that can't be converted are left out. Nothing is sent.
///
/// The lines go to the standard output and problems to the standard error; with --to, the lines go
/// into the file and problems to the standard output. Exit code 3 when there are errors; what could
/// be converted is written all the same.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  gong-crm convert --guess examples/csv/deals.csv > deals.toml
  gong-crm convert examples/csv/deals.csv --map deals.toml --to deals.ldjson
  gong-crm convert export.csv.gz --map crm.toml --type ACCOUNT > accounts.ldjson")]
pub(crate) struct Convert {
    /// The CSV; .gz is unpacked
    #[arg(required_unless_present = "guess", value_name = "CSV")]
    pub(crate) csv: Option<PathBuf>,
    /// The mapping, a TOML file [default: that of gong-crm.toml]
    #[arg(long, value_name = "FILE")]
    pub(crate) map: Option<PathBuf>,
    /// Write the lines into this file: complete, or not there
    #[arg(long, value_name = "FILE")]
    pub(crate) to: Option<PathBuf>,
    /// What all rows are; otherwise the file's name tells, or the mapping if it has one type only
    #[arg(long = "type", value_name = "TYPE")]
    pub(crate) object_type: Option<ObjectType>,
    /// Take the types of custom fields from this entity schema, YAML or JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) schema: Option<PathBuf>,
    /// Keep rows with a cell that can't be converted, without that field
    #[arg(long)]
    pub(crate) keep_rows: bool,
    /// Print a first mapping for this CSV, guessed from its header and cells
    #[arg(long, value_name = "CSV", conflicts_with_all = ["csv", "map", "to", "schema", "keep_rows"])]
    pub(crate) guess: Option<PathBuf>,
}

/// Send files of records to Gong and wait for its verdict on each
///
/// The files are checked first; with errors, nothing is sent. Types go in the order in which records
/// refer to each other: stages, users, accounts, contacts, deals, leads; deletions the other way
/// round. The same content is sent once, however often it is pushed; what went wrong on the way is
/// asked about before anything is sent again. Files over 200 MB are split. Gong lists at most 20
/// errors of an upload.
///
/// Calls POST /v2/crm/entities and GET /v2/crm/request-status; a bearer token needs the scope
/// api:crm:upload.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  gong-crm --sim push examples/acme
  gong-crm push accounts.ldjson contacts.ldjson
  gong-crm push deals.csv --map deals.toml
  gong-crm push --type DEAL export.jsonl.gz --wait 10m -o json
  gong-crm push exports --async && gong-crm resume")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch on the command line"
)]
pub(crate) struct Push {
    /// Files, folders, patterns, or - for the standard input; names end in .ldjson, .ndjson or
    /// .jsonl, and may go on with .gz; of a folder, what an earlier push wrote of refused records
    /// (NAME.rejects.ldjson) is left out
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// What all records are; otherwise each file's name tells
    #[arg(long = "type", value_name = "TYPE")]
    pub(crate) object_type: Option<ObjectType>,
    /// Send CSVs too, by this mapping; may be given several times, one for each type [default: for
    /// .csv and .tsv that of gong-crm.toml]
    #[arg(long, value_name = "FILE")]
    pub(crate) map: Vec<PathBuf>,
    /// Only check, and show the requests that would be sent; no call is made
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Leave out records with errors, instead of sending nothing
    #[arg(long)]
    pub(crate) skip_invalid: bool,
    /// Don't check first; let Gong judge
    #[arg(long, conflicts_with_all = ["skip_invalid", "strict", "schema"])]
    pub(crate) no_check: bool,
    /// Count the check's warnings as errors
    #[arg(long)]
    pub(crate) strict: bool,
    /// Check custom fields against this entity schema, YAML or JSON as schema pull writes it
    #[arg(long, value_name = "FILE")]
    pub(crate) schema: Option<PathBuf>,
    /// The clientRequestId, instead of the one that follows from the content; one file only
    #[arg(long, value_name = "ID")]
    pub(crate) request_id: Option<ClientRequestId>,
    #[command(flatten)]
    pub(crate) waiting: Waiting,
}

/// How the end is awaited, and what becomes of refused records.
#[derive(Debug, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch on the command line"
)]
pub(crate) struct Waiting {
    /// How long to wait for each file to be processed, such as 90s, 10m or 2h
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "30m")]
    pub(crate) wait: Duration,
    /// How long to pause between the first questions; later pauses grow to 30s [default: 2s]
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(crate) poll: Option<Duration>,
    /// Don't wait: end when Gong has every file
    #[arg(long = "async", conflicts_with = "wait")]
    pub(crate) is_async: bool,
    /// How long to let accounts settle before contacts and deals refer to them [default: 1m; with
    /// --sim none]
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(crate) settle: Option<Duration>,
    /// Send records even if something to which they refer did not go through
    #[arg(long)]
    pub(crate) ignore_dependencies: bool,
    /// How long after the first attempt another may begin [default: 1h]
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(crate) retry_for: Option<Duration>,
    /// How long to pause after the first failed attempt; later pauses grow to 30s [default: 1s]
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(crate) retry_pause: Option<Duration>,
    /// The longest wait that Gong may ask for; if it asks for more, resume later [default: 20m]
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(crate) max_retry_after: Option<Duration>,
    /// Send suspects again until every bad record is known, beyond the 20 that Gong lists
    #[arg(long)]
    pub(crate) drain: bool,
    /// Write refused records into this folder, instead of beside their file
    #[arg(long, value_name = "DIR", conflicts_with = "no_rejects")]
    pub(crate) rejects: Option<PathBuf>,
    /// Write no refused records
    #[arg(long)]
    pub(crate) no_rejects: bool,
}

/// Finish pushes that did not come to their end
///
/// After a kill, a Ctrl-C, a time-out or a reboot. What may have arrived is asked about before
/// anything is sent again.
///
/// Calls GET /v2/crm/request-status and, where needed, POST /v2/crm/entities; a bearer token needs
/// the scope api:crm:upload.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  gong-crm resume
  gong-crm resume account-5f1c0d2e4b6a798081923344-1 --wait 2h")]
pub(crate) struct Resume {
    /// The uploads to finish, as jobs lists them; otherwise all that are open
    #[arg(value_name = "ID")]
    pub(crate) ids: Vec<ClientRequestId>,
    /// Show the first request for each that would be sent, and send nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) waiting: Waiting,
}

/// List the uploads that the ledger knows; no call is made
#[derive(Debug, Args)]
pub(crate) struct Jobs {
    /// Only those that have not come to their end
    #[arg(long)]
    pub(crate) unfinished: bool,
}

/// Show how far an upload or a deletion is
///
/// Calls GET /v2/crm/request-status; a bearer token needs the scope api:crm:upload.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  gong-crm status account-5f1c0d2e4b6a798081923344-1
  gong-crm status account-5f1c0d2e4b6a798081923344-1 --wait")]
pub(crate) struct Status {
    /// The clientRequestId, as push prints it
    #[arg(value_name = "ID")]
    pub(crate) client_request_id: ClientRequestId,
    /// Wait for the end, for at most this long
    #[arg(
        long,
        value_name = "DURATION",
        value_parser = duration,
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "30m"
    )]
    pub(crate) wait: Option<Duration>,
}

/// A duration as people write it: 90s, 10m, 2h, 1h30m; a bare number is seconds.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    if let Ok(seconds) = text.parse() {
        return Ok(Duration::from_secs(seconds));
    }
    text.parse::<SignedDuration>()
        .ok()
        .and_then(|duration| Duration::try_from(duration).ok())
        .ok_or_else(|| format!("{text:?} is not a duration; write 90s, 10m or 2h"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_people_write_them() {
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
    fn the_arguments_are_consistent() {
        use clap::CommandFactory as _;
        Arguments::command().debug_assert();
    }
}
