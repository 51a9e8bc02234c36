//! The tools of others: what must be there, and what is installed beside it in pinned versions.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::ci::say;

/// Something that a suite can't run without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// Python, with the packages of `xtask/outside/requirements.txt`.
    Python,
    /// Node, with the packages of `xtask/outside/package.json`.
    Node,
    /// A Java runtime, for openapi-generator.
    Java,
    /// Postgres' server programs, as Debian's package has them.
    Postgres,
    /// MariaDB's server.
    MariaDb,
}

impl Need {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Python => "Python 3.10 or later with venv",
            Self::Node => "Node 20 or later with npm",
            Self::Java => "Java 11 or later",
            Self::Postgres => "Postgres 14 or later (apt-get install postgresql) and openssl",
            Self::MariaDb => "MariaDB 10.6 or later (apt-get install mariadb-server)",
        }
    }
}

/// Where the tools are.
pub(super) struct Tools {
    /// `xtask/outside`, with the lists of packages and the programs.
    sources: PathBuf,
    venv: PathBuf,
    node: PathBuf,
}

impl Tools {
    pub(super) fn new(root: &Path, folder: &Path) -> Self {
        Self {
            sources: root.join("xtask/outside"),
            venv: folder.join("venv"),
            node: folder.join("node"),
        }
    }

    /// The folder with the programs that use the generated clients.
    pub(super) fn programs(&self) -> PathBuf {
        self.sources.join("clients")
    }

    /// The folder with the installed Node packages.
    pub(super) fn node_folder(&self) -> &Path {
        &self.node
    }

    /// Makes sure that it is there; installs packages unless those of the list are installed.
    pub(super) fn provide(&self, need: Need) -> Result<()> {
        match need {
            Need::Python => self.python_packages(&self.venv, "requirements.txt"),
            Need::Node => self.installed(&self.node, "package.json", |list| {
                std::fs::create_dir_all(&self.node)?;
                std::fs::copy(list, self.node.join("package.json"))?;
                run(Command::new("npm")
                    .args(["install", "--no-audit", "--no-fund", "--loglevel=error"])
                    .current_dir(&self.node))
                .with_context(|| format!("this needs {}", need.name()))
            }),
            Need::Java => quiet(Command::new("java").arg("-version"))
                .with_context(|| format!("this needs {}", need.name())),
            Need::Postgres => quiet(Command::new("psql").arg("--version"))
                .with_context(|| format!("this needs {}", need.name())),
            Need::MariaDb => quiet(Command::new("mariadb").arg("--version"))
                .with_context(|| format!("this needs {}", need.name())),
        }
    }

    /// Installs what a list names, once per content of the list.
    fn installed(
        &self,
        folder: &Path,
        list: &str,
        install: impl FnOnce(&Path) -> Result<()>,
    ) -> Result<()> {
        let list = self.sources.join(list);
        let wanted = std::fs::read_to_string(&list)
            .with_context(|| format!("cannot read {}", list.display()))?;
        let mark = folder.join("installed");
        if std::fs::read_to_string(&mark).is_ok_and(|installed| installed == wanted) {
            return Ok(());
        }
        say(&format!("installing the packages of {}", list.display()));
        install(&list)?;
        std::fs::write(&mark, wanted)?;
        Ok(())
    }

    /// A command of the Python packages; they find each other.
    pub(super) fn python(&self, name: &str) -> Command {
        program(&self.venv, name)
    }

    /// Makes sure that a virtual environment has the packages of a list of `xtask/outside`.
    pub(super) fn python_packages(&self, venv: &Path, list: &str) -> Result<()> {
        self.installed(venv, list, |list| {
            run(Command::new("python3")
                .args(["-m", "venv", "--clear"])
                .arg(venv))
            .with_context(|| format!("this needs {}", Need::Python.name()))?;
            run(program(venv, "pip")
                .args(["install", "--quiet", "--requirement"])
                .arg(list))
        })
    }

    /// A command of the Node packages.
    pub(super) fn node(&self, name: &str) -> Command {
        Command::new(self.node.join("node_modules/.bin").join(name))
    }
}

/// A program of a virtual environment, which finds the others of that environment first.
pub(super) fn program(venv: &Path, name: &str) -> Command {
    let folder = venv.join(if cfg!(windows) { "Scripts" } else { "bin" });
    let mut command = Command::new(folder.join(name));
    let mut path = vec![folder];
    path.extend(std::env::split_paths(
        &std::env::var_os("PATH").unwrap_or_default(),
    ));
    if let Ok(path) = std::env::join_paths(path) {
        command.env("PATH", path);
    }
    command
}

/// Runs a command that shows what it does, and fails as it fails.
pub(super) fn run(command: &mut Command) -> Result<()> {
    let status = command
        .status()
        .with_context(|| format!("cannot start {}", shown(command)))?;
    if !status.success() {
        bail!("{} failed with {status}", shown(command));
    }
    Ok(())
}

/// Runs a command whose output counts only if it fails.
pub(super) fn quiet(command: &mut Command) -> Result<()> {
    let output = command
        .output()
        .with_context(|| format!("cannot start {}", shown(command)))?;
    if !output.status.success() {
        bail!(
            "{} failed with {}:\n{}{}",
            shown(command),
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(())
}

/// A command as a person types it. Its environment, which can hold a secret, is not part of it.
fn shown(command: &Command) -> String {
    let words: Vec<_> = std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(OsStr::to_string_lossy)
        .collect();
    words.join(" ")
}
