//! Listing the users of Gong over its pages.

use futures_util::{StreamExt as _, TryStreamExt as _};
use gong_crm::ErrorKind;
use gong_crm::users::User;
use serde_json::json;
use wiremock::matchers::{query_param, query_param_is_missing};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::support::clock::RecordingClock;
use crate::support::script::Log;
use crate::support::{client, timeless_client};

fn page(addresses: &[&str], cursor: Option<&str>) -> ResponseTemplate {
    let users: Vec<_> = addresses
        .iter()
        .map(|address| json!({"id": "1", "emailAddress": address, "active": true}))
        .collect();
    let mut records = json!({"totalRecords": 3, "currentPageSize": users.len()});
    if let Some(cursor) = cursor {
        records["cursor"] = cursor.into();
    }
    ResponseTemplate::new(200).set_body_json(json!({"records": records, "users": users}))
}

async fn answer_first_page(server: &MockServer, answer: ResponseTemplate) {
    Mock::given(query_param_is_missing("cursor"))
        .respond_with(answer)
        .mount(server)
        .await;
}

async fn answer_page(server: &MockServer, cursor: &str, answer: ResponseTemplate) {
    Mock::given(query_param("cursor", cursor))
        .respond_with(answer)
        .mount(server)
        .await;
}

fn addresses(users: &[User]) -> Vec<&str> {
    users.iter().flat_map(User::addresses).collect()
}

#[tokio::test]
async fn users_of_all_pages_are_one_stream() {
    let server = MockServer::start().await;
    answer_first_page(
        &server,
        page(&["a@acme.example", "b@acme.example"], Some("p2")),
    )
    .await;
    answer_page(&server, "p2", page(&[], Some("p3"))).await;
    answer_page(&server, "p3", page(&["c@acme.example"], None)).await;
    let users: Vec<User> = client(&server.uri()).users().try_collect().await.unwrap();
    assert_eq!(
        addresses(&users),
        ["a@acme.example", "b@acme.example", "c@acme.example"]
    );
}

#[tokio::test]
async fn next_page_is_not_asked_for_before_it_is_needed() {
    let server = MockServer::start().await;
    answer_first_page(&server, page(&["a@acme.example"], Some("p2"))).await;
    let mut users = client(&server.uri()).users();
    users.next().await.unwrap().unwrap();
    assert_eq!(server.received_requests().await.unwrap().len(), 1);
}

#[tokio::test]
async fn failed_page_ends_the_stream_after_the_users_before_it() {
    let server = MockServer::start().await;
    answer_first_page(&server, page(&["a@acme.example"], Some("p2"))).await;
    answer_page(&server, "p2", ResponseTemplate::new(403)).await;
    let users: Vec<_> = client(&server.uri()).users().collect().await;
    assert_eq!(users.len(), 2);
    assert!(users[0].is_ok());
    let error = users[1].as_ref().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Forbidden);
}

#[tokio::test]
async fn page_that_fails_for_a_moment_is_asked_for_again() {
    let server = MockServer::start().await;
    Mock::given(query_param_is_missing("cursor"))
        .respond_with(ResponseTemplate::new(503))
        .up_to_n_times(1)
        .mount(&server)
        .await;
    answer_first_page(&server, page(&["a@acme.example"], None)).await;
    let clock = RecordingClock::new(Vec::new(), Log::default());
    let client = timeless_client(&server.uri(), clock);
    let users: Vec<User> = client.users().try_collect().await.unwrap();
    assert_eq!(addresses(&users), ["a@acme.example"]);
}

#[tokio::test]
async fn page_that_leads_to_itself_is_an_error() {
    let server = MockServer::start().await;
    answer_first_page(&server, page(&["a@acme.example"], Some("p2"))).await;
    answer_page(&server, "p2", page(&["b@acme.example"], Some("p2"))).await;
    let outcome: Result<Vec<User>, _> = client(&server.uri()).users().try_collect().await;
    assert_eq!(outcome.unwrap_err().kind(), ErrorKind::UnexpectedResponse);
}

#[tokio::test]
async fn avatars_are_listed_on_demand_on_every_page() {
    let server = MockServer::start().await;
    answer_first_page(&server, page(&["a@acme.example"], Some("p2"))).await;
    answer_page(&server, "p2", page(&["b@acme.example"], None)).await;
    let client = client(&server.uri());
    let users: Vec<User> = client.users_and_avatars().try_collect().await.unwrap();
    assert_eq!(users.len(), 2);
    for request in server.received_requests().await.unwrap() {
        assert!(
            request
                .url
                .query()
                .unwrap_or_default()
                .contains("includeAvatars=true")
        );
    }
}

#[tokio::test]
async fn user_with_nulls_is_read() {
    let server = MockServer::start().await;
    let user = json!({
        "id": "6434845837860324905", "emailAddress": "ada@acme.example",
        "created": "2026-08-05T17:36:10.507-07:00", "active": true, "emailAliases": null,
        "trustedEmailAddress": null, "firstName": null, "title": null, "settings": null,
        "personalMeetingUrls": null, "conferencingProviders": null, "spokenLanguages": null,
        "added": {"later": 1},
    });
    let answer = json!({"requestId": "4al", "records": null, "users": [user]});
    answer_first_page(&server, ResponseTemplate::new(200).set_body_json(answer)).await;
    let users: Vec<User> = client(&server.uri()).users().try_collect().await.unwrap();
    assert_eq!(addresses(&users), ["ada@acme.example"]);
    assert_eq!(users[0].is_active, Some(true));
    assert_eq!(
        users[0]
            .created
            .map(|created| created.to_string())
            .as_deref(),
        Some("2026-08-06T00:36:10.507Z")
    );
}
