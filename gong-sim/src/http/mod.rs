//! HTTP: connections, the guard, and the way of a request to its handler.

mod accept;
mod body;
mod connection;
mod data_file;
mod guard;
mod inject;
mod pipeline;

pub(crate) use accept::{accepts_html, serve};
#[cfg(fuzzing)]
pub(crate) use connection::Connection;
#[cfg(fuzzing)]
pub(crate) use pipeline::answer;
