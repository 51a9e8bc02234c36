//! One round of a sync: what it adds to a push.
//!
//! A sync plans and sends with the same code as a push. Here are the records that vanished, the
//! limits, and who owns which records; [`reads`](super::reads) has the types.

mod candidates;
mod commit;
mod deletions;
mod gone;
mod handed_over;
mod held_before;
mod limits;
mod marked;
mod protect;
mod run;
mod stages;
mod twins;
mod unclaimed;
mod unknown;
mod unsent;

pub(in crate::push) use protect::salesforce_suffix;
pub(crate) use run::{Preview, ReadContext, RoundFiles, run_round};
