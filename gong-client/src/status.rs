//! The status of an upload or a deletion.

use std::fmt;

use gong_api_gen::types;

use crate::client::Client;
use crate::error::Error;
use crate::operation::Operation;
use gong_records::ids::{ClientRequestId, IntegrationId};

/// The most errors that Gong lists in one status.
pub const MAX_LISTED_ERRORS: usize = 20;

/// The state of a request that Gong processes in the background.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RequestState {
    /// It waits to be processed.
    Pending,
    /// It is being processed.
    InProgress,
    /// Every object is processed; after a deletion, everything is removed.
    Done,
    /// Some objects could not be parsed, or the whole request failed.
    Failed,
    /// A state that this crate does not know; it counts as not final.
    Unknown(String),
}

impl RequestState {
    /// The word of a state that this crate does not know, in quotes.
    ///
    /// ```
    /// use gong_client::RequestState;
    ///
    /// let state = RequestState::Unknown("QUEUED".to_owned());
    /// assert_eq!(state.unknown_word().as_deref(), Some("\"QUEUED\""));
    /// assert_eq!(RequestState::Done.unknown_word(), None);
    /// ```
    pub fn unknown_word(&self) -> Option<String> {
        match self {
            Self::Unknown(word) => Some(format!("{word:?}")),
            _ => None,
        }
    }

    /// Whether the request is finished.
    ///
    /// ```
    /// use gong_client::RequestState;
    ///
    /// assert!(RequestState::Failed.is_final());
    /// assert!(!RequestState::InProgress.is_final());
    /// assert!(!RequestState::Unknown("QUEUED".to_owned()).is_final());
    /// ```
    pub fn is_final(&self) -> bool {
        match self {
            Self::Done | Self::Failed => true,
            Self::Pending | Self::InProgress | Self::Unknown(_) => false,
        }
    }

    /// The value on the wire.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Pending => "PENDING",
            Self::InProgress => "IN_PROGRESS",
            Self::Done => "DONE",
            Self::Failed => "FAILED",
            Self::Unknown(word) => word,
        }
    }

    fn from_word(word: &str) -> Self {
        let known = [Self::Pending, Self::InProgress, Self::Done, Self::Failed];
        let mut known = known.into_iter();
        // In another case it means the same.
        known
            .find(|state| word.eq_ignore_ascii_case(state.as_str()))
            .unwrap_or_else(|| Self::Unknown(word.to_owned()))
    }
}

impl fmt::Display for RequestState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl serde::Serialize for RequestState {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> serde::Deserialize<'de> for RequestState {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Ok(Self::from_word(&word))
    }
}

/// An error that Gong lists for a rejected line.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub struct LineError {
    /// The line of the uploaded file, from 1; 0 concerns the whole file.
    pub line: u64,
    /// Gong's message.
    pub description: String,
}

/// The status of a request, as Gong returns it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct RequestStatus {
    /// The state.
    pub status: RequestState,
    /// At most [`MAX_LISTED_ERRORS`] of the errors.
    #[serde(default)]
    pub errors: Vec<LineError>,
    /// How many objects could not be parsed.
    pub total_error_count: Option<u64>,
    /// How many objects were valid.
    pub total_success_count: Option<u64>,
    /// Gong's id of this status call, not of the request that it is about.
    pub request_id: Option<String>,
}

impl RequestStatus {
    /// A status with a state and no details.
    pub fn new(status: RequestState) -> Self {
        Self {
            status,
            errors: Vec::new(),
            total_error_count: None,
            total_success_count: None,
            request_id: None,
        }
    }

    /// How many errors Gong counted and did not list.
    pub fn unlisted_errors(&self) -> u64 {
        let listed = self.errors.len() as u64;
        self.total_error_count
            .unwrap_or(listed)
            .saturating_sub(listed)
    }

    /// The error that concerns the whole file, if there is one: line 0.
    pub fn general_error(&self) -> Option<&LineError> {
        self.errors.iter().find(|error| error.line == 0)
    }
}

