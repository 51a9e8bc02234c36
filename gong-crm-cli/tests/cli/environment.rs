//! Behavior if the machine, the user or the moment is not as expected.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::process::Stdio;

use gong_sim::{Effect, Fault, Operation};
use serde_json::json;
use wiremock::{Mock, MockServer, ResponseTemplate, matchers};

use crate::integration::simulator;
use crate::invocation::{Invocation, assert_transcript};

const LINE: &str = r#"{"objectId":"a-1","modifiedDate":"2026-03-01T09:30:00Z","name":"Acme"}
"#;

/// The command, after what a shell did before.
#[cfg(unix)]
fn after(shell: &str, arguments: &[&str]) -> Invocation {
    let mut invocation = Invocation::new(&[]);
    let folder = invocation.path("");
    let gong_crm = env!("CARGO_BIN_EXE_gong-crm");
    let mut command = std::process::Command::new("sh");
    command
        .args(["-c", &format!("{shell}\nexec \"$0\" \"$@\""), gong_crm])
        .args(arguments)
        .current_dir(&folder)
        .env_clear()
        .env("HOME", &folder);
    *invocation.command() = command;
    invocation
}

#[cfg(unix)]
#[test]
fn missing_current_directory_is_reported() {
    let gone = after(
        "mkdir gone && cd gone && rmdir ../gone",
        &["check", "accounts.ldjson"],
    );
    assert_transcript!("current_folder_gone", gone);
}

#[cfg(target_os = "linux")]
#[test]
fn exhausted_machine_is_reported() {
    let few = after("ulimit -n 4", &["uploads"]);
    assert_transcript!("no_threads", few);
    let few = after("ulimit -n 9", &["--sim", "integration", "show"]);
    assert_transcript!("no_room_for_a_simulator", few);
}

#[test]
fn warnings_alone_are_not_an_error() {
    let deal = r#"{"objectId":"d-1","modifiedDate":"2026-03-01T09:30:00Z","name":"Renewal"}"#;
    let check = Invocation::new(&["check", "deals.ldjson"]).file("deals.ldjson", deal);
    assert_transcript!("check_warnings_only", check);
}

#[test]
fn errors_beyond_a_screen_are_counted() {
    let bad = (0..60).map(|number| format!("{{\"objectId\":\"a/{number}\",\"modifiedDate\":1}}\n"));
    let push = ["--sim", "push", "accounts.ldjson"];
    let push = Invocation::new(&push).file("accounts.ldjson", &bad.collect::<String>());
    let output = push.output();
    assert_eq!(output.status.code(), Some(3));
    let said = String::from_utf8(output.stderr).unwrap();
    let line = said.lines().find(|line| line.contains("more error"));
    assert_eq!(
        line,
        Some("100 more errors; gong-crm check shows them, with the same files and options"),
        "{said}"
    );
}

#[test]
fn csv_without_a_type_in_its_name() {
    let init = Invocation::new(&["init", "--print", "export.csv"]);
    assert_transcript!(
        "init_unknown_type",
        init.file("export.csv", "id;x\n1;Acme\n")
    );
}

#[test]
fn config_value_of_wrong_type_is_reported() {
    let config = Invocation::new(&["uploads"]).private_file("gong-crm.toml", "base-url = true\n");
    assert_transcript!("config_switch_for_text", config);
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_reports_a_failing_gong() {
    let server = MockServer::start().await;
    let broken =
        json!({"requestId": "4al018gzaztcr8nbukw", "errors": ["Internal server error occurred"]});
    Mock::given(matchers::any())
        .respond_with(ResponseTemplate::new(500).set_body_json(broken))
        .mount(&server)
        .await;
    let doctor = || Invocation::new(&["doctor", "--max-retries", "0"]).against(&server.uri());
    assert_transcript!("doctor_broken_gong", doctor());
    server.reset().await;
    let odd = json!({"requestId": "4al018gzaztcr8nbukw", "errors": ["Method Not Allowed"]});
    Mock::given(matchers::any())
        .respond_with(ResponseTemplate::new(405).set_body_json(odd))
        .mount(&server)
        .await;
    assert_transcript!("doctor_odd_gong", doctor());
}

/// Servers that are no Gong may not date their answers.
#[test]
fn doctor_accepts_a_response_without_date() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = Vec::new();
            let mut piece = [0; 1024];
            while !request.windows(4).any(|end| end == b"\r\n\r\n") {
                let read = stream.read(&mut piece).unwrap();
                assert_ne!(read, 0, "half a request");
                request.extend_from_slice(&piece[..read]);
            }
            let body = r#"{"requestId":"4al018gzaztcr8nbukw","integrations":[]}"#;
            let answer = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
                 connection: close\r\n\r\n{body}",
                body.len()
            );
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    let output = Invocation::new(&["doctor"]).against(&url).output();
    let reported = String::from_utf8(output.stdout).unwrap();
    let clock = reported
        .lines()
        .find(|line| line.contains("clock"))
        .unwrap();
    assert!(
        clock.ends_with("the response has no date to compare with"),
        "{reported}"
    );
}

