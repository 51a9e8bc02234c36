//! Credentials that a command prints, such as one of a password manager.

use std::io::{BufRead as _, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use secrecy::SecretString;
use serde::{Deserialize, Deserializer};

use crate::config::singer::secret_variables;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::Output;

/// Time limit of the command: long enough for a person to unlock something.
const TIMEOUT: Duration = Duration::from_mins(2);

/// For how long messages are awaited after the end of the command.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// The most bytes that it may print.
const MAX_BYTES: u64 = 64 * 1024;

/// The most bytes of a line on its standard error, and the most lines, that are shown.
const MAX_LINE_BYTES: u64 = 1024;
const MAX_LINES: usize = 50;

/// How often it is looked whether it has ended, once it has printed all.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// The variables that hold secrets, which no command that is run gets to see.
const SECRET_VARIABLES: [&str; 6] = [
    "GONG_ACCESS_KEY",
    "GONG_ACCESS_KEY_SECRET",
    "GONG_BEARER_TOKEN",
    "GONG_ACCESS_KEY_FILE",
    "GONG_ACCESS_KEY_SECRET_FILE",
    "GONG_BEARER_TOKEN_FILE",
];

/// The output of the command: an access key pair, or a bearer token.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Printed {
    #[serde(default, deserialize_with = "secret")]
    pub(crate) access_key: Option<SecretString>,
    #[serde(default, deserialize_with = "secret")]
    pub(crate) access_key_secret: Option<SecretString>,
    #[serde(default, deserialize_with = "secret")]
    pub(crate) bearer_token: Option<SecretString>,
}

fn secret<'de, D: Deserializer<'de>>(from: D) -> Result<Option<SecretString>, D::Error> {
    Ok(Option::<String>::deserialize(from)?.map(SecretString::from))
}

/// Runs the command in the folder of its config file, and reads what it prints.
pub(crate) fn run(words: &[String], folder: &Path, output: Output) -> Result<Printed, CliError> {
    let Some((program, arguments)) = words.split_first() else {
        return Err(failed("it is empty"));
    };
    let mut command = Command::new(program);
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    if !folder.as_os_str().is_empty() {
        command.current_dir(folder);
    }
    for name in SECRET_VARIABLES {
        command.env_remove(name);
    }
    for name in secret_variables() {
        command.env_remove(name);
    }
    let mut child = command
        .spawn()
        .map_err(|error| failed(format!("{program} could not be run: {error}")))?;
    let (printed, heard) = collect(&mut child, output);
    let deadline = Instant::now() + TIMEOUT;
    let timed_out = |child: &mut Child| {
        drop(child.kill());
        drop(child.wait());
        failed(format!(
            "{program} did not finish within {} s",
            TIMEOUT.as_secs()
        ))
    };
    let Ok(printed) = printed.recv_timeout(TIMEOUT) else {
        return Err(timed_out(&mut child));
    };
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if Instant::now() < deadline => std::thread::sleep(LOOK_EVERY),
            Ok(None) => return Err(timed_out(&mut child)),
            Err(error) => return Err(failed(format!("{program}: {error}"))),
        }
    };
    // Its reasons are shown before ours. What it started may hold its error output open.
    let _ = heard.recv_timeout(LAST_WORDS);
    let bytes = printed.map_err(|error| failed(format!("{program}: {error}")))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(failed(format!(
            "{program} printed more than {MAX_BYTES} bytes"
        )));
    }
    if !status.success() {
        return Err(failed(format!("{program} failed: {status}")));
    }
    // The reason of the parser could quote a secret.
    serde_json::from_slice(&bytes).map_err(|_| {
        failed(format!("{program} did not print credentials")).with_hint(
            "print {\"accessKey\": \"...\", \"accessKeySecret\": \"...\"} or {\"bearerToken\": \"...\"}",
        )
    })
}

fn failed(message: impl std::fmt::Display) -> CliError {
    CliError::new(Exit::Credentials, format!("credential-process: {message}"))
}

/// Reads both outputs on their own threads: the results to their end, messages as they come. The second
/// receiver ends with the messages.
fn collect(
    child: &mut Child,
    output: Output,
) -> (Receiver<std::io::Result<Vec<u8>>>, Receiver<()>) {
    let (sender, receiver) = channel();
    let stdout = child.stdout.take();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let read = stdout.map_or(Ok(0), |stdout| {
            stdout.take(MAX_BYTES + 1).read_to_end(&mut bytes)
        });
        drop(sender.send(read.map(|_| bytes)));
    });
    let stderr = child.stderr.take();
    let (hears, heard) = channel();
    std::thread::spawn(move || {
        // It is dropped at the end of the messages.
        let _hears: Sender<()> = hears;
        let Some(stderr) = stderr else { return };
        let mut messages = BufReader::new(stderr);
        for _ in 0..MAX_LINES {
            let mut line = Vec::new();
            let read = Read::take(&mut messages, MAX_LINE_BYTES).read_until(b'\n', &mut line);
            if !matches!(read, Ok(1..)) {
                return;
            }
            output.message(String::from_utf8_lossy(&line).trim_end());
        }
        // The rest is read, so that the command does not block.
        drop(std::io::copy(&mut messages, &mut std::io::sink()));
    });
    (receiver, heard)
}
