//! Is a push that is killed in any state of its uploads finished by the next command?

use std::time::Duration;

use gong_crm::ledger::JobState;
use gong_sim::{Effect, Fault, Operation, Processing};

use crate::crm::{Dice, Way};
use crate::life::{LATER, Life};

/// Long enough to be killed in.
const HOLD: Duration = Duration::from_mins(10);

/// Where a push is when it is killed. Each is held there: none is met by luck.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// Nothing of it has left; Gong does not read the upload before it.
    Planned,
    /// It is sent, and Gong does not read it.
    SendingNotTaken,
    /// It is sent, Gong has it, and does not say so.
    SendingTaken,
    /// Gong said so; nobody has asked yet what became of it.
    Accepted,
    /// Gong works on it.
    Processing,
    /// It is done, and another is on its way.
    Done,
    /// It failed in part, and another is on its way that looks for the rest of its errors.
    Failed,
}

impl Moment {
    /// The moment that this one is for such records: only bad ones fail.
    pub(crate) fn of(self, way: Way) -> Self {
        match self {
            Self::Done if way == Way::Drain => Self::Failed,
            Self::Failed if way != Way::Drain => Self::Done,
            other => other,
        }
    }

    pub(crate) const ALL: [Self; 7] = [
        Self::Planned,
        Self::SendingNotTaken,
        Self::SendingTaken,
        Self::Accepted,
        Self::Processing,
        Self::Done,
        Self::Failed,
    ];

    /// The state that it is about.
    pub(crate) fn state(self) -> JobState {
        match self {
            Self::Planned => JobState::Planned,
            Self::SendingNotTaken | Self::SendingTaken => JobState::Sending,
            Self::Accepted => JobState::Accepted,
            Self::Processing => JobState::Processing,
            Self::Done => JobState::Done,
            Self::Failed => JobState::Failed,
        }
    }

    /// Starts a push, or resumes one, and kills it there; gives the states that it leaves. None if
    /// it ends before.
    pub(crate) fn kill(self, life: &Life, resumes: bool) -> Option<Vec<JobState>> {
        let upload = |effect| Fault::new(effect).on(Operation::UploadEntities);
        let not_read = Effect::StopReading(HOLD);
        let mut more: &[&str] = &[];
        match self {
            Self::Planned | Self::SendingNotTaken => {
                life.simulator.add_fault(upload(not_read));
            }
            Self::SendingTaken => life.simulator.add_fault(upload(Effect::Delay(HOLD))),
            Self::Accepted => more = &["--poll", "10m", "--wait", "20m"],
            Self::Processing => life.simulator.set_processing(Processing::After(LATER)),
            Self::Done | Self::Failed => life.simulator.add_fault(upload(not_read).nth(2)),
        }
        let (uploads, before) = (life.simulator.uploads().len(), life.jobs());
        let mut child = if resumes {
            life.start_resume(more)
        } else {
            life.start_push(more)
        };
        let has_come = life.wait_until(&mut child, |jobs| {
            let any = |state| {
                let mut of_state = jobs.iter().filter(|job| job.state == state);
                // What an earlier push left there is not met again.
                of_state.any(|job| state == JobState::Sending || !before.contains(job))
            };
            match self {
                // What comes after it was planned before.
                Self::Planned | Self::SendingNotTaken => any(JobState::Sending),
                Self::SendingTaken => life.simulator.uploads().len() > uploads,
                Self::Done | Self::Failed => any(self.state()) && any(JobState::Sending),
                // What an earlier push left in Gong's hands is waited for in the same way.
                Self::Accepted => jobs
                    .iter()
                    .any(|job| matches!(job.state, JobState::Accepted | JobState::Processing)),
                Self::Processing => jobs.iter().any(|job| job.state == JobState::Processing),
            }
        });
        let states = life.kill(child);
        life.undisturb();
        has_come.then_some(states)
    }
}

/// Kills at a moment, and asserts that it was there and that all ends well.
fn killed_at(moment: Moment, way: Way) {
    let name = format!("{way:?} killed at {moment:?}");
    let life = Life::new(name, &mut Dice::new(7), way);
    let states = moment.kill(&life, false);
    let states = states.unwrap_or_else(|| panic!("{}: it ended before", life.name));
    assert!(
        states.contains(&moment.state()),
        "{}: {states:?}",
        life.name
    );
    life.heal();
}

#[test]
fn a_push_that_is_killed_in_any_state_is_finished_whatever_it_reads() {
    for way in Way::ALL {
        for moment in Moment::ALL {
            if moment.of(way) == moment {
                killed_at(moment, way);
            }
        }
    }
}

#[test]
fn a_push_whose_files_are_gone_is_finished_if_the_ledger_keeps_a_copy() {
    for way in [Way::Packed, Way::Input] {
        let name = format!("{way:?} without its files");
        let life = Life::new(name, &mut Dice::new(7), way);
        Moment::Planned.kill(&life, false).unwrap();
        std::fs::remove_dir_all(life.path("crm")).unwrap();
        let resumed = life.resume();
        assert_eq!(resumed.code, Some(0), "{}: {resumed:#?}", life.name);
        life.assert_held();
    }
}

#[cfg(unix)]
#[test]
fn the_first_interrupt_stops_cleanly_and_the_second_at_once() {
    let interrupt = |child: &std::process::Child| {
        let pid = child.id().to_string();
        let mut kill = std::process::Command::new("kill");
        assert!(kill.args(["-INT", &pid]).status().unwrap().success());
    };
    let life = Life::new("interrupted", &mut Dice::new(7), Way::Folder);
    life.simulator.set_processing(Processing::After(LATER));
    let mut child = life.start_push(&[]);
    let is_processing =
        |jobs: &[gong_crm::ledger::Job]| jobs.iter().any(|job| job.state == JobState::Processing);
    assert!(life.wait_until(&mut child, is_processing));
    interrupt(&child);
    let ended = life.end(child);
    assert_eq!(ended.code, Some(130), "{ended:#?}");
    assert_eq!(ended.report["isCanceled"], true, "{ended:#?}");
    life.heal();
}
