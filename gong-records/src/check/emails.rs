//! Which business users of a file share an email address?

use std::borrow::Cow;

use super::ids::{Ids, hash};
use super::options::Options;
use super::repeats::Arena;
use crate::record::{Field, FieldKind, ObjectType};
use crate::rule::Rule;

/// Whether the field ties a business user to a person in Gong.
pub(super) fn is_email_of_user(field: &Field, object_type: ObjectType) -> bool {
    object_type == ObjectType::BusinessUser
        && field.kind == FieldKind::EmailAddress
        && field.name == "emailAddress"
}

/// The email addresses of a file's business users that are not deleted.
#[derive(Debug)]
pub(super) struct Emails {
    /// By a hash of the address in lower case.
    pub(super) addresses: Ids,
    pub(super) arena: Option<Arena>,
}

impl Emails {
    /// None where they don't matter. Of a stream that can't be read twice, they are kept.
    pub(super) fn of(object_type: ObjectType, options: &Options, is_kept: bool) -> Option<Self> {
        let matters = object_type == ObjectType::BusinessUser
            && options.severity(Rule::DuplicateEmail).is_some();
        matters.then(|| Self {
            addresses: Ids::new(),
            arena: is_kept.then(Arena::default),
        })
    }

    /// Notes the address of a user.
    pub(super) fn push(&mut self, address: &str, object_id: &str, line: u64) {
        let address = lower(address);
        self.addresses.push(hash(&address), line, false);
        if let Some(arena) = &mut self.arena {
            arena.push(&address, object_id, line);
        }
    }
}

/// In lower case: mail and people make no difference.
pub(super) fn lower(address: &str) -> Cow<'_, str> {
    if address
        .bytes()
        .all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase())
    {
        Cow::Borrowed(address)
    } else {
        Cow::Owned(address.to_lowercase())
    }
}
