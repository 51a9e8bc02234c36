//! The id of an upload: the same content gets the same id, so that nothing is sent twice.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use gong_records::ObjectType;
use gong_records::ids::{ClientRequestId, IntegrationId};

/// What an id follows from: integration, type and content.
#[derive(Debug)]
pub(super) struct Fingerprint {
    object_type: ObjectType,
    hash: String,
}

impl Fingerprint {
    pub(super) fn new(
        integration_id: IntegrationId,
        object_type: ObjectType,
        content_hash: &[u8; 32],
    ) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(format!("{integration_id}\n{object_type}\n"));
        hasher.update(content_hash);
        Self {
            object_type,
            // 96 bits: two contents of one company will not meet in them.
            hash: hexadecimal(&hasher.finalize()[..12]),
        }
    }

    /// The id of the given attempt, such as `business-user-5f1c…-1`.
    pub(super) fn attempt(&self, attempt: u32) -> ClientRequestId {
        let object_type = self.object_type.as_str().to_lowercase().replace('_', "-");
        ClientRequestId::from_valid(format!("{object_type}-{}-{attempt}", self.hash))
    }
}

pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_follows_from_integration_type_and_content() {
        let id = |integration: i64, object_type, content: u8, attempt| {
            Fingerprint::new(integration.into(), object_type, &[content; 32]).attempt(attempt)
        };
        let first = id(1, ObjectType::BusinessUser, 7, 1);
        assert_eq!(first, id(1, ObjectType::BusinessUser, 7, 1));
        assert!(first.as_str().starts_with("business-user-"), "{first}");
        first.as_str().parse::<ClientRequestId>().unwrap();
        for other in [
            id(2, ObjectType::BusinessUser, 7, 1),
            id(1, ObjectType::Stage, 7, 1),
            id(1, ObjectType::BusinessUser, 8, 1),
            id(1, ObjectType::BusinessUser, 7, 2),
        ] {
            assert_ne!(first, other);
        }
    }
}
