//! One exchange after the other, of one kind.

use std::convert::Infallible;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{Request, Response, header, response};
use http_body::Body;
use http_body_util::Empty;
use tower::{Layer, Service};
use tower_client_cache::{CacheLayer, CacheStatus, Forward};

use crate::Mode;
use crate::exchange::exchange;
use crate::origin::origin;

const FRESH: &str = "max-age=3600";

/// One exchange after the other, all of the same [`Mode`].
pub struct Exchanges {
    mode: Mode,
    next: Box<dyn FnMut() -> response::Parts>,
}

impl Exchanges {
    /// What is done once is done: there is a stored response where there can be one, and it has been
    /// reused before.
    #[must_use]
    pub fn new(mode: Mode) -> Self {
        #[expect(
            clippy::disallowed_methods,
            reason = "the cache has the system's clock"
        )]
        let now = SystemTime::now();
        // A date that is no later than the answer would be older by a second now and then.
        let soon = now + Duration::from_secs(1);
        let before = now - Duration::from_secs(90);
        let layer = CacheLayer::new();
        let mut exchanges = Self {
            mode,
            next: match mode {
                Mode::Bare => endless(origin(FRESH, soon)),
                Mode::Hit => endless(layer.layer(origin(FRESH, soon))),
                Mode::Aged => endless(layer.layer(origin(FRESH, before))),
                Mode::Forward => endless(layer.layer(origin("no-store", soon))),
            },
        };
        exchanges.make(20);
        exchanges
    }

    pub fn make(&mut self, count: usize) {
        for _ in 0..count {
            (self.next)();
        }
    }

    /// Makes one more.
    ///
    /// # Panics
    ///
    /// Where it is not answered as the mode says: what was counted was something else. A hit is no
    /// longer of age zero when a second has passed since [`Exchanges::new`].
    pub fn check(mut self) {
        let head = (self.next)();
        let status = head.extensions.get::<CacheStatus>();
        let is_hit = status.is_some_and(|status| status.is_hit());
        let forward = status.and_then(|status| status.forwarded());
        let is_new = head.headers.get(header::AGE).is_some_and(|age| age == "0");
        let is_right = match self.mode {
            Mode::Bare => status.is_none(),
            Mode::Hit => is_hit && is_new,
            Mode::Aged => is_hit && !is_new,
            Mode::Forward => forward == Some(Forward::UriMiss),
        };
        assert!(is_right, "{:?} was answered: {head:?}", self.mode);
    }
}

fn endless<S, R>(mut client: S) -> Box<dyn FnMut() -> response::Parts>
where
    S: Service<Request<Empty<Bytes>>, Response = Response<R>, Error = Infallible> + 'static,
    R: Body<Data = Bytes, Error = Infallible>,
{
    Box::new(move || exchange(&mut client))
}
