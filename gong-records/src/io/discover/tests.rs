//! Which files of a folder are found, and of which type they are.

use super::*;

fn names(paths: &[PathBuf], csvs: &CsvHandling) -> Vec<String> {
    entity_files(paths, None, &SourceFiles::default(), csvs)
        .unwrap()
        .into_iter()
        .map(|file| file.path.file_name().unwrap().to_str().unwrap().to_owned())
        .collect()
}

fn folder(names: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in names {
        fs::write(folder.path().join(name), "{}\n").unwrap();
    }
    folder
}

#[cfg(unix)]
#[test]
fn names_that_are_not_utf_8_count() {
    use std::os::unix::ffi::OsStrExt as _;
    let folder = folder(&["accounts-a.ldjson"]);
    let name = std::ffi::OsStr::from_bytes(b"accounts-K\xf6ln.ldjson");
    fs::write(folder.path().join(name), "{}\n").unwrap();
    for path in [
        folder.path().to_path_buf(),
        folder.path().join("accounts-*.ldjson"),
    ] {
        let found = entity_files(
            &[path],
            None,
            &SourceFiles::default(),
            &CsvHandling::Unmapped,
        )
        .unwrap();
        assert_eq!(found.len(), 2, "{found:?}");
    }
    let named = folder.path().join(name);
    let found = entity_files(
        &[named],
        None,
        &SourceFiles::default(),
        &CsvHandling::Unmapped,
    )
    .unwrap();
    assert_eq!(found[0].object_type, ObjectType::Account);
}

#[test]
fn folders_and_patterns_give_their_entity_files() {
    let folder = folder(&[
        "deals.ldjson",
        "accounts.jsonl.gz",
        "stages.NDJSON",
        "leads.csv",
        "notes.txt",
    ]);
    let path = vec![folder.path().to_path_buf()];
    assert_eq!(
        names(&path, &CsvHandling::Unmapped),
        ["stages.NDJSON", "accounts.jsonl.gz", "deals.ldjson"]
    );
    let pattern = vec![folder.path().join("*.l?json")];
    assert_eq!(names(&pattern, &CsvHandling::Unmapped), ["deals.ldjson"]);
    let nothing = folder.path().join("x*.ldjson");
    assert!(matches!(
        entity_files(
            &[nothing],
            None,
            &SourceFiles::default(),
            &CsvHandling::Unmapped
        ),
        Err(FilesError::NoEntityFiles { .. })
    ));
}

#[test]
fn a_mapping_makes_csvs_entity_files() {
    let of = folder(&["deals.ldjson", "accounts.csv.gz", "export.TSV", "notes.txt"]);
    let path = vec![of.path().to_path_buf()];
    let leads = CsvHandling::Mapped(Some(ObjectType::Lead));
    assert_eq!(
        names(&path, &leads),
        ["accounts.csv.gz", "deals.ldjson", "export.TSV"]
    );
    assert!(leads.include(Path::new("export.dat")) && leads.include(Path::new("-")));
    assert!(!leads.include(Path::new("x.csv.ldjson.gz")));
    let by_name = CsvHandling::MappedByName(Some(ObjectType::Lead));
    assert_eq!(names(&path, &by_name), names(&path, &leads));
    assert!(by_name.include(Path::new("export.Csv.gz")));
    for other in ["export.dat", "-", "x.csv.ldjson"] {
        assert!(!by_name.include(Path::new(other)), "{other}");
    }
    assert!(matches!(
        type_of_input(None, &by_name),
        Err(FilesError::TypeNeeded)
    ));
    assert!(matches!(
        entity_files(&path, None, &SourceFiles::default(), &CsvHandling::Mapped(None)),
        Err(FilesError::UnknownType { path }) if path.ends_with("export.TSV")
    ));
}

#[test]
fn one_file_can_have_records_of_several_types() {
    let of = folder(&[
        "Verkaufschancen.csv",
        "contacts.csv",
        "export.json",
        "deals.ldjson",
    ]);
    let path = |name: &str| of.path().join(name);
    let files = [
        (ObjectType::Deal, path("Verkaufschancen.csv")),
        (ObjectType::Stage, path("Verkaufschancen.csv")),
        (ObjectType::Lead, path("export.json")),
    ];
    let typed = |has_others| {
        let sources = CsvHandling::Sources(Arc::new(SourceFiles::new(files.clone(), has_others)));
        let found = entity_files(&[of.path()], None, &SourceFiles::default(), &sources).unwrap();
        let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
        found
            .iter()
            .map(|file| (file.object_type, name(&file.path)))
            .collect::<Vec<_>>()
    };
    let expected = |object_type, name: &str| (object_type, name.to_owned());
    let alone = [
        expected(ObjectType::Stage, "Verkaufschancen.csv"),
        expected(ObjectType::Deal, "Verkaufschancen.csv"),
        expected(ObjectType::Deal, "deals.ldjson"),
        expected(ObjectType::Lead, "export.json"),
    ];
    assert_eq!(typed(false), alone);
    assert_eq!(typed(true).len(), 5);
}

#[test]
fn rejects_files_are_read_only_if_named() {
    let of = folder(&[
        "deals.ldjson",
        "deals.rejects.ldjson",
        "accounts.rejects.ldjson.gz",
        "leads.rejects.csv",
        "leads.rejects.txt",
        "contacts.rejectsx.ldjson",
    ]);
    let path = |name: &str| vec![of.path().join(name)];
    let leads = CsvHandling::Mapped(Some(ObjectType::Lead));
    for csvs in [CsvHandling::Unmapped, leads.clone()] {
        let of_folder = names(&path(""), &csvs);
        assert_eq!(of_folder, ["contacts.rejectsx.ldjson", "deals.ldjson"]);
    }
    assert_eq!(names(&path("d*.ldjson"), &leads), ["deals.ldjson"]);
    let refused = names(&path("*.rejects.*[nv]"), &leads);
    assert_eq!(refused, ["deals.rejects.ldjson", "leads.rejects.csv"]);
    let named = names(&path("deals.rejects.ldjson"), &CsvHandling::Unmapped);
    assert_eq!(named, ["deals.rejects.ldjson"]);
    assert!(unmapped_csvs(&path("")).is_empty());

    let rejects = folder(&["deals.rejects.ldjson"]);
    for path in [
        rejects.path().to_path_buf(),
        rejects.path().join("*.ldjson"),
    ] {
        assert!(matches!(
            entity_files(
                &[path],
                None,
                &SourceFiles::default(),
                &CsvHandling::Unmapped
            ),
            Err(FilesError::OnlyRejects { .. })
        ));
    }
}

#[test]
fn csv_without_a_mapping_is_reported_if_it_is_alone() {
    let alone = folder(&["deals.csv", "accounts.csv"]);
    let named = [
        alone.path().to_path_buf(),
        alone.path().join("accounts.csv"),
    ];
    for path in named {
        let error = entity_files(
            &[path],
            None,
            &SourceFiles::default(),
            &CsvHandling::Unmapped,
        )
        .unwrap_err();
        assert!(
            matches!(&error, FilesError::NoMapping { path } if path.ends_with("accounts.csv")),
            "{error}"
        );
    }
}
