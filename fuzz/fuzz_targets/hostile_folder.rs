//! Can a folder that a stranger made, with any `gong-crm.toml` in it or above it, have the command send
//! a credential away, run something, write or delete outside of the folder, or print what acts on a
//! terminal?
//!
//! The input is a list of steps that make the folder. The command itself runs in it, as its users run it;
//! its path is in `GONG_CRM`.

#![no_main]

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{LazyLock, Mutex};

use libfuzzer_sys::fuzz_target;

const SECRET: &str = "h4nter2-h4nter2";

/// Where something can be made, from the folder in which the command runs.
const PLACES: [&str; 16] = [
    "gong-crm.toml",
    "../gong-crm.toml",
    "crm.toml",
    "data",
    "data.spool",
    "data.spool/upload-1.ldjson",
    "data.spool/input-abc123.csv",
    "data.lock",
    "data.mark",
    "data-wal",
    "accounts.ldjson",
    "accounts.csv",
    "accounts.rejects.txt",
    "accounts.rejects.ldjson",
    "exports",
    "exports/deals.csv.gz",
];

/// What a file can begin with. `PORT` is that of a listener which nobody may send a credential to.
const TEXTS: [&str; 14] = [
    "",
    "base-url = \"http://127.0.0.1:PORT\"\n",
    "base-url = \"https://127.0.0.1:PORT\"\n",
    "base-url = \"https://api.gong.io@127.0.0.1:PORT\"\n",
    "ledger = \"data\"\n",
    "ledger = \"../victim/ledger\"\n",
    "map = \"../victim/crm.toml\"\n",
    "credential-process = [\"sh\", \"-c\", \"touch ../victim/ran\"]\n",
    "[sources]\ntap = [\"sh\", \"-c\", \"touch ../victim/ran\"]\npreset = \"close\"\n",
    "[sources.ACCOUNT]\ncommand = [\"sh\", \"-c\", \"touch ../victim/ran\"]\n",
    "[sources.ACCOUNT]\nfiles = \"accounts.*\"\ncomplete = true\n",
    "[profile.x]\nbase-url = \"http://localhost:PORT\"\n[sync]\nscope = \"\u{1b}[2Jx\"\n",
    "{\"objectId\":\"a-1\",\"modifiedDate\":\"2026-01-15T09:30:00Z\",\"name\":\"x\\n::error::y\"}\n",
    "Id,Name\n1,\"a\u{9b}31m\n::add-mask::b\"\n",
];

const COMMANDS: [&[&str]; 14] = [
    &["check", "."],
    &["check"],
    &["push", ".", "--integration-id", "7"],
    &["push", "--integration-id", "7", "--skip-invalid"],
    &["plan"],
    &["sync", "--yes"],
    &["sync", "--yes", "--profile", "x"],
    &["trust", "--show"],
    &["uploads"],
    &["status", "x"],
    &["resume"],
    &["init", "."],
    &["convert", "accounts.csv", "--type", "ACCOUNT"],
    &["objects", "get", "--type", "ACCOUNT", "a-1"],
];

/// A listener for whatever leaves the command, as a server and as a proxy.
struct Outside {
    port: u16,
    heard: &'static Mutex<Vec<u8>>,
}

static OUTSIDE: LazyLock<Outside> = LazyLock::new(|| {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
    let port = listener.local_addr().expect("an address").port();
    let heard: &'static Mutex<Vec<u8>> = Box::leak(Box::default());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut bytes = [0; 4096];
            let read = stream.read(&mut bytes).unwrap_or_default();
            heard.lock().expect("no panic").extend_from_slice(&bytes[..read]);
            drop(stream.write_all(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"));
        }
    });
    Outside { port, heard }
});

/// Bytes that steps are made of.
struct Steps<'a>(&'a [u8]);

