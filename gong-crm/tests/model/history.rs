//! One history: pushes, faults, kills, and lost or copied ledgers, and what Gong has at its end.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use gong_crm::clock::Clock;
use gong_crm::ledger::LedgerError;
use gong_crm::push::{Options, PushError, Report, Verdict, Wait};
use gong_crm::{Client, IntegrationId, ObjectType};
use gong_sim::{Processing, Simulator};

use crate::clock::VirtualClock;
use crate::crm::{Crm, Key, Version};
use crate::rules::Rules;
use crate::stores::{Disk, Fuse};

mod held;
mod reports;
mod weather;

use reports::{is_copy_noticed, merge, named, summary, typed};

/// What was given of each record last.
type Given = BTreeMap<Key, Version>;

#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
struct History {
    seed: u64,
    rng: Rng,
    rules: Rules,
    simulator: Arc<Simulator>,
    clock: Arc<VirtualClock>,
    integration_id: IntegrationId,
    directory: tempfile::TempDir,
    disk: Disk,
    disks: u32,
    crm: Crm,
    given: Given,
    /// Records of which a report said that Gong has them as they were given.
    confirmed: BTreeSet<Key>,
    /// Whether another copy of the ledger was at work since it was last recovered.
    is_tainted: bool,
    /// Whether a push said so.
    is_copy_noticed: bool,
    /// Whether a ledger was lost, with what it knew of the custom fields that Gong was sent.
    is_lost: bool,
    /// Whether an old ledger was recovered, which may not know the addresses of users.
    is_recovered: bool,
    log: Vec<String>,
}

/// Prints what happened if the history ends in a panic.
struct OnPanic(u64, Vec<String>);

impl Drop for OnPanic {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("seed {}:\n  {}", self.0, self.1.join("\n  "));
        }
    }
}

impl Drop for History {
    fn drop(&mut self) {
        drop(OnPanic(self.seed, std::mem::take(&mut self.log)));
    }
}

pub(crate) async fn run(seed: u64) {
    let mut rng = Rng::with_seed(seed);
    let rules = Rules::random(&mut rng);
    let simulator = Arc::new(rules.builder(seed).start().await.unwrap());
    let integration_id = simulator
        .register_integration("Acme CRM", "ada.king@acme.example")
        .into();
    let directory = tempfile::tempdir().unwrap();
    let disk = if rng.u8(..8) == 0 {
        Disk::sqlite(&directory.path().join("disk-0"))
    } else {
        Disk::memory(directory.path().join("disk-0/spool"))
    };
    let mut crm = Crm::new(rules.needs_parents);
    crm.found(&mut rng);
    let clock = VirtualClock::new(Arc::clone(&simulator));
    let mut history = History {
        seed,
        log: vec![format!("{rules:?}")],
        rng,
        rules,
        simulator,
        clock,
        integration_id,
        directory,
        disk,
        disks: 1,
        crm,
        given: Given::new(),
        confirmed: BTreeSet::new(),
        is_tainted: false,
        is_copy_noticed: false,
        is_lost: false,
        is_recovered: false,
    };
    let rounds = history.rng.u32(4..12);
    for round in 0..rounds {
        history.round(round).await;
    }
    history.end().await;
}

impl History {
    fn say(&mut self, text: impl Into<String>) {
        self.log.push(text.into());
    }

    async fn round(&mut self, round: u32) {
        self.say(format!("round {round}"));
        self.set_weather();
        let mut keys = BTreeSet::new();
        for _ in 0..self.rng.u8(1..12) {
            keys.insert(self.crm.change(&mut self.rng, true));
        }
        if self.rng.u8(..10) == 0 {
            keys.extend(self.crm.bulk(&mut self.rng));
        }
        if self.rng.u8(..4) == 0 {
            // A full export of the types that changed.
            let types: BTreeSet<ObjectType> = keys.iter().map(|key| key.0).collect();
            let all = self.crm.versions.keys();
            keys.extend(all.filter(|key| types.contains(&key.0)).cloned());
        }
        if keys.iter().any(|key| {
            let newest = self.crm.newest(key);
            newest.is_some_and(|version| !version.parents.is_empty())
        }) {
            keys.extend(self.crm.firm());
        }
        if self.rng.u8(..8) == 0 && keys.len() > 3 {
            self.push_twice_at_once(&keys).await;
        } else {
            let with_history = self.rng.u8(..6) == 0;
            self.push(&keys, with_history).await;
        }
        match self.rng.u8(..12) {
            0..=3 => self.resume().await,
            4 => self.lose_ledger(),
            5 => self.use_a_copy().await,
            6 => self.restore_after_use().await,
            _ => {}
        }
        let seconds = [0, 1, 30, 3_600, 90_000][self.rng.usize(..5)];
        self.say(format!("{seconds} s pass"));
        self.clock.advance(Duration::from_secs(seconds));
    }

