//! How a push goes on: bars on a terminal, a line a step elsewhere, on stderr.

use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use gong_crm::check::{Finding, Severity};
use gong_crm::push::{Event, FileReport, FileStatus, PlannedFile};
use indicatif::{HumanBytes, ProgressBar, ProgressStyle};

use crate::output::finding;
use crate::output::Output;
use crate::output::table::{count, counted};

/// How often a line is printed while nothing else happens.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// How many errors of the check are shown; more would push the verdict off the screen.
const SHOWN_ERRORS: u64 = 20;

/// Shows the events of a push.
#[derive(Debug)]
pub(crate) struct Progress {
    output: Output,
    shown: Shown,
    /// When the last line was printed.
    last_line: Instant,
    errors: u64,
    warnings: u64,
}

#[derive(Debug)]
enum Shown {
    Bars(ProgressBar),
    Lines,
    Nothing,
}

impl Progress {
    pub(crate) fn new(output: Output, wanted: bool) -> Self {
        let shown = if !wanted || output.is_json() {
            Shown::Nothing
        } else if std::io::stderr().is_terminal() {
            let bar = ProgressBar::new(0);
            // Nothing to draw until the first file begins.
            if let Ok(style) = ProgressStyle::with_template("{msg}") {
                bar.set_style(style);
            }
            Shown::Bars(bar)
        } else {
            Shown::Lines
        };
        Self {
            output,
            shown,
            last_line: Instant::now(),
            errors: 0,
            warnings: 0,
        }
    }

    pub(crate) fn show(&mut self, event: &Event) {
        match event {
            Event::Waiting { holder } => {
                self.say(&format!("waiting for another push to end: {holder}"));
            }
            Event::Found { finding } => self.found(finding),
            Event::Short { calls, left } => self.say(&format!(
                "this may take {} of the day's calls, and {} are left",
                count(*calls),
                count(*left)
            )),
            Event::Planned { files } => {
                let bytes = files.iter().map(|file| file.bytes).sum();
                let plural = if files.len() == 1 { "" } else { "s" };
                self.say(&format!(
                    "{} file{plural}, {}",
                    files.len(),
                    HumanBytes(bytes)
                ));
            }
            Event::Sending { file, .. } => self.begin(file),
            Event::Sent { file, bytes } => self.advance(file, *bytes),
            Event::Accepted { file, sent_now } => {
                let what = if *sent_now {
                    "waiting for Gong to process it"
                } else {
                    "already in Gong"
                };
                self.step(file, what);
            }
            Event::Polled { file, status } => self.step(file, &format!("{}", status.status)),
            Event::Retrying { path, error, pause } => {
                let (path, seconds) = (path.display(), pause.as_secs_f32());
                self.say(&format!("{path}: {error}; again in {seconds:.1} s"));
            }
            Event::Settling { pause } => {
                let seconds = pause.as_secs();
                self.say(&format!(
                    "giving Gong {seconds} s to settle the accounts (--settle)"
                ));
            }
            Event::Finished { report } => self.finish(report),
            _ => {}
        }
    }

    /// A problem that the check found: errors in full, up to a number, warnings as a count.
    fn found(&mut self, finding: &Finding) {
        if finding.severity == Severity::Warning {
            self.warnings += 1;
            return;
        }
        self.errors += 1;
        if self.errors <= SHOWN_ERRORS {
            for line in finding::text(finding) {
                self.output.status(&line);
            }
        }
    }

    /// Takes the bars away, so that results stand alone.
    pub(crate) fn end(&self) {
        if self.errors > SHOWN_ERRORS {
            let more = counted(self.errors - SHOWN_ERRORS, "more error");
            self.output
                .status(&format!("{more}; gong-crm check shows them"));
        }
        if self.warnings > 0 {
            let warnings = counted(self.warnings, "warning");
            self.output
                .status(&format!("{warnings}; gong-crm check shows them"));
        }
        if let Shown::Bars(bar) = &self.shown {
            bar.finish_and_clear();
        }
    }

    fn begin(&mut self, file: &PlannedFile) {
        self.last_line = Instant::now();
        if let Shown::Bars(bar) = &self.shown {
            let style = ProgressStyle::with_template("{wide_msg}  {bar:12} {bytes}/{total_bytes}");
            if let Ok(style) = style {
                bar.set_style(style);
            }
            bar.reset();
            bar.set_length(file.bytes);
            bar.set_message(name(file));
        }
    }

    fn advance(&mut self, file: &PlannedFile, bytes: u64) {
        match &self.shown {
            Shown::Bars(bar) => bar.set_position(bytes),
            Shown::Lines if self.last_line.elapsed() >= LINE_EVERY => {
                let (sent, all) = (HumanBytes(bytes), HumanBytes(file.bytes));
                self.say(&format!("{}: {sent} of {all} sent", name(file)));
            }
            Shown::Lines | Shown::Nothing => {}
        }
    }

    fn step(&mut self, file: &PlannedFile, what: &str) {
        match &self.shown {
            Shown::Bars(bar) => {
                if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg}") {
                    bar.set_style(style);
                }
                bar.set_message(format!("{}: {what}", name(file)));
                bar.tick();
            }
            Shown::Lines if self.last_line.elapsed() >= LINE_EVERY => {
                self.say(&format!("{}: {what}", name(file)));
            }
            Shown::Lines | Shown::Nothing => {}
        }
    }

    fn finish(&mut self, report: &FileReport) {
        let path = report.path.display();
        let is_refused = matches!(
            report.status,
            FileStatus::NotSent | FileStatus::Failed | FileStatus::Invalid
        );
        let line = if report.records == 0 || !report.sent && is_refused {
            format!("{path}: not taken")
        } else if report.sent {
            format!(
                "{path}: {} of {} taken",
                count(report.succeeded),
                count(report.records)
            )
        } else {
            format!(
                "{path}: {} taken before, nothing sent",
                count(report.succeeded)
            )
        };
        self.say(&line);
    }

    fn say(&mut self, line: &str) {
        self.last_line = Instant::now();
        match &self.shown {
            Shown::Bars(bar) => bar.suspend(|| self.output.status(line)),
            Shown::Lines => self.output.status(line),
            Shown::Nothing => {}
        }
    }
}

fn name(file: &PlannedFile) -> String {
    file.path.display().to_string()
}
