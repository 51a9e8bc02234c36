//! The simulator shares no code with the client that is tested against it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The names of all packages in `Cargo.lock` with the names of what they depend on, for tests too.
fn dependencies(lock: &str) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut packages: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for package in lock.split("[[package]]").skip(1) {
        let name = package
            .lines()
            .find_map(|line| line.strip_prefix("name = "))
            .unwrap()
            .trim_matches('"');
        let (_, listed) = package.split_once("dependencies = [").unwrap_or_default();
        let listed = listed.split(']').next().unwrap_or_default();
        // Where there are several versions, `name version` is written.
        let names = listed
            .lines()
            .filter_map(|line| line.trim().strip_prefix('"')?.split(['"', ' ']).next());
        packages.entry(name).or_default().extend(names);
    }
    packages
}

#[test]
fn crates_of_the_client_are_not_dependencies() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.lock");
    let lock = std::fs::read_to_string(path).unwrap();
    let packages = dependencies(&lock);
    let mut reached = BTreeSet::new();
    let mut left = vec!["gong-sim"];
    while let Some(name) = left.pop() {
        if reached.insert(name) {
            left.extend(packages.get(name).into_iter().flatten());
        }
    }
    assert!(
        reached.contains("axum") && reached.contains("reqwest"),
        "the lock file was misread: {reached:?}"
    );
    for client in [
        "gong-records",
        "gong-client",
        "gong-crm",
        "gong-sources",
        "gong-api-gen",
        "gong-crm-cli",
        "progenitor-client",
    ] {
        assert!(!reached.contains(client), "gong-sim depends on {client}");
    }
}
