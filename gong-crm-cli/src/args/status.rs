//! Arguments of `gong-crm status`.

use std::time::Duration;

use clap::Args;
use gong_crm::ClientRequestId;
use gong_crm::operation::Operation;

use super::duration;
use super::operations::calls;

/// Ask Gong for the status of an upload or a deletion
#[derive(Debug, Args)]
#[command(after_long_help = calls(
    &[Operation::GetRequestStatus],
    "Examples:
  gong-crm status upload-5f1c0d2e-17
  gong-crm status upload-5f1c0d2e-17 --wait",
))]
pub(crate) struct Status {
    /// The clientRequestId, as push and uploads print it
    #[arg(value_name = "ID")]
    pub(crate) client_request_id: ClientRequestId,
    /// Wait until Gong has processed it, up to this time
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
