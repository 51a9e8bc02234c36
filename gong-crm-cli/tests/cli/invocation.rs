//! One run of the command, and how it reads as a snapshot.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A run of the command, in its own folder and with an empty environment.
pub(crate) struct Invocation {
    command: Command,
    folder: tempfile::TempDir,
}

impl Invocation {
    pub(crate) fn new(arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_gong-crm"));
        command
            .args(arguments)
            .current_dir(folder.path())
            .env_clear()
            // Where the ledger goes by default.
            .env("XDG_STATE_HOME", folder.path().join("state"))
            .env("HOME", folder.path());
        Self { command, folder }
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// With this on its standard input.
    pub(crate) fn input(self, text: &str) -> Self {
        self.input_bytes(text.as_bytes())
    }

    /// With this on its standard input, which need not be text.
    pub(crate) fn input_bytes(self, contents: &[u8]) -> Self {
        let mut invocation = self.bytes("standard-input", contents);
        let file = std::fs::File::open(invocation.path("standard-input")).unwrap();
        invocation.command.stdin(file);
        invocation
    }

    /// With the credentials that every test server takes.
    pub(crate) fn against(self, base_url: &str) -> Self {
        self.env("GONG_BASE_URL", base_url)
            .env("GONG_ACCESS_KEY", "test-key")
            .env("GONG_ACCESS_KEY_SECRET", "test-secret")
    }

    /// With a file in its folder.
    pub(crate) fn file(self, name: &str, contents: &str) -> Self {
        std::fs::write(self.folder.path().join(name), contents).unwrap();
        self
    }

    /// With a file in its folder that is the user's alone.
    pub(crate) fn private_file(self, name: &str, contents: &str) -> Self {
        self.file_of_mode(name, contents, 0o600)
    }

    /// With the user's trust in a config file of its folder.
    pub(crate) fn trusted(self, name: &str) -> Self {
        let trust = Command::new(env!("CARGO_BIN_EXE_gong-crm"))
            .args(["trust", name])
            .current_dir(self.folder.path())
            .env_clear()
            .env("XDG_STATE_HOME", self.folder.path().join("state"))
            .env("HOME", self.folder.path())
            .output()
            .unwrap();
        assert!(trust.status.success(), "{trust:?}");
        self
    }

    /// With a file in its folder that everybody may read.
    pub(crate) fn shared_file(self, name: &str, contents: &str) -> Self {
        self.file_of_mode(name, contents, 0o644)
    }

    #[cfg_attr(
        not(unix),
        expect(unused_variables, reason = "only unix has modes of files")
    )]
    fn file_of_mode(self, name: &str, contents: &str, mode: u32) -> Self {
        let invocation = self.file(name, contents);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::Permissions::from_mode(mode);
            std::fs::set_permissions(invocation.folder.path().join(name), mode).unwrap();
        }
        invocation
    }

    /// With a file in its folder that need not be text.
    pub(crate) fn bytes(self, name: &str, contents: &[u8]) -> Self {
        std::fs::write(self.folder.path().join(name), contents).unwrap();
        self
    }

    /// With an empty folder in its folder.
    pub(crate) fn folder(self, name: &str) -> Self {
        std::fs::create_dir_all(self.folder.path().join(name)).unwrap();
        self
    }

    /// Run in a folder of its folder.
    pub(crate) fn in_folder(mut self, name: &str) -> Self {
        self.command.current_dir(self.folder.path().join(name));
        self
    }

    /// A path in its folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What it printed, while its folder is still there.
    pub(crate) fn kept(mut self) -> (Output, tempfile::TempDir) {
        (self.command.output().unwrap(), self.folder)
    }

    /// In the workspace's root, where the examples are.
    pub(crate) fn in_workspace(mut self) -> Self {
        self.command.current_dir(workspace_root());
        self
    }

    pub(crate) fn command(&mut self) -> &mut Command {
        &mut self.command
    }

    pub(crate) fn output(mut self) -> Output {
        self.command.output().unwrap()
    }

    /// What a person sees: exit code, stdout, stderr.
    pub(crate) fn transcript(self) -> String {
        let output = self.output();
        let code = output
            .status
            .code()
            .map_or("killed".to_owned(), |code| code.to_string());
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        format!(
            "exit {code}\n--- stdout\n{}--- stderr\n{}",
            text(output.stdout),
            text(output.stderr)
        )
    }
}

/// A terminal: the end of the person who types and looks, and that of programs.
#[cfg(unix)]
pub(crate) fn terminal() -> (std::fs::File, std::fs::File) {
    use std::os::unix::ffi::OsStrExt as _;

    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

    let person = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&person).unwrap();
    unlockpt(&person).unwrap();
    let name = ptsname(&person, Vec::new()).unwrap();
    let name = Path::new(std::ffi::OsStr::from_bytes(name.as_bytes()));
    let mut terminal = std::fs::OpenOptions::new();
    let terminal = terminal.read(true).write(true).open(name).unwrap();
    (person.into(), terminal)
}

pub(crate) fn workspace_root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_path_buf()
}

/// Snapshots with what changes from run to run masked.
pub(crate) fn settings() -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_snapshot_path("../snapshots");
    // The beginning of the ledger's random id.
    settings.add_filter(r"-[0-9a-f]{8}-(\d+)", "-[LEDGER]-$1");
    settings.add_filter(r"requestId [0-9a-z]+", "requestId [REQUEST ID]");
    settings.add_filter(
        r#""requestId":"[0-9a-z]+""#,
        r#""requestId":"[REQUEST ID]""#,
    );
    settings.add_filter(r"127\.0\.0\.1:\d+", "127.0.0.1:[PORT]");
    settings.add_filter(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ", "[TIME]");
    settings.add_filter(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6,}Z", "[TIME]");
    settings.add_filter(r"process \d+, since \S+\)?", "process [ID], since [TIME]");
    settings.add_filter(r"retrying in [0-9.]+ s", "retrying in [PAUSE] s");
    settings.add_filter(r"\(os error \d+\)", "(os error [N])");
    // The folder of the run, and the day's calls.
    settings.add_filter(r"/\S*/\.tmp\w+", "[FOLDER]");
    settings.add_filter(
        r"is reached until \S+ \S+Z \(retry after \d+ s\)",
        "is reached until [TIME] (retry after [SECONDS] s)",
    );
    settings.add_filter(
        r"the oldest counts until \S+ \S+Z",
        "the oldest counts until [TIME]",
    );
    settings
}

/// Asserts a file snapshot of a transcript under a name.
macro_rules! assert_transcript {
    ($name:expr, $invocation:expr) => {
        let transcript = $invocation.transcript();
        $crate::invocation::settings().bind(|| insta::assert_snapshot!($name, transcript));
    };
}
pub(crate) use assert_transcript;
