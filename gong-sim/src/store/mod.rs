//! The data of the simulated Gong: integrations with their objects, uploads, meetings.

mod dump;
pub(crate) mod file;
mod file_reader;
mod integration;
mod judge;
mod meetings;
mod objects;
mod seed;
mod shown;
mod state;
mod uploads;

pub use dump::DumpError;
pub(crate) use file_reader::FileReader;
pub use integration::Integration;
pub(crate) use integration::IntegrationData;
pub(crate) use meetings::Meeting;
pub use meetings::{GongUser, InvalidUser};
pub(crate) use objects::key_of;
pub use seed::SeedError;
pub(crate) use shown::{ShownObject, shown_objects};
pub(crate) use state::{ACCOUNT_DELAY, KEPT_BODY_BYTES, READ_TIMEOUT, State};
pub use uploads::{LineError, Upload, UploadKind, UploadStatus};
pub(crate) use uploads::{Outcome, StoredUpload, Uploads};
