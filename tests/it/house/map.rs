//! The way of a push in `ARCHITECTURE.md`: every module has its place there, with its length.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::rust_files;
use crate::support::workspace;

/// The rows of the tables about the modules of a push: the modules, and how many lines they have.
fn rows() -> Vec<(Vec<String>, usize)> {
    let text = fs::read_to_string(workspace("ARCHITECTURE.md")).unwrap();
    let (_, section) = text.split_once("## From a path to a verdict").unwrap();
    let section = section.split("\n## ").next().unwrap();
    let mut rows = Vec::new();
    for line in section.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let lines = cells[3].replace(',', "").parse();
        if let Ok(lines) = lines {
            let modules = cells[2].split('`').skip(1).step_by(2);
            rows.push((modules.map(str::to_owned).collect(), lines));
        }
    }
    rows
}

/// The lines of a module that are code: no comments, no blank lines, no tests at its end.
fn code_lines(path: &Path) -> usize {
    let text = fs::read_to_string(path).unwrap();
    let code = text.split("#[cfg(test)]\nmod tests").next().unwrap();
    let lines = code.lines().map(str::trim);
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with("//"));
    lines.count()
}

/// The Rust files of a module of a push.
fn files(module: &str) -> Vec<std::path::PathBuf> {
    let folder = workspace("gong-crm/src/push");
    let file = folder.join(format!("{module}.rs"));
    if file.is_file() {
        return vec![file];
    }
    rust_files(&folder.join(module))
}

#[test]
fn map_adds_up_the_lines_from_plan_to_report() {
    let text = fs::read_to_string(workspace("ARCHITECTURE.md")).unwrap();
    let (_, said) = text
        .split_once("From `plan` to `report`, that is ")
        .unwrap();
    let (said, _) = said.split_once(" lines").unwrap();
    let rows = rows();
    let row_of = |module: &str| {
        let has_it = |(modules, _): &(Vec<String>, _)| modules.iter().any(|of| of == module);
        rows.iter().position(has_it).unwrap()
    };
    let way = &rows[row_of("prepare")..=row_of("report")];
    let sum: usize = way.iter().map(|(_, lines)| lines).sum();
    assert_eq!(said.replace(',', ""), sum.to_string());
}

#[test]
fn every_module_of_a_push_has_one_place_in_the_map() {
    let mut named = BTreeSet::new();
    for (modules, _) in rows() {
        for module in modules {
            assert!(named.insert(module.clone()), "{module} is there twice");
        }
    }
    let mut modules = BTreeSet::new();
    for entry in fs::read_dir(workspace("gong-crm/src/push")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        // The folder of a module's tests.
        if path.is_file() || path.join("mod.rs").is_file() {
            modules.insert(name);
        }
    }
    assert_eq!(named, modules);
}

#[test]
fn map_says_how_long_the_modules_of_a_push_are() {
    let rows = rows();
    assert!(rows.len() > 10, "{rows:?}");
    for (modules, said) in rows {
        let files = modules.iter().flat_map(|module| files(module));
        let lines: usize = files.map(|path| code_lines(&path)).sum();
        let difference = lines.abs_diff(said);
        assert!(
            difference <= said / 20 + 10,
            "ARCHITECTURE.md says {said} lines of {modules:?}, which have {lines}"
        );
    }
}
