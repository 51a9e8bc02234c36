//! Arguments of `gong-crm sim`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::duration;

/// Run a Gong simulator to develop against
///
/// It checks credentials, holds what is sent to it, and behaves as Gong documents; what it merely
/// assumes is listed at /_sim/ and can be switched. It listens on 127.0.0.1 only. Ctrl-C stops it.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  gong-crm sim --port 8080
  gong-crm sim --port 8080 --state gong.json --seed-from examples/acme
  gong-crm sim --process-polls 3 --rate-limit --rule duplicate-object-id=off

A page at /_sim/ shows what it holds; clients in other languages steer it by HTTP under /_sim/.")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch on the command line"
)]
pub(crate) struct Sim {
    /// The port; a free one by default
    #[arg(long, default_value_t = 0)]
    pub(crate) port: u16,
    /// Keep what it holds in this file, from one run to the next
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<PathBuf>,
    /// Begin with the CRM in this folder, under a registered integration
    #[arg(long, value_name = "DIR")]
    pub(crate) seed_from: Option<PathBuf>,
    /// The access key that it takes; a made-up one by default
    #[arg(long, value_name = "KEY", requires = "access_key_secret")]
    pub(crate) access_key: Option<String>,
    /// The secret of that access key
    #[arg(long, value_name = "SECRET", requires = "access_key")]
    pub(crate) access_key_secret: Option<String>,
    /// Enforce Gong's limits: 3 calls a second and 10,000 a day
    #[arg(long)]
    pub(crate) rate_limit: bool,
    /// Take this long to process an upload; by default no time
    #[arg(long, value_name = "DURATION", value_parser = duration, group = "process")]
    pub(crate) process_after: Option<Duration>,
    /// Process an upload once its status was asked this many times
    #[arg(long, value_name = "N", group = "process")]
    pub(crate) process_polls: Option<u32>,
    /// Never come to an end with an upload
    #[arg(long, group = "process")]
    pub(crate) process_never: bool,
    /// Find objects only this long after they were processed
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(crate) read_lag: Option<Duration>,
    /// Where Gong's behavior is unknown, be strict
    #[arg(long, conflicts_with = "lenient")]
    pub(crate) strict: bool,
    /// Where Gong's behavior is unknown, be lenient
    #[arg(long)]
    pub(crate) lenient: bool,
    /// Switch one rule, such as duplicate-object-id=off; /_sim/ lists them
    #[arg(long, value_name = "NAME=on|off", value_parser = rule_switch)]
    pub(crate) rule: Vec<(String, bool)>,
}

/// The name of a rule of the simulator and whether it applies.
fn rule_switch(text: &str) -> Result<(String, bool), String> {
    match text.split_once('=') {
        Some((name, "on")) => Ok((name.to_owned(), true)),
        Some((name, "off")) => Ok((name.to_owned(), false)),
        _ => Err(format!("{text:?} is no switch; write NAME=on or NAME=off")),
    }
}
