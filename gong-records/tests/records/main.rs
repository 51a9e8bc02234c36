//! Do records hold what people have, and come through JSON, files and schemas as they are?
#![expect(
    clippy::unwrap_used,
    reason = "a test that can't be set up should fail, and clippy's switch does not reach helpers"
)]

mod checked;
mod conversions;
mod files;
mod json_schema;
mod made;
mod rolled;
mod round_trip;
