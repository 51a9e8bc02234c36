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

/// Deals that people do not see everywhere, with a text that a page must escape.
const DEALS: &str = r#"{"objectId":"deal-1","modifiedDate":"2026-03-01T09:30:00Z","name":"<i>Renewal</i>"}
{"objectId":"deal-2","modifiedDate":"2026-03-01T09:30:00Z","name":"New business"}
"#;

/// The same, as another tool has changed one of them.
const CHANGED_DEALS: &str = r#"{"objectId":"deal-2","modifiedDate":"2026-03-02T09:30:00Z","name":"<b>Old</b> business"}
"#;

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
    let simulator = Simulator::start(&outside.root, &[])?;
    let run = |arguments: &[&str], exit: i32| -> Result<Vec<u8>> {
        let output = Command::new(&command)
            .arg("--no-progress")
            .args(arguments)
            .envs(simulator.environment())
            .current_dir(&folder)
            .output()?;
        if output.status.code() != Some(exit) {
            bail!(
                "{} ended with {}:\n{}",
                arguments.join(" "),
                output.status,
                String::from_utf8_lossy(&output.stderr)
            );
        }
        Ok(output.stdout)
    };
    let root = outside.root.display();
    let (acme, config) = (
        format!("{root}/examples/acme"),
        format!("{root}/examples/python/sources.toml"),
    );
    std::fs::write(folder.join("deals.ldjson"), DEALS)?;
    std::fs::write(folder.join("changed.ldjson"), CHANGED_DEALS)?;
    // What Gong, a ledger and another tool hold, for the pages about them.
    for ledger in ["ours.sqlite", "theirs.sqlite"] {
        if let Err(error) = std::fs::remove_file(folder.join(ledger))
            && error.kind() != std::io::ErrorKind::NotFound
        {
            return Err(error.into());
        }
    }
    let ours = ["--ledger", "ours.sqlite"];
    run(&[&["push", "deals.ldjson"], &ours[..]].concat(), 0)?;
    let theirs = [
        "push",
        "changed.ldjson",
        "--type",
        "DEAL",
        "--ledger",
        "theirs.sqlite",
    ];
    run(&theirs, 0)?;
    let mut pages: Vec<PathBuf> = Vec::new();
    for (name, arguments, exit) in [
        ("check", vec!["check", "accounts.ldjson"], 3),
        ("clean", vec!["check", &acme], 0),
        ("push", vec!["--sim", "push", &acme], 0),
        ("plan", vec!["--sim", "--config", &config, "plan"], 0),
        ("sync", vec!["--sim", "--config", &config, "sync"], 0),
        (
            "drift",
            [&["drift", "--min-age", "0s"], &ours[..]].concat(),
            5,
        ),
        (
            "history",
            [&["history", "DEAL", "deal-1"], &ours[..]].concat(),
            0,
        ),
        (
            "changes",
            [&["changes", "--since", "24h"], &ours[..]].concat(),
            0,
        ),
        ("why", [&["why", "DEAL", "deal-1"], &ours[..]].concat(), 5),
        ("resume", [&["resume"], &ours[..]].concat(), 0),
    ] {
        let html = run(&[&arguments[..], &["-o", "html"]].concat(), exit)?;
        let page = folder.join(name).with_extension("html");
        say(&format!("-- {name}: {} KB", html.len() / 1024));
        std::fs::write(&page, html)?;
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
