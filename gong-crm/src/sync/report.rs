//! The result of a sync.

use std::sync::Arc;

use gong_client::error::Error;
use serde::Serialize;

use super::SyncPlan;
use crate::push::{Done, FileReport, Report, Verdict};

/// The result of a sync.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
#[must_use = "a sync that ended is not a sync that succeeded: look at the verdict"]
pub struct SyncReport {
    /// The verdict in one word.
    pub verdict: Verdict,
    /// The plan.
    pub plan: SyncPlan,
    /// The files and sources, with the results of their records.
    pub files: Vec<FileReport>,
    /// How many calls were made.
    pub calls: u64,
    /// Whether a person saw the plan and declined it.
    #[serde(skip)]
    pub is_declined: bool,
    /// Notes about the sync as a whole.
    #[serde(skip)]
    pub notes: Vec<String>,
    /// A failure that stopped everything: credentials, quota, no connection.
    #[serde(skip)]
    pub cause: Option<Arc<Error>>,
    #[serde(skip)]
    is_unplanned: bool,
}

/// A sync after which Gong is not equal to its sources.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the sync ended as {}", .0.verdict)]
pub struct NotEqual(pub Box<SyncReport>);

impl SyncReport {
    pub(super) fn new(report: Option<Report>, mut plan: SyncPlan, calls: u64) -> Self {
        let is_declined = report.is_none();
        let is_unplanned = report.as_ref().is_some_and(Report::is_unplanned);
        // What was found out while it was carried out belongs into every form of the report.
        for note in report.iter().flat_map(|report| &report.notes) {
            if !plan.notes.contains(note) {
                plan.notes.push(note.clone());
            }
        }
        let (verdict, files, notes, cause) = match report {
            Some(report) => (
                verdict(report.verdict, &plan),
                report.files,
                report.notes,
                report.cause,
            ),
            None => (Verdict::Canceled, Vec::new(), Vec::new(), None),
        };
        Self {
            verdict,
            plan,
            files,
            calls,
            is_declined,
            notes,
            cause,
            is_unplanned,
        }
    }

    /// Whether the sync was stopped before anything was planned or sent: its plan says nothing.
    pub fn is_unplanned(&self) -> bool {
        self.is_unplanned
    }

    /// The report, if Gong is equal to the sources.
    ///
    /// # Errors
    ///
    /// [`NotEqual`] with the report, for every verdict but [`Verdict::Done`].
    pub fn into_result(self) -> Result<Done<Self>, NotEqual> {
        match self.verdict {
            Verdict::Done => Ok(Done(self)),
            _ => Err(NotEqual(Box::new(self))),
        }
    }
}

/// The verdict of the push that did the work, and of what the plan did not let it do.
fn verdict(of_push: Verdict, plan: &SyncPlan) -> Verdict {
    match of_push {
        Verdict::Done | Verdict::Partial | Verdict::HeldBack => {}
        other => return other,
    }
    if plan.is_unusable() && of_push == Verdict::Done {
        Verdict::Invalid
    } else if !plan.problems.is_empty() || !plan.skipped.is_empty() || plan.is_waiting {
        Verdict::Failed
    } else if plan.is_limited {
        Verdict::HeldBack
    } else if plan.has_findings {
        Verdict::Partial
    } else {
        of_push
    }
}
