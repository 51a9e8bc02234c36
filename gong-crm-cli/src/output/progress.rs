//! Progress of a push on stderr: a bar on a terminal, otherwise a line per step.

use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use gong_crm::ClientRequestId;
use gong_crm::check::Finding;
use gong_crm::ledger::LockOwner;
use gong_crm::push::Event;
use indicatif::{HumanBytes, ProgressBar, ProgressStyle};

use crate::output::table::{count, counted};
use crate::output::totals::Totals;
use crate::output::{Output, escape, finding};

/// How often a line is printed while nothing else happens.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// Says why nothing goes on: another process has the ledger.
pub(crate) fn waiting(owner: &LockOwner, output: Output) {
    let line = format!("waiting for another push to end: {owner}");
    if output.is_json() {
        output.warning(&line, "it has the ledger");
    } else {
        output.status(&line);
    }
}

/// Shows the events of a push.
#[derive(Debug)]
pub(crate) struct Progress {
    output: Output,
    display: Display,
    /// When the last line was printed.
    last_line: Instant,
    /// How far all uploads together are.
    totals: Totals,
    errors: u64,
    warnings: u64,
    /// Whether only problems are printed as lines.
    is_quiet: bool,
}

#[derive(Debug)]
enum Display {
    Bar(ProgressBar),
    Lines,
    None,
}

impl Progress {
    pub(crate) fn new(output: Output, is_wanted: bool) -> Self {
        let display = if !is_wanted || output.is_json() {
            Display::None
        } else if std::io::stderr().is_terminal() {
            let bar = ProgressBar::new(0);
            // There is nothing to draw until the first upload begins.
            if let Ok(style) = ProgressStyle::with_template("{msg}") {
                bar.set_style(style);
            }
            Display::Bar(bar)
        } else {
            Display::Lines
        };
        Self {
            output,
            display,
            last_line: Instant::now(),
            totals: Totals::default(),
            errors: 0,
            warnings: 0,
            is_quiet: false,
        }
    }

    /// The same for one round of many: successes leave no lines, and the line about the round has
    /// the findings of the check.
    pub(crate) fn quiet(mut self) -> Self {
        self.is_quiet = true;
        self
    }

    pub(crate) fn show(&mut self, event: &Event) {
        match event {
            Event::Waiting { owner } => {
                // No progress, but the reason why there is none.
                let output = self.output;
                self.above(|| waiting(owner, output));
            }
            Event::Reading {
                object_type,
                source,
            } => self.phase(&format!("reading {object_type} from {source}")),
            Event::Comparing { object_type } => {
                self.phase(&format!("comparing {object_type} with what Gong has"));
            }
            Event::Checked {
                findings,
                errors,
                warnings,
            } => self.checked(findings, *errors, *warnings),
            Event::FewCallsLeft { needed, left } => self.line(&format!(
                "this push may need {} calls; calls left today: {}",
                count(*needed),
                count(*left)
            )),
            Event::Planned {
                records: 0,
                unchanged,
                ..
            } => self.news(&format!("nothing to send, {} unchanged", count(*unchanged))),
            Event::Planned {
                records,
                unchanged,
                uploads,
                bytes,
            } => {
                self.totals = Totals::new(*uploads as u64, *bytes);
                self.news(&format!(
                    "{} to send in {} ({}), {} unchanged",
                    counted(*records, "record"),
                    counted(*uploads as u64, "upload"),
                    HumanBytes(*bytes),
                    count(*unchanged)
                ));
            }
            Event::Sending {
                client_request_id,
                bytes,
                ..
            } => self.begin(client_request_id, *bytes),
            Event::Sent {
                client_request_id,
                bytes,
            } => self.advance(client_request_id, *bytes),
            Event::Accepted { client_request_id } => {
                self.step(client_request_id, "waiting for Gong to process it");
            }
            Event::Polled {
                client_request_id,
                status,
            } => self.step(client_request_id, status.status.as_str()),
            Event::Retrying {
                client_request_id,
                error,
                pause,
            } => self.line(&format!(
                "{client_request_id}: {error}; retrying in {:.1} s",
                pause.as_secs_f32()
            )),
            Event::AccountDelay { pause } => self.line(&format!(
                "waiting {} s so that Gong can store the accounts (--account-delay)",
                pause.as_millis().div_ceil(1_000)
            )),
            Event::AccountsNotVisible {
                accounts,
                pause,
                at_most,
            } => {
                let accounts = match accounts {
                    1 => "1 new account".to_owned(),
                    accounts => format!("{} new accounts", count(*accounts)),
                };
                let pause = pause.as_millis().div_ceil(1_000);
                let at_most = at_most.as_secs().div_ceil(60);
                self.line(&format!(
                    "Gong does not show {accounts} yet; looking again in {pause} s, for {at_most} min at most"
                ));
            }
            Event::Searching {
                client_request_id,
                records,
            } => self.line(&format!(
                "{client_request_id}: looking for rejected records that Gong did not list, among {}",
                count(*records)
            )),
            Event::Finished {
                client_request_id,
                records,
                accepted,
                ..
            } => {
                self.totals.finish(client_request_id);
                if let Display::Bar(bar) = &self.display {
                    // Otherwise the bar would go on with the numbers before this upload.
                    bar.set_message(format!("{client_request_id}{}", self.totals.text()));
                }
                self.news(&format!(
                    "{client_request_id}: {} of {} accepted{}",
                    count(*accepted),
                    count(*records),
                    self.totals.text()
                ));
            }
            Event::Stopped {
                client_request_id,
                reason,
            } => self.line(&format!("{client_request_id}: {reason}")),
            _ => {}
        }
    }

