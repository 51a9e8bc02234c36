//! What builds and releases the project is pinned, and gets nothing that it does not need.

use std::fs;

use crate::support::workspace;

fn text(path: &str) -> String {
    fs::read_to_string(workspace(path)).unwrap()
}

/// Every workflow, by its name, with the lines that are not comments.
fn workflow_lines() -> Vec<(String, String)> {
    let mut lines = Vec::new();
    for entry in fs::read_dir(workspace(".github/workflows")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).unwrap();
        let code = text.lines().filter(|line| !line.trim().starts_with('#'));
        lines.extend(code.map(|line| (name.clone(), line.trim().to_owned())));
    }
    lines
}

fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A tag can be moved to other code; a commit can't. The tag is there for people and Dependabot.
#[test]
fn actions_are_pinned_by_commit_and_name_their_tag() {
    let mut actions = 0;
    for (workflow, line) in workflow_lines() {
        let Some((_, action)) = line.split_once("uses: ") else {
            continue;
        };
        // A workflow of this repository is of the same commit.
        if action.starts_with("./") {
            continue;
        }
        actions += 1;
        let pin = action.split_once('@').map(|(_, pin)| pin);
        let pin = pin.and_then(|pin| pin.split_once(" # v"));
        assert!(
            pin.is_some_and(|(commit, tag)| is_hex(commit, 40) && tag.contains('.')),
            "{workflow}: {line}"
        );
    }
    assert!(actions > 10, "only {actions} actions were found");
}

#[test]
fn tools_of_workflows_have_exact_versions() {
    let mut tools = 0;
    let is_version = |text: &str| {
        text.split('.').count() >= 3 && text.starts_with(|first: char| first.is_ascii_digit())
    };
    for (workflow, line) in workflow_lines() {
        let list = ["tool: ", "cargo install ", "pipx run "]
            .iter()
            .find_map(|head| line.split_once(head).map(|(_, list)| list));
        for tool in list.unwrap_or_default().split([',', ' ']) {
            if tool.is_empty() || tool.starts_with("--") {
                continue;
            }
            tools += 1;
            let version = tool.split_once("==").or_else(|| tool.split_once('@'));
            assert!(
                version.is_some_and(|(_, version)| is_version(version)),
                "{workflow}: {tool} in {line}"
            );
        }
    }
    assert!(tools > 5, "only {tools} tools were found");
}

#[test]
fn base_images_are_pinned_by_digest() {
    let dockerfile = text("Dockerfile");
    let images: Vec<&str> = dockerfile
        .lines()
        .filter_map(|line| line.strip_prefix("FROM "))
        .collect();
    assert_eq!(images.len(), 2, "{images:?}");
    for image in images {
        let digest = image.split_once("@sha256:").map(|(_, rest)| rest);
        let digest = digest.and_then(|rest| rest.split(' ').next());
        assert!(digest.is_some_and(|digest| is_hex(digest, 64)), "{image}");
    }
}

/// The container is built with the compiler that everybody uses.
#[test]
fn image_and_toolchain_name_one_compiler() {
    let toolchain = text("rust-toolchain.toml");
    let (_, channel) = toolchain.split_once("channel = \"").unwrap();
    let (channel, _) = channel.split_once('"').unwrap();
    let (minor, _) = channel.rsplit_once('.').unwrap();
    assert!(
        text("Dockerfile").contains(&format!("FROM rust:{minor}-")),
        "rust-toolchain.toml has {channel}"
    );
}

/// Who uses Gong removes the simulator's services: what the sync uses of them is not in them.
#[test]
fn services_of_the_compose_file_share_only_what_is_above_them() {
    let compose = text("examples/container/compose.yaml");
    let (above, services) = compose.split_once("\nservices:\n").unwrap();
    assert!(!services.contains('&'), "an anchor is inside a service");
    let used: Vec<&str> = services
        .split('*')
        .skip(1)
        .filter_map(|rest| rest.split(['\n', ' ', ']']).next())
        .collect();
    assert!(used.len() >= 4, "{used:?}");
    for name in used {
        assert!(above.contains(&format!("&{name}\n")), "{name}");
    }
}

/// Nothing gets into an image but by a line of its own; and what the build reads has one.
/// Files that the command's sources take in when they are compiled.
fn files_of_the_sources() -> Vec<String> {
    let root = workspace("").canonicalize().unwrap();
    let mut files = Vec::new();
    for name in [
        "gong-records",
        "gong-client",
        "gong-crm",
        "gong-sources",
        "gong-crm-cli",
        "gong-sim",
    ] {
        for path in crate::house::rust_files(&workspace(&format!("{name}/src"))) {
            let shown = path.strip_prefix(workspace("")).unwrap();
            let shown = shown.to_string_lossy().replace('\\', "/");
            if shown.contains("/tests/") || shown.ends_with("tests.rs") {
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap_or(&text);
            // Pages of the documentation are not compiled in.
            for line in code.lines().filter(|line| !line.contains("[doc = ")) {
                let Some((_, rest)) = line.split_once("include_str!(\"") else {
                    continue;
                };
                let included = rest.split('"').next().unwrap();
                let included = path
                    .parent()
                    .unwrap()
                    .join(included)
                    .canonicalize()
                    .unwrap();
                let included = included.strip_prefix(&root).unwrap().to_string_lossy();
                files.push(included.replace('\\', "/"));
            }
        }
    }
    assert!(
        files
            .iter()
            .any(|file| file.ends_with("presets/close.toml")),
        "{files:?}"
    );
    files
}

#[test]
fn docker_context_is_an_allow_list_with_every_member() {
    let ignored = text(".dockerignore");
    let rules: Vec<&str> = ignored
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect();
    assert_eq!(rules.first(), Some(&"*"));
    let manifest = text("Cargo.toml");
    let (_, members) = manifest.split_once("members = [").unwrap();
    let (members, _) = members.split_once(']').unwrap();
    let members = members.split('"').skip(1).step_by(2);
    let mut count = 0;
    for member in members {
        count += 1;
        let rule = format!("!{member}/Cargo.toml");
        assert!(rules.contains(&rule.as_str()), "{rule} is missing");
    }
    assert!(count > 5, "only {count} members were found");
    for file in files_of_the_sources() {
        let is_there = |rule: &&&str| {
            let folder = rule.strip_prefix('!').unwrap_or("**");
            file == folder || file.starts_with(&format!("{folder}/"))
        };
        assert!(
            rules.iter().any(|rule| is_there(&rule)),
            "{file} is missing"
        );
    }
    for whole in ["!.", "!*", "!**", "!examples", "!docs"] {
        assert!(!rules.contains(&whole), "{whole}");
    }
}
