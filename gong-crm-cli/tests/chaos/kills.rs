//! Pushes that are killed in any state of their uploads, and finished by the next command.

use std::time::Duration;

use gong_crm::ledger::{Purpose, Upload, UploadState};
use gong_sim::{Effect, Fault, Operation, Processing};

use crate::crm::{SeededRng, Source};
use crate::harness::{Harness, LATER};

/// Long enough to be killed in.
const HOLD: Duration = Duration::from_mins(10);

/// Where a push is when it is killed. It is held there, so no luck is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// An upload has not left; Gong does not read the upload before it.
    Planned,
    /// It is sent, and Gong does not read it.
    SendingNotRead,
    /// It is sent, Gong has it, and does not say so.
    SendingRead,
    /// Gong has accepted it; nobody has asked for its status yet.
    Accepted,
    /// Gong is processing it.
    Processing,
    /// It is done, and another is being sent.
    Done,
    /// Its listed errors are known, and an upload that looks for the others is being sent.
    Searching,
}

impl Moment {
    /// The moment that this one is for such records: only bad ones are searched for.
    pub(crate) fn of(self, source: Source) -> Self {
        match self {
            Self::Done if source == Source::FindAll => Self::Searching,
            Self::Searching if source != Source::FindAll => Self::Done,
            // There is only one upload.
            Self::Planned if source == Source::FindAll => Self::SendingNotRead,
            other => other,
        }
    }

    pub(crate) const ALL: [Self; 7] = [
        Self::Planned,
        Self::SendingNotRead,
        Self::SendingRead,
        Self::Accepted,
        Self::Processing,
        Self::Done,
        Self::Searching,
    ];

    /// The state that it is about.
    pub(crate) fn state(self) -> UploadState {
        match self {
            Self::Planned => UploadState::Planned,
            Self::SendingNotRead | Self::SendingRead | Self::Searching => UploadState::Sending,
            Self::Accepted | Self::Processing => UploadState::Accepted,
            Self::Done => UploadState::Done,
        }
    }

    /// Starts a push or a resume and kills it there; returns the states that it leaves. `None` if
    /// it ends before.
    pub(crate) fn kill(self, harness: &Harness, resumes: bool) -> Option<Vec<UploadState>> {
        let upload = |effect| Fault::new(effect).on(Operation::UploadEntities);
        let not_read = Effect::StopReading(HOLD);
        let mut more: &[&str] = &[];
        match self {
            Self::Planned | Self::SendingNotRead => {
                harness.simulator.add_fault(upload(not_read)).unwrap();
            }
            Self::SendingRead => harness
                .simulator
                .add_fault(upload(Effect::Delay(HOLD)))
                .unwrap(),
            Self::Accepted => {
                harness.simulator.set_processing(Processing::After(LATER));
                more = &["--poll-interval", "10m", "--wait", "20m"];
            }
            Self::Processing => harness.simulator.set_processing(Processing::After(LATER)),
            Self::Done | Self::Searching => harness
                .simulator
                .add_fault(upload(not_read).nth(2))
                .unwrap(),
        }
        let (received, before) = (harness.simulator.uploads().len(), harness.uploads());
        let calls = harness.simulator.request_count();
        let mut child = if resumes {
            harness.start_resume(more)
        } else {
            harness.start_push(more)
        };
        let is_reached = harness.wait_until(&mut child, |uploads| {
            let any = |state| {
                let mut of_state = uploads.iter().filter(|upload| upload.state == state);
                // What an earlier push left does not count.
                of_state.any(|upload| state == UploadState::Sending || !before.contains(upload))
            };
            match self {
                // What comes after it was planned before.
                Self::Planned | Self::SendingNotRead => any(UploadState::Sending),
                Self::SendingRead => harness.simulator.uploads().len() > received,
                Self::Done | Self::Searching => any(UploadState::Done) && any(UploadState::Sending),
                // Uploads that an earlier push left with Gong are waited for in the same way.
                Self::Accepted => uploads
                    .iter()
                    .any(|upload| upload.state == UploadState::Accepted),
                Self::Processing => {
                    let is_accepted = |upload: &Upload| upload.state == UploadState::Accepted;
                    uploads.iter().any(is_accepted) && harness.simulator.request_count() > calls + 2
                }
            }
        });
        let states = harness.kill(child);
        harness.undisturb();
        is_reached.then_some(states)
    }
}

/// Kills at a moment, and asserts that it was reached and that everything is recovered.
fn killed_at(moment: Moment, source: Source) {
    let name = format!("{source:?} killed at {moment:?}");
    let harness = Harness::new(name, &mut SeededRng::new(7), source);
    let states = moment.kill(&harness, false);
    let states = states.unwrap_or_else(|| panic!("{}: it ended before", harness.name));
    assert!(
        states.contains(&moment.state()),
        "{}: {states:?}",
        harness.name
    );
    let uploads = harness.uploads();
    let is_search = |upload: &Upload| upload.purpose == Purpose::ErrorSearch;
    let is_searching = uploads.iter().any(is_search);
    assert_eq!(
        is_searching,
        moment == Moment::Searching,
        "{}",
        harness.name
    );
    harness.recover();
}

#[test]
fn push_killed_in_any_state_is_finished() {
    for source in Source::ALL {
        for moment in Moment::ALL {
            if moment.of(source) == moment {
                killed_at(moment, source);
            }
        }
    }
}

#[test]
fn push_whose_files_are_gone_is_finished_from_the_spool() {
    for source in [Source::Folder, Source::Packed, Source::Input] {
        let name = format!("{source:?} without its files");
        let harness = Harness::new(name, &mut SeededRng::new(7), source);
        Moment::Planned.kill(&harness, false).unwrap();
        std::fs::remove_dir_all(harness.path("crm")).unwrap();
        let resumed = harness.resume();
        assert_eq!(resumed.code, Some(0), "{}: {resumed:#?}", harness.name);
        harness.assert_in_gong();
    }
}

#[cfg(unix)]
#[test]
fn interrupted_push_reports_and_is_resumed() {
    let harness = Harness::new("interrupted", &mut SeededRng::new(7), Source::Folder);
    harness.simulator.set_processing(Processing::After(LATER));
    let mut child = harness.start_push(&[]);
    let is_accepted = |uploads: &[Upload]| {
        uploads
            .iter()
            .any(|upload| upload.state == UploadState::Accepted)
    };
    assert!(harness.wait_until(&mut child, is_accepted));
    let pid = child.id().to_string();
    let mut kill = std::process::Command::new("kill");
    assert!(kill.args(["-INT", &pid]).status().unwrap().success());
    let ended = harness.end(child);
    assert_eq!(ended.code, Some(130), "{ended:#?}");
    assert_eq!(ended.report["verdict"], "canceled", "{ended:#?}");
    harness.recover();
}
