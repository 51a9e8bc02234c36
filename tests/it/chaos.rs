//! Is nothing lost and nothing applied twice when the process is killed at any moment, whatever the
//! network does?
//!
//! The killed process is this test binary itself, told by its environment to push a folder. Each
//! seed is one life: a folder, faults, kills, and a last push that nothing disturbs.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use gong_crm::push::{Options, Verdict};
use gong_crm::{Client, Credentials, JobState, Ledger, RateBudget, SqliteLedger};
use gong_sim::{Effect, Fault, Processing, RetryAfter, Simulator};

/// How many lives a plain test run has; `GONG_CHAOS_SEEDS` asks for others, as `0..2000`.
const SEEDS: std::ops::Range<u64> = 0..16;

/// How long a process may take that nobody kills.
const LONG: Duration = Duration::from_mins(1);

/// What the killed process is told.
const FOLDER: &str = "GONG_CHAOS_FOLDER";
const GONG: &str = "GONG_CHAOS_GONG";
const HOW: &str = "GONG_CHAOS_HOW";

/// A small generator, so that a seed is all that is needed to see a life again.
#[derive(Debug)]
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % bound
    }

    fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        let place = self.below(of.len() as u64);
        of[usize::try_from(place).unwrap()].clone()
    }
}

/// The process that is killed. Without the environment it has nothing to do.
#[tokio::test]
async fn the_process_that_is_killed() {
    let Ok(folder) = std::env::var(FOLDER) else {
        return;
    };
    let gong = std::env::var(GONG).unwrap();
    let [base_url, key, secret, integration_id] =
        [0, 1, 2, 3].map(|n| gong.split(' ').nth(n).unwrap().to_owned());
    let folder = PathBuf::from(folder);
    let ledger = SqliteLedger::open(folder.join("state/ledger.sqlite")).unwrap();
    let client = Client::builder()
        .base_url(base_url)
        .credentials(Credentials::access_key(key, secret))
        .ledger(Arc::new(ledger))
        .rate_budget(RateBudget::unlimited())
        .build()
        .unwrap();
    let options = Options::new([folder.join("crm")]).local();
    let report = if std::env::var(HOW).as_deref() == Ok("resume") {
        client.resume([], options).await
    } else {
        client.push(integration_id.parse().unwrap(), options).await
    };
    let report = report.unwrap();
    std::fs::write(
        folder.join("state/verdict"),
        format!("{:?}", report.verdict),
    )
    .unwrap();
}

fn start(folder: &Path, gong: &str, how: &str) -> Child {
    drop(std::fs::remove_file(folder.join("state/verdict")));
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "chaos::the_process_that_is_killed"])
        .env(FOLDER, folder)
        .env(GONG, gong)
        .env(HOW, how)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Lets a process run to its end; says what came of it.
fn finish(folder: &Path, mut child: Child) -> Option<String> {
    let started = Instant::now();
    while child.try_wait().unwrap().is_none() {
        assert!(started.elapsed() < LONG, "the process does not end");
        std::thread::sleep(Duration::from_millis(1));
    }
    std::fs::read_to_string(folder.join("state/verdict")).ok()
}

/// Records of all types but users, some in two versions, some deleted again; and what is to be left.
fn write_folder(
    dice: &mut Dice,
    folder: &Path,
    version: u64,
) -> BTreeMap<(String, String), Option<String>> {
    let mut left = BTreeMap::new();
    for (object_type, stem) in [
        ("ACCOUNT", "accounts"),
        ("CONTACT", "contacts"),
        ("DEAL", "deals"),
    ] {
        for file in 0..=dice.below(2) {
            let mut text = String::new();
            for number in 0..=dice.below(6) {
                let id = format!("{stem}-{file}-{number}");
                let mut write = |name: &str, hour: u64, is_deleted: bool| {
                    let _ = writeln!(
                        text,
                        "{{\"objectId\":\"{id}\",\"modifiedDate\":\"2026-01-{:02}T{hour:02}:00:00Z\",\"name\":\"{name}\",\
                         \"emailAddress\":\"{id}@acme.example\",\"dealName\":\"{name}\",\"title\":\"{name}\",\
                         \"isDeleted\":{is_deleted}}}",
                        version + 1
                    );
                };
                let name = format!("v{version}");
                let kept = match dice.below(5) {
                    0 => {
                        // The newer stands first.
                        write(&name, 9, false);
                        write("old", 8, false);
                        Some(name)
                    }
                    1 => {
                        write(&name, 9, false);
                        write(&name, 10, true);
                        None
                    }
                    _ => {
                        write(&name, 9, false);
                        Some(name)
                    }
                };
                left.insert((object_type.to_owned(), id), kept);
            }
            std::fs::write(folder.join(format!("{stem}-{file}.ldjson")), text).unwrap();
        }
    }
    left
}

