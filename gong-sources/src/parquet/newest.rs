//! `take = "latest"`: which files belong to the newest export.

use std::sync::Arc;

use gong_crm::source::SourceError;
use object_store::ObjectStore;
use object_store::path::Path;

use super::listed::Listed;
use super::marks::MARKER;
use super::part::{Part, folder_of, is_below};

/// Keeps only the files of the newest export, and returns its folder. An export is a folder with all
/// folders in it, or what a manifest names, or else a file directly at the prefix.
pub(super) async fn narrow(
    listed: &mut Listed,
    store: &Arc<dyn ObjectStore>,
    prefix: &Path,
) -> Result<String, SourceError> {
    let by_age = |part: &&Part| (part.modified, part.path.to_string());
    let root = prefix.as_ref();
    let Some(newest) = listed.parts.iter().max_by_key(by_age).cloned() else {
        return Ok(root.to_owned());
    };
    listed
        .read_manifests(store, |folder| is_below(&newest.path, folder))
        .await?;
    if has_manifest_at_root(listed, root, &newest)? {
        return Ok(root.to_owned());
    }
    let folders = folders_between(root, &newest);
    let has_mark = |folder: &str| {
        let mut manifests = listed.manifests.iter();
        has_marker(listed, folder) || manifests.any(|manifest| manifest.folder == folder)
    };
    let marked = folders.iter().rev().find(|folder| has_mark(folder));
    let folder = match marked {
        Some(folder) => folder.clone(),
        None if has_marker(listed, root) && folders.is_empty() => {
            listed.parts.retain(|part| folder_of(&part.path) == root);
            return Ok(root.to_owned());
        }
        None if has_marker(listed, root) => {
            return Err(SourceError::failed(format!(
                "{MARKER} is beside the folders of the exports, and not in one of them: write each \
                 export into a folder of its own, or use take = \"parts\" if they are all one export"
            )));
        }
        None => {
            fail_if_others_have_marks(listed, store, &newest).await?;
            match export_depth(root, &folders).and_then(|depth| folders.get(depth)) {
                Some(folder) => folder.clone(),
                None => return one_file(listed, root, newest),
            }
        }
    };
    listed.parts.retain(|part| is_below(&part.path, &folder));
    let is_inside = |of: &str| of == folder || is_below(&Path::from(of), &folder);
    listed.markers.retain(|(of, _)| is_inside(of));
    listed.manifests.clear();
    listed.read_manifests(store, is_inside).await?;
    Ok(folder)
}

fn has_marker(listed: &Listed, folder: &str) -> bool {
    listed.markers.iter().any(|(of, _)| of == folder)
}

/// The folders of a part below the root, the outermost first.
fn folders_between(root: &str, part: &Part) -> Vec<String> {
    let folder = folder_of(&part.path);
    let start = match root {
        "" => 0,
        root => root.len() + 1,
    };
    let ends = folder.match_indices('/').map(|(end, _)| end);
    ends.chain([folder.len()])
        .filter(|end| *end > start)
        .map(|end| folder[..end].to_owned())
        .collect()
}

/// Whether a manifest at the root names the newest part: then the export is what it names. Those of
/// earlier exports are removed.
fn has_manifest_at_root(
    listed: &mut Listed,
    root: &str,
    newest: &Part,
) -> Result<bool, SourceError> {
    let (at_root, others) = std::mem::take(&mut listed.manifests)
        .into_iter()
        .partition::<Vec<_>, _>(|manifest| manifest.folder == root);
    listed.manifests = others;
    for manifest in at_root {
        let is_newer = manifest.written >= newest.modified;
        if is_newer && manifest.named(&listed.parts)?.contains(&newest.path) {
            listed.manifests = vec![manifest];
            return Ok(true);
        }
    }
    Ok(false)
}

/// An export without a marker is still being written if the others have one.
async fn fail_if_others_have_marks(
    listed: &mut Listed,
    store: &Arc<dyn ObjectStore>,
    newest: &Part,
) -> Result<(), SourceError> {
    let not_ready = |what: &str| {
        Err(SourceError::NotReady(format!(
            "the newest export {} has no {what}, but the others do",
            newest.shown
        )))
    };
    if !listed.markers.is_empty() {
        return not_ready(&format!("file {MARKER}"));
    }
    let others = listed.named_manifest.iter();
    let last = others
        .filter(|(path, _)| !is_below(&newest.path, &folder_of(path)))
        .max_by_key(|(_, written)| *written);
    if let Some(folder) = last.map(|(path, _)| folder_of(path)) {
        listed.read_manifests(store, |of| of == folder).await?;
        if listed.manifests.iter().any(|of| of.folder == folder) {
            return not_ready("manifest");
        }
    }
    Ok(())
}