#[test]
fn search_for_errors_that_gong_rejects() {
    let sim = simulator().start_blocking().unwrap();
    sim.register_integration("Acme CRM", "admin@acme.example");
    let refusal = Fault::new(Effect::Status(400)).on(Operation::UploadEntities);
    sim.add_fault(refusal.nth(2)).unwrap();
    let bad = (0..25).map(|number| format!("{{\"objectId\":\"a-{number}\"}}\n"));
    let push = ["push", "accounts.ldjson", "--no-check", "--find-all-errors"];
    let push = [
        &push[..],
        &[
            "--rejects-dir",
            "rejects",
            "--no-progress",
            "--poll-interval",
            "10ms",
        ],
    ]
    .concat();
    let push = Invocation::new(&push)
        .against(sim.base_url())
        .file("accounts.ldjson", &bad.collect::<String>());
    assert_transcript!("push_search_stopped", push);
}

#[test]
fn simulator_says_what_to_do_next() {
    let mut sim = Invocation::new(&["sim"]);
    let mut child = sim
        .command()
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let stderr = BufReader::new(child.stderr.take().unwrap());
    let talk: Vec<String> = stderr.lines().take(6).map(Result::unwrap).collect();
    child.kill().unwrap();
    child.wait().unwrap();
    let mut settings = crate::invocation::settings();
    settings.add_filter("token=[A-Za-z0-9]{40}", "token=[TOKEN]");
    settings.bind(|| insta::assert_snapshot!("sim_talk", talk.join("\n")));
}

/// As compose files make them.
#[test]
fn empty_limit_of_calls_counts_as_not_set() {
    let check = |words: &[&str]| {
        Invocation::new(&[&["check", "accounts.ldjson"], words].concat())
            .env("GONG_CALLS_PER_SECOND", "")
            .env("GONG_CALLS_PER_DAY", "")
            .file("accounts.ldjson", LINE)
            .output()
    };
    assert_eq!(check(&[]).status.code(), Some(0));
    assert_eq!(check(&["--calls-per-day", ""]).status.code(), Some(2));
}

/// A push that reads standard input, into which nobody writes more; with the pipe and its directory.
#[cfg(unix)]
fn reading_its_input(base_url: &str) -> (std::process::Child, impl Sized + use<>) {
    use std::io::Write as _;
    let mut push = Invocation::new(&["push", "-", "--type", "ACCOUNT"]).against(base_url);
    let mut child = push
        .command()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut pipe = child.stdin.take().unwrap();
    // More than a pipe holds: when it is written, the push reads.
    pipe.write_all(LINE.repeat(10_000).as_bytes()).unwrap();
    (child, (pipe, push))
}

/// Nobody types, so that the push can't finish by itself.
#[cfg(unix)]
#[test]
fn second_interrupt_quits_at_once() {
    let sim = simulator().start_blocking().unwrap();
    sim.register_integration("Acme CRM", "admin@acme.example");
    let (mut child, _nobody) = reading_its_input(sim.base_url());
    interrupt(&child);
    let mut messages = BufReader::new(child.stderr.take().unwrap());
    let mut said = String::new();
    while !said.contains("press Ctrl-C again to quit immediately\n") {
        assert_ne!(
            messages.read_line(&mut said).unwrap(),
            0,
            "it ended: {said}"
        );
    }
    interrupt(&child);
    messages.read_to_string(&mut said).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{said}");
    assert_eq!(output.stdout, b"", "no report: {said}");
    assert!(
        said.ends_with("\nnothing was sent; run the command again\n"),
        "{said}"
    );
}

/// Nobody types, and nothing is piped in.
#[cfg(unix)]
#[test]
fn interrupt_stops_a_push_that_reads_standard_input() {
    let sim = simulator().start_blocking().unwrap();
    sim.register_integration("Acme CRM", "admin@acme.example");
    let (child, _nobody) = reading_its_input(sim.base_url());
    interrupt(&child);
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(130), "{said}");
    assert!(said.contains("stopping"), "{said}");
    assert!(
        said.ends_with("\nnothing was sent; run the command again\n"),
        "{said}"
    );
    assert!(!said.contains("gong-crm resume"), "{said}");
    assert!(sim.uploads().is_empty());
}

#[cfg(unix)]
fn interrupt(child: &std::process::Child) {
    let id = i32::try_from(child.id()).unwrap();
    let id = rustix::process::Pid::from_raw(id).unwrap();
    rustix::process::kill_process(id, rustix::process::Signal::INT).unwrap();
}

/// A person at a terminal sees what a file waits for.
#[cfg(unix)]
#[test]
fn progress_bar_says_what_it_waits_for() {
    let sim = simulator().start_blocking().unwrap();
    sim.register_integration("Acme CRM", "admin@acme.example");
    let (mut screen, terminal) = crate::invocation::terminal();
    let push = ["push", "accounts.ldjson", "--poll-interval", "10m"];
    let mut push = Invocation::new(&push)
        .against(sim.base_url())
        .env("TERM", "xterm")
        .file("accounts.ldjson", LINE);
    let mut child = push
        .command()
        .stdout(Stdio::null())
        .stderr(terminal)
        .spawn()
        .unwrap();
    let mut seen = String::new();
    let mut piece = [0; 1024];
    while !seen.contains(": waiting for Gong to process it") {
        let read = screen.read(&mut piece).unwrap();
        assert_ne!(read, 0, "it ended: {seen}");
        seen.push_str(&String::from_utf8_lossy(&piece[..read]));
    }
    child.kill().unwrap();
    child.wait().unwrap();
}
