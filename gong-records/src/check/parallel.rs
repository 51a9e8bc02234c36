//! The check of one large file on several cores.
//!
//! Threads take blocks of whole lines in turn and check each one, based on what is known at that
//! time about the lines before it. The reports are merged in the order of the blocks. If an
//! assumption of a report turns out to be wrong, its block is checked again. So the result is the
//! same as with one thread.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::ops::ControlFlow;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};
use std::thread;

use super::block::{BlockChecker, BlockReport, BlockStart};
use super::blocks::{Block, Blocks, PADDING};
use super::file::FileCheck;

/// How many blocks per thread may be read and not put together yet.
const BLOCKS_PER_THREAD: usize = 3;

/// A block that was checked, or a line that was too long to be checked.
enum Checked {
    Lines {
        /// The lines and padding.
        bytes: Vec<u8>,
        length: usize,
        is_open: bool,
        start: BlockStart,
        report: Box<BlockReport>,
    },
    LongLine {
        beginning: Vec<u8>,
        length: u64,
    },
    Failed(io::Error),
}

/// The blocks that are still to be read.
struct Source<R> {
    blocks: Blocks<R>,
    next: usize,
    is_ended: bool,
}

/// Checks the rest of a file after its first records.
pub(super) fn check<R: Read + Send>(
    file: &mut FileCheck<'_>,
    blocks: Blocks<R>,
    threads: usize,
) -> io::Result<ControlFlow<()>> {
    let source = Mutex::new(Source {
        blocks,
        next: 0,
        is_ended: false,
    });
    let start = RwLock::new(file.start());
    let settings = file.settings.clone();
    // A thread takes a buffer before it reads a block, so the one that has the oldest block never
    // waits, and the blocks that wait for it are few.
    let (return_buffer, buffers) = channel::<Vec<u8>>();
    for _ in 0..threads * BLOCKS_PER_THREAD {
        drop(return_buffer.send(Vec::new()));
    }
    let buffers = Mutex::new(buffers);
    let (sender, receiver) = channel::<(usize, Checked)>();
    thread::scope(|scope| {
        for _ in 0..threads {
            let sender = sender.clone();
            let (source, buffers, start) = (&source, &buffers, &start);
            let mut checker = BlockChecker::new(settings.clone());
            scope.spawn(move || {
                while let Some((at, checked)) = next(source, buffers, start, &mut checker) {
                    if sender.send((at, checked)).is_err() {
                        break;
                    }
                }
            });
        }
        drop(sender);
        let mut waiting = BTreeMap::new();
        let mut at = 0;
        for (number, checked) in &receiver {
            waiting.insert(number, checked);
            while let Some(checked) = waiting.remove(&at) {
                at += 1;
                let flow = append(file, checked, |buffer| drop(return_buffer.send(buffer)));
                *start.write().unwrap_or_else(PoisonError::into_inner) = file.start();
                if !matches!(flow, Ok(ControlFlow::Continue(()))) {
                    lock(&source).is_ended = true;
                    // Threads that wait for a buffer find that there is nothing left to read.
                    for _ in 0..threads {
                        drop(return_buffer.send(Vec::new()));
                    }
                    return flow;
                }
            }
        }
        Ok(ControlFlow::Continue(()))
    })
}

/// Reads the next block, and checks it.
fn next<R: Read>(
    source: &Mutex<Source<R>>,
    buffers: &Mutex<Receiver<Vec<u8>>>,
    start: &RwLock<BlockStart>,
    checker: &mut BlockChecker<'_>,
) -> Option<(usize, Checked)> {
    let mut bytes = lock(buffers).recv().ok()?;
    let (number, length, is_open) = {
        let mut source = lock(source);
        if source.is_ended {
            return None;
        }
        let number = source.next;
        source.next += 1;
        let block = source.blocks.next();
        let block = match block {
            Ok(Block::Lines {
                bytes: lines,
                length,
                is_open,
            }) => {
                bytes.clear();
                bytes.extend_from_slice(&lines[..length]);
                bytes.resize(length + PADDING, 0);
                Ok((number, length, is_open))
            }
            Ok(Block::LongLine {
                beginning, length, ..
            }) => Err(Checked::LongLine {
                beginning: beginning.to_vec(),
                length,
            }),
            Ok(Block::End) => {
                source.is_ended = true;
                return None;
            }
            Err(error) => {
                let failed = Checked::Failed(error);
                source.is_ended = true;
                return Some((number, failed));
            }
        };
        match block {
            Ok(block) => block,
            Err(checked) => return Some((number, checked)),
        }
    };
    let start = *start.read().unwrap_or_else(PoisonError::into_inner);
    let report = Box::new(checker.check(&bytes, length, start));
    let checked = Checked::Lines {
        bytes,
        length,
        is_open,
        start,
        report,
    };
    Some((number, checked))
}

/// Adds what was found in a block.
fn append(
    file: &mut FileCheck<'_>,
    checked: Checked,
    return_buffer: impl FnOnce(Vec<u8>),
) -> io::Result<ControlFlow<()>> {
    match checked {
        Checked::Lines {
            bytes,
            length,
            is_open,
            start,
            report,
        } => {
            file.add_bytes(length as u64 - u64::from(is_open));
            let report = if file.is_valid(&start, &report) {
                *report
            } else {
                let start = file.start();
                file.checker.check(&bytes, length, start)
            };
            return_buffer(bytes);
            Ok(file.append(report))
        }
        Checked::LongLine { beginning, length } => {
            file.long_line(&beginning, length);
            return_buffer(beginning);
            Ok(ControlFlow::Continue(()))
        }
        Checked::Failed(error) => Err(error),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