/// Which of the folders is the export: the outermost; or the last of those by year, month, day and
/// hour, as in `2026/01/15`. Folders in it are its partitions.
fn export_depth(root: &str, folders: &[String]) -> Option<usize> {
    let mut depth = None;
    let mut unit = None;
    let mut above = root;
    for (place, folder) in folders.iter().enumerate() {
        let name = folder.strip_prefix(above).unwrap_or(folder);
        let of_folder = time_unit(name.trim_start_matches('/'), unit);
        let is_next = unit.is_some() && of_folder == unit.and_then(TimeUnit::smaller);
        if place > 0 && !is_next {
            break;
        }
        (depth, unit, above) = (Some(place), of_folder, folder);
        if unit.is_none() {
            break;
        }
    }
    depth
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TimeUnit {
    Year,
    Month,
    Day,
    Hour,
}

impl TimeUnit {
    fn smaller(self) -> Option<Self> {
        match self {
            Self::Year => Some(Self::Month),
            Self::Month => Some(Self::Day),
            Self::Day => Some(Self::Hour),
            Self::Hour => None,
        }
    }
}

/// The unit to which the name of a folder gives a time, below a folder of another unit.
fn time_unit(name: &str, above: Option<TimeUnit>) -> Option<TimeUnit> {
    let (key, value) = match name.split_once('=') {
        Some((key, value)) => (Some(key), value),
        None => (None, name),
    };
    let is_time = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'-' | b'_' | b'T' | b':');
    if value.is_empty() || !value.bytes().all(is_time) {
        return None;
    }
    let digits: String = value.chars().filter(char::is_ascii_digit).collect();
    let has_year = ["19", "20"].iter().any(|of| digits.starts_with(of));
    match (digits.len(), key.map(str::to_ascii_lowercase).as_deref()) {
        (4, _) if has_year => Some(TimeUnit::Year),
        (6, _) if has_year => Some(TimeUnit::Month),
        (8, _) if has_year => Some(TimeUnit::Day),
        (10, _) if has_year => Some(TimeUnit::Hour),
        (1 | 2, Some("month" | "mm" | "m")) => Some(TimeUnit::Month),
        (1 | 2, Some("day" | "dd" | "d")) => Some(TimeUnit::Day),
        (1 | 2, Some("hour" | "hh" | "h")) => Some(TimeUnit::Hour),
        (2, None) => above.and_then(TimeUnit::smaller),
        _ => None,
    }
}

/// The newest file where each is an export.
fn one_file(listed: &mut Listed, root: &str, newest: Part) -> Result<String, SourceError> {
    let at_root = listed.parts.iter();
    let at_root = at_root.filter(|part| folder_of(&part.path) == root);
    let numbered: Vec<&Part> = at_root.filter(|part| is_numbered(&part.path)).collect();
    if let [one, other, ..] = numbered.as_slice()
        && is_numbered(&newest.path)
    {
        return Err(SourceError::failed(format!(
            "{} files look like parts of one export, such as {} and {}: write each export into a \
             folder of its own, or use take = \"parts\"",
            numbered.len(),
            one.shown,
            other.shown
        )));
    }
    listed.parts = vec![newest];
    Ok(root.to_owned())
}

/// Whether a file has a name that writers give to one of several parts: `part-00000-…`,
/// `0000_part_00`, `data_0_1_0`, `leads-000000000000`.
fn is_numbered(path: &Path) -> bool {
    let name = path.filename().unwrap_or_default().to_ascii_lowercase();
    let stem = name.split('.').next().unwrap_or_default();
    let is_number = |text: &str| {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let is_year = digits >= 4 && (text.starts_with("19") || text.starts_with("20"));
        digits > 0 && !is_year
    };
    let is_part = stem.match_indices("part").any(|(start, part)| {
        let rest = &stem[start + part.len()..];
        is_number(rest.trim_start_matches(['-', '_']))
    });
    let is_data = stem.strip_prefix("data_").is_some_and(|rest| {
        rest.split('_')
            .all(|number| number.len() <= 3 && is_number(number))
    });
    let digits = stem.len() - stem.trim_end_matches(|of: char| of.is_ascii_digit()).len();
    let is_twelve = digits == 12 && stem[stem.len() - 12..].starts_with("000000");
    is_part || is_data || is_twelve
}