impl Steps<'_> {
    fn next(&mut self) -> Option<usize> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(usize::from(*first))
    }

    /// One thing of the folder; `None` when there are no more.
    fn make(&mut self, here: &Path) -> Option<()> {
        let (kind, place, text) = (self.next()?, self.next()?, self.next()?);
        let path = here.join(PLACES[place % PLACES.len()]);
        if let Some(parent) = path.parent() {
            drop(fs::create_dir_all(parent));
        }
        match kind % 8 {
            0 => drop(fs::create_dir(&path)),
            1 => drop(symlink("../victim", &path)),
            2 => drop(symlink("../victim/precious.txt", &path)),
            3 => {
                let mode = [0o666, 0o777, 0o000, 0o644][text % 4];
                // As root this would make the folder unreadable for nobody.
                drop(fs::set_permissions(&path, fs::Permissions::from_mode(mode)));
            }
            _ => {
                let port = OUTSIDE.port.to_string();
                let mut bytes = TEXTS[text % TEXTS.len()].replace("PORT", &port).into_bytes();
                let more = self.next()?.min(self.0.len());
                let (own, rest) = self.0.split_at(more);
                self.0 = rest;
                bytes.extend_from_slice(own);
                drop(fs::write(&path, bytes));
            }
        }
        Some(())
    }
}

fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| (entry.path(), fs::read(entry.path()).unwrap_or_default()))
        .collect()
}

fuzz_target!(|bytes: &[u8]| {
    let command = std::env::var_os("GONG_CRM").expect("GONG_CRM: the path of the command");
    let place = tempfile::tempdir().expect("a folder");
    let (victim, here) = (place.path().join("victim"), place.path().join("here"));
    fs::create_dir(&victim).expect("a folder");
    fs::create_dir(&here).expect("a folder");
    fs::create_dir(place.path().join("home")).expect("a folder");
    for name in ["precious.txt", "upload-1.ldjson", "input-abc123.csv", "crm.toml"] {
        fs::write(victim.join(name), "precious").expect("a file");
    }
    let mut steps = Steps(bytes);
    let Some(words) = steps.next() else { return };
    while steps.make(&here).is_some() {}
    // The steps themselves may write through a link that they made.
    let before = contents(&victim);
    OUTSIDE.heard.lock().expect("no panic").clear();
    let proxy = format!("http://127.0.0.1:{}", OUTSIDE.port);
    let output = Command::new(command)
        .args(["--max-retries", "0"])
        .args(COMMANDS[words % COMMANDS.len()])
        .current_dir(&here)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", place.path().join("home"))
        .env("XDG_STATE_HOME", place.path().join("state"))
        .env("GONG_ACCESS_KEY", SECRET)
        .env("GONG_ACCESS_KEY_SECRET", SECRET)
        .env("HTTPS_PROXY", &proxy)
        .env("HTTP_PROXY", &proxy)
        .env("ALL_PROXY", &proxy)
        .stdin(Stdio::null())
        .output()
        .expect("GONG_CRM can be run");
    let code = output.status.code();
    assert!(code.is_some_and(|code| code <= 11), "{output:?}");
    assert_eq!(contents(&victim), before, "{output:?}");
    // Only Gong's own host, by the proxy.
    let heard = OUTSIDE.heard.lock().expect("no panic").clone();
    let heard = String::from_utf8_lossy(&heard);
    assert!(!heard.contains("Authorization") && !heard.contains("authorization: "), "{heard}");
    for line in heard.lines().filter(|line| line.contains(" HTTP/")) {
        assert!(line.starts_with("CONNECT ") && line.contains(".gong.io:443 "), "{heard}");
    }
    for stream in [&output.stdout, &output.stderr] {
        let text = String::from_utf8_lossy(stream);
        assert!(!text.contains(SECRET) && !text.contains("internal error"), "{text}");
        let is_active = |letter: char| letter.is_control() && letter != '\n';
        assert!(!text.contains(is_active), "{text:?}");
    }
});
