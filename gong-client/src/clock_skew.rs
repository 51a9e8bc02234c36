//! The difference between the local clock and the server's.

use gong_api_gen::Exchange;
use jiff::SignedDuration;
use jiff::fmt::rfc2822::DateTimeParser;

use crate::client::Client;

impl Client {
    /// How far the local clock is ahead of the server's, to about a second; negative if it is behind.
    /// `None` if there is no response, or one without a date.
    ///
    /// It makes one call of `GET /v2/crm/integrations` and reads the `Date` header of the response,
    /// whatever its status. A wrong clock leads to wrong `modifiedDate`s.
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// # let sim = gong_sim::Simulator::start().await?;
    /// # let client = gong_client::Client::builder().base_url(sim.base_url())
    /// #     .credentials(gong_client::Credentials::access_key(sim.access_key(), sim.access_key_secret()))
    /// #     .build()?;
    /// let ahead = client.clock_skew().await.unwrap();
    /// assert!(ahead.as_secs().abs() < 60);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub async fn clock_skew(&self) -> Option<SignedDuration> {
        self.rate.spend(&*self.clock, &*self.counter).await.ok()?;
        let exchange = Exchange::default();
        let call = exchange.observe(self.raw().list_generic_crm_integration());
        drop(tokio::time::timeout(self.timeouts.response, call).await);
        let headers = exchange.headers();
        let date = headers.get(reqwest::header::DATE)?.to_str().ok()?;
        let theirs = DateTimeParser::new().parse_timestamp(date).ok()?;
        Some(self.clock.now().duration_since(theirs))
    }
}
