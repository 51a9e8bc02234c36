//! `cargo xtask codegen`: writes every file that follows from openapi.yaml, or says which is stale.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

mod entity_docs;
mod entity_model;
mod entity_types;
mod json_schema;
mod lower;
mod operations;
mod problem;
mod raw_client;
mod rewrite;
mod source;
mod spec;
mod validate;

use spec::Spec;

/// The command that writes a stale file again.
const COMMAND: &str = "cargo xtask codegen";

/// One file that follows from the spec.
struct Artifact {
    /// Where it is, from the workspace root.
    path: PathBuf,
    contents: String,
}

/// Writes all generated files; with `check`, writes nothing and fails when one is stale.
pub(crate) fn run(root: &Path, check: bool) -> Result<()> {
    let artifacts = artifacts(root)?;
    let stale = stale(root, &artifacts);
    if check {
        return report(&stale);
    }
    for (artifact, _) in &stale {
        let path = root.join(&artifact.path);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)
                .with_context(|| format!("cannot create {}", folder.display()))?;
        }
        std::fs::write(&path, &artifact.contents)
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    say(&format!(
        "{} of {} generated files written",
        stale.len(),
        artifacts.len()
    ));
    Ok(())
}

/// Everything that follows from the spec, in memory.
fn artifacts(root: &Path) -> Result<Vec<Artifact>> {
    let path = root.join("openapi.yaml");
    let bytes = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let text =
        String::from_utf8(bytes).with_context(|| format!("{} is not UTF-8", path.display()))?;
    // A checkout with CRLF line ends must not change the hash.
    generate(&contract(&text.replace("\r\n", "\n"))?)
}

/// Parses and checks the text of openapi.yaml.
fn contract(text: &str) -> Result<Spec> {
    let source = source::parse(text)?;
    validate::validate(&source)?;
    Ok(Spec::new(text, source))
}

/// Everything that follows from this contract.
fn generate(spec: &Spec) -> Result<Vec<Artifact>> {
    let entities = entity_model::entities(spec)?;
    let mut artifacts = vec![raw_client::artifact(spec)?, operations::artifact(spec)?];
    artifacts.extend(entity_types::artifacts(spec, &entities)?);
    artifacts.extend(json_schema::artifacts(spec, &entities)?);
    artifacts.push(entity_docs::artifact(spec, &entities));
    Ok(artifacts)
}

/// The artifacts whose committed file differs, each with what is committed now.
fn stale<'a>(root: &Path, artifacts: &'a [Artifact]) -> Vec<(&'a Artifact, String)> {
    artifacts
        .iter()
        .filter_map(|artifact| {
            let committed = std::fs::read_to_string(root.join(&artifact.path)).unwrap_or_default();
            (committed != artifact.contents).then_some((artifact, committed))
        })
        .collect()
}

/// Fails with a diff of each stale file and the command that writes it.
fn report(stale: &[(&Artifact, String)]) -> Result<()> {
    if stale.is_empty() {
        return Ok(());
    }
    let mut diff = String::new();
    for (artifact, committed) in stale {
        let path = artifact.path.display().to_string();
        diff.push_str(
            &similar::TextDiff::from_lines(committed, &artifact.contents)
                .unified_diff()
                .context_radius(2)
                .header(
                    &format!("{path} (committed)"),
                    &format!("{path} (from openapi.yaml)"),
                )
                .to_string(),
        );
    }
    bail!(
        "{diff}\n{} generated file(s) do not match openapi.yaml; run `{COMMAND}` and commit the result",
        stale.len()
    );
}

#[expect(clippy::print_stdout, reason = "a task says what it did")]
fn say(line: &str) {
    println!("{line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn committed_files_follow_from_openapi_yaml() {
        run(&crate::workspace_root(), true).unwrap();
    }

    #[test]
    fn a_stale_file_is_named_with_a_diff_and_the_command() {
        let artifact = Artifact {
            path: "schemas/deal.schema.json".into(),
            contents: "new\n".into(),
        };
        let error = report(&[(&artifact, "old\n".to_owned())])
            .unwrap_err()
            .to_string();
        for expected in ["schemas/deal.schema.json", "-old", "+new", COMMAND] {
            assert!(error.contains(expected), "{expected} is not in: {error}");
        }
    }
}
