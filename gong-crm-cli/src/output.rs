//! The only ways out of the command: results on stdout, everything else on stderr.
//!
//! Every line passes [`escape::line`], so that nothing that a file, the ledger or Gong has can move
//! a terminal's cursor, add a line, or give a CI runner a command. A closed pipe is not an error; a
//! full disk is.

use std::io::{BufRead, ErrorKind, IsTerminal as _, Write};
use std::sync::{Mutex, OnceLock, PoisonError};

use serde::Serialize;

use crate::args::Format;
use crate::error::CliError;
use crate::exit::Exit;

pub(crate) mod again;
pub(crate) mod dashboard;
pub(crate) mod escape;
pub(crate) mod finding;
pub(crate) mod html;
pub(crate) mod progress;
pub(crate) mod push_report;
pub(crate) mod records;
pub(crate) mod sync_report;
pub(crate) mod table;
mod totals;

use escape::{ERROR, HINT, NORMAL};
use table::Align;

/// Why an output could not be written, other than a closed pipe: the first reason.
static UNWRITABLE: Mutex<Option<String>> = Mutex::new(None);

/// What ends the text between which GitHub's runner obeys no commands; once it has begun.
static STOP_COMMANDS: OnceLock<Option<String>> = OnceLock::new();

/// Writes results and messages in the chosen format.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    format: Format,
}

impl Output {
    pub(crate) fn new(format: Format) -> Self {
        Self { format }
    }

    pub(crate) fn format(self) -> Format {
        self.format
    }

    pub(crate) fn is_json(self) -> bool {
        self.format == Format::Json
    }

    /// One line of results.
    #[expect(clippy::unused_self, reason = "all output goes through one value")]
    pub(crate) fn stdout(self, line: &str) {
        write("standard output", anstream::stdout(), &escape::line(line));
    }

    /// A text of several lines, such as YAML: for a terminal or the log of a runner its lines are
    /// escaped, and a file or a program gets it exactly.
    pub(crate) fn document(self, text: &str) {
        let is_read_at_once = is_read_at_once();
        for line in text.trim_end().split('\n') {
            if is_read_at_once {
                self.stdout(line);
            } else {
                self.raw(line);
            }
        }
    }

    /// A line that a program reads, exactly as it is: it must hold no text of others unescaped.
    #[expect(clippy::unused_self, reason = "all output goes through one value")]
    pub(crate) fn raw(self, line: &str) {
        write("standard output", std::io::stdout(), line);
    }

    /// The state of a Singer tap, on its way to a runner that has to have it before anything else
    /// happens.
    #[expect(clippy::unused_self, reason = "all output goes through one value")]
    pub(crate) fn state(self, state: &str) -> std::io::Result<()> {
        let mut stdout = std::io::stdout().lock();
        writeln!(stdout, "{}", escape::json(state))?;
        stdout.flush()
    }

    /// Lines of JSON, byte for byte; for a terminal or the log of a runner, with what acts there written
    /// in JSON's own escapes, which mean the same.
    #[expect(clippy::unused_self, reason = "all output goes through one value")]
    pub(crate) fn lines_of_json(self, mut lines: impl BufRead) -> std::io::Result<()> {
        let mut stdout = std::io::stdout().lock();
        let written = if is_read_at_once() {
            let mut line = Vec::new();
            loop {
                line.clear();
                if lines.read_until(b'\n', &mut line)? == 0 {
                    break Ok(());
                }
                let text = String::from_utf8_lossy(&line);
                let escaped = escape::json(text.trim_end_matches('\n'));
                if let Err(error) = writeln!(stdout, "{escaped}") {
                    break Err(error);
                }
            }
        } else {
            std::io::copy(&mut lines, &mut stdout).map(drop)
        };
        match written {
            // The reader closed the pipe, so it has read enough.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
            written => written,
        }
    }

    /// Says that results written elsewhere, such as by a library, could not be written.
    pub(crate) fn unwritable(error: &std::io::Error) {
        note("standard output", error);
    }

    /// A table of results.
    pub(crate) fn table(self, columns: &[(&str, Align)], rows: &[Vec<String>]) {
        let cell = |cell: &String| escape::line(cell);
        let rows: Vec<Vec<String>> = rows
            .iter()
            .map(|row| row.iter().map(cell).collect())
            .collect();
        for line in table::lines(columns, &rows, self.width()) {
            self.stdout(&line);
        }
    }

    /// The width of the terminal; `None` if standard output is not one.
    #[expect(clippy::unused_self, reason = "all output goes through one value")]
    pub(crate) fn width(self) -> Option<usize> {
        let set = std::env::var("COLUMNS").ok();
        set.and_then(|columns| columns.parse().ok())
            .filter(|columns| *columns > 0)
            .or_else(|| {
                let (width, _) = terminal_size::terminal_size_of(std::io::stdout())?;
                Some(width.0.into())
            })
    }

    /// A value as JSON, on one line of results.
    pub(crate) fn json(self, value: &impl Serialize) {
        self.raw(&json_text(value));
    }

    pub(crate) fn is_html(self) -> bool {
        self.format == Format::Html
    }

    /// A page, as the only result.
    pub(crate) fn page(self, page: &html::Page) {
        self.raw(&escape::page(page.html()));
    }

