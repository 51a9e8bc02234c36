//! The handle of a running simulator: its address, its credentials, and its data.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

use serde_json::Value;
use tokio::sync::oneshot;

use crate::admin;
use crate::faults::{Fault, InvalidFault};
use crate::http::serve;
use crate::object_type::ObjectType;
use crate::persistence::{keep_saving, save};
use crate::received::ReceivedRequest;
use crate::rules::UnknownRule;
use crate::shared::{Shared, SharedRef, SimulatorConfig};
use crate::store::{
    GongUser, Integration, IntegrationData, Meeting, SeedError, Upload, Uploads, key_of,
    shown_objects,
};
use crate::time::Processing;

/// A running Gong simulator. Dropping it stops it.
///
/// It runs on its own thread, so it also responds while the code that started it blocks, for
/// example in a test that runs a command.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// use gong_sim::Simulator;
///
/// # drop(rustls::crypto::ring::default_provider().install_default());
/// let sim = Simulator::start().await.unwrap();
/// let answer = reqwest::Client::new()
///     .get(format!("{}/v2/crm/integrations", sim.base_url()))
///     .basic_auth(sim.access_key(), Some(sim.access_key_secret()))
///     .send()
///     .await
///     .unwrap();
/// assert_eq!(answer.status(), 200);
/// assert_eq!(sim.requests()[0].path, "/v2/crm/integrations");
/// # });
/// ```
#[derive(Debug)]
pub struct Simulator {
    pub(crate) shared: SharedRef,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    ended: oneshot::Receiver<()>,
}

impl Simulator {
    pub(crate) fn launch(
        listener: TcpListener,
        settings: SimulatorConfig,
    ) -> std::io::Result<Self> {
        let address = listener.local_addr()?;
        listener.set_nonblocking(true)?;
        let shared = Arc::new(Shared::new(address, settings));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let (stop, stopped) = oneshot::channel();
        let (end, ended) = oneshot::channel();
        let served = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("gong-sim".to_owned())
            .spawn(move || {
                runtime.block_on(async move {
                    if let Ok(listener) = tokio::net::TcpListener::from_std(listener) {
                        let has_admin = served.admin_token.is_some();
                        let admin = has_admin.then(|| admin::router(Arc::clone(&served)));
                        tokio::spawn(keep_saving(Arc::clone(&served)));
                        serve(listener, Arc::clone(&served), admin, stopped).await;
                        // The last changes are not on disk yet. To know whether saving works, call
                        // `save_state` first.
                        drop(save(&served));
                    }
                });
                end.send(()).ok();
            })?;
        Ok(Self {
            shared,
            stop: Some(stop),
            thread: Some(thread),
            ended,
        })
    }

