//! Files on disk: finding them by name, and putting them in their places whole.

pub mod atomic_file;
pub mod discover;
