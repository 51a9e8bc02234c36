//! One simulator, one ledger, and the command that is run, killed and examined.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use gong_crm::ledger::{Upload, UploadState};
use gong_sim::{Processing, Simulator};

use crate::crm::{Crm, SeededRng, Source};

/// How long anything may take; only a failing test reaches it.
const LONG: Duration = Duration::from_secs(30);

/// When Gong has processed what it takes its time for.
pub(crate) const LATER: Duration = Duration::from_hours(10);

/// Short pauses and no limit on calls: with those of a push to the real Gong a test would take hours,
/// and the order of events does not depend on their length.
const QUICK: [&str; 14] = [
    "--account-delay",
    "0",
    "--poll-interval",
    "2ms",
    "--retry-backoff",
    "1ms",
    "--retry-timeout",
    "20s",
    "--max-retry-after",
    "2s",
    "--wait",
    "20s",
    "--calls-per-second",
    "1000000",
];

/// A run of the command that has ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    /// The report; null if nothing was printed.
    pub(crate) report: serde_json::Value,
    pub(crate) stderr: String,
}

pub(crate) struct Harness {
    /// What to do to repeat it.
    pub(crate) name: String,
    pub(crate) simulator: Simulator,
    pub(crate) source: Source,
    pub(crate) crm: Crm,
    input: Vec<u8>,
    integration_id: i64,
    directory: tempfile::TempDir,
}

impl Harness {
    pub(crate) fn new(name: impl Into<String>, rng: &mut SeededRng, source: Source) -> Self {
        let simulator = Simulator::builder().seed(7).start_blocking().unwrap();
        let integration_id = simulator.register_integration("Acme CRM", "ada.king@acme.example");
        let directory = tempfile::tempdir().unwrap();
        let mut harness = Self {
            name: name.into(),
            simulator,
            source,
            crm: Crm::default(),
            input: Vec::new(),
            integration_id,
            directory,
        };
        harness.change(rng, 0);
        harness
    }

