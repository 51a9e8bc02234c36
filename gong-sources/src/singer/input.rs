//! The lines of a tap, read on a separate thread, so that a slow tap does not block anything.

use std::io::{self, BufRead as _, BufReader, Read};
use std::thread;

use tokio::sync::mpsc;

/// The longest line: no record is larger.
const MAX_LINE: u64 = 64 << 20;

/// How many lines are handed over at once.
const LINES: usize = 1_000;

/// How many such parcels wait.
const WAITING: usize = 4;

/// Lines in their order.
#[derive(Debug)]
pub(super) struct Lines(mpsc::Receiver<io::Result<Vec<String>>>);

impl Lines {
    pub(super) fn read(input: impl Read + Send + 'static) -> Self {
        let (sender, receiver) = mpsc::channel(WAITING);
        // A read of standard input can't be stopped; the thread ends with the input or the process.
        let reading = thread::Builder::new().name("tap".to_owned());
        let failed = sender.clone();
        let started = reading.spawn(move || {
            let mut input = BufReader::with_capacity(256 * 1024, input);
            let mut before = 0;
            loop {
                let lines = some_lines(&mut input, before);
                before += lines.as_ref().map_or(0, Vec::len);
                let is_end = lines.as_ref().map_or(true, Vec::is_empty);
                if lines.as_ref().is_ok_and(Vec::is_empty) || sender.blocking_send(lines).is_err() {
                    return;
                }
                if is_end {
                    return;
                }
            }
        });
        if let Err(error) = started {
            // The channel is empty.
            drop(failed.try_send(Err(error)));
        }
        Self(receiver)
    }

    /// The next lines; `None` at the end.
    pub(super) async fn next(&mut self) -> Option<io::Result<Vec<String>>> {
        self.0.recv().await
    }
}

/// What the tap wrote can't be used, as opposed to what can't be read.
fn unusable(line: usize, message: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("line {line} {message}"))
}

/// One line after those `before`, and those that are there already.
fn some_lines(input: &mut BufReader<impl Read>, before: usize) -> io::Result<Vec<String>> {
    let mut lines = Vec::new();
    while lines.is_empty() || (lines.len() < LINES && input.buffer().contains(&b'\n')) {
        let mut line = Vec::new();
        let read = input.by_ref().take(MAX_LINE).read_until(b'\n', &mut line)?;
        if read == 0 {
            break;
        }
        let number = before + lines.len() + 1;
        if read as u64 == MAX_LINE && line.last() != Some(&b'\n') {
            return Err(unusable(number, "is longer than 64 MiB"));
        }
        let line = String::from_utf8(line)
            .map_err(|_| unusable(number, "is not UTF-8, as JSON has to be"))?;
        lines.push(line);
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn lines_are_in_order_and_end_at_the_end() {
        let numbers: Vec<String> = (0..2_500).map(|number| number.to_string()).collect();
        let text = numbers.join("\n") + "\n";
        let mut lines = Lines::read(io::Cursor::new(text.clone() + "last"));
        let mut all = String::new();
        while let Some(some) = lines.next().await {
            all.extend(some.unwrap());
        }
        assert_eq!(all, text.clone() + "last");
        let bad = [text.as_bytes(), &[b'a', 0xff, b'\n']].concat();
        let mut lines = Lines::read(io::Cursor::new(bad));
        let mut ended = None;
        while let Some(some) = lines.next().await {
            assert!(ended.is_none(), "something came after the error");
            ended = some.err();
        }
        let said = ended.unwrap().to_string();
        assert_eq!(said, "line 2501 is not UTF-8, as JSON has to be");
    }
}