    /// A message for the person at the terminal, of one line; none when a program reads.
    pub(crate) fn status(self, line: &str) {
        if matches!(self.format, Format::Text | Format::Html) {
            self.stderr(line);
        }
    }

    /// A line on standard error, for programs too, if standard output has other data.
    pub(crate) fn message(self, line: &str) {
        self.stderr(line);
    }

    /// Something that was not done although it may have been intended, and what to do; also for
    /// programs.
    pub(crate) fn warning(self, message: &str, hint: &str) {
        if self.is_json() {
            let json = serde_json::json!({"warning": message, "hint": hint});
            write("standard error", std::io::stderr(), &json_text(&json));
        } else {
            self.stderr(&format!("{HINT}warning:{NORMAL} {message}; {hint}"));
        }
    }

    /// The end of a command that failed.
    pub(crate) fn error(self, error: &CliError) -> Exit {
        if self.is_json() {
            write(
                "standard error",
                std::io::stderr(),
                &json_text(&error.to_json()),
            );
        } else {
            self.stderr(&format!("{ERROR}error:{NORMAL} {}", error.message));
            for cause in &error.causes {
                self.stderr(&format!("caused by: {cause}"));
            }
            if let Some(hint) = &error.hint {
                self.stderr("");
                let mut lines = hint.split('\n');
                self.stderr(&format!(
                    "{HINT}hint:{NORMAL} {}",
                    lines.next().unwrap_or_default()
                ));
                lines.for_each(|line| self.stderr(line));
            }
        }
        error.exit
    }

    fn stderr(self, line: &str) {
        self.stop_commands();
        write("standard error", anstream::stderr(), &escape::line(line));
    }

    /// Says that this program has a mistake, without the message of the panic: that can quote a record.
    pub(crate) fn panicked(self, place: &str) {
        self.stderr(&format!("{ERROR}error:{NORMAL} internal error at {place}"));
        self.stderr("");
        self.stderr(&format!(
            "{HINT}hint:{NORMAL} this is a bug in gong-crm: please report it with this line; \
             nothing that was sent is lost: gong-crm resume"
        ));
    }

    /// Has GitHub's runner obey no commands until the end of this one. With `-o github`, the results
    /// are such commands, so there only the escaping protects.
    fn stop_commands(self) {
        STOP_COMMANDS.get_or_init(|| {
            if !escape::is_github_runner() || !matches!(self.format, Format::Text | Format::Html) {
                return None;
            }
            let token = uuid_like();
            write(
                "standard error",
                std::io::stderr(),
                &format!("::stop-commands::{token}"),
            );
            Some(token)
        });
    }
}

/// Finishes the output: returns the error if some of it could not be written.
pub(crate) fn finish() -> Result<(), CliError> {
    if let Some(Some(token)) = STOP_COMMANDS.get() {
        write("standard error", std::io::stderr(), &format!("::{token}::"));
    }
    if let Err(error) = std::io::stdout().flush() {
        note("standard output", &error);
    }
    let unwritable = UNWRITABLE.lock().unwrap_or_else(PoisonError::into_inner);
    match &*unwritable {
        Some(reason) => Err(CliError::new(Exit::Unexpected, reason.clone())
            .with_hint("free some space or write elsewhere, and run the command again")),
        None => Ok(()),
    }
}

/// Whether the results go to a terminal or into the log of a runner, and not into a file or a program.
fn is_read_at_once() -> bool {
    std::io::stdout().is_terminal() || (escape::is_runner() && !is_file(&std::io::stdout()))
}

#[cfg(unix)]
fn is_file(stdout: &std::io::Stdout) -> bool {
    use std::os::fd::AsFd as _;
    rustix::fs::fstat(stdout.as_fd()).is_ok_and(|status| {
        rustix::fs::FileType::from_raw_mode(status.st_mode) == rustix::fs::FileType::RegularFile
    })
}

#[cfg(not(unix))]
fn is_file(_: &std::io::Stdout) -> bool {
    false
}

/// A value as JSON in one line, without characters that act on a terminal.
pub(crate) fn json_text(value: &impl Serialize) -> String {
    match serde_json::to_string(value) {
        Ok(text) => escape::json(&text),
        Err(error) => {
            note("standard output", &std::io::Error::other(error));
            String::new()
        }
    }
}

fn write(name: &str, mut to: impl Write, line: &str) {
    if let Err(error) = writeln!(to, "{line}") {
        note(name, &error);
    }
}

fn note(name: &str, error: &std::io::Error) {
    // The reader closed the pipe, so it has read enough.
    if error.kind() == ErrorKind::BrokenPipe {
        return;
    }
    let mut unwritable = UNWRITABLE.lock().unwrap_or_else(PoisonError::into_inner);
    unwritable.get_or_insert_with(|| format!("{name} could not be written: {error}"));
}

/// A token that no text can guess.
fn uuid_like() -> String {
    use std::hash::{BuildHasher as _, Hasher as _};
    // The standard library seeds these from the system's random numbers.
    let part = || std::hash::RandomState::new().build_hasher().finish();
    format!("gong-crm-{:016x}{:016x}", part(), part())
}
