//! A tap that runs, and what it says meanwhile.

use std::io::{self, BufRead as _, BufReader, Read as _};
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Hears the lines of a tap's standard error.
pub(super) type Hears = Arc<dyn Fn(&str) + Send + Sync>;

/// The longest line of a tap's standard error; the rest of a longer one is the next line.
const MAX_LINE: u64 = 16 * 1024;

/// How often its end is looked for: first, and at most.
const PAUSES: [Duration; 2] = [Duration::from_millis(1), Duration::from_millis(50)];

/// How long its last words are waited for, once it has ended.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// A tap that runs; it is stopped with this value, and what it started with it.
#[derive(Debug)]
pub(super) struct Running {
    child: Child,
    hearing: Option<JoinHandle<()>>,
    #[cfg(unix)]
    group: Option<rustix::process::Pid>,
}

impl Running {
    /// Starts a tap, on Unix in a process group of its own. Without somebody who hears, its standard
    /// error is that of this process.
    pub(super) fn start(
        mut command: Command,
        hears: Option<Hears>,
    ) -> io::Result<(Self, ChildStdout)> {
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        if hears.is_some() {
            command.stderr(Stdio::piped());
        }
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command.spawn()?;
        let output = child.stdout.take();
        let output = output.ok_or_else(|| io::Error::other("it has no output"))?;
        let mut running = Self {
            #[cfg(unix)]
            group: i32::try_from(child.id())
                .ok()
                .and_then(rustix::process::Pid::from_raw),
            child,
            hearing: None,
        };
        if let (Some(hears), Some(errors)) = (hears, running.child.stderr.take()) {
            let hearing = thread::Builder::new().name("tap's messages".to_owned());
            running.hearing = Some(hearing.spawn(move || hear(errors, &*hears))?);
        }
        Ok((running, output))
    }

    /// Waits for its end, and until all that it said was heard.
    pub(super) async fn wait(&mut self) -> io::Result<ExitStatus> {
        let mut pause = PAUSES[0];
        let status = loop {
            if let Some(status) = self.child.try_wait()? {
                break status;
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(PAUSES[1]);
        };
        // Its number may belong to another process from now on.
        #[cfg(unix)]
        {
            self.group = None;
        }
        // What it started may hold its standard error open, so that this ends in any case.
        pause = PAUSES[0];
        while self.is_heard() && pause < LAST_WORDS {
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
        Ok(status)
    }

    fn is_heard(&self) -> bool {
        let hearing = self.hearing.as_ref();
        hearing.is_some_and(|hearing| !hearing.is_finished())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        #[cfg(unix)]
        if let Some(group) = self.group {
            // It may have ended meanwhile.
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
        if matches!(self.child.try_wait(), Ok(None)) {
            drop(self.child.kill());
            drop(self.child.wait());
        }
    }
}

/// Hands the lines on until there are no more.
fn hear(errors: ChildStderr, hears: &dyn Fn(&str)) {
    let mut errors = BufReader::new(errors);
    let mut line = Vec::new();
    loop {
        line.clear();
        match errors.by_ref().take(MAX_LINE).read_until(b'\n', &mut line) {
            Ok(1..) => {
                let text = String::from_utf8_lossy(&line);
                hears(text.trim_end());
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            _ => return,
        }
    }
}
