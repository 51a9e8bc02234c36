//! `gong-crm meetings`: what can be said.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use gong_crm::ids::MeetingId;
use gong_crm::operation::Operation;

use super::duration;
use super::operations::calls;

/// See who is ready for Gong meetings; create, update and delete them
///
/// Gong has these operations in limited release: ask your customer success manager for them.
#[derive(Debug, Args)]
pub(crate) struct Meetings {
    #[command(subcommand)]
    pub(crate) action: MeetingsAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum MeetingsAction {
    /// Tell for each address whether its meetings are connected, why not, and what mends it
    ///
    /// Asks for 100 addresses a call. Without addresses and file it reads the standard input, where
    /// something is piped into it.
    #[command(after_long_help = calls(
        &[Operation::IntegrationStatus],
        "Examples:\n  gong-crm meetings readiness jane@acme.example joe@acme.example\n  \
         gong-crm meetings readiness --file people.txt -o json\n  \
         cut -d, -f3 people.csv | gong-crm meetings readiness",
    ))]
    Readiness {
        /// The addresses
        #[arg(value_name = "EMAIL")]
        emails: Vec<String>,
        /// Read more addresses from this file, - for the standard input: separated by space, comma
        /// or line
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
        /// Show the requests that would be sent, and send nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Create a meeting
    #[command(after_long_help = calls(&[Operation::AddMeeting], CREATE_EXAMPLES))]
    Create(MeetingFacts),
    /// Replace a meeting: what is not said again is gone
    #[command(after_long_help = calls(&[Operation::UpdateMeeting], UPDATE_EXAMPLES))]
    Update {
        /// The meeting's id in Gong, 1 to 20 digits
        #[arg(value_name = "ID")]
        meeting_id: MeetingId,
        #[command(flatten)]
        facts: MeetingFacts,
    },
    /// Delete a meeting
    #[command(after_long_help = calls(
        &[Operation::DeleteMeeting],
        "Examples:\n  gong-crm meetings delete 4011823947563219087 --organizer jane@acme.example",
    ))]
    Delete {
        /// The meeting's id in Gong, 1 to 20 digits
        #[arg(value_name = "ID")]
        meeting_id: MeetingId,
        /// The Gong user who organizes it
        #[arg(long, value_name = "EMAIL")]
        organizer: Option<String>,
        /// Show the request that would be sent, and send nothing
        #[arg(long)]
        dry_run: bool,
    },
}

const CREATE_EXAMPLES: &str = "\
Examples:
  gong-crm meetings create --organizer jane@acme.example --invite joe@globex.example \\
      --start 2026-03-02T14:00:00+01:00 --duration 45m --title Kickoff
  gong-crm meetings create --organizer jane@acme.example --invite joe@globex.example \\
      --start \"tomorrow 14:00\" --end \"tomorrow 15:00\" --zone Europe/Berlin

Times: ISO 8601 with an offset or Z; or a day (today, tomorrow, friday, 2026-03-02) and a time of
day (14:00, 2pm) with --zone.";

const UPDATE_EXAMPLES: &str = "\
Examples:
  gong-crm meetings update 4011823947563219087 --organizer jane@acme.example \\
      --invite joe@globex.example --start \"friday 14:00\" --duration 1h --zone Europe/Berlin";

/// A meeting.
#[derive(Debug, Args)]
pub(crate) struct MeetingFacts {
    /// The Gong user who organizes it
    #[arg(long, value_name = "EMAIL")]
    pub(crate) organizer: String,
    /// Who is invited, without the organizer; can be said several times
    #[arg(long, value_name = "EMAIL")]
    pub(crate) invite: Vec<String>,
    /// When it starts
    #[arg(long, value_name = "TIME")]
    pub(crate) start: String,
    /// When it ends
    #[arg(
        long,
        value_name = "TIME",
        required_unless_present = "duration",
        conflicts_with = "duration"
    )]
    pub(crate) end: Option<String>,
    /// How long it takes instead, such as 45m
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(crate) duration: Option<Duration>,
    /// The time zone of times without an offset, such as Europe/Berlin
    #[arg(long, value_name = "ZONE")]
    pub(crate) zone: Option<String>,
    /// What it is called
    #[arg(long)]
    pub(crate) title: Option<String>,
    /// Its id in your own system
    #[arg(long, value_name = "ID")]
    pub(crate) external_id: Option<String>,
    /// Who provides the call, such as zoom; by default the organizer's own
    #[arg(long, value_name = "NAME")]
    pub(crate) provider: Option<String>,
    /// Show the request that would be sent, and send nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}
