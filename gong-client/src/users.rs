//! The people in Gong: who is a user, and under which addresses.

use futures_util::stream::{self, BoxStream, StreamExt as _, TryStreamExt as _};
use gong_api_gen::types;

use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::operation::Operation;

/// A user of the company in Gong.
///
/// A business user of the CRM belongs to the Gong user with the same address.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct User {
    /// Gong's id of the user, up to 20 digits.
    pub id: Option<String>,
    /// The user's address.
    pub email_address: Option<String>,
    /// Further addresses of the user.
    pub email_aliases: Vec<String>,
    /// An address of the user that Gong trusts.
    pub trusted_email_address: Option<String>,
    /// Whether the user is active; unknown if Gong does not say.
    #[serde(rename = "active")]
    pub is_active: Option<bool>,
    /// When the user was created in Gong.
    pub created: Option<jiff::Timestamp>,
    /// The first name.
    pub first_name: Option<String>,
    /// The last name.
    pub last_name: Option<String>,
    /// The job title.
    pub title: Option<String>,
    /// The phone number.
    pub phone_number: Option<String>,
    /// The extension of the phone number.
    pub extension: Option<String>,
    /// Gong's id of the user's manager.
    pub manager_id: Option<String>,
    /// What Gong records and imports for the user.
    pub settings: UserSettings,
}

/// What Gong records and imports for a user; `None` if Gong does not say.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct UserSettings {
    /// Whether Gong records the user's web conferences.
    pub web_conferences_recorded: Option<bool>,
    /// Whether Gong records no web conference that this user is invited to.
    pub prevent_web_conference_recording: Option<bool>,
    /// Whether Gong imports the user's phone calls.
    pub telephony_calls_imported: Option<bool>,
    /// Whether Gong imports the user's e-mails.
    pub emails_imported: Option<bool>,
    /// Whether Gong imports no e-mail that this user is part of.
    pub prevent_email_import: Option<bool>,
    /// Whether Gong imports the user's meetings that are not recorded.
    pub non_recorded_meetings_imported: Option<bool>,
    /// Whether Gong Connect is enabled for the user.
    pub gong_connect_enabled: Option<bool>,
}

impl User {
    /// Every address that the user is known by.
    pub fn addresses(&self) -> impl Iterator<Item = &str> {
        self.email_address
            .iter()
            .chain(&self.email_aliases)
            .chain(&self.trusted_email_address)
            .map(String::as_str)
    }
}

/// The next page to request.
enum Page {
    First,
    After(String),
}

impl Client {
    /// Lists the users of the company in Gong; a page is requested when the previous one is used
    /// up.
    ///
    /// Each page is one call. After an error the stream ends.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::UnexpectedResponse`] when a page names itself as the next one; any [`ErrorKind`]
    /// of a call.
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// # let sim = gong_sim::Simulator::start().await?;
    /// # let client = gong_client::Client::builder().base_url(sim.base_url())
    /// #     .credentials(gong_client::Credentials::access_key(sim.access_key(), sim.access_key_secret()))
    /// #     .build()?;
    /// # sim.add_user(gong_sim::GongUser::new("ada@acme.example"));
    /// use futures_util::TryStreamExt as _;
    ///
    /// let users: Vec<_> = client.users().try_collect().await?;
    /// assert!(users[0].addresses().any(|address| address == "ada@acme.example"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn users(&self) -> BoxStream<'static, Result<User, Error>> {
        self.user_pages(None)
    }

    /// Lists the users as [`users`](Self::users) does, and the avatars with them: people who were
    /// synced into Gong and have no Gong seat.
    ///
    /// # Errors
    ///
    /// As [`users`](Self::users).
    pub fn users_and_avatars(&self) -> BoxStream<'static, Result<User, Error>> {
        self.user_pages(Some(true))
    }

    fn user_pages(&self, include_avatars: Option<bool>) -> BoxStream<'static, Result<User, Error>> {
        let client = self.clone();
        stream::try_unfold(Some(Page::First), move |page| {
            let client = client.clone();
            async move {
                let cursor = match page {
                    None => return Ok(None),
                    Some(Page::First) => None,
                    Some(Page::After(cursor)) => Some(cursor),
                };
                let call = || client.raw().list_users(cursor.as_deref(), include_avatars);
                let answer = client.call_idempotent(Operation::ListUsers, call).await?;
                let next = answer
                    .records
                    .and_then(|records| records.cursor)
                    .filter(|next| !next.is_empty());
                if next.is_some() && next == cursor {
                    return Err(Error::new(
                        ErrorKind::UnexpectedResponse,
                        "Gong returned the same page of users again; the list is not complete",
                    ));
                }
                let users = answer.users.unwrap_or_default();
                let users = stream::iter(users.into_iter().map(|user| Ok(self::user(user))));
                Ok(Some((users, next.map(Page::After))))
            }
        })
        .try_flatten()
        .boxed()
    }
}

fn user(user: types::UserMetadata) -> User {
    User {
        id: user.id,
        email_address: user.email_address,
        email_aliases: user.email_aliases.unwrap_or_default(),
        trusted_email_address: user.trusted_email_address,
        is_active: user.active,
        created: user.created.and_then(|text| text.parse().ok()),
        first_name: user.first_name,
        last_name: user.last_name,
        title: user.title,
        phone_number: user.phone_number,
        extension: user.extension,
        manager_id: user.manager_id,
        settings: user.settings.as_ref().map(settings).unwrap_or_default(),
    }
}

fn settings(settings: &types::UserSettings) -> UserSettings {
    UserSettings {
        web_conferences_recorded: settings.web_conferences_recorded,
        prevent_web_conference_recording: settings.prevent_web_conference_recording,
        telephony_calls_imported: settings.telephony_calls_imported,
        emails_imported: settings.emails_imported,
        prevent_email_import: settings.prevent_email_import,
        non_recorded_meetings_imported: settings.non_recorded_meetings_imported,
        gong_connect_enabled: settings.gong_connect_enabled,
    }
}
