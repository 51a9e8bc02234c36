//! `gong-crm sim`: a Gong simulator that other commands talk to.

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
        Self::of(Invocation::new(&[&["sim"], arguments].concat()))
    }

    fn of(mut sim: Invocation) -> Self {
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
fn printed_lines_lead_other_commands_to_the_simulator() {
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
    // Two small files: the command keeps to Gong's three calls per second.
    let files = [
        "examples/acme/stages.ldjson",
        "examples/acme/business_users.ldjson",
    ];
    let push = || {
        let arguments = [
            "push",
            files[0],
            files[1],
            "--poll-interval",
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
    assert_eq!(second.matches("  unchanged\n").count(), 2, "{second}");
}

#[test]
fn accepted_upload_is_resumed_to_its_end() {
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
    let push = run(&["push", "examples/acme/stages.ldjson", "--no-wait"]);
    assert_eq!(
        push.status.code(),
        Some(7),
        "{}",
        String::from_utf8_lossy(&push.stderr)
    );
    let talk = String::from_utf8(push.stderr).unwrap();
    let id = talk
        .lines()
        .last()
        .unwrap()
        .strip_prefix("to resume: gong-crm resume ")
        .and_then(|rest| rest.split_once(' '))
        .unwrap()
        .0;

    let uploads = String::from_utf8(run(&["uploads", "--unfinished"]).stdout).unwrap();
    assert!(
        uploads.contains(id) && uploads.contains("accepted"),
        "{uploads}"
    );
    let resumed = run(&["resume", id, "--poll-interval", "1ms"]);
    assert_eq!(
        resumed.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&resumed.stderr)
    );
    let uploads = String::from_utf8(run(&["uploads"]).stdout).unwrap();
    assert!(uploads.contains("done"), "{uploads}");
    let again = String::from_utf8(run(&["resume"]).stderr).unwrap();
    assert!(again.contains("nothing to do"), "{again}");
    assert_eq!(run(&["resume", "no-such-id"]).status.code(), Some(2));
}

#[test]
fn wrong_key_is_rejected() {
    let sim = Sim::start(&[]);
    let show = sim
        .run(&["integration", "show"])
        .env("GONG_ACCESS_KEY_SECRET", "wrong")
        .output();
    assert_eq!(show.status.code(), Some(4));
}

#[test]
fn seeded_simulator_has_a_crm_and_its_integration() {
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
fn malformed_rule_switch_is_a_usage_error() {
    let run = |rule: &str| {
        Invocation::new(&["sim", "--rule", rule])
            .output()
            .status
            .code()
    };
    assert_eq!(run("no-such-rule=off"), Some(2));
    assert_eq!(run("duplicate-object-id"), Some(2));
}

/// What an HTTP request without a library gets.
fn http(sim: &Sim, method: &str, path: &str, headers: &str, body: &str) -> String {
    use std::io::{Read as _, Write as _};

    let host = sim.environment["GONG_BASE_URL"]
        .strip_prefix("http://")
        .unwrap();
    let mut connection = std::net::TcpStream::connect(host).unwrap();
    write!(
        connection,
        "{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-length: {}\r\n{headers}\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn settings_are_given_by_flags() {
    let folder = tempfile::tempdir().unwrap();
    let tokens = folder.path().join("tokens");
    std::fs::write(&tokens, "from-file api:crm:integrations:read\n").unwrap();
    let fault = r#"{"operation":"GET /v2/crm/request-status","effect":{"status":503}}"#;
    let arguments = [
        "sim",
        "--integration-id=5517027188234205706",
        "--bearer-token=from-argv=api:crm:upload",
        "--bearer-tokens",
        tokens.to_str().unwrap(),
        "--rate-limit=100,1000",
        "--delete-never",
        "--account-delay=5",
        "--read-timeout=7",
        "--body-limit=1000",
        "--keep-requests=3",
        "--keep-bodies=500",
        "--virtual-time",
        "--user=ada@acme.example,no-consent-page",
        "--fault",
        fault,
    ];
    let invocation = Invocation::new(&arguments)
        .env("GONG_SIM_ACCESS_KEY", "chosen-key")
        .env("GONG_SIM_ACCESS_KEY_SECRET", "chosen-secret")
        .env("GONG_SIM_TOKEN", "chosen-token");
    let sim = Sim::of(invocation);
    for (name, value) in [
        ("GONG_INTEGRATION_ID", "5517027188234205706"),
        ("GONG_ACCESS_KEY", "chosen-key"),
        ("GONG_ACCESS_KEY_SECRET", "chosen-secret"),
        ("GONG_SIM_TOKEN", "chosen-token"),
    ] {
        assert_eq!(sim.environment[name], value);
    }
    let look = |path: &str| {
        http(
            &sim,
            "GET",
            path,
            "authorization: Bearer chosen-token\r\n",
            "",
        )
    };
    let settings = look("/_sim/settings");
    for part in [
        r#""deletion":"never""#,
        r#""accountDelayMilliseconds":5000"#,
        r#""readTimeoutMilliseconds":7000"#,
        r#""bodyLimitBytes":1000"#,
        r#""keptRequests":3"#,
        r#""keptBodyBytes":500"#,
        r#""virtualTime":true"#,
        r#""perDay":1000"#,
    ] {
        assert!(settings.contains(part), "{part}\n{settings}");
    }
    assert!(look("/_sim/users").contains(r#""consentPage":false"#));
    assert!(look("/_sim/faults").contains(r#""status":503"#));
    for (token, expected) in [("from-file", "200"), ("from-argv", "401")] {
        let header = format!("authorization: Bearer {token}\r\n");
        let answer = http(&sim, "GET", "/v2/crm/integrations", &header, "");
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {expected}")),
            "{answer}"
        );
    }
}

#[test]
fn nothing_is_served_under_sim_without_admin() {
    let sim = Sim::start(&["--no-admin"]);
    assert!(!sim.environment.contains_key("GONG_SIM_TOKEN"));
    let answer = http(&sim, "GET", "/_sim/", "", "");
    assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
}

#[test]
fn malformed_settings_are_usage_errors() {
    for flag in [
        "--fault={\"effect\":\"explode\"}",
        "--user=ada@acme.example,asleep",
        "--rate-limit=3",
        "--bearer-token=token",
        "--bearer-tokens=no-such-file",
        "--host=gong",
    ] {
        let code = Invocation::new(&["sim", flag]).output().status.code();
        assert_eq!(code, Some(2), "{flag}");
    }
}

#[cfg(unix)]
#[test]
fn simulator_saves_its_state_when_a_signal_stops_it() {
    use rustix::process::{Pid, Signal, kill_process};

    for signal in [Signal::TERM, Signal::HUP, Signal::INT] {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state.json");
        let mut sim = Sim::start(&["--state", state.to_str().unwrap()]);
        let register = [
            "integration",
            "register",
            "--name",
            "Acme",
            "--owner-email",
            "a@acme.example",
        ];
        assert_eq!(sim.run(&register).output().status.code(), Some(0));
        let pid = Pid::from_raw(i32::try_from(sim.child.id()).unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
        assert_eq!(sim.child.wait().unwrap().code(), Some(0), "{signal:?}");
        let saved = std::fs::read_to_string(&state).unwrap();
        assert!(saved.contains("a@acme.example"), "{signal:?}: {saved}");
    }
}

#[test]
fn state_file_that_cannot_be_written_is_an_error_at_the_start() {
    let output = Invocation::new(&["sim", "--state", "nowhere/state.json"]).output();
    let talk = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{talk}");
    assert!(
        talk.contains("the state file nowhere/state.json can't be written"),
        "{talk}"
    );
}

#[test]
fn setting_that_can_have_no_effect_is_a_usage_error() {
    for (flag, value, message) in [
        ("--fault", r#"{"nth": [0], "effect": "gzip"}"#, "from 1"),
        (
            "--fault",
            r#"{"operation": "GET /v2/users", "effect": "lose-upload"}"#,
            "POST /v2/crm/entities only",
        ),
        (
            "--bearer-token",
            "TOK=api:crm:uplaod",
            "did you mean api:crm:upload?",
        ),
        ("--user", "nope", "not an email address"),
        ("--rate-limit", "0,0", "at least 1"),
    ] {
        let flag = format!("{flag}={value}");
        let output = Invocation::new(&["sim", &flag]).output();
        let talk = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{flag}: {talk}");
        assert!(talk.contains(message), "{flag}: {talk}");
    }
}
