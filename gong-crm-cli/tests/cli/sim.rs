//! `gong-crm sim`: a local Gong that other commands talk to.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};

use crate::invocation::Invocation;

/// A running `gong-crm sim` and the variables that it printed.
struct Sim {
    child: Child,
    environment: BTreeMap<String, String>,
}

impl Sim {
    fn start(arguments: &[&str]) -> Self {
        let mut sim = Invocation::new(&[&["sim"], arguments].concat());
        let mut child = sim
            .command()
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // The talk on stderr follows the lines on stdout: once it begins, they are all there.
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut talk = String::new();
        while !talk.contains("is listening") {
            assert_ne!(stderr.read_line(&mut talk).unwrap(), 0, "sim ended: {talk}");
        }
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut environment = BTreeMap::new();
        loop {
            let mut line = String::new();
            stdout.read_line(&mut line).unwrap();
            let (name, value) = line
                .trim()
                .strip_prefix("export ")
                .unwrap()
                .split_once('=')
                .unwrap();
            environment.insert(name.to_owned(), value.to_owned());
            if stdout.buffer().is_empty() {
                break;
            }
        }
        Self { child, environment }
    }

    fn run(&self, arguments: &[&str]) -> Invocation {
        let start = Invocation::new(arguments);
        self.environment
            .iter()
            .fold(start, |run, (name, value)| run.env(name, value))
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[test]
fn the_lines_that_sim_prints_lead_other_commands_to_it() {
    let sim = Sim::start(&[]);
    let none = sim.run(&["integration", "show"]).output();
    assert_eq!(none.status.code(), Some(1), "nothing is registered yet");

    let register = [
        "integration",
        "register",
        "--name",
        "Acme",
        "--owner-email",
        "a@acme.example",
    ];
    let registered = sim.run(&register).output();
    assert_eq!(registered.status.code(), Some(0));
    let id = String::from_utf8(registered.stdout).unwrap();
    let shown = sim.run(&["integration", "show"]).output();
    assert_eq!(String::from_utf8(shown.stdout).unwrap(), id);

    let folder = tempfile::tempdir().unwrap();
    let ledger = folder.path().join("ledger.sqlite");
    // Two small files: the command keeps to Gong's three calls a second.
    let files = [
        "examples/acme/stages.ldjson",
        "examples/acme/business_users.ldjson",
    ];
    let push = || {
        let arguments = [
            "push",
            files[0],
            files[1],
            "--poll",
            "1ms",
            "--ledger",
            ledger.to_str().unwrap(),
        ];
        sim.run(&arguments).in_workspace().output()
    };
    let first = push();
    assert_eq!(
        first.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&first.stderr)
    );
    // The same content again: nothing is sent.
    let second = String::from_utf8(push().stdout).unwrap();
    assert_eq!(second.matches("already done on ").count(), 2, "{second}");
}

#[test]
fn what_was_only_accepted_is_resumed_to_its_end() {
    let acme = crate::invocation::workspace_root().join("examples/acme");
    let sim = Sim::start(&[
        "--process-polls",
        "2",
        "--seed-from",
        acme.to_str().unwrap(),
    ]);
    let folder = tempfile::tempdir().unwrap();
    let ledger = folder.path().join("ledger.sqlite");
    let run = |arguments: &[&str]| {
        let arguments = [arguments, &["--ledger", ledger.to_str().unwrap()]].concat();
        sim.run(&arguments).in_workspace().output()
    };
    let push = run(&["push", "examples/acme/stages.ldjson", "--async"]);
    assert_eq!(
        push.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&push.stderr)
    );
    let talk = String::from_utf8(push.stderr).unwrap();
    let id = talk
        .lines()
        .last()
        .unwrap()
        .strip_prefix("to go on: gong-crm resume ")
        .unwrap();

    let jobs = String::from_utf8(run(&["jobs", "--unfinished"]).stdout).unwrap();
    assert!(jobs.contains(id) && jobs.contains("accepted"), "{jobs}");
    let resumed = run(&["resume", id, "--poll", "1ms"]);
    assert_eq!(
        resumed.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&resumed.stderr)
    );
    let jobs = String::from_utf8(run(&["jobs"]).stdout).unwrap();
    assert!(jobs.contains("done"), "{jobs}");
    let again = String::from_utf8(run(&["resume"]).stderr).unwrap();
    assert!(again.contains("nothing to do"), "{again}");
    assert_eq!(run(&["resume", "no-such-id"]).status.code(), Some(2));
}

#[test]
fn a_wrong_key_is_refused() {
    let sim = Sim::start(&[]);
    let show = sim
        .run(&["integration", "show"])
        .env("GONG_ACCESS_KEY_SECRET", "wrong")
        .output();
    assert_eq!(show.status.code(), Some(4));
}

#[test]
fn a_seeded_sim_holds_a_crm_and_its_integration() {
    let acme = crate::invocation::workspace_root().join("examples/acme");
    let sim = Sim::start(&["--seed-from", acme.to_str().unwrap()]);
    assert!(
        sim.environment.contains_key("GONG_INTEGRATION_ID"),
        "{:?}",
        sim.environment
    );
    assert_eq!(
        sim.run(&["integration", "show"]).output().status.code(),
        Some(0)
    );
}

#[test]
fn a_switch_that_is_none_is_refused() {
    let run = |rule: &str| {
        Invocation::new(&["sim", "--rule", rule])
            .output()
            .status
            .code()
    };
    assert_eq!(run("no-such-rule=off"), Some(2));
    assert_eq!(run("duplicate-object-id"), Some(2));
}
