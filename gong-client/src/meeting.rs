//! Meetings, and whether people's meetings are connected to Gong.

use gong_api_gen::types;

use crate::client::Client;
use crate::error::Error;
use crate::operation::Operation;
use gong_records::ids::MeetingId;
use gong_records::value::Timestamp;

/// The most addresses in one call of the readiness check.
pub const MAX_EMAILS: usize = 100;

/// Whether a person's meetings are connected to Gong.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct MeetingReadiness {
    /// The address that was checked.
    pub email: String,
    /// Whether Gong has such a user.
    pub exists: bool,
    /// Whether the user's meeting integration is connected.
    pub valid: bool,
    /// Why it is not connected, as a message for the user.
    pub user_facing_error: Option<String>,
    /// A link to fix it.
    pub fix_url: Option<String>,
    /// A link that explains it.
    pub help_url: Option<String>,
}

/// A person invited to a meeting.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Invitee {
    /// The person's address.
    pub email: Option<String>,
    /// The name to show.
    pub display_name: Option<String>,
    /// The first name.
    pub first_name: Option<String>,
    /// The last name.
    pub last_name: Option<String>,
}

impl Invitee {
    /// A person known by an address alone.
    pub fn from_email(email: impl Into<String>) -> Self {
        Self {
            email: Some(email.into()),
            ..Self::default()
        }
    }
}

/// A meeting to create, or the complete replacement of an existing one.
///
/// ```
/// use gong_client::{Invitee, Meeting};
///
/// let (start, end) = ("2026-03-02T14:00:00+01:00".parse()?, "2026-03-02T14:45:00+01:00".parse()?);
/// let meeting = Meeting::new("ada@acme.example", start, end)
///     .title("Kickoff")
///     .invitees([Invitee::from_email("joe@globex.example")]);
/// assert_eq!(meeting.invitees.len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Meeting {
    /// When it starts.
    pub start_time: Timestamp,
    /// The end time.
    pub end_time: Timestamp,
    /// The address of the Gong user who organizes it.
    pub organizer_email: String,
    /// Who is invited, without the organizer.
    pub invitees: Vec<Invitee>,
    /// The title.
    pub title: Option<String>,
    /// The meeting's id in your system.
    pub external_id: Option<String>,
    /// The conference provider, such as `zoom`; by default the organizer's provider.
    pub provider: Option<String>,
}

impl Meeting {
    /// A meeting of the Gong user with this address, without invitees or a title.
    pub fn new(
        organizer_email: impl Into<String>,
        start_time: Timestamp,
        end_time: Timestamp,
    ) -> Self {
        Self {
            start_time,
            end_time,
            organizer_email: organizer_email.into(),
            invitees: Vec::new(),
            title: None,
            external_id: None,
            provider: None,
        }
    }

    /// Who is invited, without the organizer.
    #[must_use]
    pub fn invitees(mut self, invitees: impl IntoIterator<Item = Invitee>) -> Self {
        self.invitees = invitees.into_iter().collect();
        self
    }

    /// Sets the title.
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = Some(title.into());
        self
    }

    /// The meeting's id in your system.
    #[must_use]
    pub fn external_id(mut self, id: impl Into<String>) -> Self {
        self.external_id = Some(id.into());
        self
    }

    /// The conference provider, such as `zoom`; by default the organizer's provider.
    #[must_use]
    pub fn provider(mut self, provider: impl Into<String>) -> Self {
        self.provider = Some(provider.into());
        self
    }
}

/// A meeting that Gong created.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct CreatedMeeting {
    /// The meeting's id in Gong, up to 20 digits.
    pub meeting_id: Option<String>,
    /// The URL of the conference.
    pub meeting_url: Option<String>,
    /// Attendees that you still have to add to the invitation, such as the address of Gong's
    /// assistant, so that Gong records the meeting. Gong does not invite them itself.
    pub additional_invitees: Vec<Invitee>,
}

