//! `gong-crm sync --every`, and what a person sees of a sync on a terminal.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};

use crate::sync::Place;
#[cfg(unix)]
use crate::terminal::Terminal;

/// A sync that runs forever, whose lines are read.
struct Running {
    child: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

impl Running {
    fn start(place: &Place, words: &[&str]) -> Self {
        let words = [
            &[
                "sync",
                "--every",
                "1s",
                "--yes",
                "--calls-per-day",
                "1000000",
            ],
            words,
        ]
        .concat();
        let mut invocation = place.command(&words);
        let command = invocation.command();
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    /// The line of the first round that has this in it.
    fn round(&mut self, text: &str) -> String {
        let mut lines = self.lines.by_ref().map_while(Result::ok);
        let found = lines.find(|line| line.contains(text));
        found
            .ok_or_else(|| format!("no round says {text:?}"))
            .unwrap()
    }

    #[cfg(unix)]
    fn terminate(mut self) -> Option<i32> {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        self.child.wait().unwrap().code()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[cfg(unix)]
#[test]
fn running_sync_follows_the_source_and_a_confirmation() {
    let place = Place::new();
    place.export(1..=100);
    let mut running = Running::start(&place, &["--metrics", "sync.prom"]);
    running.round("done: 100 new");
    running.round("done: 0 new, 0 changed, 0 deleted, 100 same, 0 held back, 0 calls");
    place.export(31..=100);
    running.round("held-back: 0 new, 0 changed, 0 deleted, 70 same, 30 held back");
    let metrics = std::fs::read_to_string(place.path("sync.prom")).unwrap();
    assert!(metrics.contains("gong_crm_records{"), "{metrics}");
    // Another process confirms the list, between two rounds or while one runs.
    let mut lists = std::fs::read_dir(place.path("")).unwrap();
    let list = lists
        .find_map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name()?.to_string_lossy().into_owned();
            name.contains("held-deletions").then_some(path)
        })
        .unwrap();
    let (code, report) = place.json(&["sync", "--confirm-deletions", list.to_str().unwrap()]);
    assert_eq!(code, Some(0), "{report}");
    assert_eq!(place.simulator.object_count("ACCOUNT"), 70);
    running.round("done: 0 new, 0 changed, 0 deleted, 70 same, 0 held back");
    assert_eq!(running.terminate(), Some(143));
}

#[cfg(unix)]
#[test]
fn running_sync_stops_when_its_ledger_is_removed_or_replaced() {
    for is_replaced in [false, true] {
        let place = Place::new();
        place.export(1..=10);
        let mut running = Running::start(&place, &[]);
        running.round("done: 10 new");
        let (ledger, copy) = (place.path("ledger.sqlite"), place.path("copy.sqlite"));
        std::fs::copy(&ledger, &copy).unwrap();
        std::fs::remove_file(&ledger).unwrap();
        if is_replaced {
            std::fs::rename(&copy, &ledger).unwrap();
        }
        assert_eq!(running.child.wait().unwrap().code(), Some(9));
    }
}

#[cfg(unix)]
#[test]
fn paused_sync_continues_on_request() {
    let place = Place::new();
    place.export(1..=3);
    let mut running = Running::start(&place, &[]);
    running.round("done: 3 new");
    assert_eq!(place.json(&["sync", "--pause"]).0, Some(0));
    place.export(1..=4);
    assert_eq!(place.json(&["sync", "--continue"]).0, Some(0));
    running.round("done: 1 new");
    assert_eq!(running.terminate(), Some(143));
}

#[cfg(unix)]
#[test]
fn first_sync_on_a_terminal_shows_its_plan_and_asks() {
    let place = Place::new();
    place.export(1..=3);
    let answered = |answer: &str| {
        let mut invocation = place.command(&["sync"]);
        let mut terminal = Terminal::start(invocation.command());
        terminal.wait_for("Send this? [y/N]");
        terminal.type_in(answer);
        terminal.end()
    };
    let (code, shown) = answered("n\n");
    assert!(shown.contains("Plan: 3 new"), "{shown}");
    assert_eq!(code, Some(130), "{shown}");
    assert_eq!(place.simulator.object_count("ACCOUNT"), 0);
    let (code, shown) = answered("y\n");
    assert_eq!(code, Some(0), "{shown}");
    assert_eq!(place.simulator.object_count("ACCOUNT"), 3);
    // Not the first any more.
    place.export(1..=4);
    let mut invocation = place.command(&["sync"]);
    let (code, shown) = Terminal::start(invocation.command()).end();
    assert_eq!(code, Some(0), "{shown}");
    assert!(!shown.contains("Send this?"), "{shown}");
}

#[cfg(unix)]
#[test]
fn signal_is_an_answer_to_the_question_of_the_first_sync() {
    use rustix::process::Signal;
    let place = Place::new();
    place.export(1..=3);
    for (signal, expected) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let mut invocation = place.command(&["sync"]);
        let mut terminal = Terminal::start(invocation.command());
        terminal.wait_for("Send this? [y/N]");
        terminal.signal(signal);
        let (code, shown) = terminal.end_by_itself();
        assert_eq!(code, Some(expected), "{shown}");
        assert!(shown.contains("nothing was sent"), "{shown}");
        assert_eq!(place.simulator.object_count("ACCOUNT"), 0);
    }
    // The next sync asks again, and the ledger is not locked any more.
    let mut invocation = place.command(&["sync"]);
    let mut terminal = Terminal::start(invocation.command());
    terminal.wait_for("Send this? [y/N]");
    terminal.type_in("y\n");
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(0), "{shown}");
    assert_eq!(place.simulator.object_count("ACCOUNT"), 3);
}

#[cfg(unix)]
#[test]
fn terminal_shows_a_dashboard_between_rounds() {
    let place = Place::new();
    place.export(1..=3);
    let mut invocation = place.command(&[
        "sync",
        "--every",
        "1s",
        "--yes",
        "--calls-per-day",
        "1000000",
    ]);
    let mut terminal = Terminal::start(invocation.command());
    terminal.wait_for("done: 3 new");
    terminal.wait_for("scope acme");
    terminal.wait_for("next round in 0:0");
    // Rounds without a difference make no lines.
    terminal.wait_for("2 rounds without a difference");
    terminal.interrupt();
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(130), "{shown}");
    assert_eq!(shown.matches(" same, ").count(), 1, "{shown}");
}
