//! The compared form of a record, its hashes, and the form in which it is sent.
//!
//! A record is sent again only if it differs from the version in Gong. Two lines are the same
//! record version if their compared forms are equal:
//!
//! - `modifiedDate` does not count, nor does the order of the fields, white space, or how a string
//!   is escaped;
//! - a custom field that is `null` equals one that is absent;
//! - a standard field that is absent equals one that holds the default Gong documents, such as
//!   `"status":"OPEN"` or a `name` of `Account_#` and the `objectId`;
//! - numbers are exact decimals: `1`, `1.0` and `1e0` are equal, and no digit is lost;
//! - date-times of standard fields are instants: `09:30:00+01:00` is `08:30:00Z`;
//! - `domains` is a set;
//! - values of custom fields are compared as JSON: arrays in order, objects in any order, strings
//!   character by character, also where they have a date;
//! - a deletion equals every other deletion of the same record.
//!
//! The ledger stores only hashes of that form. [`Reader`] computes them; [`sent_form`] and
//! [`deletion_line`] write the uploaded lines. Nothing here does I/O.

mod default_value;
mod error;
mod field_table;
mod instant;
mod json;
mod key;
mod number;
mod reader;
mod sent_form;
mod text;
mod value;

#[cfg(test)]
mod proptests;
#[cfg(test)]
mod tests;

pub(crate) use key::{HashKey, LineKey};
pub(crate) use reader::{Facts, Reader, RecordId, Reference};
pub(crate) use sent_form::{Edits, deletion_line, sent_form, stage_line};
