//! HTTP: connections, the guard, and the way of a request to its handler.

mod accept;
mod body;
mod data_file;
mod guard;
mod inject;
mod pipeline;

#[cfg(fuzzing)]
pub(crate) use accept::Connection;
pub(crate) use accept::serve;
#[cfg(fuzzing)]
pub(crate) use pipeline::answer;
