//! Records into entity files.

use std::fs;
use std::path::Path;

use gong_records::{Account, EntityFile, EntityWriter, FinishedFile, RecordLocation, WriteError};

fn account(id: &str, name: &str) -> Account {
    Account::builder()
        .object_id(id)
        .modified_date("2026-03-01T09:30:00Z")
        .name(name)
        .build()
        .unwrap()
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn lines(file: &FinishedFile) -> Vec<String> {
    let text = fs::read_to_string(file.path()).unwrap();
    assert!(text.ends_with('\n'));
    assert_eq!(text.len() as u64, file.bytes());
    text.lines().map(str::to_owned).collect()
}

#[test]
fn a_file_appears_only_when_it_is_complete() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("accounts.ldjson");
    fs::write(&path, "before").unwrap();

    let mut dropped = EntityFile::create(&path).unwrap();
    dropped.write(&account("a", "A")).unwrap();
    drop(dropped);
    assert_eq!(names(folder.path()), ["accounts.ldjson"]);
    assert_eq!(fs::read_to_string(&path).unwrap(), "before");

    let mut file = EntityFile::create(&path).unwrap();
    for number in 0..5_000 {
        file.write(&account(&format!("a-{number}"), "line\nbreak"))
            .unwrap();
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), "before");
    let written = file.finish().unwrap();
    assert_eq!(names(folder.path()), ["accounts.ldjson"]);
    let [only] = written.files.as_slice() else {
        unreachable!("one file was written");
    };
    assert_eq!((only.path(), only.records()), (path.as_path(), 5_000));
    let lines = lines(only);
    assert_eq!(lines.len(), 5_000);
    for (number, line) in [
        (1, &lines[0]),
        (3_333, &lines[3_332]),
        (5_000, &lines[4_999]),
    ] {
        let id = only.object_id(number).unwrap();
        assert_eq!(id, format!("a-{}", number - 1));
        assert!(line.contains(&format!("\"{id}\"")));
    }
    assert_eq!((only.object_id(0), only.object_id(5_001)), (None, None));
}

#[cfg(unix)]
#[test]
fn a_file_is_as_readable_as_any_other() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("other"), "").unwrap();
    let mut file = EntityFile::create(folder.path().join("accounts.ldjson")).unwrap();
    file.write(&account("a", "A")).unwrap();
    file.finish().unwrap();
    let mode = |name: &str| {
        fs::metadata(folder.path().join(name))
            .unwrap()
            .permissions()
            .mode()
    };
    assert_eq!(mode("accounts.ldjson"), mode("other"));
}

#[test]
fn record_of_another_file_is_rejected_and_writing_continues() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = EntityFile::create(folder.path().join("accounts.ldjson"))
        .unwrap()
        .with_max_bytes(300);
    assert_eq!(file.write(&account("a", "first")).unwrap().line, 1);
    assert_eq!(file.write(&account("b", "second")).unwrap().line, 2);
    let repeated = file.write(&account("a", "third")).unwrap_err();
    assert!(matches!(repeated, WriteError::Repeated { line: 1, .. }));
    assert!(
        repeated
            .to_string()
            .starts_with("record a is in line 1 already")
    );
    let full = file.write(&account("c", &"x".repeat(200))).unwrap_err();
    assert!(
        matches!(full, WriteError::Full { max_bytes: 300, .. }),
        "{full}"
    );
    let long = file.write(&account("c", &"x".repeat(300))).unwrap_err();
    assert!(matches!(long, WriteError::TooLong { .. }), "{long}");
    file.write(&account("c", "fourth")).unwrap();
    let written = file.finish().unwrap();
    assert_eq!(lines(&written.files[0]).len(), 3);
    assert_eq!(written.records(), 3);
}

#[test]
fn rolling_file_separates_updates_of_a_record_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = EntityFile::rolling(folder.path().join("accounts.ldjson")).unwrap();
    let ids = ["a", "b", "a", "c", "b", "a"];
    let places: Vec<RecordLocation> = ids
        .iter()
        .enumerate()
        .map(|(index, id)| file.write(&account(id, &index.to_string())).unwrap())
        .collect();
    assert_eq!(file.records(), 6);
    let written = file.finish().unwrap();
    assert_eq!(
        names(folder.path()),
        [
            "accounts-1.ldjson",
            "accounts-2.ldjson",
            "accounts-3.ldjson"
        ]
    );
    for ((place, id), index) in places.iter().zip(ids).zip(0..) {
        let file = &written.files[place.file];
        assert_eq!(file.object_id(place.line), Some(id));
        let line = &lines(file)[usize::try_from(place.line).unwrap() - 1];
        assert!(line.contains(&format!("\"name\":\"{index}\"")), "{line}");
    }
    assert_eq!(
        written
            .files
            .iter()
            .map(FinishedFile::records)
            .collect::<Vec<_>>(),
        [2, 3, 1]
    );
}

#[test]
fn rolling_file_keeps_its_limit_and_sortable_names() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = EntityFile::rolling(folder.path().join("accounts.v2.ldjson"))
        .unwrap()
        .with_max_bytes(500);
    let records: Vec<Account> = (0..80)
        .map(|number| account(&format!("a-{number}"), "n"))
        .collect();
    file.write_all(&records).unwrap();
    let written = file.finish().unwrap();
    assert!(written.files.len() >= 10);
    assert!(written.files.iter().all(|file| file.bytes() <= 500));
    assert_eq!(written.records(), 80);
    let in_order: Vec<String> = written
        .files
        .iter()
        .map(|file| {
            file.path()
                .file_name()
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    assert_eq!(names(folder.path()), in_order);
    assert_eq!(in_order[0], "accounts.v2-01.ldjson");
}

#[test]
fn file_without_records_is_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let file = EntityFile::<Account>::rolling(folder.path().join("accounts.ldjson")).unwrap();
    assert!(file.finish().unwrap().files.is_empty());
    assert!(names(folder.path()).is_empty());
}

#[test]
fn path_without_a_folder_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("missing").join("accounts.ldjson");
    let error = EntityFile::<Account>::create(path).unwrap_err();
    assert!(error.to_string().contains("missing"), "{error}");
    assert!(EntityFile::<Account>::create("/").is_err());
}

#[test]
fn a_sink_that_fails_is_an_error() {
    struct Full;
    impl std::io::Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut writer = EntityWriter::new(Full);
    writer.write(&account("a", "A")).unwrap();
    assert!(matches!(writer.finish().err(), Some(WriteError::Sink(_))));
}
