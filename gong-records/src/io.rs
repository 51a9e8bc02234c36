//! Reading and writing files: finding them by name, opening them, their lines, and putting a file in
//! its place whole.

pub mod atomic_file;
pub(crate) mod blocks;
pub mod discover;
pub mod hash;
pub mod lines;
pub mod open;
pub mod work_folder;
