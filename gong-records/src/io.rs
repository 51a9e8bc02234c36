//! Reading and writing files: finding them by name, opening them, reading their lines, and writing
//! them atomically.

pub mod atomic_file;
pub(crate) mod blocks;
pub mod dated;
pub mod discover;
pub mod hash;
pub mod lines;
pub mod open;
pub mod pattern;
pub mod work_folder;
