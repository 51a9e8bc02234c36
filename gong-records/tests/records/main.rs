//! Tests of records: builders, and round trips through JSON, files and schemas.
#![expect(
    clippy::unwrap_used,
    reason = "a test that can't be set up should fail, and clippy's switch does not reach helpers"
)]

mod checked;
mod conversions;
mod files;
mod generators;
mod json_schema;
mod rotation;
mod round_trip;
