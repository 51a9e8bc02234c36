//! Contract, client and simulator agree on the wire; the documents and examples do what they say.

#![expect(
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it should be"
)]

#[macro_use]
#[path = "../example_modules.rs"]
mod example_modules;

mod agreement;
mod answers;
mod decoding;
mod documents;
mod example_crm;
mod examples;
mod findings;
mod house;
mod killed_examples;
mod malicious_server;
mod openapi;
mod parity;
mod retry;
mod schema;
mod schema_agreement;
mod spans;
mod supply_chain;
mod support;
mod timeouts;
mod users;
mod wait;
mod wire;
