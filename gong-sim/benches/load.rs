//! How many requests per second the simulator answers, and how much memory a million objects take.
//!
//! `cargo bench -p gong-sim`. The client runs in the same process, so the memory is the simulator's
//! and that of a small client.
#![expect(clippy::print_stdout, reason = "the numbers are what it is for")]
#![expect(clippy::unwrap_used, reason = "a failed step ends the measurement")]

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::stream;
use gong_sim::Simulator;
use reqwest::header::CONTENT_TYPE;
use reqwest::{Body, Client, Method, RequestBuilder};

const HEAD: &str =
    "--XX\r\nContent-Disposition: form-data; name=\"dataFile\"; filename=\"a.ldjson\"\r\n\r\n";
const TAIL: &str = "\r\n--XX--\r\n";

fn main() {
    // `cargo test --all-targets` runs benches too, without this argument and unoptimized.
    if !std::env::args().any(|argument| argument == "--bench") {
        println!("skipped: measured by `cargo bench -p gong-sim` only");
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        requests_per_second().await;
        largest_body().await;
        repeated_uploads().await;
        million_objects().await;
    });
}

/// Megabytes this process uses now, and the most it ever used.
fn memory() -> (u64, u64) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let of = |name: &str| -> u64 {
        let line = status
            .lines()
            .find(|line| line.starts_with(name))
            .unwrap_or_default();
        line.split_whitespace()
            .nth(1)
            .and_then(|kilobytes| kilobytes.parse().ok())
            .unwrap_or(0)
            / 1_000
    };
    (of("VmRSS:"), of("VmHWM:"))
}

fn call(sim: &Simulator, client: &Client, method: Method, path: &str) -> RequestBuilder {
    client
        .request(method, format!("{}{path}", sim.base_url()))
        .basic_auth(sim.access_key(), Some(sim.access_key_secret()))
}

async fn upload(sim: &Simulator, client: &Client, id: i64, name: &str, body: Body) -> u16 {
    let path =
        format!("/v2/crm/entities?integrationId={id}&objectType=ACCOUNT&clientRequestId={name}");
    let request = call(sim, client, Method::POST, &path);
    let request = request
        .header(CONTENT_TYPE, "multipart/form-data; boundary=XX")
        .body(body);
    request.send().await.unwrap().status().as_u16()
}

async fn requests_per_second() {
    let sim = Simulator::start().await.unwrap();
    let client = http();
    let begun = Instant::now();
    let duration = Duration::from_secs(3);
    let loops = (0..16).map(|_| async {
        let mut answered = 0_u64;
        while begun.elapsed() < duration {
            let response = call(&sim, &client, Method::GET, "/v2/crm/integrations")
                .send()
                .await
                .unwrap();
            assert!(response.status().is_success());
            response.bytes().await.unwrap();
            answered += 1;
        }
        answered
    });
    let answered: u64 = futures_util::future::join_all(loops)
        .await
        .into_iter()
        .sum();
    println!(
        "requests per second, 16 connections: {}",
        answered / duration.as_secs()
    );
}

/// Invalid lines: no record of them is kept, so that only the reading needs memory.
fn filler(length: usize) -> Body {
    let chunk = Bytes::from([vec![b'x'; 65_535], vec![b'\n']].concat());
    let mut left = length - HEAD.len() - TAIL.len();
    let mut ended = false;
    let chunks = std::iter::from_fn(move || {
        if left > 0 {
            let next = chunk.slice(..left.min(chunk.len()));
            left -= next.len();
            return Some(next);
        }
        (!std::mem::replace(&mut ended, true)).then(|| Bytes::from(TAIL))
    });
    let all = std::iter::once(Bytes::from(HEAD)).chain(chunks);
    Body::wrap_stream(stream::iter(all.map(Ok::<_, std::io::Error>)))
}

async fn largest_body() {
    let sim = Simulator::start().await.unwrap();
    let client = http();
    let id = sim.register_integration("Bench", "admin@bench.example");
    for length in [200_000_000, 200_000_001, 201_000_000] {
        let begun = Instant::now();
        let status = upload(&sim, &client, id, &format!("c{length}"), filler(length)).await;
        let (now, most) = memory();
        println!(
            "a body of {length} bytes: {status} in {:?}, memory {now} MB, at most {most} MB",
            begun.elapsed()
        );
    }
}

fn accounts(range: std::ops::Range<u32>, version: u32) -> Body {
    let step = 2_000;
    let chunks = range.step_by(step).map(move |first| {
        let mut text = String::with_capacity(step * 256);
        for number in first..first + u32::try_from(step).unwrap() {
            writeln!(
                text,
                r#"{{"objectId":"acc-{number:09}","modifiedDate":"2026-01-15T09:30:00Z","url":"https://crm.example/accounts/{number}","name":"Account number {number} of the bench, version {version}","domains":["company{number}.example","company{number}.test"],"industry":"Machinery","employees":{number}}}"#
            )
            .unwrap();
        }
        Bytes::from(text)
    });
    let all = std::iter::once(Bytes::from(HEAD))
        .chain(chunks)
        .chain(std::iter::once(Bytes::from(TAIL)));
    Body::wrap_stream(stream::iter(all.map(Ok::<_, std::io::Error>)))
}

async fn million_objects() {
    let sim = Simulator::start().await.unwrap();
    let client = http();
    let id = sim.register_integration("Bench", "admin@bench.example");
    let begun = Instant::now();
    for part in 0..4 {
        let range = part * 250_000..(part + 1) * 250_000;
        assert_eq!(
            upload(
                &sim,
                &client,
                id,
                &format!("part-{part}"),
                accounts(range, 1)
            )
            .await,
            201
        );
    }
    let bytes: u64 = sim.uploads().iter().map(|upload| upload.file_size).sum();
    let (now, most) = memory();
    println!(
        "{} objects, {} MB of lines, in {:?}: memory {now} MB, at most {most} MB",
        sim.object_count("ACCOUNT"),
        bytes / 1_000_000,
        begun.elapsed()
    );
    for path in [
        "/_sim/",
        "/_sim/pages/objects/ACCOUNT?page=15000",
        "/_sim/pages/objects/ACCOUNT?q=NUMBER+4242",
    ] {
        let begun = Instant::now();
        let page = client
            .get(format!("{}{path}", sim.base_url()))
            .bearer_auth(sim.admin_token().unwrap())
            .send()
            .await
            .unwrap();
        assert!(page.status().is_success());
        let page = page.text().await.unwrap();
        println!("{path}, {} bytes, in {:?}", page.len(), begun.elapsed());
    }
}

/// Many uploads of the same objects: a leak would show as growth.
async fn repeated_uploads() {
    let sim = Simulator::builder()
        .keep_requests(1_000)
        .start()
        .await
        .unwrap();
    let client = http();
    let id = sim.register_integration("Bench", "admin@bench.example");
    for round in 0..300 {
        upload(
            &sim,
            &client,
            id,
            &format!("round-{round}"),
            accounts(0..10_000, round),
        )
        .await;
        if [10, 100, 200, 299].contains(&round) {
            println!(
                "after {round} uploads of the same 10,000 objects: memory {} MB",
                memory().0
            );
        }
    }
}

/// A client for plain HTTP. Where another crate of the workspace switches TLS on, reqwest needs a
/// provider of cryptography, although nothing here is encrypted.
fn http() -> Client {
    drop(rustls::crypto::ring::default_provider().install_default());
    Client::new()
}
