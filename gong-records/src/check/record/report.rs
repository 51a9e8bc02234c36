//! The result of the check of one line.

use crate::check::context::FieldSet;
use crate::check::finding::RawFinding;
use crate::object_type::ObjectType;

/// What there is to know of a line.
#[derive(Debug, Default, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is an independent fact")]
pub(in crate::check) struct LineReport {
    pub(in crate::check) problems: Vec<RawFinding>,
    pub(in crate::check) object_id: Option<String>,
    /// Where the value of `objectId` is.
    pub(in crate::check) object_id_at: usize,
    /// Whether the id is one that another line may repeat.
    pub(in crate::check) is_id_good: bool,
    pub(in crate::check) is_deleted: bool,
    /// `modifiedDate` and its place, if it is valid.
    pub(in crate::check) modified: Option<(String, usize)>,
    /// The email address of a business user and its place, if it is valid.
    pub(in crate::check) email_address: Option<(String, usize)>,
    /// Whether the line is a record, good or bad, as far as can be seen.
    pub(in crate::check) is_record: bool,
    pub(in crate::check) stops_file: bool,
    pub(in crate::check) is_spread: bool,
    /// The standard fields of the line.
    pub(in crate::check) present: FieldSet,
    /// The standard fields whose reference leads to a record of the files.
    pub(in crate::check) resolved: FieldSet,
    /// The type that the names belong to, if it is another one.
    pub(in crate::check) looks_like: Option<ObjectType>,
}

/// The beginning of an id that may be anything.
pub(super) fn shortened(mut id: String) -> String {
    const MAX_CHARACTERS: usize = 128;
    if let Some((end, _)) = id.char_indices().nth(MAX_CHARACTERS) {
        id.truncate(end);
    }
    id
}
