//! The id of an upload: the same content gets the same id, so that nothing is sent twice.

use std::fmt::Write as _;
use std::path::Path;

use sha2::{Digest as _, Sha256};
use tokio::io::AsyncReadExt as _;

use crate::entity::ObjectType;
use crate::error::{Error, ErrorKind};
use crate::id::{ClientRequestId, IntegrationId};

/// What an id follows from: integration, type and content.
pub(super) struct Fingerprint {
    object_type: ObjectType,
    hash: String,
}

impl Fingerprint {
    /// Reads the file once to hash it.
    pub(super) async fn of_file(
        integration_id: IntegrationId,
        object_type: ObjectType,
        path: &Path,
    ) -> Result<Self, Error> {
        let unreadable = |error: std::io::Error| {
            Error::new(ErrorKind::File, format!("{} can't be read", path.display()))
                .with_source(error)
        };
        let mut hasher = Sha256::new();
        hasher.update(format!("{integration_id}\n{object_type}\n"));
        let mut file = tokio::fs::File::open(path).await.map_err(unreadable)?;
        let mut piece = vec![0; 256 * 1024];
        loop {
            let length = file.read(&mut piece).await.map_err(unreadable)?;
            if length == 0 {
                break;
            }
            hasher.update(&piece[..length]);
        }
        let mut hash = String::new();
        // 96 bits: two contents of one company will not meet in them.
        for byte in &hasher.finalize()[..12] {
            let _ = write!(hash, "{byte:02x}");
        }
        Ok(Self { object_type, hash })
    }

    /// The id of the given attempt, such as `business-user-5f1c…-1`.
    pub(super) fn attempt(&self, attempt: u32) -> ClientRequestId {
        let object_type = self.object_type.as_str().to_lowercase().replace('_', "-");
        ClientRequestId::from_valid(format!("{object_type}-{}-{attempt}", self.hash))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_id_follows_from_integration_type_and_content() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let id = async |integration: i64, object_type, content: &str, attempt| {
            std::fs::write(&path, content).unwrap();
            let print = Fingerprint::of_file(integration.into(), object_type, &path)
                .await
                .unwrap();
            print.attempt(attempt)
        };
        let first = id(1, ObjectType::BusinessUser, "x", 1).await;
        assert_eq!(first, id(1, ObjectType::BusinessUser, "x", 1).await);
        assert!(first.as_str().starts_with("business-user-"), "{first}");
        first.as_str().parse::<ClientRequestId>().unwrap();
        for other in [
            id(2, ObjectType::BusinessUser, "x", 1).await,
            id(1, ObjectType::Stage, "x", 1).await,
            id(1, ObjectType::BusinessUser, "y", 1).await,
            id(1, ObjectType::BusinessUser, "x", 2).await,
        ] {
            assert_ne!(first, other);
        }
    }
}