    /// The result of the check: the first errors in full, the others as a number.
    fn checked(&mut self, findings: &[Finding], errors: u64, warnings: u64) {
        if self.is_quiet {
            return;
        }
        let output = self.output;
        let mut others = 0;
        self.above(|| others = finding::first(findings, errors, output));
        self.errors = others;
        self.warnings = warnings;
    }

    /// Removes the bar before the results are printed.
    pub(crate) fn end(&self) {
        if let Display::Bar(bar) = &self.display {
            bar.finish_and_clear();
        }
        for (number, thing) in [(self.errors, "more error"), (self.warnings, "warning")] {
            finding::others(number, thing, self.output);
        }
    }

    /// Prints without running into the bar, which is drawn again below.
    fn above(&self, print: impl FnOnce()) {
        match &self.display {
            Display::Bar(bar) => bar.suspend(print),
            Display::Lines | Display::None => print(),
        }
    }

    /// A line about normal progress.
    fn news(&mut self, line: &str) {
        if self.is_quiet {
            self.phase(line);
        } else {
            self.line(line);
        }
    }

    /// A phase before anything is sent.
    fn phase(&mut self, what: &str) {
        match &self.display {
            Display::Bar(bar) => {
                bar.set_message(escape::line(what));
                bar.tick();
            }
            Display::Lines => self.line(what),
            Display::None => {}
        }
    }

    fn begin(&mut self, id: &ClientRequestId, bytes: u64) {
        self.last_line = Instant::now();
        self.totals.begin(id, bytes);
        if let Display::Bar(bar) = &self.display {
            let style = ProgressStyle::with_template("{wide_msg}  {bar:12} {bytes}/{total_bytes}");
            if let Ok(style) = style {
                bar.set_style(style);
            }
            bar.reset();
            bar.set_length(bytes);
            bar.set_message(format!("{id}{}", self.totals.text()));
        }
    }

    fn advance(&mut self, id: &ClientRequestId, bytes: u64) {
        self.totals.advance(id, bytes);
        match &self.display {
            Display::Bar(bar) => bar.set_position(bytes),
            Display::Lines if self.last_line.elapsed() >= LINE_EVERY => {
                let all = self.totals.size(id);
                self.line(&format!(
                    "{id}: {} of {} sent{}",
                    HumanBytes(bytes),
                    HumanBytes(all),
                    self.totals.text()
                ));
            }
            Display::Lines | Display::None => {}
        }
    }

    fn step(&mut self, id: &ClientRequestId, what: &str) {
        match &self.display {
            Display::Bar(bar) => {
                if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg}") {
                    bar.set_style(style);
                }
                let text = format!("{id}: {what}{}", self.totals.text());
                bar.set_message(escape::line(&text));
                bar.tick();
            }
            Display::Lines if self.last_line.elapsed() >= LINE_EVERY => {
                self.line(&format!("{id}: {what}{}", self.totals.text()));
            }
            Display::Lines | Display::None => {}
        }
    }

    fn line(&mut self, line: &str) {
        self.last_line = Instant::now();
        match &self.display {
            Display::Bar(bar) => bar.suspend(|| self.output.status(line)),
            Display::Lines => self.output.status(line),
            Display::None => {}
        }
    }
}
