//! Which crate depends on which.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use super::rust_files;
use crate::support::workspace;

/// The names of all packages beneath one, itself included.
fn tree(package: &str, edges: &str) -> BTreeSet<String> {
    tree_with(package, edges, &[])
}

/// The same for what a package needs with all of its features.
fn tree_of_all_features(package: &str) -> BTreeSet<String> {
    tree_with(package, "normal", &["--all-features"])
}

fn tree_with(package: &str, edges: &str, more: &[&str]) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--offline",
            "--locked",
            "--prefix",
            "none",
            "--format",
            "{p}",
        ])
        .args(["-p", package, "-e", edges])
        .args(more)
        .current_dir(workspace(""))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "cargo tree failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let names: BTreeSet<String> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .filter_map(|line| line.split(' ').next())
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect();
    assert!(names.contains(package), "{names:?}");
    names
}

#[test]
fn library_brings_no_command_line_server_or_terminal() {
    let tree = tree("gong-crm", "normal");
    let foreign = [
        "anstream",
        "axum",
        "clap",
        "clap_builder",
        "console",
        "crossterm",
        "gong-crm-cli",
        "gong-sim",
        "gong-sources",
        "indicatif",
        "maud",
        "terminal_size",
        "wiremock",
    ];
    for name in foreign {
        assert!(!tree.contains(name), "gong-crm depends on {name}");
    }
    assert!(
        tree.contains("gong-api-gen") && tree.contains("reqwest"),
        "{tree:?}"
    );
}

/// An app that depends on a library must not find the order of its own JSON changed.
#[test]
fn libraries_leave_the_order_of_json_to_the_app() {
    for package in ["gong-records", "gong-client", "gong-crm", "gong-sources"] {
        let output = Command::new(env!("CARGO"))
            .args(["tree", "--offline", "--locked", "--prefix", "none"])
            .args(["--format", "{p} {f}", "-e", "normal", "-p", package])
            .arg("--all-features")
            .current_dir(workspace(""))
            .output()
            .unwrap();
        let tree = String::from_utf8(output.stdout).unwrap();
        let of_json: Vec<&str> = tree
            .lines()
            .filter(|line| line.starts_with("serde_json "))
            .collect();
        assert!(!of_json.is_empty(), "{package}: {tree}");
        for line in of_json {
            assert!(!line.contains("preserve_order"), "{package}: {line}");
        }
    }
}

#[test]
fn each_crate_depends_only_on_what_is_below_it() {
    let network = ["hyper", "reqwest", "tokio"];
    let own = [
        "gong-api-gen",
        "gong-client",
        "gong-crm",
        "gong-crm-cli",
        "gong-records",
        "gong-sim",
        "gong-sources",
    ];
    let library = ["gong-api-gen", "gong-client", "gong-crm", "gong-records"];
    let sources = [&library[..], &["gong-sources"]].concat();
    let allowed: [(&str, &[&str]); 6] = [
        ("gong-records", &["gong-records"]),
        ("gong-api-gen", &["gong-api-gen"]),
        (
            "gong-client",
            &["gong-api-gen", "gong-client", "gong-records"],
        ),
        ("gong-crm", &library),
        ("gong-sources", &sources),
        ("gong-crm-cli", &own),
    ];
    for (package, allowed) in allowed {
        let tree = tree_of_all_features(package);
        for name in own {
            let is_there = tree.contains(name);
            assert_eq!(is_there, allowed.contains(&name), "{package} and {name}");
        }
        let has_network = network.iter().any(|name| tree.contains(*name));
        assert_eq!(
            has_network,
            package != "gong-records",
            "{package}: {tree:?}"
        );
        if !tree.contains("gong-crm") {
            for name in ["rusqlite", "libsqlite3-sys"] {
                assert!(!tree.contains(name), "{package} depends on {name}");
            }
        }
    }
    assert!(!tree_of_all_features("gong-records").contains("ring"));
}

/// aws-lc needs CMake and OpenSSL a system's library: neither builds everywhere.
#[test]
fn no_source_brings_aws_lc_or_openssl() {
    for package in ["gong-sources", "gong-crm-cli"] {
        let tree = tree_with(package, "normal,build", &["--all-features"]);
        for name in ["tokio-postgres", "mysql_async", "parquet", "object_store"] {
            assert!(tree.contains(name), "{package} does not depend on {name}");
        }
        for name in [
            "aws-lc-rs",
            "aws-lc-sys",
            "native-tls",
            "openssl",
            "openssl-sys",
        ] {
            assert!(!tree.contains(name), "{package} depends on {name}");
        }
    }
}

#[test]
fn simulator_shares_no_code_with_the_client() {
    let tree = tree("gong-sim", "normal,build,dev");
    for name in [
        "gong-crm",
        "gong-client",
        "gong-records",
        "gong-api-gen",
        "gong-sources",
        "progenitor-client",
    ] {
        assert!(!tree.contains(name), "gong-sim depends on {name}");
    }
}

#[test]
fn raw_types_are_public_only_in_raw() {
    let sources = [
        "gong-records/src",
        "gong-client/src",
        "gong-crm/src",
        "gong-sources/src",
    ];
    let mut checked = 0;
    for path in sources
        .map(workspace)
        .iter()
        .flat_map(|source| rust_files(source))
    {
        if path.ends_with("raw.rs") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        for signature in public_signatures(&text) {
            checked += 1;
            for raw in ["gong_api_gen", "types::", "RawClient", "progenitor"] {
                assert!(
                    !signature.contains(raw),
                    "{}: a raw type is public: {signature}",
                    path.display()
                );
            }
        }
    }
    assert!(checked > 300, "only {checked} signatures were found");
}

#[test]
fn raw_types_are_recognized() {
    let leaks = [
        "pub fn a(\n    body: types::Body,\n) {",
        "    pub async fn a(&self) -> Result<types::Body, Error> {",
        "pub use gong_api_gen::Client;",
        "    pub body: types::Body,",
        "impl From<types::Body> for Ours {",
    ];
    for leak in leaks {
        let found = public_signatures(leak)
            .iter()
            .any(|text| text.contains("types::") || text.contains("gong_api_gen"));
        assert!(found, "{leak}");
    }
    let hidden = [
        "pub(crate) fn a(body: types::Body) {",
        "fn a(body: types::Body) {",
        "impl ErrorBody for types::ErrorResponse {",
        "pub fn a() {\n    let body = types::Body {",
    ];
    for hidden in hidden {
        let found = public_signatures(hidden)
            .iter()
            .any(|text| text.contains("types::"));
        assert!(!found, "{hidden}");
    }
}

/// The public interface of a source: each public item up to its body, and implemented traits.
///
/// A trait that is implemented *for* a raw type is omitted: here those are private traits.
fn public_signatures(text: &str) -> Vec<String> {
    let mut signatures = Vec::new();
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    for (index, line) in lines.iter().enumerate() {
        if let Some(implemented) = line.strip_prefix("impl")
            && let Some((the_trait, _)) = implemented.split_once(" for ")
        {
            signatures.push(the_trait.to_owned());
        }
        if !line.starts_with("pub ") {
            continue;
        }
        let mut signature = String::new();
        for line in &lines[index..] {
            signature.push_str(line);
            signature.push(' ');
            if line.ends_with(['{', ';', '}', ',']) && balanced(&signature) {
                break;
            }
        }
        signatures.push(signature);
    }
    signatures
}

/// Whether all parentheses are closed.
fn balanced(text: &str) -> bool {
    text.matches('(').count() == text.matches(')').count()
}
