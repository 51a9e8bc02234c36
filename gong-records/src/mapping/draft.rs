//! A first mapping, drafted from the headers and cells of a CRM's exports.
//!
//! A draft asks instead of guessing: everything that an export does not say is a `todo` in the
//! mapping, which the check reports until it is answered.

mod begin;
mod document;
mod files;
mod folder;
mod header;
mod ids;
mod kind;
mod kinds;
mod links;
mod object_type;
mod owners;
mod profile;
mod roles;
mod settings;
mod table;
mod toml_text;
mod words;

#[cfg(test)]
mod tests;

pub use folder::{Draft, DraftOptions, DraftedFile, DraftedSource, SkippedFile, SupersededFile};
pub use table::DraftError;
