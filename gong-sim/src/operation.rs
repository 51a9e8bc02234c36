//! The operations: their names, their scopes, and the route from a request to its operation.

use std::fmt;

use http::Method;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The operations of Gong's CRM, meetings and users API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    /// `GET /v2/crm/integrations`
    ListIntegrations,
    /// `PUT /v2/crm/integrations`
    RegisterIntegration,
    /// `DELETE /v2/crm/integrations`
    DeleteIntegration,
    /// `GET /v2/crm/entity-schema`
    ListSchema,
    /// `POST /v2/crm/entity-schema`
    UploadSchema,
    /// `GET /v2/crm/entities`
    GetObjects,
    /// `POST /v2/crm/entities`
    UploadEntities,
    /// `GET /v2/crm/request-status`
    RequestStatus,
    /// `POST /v2/meetings`
    CreateMeeting,
    /// `PUT /v2/meetings/{meetingId}`
    UpdateMeeting,
    /// `DELETE /v2/meetings/{meetingId}`
    DeleteMeeting,
    /// `POST /v2/meetings/integration/status`
    IntegrationStatus,
    /// `GET /v2/users`
    ListUsers,
}

/// The target of a path and a method.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Route {
    Operation(Operation),
    /// The path exists, and allows these methods.
    MethodNotAllowed(&'static str),
    NotFound,
}

impl Operation {
    /// All operations.
    pub const ALL: [Self; 13] = [
        Self::ListIntegrations,
        Self::RegisterIntegration,
        Self::DeleteIntegration,
        Self::ListSchema,
        Self::UploadSchema,
        Self::GetObjects,
        Self::UploadEntities,
        Self::RequestStatus,
        Self::CreateMeeting,
        Self::UpdateMeeting,
        Self::DeleteMeeting,
        Self::IntegrationStatus,
        Self::ListUsers,
    ];

