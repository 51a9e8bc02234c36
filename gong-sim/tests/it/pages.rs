//! The pages as HTML: their content, and that texts of records are escaped.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use gong_sim::{Effect, Fault, Simulator};

use reqwest::Method;

use crate::support::{admin, get, http, http_builder, upload};

async fn open(sim: &Simulator, path: &str) -> String {
    let path = path.strip_prefix("/_sim").unwrap().trim_start_matches('/');
    let response = admin(sim, Method::GET, path).send().await.unwrap();
    assert_eq!(
        response.headers()["content-type"],
        "text/html; charset=utf-8",
        "{path}"
    );
    response.text().await.unwrap()
}

const HOSTILE: &str = "{\"objectId\":\"x1\",\"modifiedDate\":\"2024-05-01T10:00:00Z\",\"name\":\"<script>alert('x')</script>\"}\n{\"bad\":\"<img src=x onerror=alert(1)>\"}\n";

#[tokio::test]
async fn first_page_shows_what_gong_has() {
    let sim = Simulator::builder()
        .fault(Fault::new(Effect::Gzip).nth(1_000))
        .start()
        .await
        .unwrap();
    assert!(open(&sim, "/_sim/").await.contains("None is registered."));
    let id = sim.register_integration("Acme <CRM>", "admin@acme.example");
    upload(&sim, id, "ACCOUNT", "first-upload", HOSTILE).await;
    get(&sim, "/v2/crm/integrations").await;
    assert!(
        open(&sim, "/_sim/pages/endpoints")
            .await
            .contains("POST /_sim/clock")
    );
    let page = open(&sim, "/_sim").await;
    for part in [
        "Acme &lt;CRM&gt;",
        &id.to_string(),
        "first-upload",
        "FAILED",
        "GET /v2/crm/integrations",
        "/_sim/pages/objects/BUSINESS_USER",
        "&quot;effect&quot;:&quot;gzip&quot;",
    ] {
        assert!(page.contains(part), "{part} is missing in\n{page}");
    }
}

#[tokio::test]
async fn records_stay_text_whatever_they_contain() {
    let sim = Simulator::start().await.unwrap();
    let id = sim.register_integration("Acme CRM", "admin@acme.example");
    upload(&sim, id, "ACCOUNT", "up", HOSTILE).await;
    let upload = format!("/_sim/pages/upload?integration={id}&id=up");
    let search = "/_sim/pages/objects/ACCOUNT?q=%22%3E%3Cscript%3E";
    for path in [
        "/_sim/pages/objects/ACCOUNT",
        &upload,
        search,
        "/_sim/pages/requests",
    ] {
        let page = open(&sim, path).await;
        assert!(
            !page.contains("<script") && !page.contains("<img"),
            "{path}\n{page}"
        );
    }
    let page = open(&sim, &upload).await;
    assert!(
        page.contains("line 2") && page.contains("&lt;img src=x"),
        "{page}"
    );
}

#[tokio::test]
async fn hundred_thousand_objects_are_searched_and_paged_quickly() {
    let sim = Simulator::start().await.unwrap();
    let id = sim.register_integration("Acme CRM", "admin@acme.example");
    let mut lines = String::new();
    for number in 0..100_000 {
        let date = "2024-05-01T10:00:00Z";
        let id = format!("c{number:06}");
        writeln!(
            lines,
            r#"{{"objectId":"{id}","modifiedDate":"{date}","lastName":"Name {number}"}}"#
        )
        .unwrap();
    }
    upload(&sim, id, "CONTACT", "many", lines).await;
    let begun = Instant::now();
    let first = open(&sim, "/_sim/pages/objects/CONTACT").await;
    assert!(
        first.contains("100,000 objects") && first.contains("page 1 of 2,000"),
        "{first}"
    );
    let last = open(&sim, "/_sim/pages/objects/CONTACT?page=2000").await;
    assert!(
        last.contains("c099999") && !last.contains("next →"),
        "{last}"
    );
    let found = open(&sim, "/_sim/pages/objects/CONTACT?q=NAME+4242").await;
    assert!(
        found.contains("11 objects found") && found.contains("c004242"),
        "{found}"
    );
    // Generous, as this is not a benchmark: a page that rendered everything would take far longer.
    assert!(
        begun.elapsed() < Duration::from_secs(10),
        "{:?}",
        begun.elapsed()
    );
    assert!(
        open(
            &sim,
            "/_sim/pages/objects/CONTACT?page=99999999999999999999"
        )
        .await
        .contains("page 1 ")
    );
}

