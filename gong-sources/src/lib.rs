#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(any(
    feature = "mysql",
    feature = "parquet",
    feature = "postgres",
    feature = "sqlite"
))]
mod columns;
#[cfg(feature = "command")]
pub mod command;
#[cfg(any(feature = "command", feature = "singer"))]
mod environment;
#[cfg(feature = "postgres")]
pub mod ledger;
mod open_error;
pub mod options;
pub mod origin;
#[cfg(feature = "parquet")]
pub mod parquet;
#[cfg(feature = "postgres")]
mod postgres;
pub mod secret;
#[cfg(feature = "singer")]
pub mod singer;
pub mod sql;
#[cfg(feature = "tls")]
mod tls;

pub use open_error::OpenError;
pub use options::SourceOptions;
pub use origin::Origin;
pub use secret::SecretUrl;