    /// Method and path, as documentation prints them.
    ///
    /// ```
    /// use gong_sim::Operation;
    /// assert_eq!(Operation::UploadEntities.as_str(), "POST /v2/crm/entities");
    /// ```
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ListIntegrations => "GET /v2/crm/integrations",
            Self::RegisterIntegration => "PUT /v2/crm/integrations",
            Self::DeleteIntegration => "DELETE /v2/crm/integrations",
            Self::ListSchema => "GET /v2/crm/entity-schema",
            Self::UploadSchema => "POST /v2/crm/entity-schema",
            Self::GetObjects => "GET /v2/crm/entities",
            Self::UploadEntities => "POST /v2/crm/entities",
            Self::RequestStatus => "GET /v2/crm/request-status",
            Self::CreateMeeting => "POST /v2/meetings",
            Self::UpdateMeeting => "PUT /v2/meetings/{meetingId}",
            Self::DeleteMeeting => "DELETE /v2/meetings/{meetingId}",
            Self::IntegrationStatus => "POST /v2/meetings/integration/status",
            Self::ListUsers => "GET /v2/users",
        }
    }

    /// The operation that is printed like this.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|operation| operation.as_str() == name)
    }

    /// The scope that a bearer token needs.
    ///
    /// ```
    /// use gong_sim::Operation;
    /// assert_eq!(Operation::RequestStatus.scope(), "api:crm:upload");
    /// ```
    pub const fn scope(self) -> &'static str {
        match self {
            // Plural here and singular in the next two, as documented.
            Self::ListIntegrations => "api:crm:integrations:read",
            Self::RegisterIntegration => "api:crm:integration:register",
            Self::DeleteIntegration => "api:crm:integration:delete",
            Self::ListSchema | Self::UploadSchema => "api:crm:schema",
            Self::UploadEntities | Self::RequestStatus => "api:crm:upload",
            Self::GetObjects => "api:crm:get-objects",
            Self::CreateMeeting => "api:meetings:user:create",
            Self::UpdateMeeting => "api:meetings:user:update",
            Self::DeleteMeeting => "api:meetings:user:delete",
            Self::IntegrationStatus => "api:meetings:integration:status",
            Self::ListUsers => "api:users:read",
        }
    }

    /// The query parameters the operation knows.
    pub(crate) const fn query_parameters(self) -> &'static [&'static str] {
        match self {
            Self::DeleteIntegration | Self::RequestStatus => &["integrationId", "clientRequestId"],
            Self::ListSchema | Self::UploadSchema => &["integrationId", "objectType"],
            // Gong's machine-readable description declares `objectsCrmIds` here, its prose does not.
            Self::GetObjects => &["integrationId", "objectType", "objectsCrmIds"],
            Self::UploadEntities => &["integrationId", "objectType", "clientRequestId"],
            Self::ListUsers => &["cursor", "includeAvatars"],
            Self::ListIntegrations
            | Self::RegisterIntegration
            | Self::CreateMeeting
            | Self::UpdateMeeting
            | Self::DeleteMeeting
            | Self::IntegrationStatus => &[],
        }
    }

    pub(crate) fn route(method: &Method, path: &str) -> Route {
        let known = |pairs: &[(Method, Self)], allowed| {
            pairs
                .iter()
                .find(|(allowed, _)| allowed == method)
                .map_or(Route::MethodNotAllowed(allowed), |(_, operation)| {
                    Route::Operation(*operation)
                })
        };
        match path {
            "/v2/crm/integrations" => known(
                &[
                    (Method::GET, Self::ListIntegrations),
                    (Method::PUT, Self::RegisterIntegration),
                    (Method::DELETE, Self::DeleteIntegration),
                ],
                "GET, PUT, DELETE",
            ),
            "/v2/crm/entity-schema" => known(
                &[
                    (Method::GET, Self::ListSchema),
                    (Method::POST, Self::UploadSchema),
                ],
                "GET, POST",
            ),
            "/v2/crm/entities" => known(
                &[
                    (Method::GET, Self::GetObjects),
                    (Method::POST, Self::UploadEntities),
                ],
                "GET, POST",
            ),
            "/v2/crm/request-status" => known(&[(Method::GET, Self::RequestStatus)], "GET"),
            "/v2/users" => known(&[(Method::GET, Self::ListUsers)], "GET"),
            "/v2/meetings" => known(&[(Method::POST, Self::CreateMeeting)], "POST"),
            "/v2/meetings/integration/status" => {
                known(&[(Method::POST, Self::IntegrationStatus)], "POST")
            }
            _ if meeting_id(path).is_some() => known(
                &[
                    (Method::PUT, Self::UpdateMeeting),
                    (Method::DELETE, Self::DeleteMeeting),
                ],
                "PUT, DELETE",
            ),
            _ => Route::NotFound,
        }
    }
}

/// The last segment of `/v2/meetings/{meetingId}`.
pub(crate) fn meeting_id(path: &str) -> Option<&str> {
    path.strip_prefix("/v2/meetings/")
        .filter(|id| !id.is_empty() && !id.contains('/'))
}

impl fmt::Display for Operation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl Serialize for Operation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Operation {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::from_name(&name)
            .ok_or_else(|| D::Error::custom(format!("there is no operation \"{name}\"")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operation_is_found_by_its_own_name() {
        for operation in Operation::ALL {
            let (method, path) = operation.as_str().split_once(' ').unwrap();
            let path = path.replace("{meetingId}", "12345678901234567890");
            assert_eq!(
                Operation::route(&method.parse().unwrap(), &path),
                Route::Operation(operation),
                "{operation}"
            );
        }
    }

    #[test]
    fn unknown_paths_and_methods_are_distinguished() {
        assert_eq!(
            Operation::route(&Method::PATCH, "/v2/crm/entities"),
            Route::MethodNotAllowed("GET, POST")
        );
        assert_eq!(
            Operation::route(&Method::GET, "/v2/meetings/1"),
            Route::MethodNotAllowed("PUT, DELETE")
        );
        for path in [
            "/",
            "/v2",
            "/v2/meetings/",
            "/v2/meetings/1/2",
            "/v2/crm/integration/new",
        ] {
            assert_eq!(
                Operation::route(&Method::GET, path),
                Route::NotFound,
                "{path}"
            );
        }
    }
}