/// Lives once; says in which states kills left jobs.
fn live(seed: u64) -> BTreeSet<&'static str> {
    let mut met = BTreeSet::new();
    let mut dice = Dice(seed);
    let simulator = Simulator::builder().seed(seed).start_blocking().unwrap();
    let integration_id = simulator.register_integration("Acme CRM", "ada.king@acme.example");
    let gong = format!(
        "{} {} {} {integration_id}",
        simulator.base_url(),
        simulator.access_key(),
        simulator.access_key_secret()
    );
    let folder = tempfile::tempdir().unwrap();
    let crm = folder.path().join("crm");
    std::fs::create_dir(&crm).unwrap();
    let mut left = write_folder(&mut dice, &crm, 0);
    simulator.set_processing(dice.pick(&[
        Processing::Immediate,
        Processing::Polls(1),
        Processing::Polls(3),
    ]));
    let faults = [
        Effect::ResetBeforeBody,
        Effect::ResetAfterBody,
        Effect::LoseAnswer,
        Effect::TruncateBody,
        Effect::Status(500),
        Effect::Status(503),
        Effect::HtmlPage(502),
        Effect::HtmlPage(200),
        Effect::NewEnumValue,
        Effect::UnknownFields,
        Effect::TooManyRequests(RetryAfter::Absent),
        Effect::TooManyRequests(RetryAfter::Seconds(0)),
    ];
    for _ in 0..dice.below(3) {
        let effect = dice.pick(&faults);
        let times = 1 + dice.below(3);
        simulator.add_fault(Fault::new(effect).nth(1 + dice.below(8)).times(times));
    }
    for life in 0..dice.below(4) {
        if dice.below(4) == 0 {
            left = write_folder_over(&mut dice, &crm, left, life + 1);
        }
        let how = dice.pick(&["push", "push", "resume"]);
        let mut child = start(folder.path(), &gong, how);
        // After so many calls, and a moment.
        let until = simulator.request_count() + dice.below(14);
        let moment = Duration::from_micros(dice.below(3_000));
        let started = Instant::now();
        while simulator.request_count() < until
            && child.try_wait().unwrap().is_none()
            && started.elapsed() < LONG
        {
            std::hint::spin_loop();
        }
        std::thread::sleep(moment);
        drop(child.kill());
        drop(child.wait());
        let path = folder.path().join("state/ledger.sqlite");
        if path.exists() {
            let jobs = SqliteLedger::open(&path).unwrap().open_jobs().unwrap();
            met.extend(jobs.iter().map(|job| job.state.as_str()));
        }
    }
    simulator.clear_faults();
    simulator.set_processing(Processing::Immediate);
    let resumed = finish(folder.path(), start(folder.path(), &gong, "resume"));
    assert!(
        resumed.is_some(),
        "seed {seed}: resuming ends with a report"
    );
    let verdict = finish(folder.path(), start(folder.path(), &gong, "push"));
    assert_eq!(verdict, Some(format!("{:?}", Verdict::Done)), "seed {seed}");

    for ((object_type, id), kept) in &left {
        let held = simulator.object(object_type, id);
        let name = held.map(|object| object["name"].as_str().unwrap_or_default().to_owned());
        assert_eq!(&name, kept, "seed {seed}: {object_type} {id}");
    }
    let ledger = SqliteLedger::open(folder.path().join("state/ledger.sqlite")).unwrap();
    let jobs = ledger.jobs().unwrap();
    let mut in_gong: Vec<String> = simulator
        .uploads()
        .into_iter()
        .map(|upload| upload.client_request_id)
        .collect();
    in_gong.sort();
    for id in &in_gong {
        // No content failed, so none may have gone under a second id.
        assert!(id.ends_with("-1"), "seed {seed}: {id} was sent again");
    }
    let mut done: Vec<String> = jobs
        .iter()
        .filter(|job| job.state == JobState::Done)
        .map(|job| job.client_request_id.to_string())
        .collect();
    done.sort();
    assert_eq!(done, in_gong, "seed {seed}: the ledger and Gong agree");
    assert!(
        jobs.iter().all(|job| !job.is_unfinished()),
        "seed {seed}: {jobs:#?}"
    );
    met
}

/// The folder changes between two pushes, as a CRM does.
fn write_folder_over(
    dice: &mut Dice,
    crm: &Path,
    mut left: BTreeMap<(String, String), Option<String>>,
    version: u64,
) -> BTreeMap<(String, String), Option<String>> {
    for entry in std::fs::read_dir(crm).unwrap() {
        std::fs::remove_file(entry.unwrap().path()).unwrap();
    }
    // Of a file that was never sent nothing has to be there: only the last version counts.
    left.clear();
    left.extend(write_folder(dice, crm, version));
    left
}

#[test]
fn a_life_of_kills_and_faults_ends_with_every_record_applied_once() {
    let asked = std::env::var("GONG_CHAOS_SEEDS").ok();
    let seeds = asked.map_or(SEEDS, |asked| {
        let (first, end) = asked.split_once("..").unwrap();
        first.parse().unwrap()..end.parse().unwrap()
    });
    let met: BTreeSet<&str> = seeds.flat_map(live).collect();
    assert!(
        met.contains("planned") && met.contains("sending") && met.len() > 2,
        "the kills came too early or too late: {met:?}"
    );
}