#[cfg(test)]
mod tests {
    use gong_crm::source::Take;

    use super::super::parts::tests::find;

    async fn newest(names: &[&str]) -> Result<Vec<String>, String> {
        find(names, Take::Latest).await
    }

    #[tokio::test]
    async fn only_folder_is_taken_whole() {
        let names = ["2026-01-15/part-0.parquet", "2026-01-15/part-1.parquet"];
        assert_eq!(newest(&names).await.unwrap(), names);
    }

    #[tokio::test]
    async fn partitions_belong_to_the_export() {
        let names = [
            "day=2026-01-14/region=eu/0.parquet",
            "day=2026-01-14/region=us/0.parquet",
            "day=2026-01-15/region=eu/0.parquet",
            "day=2026-01-15/region=us/0.parquet",
        ];
        assert_eq!(newest(&names).await.unwrap(), names[2..]);
        let mut marked = names.to_vec();
        marked.insert(2, "day=2026-01-14/_SUCCESS");
        let error = newest(&marked).await.unwrap_err();
        assert!(error.contains("has no file _SUCCESS"), "{error}");
        marked.push("day=2026-01-15/_SUCCESS");
        assert_eq!(newest(&marked).await.unwrap(), names[2..]);
    }

    #[tokio::test]
    async fn folder_of_an_export_may_be_a_date_in_several() {
        let names = [
            "2026/01/14/0.parquet",
            "2026/01/15/region=eu/0.parquet",
            "2026/01/15/region=us/0.parquet",
        ];
        assert_eq!(newest(&names).await.unwrap(), names[1..]);
        let names = ["year=2026/month=1/0.parquet", "year=2026/month=2/0.parquet"];
        assert_eq!(newest(&names).await.unwrap(), names[1..]);
        // Partitions by a date are inside of an export that has a name.
        let names = ["run-1/year=2025/0.parquet", "run-1/year=2026/0.parquet"];
        assert_eq!(newest(&names).await.unwrap(), names);
        let names = [
            "2026-01-15/year=2025/0.parquet",
            "2026-01-15/year=2026/0.parquet",
        ];
        assert_eq!(newest(&names).await.unwrap(), names);
    }

    #[tokio::test]
    async fn marker_beside_the_folders_is_an_error() {
        let names = ["r=eu/0.parquet", "r=us/0.parquet", "_SUCCESS"];
        let error = newest(&names).await.unwrap_err();
        assert!(error.contains("take = \"parts\""), "{error}");
    }

    #[tokio::test]
    async fn several_parts_without_a_folder_are_not_taken_for_exports() {
        for names in [
            ["part-0.parquet", "part-1.parquet"],
            ["data_0_0_0.snappy.parquet", "data_0_1_0.snappy.parquet"],
            ["0000_part_00.parquet", "0001_part_00.parquet"],
            ["leads-000000000000.parquet", "leads-000000000001.parquet"],
        ] {
            let error = newest(&names).await.unwrap_err();
            let expected = "2 files look like parts of one export";
            assert!(error.contains(expected), "{names:?}: {error}");
        }
        let dated = ["data_2026_01_14.parquet", "data_2026_01_15.parquet"];
        assert_eq!(newest(&dated).await.unwrap(), dated[1..]);
        let dated = ["leads-202601140930.parquet", "leads-202601150930.parquet"];
        assert_eq!(newest(&dated).await.unwrap(), dated[1..]);
    }

    #[tokio::test]
    async fn manifest_names_the_files_of_the_newest_export() {
        let names = [
            "14_0000_part_00.parquet",
            "14_manifest {\"entries\":[{\"url\":\"s3://b/leads/14_0000_part_00.parquet\"}]}",
            "15_0000_part_00.parquet",
            "15_0001_part_00.parquet",
            "15_manifest {\"entries\":[{\"url\":\"s3://b/leads/15_0000_part_00.parquet\"},\
             {\"url\":\"s3://b/leads/15_0001_part_00.parquet\"}]}",
        ];
        assert_eq!(newest(&names).await.unwrap(), [names[2], names[3]]);
        let error = newest(&names[..4]).await.unwrap_err();
        assert!(error.contains("look like parts"), "{error}");
        let names = [
            "14/0.parquet",
            "14/manifest {\"entries\":[{\"url\":\"s3://b/leads/14/0.parquet\"}]}",
            "15/0.parquet",
        ];
        let error = newest(&names).await.unwrap_err();
        assert!(
            error.contains("has no manifest, but the others do"),
            "{error}"
        );
    }
}
