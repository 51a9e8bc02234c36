#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod backoff;
mod base_url;
pub mod client;
pub mod clock;
mod clock_skew;
mod credentials;
pub mod error;
pub mod integration;
pub mod meeting;
pub mod objects;
#[rustfmt::skip]
pub mod operation;
mod lenient;
pub mod poll;
pub mod quota;
pub mod rate_limit;
pub mod raw;
mod response;
pub mod retry;
mod schema;
pub mod status;
mod tls;
pub mod upload;
pub mod users;

/// Date-times, as clocks and rate limits have them.
pub use jiff;
/// The type of secrets, as a [`TokenProvider`] gives them.
pub use secrecy;

pub use client::{Client, ClientBuilder, Timeouts};
pub use clock::{Clock, SystemClock};
pub use credentials::{Credentials, Token, TokenProvider};
pub use error::{Error, ErrorKind};
pub use integration::{DeletionEvent, EnsureOutcome, Integration};
pub use meeting::{CreatedMeeting, Invitee, MAX_EMAILS, Meeting, MeetingReadiness};
pub use objects::{CrmObject, MAX_OBJECTS};
pub use operation::Operation;
pub use poll::{PollError, PollPolicy};
pub use quota::Quota;
pub use rate_limit::{CallCounter, CallCounterError, MemoryCallCounter, RateLimit};
pub use status::{LineError, MAX_LISTED_ERRORS, RequestState, RequestStatus};
pub use upload::Upload;
pub use users::{User, UserSettings};
