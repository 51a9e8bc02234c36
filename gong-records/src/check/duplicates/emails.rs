//! Email addresses that several business users of a file have.

use std::borrow::Cow;

use super::log::KeyLog;
use super::versions::Version;
use crate::check::ids::{Ids, hash, hash_bytes};

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

    /// Adds the address of a user, in lower case.
    pub(in crate::check) fn push(&mut self, address: &EmailKey, line: u64) {
        self.addresses.push(address.hash, line, false);
        if let (Some(log), Some(kept)) = (&mut self.log, &address.kept) {
            let (address, object_id) = &**kept;
            log.push(address, object_id, Version::default(), line);
        }
    }
}

/// The address of a user.
#[derive(Debug)]
pub(in crate::check) struct EmailKey {
    hash: u64,
    /// The line in its block.
    pub(in crate::check) line: u32,
    /// The address and the id of the user, if the stream cannot be read twice.
    kept: Option<Box<(Box<str>, Box<str>)>>,
}

impl EmailKey {
    pub(in crate::check) fn new(address: &str, object_id: &str, line: u32, is_kept: bool) -> Self {
        let address = lower(address);
        Self {
            hash: hash(&address),
            line,
            kept: is_kept.then(|| Box::new((address.into(), object_id.into()))),
        }
    }

    /// The same of ASCII, if the stream can be read twice.
    pub(in crate::check) fn of_ascii(address: &[u8], line: u32) -> Self {
        let hash = if has_other_case(address) {
            hash_bytes(&address.to_ascii_lowercase())
        } else {
            hash_bytes(address)
        };
        Self {
            hash,
            line,
            kept: None,
        }
    }
}

/// In lower case, because case does not matter in practice.
pub(in crate::check) fn lower(address: &str) -> Cow<'_, str> {
    if has_other_case(address.as_bytes()) {
        Cow::Owned(address.to_lowercase())
    } else {
        Cow::Borrowed(address)
    }
}

/// Whether a text may be another one in lower case.
fn has_other_case(text: &[u8]) -> bool {
    // Without an early end, it looks at many bytes at a time.
    let is_other = |any: bool, byte: &u8| any | !byte.is_ascii() | byte.is_ascii_uppercase();
    text.iter().fold(false, is_other)
}
