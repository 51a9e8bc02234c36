#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod admin;
mod builder;
mod clock;
mod credentials;
mod faults;
#[cfg(fuzzing)]
mod fuzzing;
mod limits;
mod milliseconds;
mod operations;
mod record;
mod rules;
mod saving;
mod server;
mod simulator;
mod state;

pub use builder::{Builder, StartError};
pub use faults::{Effect, Fault, RetryAfter};
pub use limits::RateLimit;
pub use operations::Operation;
pub use record::ObjectType;
pub use rules::{Evidence, RULES, Rule, UnknownRule, rules_page};
pub use server::ReceivedRequest;
pub use simulator::Simulator;
pub use state::{
    DumpError, GongUser, Integration, JobKind, JobStatus, LineError, Processing, SeedError, Upload,
};
