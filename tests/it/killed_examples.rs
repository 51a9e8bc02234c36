//! The programs of the examples, killed and starved: what they were given is in Gong in the end, and
//! no upload is sent twice.

use std::collections::BTreeSet;
use std::future::Future;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use gong_crm::Ledger;
use gong_crm::ledger::UploadState;
use gong_sim::{Effect, Fault, Operation, Processing, RetryAfter, Simulator};
use reqwest::StatusCode;
use serde_json::json;
use tempfile::TempDir;

/// Longer than any test: what is held for this time is never released.
const HOLD: Duration = Duration::from_hours(1);

/// Where a program is when it is killed. It is held there, so no luck is needed.
#[derive(Debug, Clone, Copy)]
enum Moment {
    /// Gong does not read what it sends.
    Sending,
    /// Gong has the upload, and has not said so.
    Unanswered,
    /// Gong is processing the upload.
    Processing,
}

impl Moment {
    const ALL: [Self; 3] = [Self::Sending, Self::Unanswered, Self::Processing];
}

/// A simulator, and the folder in which a program keeps what must outlive it.
struct Place {
    gong: Simulator,
    folder: TempDir,
}

impl Place {
    async fn new() -> Self {
        let gong = Simulator::start().await.unwrap();
        gong.register_integration("Acme CRM", "admin@acme.example");
        let folder = tempfile::tempdir().unwrap();
        Self { gong, folder }
    }

