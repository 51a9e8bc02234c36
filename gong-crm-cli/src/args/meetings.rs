//! Arguments of `gong-crm meetings`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use gong_crm::ids::MeetingId;
use gong_crm::operation::Operation;

use super::duration;
use super::operations::calls;

/// Check who is ready for Gong meetings; create, update and delete meetings
///
/// Gong offers these operations in limited release: ask your customer success manager for access.
#[derive(Debug, Args)]
pub(crate) struct Meetings {
    #[command(subcommand)]
    pub(crate) action: MeetingsAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum MeetingsAction {
    /// Report per address whether meetings are connected and how to fix it
    ///
    /// Makes one call per 100 addresses. Without addresses or --file, it reads standard input.
    #[command(after_long_help = calls(
        &[Operation::IntegrationStatus],
        "Examples:\n  gong-crm meetings readiness jane@acme.example joe@acme.example\n  \
         gong-crm meetings readiness --file people.txt -o json\n  \
         cut -d, -f3 people.csv | gong-crm meetings readiness",
    ))]
    Readiness {
        /// Email addresses
        #[arg(value_name = "EMAIL")]
        emails: Vec<String>,
        /// Read addresses from this file, or - for standard input; separated by spaces, commas or
        /// line breaks
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
        /// Show the requests; nothing is sent
        #[arg(long)]
        dry_run: bool,
    },
    /// Create a meeting
    #[command(after_long_help = calls(&[Operation::AddMeeting], CREATE_EXAMPLES))]
    Create(MeetingFacts),
    /// Replace a meeting; fields you omit are cleared
    #[command(after_long_help = calls(&[Operation::UpdateMeeting], UPDATE_EXAMPLES))]
    Update {
        /// Meeting id in Gong, 1 to 20 digits
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
        /// Meeting id in Gong, 1 to 20 digits
        #[arg(value_name = "ID")]
        meeting_id: MeetingId,
        /// Email address of the organizer, a Gong user
        #[arg(long, value_name = "EMAIL")]
        organizer: Option<String>,
        /// Show the request; nothing is sent
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
    /// Email address of the organizer, a Gong user
    #[arg(long, value_name = "EMAIL")]
    pub(crate) organizer: String,
    /// Email address of an invitee other than the organizer; can be repeated
    #[arg(long, value_name = "EMAIL")]
    pub(crate) invite: Vec<String>,
    /// Start time
    #[arg(long, value_name = "TIME")]
    pub(crate) start: String,
    /// End time
    #[arg(
        long,
        value_name = "TIME",
        required_unless_present = "duration",
        conflicts_with = "duration"
    )]
    pub(crate) end: Option<String>,
    /// Duration instead of an end time, such as 45m
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(crate) duration: Option<Duration>,
    /// Time zone of times without an offset, such as Europe/Berlin
    #[arg(long, value_name = "ZONE")]
    pub(crate) zone: Option<String>,
    /// Title
    #[arg(long)]
    pub(crate) title: Option<String>,
    /// Id in your own system
    #[arg(long, value_name = "ID")]
    pub(crate) external_id: Option<String>,
    /// Conference provider, such as zoom [default: the organizer's]
    #[arg(long, value_name = "NAME")]
    pub(crate) provider: Option<String>,
    /// Show the request; nothing is sent
    #[arg(long)]
    pub(crate) dry_run: bool,
}
