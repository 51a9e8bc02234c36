//! Answers that a fuzz target makes up, in place of a server's; there only under `cargo fuzz`.

use std::future::Future;

use reqwest::{Client, Request, Response};

type Server = Box<dyn Fn(&Request) -> Response>;

tokio::task_local! {
    static SERVER: Server;
}

/// Runs calls whose every request is answered by `server`.
pub async fn answered<F: Future>(
    server: impl Fn(&Request) -> Response + 'static,
    calls: F,
) -> F::Output {
    SERVER.scope(Box::new(server), calls).await
}

/// Sends a request, to the server that a fuzz target made up if it did.
pub(crate) async fn execute(client: &Client, request: Request) -> reqwest::Result<Response> {
    match SERVER.try_with(|server| server(&request)) {
        Ok(response) => Ok(response),
        Err(_) => client.execute(request).await,
    }
}