    fn options(&mut self, paths: &[PathBuf]) -> Options {
        let mut options = Options::new(paths.iter()).simulator().unchecked();
        if self.rules.needs_parents {
            options.account_delay = gong_crm::push::ACCOUNT_DELAY;
        }
        options.poll = options.poll.with_timeout(Duration::from_mins(1));
        options.poll.max_interval = Duration::from_secs(10);
        if self.rng.u8(..3) == 0 {
            options.max_upload_bytes = self.rng.u64(150..3_000);
        }
        if self.rng.u8(..10) == 0 {
            options = options.wait(Wait::UntilSent);
        }
        options.find_all_errors = self.rng.bool();
        options
    }

    /// Writes the newest versions of records into files, or all versions.
    fn write(&mut self, keys: &BTreeSet<Key>, with_history: bool) -> Vec<PathBuf> {
        let mut texts: BTreeMap<(ObjectType, u8), String> = BTreeMap::new();
        for key in keys {
            let versions = &self.crm.versions[key];
            let newest = versions.len() - 1;
            for (place, version) in versions.iter().enumerate() {
                // Dates decide among versions, so that only ascending ones can be distinguished.
                let is_earlier = place < newest
                    && with_history
                    && place + 3 > newest
                    && version.date < versions[newest].date
                    && version.date.is_some();
                if place == newest || is_earlier {
                    let file = self.rng.u8(..2);
                    *texts.entry((key.0, file)).or_default() += &version.line(key);
                }
            }
        }
        let mut paths = Vec::new();
        for ((object_type, file), text) in texts {
            let name = format!("{}-{file}.ldjson", object_type.file_stem());
            let path = self.directory.path().join(name);
            std::fs::write(&path, text).unwrap();
            paths.push(path);
        }
        paths
    }

    /// Notes what was given, as the push begins.
    fn give(&mut self, keys: &BTreeSet<Key>) {
        for key in keys {
            let newest = self.crm.newest(key).unwrap().clone();
            self.given.insert(key.clone(), newest);
            self.confirmed.remove(key);
        }
    }

    async fn push(&mut self, keys: &BTreeSet<Key>, with_history: bool) {
        let paths = self.write(keys, with_history);
        let mut options = self.options(&paths);
        options.history = with_history;
        self.give(keys);
        let kill = (self.rng.u8(..3) == 0).then(|| (self.rng.usize(1..16), self.rng.bool()));
        let cancel = (self.rng.u8(..8) == 0).then(|| self.rng.u32(1..20));
        let names: Vec<&str> = keys.iter().map(|key| key.1.as_str()).collect();
        let names = names[..names.len().min(40)].join(" ");
        self.say(format!(
            "push{} of {names}; max {} bytes, {:?}; kill {kill:?}, cancel {cancel:?}",
            if with_history { " with history" } else { "" },
            options.max_upload_bytes,
            options.wait,
        ));
        let fuse = match kill {
            Some((writes, arrives)) => Fuse::after(writes, arrives),
            None => Fuse::after(usize::MAX, true),
        };
        let client = self.clock.client(self.disk.ledger_of(&fuse));
        let (mut handle, push) = client.push(self.integration_id, options).start();
        let canceling = async {
            let mut steps = 0;
            while handle.next_event().await.is_some() {
                steps += 1;
                if Some(steps) == cancel {
                    handle.cancel();
                }
            }
            std::future::pending::<()>().await;
        };
        let result = tokio::select! {
            biased;
            () = fuse.death() => None,
            () = canceling => None,
            result = push => Some(result),
        };
        self.after_push(keys, result);
    }

    fn after_push(&mut self, keys: &BTreeSet<Key>, result: Option<Result<Report, PushError>>) {
        let report = match result {
            None => {
                self.say("  killed");
                return;
            }
            Some(Err(error)) => {
                self.say(format!("  error: {error}"));
                self.note_copy(&error);
                return;
            }
            Some(Ok(report)) => report,
        };
        self.say(format!("  {}", summary(&report)));
        if report.verdict == Verdict::Unknown && is_copy_noticed(&report) {
            assert!(self.is_tainted, "a copy is noticed that was not at work");
            self.is_copy_noticed = true;
            return;
        }
        let is_over = matches!(report.verdict, Verdict::Done | Verdict::Partial);
        assert!(
            !is_over || !self.is_copy_noticed,
            "the ledger of which another copy was used goes on: {report:#?}"
        );
        if self.is_tainted {
            return;
        }
        let named = named(&report);
        let is_clear = matches!(report.verdict, Verdict::Done | Verdict::Partial);
        if !is_clear {
            return;
        }
        if report.verdict == Verdict::Done {
            assert!(named.is_empty(), "done, with errors: {report:#?}");
        }
        for key in keys {
            if named.contains_key(&key.1) {
                continue;
            }
            self.confirmed.insert(key.clone());
            let version = self.given[key].clone();
            self.assert_held(key, &version, "the report says so");
        }
    }

