//! One command, one local Gong, one ledger: how are they run, killed and looked at?

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use gong_crm::SqliteLedger;
use gong_crm::ledger::{Job, JobState, Ledger as _};
use gong_sim::{Processing, ReceivedRequest, Simulator, UploadStatus};

use crate::crm::{Crm, Dice, Way};

/// How long anything may take; only a failing test comes near it.
const LONG: Duration = Duration::from_secs(30);

/// When Gong has processed what it takes its time for.
pub(crate) const LATER: Duration = Duration::from_hours(10);

/// Short pauses and no limit on calls. The pauses of a push to the real Gong would make a test last
/// for hours, and what is done in which order does not depend on their length.
const QUICK: [&str; 14] = [
    "--settle",
    "0",
    "--poll",
    "2ms",
    "--retry-pause",
    "1ms",
    "--retry-for",
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

pub(crate) struct Life {
    /// What to do to see it again.
    pub(crate) name: String,
    pub(crate) simulator: Simulator,
    pub(crate) way: Way,
    pub(crate) crm: Crm,
    input: Vec<u8>,
    /// Whether files were replaced of which the ledger may still want the old bytes.
    is_replaced: bool,
    integration_id: i64,
    folder: tempfile::TempDir,
}

impl Life {
    pub(crate) fn new(name: impl Into<String>, dice: &mut Dice, way: Way) -> Self {
        let simulator = Simulator::builder().seed(7).start_blocking().unwrap();
        let integration_id = simulator.register_integration("Acme CRM", "ada.king@acme.example");
        let folder = tempfile::tempdir().unwrap();
        let mut life = Self {
            name: name.into(),
            simulator,
            way,
            crm: Crm::default(),
            input: Vec::new(),
            is_replaced: false,
            integration_id,
            folder,
        };
        life.change(dice, 0);
        life
    }

    /// The CRM goes on, and what it holds now is what the next push means.
    pub(crate) fn change(&mut self, dice: &mut Dice, version: u64) {
        self.is_replaced |= version > 0 && !matches!(self.way, Way::Packed | Way::Input);
        self.crm = Crm::new(dice, self.way, version);
        self.input = self.crm.write(&self.path("crm"), self.way);
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The command with everything that it needs, through a shell command if one is given.
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
            .current_dir(self.folder.path())
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

    /// Within a shell that has set limits before.
    pub(crate) fn start_push_in(&self, shell: Option<&str>, more: &[&str]) -> Child {
        let arguments = [&["push"], self.way.arguments(), &with(more)].concat();
        spawn(self.command(shell, &arguments), &self.input)
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

    pub(crate) fn jobs_as_told(&self) -> String {
        let output = self.command(None, &["jobs", "--unfinished"]).output();
        String::from_utf8(output.unwrap().stdout).unwrap()
    }

    /// Waits for a command to end by itself.
    pub(crate) fn end(&self, mut child: Child) -> Ended {
        let started = Instant::now();
        while child.try_wait().unwrap().is_none() {
            if started.elapsed() > LONG {
                drop(child.kill());
                panic!("{}: it does not end; {:#?}", self.name, self.jobs());
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

    /// Waits until the ledger and the local Gong say so; false if the command ends before.
    pub(crate) fn wait_until(
        &self,
        child: &mut Child,
        mut has_come: impl FnMut(&[Job]) -> bool,
    ) -> bool {
        let started = Instant::now();
        loop {
            if has_come(&self.jobs()) {
                return true;
            }
            if child.try_wait().unwrap().is_some() {
                return false;
            }
            if started.elapsed() > LONG {
                drop(child.kill());
                panic!("{}: it does not come so far; {:#?}", self.name, self.jobs());
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Kills the command as nothing can prevent; gives the states that the ledger is left with.
    pub(crate) fn kill(&self, mut child: Child) -> Vec<JobState> {
        child.kill().unwrap();
        child.wait().unwrap();
        self.jobs().iter().map(|job| job.state).collect()
    }

    /// What the ledger knows; nothing before it is made.
    pub(crate) fn jobs(&self) -> Vec<Job> {
        let path = self.path("ledger.sqlite");
        if !path.exists() {
            return Vec::new();
        }
        SqliteLedger::open(path).unwrap().jobs().unwrap()
    }

    /// Ends all disturbance, resumes, pushes, and asserts that everything is as it has to be.
    pub(crate) fn heal(&self) {
        self.undisturb();
        let (name, exit) = (&self.name, Some(self.way.exit()));
        let was_open = self
            .jobs()
            .iter()
            .any(|job| job.is_unfinished() || job.is_unreported());
        let resumed = self.resume();
        // What was planned of a file that is no longer there can't be sent, and what refers to a
        // file that failed whole is not.
        let uploads = self.simulator.uploads();
        let mut errors = uploads.iter().flat_map(|upload| &upload.errors);
        let is_lost = self.is_replaced || errors.any(|error| error.line == 0);
        let codes: &[i32] = if is_lost {
            &[0, 1, 5, 6]
        } else {
            &[0, self.way.exit()]
        };
        assert!(
            resumed.code.is_some_and(|code| codes.contains(&code)),
            "{name}: resume ends so: {resumed:#?}"
        );
        assert_eq!(resumed.report.is_object(), was_open, "{name}: {resumed:#?}");
        if !is_lost {
            self.assert_nothing_is_left();
        }

        // An older version, what is left of it included, must not come after the push.
        let insist = || {
            if is_lost {
                self.end(self.start_resume(&["--ignore-dependencies"]));
            }
        };
        insist();
        let pushed = self.push(&[]);
        assert_eq!(pushed.code, exit, "{name}: push ends so: {pushed:#?}");
        self.assert_verdict(&pushed.report);
        self.assert_held();
        let uploads = self.simulator.uploads().len();
        if exit == Some(0) {
            assert_eq!(self.push(&[]).code, Some(0), "{name}");
            assert_eq!(self.simulator.uploads().len(), uploads, "{name}: again");
        }
        insist();
        self.assert_nothing_is_left();
        // A kill before anything was planned can leave one until the next push.
        assert!(!self.path("ledger.sqlite.spool").exists(), "{name}: copies");
    }

    /// What was sent in which order, for whoever has to find out.
    fn history(&self) -> String {
        let mut jobs = self.jobs();
        jobs.sort_by_key(|job| job.updated_at);
        let line = |job: &Job| {
            let (id, piece, path) = (&job.client_request_id, job.piece, job.source_path.display());
            let (state, planned, updated) = (job.state, job.planned_at, job.updated_at);
            format!("{planned} {updated} {state} {id} {path} {piece}\n")
        };
        let requests = self.simulator.requests();
        let calls = requests.iter().map(|request| {
            let at = jiff::Timestamp::try_from(request.received_at).unwrap();
            let (line, status, fault) = (request.line(), request.status, &request.fault);
            format!(
                "{at} {line} {status} {}\n",
                fault.as_deref().unwrap_or_default()
            )
        });
        jobs.iter().map(line).chain(calls).collect()
    }

    /// Nothing is open, and so a resume makes no call.
    fn assert_nothing_is_left(&self) {
        let name = &self.name;
        assert_eq!(self.jobs_as_told(), "", "{name}: nothing is left to do");
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

    /// Every bad line is told, and no other.
    fn assert_verdict(&self, report: &serde_json::Value) {
        let name = &self.name;
        let count = |key: &str| -> u64 {
            let files = report["files"].as_array().unwrap().iter();
            files.map(|file| file[key].as_u64().unwrap()).sum()
        };
        assert_eq!(count("failed"), self.crm.bad as u64, "{name}: {report:#}");
        assert_eq!(
            count("succeeded") + count("failed"),
            count("records"),
            "{name}: {report:#}"
        );
        assert_eq!(count("hiddenErrors"), 0, "{name}: {report:#}");
    }

    /// Whether an upload was sent while it was still asked what had become of one that was sent before
    /// and has older versions of its records: one of an earlier turn, which here is an earlier piece,
    /// since no file is too large for one upload a turn.
    fn went_before_an_end(&self, id: &str) -> bool {
        let jobs = self.jobs();
        let piece = |of: &str| {
            let mut jobs = jobs.iter();
            jobs.find(|job| job.client_request_id.as_str() == of)
                .map(|job| job.piece)
        };
        let requests = self.simulator.requests();
        let is_upload = |request: &ReceivedRequest| request.method == "POST";
        let Some(sent) = requests
            .iter()
            .position(|request| is_upload(request) && id_of(request) == Some(id))
        else {
            return false;
        };
        let (before, after) = requests.split_at(sent);
        let object_type = id.split('-').next();
        let earlier: BTreeSet<&str> = before
            .iter()
            .filter(|request| is_upload(request))
            .filter_map(id_of)
            .filter(|other| other.split('-').next() == object_type)
            .filter(|other| piece(other).is_some() && piece(other) < piece(id))
            .collect();
        after.iter().any(|request| {
            !is_upload(request) && id_of(request).is_some_and(|asked| earlier.contains(asked))
        })
    }

    /// Gong holds what the last push meant, applied each upload once, and the ledger agrees.
    pub(crate) fn assert_held(&self) {
        let name = &self.name;
        for ((object_type, id), kept) in &self.crm.left {
            let held = self.simulator.object(object_type, id);
            let held = held.map(|object| object["name"].as_str().unwrap_or_default().to_owned());
            let history = || self.history();
            assert_eq!(&held, kept, "{name}: {object_type} {id}\n{}", history());
        }
        let in_gong: BTreeMap<String, JobState> = self
            .simulator
            .uploads()
            .into_iter()
            .map(|upload| {
                let state = match upload.status {
                    UploadStatus::Done => JobState::Done,
                    UploadStatus::Failed => JobState::Failed,
                    other => panic!("{name}: {other:?}"),
                };
                (upload.client_request_id, state)
            })
            .collect();
        let jobs = self.jobs().into_iter();
        let mut known: BTreeMap<String, JobState> = jobs
            .map(|job| (job.client_request_id.to_string(), job.state))
            .collect();
        for id in in_gong.keys() {
            // The same content goes a second time only if it failed before.
            let (content, attempt) = id.rsplit_once('-').unwrap();
            let attempt: u32 = attempt.parse().unwrap();
            if attempt > 1 {
                let before = known.get(&format!("{content}-{}", attempt - 1));
                // Or if an older version of its records did, or was not known to have ended when it
                // went: the newer has to come after it.
                let is_due = match before {
                    Some(JobState::Failed) => true,
                    Some(_) => {
                        known.values().any(|state| *state == JobState::Failed)
                            || self.went_before_an_end(&format!("{content}-{}", attempt - 1))
                    }
                    None => false,
                };
                let history = || self.history();
                assert!(is_due, "{name}: {id} was sent again:\n{}", history());
            }
        }
        // What could not be sent because its bytes were gone counts as failed, and is not there.
        known.retain(|id, state| *state != JobState::Failed || in_gong.contains_key(id));
        assert_eq!(known, in_gong, "{name}: the ledger and Gong agree");
    }
}

/// The client request id that a request names.
fn id_of(request: &ReceivedRequest) -> Option<&str> {
    let query = request.query.as_deref()?;
    let id = query
        .split('&')
        .find_map(|pair| pair.strip_prefix("clientRequestId="))?;
    Some(id)
}

fn spawn(mut command: Command, input: &[u8]) -> Child {
    let mut child = command.spawn().unwrap();
    // A command that ends before it has read everything is met by what is asserted of its end.
    drop(child.stdin.take().unwrap().write_all(input));
    child
}

/// What a test says of a setting counts instead of what makes it quick.
fn with<'a>(more: &[&'a str]) -> Vec<&'a str> {
    let mut arguments: Vec<&str> = Vec::new();
    for pair in QUICK.chunks(2) {
        let is_async = more.contains(&"--async") && pair[0] == "--wait";
        if !more.contains(&pair[0]) && !is_async {
            arguments.extend(pair);
        }
    }
    arguments.extend(more);
    arguments
}