    /// The CRM changes: what it has now is what the next push sends.
    pub(crate) fn change(&mut self, rng: &mut SeededRng, version: u64) {
        self.crm = Crm::new(rng, self.source, version);
        self.input = self.crm.write(&self.path("crm"), self.source);
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// The command with everything that it needs, after a shell command if one is given.
    fn command(&self, shell: Option<&str>, arguments: &[&str]) -> Command {
        let gong_crm = env!("CARGO_BIN_EXE_gong-crm");
        let mut command = if let Some(shell) = shell {
            let mut command = Command::new("sh");
            command.args(["-c", &format!("{shell}\nexec \"$0\" \"$@\""), gong_crm]);
            command
        } else {
            Command::new(gong_crm)
        };
        command
            .args(arguments)
            .args(["-o", "json", "--ledger", "ledger.sqlite"])
            .current_dir(self.directory.path())
            .env_clear()
            .env("GONG_BASE_URL", self.simulator.base_url())
            .env("GONG_ACCESS_KEY", self.simulator.access_key())
            .env("GONG_ACCESS_KEY_SECRET", self.simulator.access_key_secret())
            .env("GONG_INTEGRATION_ID", self.integration_id.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub(crate) fn start_push(&self, more: &[&str]) -> Child {
        self.start_push_in(None, more)
    }

    /// After a shell command that sets limits.
    pub(crate) fn start_push_in(&self, shell: Option<&str>, more: &[&str]) -> Child {
        let arguments = [&["push"], self.source.arguments(), &with(more)].concat();
        spawn(self.command(shell, &arguments), &self.input)
    }

    /// Starts any command.
    pub(crate) fn start(&self, arguments: &[&str]) -> Child {
        spawn(self.command(None, arguments), &[])
    }

    pub(crate) fn start_resume(&self, more: &[&str]) -> Child {
        let arguments = [&["resume"][..], &with(more)].concat();
        spawn(self.command(None, &arguments), &[])
    }

    pub(crate) fn push(&self, more: &[&str]) -> Ended {
        self.end(self.start_push(more))
    }

    pub(crate) fn resume(&self) -> Ended {
        self.end(self.start_resume(&[]))
    }

    fn listed_unfinished(&self) -> String {
        let output = self.command(None, &["uploads", "--unfinished"]).output();
        String::from_utf8(output.unwrap().stdout).unwrap()
    }

    /// Waits for a command to end by itself.
    pub(crate) fn end(&self, mut child: Child) -> Ended {
        let started = Instant::now();
        while child.try_wait().unwrap().is_none() {
            if started.elapsed() > LONG {
                drop(child.kill());
                panic!("{}: it does not end; {:#?}", self.name, self.uploads());
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        let Output {
            status,
            stdout,
            stderr,
        } = child.wait_with_output().unwrap();
        Ended {
            code: status.code(),
            report: serde_json::from_slice(&stdout).unwrap_or_default(),
            stderr: String::from_utf8(stderr).unwrap(),
        }
    }

    /// Waits until the ledger and the simulator show it; false if the command ends before.
    pub(crate) fn wait_until(
        &self,
        child: &mut Child,
        mut is_reached: impl FnMut(&[Upload]) -> bool,
    ) -> bool {
        let started = Instant::now();
        loop {
            if is_reached(&self.uploads()) {
                return true;
            }
            if child.try_wait().unwrap().is_some() {
                return false;
            }
            if started.elapsed() > LONG {
                drop(child.kill());
                panic!("{}: it is not reached; {:#?}", self.name, self.uploads());
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Kills the command as nothing can prevent; returns the states that the ledger is left with.
    pub(crate) fn kill(&self, mut child: Child) -> Vec<UploadState> {
        child.kill().unwrap();
        child.wait().unwrap();
        self.uploads().iter().map(|upload| upload.state).collect()
    }

    /// The uploads in the ledger's file; none before it exists. Read without the library, so that
    /// nothing is written meanwhile.
    pub(crate) fn uploads(&self) -> Vec<Upload> {
        let path = self.path("ledger.sqlite");
        if !path.is_file() {
            return Vec::new();
        }
        let file = rusqlite::Connection::open(path).unwrap();
        file.busy_timeout(LONG).unwrap();
        let Ok(mut rows) = file.prepare("SELECT v FROM uploads ORDER BY k") else {
            return Vec::new();
        };
        let rows = rows.query_map([], |row| row.get::<_, Vec<u8>>(0)).unwrap();
        rows.map(|bytes| serde_json::from_slice(&bytes.unwrap()).unwrap())
            .collect()
    }

    /// Ends all disturbance, resumes and pushes, and asserts that everything is as it must be.
    pub(crate) fn recover(&self) {
        self.undisturb();
        let (name, exit) = (&self.name, self.source.exit());
        let was_open = self.uploads().iter().any(|upload| upload.state.is_open());
        let mut resumed = self.resume();
        let mut errors = self
            .simulator
            .uploads()
            .into_iter()
            .flat_map(|upload| upload.errors);
        let has_whole_failure = errors.any(|error| error.line == 0);
        // Records of an upload that failed as a whole are sent again by the next resume.
        for _ in 0..3 {
            if resumed.code == Some(6) && has_whole_failure {
                resumed = self.resume();
            }
        }
        let is_expected = |code: i32| code == 0 || code == exit;
        assert!(
            resumed.code.is_some_and(is_expected),
            "{name}: resume ends so: {resumed:#?}\n{}",
            self.trace()
        );
        if was_open {
            assert!(resumed.report["files"].is_array(), "{name}: {resumed:#?}");
        }
        self.assert_nothing_is_left();

        // A record whose upload failed as a whole counts as rejected if it was alone in it.
        let more: &[&str] = if has_whole_failure {
            &["--resend"]
        } else {
            &[]
        };
        let pushed = self.push(more);
        assert_eq!(
            pushed.code,
            Some(exit),
            "{name}: push ends so: {pushed:#?}\n{}",
            self.trace()
        );
        self.assert_report(&pushed.report);
        self.assert_in_gong();
        // The same again sends nothing, unless all versions were asked for.
        let uploads = self.simulator.uploads().len();
        assert_eq!(self.push(&[]).code, Some(exit), "{name}");
        let is_same = self.simulator.uploads().len() == uploads;
        assert!(
            is_same || self.source == Source::Input,
            "{name}: again\n{}",
            self.trace()
        );
        self.assert_nothing_is_left();
        self.assert_in_gong();
        let spool = std::fs::read_dir(self.path("ledger.sqlite.spool"));
        let copies = spool.map_or(0, Iterator::count);
        assert_eq!(copies, 0, "{name}: copies in the spool");
    }

    /// What was sent in which order, for whoever has to find out.
    pub(crate) fn trace(&self) -> String {
        let uploads = self.uploads();
        let uploads = uploads.iter().map(|upload| {
            let (id, state, records) = (&upload.client_request_id, upload.state, upload.records);
            let (planned, ended) = (upload.planned_at, upload.completed_at);
            format!("{planned} {id} {state} {records} records {ended:?}\n")
        });
        let requests = self.simulator.requests();
        let calls = requests.iter().map(|request| {
            let at = jiff::Timestamp::try_from(request.received_at).unwrap();
            let (line, status, fault) = (request.line(), request.status, &request.fault);
            format!(
                "{at} {line} {status} {}\n",
                fault.as_deref().unwrap_or_default()
            )
        });
        uploads.chain(calls).collect()
    }

    /// No upload is open, so a resume makes no call.
    fn assert_nothing_is_left(&self) {
        let name = &self.name;
        assert_eq!(
            self.listed_unfinished(),
            "",
            "{name}: nothing is left\n{}",
            self.trace()
        );
        let before = self.simulator.request_count();
        let again = self.resume();
        assert_eq!(again.code, Some(0), "{name}: {again:#?}");
        assert_eq!(self.simulator.request_count(), before, "{name}: again");
    }

    pub(crate) fn undisturb(&self) {
        self.simulator.clear_faults();
        self.simulator.advance(LATER);
        self.simulator.set_processing(Processing::Immediate);
    }

    /// Every bad line is reported, and no other.
    fn assert_report(&self, report: &serde_json::Value) {
        let name = &self.name;
        let count = |key: &str| -> u64 {
            let files = report["files"].as_array().unwrap().iter();
            files.map(|file| file[key].as_u64().unwrap()).sum()
        };
        let bad = count("rejected") + count("heldBack");
        assert_eq!(
            bad,
            self.crm.bad as u64,
            "{name}: {report:#}\n{}",
            self.trace()
        );
        let good = count("accepted") + count("unchanged") + count("superseded");
        assert_eq!(
            good + bad,
            count("records"),
            "{name}: {report:#}\n{}",
            self.trace()
        );
        assert_eq!(count("uncertain"), 0, "{name}: {report:#}");
    }

    /// Gong has what was pushed last, and the ledger knows every upload that Gong has.
    pub(crate) fn assert_in_gong(&self) {
        let name = &self.name;
        for ((object_type, id), expected) in &self.crm.expected {
            let found = self.simulator.object(object_type, id);
            let found = found.map(|object| object["name"].as_str().unwrap_or_default().to_owned());
            assert_eq!(
                &found,
                expected,
                "{name}: {object_type} {id}\n{}",
                self.trace()
            );
        }
        let known = self.uploads();
        // Of another ledger, if there was one, it does not know.
        let ledger_of = |id: &str| id.rsplit('-').nth(1).map(str::to_owned);
        let first = known
            .first()
            .map(|upload| upload.client_request_id.to_string());
        let ledger = first.as_deref().and_then(ledger_of);
        for upload in self.simulator.uploads() {
            let id = &upload.client_request_id;
            if ledger_of(id) != ledger {
                continue;
            }
            let known = known
                .iter()
                .find(|known| known.client_request_id.as_str() == id);
            let is_ended = known.is_some_and(|known| !known.state.is_open());
            assert!(is_ended, "{name}: {id} is {known:?}\n{}", self.trace());
        }
    }
}

fn spawn(mut command: Command, input: &[u8]) -> Child {
    let mut child = command.spawn().unwrap();
    // A command that ends before it has read everything is judged by its end.
    drop(child.stdin.take().unwrap().write_all(input));
    child
}

/// The arguments of a test override those that make it quick.
pub(crate) fn with<'a>(more: &[&'a str]) -> Vec<&'a str> {
    let mut arguments: Vec<&str> = Vec::new();
    for pair in QUICK.chunks(2) {
        let conflicts = more.contains(&"--no-wait") && pair[0] == "--wait";
        if !more.contains(&pair[0]) && !conflicts {
            arguments.extend(pair);
        }
    }
    arguments.extend(more);
    arguments
}