    /// Notes that a push noticed another copy of the ledger.
    fn note_copy(&mut self, error: &PushError) {
        if matches!(error, PushError::Ledger(LedgerError::Copied { .. })) {
            assert!(self.is_tainted, "a copy is noticed that was not at work");
            self.is_copy_noticed = true;
        }
    }

    async fn push_twice_at_once(&mut self, keys: &BTreeSet<Key>) {
        // Records that refer to others stay with them.
        let (one, other): (BTreeSet<Key>, BTreeSet<Key>) = keys
            .iter()
            .cloned()
            .partition(|key| key.1.ends_with(['0', '2', '4']));
        let firm = self.crm.firm();
        let mut parts = Vec::new();
        for (number, mut part) in [one, other].into_iter().enumerate() {
            part.extend(firm.iter().cloned());
            if part.is_empty() {
                continue;
            }
            let paths = self.write(&part, false);
            let own: Vec<PathBuf> = paths
                .iter()
                .map(|path| {
                    let name = path.file_name().unwrap().to_str().unwrap();
                    let folder = self.directory.path().join(format!("part-{number}"));
                    std::fs::create_dir_all(&folder).unwrap();
                    std::fs::rename(path, folder.join(name)).unwrap();
                    folder.join(name)
                })
                .collect();
            parts.push((part, self.options(&own)));
        }
        self.give(keys);
        for key in firm {
            self.given
                .insert(key.clone(), self.crm.newest(&key).unwrap().clone());
        }
        self.say(format!("two pushes at once of {} records", keys.len()));
        let clients: Vec<Client> = parts
            .iter()
            .map(|_| self.clock.client(self.disk.ledger()))
            .collect();
        let pushes = parts.iter().zip(&clients).map(|((_, options), client)| {
            client
                .push(self.integration_id, options.clone())
                .into_future()
        });
        let results = futures_util::future::join_all(pushes).await;
        for ((part, _), result) in parts.iter().zip(results) {
            self.after_push(part, Some(result));
        }
    }

    async fn resume(&mut self) {
        let kill = (self.rng.u8(..4) == 0).then(|| self.rng.usize(1..10));
        let fuse = Fuse::after(kill.unwrap_or(usize::MAX), self.rng.bool());
        let client = self.clock.client(self.disk.ledger_of(&fuse));
        let options = self.options(&[]);
        let result = tokio::select! {
            biased;
            () = fuse.death() => None,
            result = client.resume([], options) => Some(result),
        };
        let outcome = match &result {
            None => "killed".to_owned(),
            Some(Ok(report)) => summary(report),
            Some(Err(error)) => error.to_string(),
        };
        self.say(format!("resume, kill {kill:?}: {outcome}"));
    }

    /// Lets Gong finish what it has: what a lost ledger does not know of can't be waited for.
    fn let_gong_finish(&mut self) {
        self.simulator.clear_faults();
        self.simulator.set_processing(Processing::Immediate);
        self.clock.advance(Duration::from_hours(2));
    }

    fn new_directory(&mut self) -> PathBuf {
        let name = format!("disk-{}", self.disks);
        self.disks += 1;
        self.directory.path().join(name).join("spool")
    }

    fn lose_ledger(&mut self) {
        if self.rules.drops_older {
            // Gong would drop what is sent again with its own date.
            return;
        }
        self.say("the ledger is lost");
        self.let_gong_finish();
        let spool = self.new_directory();
        self.disk = Disk::memory(spool);
        self.is_tainted = false;
        self.is_copy_noticed = false;
        self.is_lost = true;
        self.confirmed.clear();
    }

    /// Another process uses a copy of the ledger to push the records of the CRM.
    async fn use_a_copy(&mut self) {
        if self.rules.drops_older || self.given.is_empty() {
            return;
        }
        self.say("a copy of the ledger is used");
        self.let_gong_finish();
        let spool = self.new_directory();
        let copy = self.disk.copy(spool).await;
        let client = self.clock.client(copy.ledger());
        let key = self.crm.change(&mut self.rng, false);
        let mut keys = BTreeSet::from([key]);
        keys.extend(self.crm.firm());
        let paths = self.write(&keys, false);
        let options = self.options(&paths);
        let before = self.simulator.uploads().len();
        self.give(&keys);
        let result = client.push(self.integration_id, options).await;
        match result {
            Ok(report) => self.say(format!("  {}", summary(&report))),
            Err(error) => {
                self.say(format!("  error: {error}"));
                self.note_copy(&error);
                assert!(self.is_copy_noticed, "{error}");
            }
        }
        if self.simulator.uploads().len() > before {
            self.is_tainted = true;
            self.confirmed.clear();
        }
    }

