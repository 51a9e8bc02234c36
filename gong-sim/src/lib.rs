#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod admin;
mod builder;
mod credentials;
mod faults;
#[cfg(fuzzing)]
mod fuzzing;
mod handlers;
mod http;
mod limits;
mod object_type;
mod operation;
mod persistence;
mod received;
mod rules;
mod shared;
mod simulator;
mod store;
mod time;
mod validate;

pub use builder::{Builder, StartError};
pub use credentials::UnknownScope;
pub use faults::{Effect, Fault, InvalidFault, RetryAfter, Verdict};
pub use limits::RateLimit;
pub use object_type::ObjectType;
pub use operation::Operation;
pub use received::ReceivedRequest;
pub use rules::{Evidence, RULES, Rule, UnknownRule, rules_page};
pub use simulator::Simulator;
pub use store::{
    DumpError, GongUser, Integration, InvalidUser, LineError, SeedError, Upload, UploadKind,
    UploadStatus,
};
pub use time::Processing;