impl Client {
    /// Checks for each address whether the person's meetings are connected to Gong, with one call per
    /// [`MAX_EMAILS`] addresses.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Forbidden`](crate::ErrorKind::Forbidden) when the company is not in the limited release of this operation;
    /// any [`ErrorKind`](crate::ErrorKind) of a call.
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// # let sim = gong_sim::Simulator::start().await?;
    /// # let client = gong_client::Client::builder().base_url(sim.base_url())
    /// #     .credentials(gong_client::Credentials::access_key(sim.access_key(), sim.access_key_secret()))
    /// #     .build()?;
    /// # sim.add_user(gong_sim::GongUser::new("ada@acme.example"));
    /// let people = ["ada@acme.example".to_owned(), "nobody@acme.example".to_owned()];
    /// let readiness = client.meeting_readiness(&people).await?;
    /// assert!(readiness[0].exists && readiness[0].valid);
    /// assert!(!readiness[1].exists);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub async fn meeting_readiness(
        &self,
        emails: &[String],
    ) -> Result<Vec<MeetingReadiness>, Error> {
        let mut users = Vec::with_capacity(emails.len());
        for chunk in emails.chunks(MAX_EMAILS) {
            let body = types::IntegrationStatusRequest {
                emails: chunk.to_vec(),
            };
            let call = || self.raw().integration_status(&body);
            let answer = self
                .call_idempotent(Operation::IntegrationStatus, call)
                .await?;
            users.extend(answer.users.unwrap_or_default().into_iter().map(readiness));
        }
        Ok(users)
    }

    /// Creates a meeting.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) when no Gong user has the organizer's address;
    /// [`ErrorKind::Conflict`](crate::ErrorKind::Conflict) when Gong cannot create the meeting, with
    /// [`Error::user_facing_error`] and [`Error::fix_url`]; any [`ErrorKind`](crate::ErrorKind) of a call.
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// # let sim = gong_sim::Simulator::start().await?;
    /// # let client = gong_client::Client::builder().base_url(sim.base_url())
    /// #     .credentials(gong_client::Credentials::access_key(sim.access_key(), sim.access_key_secret()))
    /// #     .build()?;
    /// use gong_client::Meeting;
    ///
    /// # sim.add_user(gong_sim::GongUser::new("ada@acme.example"));
    /// let start = "2026-03-02T14:00:00+01:00".parse()?;
    /// let end = "2026-03-02T14:45:00+01:00".parse()?;
    /// let meeting = Meeting::new("ada@acme.example", start, end);
    /// let made = client.add_meeting(&meeting).await?;
    /// assert!(made.meeting_url.is_some());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub async fn add_meeting(&self, meeting: &Meeting) -> Result<CreatedMeeting, Error> {
        let body = types::NewMeetingRequest {
            start_time: meeting.start_time.to_string(),
            end_time: meeting.end_time.to_string(),
            organizer_email: meeting.organizer_email.clone(),
            invitees: meeting
                .invitees
                .iter()
                .cloned()
                .map(Invitee::into_raw)
                .collect(),
            title: meeting.title.clone(),
            external_id: meeting.external_id.clone(),
            provider: meeting.provider.clone(),
        };
        let call = || self.raw().add_meeting(&body);
        let answer = self.call_once(Operation::AddMeeting, call).await?;
        Ok(CreatedMeeting {
            meeting_id: answer.meeting_id,
            meeting_url: answer.meeting_url,
            additional_invitees: answer
                .additional_invitees
                .unwrap_or_default()
                .into_iter()
                .map(Invitee::from_raw)
                .collect(),
        })
    }

    /// Replaces a meeting.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) if no meeting has this id; any
    /// [`ErrorKind`](crate::ErrorKind) of a call.
    pub async fn update_meeting(&self, id: &MeetingId, meeting: &Meeting) -> Result<(), Error> {
        let body = types::UpdateMeetingRequest {
            start_time: meeting.start_time.to_string(),
            end_time: meeting.end_time.to_string(),
            organizer_email: meeting.organizer_email.clone(),
            invitees: meeting
                .invitees
                .iter()
                .cloned()
                .map(Invitee::into_raw)
                .collect(),
            title: meeting.title.clone(),
            external_id: meeting.external_id.clone(),
            provider: meeting.provider.clone(),
        };
        // Idempotent, because it replaces the whole meeting.
        let call = || self.raw().update_meeting(id.as_str(), &body);
        self.call_idempotent(Operation::UpdateMeeting, call)
            .await
            .map(drop)
    }

    /// Deletes a meeting.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) if no meeting has this id; any
    /// [`ErrorKind`](crate::ErrorKind) of a call.
    pub async fn delete_meeting(
        &self,
        id: &MeetingId,
        organizer_email: Option<&str>,
    ) -> Result<(), Error> {
        let body = types::DeleteMeetingRequest {
            organizer_email: organizer_email.map(str::to_owned),
        };
        let call = || self.raw().delete_meeting(id.as_str(), &body);
        self.call_once(Operation::DeleteMeeting, call).await
    }
}

impl Invitee {
    fn into_raw(self) -> types::MeetingInvitee {
        types::MeetingInvitee {
            email: self.email,
            display_name: self.display_name,
            first_name: self.first_name,
            last_name: self.last_name,
        }
    }

    fn from_raw(raw: types::MeetingInvitee) -> Self {
        Self {
            email: raw.email,
            display_name: raw.display_name,
            first_name: raw.first_name,
            last_name: raw.last_name,
        }
    }
}

fn readiness(user: types::UserIntegrationStatus) -> MeetingReadiness {
    // Gong sends empty strings instead of leaving a property out.
    let said = |text: Option<String>| text.filter(|text| !text.is_empty());
    MeetingReadiness {
        email: user.email.unwrap_or_default(),
        exists: user.exists.unwrap_or_default(),
        valid: user.valid.unwrap_or_default(),
        user_facing_error: said(user.user_facing_error),
        fix_url: said(user.fix_url),
        help_url: said(user.help_url),
    }
}