    /// An old ledger is restored, as its guide says: by `recover`.
    async fn restore_after_use(&mut self) {
        self.let_gong_finish();
        let spool = self.new_directory();
        let backup = self.disk.copy(spool).await;
        let mut keys = BTreeSet::from([self.crm.change(&mut self.rng, false)]);
        keys.extend(self.crm.firm());
        self.push(&keys, false).await;
        self.let_gong_finish();
        self.say("an old ledger is restored and recovered");
        self.disk = backup;
        self.recover().await;
    }

    async fn recover(&mut self) {
        let now = self.clock.now().max(self.crm.now());
        self.disk.ledger().recover_at(now).await.unwrap();
        self.is_recovered = true;
        self.is_tainted = false;
        self.is_copy_noticed = false;
        self.confirmed.clear();
    }

    /// A quiet round, after which Gong has what was given, or the report names it.
    async fn end(&mut self) {
        self.say("quiet");
        self.let_gong_finish();
        if self.is_tainted {
            self.recover().await;
        }
        if self.rng.bool() {
            self.resume_quietly().await;
        }
        // What was confirmed need not be given again.
        let keys: BTreeSet<Key> = if self.rng.bool() {
            self.given.keys().cloned().collect()
        } else {
            let all = self.given.keys();
            let mut open: BTreeSet<Key> = all
                .filter(|key| !self.confirmed.contains(*key))
                .cloned()
                .collect();
            open.extend(
                self.crm
                    .firm()
                    .into_iter()
                    .filter(|key| self.given.contains_key(key)),
            );
            open
        };
        let names: Vec<&str> = keys.iter().map(|key| key.1.as_str()).collect();
        self.say(format!(
            "  given again: {}",
            names[..names.len().min(80)].join(" ")
        ));
        let mut texts: BTreeMap<ObjectType, String> = BTreeMap::new();
        for key in &keys {
            *texts.entry(key.0).or_default() += &self.given[key].line(key);
        }
        let mut paths = Vec::new();
        for (object_type, text) in texts {
            let name = format!("quiet-{}.ldjson", object_type.file_stem());
            let path = self.directory.path().join(name);
            std::fs::write(&path, text).unwrap();
            paths.push(path);
        }
        let mut report = None;
        if !paths.is_empty() {
            for _ in 0..if self.rules.counts_short { 24 } else { 8 } {
                let mut options = self.options(&paths);
                options.object_type = None;
                options.max_upload_bytes = gong_crm::push::MAX_UPLOAD_BYTES;
                options.wait = Wait::UntilDone;
                options.find_all_errors = true;
                let (options, paths) = typed(options, &paths);
                let mut last = None;
                for (object_type, path) in paths {
                    let mut options = options.clone();
                    options.paths = vec![path];
                    options.object_type = Some(object_type);
                    let client = self.clock.client(self.disk.ledger());
                    let pushed = client.push(self.integration_id, options).await.unwrap();
                    self.say(format!("  {object_type}: {}", summary(&pushed)));
                    last = Some(merge(last, &pushed));
                }
                let last = last.unwrap();
                let is_settled = matches!(last.verdict, Verdict::Done | Verdict::Partial);
                report = Some(last);
                if is_settled {
                    break;
                }
                self.clock.advance(Duration::from_hours(7));
            }
        }
        if self.rng.bool() {
            self.resume_quietly().await;
        }
        let (verdict, named) = match report {
            Some(report) => (report.verdict, report.named),
            None => (Verdict::Done, BTreeMap::new()),
        };
        assert!(
            matches!(verdict, Verdict::Done | Verdict::Partial),
            "a quiet push ends as {verdict}"
        );
        for (key, version) in self.given.clone() {
            if named.contains_key(&key.1) {
                let ledger = self.disk.ledger();
                let history = ledger.history(key.0, &key.1).await.unwrap();
                assert!(
                    self.is_excused(&key, &version, &named),
                    "{key:?} is named without a reason: {version:?}: {}; Gong got\n{}\n{history:#?}",
                    named[&key.1],
                    self.received(&key)
                );
            } else if self.confirmed.contains(&key) || keys.contains(&key) {
                self.assert_held(&key, &version, "it was given last");
            }
        }
        // What is settled takes no call.
        let open = self.disk.ledger().open_uploads().await.unwrap();
        assert!(
            open.is_empty() || !named.is_empty(),
            "uploads are left open: {open:#?}"
        );
    }

    async fn resume_quietly(&mut self) {
        let client = self.clock.client(self.disk.ledger());
        let mut options = self.options(&[]);
        options.wait = Wait::UntilDone;
        let report = client.resume([], options).await.unwrap();
        self.say(format!("resume: {}", summary(&report)));
    }
}