    fn start(&self, example: &str) -> Child {
        Command::new(env!("CARGO_BIN_EXE_example_job"))
            .arg(example)
            .arg(self.folder.path())
            .envs(self.gong.environment())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// Holds the next call of this operation at a moment.
    fn hold(&self, operation: Operation, moment: Moment) {
        let effect = match moment {
            Moment::Sending => Effect::StopReading(HOLD),
            Moment::Unanswered => Effect::Delay(HOLD),
            Moment::Processing => return self.gong.set_processing(Processing::After(HOLD)),
        };
        self.gong
            .add_fault(Fault::new(effect).on(operation))
            .unwrap();
    }

    fn release(&self) {
        self.gong.clear_faults();
        self.gong.set_processing(Processing::Immediate);
        self.gong.advance(HOLD);
    }

    /// Runs a program once, held at a moment of its first upload, and kills it there.
    async fn kill(&self, example: &str, moment: Moment) {
        let received = self.gong.uploads().len();
        self.hold(Operation::UploadEntities, moment);
        let mut child = self.start(example);
        let ended = || child.try_wait().unwrap();
        self.wait_for_upload(moment, received, ended).await;
        kill(&mut child);
        self.release();
    }

    /// Waits until the upload after those `received` is where a moment holds it.
    async fn wait_for_upload(
        &self,
        moment: Moment,
        received: usize,
        mut ended: impl FnMut() -> Option<ExitStatus>,
    ) {
        let begun = Instant::now();
        loop {
            let is_held = match moment {
                Moment::Sending => self.is_sending().await,
                Moment::Unanswered | Moment::Processing => self.gong.uploads().len() > received,
            };
            if is_held {
                return;
            }
            assert!(begun.elapsed() < Duration::from_mins(2), "no upload came");
            assert_eq!(ended(), None, "it ended before its upload was held");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Whether the ledger says that an upload is being sent.
    async fn is_sending(&self) -> bool {
        let path = self.folder.path().join("ledger.sqlite");
        if !path.exists() {
            return false;
        }
        // The program may be making it at this very moment.
        let Ok(ledger) = Ledger::open(path).await else {
            return false;
        };
        let uploads = ledger.open_uploads().await.unwrap_or_default();
        uploads
            .iter()
            .any(|upload| upload.state == UploadState::Sending)
    }

    /// Runs a program as a timer does, until it says that all is well.
    fn finish(&self, example: &str) {
        let mut runs = std::iter::repeat_with(|| self.start(example).wait_with_output().unwrap());
        let failed = runs
            .by_ref()
            .take(4)
            .take_while(|run| !run.status.success());
        let failed: Vec<_> = failed.collect();
        assert!(failed.len() < 4, "it fails again and again: {failed:?}");
    }

    fn assert_nothing_was_sent_twice(&self) {
        let uploads = self.gong.upload_history();
        let ids: BTreeSet<_> = uploads
            .iter()
            .map(|upload| &upload.client_request_id)
            .collect();
        assert_eq!(ids.len(), uploads.len(), "{ids:?}");
    }
}

fn kill(child: &mut Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn nightly_job_brings_every_row_whenever_it_is_killed() {
    for moment in Moment::ALL {
        let place = Place::new().await;
        place.kill("from_database", moment).await;
        place.finish("from_database");
        assert_eq!(place.gong.object_count("ACCOUNT"), 2_000, "{moment:?}");
        assert_eq!(place.gong.object_count("CONTACT"), 2_000, "{moment:?}");
        place.assert_nothing_was_sent_twice();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nightly_job_fails_while_gong_takes_no_calls() {
    let place = Place::new().await;
    let full = Effect::TooManyRequests(RetryAfter::Absent);
    place.gong.add_fault(Fault::new(full)).unwrap();
    let output = place.start("from_database").wait_with_output().unwrap();
    assert!(!output.status.success(), "{output:?}");
    place.release();
    place.finish("from_database");
    assert_eq!(place.gong.object_count("CONTACT"), 2_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_pushes_bring_every_region_whenever_they_are_killed() {
    for moment in Moment::ALL {
        let place = Place::new().await;
        place.kill("concurrent_pushes", moment).await;
        place.finish("concurrent_pushes");
        assert_eq!(place.gong.object_count("ACCOUNT"), 300, "{moment:?}");
        place.assert_nothing_was_sent_twice();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn schema_is_declared_whenever_its_program_is_killed() {
    let place = Place::new().await;
    place.hold(Operation::UploadSchema, Moment::Unanswered);
    let mut child = place.start("custom_schema");
    let begun = Instant::now();
    while place.gong.schema("DEAL").is_empty() {
        assert!(begun.elapsed() < Duration::from_mins(2), "no schema came");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    kill(&mut child);
    place.release();
    place.finish("custom_schema");
    assert_eq!(place.gong.schema("DEAL").len(), 1);
}

/// What the CRM says of each customer, and which of them Gong has.
fn statuses(place: &Place) -> Vec<(String, String)> {
    let database = rusqlite::Connection::open(place.folder.path().join("crm.sqlite")).unwrap();
    let mut query = database
        .prepare("SELECT id, in_gong FROM customers")
        .unwrap();
    let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
    rows.unwrap().collect::<Result<_, _>>().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn crm_never_says_yes_for_what_gong_does_not_have() {
    for moment in Moment::ALL {
        let place = Place::new().await;
        place.kill("status_write_back", moment).await;
        for (id, status) in statuses(&place) {
            let is_there = place.gong.object("ACCOUNT", &id).is_some();
            assert!(is_there || status != "yes", "{moment:?}: {id} {status}");
        }
        place.finish("status_write_back");
        let statuses = statuses(&place);
        assert_eq!(statuses.len(), 3);
        for (id, status) in statuses {
            assert_eq!(status, "yes", "{moment:?}: {id}");
            assert!(place.gong.object("ACCOUNT", &id).is_some(), "{id}");
        }
    }
}

/// A running service and its address.
struct Service {
    child: Child,
    url: String,
    http: reqwest::Client,
}

impl Service {
    fn start(place: &Place) -> Self {
        let mut child = place.start("axum_service");
        let mut url = String::new();
        let mut said = BufReader::new(child.stdout.take().unwrap());
        said.read_line(&mut url).unwrap();
        Self {
            child,
            url: url.trim().to_owned(),
            http: gong_crm::raw::http_builder()
                .unwrap()
                .no_proxy()
                .build()
                .unwrap(),
        }
    }

    async fn change(&self, id: &str) -> StatusCode {
        let change = json!({"id": id, "name": id, "at": "2026-03-01T09:30:00Z"});
        let url = format!("{}/accounts", self.url);
        let call = self.http.post(url).json(&change).send();
        call.await.unwrap().status()
    }

    fn push(&self) -> impl Future<Output = reqwest::Result<reqwest::Response>> + use<> {
        self.http.post(format!("{}/push", self.url)).send()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn change_that_a_killed_service_took_arrives() {
    for moment in Moment::ALL {
        let place = Place::new().await;

        // Killed right after its answer.
        let mut service = Service::start(&place);
        assert_eq!(service.change("acme").await, StatusCode::ACCEPTED);
        kill(&mut service.child);

        // Killed while it pushes.
        let mut service = Service::start(&place);
        assert_eq!(service.change("globex").await, StatusCode::ACCEPTED);
        let received = place.gong.uploads().len();
        place.hold(Operation::UploadEntities, moment);
        let push = tokio::spawn(service.push());
        let ended = || service.child.try_wait().unwrap();
        place.wait_for_upload(moment, received, ended).await;
        kill(&mut service.child);
        assert!(push.await.unwrap().is_err(), "{moment:?}");
        place.release();

        // Started again, it pushes what was waiting; a caller that goes away stops nothing for good.
        let service = Service::start(&place);
        let left = tokio::time::timeout(Duration::ZERO, service.push()).await;
        assert!(left.is_err(), "the push was not cut off");
        let mut pushed = service.push().await.unwrap().status();
        for _ in 0..3 {
            if pushed != StatusCode::OK {
                pushed = service.push().await.unwrap().status();
            }
        }
        assert_eq!(pushed, StatusCode::OK, "{moment:?}");

        // At its end it pushes once more.
        assert_eq!(service.change("initech").await, StatusCode::ACCEPTED);
        let ended = service.child.wait_with_output().unwrap();
        assert!(ended.status.success(), "{moment:?}: {ended:?}");
        for id in ["acme", "globex", "initech"] {
            assert!(
                place.gong.object("ACCOUNT", id).is_some(),
                "{moment:?}: {id}"
            );
        }
        place.assert_nothing_was_sent_twice();
    }
}
