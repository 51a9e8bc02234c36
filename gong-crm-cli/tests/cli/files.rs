//! What the command writes: who may read it, and that no planted link is followed. And what its text does in
//! the log of a CI runner.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::integration::simulator;
use crate::invocation::Invocation;

const LINES: &str = r#"{"objectId":"a/1","modifiedDate":"2026-03-01T09:30:00.123Z","name":"Acme"}
{"objectId":"a-2","modifiedDate":"2026-03-01T09:30:00Z","name":"Bolt"}
"#;

/// A folder in which the command runs as a shell with some umask would run it.
struct Place {
    folder: tempfile::TempDir,
    umask: &'static str,
    environment: Vec<(&'static str, String)>,
}

impl Place {
    fn new(umask: &'static str, environment: Vec<(&'static str, String)>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            folder,
            umask,
            environment,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file that only its owner may read.
    fn private(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(0o600)).unwrap();
    }

    fn run(&self, words: &[&str]) -> Output {
        let script = format!("umask {}; exec \"$0\" \"$@\"", self.umask);
        Command::new("sh")
            .args(["-c", &script, env!("CARGO_BIN_EXE_gong-crm")])
            .args(words)
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", self.folder.path())
            .env("XDG_STATE_HOME", self.path("state"))
            .envs(self.environment.iter().cloned())
            .output()
            .unwrap()
    }
}

fn mode(path: &Path) -> u32 {
    path.symlink_metadata().unwrap().permissions().mode() & 0o777
}

/// All files and folders below, which the command made.
fn below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(below(&path));
        }
        found.push(path);
    }
    found
}

/// A command that is killed while its standard input still brings records.
fn killed_reading(command: &mut Command, temporary: &Path) {
    let mut child = command
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let rows = "Id,Name\n".to_owned() + &"1,Ada Lovelace\n".repeat(100_000);
    let mut input = child.stdin.take().unwrap();
    input.write_all(rows.as_bytes()).unwrap();
    // All but the last piece was taken out of the pipe.
    let holds_records = || {
        let mut files = below(temporary).into_iter();
        files.any(|path| path.metadata().is_ok_and(|file| file.len() > 500_000))
    };
    assert!(holds_records());
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(holds_records());
}

#[test]
fn records_of_a_killed_command_are_deleted_by_the_next() {
    let place = Place::new("022", Vec::new());
    let temporary = place.path("tmp");
    fs::create_dir(&temporary).unwrap();
    place.private("accounts.ldjson", LINES);
    place.private(
        "crm.toml",
        "[CONTACT.fields]\nobjectId = 'Id'\nlastName = 'Name'\n",
    );
    let command = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gong-crm"));
        command.current_dir(place.folder.path()).env_clear();
        command
            .env("HOME", place.folder.path())
            .env("TMPDIR", &temporary);
        command
    };
    let words = ["check", "-", "--type", "CONTACT", "--map", "crm.toml"];
    killed_reading(command().args(words), &temporary);
    let end = command()
        .args(["check", "accounts.ldjson"])
        .output()
        .unwrap();
    assert_eq!(end.status.code(), Some(3));
    assert_eq!(below(&temporary), Vec::<PathBuf>::new());
    let words = [
        "--sim", "push", "-", "--type", "CONTACT", "--map", "crm.toml",
    ];
    killed_reading(command().args(words), &temporary);
    command()
        .args(["check", "accounts.ldjson"])
        .output()
        .unwrap();
    assert_eq!(below(&temporary), Vec::<PathBuf>::new());
}

#[test]
fn nothing_of_private_records_is_readable_by_others() {
    for umask in ["000", "022"] {
        let sim = simulator().start_blocking().unwrap();
        sim.register_integration("Acme CRM", "admin@acme.example");
        let place = Place::new(umask, sim.environment());
        place.private("accounts.ldjson", LINES);
        place.private("x.csv", "Account ID,Account Name\na-1,Acme\n");
        let mapping = "[ACCOUNT.fields]\nobjectId = 'Account ID'\nname = 'Account Name'\n\
                       modifiedDate = { constant = 'now' }\n";
        place.private("x.toml", mapping);
        for words in [
            &["check", "--fix", "fixed", "accounts.ldjson"][..],
            &["push", "accounts.ldjson", "--skip-invalid", "--no-progress"],
            &[
                "push",
                "accounts.ldjson",
                "--skip-invalid",
                "--rejects-dir",
                "rejected",
            ],
            &["--sim", "push", "accounts.ldjson", "--skip-invalid"],
            &[
                "convert",
                "x.csv",
                "--map",
                "x.toml",
                "--type",
                "ACCOUNT",
                "--to",
                "out.ldjson",
            ],
            &["push", "x.csv", "--map", "x.toml", "--type", "ACCOUNT"],
            &["init", "x.csv", "--type", "ACCOUNT"],
            &["ledger", "export", "ledger.json"],
        ] {
            let output = place.run(words);
            let code = output.status.code();
            assert!(matches!(code, Some(0 | 3 | 5)), "{words:?}: {output:?}");
        }
        let made = below(place.folder.path());
        for name in [
            "fixed/accounts.ldjson",
            "out.ldjson",
            "accounts.rejects.txt",
        ] {
            assert!(made.contains(&place.path(name)), "{name}: {made:?}");
        }
        for path in made {
            let wide = mode(&path) & 0o077;
            assert_eq!(
                wide,
                0,
                "umask {umask}: {} {:o}",
                path.display(),
                mode(&path)
            );
        }
    }
}

