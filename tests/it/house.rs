//! The structure of the workspace: which crate and which module imports which, and what only one place does.

mod arrows;
mod circles;
mod features;
mod length;
mod map;
mod ways_out;

use std::fs;
use std::path::{Path, PathBuf};

/// All Rust files in a folder and its folders, by name.
pub(crate) fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(rust_files(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}
