//! The user guide works, followed word for word.
//!
//! Per page, fenced blocks with a file name become files (`json deals.ldjson`), and `console` blocks
//! are run: each line with `$ ` is given to a shell, in one directory per page, with a simulator in
//! the environment. Lines under a command must be printed by it, in that order. A comment at the end
//! says another exit code than 0: `# exit code 3`.

use std::fs;
use std::path::Path;
use std::process::Command;

use gong_sim::Simulator;

use crate::invocation::workspace_root;

/// A fenced block: what is behind the fence, and its lines.
fn blocks(text: &str) -> Vec<(String, Vec<&str>)> {
    let mut blocks = Vec::new();
    let mut open: Option<(String, Vec<&str>)> = None;
    for line in text.lines() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(info), None) => open = Some((info.to_owned(), Vec::new())),
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (None, Some((_, lines))) => lines.push(line),
            (None, None) => {}
        }
    }
    blocks
}

/// A page's folder, with the examples beside the page's own files.
struct Reader {
    simulator: Simulator,
    folder: tempfile::TempDir,
    commands: usize,
}

impl Reader {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let examples = workspace_root().join("examples");
        std::os::unix::fs::symlink(examples, folder.path().join("examples")).unwrap();
        Self {
            simulator: Simulator::builder().start_blocking().unwrap(),
            folder,
            commands: 0,
        }
    }

    fn read(&mut self, page: &Path) {
        for (info, lines) in blocks(&fs::read_to_string(page).unwrap()) {
            match info.split_once(' ') {
                Some((_, name)) => {
                    fs::write(self.folder.path().join(name), lines.join("\n") + "\n").unwrap();
                }
                None if info == "console" => self.run_all(page, &lines),
                None => {}
            }
        }
    }

    fn run_all(&mut self, page: &Path, lines: &[&str]) {
        let mut rest = lines;
        while let Some((command, following)) = rest.split_first() {
            let at = page.display();
            assert!(command.starts_with("$ "), "{at}: no command: {command}");
            let command = &command[2..];
            let printed = following.iter().take_while(|line| !line.starts_with("$ "));
            let printed: Vec<&str> = printed.copied().collect();
            rest = &following[printed.len()..];
            self.run(page, command, &printed);
        }
    }

    /// The settings of Gong; a command with `--sim` has its own.
    fn environment(&self, script: &str) -> Vec<(&'static str, String)> {
        if script.contains("--sim") {
            Vec::new()
        } else {
            self.simulator.environment()
        }
    }

    fn run(&mut self, page: &Path, command: &str, printed: &[&str]) {
        self.commands += 1;
        let (script, code) = command.split_once("# exit code ").unwrap_or((command, "0"));
        let binary = Path::new(env!("CARGO_BIN_EXE_gong-crm")).parent().unwrap();
        let path = format!("{}:/usr/bin:/bin", binary.display());
        let output = Command::new("sh")
            .args(["-c", script])
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", path)
            .env("HOME", self.folder.path())
            .env("XDG_STATE_HOME", self.folder.path().join("state"))
            .env("COLUMNS", "110")
            .envs(self.environment(script))
            .output()
            .unwrap();
        let all = [output.stdout, output.stderr].concat();
        let all = String::from_utf8(all).unwrap();
        let place = page.file_name().unwrap().to_string_lossy();
        assert_eq!(
            output.status.code(),
            code.trim().parse().ok(),
            "{place}: {command}\n{all}"
        );
        let mut rest = all.as_str();
        for line in printed {
            let (_, after) = rest
                .split_once(line.trim_end())
                .ok_or_else(|| format!("{place}: {command}\nprints no {line:?}:\n{all}"))
                .unwrap();
            rest = after;
        }
    }
}

/// Reads a page and returns the number of its commands.
fn followed(page: &str) -> usize {
    let mut reader = Reader::new();
    reader
        .simulator
        .register_integration("Our CRM", "admin@acme.example");
    reader.read(&workspace_root().join("docs/guide").join(page));
    reader.commands
}

#[test]
fn first_verdict_page_works() {
    // The page registers the CRM itself.
    let mut reader = Reader::new();
    reader.read(&workspace_root().join("docs/guide/first-verdict.md"));
    assert!(reader.commands >= 8);
}

#[test]
fn custom_fields_page_works() {
    assert!(followed("custom-fields.md") >= 8);
}

#[test]
fn every_five_minutes_page_works() {
    assert!(followed("every-five-minutes.md") >= 3);
}

#[test]
fn singer_page_works() {
    assert!(followed("singer.md") >= 8);
}

#[test]
fn meltano_page_works() {
    assert!(followed("meltano.md") >= 1);
}

#[test]
fn why_page_works() {
    assert!(followed("why.md") >= 3);
}

#[test]
fn probe_page_works() {
    assert!(followed("probe.md") >= 1);
}

#[test]
fn drift_page_works() {
    assert!(followed("drift.md") >= 3);
}

#[test]
fn full_exports_page_works() {
    assert!(followed("full-exports.md") >= 10);
}

#[test]
fn realtime_page_works() {
    assert!(followed("realtime.md") >= 6);
}

#[test]
fn ledgers_page_works() {
    assert!(followed("ledgers.md") >= 10);
}

#[test]
fn null_and_missing_page_works() {
    assert!(followed("null-and-missing.md") >= 4);
}

#[test]
fn reports_page_works() {
    assert!(followed("reports.md") >= 1);
}

#[test]
fn security_page_works() {
    assert!(followed("security.md") >= 3);
}

#[test]
fn exports_page_works() {
    assert!(followed("exports.md") >= 10);
}

#[test]
fn csv_page_works() {
    assert!(followed("csv.md") >= 3);
}

#[test]
fn every_page_is_tested() {
    let source = include_str!("guide.rs");
    for entry in fs::read_dir(workspace_root().join("docs/guide")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let has_commands = fs::read_to_string(&path).unwrap().contains("```console");
        assert!(
            !has_commands || source.contains(&format!("{name}\")")),
            "{name} has commands, and no test follows them"
        );
    }
}
