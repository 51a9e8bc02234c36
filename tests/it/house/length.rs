//! The length of files.

use std::fs;

use super::rust_files;
use crate::support::workspace;

/// How many lines a file may have that a person writes.
const MAX_LINES: usize = 600;

#[test]
fn files_are_short_enough_to_be_read() {
    let mut checked = 0;
    let mut long = Vec::new();
    for folder in fs::read_dir(workspace("")).unwrap() {
        let folder = folder.unwrap().path();
        if !folder.is_dir() || folder.ends_with("target") {
            continue;
        }
        for path in rust_files(&folder) {
            let text = fs::read_to_string(&path).unwrap();
            let lines = text.lines().count();
            checked += 1;
            let is_written =
                !text.starts_with("// @generated") && path.iter().all(|folder| folder != "target");
            if lines > MAX_LINES && is_written {
                long.push(format!("{}: {lines} lines", path.display()));
            }
        }
    }
    assert!(checked > 500, "only {checked} files were found");
    assert!(long.is_empty(), "{}", long.join("\n"));
}
