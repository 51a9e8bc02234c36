//! What leaves the programs does so in one place: text by `output.rs` of the command, files by
//! `atomic_file` of the records.

use std::collections::BTreeSet;
use std::fs;

use super::rust_files;
use crate::support::workspace;

const CRATES: [&str; 5] = [
    "gong-records",
    "gong-client",
    "gong-crm",
    "gong-sources",
    "gong-crm-cli",
];

/// What writes, makes or deletes files and folders.
const FILES: [&str; 15] = [
    "fs::write(",
    "File::create",
    "OpenOptions::new",
    "remove_file(",
    "remove_dir",
    "NamedTempFile::",
    ".tempfile_in(",
    ".persist",
    "fs::rename",
    "fs::copy",
    "hard_link",
    "create_dir_all(",
    "DirBuilder::new",
    "set_permissions(",
    "unlinkat(",
];

/// The exceptions, with their reasons.
const WRITERS: [(&str, &str); 15] = [
    ("gong-records/src/io/atomic_file.rs", "the one way"),
    (
        "gong-records/src/io/work_folder.rs",
        "folders of temporary files, with a lock in each",
    ),
    (
        "gong-records/src/write/file.rs",
        "several files that appear together",
    ),
    (
        "gong-records/src/mapping/lines.rs",
        "temporary files that are deleted when they are closed",
    ),
    (
        "gong-crm/src/push/spool.rs",
        "a folder of its own, by descriptor",
    ),
    (
        "gong-crm/src/source/sink.rs",
        "temporary files in the spool",
    ),
    (
        "gong-crm/src/ledger/store/sqlite/file.rs",
        "an empty database, which SQLite opens",
    ),
    (
        "gong-crm/src/ledger/store/sqlite/lock.rs",
        "a lock, opened without following links",
    ),
    (
        "gong-crm/src/ledger/store/sqlite/migrate.rs",
        "a copy that SQLite writes",
    ),
    ("gong-crm-cli/src/command/man.rs", "a folder for pages"),
    (
        "gong-crm-cli/src/command/convert.rs",
        "temporary files that are deleted when they are closed",
    ),
    (
        "gong-sources/src/singer/kept.rs",
        "a folder of its own, beside the ledger",
    ),
    (
        "gong-sources/src/singer/streams.rs",
        "temporary files in a folder of its own",
    ),
    (
        "gong-sources/src/singer/batch.rs",
        "temporary files in a folder of its own",
    ),
    (
        "gong-sources/src/singer/target.rs",
        "temporary files in a folder of its own",
    ),
];

/// What writes to the standard streams.
const STREAMS: [&str; 6] = [
    "println!",
    "print!(",
    "eprint",
    ":stdout()",
    ":stderr()",
    ".print()",
];

const PRINTERS: [(&str, &str); 3] = [
    ("gong-crm-cli/src/output.rs", "the one way"),
    (
        "gong-crm-cli/src/main.rs",
        "help and usage, with escaped arguments",
    ),
    (
        "gong-crm-cli/src/bin/target-gong-crm.rs",
        "that the other program is missing",
    ),
];

/// The files that do one of these things outside their tests, and one line of each that does.
fn doers(crates: &[&str], things: &[&str]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let root = workspace("");
    for name in crates {
        for path in rust_files(&workspace(&format!("{name}/src"))) {
            let shown = path.strip_prefix(&root).unwrap().to_string_lossy();
            if shown.contains("/tests/") || shown.ends_with("tests.rs") {
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            if let Some(line) = first(&text, things) {
                found.push((shown.replace('\\', "/"), line.to_owned()));
            }
        }
    }
    found
}

/// The first line of code that does one of these things.
fn first<'a>(text: &'a str, things: &[&str]) -> Option<&'a str> {
    let code = text.split("#[cfg(test)]").next().unwrap_or(text);
    code.lines().find(|line| {
        // Whether a stream is a terminal is not output.
        let line = line.replace("stdout().is_terminal()", "");
        let line = line.replace("stderr().is_terminal()", "");
        // The way itself.
        let line = line.replace("NewFile::create", "");
        !line.trim_start().starts_with("//") && things.iter().any(|thing| line.contains(thing))
    })
}

fn assert_only(found: &[(String, String)], allowed: &[(&str, &str)], advice: &str) {
    let allowed: BTreeSet<&str> = allowed.iter().map(|(path, _)| *path).collect();
    let others: Vec<String> = found
        .iter()
        .filter(|(path, _)| !allowed.contains(path.as_str()))
        .map(|(path, line)| format!("{path}: {}", line.trim()))
        .collect();
    assert!(others.is_empty(), "{advice}:\n{}", others.join("\n"));
}

#[test]
fn files_are_written_and_deleted_in_one_place() {
    let found = doers(&CRATES, &FILES);
    assert!(found.iter().any(|(path, _)| path == WRITERS[0].0));
    assert_only(
        &found,
        &WRITERS,
        "write, make and delete by gong_records::io::atomic_file",
    );
}

#[test]
fn text_leaves_the_command_in_one_place() {
    let found = doers(&CRATES, &STREAMS);
    assert!(found.iter().any(|(path, _)| path == PRINTERS[0].0));
    assert_only(
        &found,
        &PRINTERS,
        "print by crate::output::Output, which escapes",
    );
}

#[test]
fn doing_is_recognized() {
    let text = "// fs::write(a)\nfn f() {\n    std::fs::write(a, b)\n}\n#[cfg(test)]\nfs::copy(a)";
    assert_eq!(first(text, &FILES), Some("    std::fs::write(a, b)"));
    assert_eq!(
        first("x.is_terminal(); io::stderr().is_terminal()", &STREAMS),
        None
    );
    assert!(first("io::stdout().lock()", &STREAMS).is_some());
}
