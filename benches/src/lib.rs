//! What the benches share.

pub mod figures;
pub mod gong;
pub mod workplace;
