//! A bare HTTP client for one simulator.

use gong_sim::Simulator;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{Method, RequestBuilder};
use serde_json::Value;

/// An answer that was read whole.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    /// The only error message.
    pub(crate) fn error(&self) -> String {
        let json = self.json();
        let errors = json["errors"].as_array().unwrap();
        assert_eq!(errors.len(), 1, "{}", self.text);
        errors[0].as_str().unwrap().to_owned()
    }

    #[track_caller]
    pub(crate) fn assert_error(&self, status: u16, message: &str) {
        assert_eq!(self.status, status, "{}", self.text);
        assert!(
            self.error().contains(message),
            "{} does not say {message:?}",
            self.text
        );
    }
}

pub(crate) async fn send(request: RequestBuilder) -> Reply {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Reply {
        status,
        headers,
        text: response.text().await.unwrap(),
    }
}

/// A request with the simulator's own access key.
pub(crate) fn request(sim: &Simulator, method: Method, path: &str) -> RequestBuilder {
    let client = http_builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    client
        .request(method, format!("{}{path}", sim.base_url()))
        .basic_auth(sim.access_key(), Some(sim.access_key_secret()))
}

/// A request to an endpoint or page under `/_sim/`, with the token.
pub(crate) fn admin(sim: &Simulator, method: Method, path: &str) -> RequestBuilder {
    http()
        .request(method, format!("{}/_sim/{path}", sim.base_url()))
        .bearer_auth(sim.admin_token().unwrap())
}

pub(crate) async fn get(sim: &Simulator, path: &str) -> Reply {
    send(request(sim, Method::GET, path)).await
}

/// A request with a JSON body.
pub(crate) async fn json(sim: &Simulator, method: Method, path: &str, body: &str) -> Reply {
    let request = request(sim, method, path).header(CONTENT_TYPE, "application/json");
    send(request.body(body.to_owned())).await
}

pub(crate) async fn upload(
    sim: &Simulator,
    integration_id: i64,
    object_type: &str,
    client_request_id: &str,
    file: impl Into<reqwest::Body>,
) -> Reply {
    let path = format!(
        "/v2/crm/entities?integrationId={integration_id}&objectType={object_type}&clientRequestId={client_request_id}"
    );
    let part = reqwest::multipart::Part::stream(file).file_name("entities.ldjson");
    let form = reqwest::multipart::Form::new().part("dataFile", part);
    send(request(sim, Method::POST, &path).multipart(form)).await
}

pub(crate) async fn status(sim: &Simulator, integration_id: i64, client_request_id: &str) -> Reply {
    let path = format!(
        "/v2/crm/request-status?integrationId={integration_id}&clientRequestId={client_request_id}"
    );
    get(sim, &path).await
}

pub(crate) async fn objects(
    sim: &Simulator,
    integration_id: i64,
    object_type: &str,
    ids: &[&str],
) -> Reply {
    let path = format!("/v2/crm/entities?integrationId={integration_id}&objectType={object_type}");
    json(
        sim,
        Method::GET,
        &path,
        &serde_json::to_string(ids).unwrap(),
    )
    .await
}

/// A client for plain HTTP.
pub(crate) fn http() -> reqwest::Client {
    http_builder().build().unwrap()
}

/// The same, to be set up further. Where another crate of the workspace switches TLS on, reqwest needs
/// a provider of cryptography, although nothing here is encrypted.
pub(crate) fn http_builder() -> reqwest::ClientBuilder {
    let provider = rustls::crypto::ring::default_provider();
    // One of the tests is the first.
    drop(provider.install_default());
    reqwest::Client::builder()
}
