//! The guard of all requests, and the token of `/_sim/`.

use gong_sim::Simulator;
use reqwest::Method;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::support::{admin, send};

/// The status line and the rest of the answer to a request that is written by hand.
async fn raw(sim: &Simulator, head: &str) -> String {
    let mut connection = tokio::net::TcpStream::connect(sim.address()).await.unwrap();
    let request = format!("{head}\r\nconnection: close\r\n\r\n");
    connection.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn requests_under_other_names_are_rejected_before_anything_else() {
    let sim = Simulator::builder()
        .rule("credentials-required", false)
        .start()
        .await
        .unwrap();
    let own = format!("host: {}", sim.address());
    for path in ["/v2/crm/integrations", "/_sim/objects", "/"] {
        for (line, headers, expected) in [
            (path.to_owned(), "host: evil.example".to_owned(), "403"),
            (
                path.to_owned(),
                format!("host: evil.example:{}", sim.address().port()),
                "403",
            ),
            (path.to_owned(), format!("{own}\r\n{own}"), "400"),
            (path.to_owned(), "accept: */*".to_owned(), "400"),
            (
                format!("http://{}{path}", sim.address()),
                own.clone(),
                "400",
            ),
            (
                path.to_owned(),
                format!("{own}\r\nsec-fetch-site: cross-site"),
                "403",
            ),
            (
                path.to_owned(),
                format!("{own}\r\norigin: https://evil.example"),
                "403",
            ),
            (path.to_owned(), format!("{own}\r\norigin: null"), "403"),
        ] {
            let answer = raw(&sim, &format!("GET {line} HTTP/1.1\r\n{headers}")).await;
            assert!(
                answer.starts_with(&format!("HTTP/1.1 {expected}")),
                "{line} {headers}\n{answer}"
            );
            assert!(!answer.contains("integrations\":"), "{answer}");
        }
    }
    assert!(sim.requests().is_empty());
    let answer = raw(&sim, &format!("GET /v2/crm/integrations HTTP/1.1\r\n{own}")).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[tokio::test]
async fn allowed_host_name_gets_a_response() {
    let sim = Simulator::builder()
        .allow_host("gong-sim")
        .start()
        .await
        .unwrap();
    let answer = raw(
        &sim,
        "GET /v2/crm/integrations HTTP/1.1\r\nhost: GONG-SIM:80",
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
}

#[tokio::test]
async fn admin_endpoints_need_the_token() {
    let sim = Simulator::start().await.unwrap();
    let url = format!("{}/_sim/objects", sim.base_url());
    let client = crate::support::http();
    let guessed = "x".repeat(sim.admin_token().unwrap().len());
    for request in [
        client.get(&url),
        client.get(&url).bearer_auth("wrong"),
        client.get(&url).bearer_auth(guessed),
        client.get(&url).bearer_auth(""),
        client
            .get(&url)
            .basic_auth(sim.access_key(), Some(sim.access_key_secret())),
        client.get(format!("{url}?token=wrong")),
        client.post(format!(
            "{}/_sim/reset?token={}",
            sim.base_url(),
            sim.admin_token().unwrap()
        )),
    ] {
        send(request)
            .await
            .assert_error(401, "needs the simulator's token");
    }
    let reply = send(admin(&sim, Method::GET, "objects")).await;
    assert_eq!(reply.status, 200);
    for (name, value) in [
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "same-origin"),
    ] {
        assert_eq!(reply.headers[name], value);
    }
    let page = send(admin(&sim, Method::GET, "")).await;
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
    assert!(!format!("{sim:?}").contains(sim.admin_token().unwrap()));
}

#[tokio::test]
async fn browser_opens_the_pages_by_a_link_with_the_token() {
    let sim = Simulator::start().await.unwrap();
    let client = crate::support::http_builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let opened = send(client.get(sim.admin_url().unwrap())).await;
    assert_eq!(
        (opened.status, &opened.headers["location"]),
        (303, &"/_sim/".parse().unwrap())
    );
    let cookie = opened.headers["set-cookie"].to_str().unwrap();
    assert!(cookie.contains("HttpOnly; SameSite=Strict"), "{cookie}");
    let pair = cookie.split(';').next().unwrap();
    let page = client
        .get(format!("{}/_sim/", sim.base_url()))
        .header("cookie", pair);
    assert_eq!(send(page).await.status, 200);
}

#[tokio::test]
async fn simulator_without_admin_has_nothing_there() {
    let sim = Simulator::builder().without_admin().start().await.unwrap();
    assert!(sim.admin_token().is_none() && sim.admin_url().is_none());
    let client = crate::support::http();
    for path in ["", "objects", "pages/rules"] {
        let url = format!("{}/_sim/{path}", sim.base_url());
        send(client.get(url)).await.assert_error(404, "Not Found");
    }
}

#[tokio::test]
async fn keys_and_tokens_are_new_in_every_run() {
    let (first, second) = (
        Simulator::start().await.unwrap(),
        Simulator::start().await.unwrap(),
    );
    assert_ne!(first.access_key(), second.access_key());
    assert_ne!(first.access_key_secret(), second.access_key_secret());
    assert_ne!(first.admin_token(), second.admin_token());
}
