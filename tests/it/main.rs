//! x

mod openapi;
