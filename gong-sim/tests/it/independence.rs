//! The simulator shares no code with the client that is tested against it.

use std::process::Command;

#[test]
fn no_crate_of_the_client_is_a_dependency() {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let tree = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--offline",
            "--edges",
            "all",
            "--prefix",
            "none",
            "--manifest-path",
            manifest,
        ])
        .output()
        .unwrap();
    let tree = String::from_utf8(tree.stdout).unwrap();
    assert!(
        tree.contains("axum "),
        "cargo tree printed nothing to judge by"
    );
    for client in [
        "gong-crm ",
        "gong-api-gen ",
        "gong-crm-cli ",
        "progenitor-client ",
    ] {
        assert!(
            !tree.lines().any(|line| line.starts_with(client)),
            "gong-sim depends on {client}"
        );
    }
}
