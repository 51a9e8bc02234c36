//! The endpoints and pages under `/_sim/`: for clients in any language, and for people with a
//! browser.

mod access;
mod api;
mod control;
mod data;
mod endpoints;
mod html;
mod objects_page;
mod pages;

pub(crate) use endpoints::router;
