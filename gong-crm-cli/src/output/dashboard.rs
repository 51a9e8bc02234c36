//! The display of a sync that runs continuously: on a terminal a few lines that are updated in
//! place, otherwise one line per round.

use std::io::IsTerminal as _;
use std::time::Duration;

use gong_crm::push::Verdict;
use gong_crm::sync::SyncReport;
use indicatif::{ProgressBar, ProgressStyle};

use crate::output::table::{Align, count, counted, lines};
use crate::output::{Output, escape, sync_report};

/// The display of a sync that runs continuously, between its rounds.
#[derive(Debug)]
pub(crate) struct Dashboard {
    output: Output,
    scope: String,
    is_on_terminal: bool,
    /// The lines that stay, while they are shown.
    bar: Option<ProgressBar>,
    /// The summary of the last round.
    last: Option<String>,
    quiet_rounds: u64,
}

impl Dashboard {
    pub(crate) fn new(output: Output, scope: &str, is_wanted: bool) -> Self {
        Self {
            output,
            scope: scope.to_owned(),
            is_on_terminal: is_wanted && !output.is_json() && std::io::stderr().is_terminal(),
            bar: None,
            last: None,
            quiet_rounds: 0,
        }
    }

    /// Shows a finished round. On a terminal, only rounds that changed something or need attention
    /// stay as a line.
    pub(crate) fn round(&mut self, report: &SyncReport, calls_left: Option<u64>) {
        if self.output.is_json() {
            self.output.json(report);
            return;
        }
        let is_quiet = report.verdict == Verdict::Done && !report.plan.has_changes();
        if self.is_on_terminal && is_quiet {
            self.quiet_rounds += 1;
        } else {
            self.quiet_rounds = 0;
            sync_report::round(report, self.output);
        }
        let now = jiff::Zoned::now().strftime("%H:%M:%S").to_string();
        self.last = Some(view(
            report,
            &self.scope,
            &now,
            self.quiet_rounds,
            calls_left,
        ));
    }

    /// Shows how long it is until the next round.
    pub(crate) fn waiting(&mut self, left: Duration) {
        if !self.is_on_terminal {
            return;
        }
        let bar = self.bar.get_or_insert_with(|| {
            let bar = ProgressBar::new_spinner();
            if let Ok(style) = ProgressStyle::with_template("{msg}") {
                bar.set_style(style);
            }
            bar
        });
        let seconds = left.as_secs();
        let last = self.last.as_deref().unwrap_or_default();
        bar.set_message(format!(
            "{last}next round in {}:{:02}; Ctrl-C stops",
            seconds / 60,
            seconds % 60
        ));
        bar.tick();
    }

    /// Takes the lines away, before a round shows its progress.
    pub(crate) fn hide(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }

    /// Whether the time until the next round is shown.
    pub(crate) fn counts_down(&self) -> bool {
        self.is_on_terminal
    }
}

/// The lines about the last round.
fn view(
    report: &SyncReport,
    scope: &str,
    now: &str,
    quiet_rounds: u64,
    calls_left: Option<u64>,
) -> String {
    let columns = [
        ("type", Align::Left),
        ("source", Align::Right),
        ("same", Align::Right),
        ("held back", Align::Right),
    ];
    let rows: Vec<Vec<String>> = report
        .plan
        .types
        .iter()
        .map(|of| {
            let mut row = vec![of.object_type.to_string()];
            // The records that the round sent are unchanged now.
            let same = match report.verdict {
                Verdict::Done => of.unchanged + of.new + of.changed,
                _ => of.unchanged,
            };
            row.extend([of.source, same, of.held_back].map(count));
            row
        })
        .collect();
    let mut text = format!("scope {}\n", escape::line(scope));
    for line in lines(&columns, &rows, None) {
        text.push_str(&line);
        text.push('\n');
    }
    let quiet = match quiet_rounds {
        0 => String::new(),
        rounds => format!(", {} without a difference", counted(rounds, "round")),
    };
    let left = calls_left.map_or_else(String::new, |left| {
        format!(", {} calls left today", count(left))
    });
    text.push_str(&format!(
        "last round at {now}: {}{quiet}{left}\n",
        report.verdict
    ));
    if let Some(list) = &report.plan.held_deletions {
        let list = escape::line(&list.display().to_string());
        text.push_str(&format!("held-back deletions: {list}\n"));
    }
    text
}