#[tokio::test]
async fn browser_at_the_root_is_led_to_the_pages() {
    let sim = Simulator::start().await.unwrap();
    let open = |accept| {
        let request = http_builder().build().unwrap().get(sim.base_url());
        request.header("accept", accept).send()
    };
    let page = open("text/html,application/xhtml+xml").await.unwrap();
    assert_eq!((page.status().as_u16(), page.url().path()), (401, "/_sim/"));
    let page = page.text().await.unwrap();
    assert!(
        page.contains("Open the link that the simulator printed"),
        "{page}"
    );
    // Another program gets what Gong answers.
    let answer = open("application/json").await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.url().path()), (404, "/"));
}

#[tokio::test]
async fn rule_is_switched_with_its_button() {
    let sim = Simulator::start().await.unwrap();
    assert!(
        open(&sim, "/_sim/pages/rules")
            .await
            .contains("missing-scope-is-401")
    );
    let after = admin(
        &sim,
        Method::POST,
        "pages/rules?name=company-inactive&on=true",
    )
    .header("origin", sim.base_url())
    .send()
    .await
    .unwrap();
    assert_eq!(after.status(), 200);
    get(&sim, "/v2/crm/integrations")
        .await
        .assert_error(401, "Company is inactive");
}

#[tokio::test]
async fn button_works_with_the_headers_of_a_browser() {
    let sim = Simulator::start().await.unwrap();
    let page = admin(&sim, Method::GET, "pages/rules")
        .send()
        .await
        .unwrap();
    assert_eq!(page.headers()["referrer-policy"], "same-origin");
    let page = page.text().await.unwrap();
    assert!(
        page.contains(r#"aria-label="turn on company-inactive""#),
        "{page}"
    );
    assert!(page.contains(r#"<tr id="company-inactive">"#), "{page}");
    // Chromium sends this with a form of a page that hides its address.
    let press = |site| {
        let address = format!(
            "{}/_sim/pages/rules?name=company-inactive&on=true",
            sim.base_url()
        );
        http_builder()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap()
            .post(address)
            .bearer_auth(sim.admin_token().unwrap())
            .header("origin", "null")
            .header("sec-fetch-site", site)
            .send()
    };
    assert_eq!(press("cross-site").await.unwrap().status(), 403);
    let pressed = press("same-origin").await.unwrap();
    assert_eq!(pressed.status(), 303);
    assert_eq!(
        pressed.headers()["location"],
        "/_sim/pages/rules#company-inactive"
    );
    get(&sim, "/v2/crm/integrations")
        .await
        .assert_error(401, "Company is inactive");
}

#[tokio::test]
async fn browser_without_the_token_gets_a_page() {
    let sim = Simulator::start().await.unwrap();
    let request = http().get(format!("{}/_sim/", sim.base_url()));
    let page = request.header("accept", "text/html,*/*;q=0.8");
    let page = page.send().await.unwrap();
    assert_eq!(page.status(), 401);
    let page = page.text().await.unwrap();
    assert!(page.contains("<h1>Token needed</h1>"), "{page}");
    let first = open(&sim, "/_sim/").await;
    assert!(first.contains("<title>Gong simulator</title>"), "{first}");
}

#[tokio::test]
async fn unknown_page_is_not_found() {
    let sim = Simulator::start().await.unwrap();
    for path in [
        "pages/objects/THINGS",
        "pages/upload?integration=1&id=x",
        "pages/upload",
    ] {
        let response = admin(&sim, Method::GET, path).send().await.unwrap();
        assert_eq!(response.status(), 404, "{path}");
    }
}
