//! A program's standard output as a source: `psql`, `duckdb`, `bq`, `snowsql`, `sqlcmd`, a script.
//!
//! The program keeps its own credentials; Gong's are not in its environment.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use gong_crm::source::{ReadFuture, RowFormat, Sink, Source, SourceError};
use jiff::Timestamp;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::Command;

use crate::environment::own_variables;
use crate::options::SourceOptions;
use process::Running;
use std::io::Write as _;

mod process;

/// How many of the last bytes of standard error are shown when a program fails.
const SHOWN_BYTES: usize = 4_096;

/// How much is read at once.
const CHUNK_BYTES: usize = 256 * 1_024;

/// A program whose standard output is read: one JSON object per line, an array of objects, or CSV.
///
/// The read is complete when the program ends with exit code 0; with any other, nothing of it is
/// used. Without a mapping, each line is a record as Gong takes it.
///
/// ```
/// use gong_crm::source::Source as _;
/// use gong_sources::command::CommandSource;
///
/// let source = CommandSource::new("duckdb", ["-jsonlines", "crm.duckdb", "-c", "from accounts"]);
/// assert_eq!(source.name(), "command duckdb");
/// ```
#[derive(Debug, Clone)]
pub struct CommandSource {
    program: String,
    arguments: Vec<String>,
    directory: Option<PathBuf>,
    hidden: Vec<OsString>,
    options: SourceOptions,
}

impl CommandSource {
    /// A program with its arguments. No shell is between; for one, run `sh -c`.
    pub fn new(
        program: impl Into<String>,
        arguments: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        Self {
            program: program.into(),
            arguments: arguments.into_iter().map(Into::into).collect(),
            directory: None,
            hidden: Vec::new(),
            options: SourceOptions::default(),
        }
    }

    /// The directory in which it runs.
    #[must_use]
    pub fn directory(mut self, directory: impl Into<PathBuf>) -> Self {
        self.directory = Some(directory.into());
        self
    }

    /// A variable that is not in its environment, besides those that begin with `GONG_` or
    /// `TARGET_GONG_CRM_`.
    #[must_use]
    pub fn without_variable(mut self, name: impl Into<OsString>) -> Self {
        self.hidden.push(name.into());
        self
    }

    /// Whether it is complete, and how rows become records.
    #[must_use]
    pub fn options(mut self, options: SourceOptions) -> Self {
        self.options = options;
        self
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(&self.arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        if let Some(directory) = &self.directory
            && directory != Path::new("")
        {
            command.current_dir(directory);
        }
        for name in own_variables().chain(self.hidden.iter().cloned()) {
            command.env_remove(name);
        }
        command
    }

    async fn run(&self, sink: &mut Sink) -> Result<(), SourceError> {
        let mut running = Running::start(self.command()).map_err(|error| {
            SourceError::failed(format!("cannot start {}: {error}", self.program))
        })?;
        let (Some(mut output), Some(errors)) = (running.stdout(), running.stderr()) else {
            return Err(SourceError::failed("the program has no output"));
        };
        let complaints = tokio::spawn(last_bytes(errors));
        let mut chunk = vec![0; CHUNK_BYTES];
        let mut filled = output.read(&mut chunk).await?;
        // Enough to tell JSON from CSV.
        while filled > 0 && chunk[..filled].iter().all(u8::is_ascii_whitespace) {
            match output.read(&mut chunk).await? {
                0 => break,
                more => filled = more,
            }
        }
        let format = format_of(&chunk[..filled]);
        let mut rows = sink.rows(format)?;
        while filled > 0 {
            rows.write_all(&chunk[..filled])?;
            filled = output.read(&mut chunk).await?;
        }
        let status = running.wait().await?;
        if !status.success() {
            let complaints = complaints.await.unwrap_or_default();
            let complaints = shown(&complaints);
            let program = &self.program;
            return Err(SourceError::failed(if complaints.is_empty() {
                format!("{program} ended with {status}")
            } else {
                format!("{program} ended with {status}:\n{complaints}")
            }));
        }
        if self.options.converter.is_none() && format == RowFormat::Csv {
            return Err(SourceError::failed(format!(
                "the output of {} is not one JSON object per line: write a mapping of its columns \
                 and set `map`",
                self.program
            )));
        }
        sink.add_rows(rows, self.options.converter.as_ref()).await
    }
}

/// JSON begins with an object or an array; anything else has a header.
fn format_of(beginning: &[u8]) -> RowFormat {
    let without_mark = beginning.strip_prefix(b"\xef\xbb\xbf").unwrap_or(beginning);
    match without_mark.iter().find(|byte| !byte.is_ascii_whitespace()) {
        None | Some(b'{' | b'[') => RowFormat::Json,
        Some(_) => RowFormat::Csv,
    }
}

/// Reads to the end, and keeps the last bytes.
async fn last_bytes(mut from: impl AsyncRead + Unpin) -> Vec<u8> {
    let mut last = Vec::new();
    let mut chunk = [0; 4_096];
    while let Ok(read @ 1..) = from.read(&mut chunk).await {
        last.extend_from_slice(&chunk[..read]);
        let over = last.len().saturating_sub(SHOWN_BYTES);
        last.drain(..over);
    }
    last
}

/// Text of a program for a terminal: control characters are escaped.
fn shown(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut shown = String::new();
    for letter in text.trim_end().chars() {
        match letter {
            '\n' | '\t' => shown.push(letter),
            '\r' => {}
            letter if letter.is_control() => shown.extend(letter.escape_default()),
            letter => shown.push(letter),
        }
    }
    shown
}

impl Source for CommandSource {
    // Arguments can hold passwords, so that the program's name is all that is shown.
    fn name(&self) -> String {
        format!("command {}", self.program)
    }

    fn definition(&self) -> String {
        let words = [std::slice::from_ref(&self.program), &self.arguments].concat();
        format!("command {words:?}\n{}", self.options.definition())
    }

    fn read<'a>(&'a self, sink: &'a mut Sink) -> ReadFuture<'a> {
        Box::pin(async move {
            let began = Timestamp::now();
            self.run(sink).await?;
            Ok(self.options.read(began))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_of_a_program_are_escaped() {
        assert_eq!(shown(b"no\x1b[2Jtable\r\n\n"), "no\\u{1b}[2Jtable");
        assert_eq!(shown("schön\u{9b}".as_bytes()), "schön\\u{9b}");
    }

    #[tokio::test]
    async fn only_the_end_of_a_long_complaint_is_kept() {
        let long = [vec![b'a'; 3 * SHOWN_BYTES], b"the reason".to_vec()].concat();
        let kept = last_bytes(&long[..]).await;
        assert_eq!(kept.len(), SHOWN_BYTES);
        assert!(kept.ends_with(b"the reason"));
    }

    #[test]
    fn json_is_known_by_its_beginning() {
        for (text, format) in [
            ("\u{feff}{\"a\":1}", RowFormat::Json),
            ("\n [{", RowFormat::Json),
            ("", RowFormat::Json),
            ("id,name\n", RowFormat::Csv),
        ] {
            assert_eq!(format_of(text.as_bytes()), format, "{text}");
        }
    }
}
