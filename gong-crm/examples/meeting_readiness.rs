//! Who can have meetings recorded, and how the others are fixed.
//!
//! ```console
//! $ cargo run -p gong-crm --example meeting_readiness
//! ```
//!
//! The meetings operations are in limited release: a company that is not part of it gets 403.
//!
//! In a crate of your own it needs `gong-crm`, `gong-sim`, and `tokio` with `macros` and `rt-
//! multi-thread`.

use std::error::Error;
use std::io::{Write, stdout};

use gong_crm::meeting::{Invitee, Meeting};
use gong_crm::rate_limit::RateLimit;
use gong_crm::{Client, Credentials};
use gong_sim::{GongUser, Simulator};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    run(&mut stdout()).await
}

pub(crate) async fn run(out: &mut dyn Write) -> Result<(), Box<dyn Error>> {
    let gong = Simulator::builder()
        .user(GongUser::new("ada@acme.example"))
        .user(GongUser::new("grace@acme.example").without_consent_page())
        .start()
        .await?;
    let client = Client::builder()
        .base_url(gong.base_url())
        .credentials(Credentials::access_key(
            gong.access_key(),
            gong.access_key_secret(),
        ))
        .rate_limit(RateLimit::unlimited())
        .build()?;

    let people = ["ada", "grace", "nobody"].map(|name| format!("{name}@acme.example"));
    for person in client.meeting_readiness(&people).await? {
        let state = match (person.exists, person.valid) {
            (false, _) => "does not exist in Gong",
            (true, false) => "is not ready",
            (true, true) => "is ready",
        };
        writeln!(out, "{} {state}", person.email)?;
        if let (Some(why), Some(url)) = (&person.user_facing_error, &person.fix_url) {
            writeln!(out, "  {why}")?;
            writeln!(out, "  fix it at {url}")?;
        }
    }

    let start = "2026-03-02T14:00:00+01:00".parse()?;
    let end = "2026-03-02T14:45:00+01:00".parse()?;
    let meeting = Meeting::new("ada@acme.example", start, end)
        .title("Kickoff")
        .invitees([Invitee::from_email("joe@globex.example")]);
    let created = client.add_meeting(&meeting).await?;
    if created.meeting_url.is_some() {
        writeln!(out, "the meeting is created, and Gong gave it a link")?;
    }
    // Gong does not invite them itself, and records no meeting without them.
    for invitee in &created.additional_invitees {
        let email = invitee.email.as_deref().unwrap_or_default();
        writeln!(out, "add to your invitation: {email}")?;
    }
    Ok(())
}
