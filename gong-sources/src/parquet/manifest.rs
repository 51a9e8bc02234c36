//! Manifests: lists of part files that a writer leaves, such as Redshift's UNLOAD.

use std::collections::HashMap;
use std::sync::Arc;

use gong_crm::source::SourceError;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _};
use serde_json::Value;

use super::part::Part;

/// A manifest of a hundred thousand parts has some 20 MB.
const MAX_BYTES: u64 = 256 << 20;

/// Whether the name is one of a manifest: `manifest`, `manifest.json`, `leads_manifest`.
pub(super) fn is_manifest(name: &str) -> bool {
    name == "manifest.json" || name.ends_with("manifest")
}

/// Fails if a part that a manifest names is missing, or has another size.
pub(super) async fn verify(
    store: &Arc<dyn ObjectStore>,
    manifests: &[Path],
    parts: &[Part],
) -> Result<(), SourceError> {
    if manifests.is_empty() {
        return Ok(());
    }
    let by_name: HashMap<&str, u64> = parts
        .iter()
        .map(|part| (part.path.filename().unwrap_or_default(), part.bytes))
        .collect();
    for manifest in manifests {
        let failed = |reason: String| {
            let name = manifest.filename().unwrap_or_default();
            SourceError::failed(format!("{name}: {reason}"))
        };
        let found = store
            .get(manifest)
            .await
            .map_err(|error| failed(error.to_string()))?;
        if found.meta.size > MAX_BYTES {
            return Err(failed("it is too large for a manifest".to_owned()));
        }
        let bytes = found
            .bytes()
            .await
            .map_err(|error| failed(error.to_string()))?;
        let text: Value = serde_json::from_slice(&bytes)
            .map_err(|error| failed(format!("it is not a manifest: {error}")))?;
        for entry in text["entries"].as_array().into_iter().flatten() {
            let Some(url) = entry["url"].as_str() else {
                continue;
            };
            let name = url.rsplit('/').next().unwrap_or_default();
            let Some(bytes) = by_name.get(name) else {
                return Err(failed(format!("the part {name} is missing")));
            };
            let length = entry["meta"]["content_length"].as_u64();
            if length.is_some_and(|length| length != *bytes) {
                return Err(failed(format!("the part {name} has another size")));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use object_store::memory::InMemory;

    use super::*;

    #[tokio::test]
    async fn part_that_a_manifest_names_must_be_there_with_its_size() {
        let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
        let path = Path::from("leads/manifest");
        let text = r#"{"entries":[{"url":"s3://b/leads/a.parquet","meta":{"content_length":3}}]}"#;
        store.put(&path, text.into()).await.unwrap();
        let part = |name: &str, bytes| Part {
            path: Path::from(format!("leads/{name}")),
            shown: name.to_owned(),
            bytes,
            tag: None,
            modified: Timestamp::UNIX_EPOCH,
            partitions: Vec::new(),
        };
        let verified = async |part: Part| {
            let verified = verify(&store, std::slice::from_ref(&path), &[part]).await;
            verified.map_err(|error| error.to_string())
        };
        verified(part("a.parquet", 3)).await.unwrap();
        let missing = verified(part("b.parquet", 3)).await.unwrap_err();
        assert!(
            missing.contains("the part a.parquet is missing"),
            "{missing}"
        );
        let other = verified(part("a.parquet", 2)).await.unwrap_err();
        assert!(other.contains("another size"), "{other}");
    }
}
