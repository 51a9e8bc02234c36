//! The question of the first sync on a terminal, which a signal can end.

use std::sync::Arc;

use gong_crm::sync::SyncPlan;
use tokio::sync::watch;

use crate::output::{Output, sync_report};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    NotAsked,
    Asked,
    Answered,
    /// A signal came first: an answer does not count any more.
    Stopped,
}

/// Whether a person wants what a plan says. The answer is read on a thread that may block, so that signals
/// are noticed meanwhile.
#[derive(Debug, Clone)]
pub(super) struct Question {
    stage: Arc<watch::Sender<Stage>>,
}

impl Question {
    pub(super) fn new() -> Self {
        let stage = Arc::new(watch::Sender::new(Stage::NotAsked));
        Self { stage }
    }

    /// Shows the plan of the first sync, and asks. Call it in a task of its own.
    pub(super) fn ask(&self, plan: &SyncPlan, again: &str, output: Output) -> bool {
        if !plan.has_changes() {
            return true;
        }
        self.stage.send_replace(Stage::Asked);
        sync_report::plan(plan, None, again, output);
        output.message("Send this? [y/N]");
        let mut answer = String::new();
        let read = tokio::task::block_in_place(|| std::io::stdin().read_line(&mut answer));
        let is_yes = read.is_ok() && matches!(answer.trim().to_lowercase().as_str(), "y" | "yes");
        self.end(Stage::Answered) && is_yes
    }

    /// Ends the question because of a signal. Gives whether it was asked and has no answer: then nothing
    /// is sent.
    pub(super) fn stop(&self) -> bool {
        self.end(Stage::Stopped)
    }

    /// Whichever comes first counts.
    fn end(&self, stage: Stage) -> bool {
        self.stage.send_if_modified(|now| {
            let is_asked = *now == Stage::Asked;
            if is_asked {
                *now = stage;
            }
            is_asked
        })
    }

    /// Waits while the question is on the screen, where nothing else may appear.
    pub(super) async fn answered(&self) {
        let mut stage = self.stage.subscribe();
        drop(stage.wait_for(|stage| *stage != Stage::Asked).await);
    }
}