#[test]
fn planted_links_are_replaced_or_refused() {
    let sim = simulator().start_blocking().unwrap();
    sim.register_integration("Acme CRM", "admin@acme.example");
    let place = Place::new("022", sim.environment());
    place.private("accounts.ldjson", LINES);
    place.private("victim", "mine");
    for name in [
        "accounts.rejects.txt",
        "accounts.rejects.ldjson",
        "out.ldjson",
        "schema.yaml",
        "metrics.prom",
    ] {
        symlink("victim", place.path(name)).unwrap();
    }
    fs::create_dir_all(place.path("state/gong-crm")).unwrap();
    place.run(&["push", "accounts.ldjson", "--skip-invalid"]);
    place.run(&["schema", "pull", "--to", "schema.yaml"]);
    place.private("x.csv", "Account ID,Account Name\na-1,Acme\n");
    let mapping =
        "[ACCOUNT.fields]\nobjectId = 'Account ID'\nmodifiedDate = { constant = 'now' }\n";
    place.private("x.toml", mapping);
    place.run(&[
        "convert",
        "x.csv",
        "--map",
        "x.toml",
        "--type",
        "ACCOUNT",
        "--to",
        "out.ldjson",
    ]);
    place.run(&["rejects", "--out", "accounts.rejects.ldjson"]);
    assert_eq!(fs::read_to_string(place.path("victim")).unwrap(), "mine");
    assert!(
        place
            .path("out.ldjson")
            .symlink_metadata()
            .unwrap()
            .is_file()
    );
    // The lock of a ledger is opened and not replaced.
    symlink("victim", place.path("mine.sqlite.lock")).unwrap();
    let refused = place.run(&[
        "push",
        "accounts.ldjson",
        "--skip-invalid",
        "--ledger",
        "mine.sqlite",
    ]);
    assert_ne!(refused.status.code(), Some(0), "{refused:?}");
    assert_eq!(fs::read_to_string(place.path("victim")).unwrap(), "mine");
}

/// What a runner obeys must not come from a record, a name of a file or an argument.
#[test]
fn log_of_a_runner_has_no_commands_of_records() {
    let name = "accounts\n::error::x ##[error]y ##vso[task.setvariable]z.ldjson";
    let lines = "{\"objectId\":\"a\\n::add-mask::x/##[error]##vso[task.complete]\",\
                 \"modifiedDate\":\"\u{202e}##teamcity[x]\"}\n";
    for (variable, value) in [
        ("GITHUB_ACTIONS", "true"),
        ("TF_BUILD", "True"),
        ("TEAMCITY_VERSION", "1"),
    ] {
        for words in [
            &["check", "."][..],
            &["check", ".", "-o", "json"],
            &["check", ".", "-o", "sarif"],
            &["check", ".", "-o", "github"],
            &["check", ".", "--fix", "fixed"],
            &["--sim", "push", "."],
            &["--sim", "push", ".", "--skip-invalid"],
            &["--sim", "push", ".", "--dry-run"],
            &["push", ".", "--no-such\n::error::x ##[error]"],
            &["check", "./\n::error::none.ldjson"],
            &["trust", "\n::error::none"],
        ] {
            let mut run = Invocation::new(words)
                .env(variable, value)
                .folder("exports");
            fs::write(run.path("exports").join(name), lines).unwrap();
            let folder = run.path("exports");
            run.command().current_dir(folder);
            let output = run.output();
            let all = [output.stdout, output.stderr].concat();
            let all = String::from_utf8(all).unwrap();
            for line in all.lines() {
                let ours = [
                    "::stop-commands::",
                    "::gong-crm-",
                    "::error file=",
                    "::warning file=",
                ];
                let is_ours = ours.iter().any(|ours| line.starts_with(ours));
                let is_command = line.trim_start().starts_with("::") && !is_ours;
                assert!(!is_command, "{words:?}: {line}");
                for mark in ["##[", "##vso[", "##teamcity[", "\u{202e}"] {
                    assert!(!line.contains(mark), "{words:?}: {line}");
                }
            }
        }
    }
}

/// In a file, lines are what they are, also on a runner.
#[test]
fn converted_lines_in_a_file_are_exact() {
    let mapping = "[ACCOUNT.fields]\nobjectId = 'Id'\nname = 'Name'\nmodifiedDate = { constant = \
                   '2026-03-01T09:30:00Z' }\n";
    let run = |to_file: bool| {
        let words = ["convert", "x.csv", "--map", "x.toml", "--type", "ACCOUNT"];
        let mut run = Invocation::new(&words)
            .env("GITHUB_ACTIONS", "true")
            .file("x.csv", "Id,Name\na-1,##[group]x\u{202e}\n")
            .file("x.toml", mapping);
        let path = run.path("out");
        if to_file {
            let file = fs::File::create(&path).unwrap();
            run.command().stdout(file);
            let _kept = run.kept();
            return fs::read_to_string(&path).unwrap_or_default();
        }
        String::from_utf8(run.output().stdout).unwrap()
    };
    let printed = run(false);
    assert!(
        !printed.contains("##[") && !printed.contains('\u{202e}'),
        "{printed}"
    );
    let value: serde_json::Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(value["name"], "##[group]x\u{202e}");
    let exact = run(true);
    assert!(exact.contains("##[group]x\u{202e}"), "{exact}");
}

#[cfg(target_os = "linux")]
#[test]
fn crash_leaves_no_memory_behind() {
    use std::io::{BufRead as _, BufReader};

    let mut sim = Invocation::new(&["sim"]);
    let mut child = sim
        .command()
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let mut first = String::new();
    let stdout = child.stdout.take().unwrap();
    BufReader::new(stdout).read_line(&mut first).unwrap();
    let limits = fs::read_to_string(format!("/proc/{}/limits", child.id())).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    let core = limits
        .lines()
        .find(|line| line.starts_with("Max core file size"))
        .unwrap();
    let soft = core.split_whitespace().nth(4).unwrap();
    assert!(matches!(soft, "0" | "1"), "{core}");
}
