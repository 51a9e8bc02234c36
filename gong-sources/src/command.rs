//! A program's standard output as a source: `psql`, `duckdb`, `bq`, `snowsql`, `sqlcmd`, a script.
//!
//! The program keeps its own credentials; Gong's are not in its environment.

use std::ffi::OsString;
use std::fmt;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use gong_crm::source::{ReadFuture, RowFormat, Sink, Source, SourceError};
use jiff::Timestamp;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::Command;
use tokio::sync::Mutex;

use crate::environment::own_variables;
use crate::options::SourceOptions;
use process::Running;
use tokio::process::ChildStdout;

mod process;

/// How many of the last bytes of standard error are shown when a program fails.
const SHOWN_BYTES: usize = 4_096;

/// How much is read at once.
const CHUNK_BYTES: usize = 256 * 1_024;

/// For how long a program may write nothing. A query of a warehouse takes minutes before its first row;
/// a program that hangs would stop every later round, too.
const PATIENCE: Duration = Duration::from_hours(1);

/// For how long output is awaited after the end of the program: what it started may hold it open.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// A program whose standard output is read: one JSON object per line, an array of objects, or CSV.
///
/// The read is complete when the program ends with exit code 0; with any other, nothing of it is
/// used. Nor if a process that it started still holds its output a second after its end, or if it
/// writes nothing for [`SourceOptions::timeout`]. Without a mapping, each line is a record as Gong accepts it.
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
        let (Some(output), Some(errors)) = (running.stdout(), running.stderr()) else {
            return Err(SourceError::failed("the program has no output"));
        };
        let complaints = Arc::new(Mutex::new(Vec::new()));
        let heard = tokio::spawn(last_bytes(errors, Arc::clone(&complaints)));
        let mut output = Output {
            pipe: output,
            running,
            patience: self.options.timeout.unwrap_or(PATIENCE),
            status: None,
        };
        let failed = |reason: Silence| SourceError::failed(format!("{} {reason}", self.program));
        let mut chunk = vec![0; CHUNK_BYTES];
        let mut filled = output.read(&mut chunk).await?.map_err(failed)?;
        // Enough to distinguish JSON from CSV.
        while filled > 0 && chunk[..filled].iter().all(u8::is_ascii_whitespace) {
            match output.read(&mut chunk).await?.map_err(failed)? {
                0 => break,
                more => filled = more,
            }
        }
        let format = format_of(&chunk[..filled]);
        let mut rows = sink.rows(format)?;
        while filled > 0 {
            rows.write_all(&chunk[..filled])?;
            filled = output.read(&mut chunk).await?.map_err(failed)?;
        }
        let status = output.end().await?.map_err(failed)?;
        if !status.success() {
            // What it started may hold this open, too; what was said until then is shown.
            drop(tokio::time::timeout(LAST_WORDS, heard).await);
            let complaints = shown(&complaints.lock().await);
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

/// Why nothing more is read of a program.
#[derive(Debug, Clone, Copy)]
enum Silence {
    /// It has written nothing for so long.
    Long(Duration),
    /// It has ended, and its output has not.
    HeldOpen,
}

impl fmt::Display for Silence {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Long(time) => write!(
                formatter,
                "wrote nothing for {time:.0?} and was stopped; if it needs longer, set `timeout` of the \
                 source"
            ),
            Self::HeldOpen => formatter.write_str(
                "ended, but a process that it started still holds its output, so that more could \
                 come: let it wait for what it starts",
            ),
        }
    }
}

/// The output of a running program.
struct Output {
    pipe: ChildStdout,
    running: Running,
    patience: Duration,
    status: Option<ExitStatus>,
}

impl Output {
    /// Reads some bytes; none at the end.
    async fn read(&mut self, chunk: &mut [u8]) -> io::Result<Result<usize, Silence>> {
        loop {
            let (patience, at_last) = match self.status {
                None => (self.patience, Err(Silence::Long(self.patience))),
                Some(status) if status.success() => (LAST_WORDS, Err(Silence::HeldOpen)),
                // Its exit code says enough.
                Some(_) => (LAST_WORDS, Ok(0)),
            };
            tokio::select! {
                read = self.pipe.read(chunk) => return read.map(Ok),
                status = self.running.wait(), if self.status.is_none() => self.status = Some(status?),
                () = tokio::time::sleep(patience) => return Ok(at_last),
            }
        }
    }

    /// Waits for the end of a program that writes no more.
    async fn end(mut self) -> io::Result<Result<ExitStatus, Silence>> {
        if let Some(status) = self.status {
            return Ok(Ok(status));
        }
        match tokio::time::timeout(self.patience, self.running.wait()).await {
            Ok(status) => status.map(Ok),
            Err(_) => Ok(Err(Silence::Long(self.patience))),
        }
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

/// Reads everything, and keeps the last bytes.
async fn last_bytes(mut from: impl AsyncRead + Unpin, kept: Arc<Mutex<Vec<u8>>>) {
    let mut chunk = [0; 4_096];
    while let Ok(read @ 1..) = from.read(&mut chunk).await {
        let mut last = kept.lock().await;
        last.extend_from_slice(&chunk[..read]);
        let over = last.len().saturating_sub(SHOWN_BYTES);
        last.drain(..over);
    }
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
        let kept = Arc::default();
        last_bytes(&long[..], Arc::clone(&kept)).await;
        let kept = kept.lock().await;
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
