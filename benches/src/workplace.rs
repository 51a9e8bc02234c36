//! A folder where the command runs beside a bench: its configuration and its ledger.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context as _, Result, ensure};

use crate::gong::Environment;

/// What a program took.
#[derive(Debug, Clone, Copy)]
pub struct Measured {
    /// The processor time.
    pub seconds: f64,
    /// The peak of its memory.
    pub peak_mib: f64,
}

/// A folder with a configuration and a ledger; deleted with it.
#[derive(Debug)]
pub struct Workplace {
    folder: tempfile::TempDir,
    /// The folder of the Python programs.
    pub data: PathBuf,
}

impl Workplace {
    /// An empty one.
    ///
    /// # Errors
    ///
    /// If the folder can't be created.
    pub fn new() -> Result<Self> {
        Ok(Self {
            folder: tempfile::tempdir()?,
            data: Path::new(env!("CARGO_MANIFEST_DIR")).join("data"),
        })
    }

    /// The path of a file in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes `gong-crm.toml` with these sources.
    ///
    /// # Errors
    ///
    /// If it can't be written.
    pub fn configure(&self, sources: &str) -> Result<()> {
        let config = format!("ledger = \"ledger.sqlite\"\n{sources}");
        std::fs::write(self.path("gong-crm.toml"), config)?;
        Ok(())
    }

    /// Runs the command, which is beside the bench, and measures it.
    ///
    /// # Errors
    ///
    /// If it fails, or Python is not installed.
    pub fn run(&self, environment: &Environment, words: &[&str]) -> Result<(Measured, Output)> {
        let mut command = self.measuring();
        command
            .arg(std::env::current_exe()?.with_file_name("gong-crm"))
            .args(words)
            .args(["--config", "gong-crm.toml"])
            .current_dir(self.folder.path())
            .envs(environment.iter().cloned());
        let output = run(&mut command)?;
        Ok((measured(&output)?, output))
    }

    /// Runs a Python program of the folder `data`.
    ///
    /// # Errors
    ///
    /// If it fails, or Python is not installed.
    pub fn python(&self, program: &str, arguments: &[&str]) -> Result<Output> {
        let mut command = Command::new("python3");
        command.arg(self.data.join(program)).args(arguments);
        run(command.current_dir(self.folder.path()))
    }

    /// A command that measures the command that is given to it as arguments.
    pub fn measuring(&self) -> Command {
        let mut command = Command::new("python3");
        command.arg(self.data.join("measure.py"));
        command
    }
}

/// What `measure.py` printed last.
///
/// # Errors
///
/// If it printed nothing.
pub fn measured(output: &Output) -> Result<Measured> {
    let text = String::from_utf8_lossy(&output.stderr);
    let line = text.lines().last().context("nothing was measured")?;
    let (seconds, kib) = line.split_once(' ').context("nothing was measured")?;
    Ok(Measured {
        seconds: seconds.parse()?,
        peak_mib: kib.parse::<f64>()? / 1024.0,
    })
}

fn run(command: &mut Command) -> Result<Output> {
    let output = command.output()?;
    ensure!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(output)
}
