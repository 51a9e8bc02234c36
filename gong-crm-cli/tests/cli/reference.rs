//! The reference under `docs/` that follows from the help: written by `cargo xtask docs`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::help::{commands, help};
use crate::invocation::{Invocation, workspace_root};

/// Set, it has the pages written instead of compared.
const WRITE: &str = "WRITE_COMMAND_REFERENCE";

const STALE: &str = "write it with `cargo xtask docs`";

#[test]
fn command_reference_is_up_to_date() {
    let mut page = "# The commands\n\n\
        The output of `--help`, written by `cargo xtask docs`: change the help, not this page.\n"
        .to_owned();
    for command in commands(&[]) {
        let name = [&["gong-crm".to_owned()], &command[..]].concat().join(" ");
        let text = String::from_utf8(help(&command).output().stdout).unwrap();
        let mut lines: Vec<&str> = text.lines().map(str::trim_end).collect();
        if !command.is_empty() {
            leave_out_global_options(&mut lines);
        }
        page += &format!(
            "\n## {name}\n\n```text\n{}\n```\n",
            lines.join("\n").trim_end()
        );
    }
    let path = workspace_root().join("docs/commands.md");
    if std::env::var_os(WRITE).is_some() {
        fs::write(&path, &page).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == page, "docs/commands.md is out of date: {STALE}");
}

/// They are the same for every command, and stand with the first.
fn leave_out_global_options(lines: &mut Vec<&str>) {
    let start = lines.iter().position(|line| *line == "Global options:");
    let start = start.unwrap();
    let within = |line: &&&str| line.is_empty() || line.starts_with(' ');
    let length = lines[start + 1..].iter().take_while(within).count();
    lines.splice(
        start..=start + length,
        ["Global options: as of gong-crm itself", ""],
    );
}

#[test]
fn manual_pages_are_up_to_date() {
    let folder = workspace_root().join("docs/man");
    if std::env::var_os(WRITE).is_some() {
        drop(fs::remove_dir_all(&folder));
        write_pages(&folder);
    }
    let fresh = tempfile::tempdir().unwrap();
    write_pages(fresh.path());
    let (kept, fresh) = (pages(&folder), pages(fresh.path()));
    assert!(fresh.len() > 25, "{:?}", fresh.keys());
    for (name, page) in &fresh {
        assert!(
            kept.get(name) == Some(page),
            "docs/man/{name} is out of date: {STALE}"
        );
    }
    assert_eq!(
        kept.len(),
        fresh.len(),
        "docs/man has pages of commands that are gone: {STALE}"
    );
}

fn write_pages(folder: &Path) {
    let output = Invocation::new(&["man", "--dir", folder.to_str().unwrap()]).output();
    assert_eq!(output.status.code(), Some(0));
}

fn pages(folder: &Path) -> BTreeMap<String, String> {
    let Ok(files) = fs::read_dir(folder) else {
        return BTreeMap::new();
    };
    let page = |file: fs::DirEntry| {
        let name = file.file_name().to_str().unwrap().to_owned();
        (name, fs::read_to_string(file.path()).unwrap())
    };
    files.map(|file| page(file.unwrap())).collect()
}