impl RequestStatus {
    fn from_raw(answer: types::RequestStatusResponse) -> Self {
        let count = |count: Option<i32>| count.and_then(|count| u64::try_from(count).ok());
        let line_error = |error: types::LineErrorResponse| LineError {
            line: count(error.line).unwrap_or_default(),
            description: error.description.unwrap_or_default(),
        };
        let errors = answer.errors.unwrap_or_default().into_iter();
        let mut errors: Vec<LineError> = errors.map(line_error).collect();
        for (name, count) in [
            ("totalErrorCount", answer.total_error_count),
            ("totalSuccessCount", answer.total_success_count),
        ] {
            // It counts nothing, so it contradicts whatever else the status says.
            if let Some(count) = count.filter(|count| *count < 0) {
                errors.push(LineError {
                    line: 0,
                    description: format!("{name} is {count}"),
                });
            }
        }
        Self {
            status: RequestState::from_word(answer.status.as_deref().unwrap_or_default()),
            errors,
            total_error_count: count(answer.total_error_count),
            total_success_count: count(answer.total_success_count),
            request_id: answer.request_id,
        }
    }
}

impl Client {
    /// Reads the status of an upload or a deletion.
    ///
    /// # Errors
    ///
    /// Any [`ErrorKind`](crate::ErrorKind) of a call. Gong does not document its response for an
    /// unknown id; right after an upload it may not know the id yet.
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// # let sim = gong_sim::Simulator::start().await?;
    /// # let client = gong_client::Client::builder().base_url(sim.base_url())
    /// #     .credentials(gong_client::Credentials::access_key(sim.access_key(), sim.access_key_secret()))
    /// #     .build()?;
    /// # let integration_id = sim.register_integration("Acme CRM", "admin@acme.example").into();
    /// use gong_client::{RequestState, Upload};
    /// use gong_records::{Account, EntityFile, ObjectType};
    ///
    /// let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("accounts.ldjson");
    /// let mut file = EntityFile::create(&path)?;
    /// file.write(&Account::builder().object_id("a-1").modified_date("2026-03-01T09:30:00Z").build()?)?;
    /// file.finish()?;
    /// let id = "accounts-2026-03-01".parse()?;
    /// let upload = Upload::new(integration_id, ObjectType::Account, id, path);
    /// client.upload(&upload, |_| {}).await?;
    ///
    /// let status = client.request_status(integration_id, &upload.client_request_id).await?;
    /// assert_eq!(status.status, RequestState::Done);
    /// assert_eq!(status.total_success_count, Some(1));
    /// assert_eq!((status.unlisted_errors(), status.general_error()), (0, None));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub async fn request_status(
        &self,
        integration_id: IntegrationId,
        client_request_id: &ClientRequestId,
    ) -> Result<RequestStatus, Error> {
        let id = client_request_id.as_str();
        let call = || self.raw().get_request_status(id, integration_id.get());
        self.call_idempotent(Operation::GetRequestStatus, call)
            .await
            .map(RequestStatus::from_raw)
            .map_err(|error| error.with_client_request_id(client_request_id))
    }

    /// The same without retries, for callers that retry on their own.
    ///
    /// # Errors
    ///
    /// As [`Client::request_status`].
    pub async fn request_status_once(
        &self,
        integration_id: IntegrationId,
        client_request_id: &ClientRequestId,
    ) -> Result<RequestStatus, Error> {
        let call = || {
            let id = client_request_id.as_str();
            let call = self.raw().get_request_status(id, integration_id.get());
            // On the heap: many of these futures wait at the same time.
            Box::pin(self.call(Operation::GetRequestStatus, call))
        };
        let answered = match call().await {
            Err(error) if self.has_new_token(&error) => call().await,
            answered => answered,
        };
        answered
            .map(RequestStatus::from_raw)
            .map_err(|error| error.with_client_request_id(client_request_id))
    }
}
