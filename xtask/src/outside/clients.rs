//! Clients that generators of others make of the contract: each one compiles, registers an integration
//! and uploads a file.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::Outside;
use super::simulator::Simulator;
use super::tools::quiet;
use crate::ci::say;

/// Two accounts, one with a custom field and a text that is not ASCII.
const FILE: &str = concat!(
    r#"{"objectId":"acc-1","modifiedDate":"2026-01-15T09:30:00+01:00","name":"Żubr","industry":"Energy"}"#,
    "\n",
    r#"{"objectId":"acc-2","modifiedDate":"2026-01-15T09:30:00Z","isDeleted":true}"#,
    "\n"
);

/// One client: how it is made, and how its program is run.
struct Client {
    name: &'static str,
    make: fn(&Outside, &Path) -> Result<Command>,
}

const CLIENTS: &[Client] = &[
    Client {
        name: "openapi-python-client",
        make: openapi_python_client,
    },
    Client {
        name: "openapi-generator python",
        make: openapi_generator_python,
    },
    Client {
        name: "openapi-generator typescript-fetch",
        make: |outside, folder| typescript(outside, folder, "typescript_fetch"),
    },
    Client {
        name: "hey-api",
        make: |outside, folder| typescript(outside, folder, "hey_api"),
    },
    Client {
        name: "openapi-typescript with openapi-fetch",
        make: |outside, folder| typescript(outside, folder, "openapi_fetch"),
    },
    Client {
        name: "openapi-generator rust",
        make: openapi_generator_rust,
    },
];

/// Generates each client and lets it upload a file; continues after a failure, so that all are
/// seen.
pub(super) fn run(outside: &Outside) -> Result<()> {
    let folder = outside.folder.join("clients");
    if folder.exists() {
        // What an earlier version of a generator wrote must not help this one.
        for made in ["python", "typescript", "rust/client"] {
            drop(std::fs::remove_dir_all(folder.join(made)));
        }
    }
    std::fs::create_dir_all(&folder)?;
    let file = folder.join("accounts.ldjson");
    std::fs::write(&file, FILE)?;
    // Each client registers an integration of its own.
    let simulator = Simulator::start(&outside.root, &["one-integration=off"])?;
    let mut failed = Vec::new();
    for (number, client) in CLIENTS.iter().enumerate() {
        let outcome = (client.make)(outside, &folder).and_then(|mut program| {
            quiet(
                program
                    .envs(simulator.environment())
                    .env("CLIENT_REQUEST_ID", format!("client-{number}"))
                    .env("FILE", &file),
            )
        });
        match outcome {
            Ok(()) => say(&format!("{}: uploaded, DONE", client.name)),
            Err(error) => {
                say(&format!("{}: FAILED: {error:#}", client.name));
                failed.push(client.name);
            }
        }
    }
    if failed.is_empty() {
        return Ok(());
    }
    bail!("these do not upload: {}", failed.join(", "));
}

fn openapi_python_client(outside: &Outside, folder: &Path) -> Result<Command> {
    let python = folder.join("python");
    std::fs::create_dir_all(&python)?;
    quiet(
        outside
            .tools
            .python("openapi-python-client")
            .args(["generate", "--overwrite", "--meta", "none", "--path"])
            .arg(outside.contract())
            .arg("--output-path")
            .arg(python.join("gong")),
    )?;
    Ok(python_program(outside, &python, "openapi_python_client.py"))
}

fn openapi_generator_python(outside: &Outside, folder: &Path) -> Result<Command> {
    let python = folder.join("python");
    openapi_generator(outside, "python", &python.join("generated"))?;
    Ok(python_program(
        outside,
        &python.join("generated"),
        "openapi_generator.py",
    ))
}

fn python_program(outside: &Outside, packages: &Path, program: &str) -> Command {
    let mut command = outside.tools.python("python");
    command
        .arg(outside.tools.programs().join(program))
        .env("PYTHONPATH", packages);
    command
}

fn openapi_generator(outside: &Outside, generator: &str, output: &Path) -> Result<()> {
    quiet(
        outside
            .tools
            .python("openapi-generator-cli")
            .args(["generate", "-g", generator, "-i"])
            .arg(outside.contract())
            .arg("-o")
            .arg(output),
    )
}

/// Generates and compiles all three clients in TypeScript with the first of them.
fn typescript(outside: &Outside, folder: &Path, program: &str) -> Result<Command> {
    let typescript = folder.join("typescript");
    let compiled = typescript.join("out");
    if !compiled.exists() {
        std::fs::create_dir_all(&typescript)?;
        openapi_generator(
            outside,
            "typescript-fetch",
            &typescript.join("typescript-fetch"),
        )?;
        quiet(
            outside
                .tools
                .node("openapi-ts")
                .arg("-i")
                .arg(outside.contract())
                .arg("-o")
                .arg(typescript.join("hey-api")),
        )?;
        quiet(
            outside
                .tools
                .node("openapi-typescript")
                .arg(outside.contract())
                .arg("-o")
                .arg(typescript.join("openapi-typescript.d.ts")),
        )?;
        copy(
            &outside.tools.programs(),
            &typescript,
            &[
                "verdict.ts",
                "typescript_fetch.ts",
                "hey_api.ts",
                "openapi_fetch.ts",
                "tsconfig.json",
            ],
        )?;
        // The packages are found upwards from the programs.
        let packages = folder.join("node_modules");
        if !packages.exists() {
            link(&outside.tools.node_folder().join("node_modules"), &packages)?;
        }
        quiet(outside.tools.node("tsc").arg("-p").arg(&typescript))?;
    }
    let mut command = Command::new("node");
    command.arg(compiled.join(program).with_extension("js"));
    Ok(command)
}

fn openapi_generator_rust(outside: &Outside, folder: &Path) -> Result<Command> {
    let rust = folder.join("rust");
    openapi_generator(outside, "rust", &rust.join("client"))?;
    std::fs::create_dir_all(rust.join("upload/src"))?;
    copy(
        &outside.tools.programs().join("rust"),
        &rust.join("upload"),
        &["Cargo.toml", "src/main.rs"],
    )?;
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let mut command = Command::new(cargo);
    command
        .args(["run", "--quiet", "--manifest-path"])
        .arg(rust.join("upload/Cargo.toml"))
        .arg("--target-dir")
        .arg(rust.join("target"));
    Ok(command)
}

fn copy(from: &Path, to: &Path, names: &[&str]) -> Result<()> {
    for name in names {
        let source: PathBuf = from.join(name);
        std::fs::copy(&source, to.join(name))
            .with_context(|| format!("cannot copy {}", source.display()))?;
    }
    Ok(())
}

#[cfg(unix)]
fn link(target: &Path, at: &Path) -> Result<()> {
    std::os::unix::fs::symlink(target, at).context("cannot link the Node packages")
}

#[cfg(windows)]
fn link(target: &Path, at: &Path) -> Result<()> {
    std::os::windows::fs::symlink_dir(target, at).context("cannot link the Node packages")
}