    /// The settings for a client, as environment variables that `gong-crm` and this project's
    /// examples read: base URL, access key, secret, and the integration if there is one.
    ///
    /// ```
    /// # let sim = gong_sim::Simulator::builder().start_blocking().unwrap();
    /// for (name, value) in sim.environment() {
    ///     println!("export {name}={value}");
    /// }
    /// ```
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let mut lines = vec![
            ("GONG_BASE_URL", self.base_url().to_owned()),
            ("GONG_ACCESS_KEY", self.access_key().to_owned()),
            (
                "GONG_ACCESS_KEY_SECRET",
                self.access_key_secret().to_owned(),
            ),
        ];
        if let Some(integration) = self.shared.state().current() {
            lines.push(("GONG_INTEGRATION_ID", integration.id.to_string()));
        }
        lines
    }

    /// The token that opens the endpoints and pages under `/_sim/`, to be sent as
    /// `Authorization: Bearer …`; `None` if they are not served.
    ///
    /// ```
    /// let sim = gong_sim::Simulator::builder().admin_token("token").start_blocking()?;
    /// assert_eq!(sim.admin_token(), Some("token"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn admin_token(&self) -> Option<&str> {
        self.shared.admin_token.as_deref()
    }

    /// The address of the first page with the token in it, for a browser.
    pub fn admin_url(&self) -> Option<String> {
        let token = self.admin_token()?;
        Some(format!("{}/_sim/?token={token}", self.base_url()))
    }

    /// Loads a folder of CRM files, named after their types (`accounts.ldjson`,
    /// `business_users-2.ldjson`, …), and its `entity-schema.json` if there is one, into the newest
    /// integration; registers one if there is none. Each file becomes an upload, processed immediately
    /// and given back with its line errors.
    ///
    /// # Errors
    ///
    /// If the folder or a file cannot be read, or the schema is invalid.
    pub fn seed_from_dir(&self, folder: impl AsRef<Path>) -> Result<Vec<Upload>, SeedError> {
        let mut state = self.shared.state();
        let names = state.seed_from(folder.as_ref())?;
        let now = state.now();
        let id = state.current().map_or(0, |integration| integration.id);
        let uploads = names
            .iter()
            .filter_map(|name| Some(Uploads::show(id, name, state.uploads.get(id, name)?, now)));
        Ok(uploads.collect())
    }

    /// Writes the state file now; without one, nothing happens.
    ///
    /// # Errors
    ///
    /// If the file cannot be written.
    pub fn save_state(&self) -> std::io::Result<()> {
        save(&self.shared)
    }

    /// Scheme, host and port, without a trailing slash: `http://127.0.0.1:54321`.
    pub fn base_url(&self) -> &str {
        &self.shared.base_url
    }

    /// The address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.shared.address
    }

    /// The access key that has all rights.
    pub fn access_key(&self) -> &str {
        &self.shared.access_key.key
    }

    /// The secret of [`access_key`](Self::access_key).
    pub fn access_key_secret(&self) -> &str {
        &self.shared.access_key.secret
    }

    /// Registers an integration without a request, and returns its id.
    ///
    /// ```
    /// let sim = gong_sim::Simulator::builder().start_blocking()?;
    /// let id = sim.register_integration("Acme CRM", "admin@acme.example");
    /// assert_eq!(sim.integrations()[0].integration_id, id);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn register_integration(&self, name: &str, owner_email: &str) -> i64 {
        self.shared.state().register(name, owner_email)
    }

    /// The registered integrations; at most one unless a rule was turned off.
    pub fn integrations(&self) -> Vec<Integration> {
        self.shared
            .state()
            .integrations
            .iter()
            .map(IntegrationData::shown)
            .collect()
    }

    /// One object of the newest integration as it was uploaded; `None` if there is none, or no
    /// such type.
    ///
    /// Numbers are read as `serde_json` reads them; [`object_text`](Self::object_text) has the
    /// exact digits.
    pub fn object(&self, object_type: &str, object_id: &str) -> Option<Value> {
        serde_json::from_str(&self.object_text(object_type, object_id)?).ok()
    }

    /// One object of the newest integration as JSON text, every digit as it was uploaded.
    pub fn object_text(&self, object_type: &str, object_id: &str) -> Option<String> {
        let object_type = ObjectType::from_name(object_type)?;
        let state = self.shared.state();
        let integration = state.current()?;
        let bytes = integration.object(object_type, object_id, state.rules)?;
        Some(String::from_utf8_lossy(bytes).into_owned())
    }

    /// All objects of a type in the newest integration, in the order of their ids.
    pub fn objects(&self, object_type: &str) -> Vec<Value> {
        let Some(object_type) = ObjectType::from_name(object_type) else {
            return Vec::new();
        };
        let state = self.shared.state();
        state.current().map_or_else(Vec::new, |integration| {
            let objects = integration.table(object_type).iter();
            objects
                .filter_map(|(_, bytes)| serde_json::from_slice(bytes).ok())
                .collect()
        })
    }

    /// All objects of a type in the newest integration as Gong shows them, by their ids: only
    /// standard fields and fields of the schema, with the documented defaults. Stages and users are
    /// shown here too, which the API never shows.
    ///
    /// The rules `objects-hide-unknown-fields` and `objects-show-defaults` change which fields are
    /// shown.
    pub fn shown_objects(&self, object_type: &str) -> BTreeMap<String, Value> {
        let Some(object_type) = ObjectType::from_name(object_type) else {
            return BTreeMap::new();
        };
        shown_objects(&self.shared.state(), object_type)
    }

    /// The versions of an object that arrived too late to be applied and were added to its history,
    /// in the order of arrival. There are none unless `older-update-applied` is off and
    /// `older-update-filed` is on.
    pub fn filed_versions(&self, object_type: &str, object_id: &str) -> Vec<Value> {
        let Some(object_type) = ObjectType::from_name(object_type) else {
            return Vec::new();
        };
        let state = self.shared.state();
        let key = key_of(object_id, state.rules);
        state.current().map_or_else(Vec::new, |integration| {
            let filed = integration.table(object_type).filed(&key);
            filed
                .filter_map(|bytes| serde_json::from_slice(bytes).ok())
                .collect()
        })
    }

    /// How many objects of a type the newest integration has.
    pub fn object_count(&self, object_type: &str) -> usize {
        let Some(object_type) = ObjectType::from_name(object_type) else {
            return 0;
        };
        self.shared
            .state()
            .current()
            .map_or(0, |integration| integration.table(object_type).len())
    }

    /// The entity schema of a type in the newest integration, as the API lists it.
    pub fn schema(&self, object_type: &str) -> Vec<Value> {
        let Some(object_type) = ObjectType::from_name(object_type) else {
            return Vec::new();
        };
        let state = self.shared.state();
        state.current().map_or_else(Vec::new, |integration| {
            let fields = integration.schema(object_type);
            fields
                .iter()
                .filter_map(|field| serde_json::to_value(field).ok())
                .collect()
        })
    }

    /// The uploads and deletions, newest first.
    pub fn uploads(&self) -> Vec<Upload> {
        let state = self.shared.state();
        let now = state.now();
        state
            .uploads
            .newest_first()
            .map(|(id, name, upload)| Uploads::show(id, name, upload, now))
            .collect()
    }

    /// The uploads and deletions with the uploaded files, oldest first.
    pub fn upload_history(&self) -> Vec<Upload> {
        let mut uploads = self.uploads();
        uploads.reverse();
        uploads
    }

    /// The meetings, each as the request that created or last changed it, with its `meetingId`.
    pub fn meetings(&self) -> Vec<Value> {
        let state = self.shared.state();
        state.meetings.all().map(Meeting::shown).collect()
    }

    /// The last requests in the order of their responses; `/_sim/` requests are not among them.
    pub fn requests(&self) -> Vec<ReceivedRequest> {
        self.shared.log().iter().cloned().collect()
    }

    /// The number of all requests, including those that are no longer kept.
    pub fn request_count(&self) -> u64 {
        self.shared.log().total()
    }

    /// The current time of the simulator.
    pub fn now(&self) -> SystemTime {
        self.shared.state().now().into()
    }

    /// Advances the clock, and processes everything that is due by then.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let sim = gong_sim::Simulator::builder().virtual_time().start_blocking()?;
    /// let before = sim.now();
    /// sim.advance(Duration::from_secs(86_400));
    /// assert_eq!(sim.now().duration_since(before)?, Duration::from_secs(86_400));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn advance(&self, by: Duration) {
        self.shared.state().advance(by);
    }

    /// Changes the processing time of future uploads.
    pub fn set_processing(&self, processing: Processing) {
        self.shared.state().processing = processing;
    }

    /// Changes how long after its upload is processed an object appears.
    pub fn set_read_lag(&self, read_lag: Duration) {
        self.shared.state().read_lag = read_lag;
    }

    /// Changes the time until records can refer to a new account; used while the rule
    /// `account-delay` is on.
    pub fn set_account_delay(&self, account_delay: Duration) {
        self.shared.state().account_delay = account_delay;
    }

    /// Turns one rule on or off.
    ///
    /// # Errors
    ///
    /// If no rule has this name.
    ///
    /// ```
    /// let sim = gong_sim::Simulator::builder().start_blocking()?;
    /// sim.set_rule("duplicate-object-id", false)?;
    /// assert!(sim.set_rule("no-such-rule", true).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn set_rule(&self, name: &str, on: bool) -> Result<(), UnknownRule> {
        self.shared.state().switch_rule(name, on)
    }

    /// Adds a fault. Its calls are counted from now on.
    ///
    /// # Errors
    ///
    /// [`InvalidFault`] when it could never take effect; see [`Fault::validate`].
    ///
    /// ```
    /// use gong_sim::{Effect, Fault, Operation, Simulator};
    ///
    /// let sim = Simulator::builder().start_blocking()?;
    /// // The next upload arrives, and its answer is lost.
    /// sim.add_fault(Fault::new(Effect::LoseAnswer).on(Operation::UploadEntities).nth(1))?;
    /// # sim.clear_faults();
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn add_fault(&self, fault: Fault) -> Result<(), InvalidFault> {
        fault.validate()?;
        self.shared.state().add_fault(fault);
        Ok(())
    }

    /// Removes all faults.
    pub fn clear_faults(&self) {
        self.shared.state().faults.clear();
    }

    /// Adds a Gong user for the meetings operations. From the first one on only users that were
    /// added exist.
    pub fn add_user(&self, user: GongUser) {
        self.shared.state().add_user(user);
    }

    /// Forgets integrations, objects, uploads, meetings and received requests. Credentials, rules
    /// and the other settings stay.
    pub fn reset(&self) {
        self.shared.state().forget_data();
        self.shared.log().forget();
    }

    /// Stops it, and waits until its port is free.
    pub async fn shutdown(mut self) {
        drop(self.stop.take());
        drop((&mut self.ended).await);
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}
