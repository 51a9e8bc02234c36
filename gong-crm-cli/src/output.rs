//! What is printed where: data on stdout, talk on stderr; a broken pipe is no error.

use std::io::Write as _;

use anstyle::{AnsiColor, Style};
use serde::Serialize;

use crate::arguments::Format;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::table::{self, Align};

/// The two ways out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    format: Format,
}

/// How errors stand out.
const ERROR: Style = AnsiColor::Red.on_default().bold();
/// How advice stands out.
const HINT: Style = AnsiColor::Cyan.on_default().bold();

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

    /// A line of data.
    #[expect(clippy::unused_self, reason = "all ways out hang on one value")]
    pub(crate) fn data(self, line: &str) {
        // Nobody reads any more when this fails, which is the reader's right.
        drop(writeln!(anstream::stdout(), "{line}"));
    }

    /// A table of data.
    pub(crate) fn table(self, columns: &[(&str, Align)], rows: &[Vec<String>]) {
        for line in table::lines(columns, rows, self.width()) {
            self.data(&line);
        }
    }

    /// How wide the window is; none where nobody looks at one, as in a file or a pipe.
    #[expect(clippy::unused_self, reason = "all ways out hang on one value")]
    pub(crate) fn width(self) -> Option<usize> {
        let told = std::env::var("COLUMNS").ok();
        told.and_then(|columns| columns.parse().ok())
            .filter(|columns| *columns > 0)
            .or_else(|| {
                let (width, _) = terminal_size::terminal_size_of(std::io::stdout())?;
                Some(width.0.into())
            })
    }

    /// A value of data, as JSON in one line.
    pub(crate) fn json(self, value: &impl Serialize) {
        self.data(&serde_json::to_string(value).unwrap_or_default());
    }

    /// A line for the person at the terminal; none when a program reads.
    pub(crate) fn talk(self, line: &str) {
        if self.format == Format::Text {
            drop(writeln!(anstream::stderr(), "{line}"));
        }
    }

    /// That something was not done that may have been meant, and the cure; also for a program,
    /// beside its data.
    pub(crate) fn warning(self, message: &str, hint: &str) {
        let mut stderr = anstream::stderr();
        if self.is_json() {
            let json = serde_json::json!({"warning": message, "hint": hint});
            drop(writeln!(stderr, "{json}"));
        } else {
            drop(writeln!(stderr, "{HINT}warning:{HINT:#} {message}; {hint}"));
        }
    }

    /// The end of a command that failed.
    pub(crate) fn failure(self, failure: &Failure) -> Exit {
        let mut stderr = anstream::stderr();
        if self.is_json() {
            drop(writeln!(stderr, "{}", failure.to_json()));
        } else {
            drop(writeln!(
                stderr,
                "{ERROR}error:{ERROR:#} {}",
                failure.message
            ));
            for cause in &failure.causes {
                drop(writeln!(stderr, "caused by: {cause}"));
            }
            if let Some(hint) = &failure.hint {
                drop(writeln!(stderr, "\n{HINT}hint:{HINT:#} {hint}"));
            }
        }
        failure.exit
    }
}
