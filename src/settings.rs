//! What can be set: one value, replaced as a whole.

use http::uri::Scheme;
use http::{HeaderName, header};

use crate::clock::ClockSetting;
use crate::policy::Policy;
use crate::store::Limits;

const MEBIBYTE: usize = 1024 * 1024;

/// The settings of a cache. A request sees one of them from beginning to end.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) limits: Limits,
    pub(crate) max_body: Option<usize>,
    pub(crate) policy: Policy,
    pub(crate) clock: ClockSetting,
    /// The scheme of requests whose URI has none.
    pub(crate) scheme: Scheme,
    /// The request fields that say who asks; `None` where it is always the same user.
    pub(crate) credentials: Option<Vec<HeaderName>>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            limits: Limits {
                capacity: 64 * MEBIBYTE,
                responses: usize::MAX,
            },
            max_body: None,
            policy: Policy { heuristics: true },
            clock: ClockSetting::default(),
            scheme: Scheme::HTTP,
            credentials: Some(vec![
                header::AUTHORIZATION,
                header::COOKIE,
                header::PROXY_AUTHORIZATION,
            ]),
        }
    }
}

impl Settings {
    /// The limit for one body: what was set, or an eighth of the capacity. One that does not fit at all is
    /// too large.
    pub(crate) fn max_body(&self) -> usize {
        let capacity = self.limits.capacity;
        self.max_body.unwrap_or(capacity / 8).min(capacity)
    }
}
