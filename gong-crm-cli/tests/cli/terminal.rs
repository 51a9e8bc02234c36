//! What a person sees on a terminal, tried with a pseudo terminal.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

/// A command on a pseudo terminal.
pub(crate) struct Terminal {
    child: Child,
    keyboard: File,
    screen: File,
    /// Everything that was shown.
    shown: String,
}

impl Terminal {
    /// Starts a command whose standard streams are the terminal.
    pub(crate) fn start(command: &mut Command) -> Self {
        let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&controller).unwrap();
        unlockpt(&controller).unwrap();
        let name = ptsname(&controller, Vec::new()).unwrap();
        let path = name.into_string().unwrap();
        let terminal = || {
            let file = File::options().read(true).write(true).open(&path).unwrap();
            Stdio::from(OwnedFd::from(file))
        };
        let child = command
            .stdin(terminal())
            .stdout(terminal())
            .stderr(terminal())
            .env("TERM", "xterm")
            .spawn()
            .unwrap();
        // The command keeps the terminal's other end open, so that the end of the child is not
        // noticed.
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let controller = File::from(controller);
        Self {
            child,
            keyboard: controller.try_clone().unwrap(),
            screen: controller,
            shown: String::new(),
        }
    }

    /// Reads until a text is shown.
    #[track_caller]
    pub(crate) fn wait_for(&mut self, text: &str) {
        let mut buffer = [0; 4096];
        while !self.shown.contains(text) {
            // Without anybody at its other end, a pseudo terminal fails with EIO.
            let read = self.screen.read(&mut buffer).unwrap_or_default();
            assert!(read > 0, "{text:?} is never shown:\n{}", self.shown);
            self.shown
                .push_str(&String::from_utf8_lossy(&buffer[..read]));
        }
    }

    pub(crate) fn type_in(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
    }

    /// Sends the signal of Ctrl-C.
    pub(crate) fn interrupt(&self) {
        self.signal(Signal::INT);
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// The same as [`end`](Self::end); a command that does not end is killed, and has no exit code.
    pub(crate) fn end_by_itself(self) -> (Option<i32>, String) {
        let pid = Pid::from_child(&self.child);
        let (ended, wait) = std::sync::mpsc::channel::<()>();
        let watching = std::thread::spawn(move || {
            let waited = wait.recv_timeout(Duration::from_mins(1));
            if waited == Err(RecvTimeoutError::Timeout) {
                let _ = kill_process(pid, Signal::KILL);
            }
        });
        let end = self.end();
        drop(ended);
        watching.join().unwrap();
        end
    }

    /// The exit code, and everything that was shown.
    pub(crate) fn end(mut self) -> (Option<i32>, String) {
        let mut buffer = [0; 4096];
        while let Ok(read @ 1..) = self.screen.read(&mut buffer) {
            self.shown
                .push_str(&String::from_utf8_lossy(&buffer[..read]));
        }
        (self.child.wait().unwrap().code(), self.shown)
    }
}
