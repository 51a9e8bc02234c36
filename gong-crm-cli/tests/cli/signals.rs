//! Signals stop a push as Ctrl-C does, and leave a ledger that can be resumed.

use std::io::Read as _;
use std::process::Stdio;

use gong_sim::Processing;
use rustix::process::{Pid, Signal, kill_process};

use crate::integration::simulator;
use crate::invocation::Invocation;

const LINE: &str = r#"{"objectId":"a-1","modifiedDate":"2026-03-01T09:30:00Z","name":"Acme"}
"#;

/// Starts a push that can't finish, sends it the signal once Gong was asked, and returns its exit
/// code, report and messages.
fn push_stopped_by(
    signal: Signal,
    wait: &str,
    under: Option<&str>,
) -> (Option<i32>, String, String) {
    let sim = simulator()
        .processing(Processing::Never)
        .start_blocking()
        .unwrap();
    sim.register_integration("Acme CRM", "admin@acme.example");
    let words = [
        "push",
        "accounts.ldjson",
        "--poll-interval",
        "50ms",
        "--wait",
        wait,
    ];
    let mut push = Invocation::new(&words)
        .against(sim.base_url())
        .file("accounts.ldjson", LINE);
    if let Some(shell) = under {
        let directory = push.path("");
        let mut command = std::process::Command::new("sh");
        command
            .args(["-c", &format!("{shell}\nexec \"$0\" \"$@\"")])
            .arg(env!("CARGO_BIN_EXE_gong-crm"))
            .args(words)
            .current_dir(&directory)
            .env("HOME", &directory);
        for name in ["GONG_BASE_URL", "GONG_ACCESS_KEY", "GONG_ACCESS_KEY_SECRET"] {
            let envs = push.command().get_envs();
            let value = envs
                .filter(|(key, _)| *key == name)
                .find_map(|(_, value)| value);
            command.env(name, value.unwrap());
        }
        *push.command() = command;
    }
    stopped_by(&sim, push, signal)
}

/// Starts a command that can't finish, sends it the signal once Gong was asked for a verdict, and
/// returns its exit code, report and messages.
fn stopped_by(
    sim: &gong_sim::Simulator,
    mut command: Invocation,
    signal: Signal,
) -> (Option<i32>, String, String) {
    let mut child = command
        .command()
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // At least the upload, and the first question about it.
    while sim.request_count() < 3 {
        assert_eq!(child.try_wait().unwrap(), None, "it ended by itself");
        std::thread::yield_now();
    }
    let pid = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    kill_process(pid, signal).unwrap();
    let (mut report, mut messages) = (String::new(), String::new());
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut messages)
        .unwrap();
    child
        .stdout
        .take()
        .unwrap()
        .read_to_string(&mut report)
        .unwrap();
    (child.wait().unwrap().code(), report, messages)
}

#[test]
fn sync_that_is_stopped_names_the_command_that_goes_on() {
    let sim = simulator()
        .processing(Processing::Never)
        .start_blocking()
        .unwrap();
    sim.register_integration("Acme CRM", "admin@acme.example");
    let sources = "[sources.ACCOUNT]\nfiles = \"accounts.ldjson\"\n";
    let words = "sync --config gong-crm.toml --yes --poll-interval 50ms --wait 30s";
    let words: Vec<&str> = words.split(' ').collect();
    let sync = Invocation::new(&words)
        .against(sim.base_url())
        .file("gong-crm.toml", sources)
        .file("accounts.ldjson", LINE);
    let (exit, _, messages) = stopped_by(&sim, sync, Signal::TERM);
    assert_eq!(exit, Some(143), "{messages}");
    assert!(messages.contains("to resume: gong-crm sync "), "{messages}");
    assert!(!messages.contains("Ctrl-C"), "{messages}");
}

#[test]
fn every_signal_stops_a_push_with_its_own_code() {
    for (signal, code) in [(Signal::HUP, 129), (Signal::INT, 130), (Signal::TERM, 143)] {
        let (exit, report, messages) = push_stopped_by(signal, "30s", None);
        assert_eq!(exit, Some(code), "{messages}");
        assert!(report.contains("canceled"), "{report}");
        assert!(
            messages.contains("to resume: gong-crm resume upload-"),
            "{messages}"
        );
    }
}

#[cfg(target_os = "linux")]
#[test]
fn ignored_hang_up_does_not_stop_a_push() {
    let (exit, _, messages) = push_stopped_by(Signal::HUP, "1s", Some("trap '' HUP"));
    assert_eq!(exit, Some(7), "{messages}");
}
