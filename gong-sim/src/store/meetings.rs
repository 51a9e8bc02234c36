//! Gong users and their meetings.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A user of the simulated Gong company.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[non_exhaustive]
pub struct GongUser {
    /// The address that meetings and integrations know the user by.
    pub email: String,
    /// Whether the consent page is enabled; without it meetings are rejected.
    #[serde(default = "yes")]
    pub consent_page: bool,
    /// Whether the web conference provider is connected; without it meetings are rejected.
    #[serde(default = "yes")]
    pub provider_connected: bool,
    /// Whether the user is active, as the list of users says.
    #[serde(default = "yes")]
    pub active: bool,
}

/// A user whose address is not one, so that no request could name it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{email:?} is not an email address")]
pub struct InvalidUser {
    email: String,
}

fn yes() -> bool {
    true
}

impl GongUser {
    /// A user who is ready for meetings.
    ///
    /// ```
    /// let user = gong_sim::GongUser::new("ada@acme.example").without_consent_page();
    /// assert!(!user.consent_page);
    /// ```
    pub fn new(email: impl Into<String>) -> Self {
        Self {
            email: email.into(),
            consent_page: true,
            provider_connected: true,
            active: true,
        }
    }

    /// Whether the address is one: something on both sides of an `@`.
    ///
    /// # Errors
    ///
    /// [`InvalidUser`] otherwise.
    ///
    /// ```
    /// assert!(gong_sim::GongUser::new("ada").validate().is_err());
    /// ```
    pub fn validate(&self) -> Result<(), InvalidUser> {
        let parts = self.email.split_once('@');
        match parts.filter(|(name, host)| !name.is_empty() && !host.is_empty()) {
            Some(_) => Ok(()),
            None => Err(InvalidUser {
                email: self.email.clone(),
            }),
        }
    }

    /// The same user, who is not active any more.
    #[must_use]
    pub fn inactive(mut self) -> Self {
        self.active = false;
        self
    }

    /// The same user without an enabled consent page.
    #[must_use]
    pub fn without_consent_page(mut self) -> Self {
        self.consent_page = false;
        self
    }

    /// The same user with a disconnected provider.
    #[must_use]
    pub fn with_disconnected_provider(mut self) -> Self {
        self.provider_connected = false;
        self
    }
}

/// A meeting that was created.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Meeting {
    #[serde(rename = "meetingId")]
    pub(crate) id: String,
    pub(crate) organizer_email: String,
    /// The body that created or last updated it.
    pub(crate) details: serde_json::Value,
}

impl Meeting {
    /// The request that created or last changed it, with its id.
    pub(crate) fn shown(&self) -> serde_json::Value {
        let mut shown = self.details.clone();
        shown["meetingId"] = self.id.as_str().into();
        shown
    }
}

/// Users by address and meetings by id.
#[derive(Debug, Default)]
pub(crate) struct Meetings {
    users: BTreeMap<String, GongUser>,
    by_id: BTreeMap<String, Meeting>,
}

impl Meetings {
    pub(crate) fn add_user(&mut self, user: GongUser) {
        self.users.insert(user.email.to_lowercase(), user);
    }

    pub(crate) fn has_users(&self) -> bool {
        !self.users.is_empty()
    }

    pub(crate) fn users(&self) -> impl Iterator<Item = &GongUser> {
        self.users.values()
    }

    /// The user of this address; addresses are compared without case.
    pub(crate) fn user(&self, email: &str) -> Option<&GongUser> {
        self.users.get(&email.to_lowercase())
    }

    pub(crate) fn put(&mut self, meeting: Meeting) {
        self.by_id.insert(meeting.id.clone(), meeting);
    }

    pub(crate) fn get(&self, meeting_id: &str) -> Option<&Meeting> {
        self.by_id.get(meeting_id)
    }

    pub(crate) fn remove(&mut self, meeting_id: &str) -> Option<Meeting> {
        self.by_id.remove(meeting_id)
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Meeting> {
        self.by_id.values()
    }

    pub(crate) fn forget_meetings(&mut self) {
        self.by_id.clear();
    }
}
