//! Files that another user has created or changed.

use super::*;

/// The reason why a ledger cannot be opened.
fn refusal(path: &Path) -> String {
    match SqliteStore::open(path) {
        Err(LedgerError::Untrusted { reason, .. }) => reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn foreign_content_is_rejected_by_name() {
    let foreign = [
        (
            "CREATE TRIGGER sneaky AFTER INSERT ON records BEGIN DELETE FROM uploads; END",
            "the trigger \"sneaky\"",
        ),
        (
            "CREATE VIEW spy AS SELECT k FROM records",
            "the view \"spy\"",
        ),
        ("CREATE TABLE extra (x)", "the table \"extra\""),
        ("CREATE INDEX slow ON records (v)", "the index \"slow\""),
        (
            "CREATE TABLE \"odd\u{1b}[2J\" (x)",
            "the table \"odd\\u{1b}[2J\"",
        ),
        (
            "DROP TABLE calls; CREATE TABLE calls (k, v, w AS (abs(k)))",
            "the table \"calls\"",
        ),
        ("DROP TABLE contents", "the table \"contents\" is missing"),
    ];
    for (change, expected) in foreign {
        let (_dir, path) = place();
        drop(SqliteStore::open(&path).unwrap());
        Connection::open(&path)
            .unwrap()
            .execute_batch(change)
            .unwrap();
        let reason = refusal(&path);
        assert!(reason.contains(expected), "{reason}");
    }
}

#[test]
fn database_of_another_program_is_rejected_unchanged() {
    for version in [0, -1] {
        let (_dir, path) = place();
        let connection = Connection::open(&path).unwrap();
        connection
            .execute_batch("CREATE TABLE bookmarks (url)")
            .unwrap();
        connection
            .pragma_update(None, "user_version", version)
            .unwrap();
        drop(connection);
        let before = fs::read(&path).unwrap();
        make_private(&path);
        let reason = refusal(&path);
        assert!(reason.contains("name another ledger"), "{reason}");
        assert_eq!(fs::read(&path).unwrap(), before);
    }
}

#[test]
fn planted_file_can_neither_change_the_schema_nor_run_functions() {
    let (_dir, path) = place();
    let store = SqliteStore::open(&path).unwrap();
    for connection in [&store.inner.reader, &store.inner.writer] {
        let connection = locked(connection);
        for (config, expected) in [
            (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
            (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
            (DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false),
            (DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false),
        ] {
            assert_eq!(
                connection.db_config(config).unwrap(),
                expected,
                "{config:?}"
            );
        }
        let check: bool = connection
            .query_row("PRAGMA cell_size_check", [], |row| row.get(0))
            .unwrap();
        assert!(check);
    }
    let reader = locked(&store.inner.reader);
    assert!(reader.execute("DELETE FROM meta", []).is_err());
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    fn mode(path: &Path) -> u32 {
        fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[tokio::test]
    async fn everything_that_is_created_is_for_its_owner_alone() {
        let (dir, path) = place();
        let path = path.with_file_name("a").join("b/ledger.sqlite");
        let store = SqliteStore::open(&path).unwrap();
        store
            .commit(entry(Table::Meta, b"key", b"value"))
            .await
            .unwrap();
        let _lock = store.try_lock().await.unwrap();
        for ending in ["", "-wal", "-shm", ".lock"] {
            let path = path.with_file_name(format!("ledger.sqlite{ending}"));
            assert_eq!(mode(&path), 0o600, "{ending}");
        }
        assert_eq!(mode(&dir.path().join("a")), 0o700);
        assert_eq!(mode(&dir.path().join("a/b")), 0o700);
    }

    #[test]
    fn read_permission_of_others_is_removed() {
        let (_dir, path) = place();
        drop(SqliteStore::open(&path).unwrap());
        set_mode(&path, 0o644);
        drop(SqliteStore::open(&path).unwrap());
        assert_eq!(mode(&path), 0o600);
    }

    #[test]
    fn file_writable_by_others_is_rejected() {
        for bits in [0o666, 0o620, 0o602] {
            for ending in ["", "-wal", "-journal"] {
                let (_dir, path) = place();
                drop(SqliteStore::open(&path).unwrap());
                let changed = path.with_file_name(format!("ledger.sqlite{ending}"));
                fs::File::options()
                    .append(true)
                    .create(true)
                    .open(&changed)
                    .unwrap();
                set_mode(&changed, bits);
                let reason = refusal(&path);
                assert!(reason.contains("chmod 600"), "{ending}: {reason}");
            }
        }
    }

    #[test]
    fn world_writable_directory_is_rejected() {
        let (dir, path) = place();
        set_mode(dir.path(), 0o777);
        assert!(refusal(&path).contains("chmod o-w"));
        assert!(!path.exists());
        // As /tmp is.
        set_mode(dir.path(), 0o1777);
        drop(SqliteStore::open(&path).unwrap());
    }

    #[test]
    fn link_instead_of_a_file_is_rejected() {
        for ending in ["", "-wal", "-shm", "-journal"] {
            let (dir, path) = place();
            let victim = dir.path().join("victim");
            fs::write(&victim, "").unwrap();
            set_mode(&victim, 0o600);
            if !ending.is_empty() {
                drop(SqliteStore::open(&path).unwrap());
            }
            symlink(
                &victim,
                path.with_file_name(format!("ledger.sqlite{ending}")),
            )
            .unwrap();
            let reason = refusal(&path);
            assert!(reason.contains("symbolic link"), "{ending}: {reason}");
            assert_eq!(fs::read(&victim).unwrap(), b"", "{ending}");
        }
        // A link to nothing does not create what it points to.
        let (dir, path) = place();
        symlink(dir.path().join("elsewhere"), &path).unwrap();
        assert!(refusal(&path).contains("symbolic link"));
        assert!(!dir.path().join("elsewhere").exists());
    }

    #[test]
    fn link_to_the_directory_is_followed() {
        let (dir, path) = place();
        let real = dir.path().join("real");
        fs::create_dir(&real).unwrap();
        symlink(&real, dir.path().join("state")).unwrap();
        let store = SqliteStore::open(dir.path().join("state/ledger.sqlite")).unwrap();
        assert_eq!(
            store.path(),
            path.with_file_name("real").join("ledger.sqlite")
        );
    }

    #[tokio::test]
    async fn lock_is_not_written_through_a_link() {
        type Link = fn(&Path, &Path) -> std::io::Result<()>;
        let symbolic: Link = |victim, lock| symlink(victim, lock);
        let hard: Link = |victim, lock| fs::hard_link(victim, lock);
        for link in [symbolic, hard] {
            let (dir, path) = place();
            let victim = dir.path().join("victim");
            fs::write(&victim, "precious").unwrap();
            set_mode(&victim, 0o600);
            let store = SqliteStore::open(&path).unwrap();
            link(&victim, &path.with_file_name("ledger.sqlite.lock")).unwrap();
            let error = store.try_lock().await.unwrap_err();
            assert!(matches!(error, LedgerError::Untrusted { .. }), "{error}");
            assert!(error.to_string().contains("delete it"), "{error}");
            assert_eq!(fs::read_to_string(&victim).unwrap(), "precious");
        }
        // Nor is what a link would point to created.
        let (dir, path) = place();
        let store = SqliteStore::open(&path).unwrap();
        let elsewhere = dir.path().join("elsewhere");
        symlink(&elsewhere, path.with_file_name("ledger.sqlite.lock")).unwrap();
        store.try_lock().await.unwrap_err();
        assert!(!elsewhere.exists());
    }

    #[test]
    fn directory_or_pipe_instead_of_the_file_is_rejected() {
        let (_dir, path) = place();
        fs::create_dir(&path).unwrap();
        assert!(refusal(&path).contains("not a regular file"));
    }

    #[test]
    fn path_need_not_be_unicode() {
        use std::os::unix::ffi::OsStrExt as _;

        let (dir, _) = place();
        let path = dir
            .path()
            .join(std::ffi::OsStr::from_bytes(b"ledger-\xff.sqlite"));
        drop(SqliteStore::open(&path).unwrap());
        assert!(path.exists());
    }
}
