//! How often a client may ask: so many requests a minute, evenly or at once (GCRA, as `governor`
//! has it).

use std::num::NonZeroU32;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use super::refusal::Refusal;

/// Clients above which those that have not asked of late are forgotten.
const CLIENTS: usize = 10_000;

/// Counts the requests of every client.
pub(super) struct Rate(Option<DefaultKeyedRateLimiter<String>>);

impl Rate {
    pub fn new(per_minute: Option<NonZeroU32>) -> Self {
        Self(per_minute.map(|count| RateLimiter::keyed(Quota::per_minute(count))))
    }

    /// Counts a request.
    ///
    /// # Errors
    /// When it is one too many.
    pub fn count(&self, client: &str) -> Result<(), Refusal> {
        let Some(limiter) = &self.0 else { return Ok(()) };
        if limiter.len() > CLIENTS {
            limiter.retain_recent();
        }
        limiter.check_key(&client.to_owned()).map_err(|not_until| {
            let wait = not_until.wait_time_from(DefaultClock::default().now());
            Refusal::too_often(wait.as_secs() + 1)
        })
    }
}
