//! Output for editors and shells: JSON Schemas, completions, manual pages.

use crate::invocation::{Invocation, workspace_root};

#[test]
fn json_schema_prints_the_schemas_of_the_repository() {
    for name in [
        "account",
        "business_user",
        "contact",
        "deal",
        "lead",
        "stage",
    ] {
        let output = Invocation::new(&["json-schema", name]).output();
        let printed: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let path = workspace_root().join(format!("schemas/{name}.schema.json"));
        let mut kept: serde_json::Value =
            serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        // The banner of a generated file.
        kept.as_object_mut().unwrap().remove("$comment");
        assert_eq!(printed, kept, "{name}");
    }
}

#[test]
fn completions_know_every_command() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let output = Invocation::new(&["completions", shell]).output();
        assert_eq!(output.status.code(), Some(0), "{shell}");
        let script = String::from_utf8(output.stdout).unwrap();
        for command in ["check", "push", "readiness", "allow-data-loss"] {
            assert!(script.contains(command), "{shell}: {command}");
        }
    }
}

/// The words that bash offers for the last of these.
#[cfg(unix)]
fn completed_by_bash(script: &std::path::Path, words: &[&str]) -> String {
    let last = words.last().unwrap();
    let before = words[words.len() - 2];
    let program = format!(
        "source \"$1\"; COMP_WORDS=({}); COMP_CWORD={}; _gong__crm gong-crm '{last}' '{before}'; \
         printf '%s\\n' \"${{COMPREPLY[@]}}\"",
        words.join(" "),
        words.len() - 1
    );
    let output = std::process::Command::new("bash")
        .args(["--norc", "-c", &program, "bash"])
        .arg(script)
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[cfg(unix)]
#[test]
fn bash_completes_what_follows_a_command() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gong-crm.bash");
    let script = Invocation::new(&["completions", "bash"]).output().stdout;
    std::fs::write(&path, script).unwrap();
    for (words, offered) in [
        (vec!["gong-crm", "wh"], "why"),
        (vec!["gong-crm", "push", "--account-d"], "--account-delay"),
        (vec!["gong-crm", "ledger", "re"], "recover"),
        (vec!["gong-crm", "check", "--output", "sa"], "sarif"),
    ] {
        let found = completed_by_bash(&path, &words);
        assert!(
            found.lines().any(|word| word == offered),
            "{words:?}: {found}"
        );
    }
}

#[test]
fn man_prints_a_page_and_writes_all() {
    let output = Invocation::new(&["man"]).output();
    let page = String::from_utf8(output.stdout).unwrap();
    assert!(page.contains(".TH gong-crm 1"), "{page}");
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("man1");
    let output = Invocation::new(&["man", "--dir", dir.to_str().unwrap()]).output();
    assert_eq!(output.status.code(), Some(0));
    let page = std::fs::read_to_string(dir.join("gong-crm-integration-delete.1")).unwrap();
    assert!(page.contains("24 hours"), "{page}");
}
