//! The pages of `-o html`, and the simulator's, in a real browser: on a screen, in the dark, on a phone,
//! on paper, with buttons pressed.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::Outside;
use super::simulator::Simulator;
use super::tools::run as shown;
use crate::ci::say;

/// How many records with an error the largest page is about.
const FINDINGS: u32 = 1_000_000;

/// Where a browser is looked for, unless `CHROMIUM` names it.
const BROWSERS: &[&str] = &[
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome",
];

pub(super) fn run(outside: &Outside) -> Result<()> {
    let browser = browser()?;
    let folder = outside.folder.join("pages");
    std::fs::create_dir_all(&folder)?;
    let command = command(outside)?;
    let invalid = folder.join("accounts.ldjson");
    std::fs::write(&invalid, invalid_accounts()?)?;
    let acme = outside.root.join("examples/acme");
    let config = outside.root.join("examples/python/sources.toml");
    let mut pages: Vec<PathBuf> = Vec::new();
    for (name, arguments, exit) in [
        ("check", vec!["check".as_ref(), invalid.as_os_str()], 3),
        ("clean", vec!["check".as_ref(), acme.as_os_str()], 0),
        (
            "push",
            vec!["--sim".as_ref(), "push".as_ref(), acme.as_os_str()],
            0,
        ),
        (
            "plan",
            vec![
                "--sim".as_ref(),
                "--config".as_ref(),
                config.as_os_str(),
                "plan".as_ref(),
            ],
            0,
        ),
        (
            "sync",
            vec![
                "--sim".as_ref(),
                "--config".as_ref(),
                config.as_os_str(),
                "sync".as_ref(),
            ],
            0,
        ),
    ] {
        let output = Command::new(&command)
            .args(["--no-progress", "-o", "html"])
            .args(&arguments)
            .output()?;
        if output.status.code() != Some(exit) {
            bail!(
                "{name} ended with {}:\n{}",
                output.status,
                String::from_utf8_lossy(&output.stderr)
            );
        }
        let page = folder.join(name).with_extension("html");
        say(&format!("-- {name}: {} KB", output.stdout.len() / 1024));
        std::fs::write(&page, output.stdout)?;
        pages.push(page);
    }
    shown(
        Command::new("node")
            .arg(outside.root.join("xtask/outside/pages/look.mjs"))
            .arg(&folder)
            .args(&pages)
            .env("CHROMIUM", &browser)
            .current_dir(outside.tools.node_folder()),
    )?;
    let simulator = Simulator::start(&outside.root, &[])?;
    shown(
        Command::new("node")
            .arg(outside.root.join("xtask/outside/pages/press.mjs"))
            .arg(&folder)
            .envs(simulator.environment())
            .env("CHROMIUM", &browser)
            .current_dir(outside.tools.node_folder()),
    )?;
    say(&format!("screenshots are in {}", folder.display()));
    Ok(())
}

fn browser() -> Result<PathBuf> {
    if let Some(named) = std::env::var_os("CHROMIUM") {
        return Ok(named.into());
    }
    BROWSERS
        .iter()
        .map(PathBuf::from)
        .find(|path| path.exists())
        .context("this needs Chromium: install it, or name its path in CHROMIUM")
}

fn command(outside: &Outside) -> Result<PathBuf> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    shown(
        Command::new(cargo)
            .args([
                "build",
                "--quiet",
                "-p",
                "gong-crm-cli",
                "--bin",
                "gong-crm",
            ])
            .current_dir(&outside.root),
    )?;
    let target = std::env::var_os("CARGO_TARGET_DIR");
    let target = target.map_or_else(
        || outside.root.join("target"),
        |target| outside.root.join(target),
    );
    Ok(target
        .join("debug/gong-crm")
        .with_extension(std::env::consts::EXE_EXTENSION))
}

/// Accounts without a date, with texts that a page must escape.
fn invalid_accounts() -> Result<String> {
    let mut text = String::new();
    for number in 0..FINDINGS {
        writeln!(
            text,
            r#"{{"objectId":"<b>acc</b>-{number}","name":"\u003cscript\u003e"}}"#
        )?;
    }
    Ok(text)
}
