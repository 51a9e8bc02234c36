//! Email addresses that several business users of a file have.

use std::borrow::Cow;

use super::log::KeyLog;
use super::versions::Version;
use crate::check::ids::{Ids, hash};

/// The email addresses of a file's business users that are not deleted.
#[derive(Debug)]
pub(in crate::check) struct Emails {
    /// By a hash of the address in lower case.
    pub(in crate::check) addresses: Ids,
    pub(in crate::check) log: Option<KeyLog>,
}

impl Emails {
    /// For a stream that cannot be read twice, the addresses are kept.
    pub(in crate::check) fn new(are_kept: bool) -> Self {
        Self {
            addresses: Ids::new(),
            log: are_kept.then(KeyLog::default),
        }
    }

    /// Adds the address of a user.
    pub(in crate::check) fn push(&mut self, address: &str, object_id: &str, line: u64) {
        let address = lower(address);
        self.addresses.push(hash(&address), line, false);
        if let Some(log) = &mut self.log {
            log.push(&address, object_id, Version::default(), line);
        }
    }
}

/// In lower case, because case does not matter in practice.
pub(in crate::check) fn lower(address: &str) -> Cow<'_, str> {
    if address
        .bytes()
        .all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase())
    {
        Cow::Borrowed(address)
    } else {
        Cow::Owned(address.to_lowercase())
    }
}
