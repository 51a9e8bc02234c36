//! The users of the company, page by page.

use gong_sim::{GongUser, Simulator};

use crate::support::get;

async fn with_users(count: usize) -> Simulator {
    let sim = Simulator::start().await.unwrap();
    for number in 0..count {
        sim.add_user(GongUser::new(format!("user{number:03}@acme.example")));
    }
    sim
}

#[tokio::test]
async fn users_are_listed_on_one_page_without_a_cursor() {
    let sim = with_users(2).await;
    let page = get(&sim, "/v2/users").await.json();
    assert_eq!(page["records"]["totalRecords"], 2);
    assert!(page["records"].get("cursor").is_none());
    assert_eq!(page["users"][1]["emailAddress"], "user001@acme.example");
    assert_eq!(page["users"][1]["active"], true);
    let id = page["users"][1]["id"].as_str().unwrap();
    assert_eq!(id.len(), 19, "{id}");
}

#[tokio::test]
async fn cursor_leads_through_all_pages() {
    let sim = with_users(250).await;
    let mut found = Vec::new();
    let mut path = "/v2/users".to_owned();
    loop {
        let page = get(&sim, &path).await.json();
        let users = page["users"].as_array().unwrap();
        assert!(users.len() <= 100);
        found.extend(users.iter().map(|user| user["emailAddress"].clone()));
        match page["records"]["cursor"].as_str() {
            Some(cursor) => path = format!("/v2/users?cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(found.len(), 250);
    assert_eq!(found[249], "user249@acme.example");
}

#[tokio::test]
async fn all_users_are_one_page_where_the_rule_is_off() {
    let sim = with_users(250).await;
    sim.set_rule("users-in-pages", false).unwrap();
    let page = get(&sim, "/v2/users").await.json();
    assert_eq!(page["records"]["currentPageSize"], 250);
}

#[tokio::test]
async fn foreign_cursor_is_rejected() {
    let sim = with_users(1).await;
    for cursor in ["x", "users-from-7", "users-from--1"] {
        let reply = get(&sim, &format!("/v2/users?cursor={cursor}")).await;
        assert_eq!(reply.status, 400, "{cursor}");
    }
}
