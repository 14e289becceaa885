//! The service: key, look up, decide, first state.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::SystemTime;

use http::{HeaderMap, Method, Request, Response, header};
use http_body::Body;
use tower::Service;

use crate::answer;
use crate::background::{Background, Claim, TIME_LIMIT, Tokio, Validation};
use crate::cache::Cache;
use crate::cache_status::{CacheStatus, Forward, NotStored};
use crate::exchange::{Exchange, Purpose};
use crate::fill::Fill;
use crate::future::{Forwarding, ResponseFuture};
use crate::invalidation::Invalidation;
use crate::key::{CacheKey, Partition, Wanted};
use crate::policy::reuse::{self, Decision};
use crate::policy::{Asked, selection, validation};
use crate::settings::Settings;
use crate::store::{Exchanging, Found};
use crate::stored::StoredResponse;
use crate::target::Target;

/// An HTTP client with a cache around it; made by [`CacheLayer`](crate::CacheLayer).
///
/// It is always ready: a request that is answered from the store has no use for the inner service, not
/// even for its readiness. One that is forwarded clones the inner service, waits until that clone is
/// ready, and calls it. Clones share the store.
#[derive(Clone)]
pub struct CacheService<S, X = Tokio> {
    inner: S,
    cache: Arc<Cache>,
    // A copy of the cache's, good while the version is the same.
    settings: Arc<Settings>,
    version: usize,
    background: X,
}

impl<S, X> CacheService<S, X> {
    pub(crate) fn new(inner: S, cache: Arc<Cache>, background: X) -> Self {
        let (settings, version) = cache.settings();
        Self {
            inner,
            cache,
            settings,
            version,
            background,
        }
    }

    /// The service inside.
    pub fn get_ref(&self) -> &S {
        &self.inner
    }

    /// The service inside. What is done to it counts for requests that start later.
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// The service inside, without the cache.
    pub fn into_inner(self) -> S {
        self.inner
    }

    fn refresh_settings(&mut self) {
        if self.cache.version() != self.version {
            (self.settings, self.version) = self.cache.settings();
        }
    }
}

impl<S, Q, R, X> Service<Request<Q>> for CacheService<S, X>
where
    S: Service<Request<Q>, Response = Response<R>> + Clone,
    Q: Body,
    R: Body,
    X: Background<Validation<S, Q, R>>,
{
    type Response = Response<crate::CacheBody<R>>;
    type Error = S::Error;
    type Future = ResponseFuture<S, Q, R>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Q>) -> Self::Future {
        self.refresh_settings();
        let body = request.body();
        let has_content = !body.is_end_stream() && body.size_hint().exact() != Some(0);
        let Some(asked) = Asked::read(request.method(), request.headers(), has_content) else {
            return self.pass(request, Forward::Method, NotStored::Method);
        };
        if !self.cache.switch.is_on() {
            return self.pass(request, Forward::Bypass, NotStored::Disabled);
        }
        let scheme = &self.settings.scheme;
        let target = Target::of_request(request.uri(), request.headers(), scheme);
        let Some(target) = target.filter(|_| !asked.is_bypass) else {
            if asked.directives.only_if_cached {
                return self.unsatisfiable();
            }
            return self.pass(request, Forward::Bypass, NotStored::Bypass);
        };
        let wanted = Wanted::new(&self.cache.seed, target, self.partition(&request));
        let now = self.settings.clock.now();
        let found = self.cache.store.look_up(&wanted, |stored| {
            selection::select(&self.cache.seed, &asked, request.headers(), stored)
        });
        let Found {
            response: stored,
            is_invalid,
        } = match found {
            Ok(found) => found,
            Err(_) if asked.directives.only_if_cached => return self.unsatisfiable(),
            Err(reason) => {
                let key = wanted.to_key();
                return self.forward(request, reason, key, asked, None);
            }
        };
        let reason = match reuse::decide(&asked, &stored, is_invalid, now) {
            Decision::Reuse => return self.reuse(&stored, &asked, request.headers(), now),
            Decision::ReuseAndValidate if self.background.is_available() => {
                let answer = self.reuse(&stored, &asked, request.headers(), now);
                if let Some(claim) = Claim::on(&self.cache, &stored) {
                    let key = wanted.to_key();
                    self.validate_in_background(request, key, stored, claim);
                }
                return answer;
            }
            Decision::Unsatisfiable => return self.unsatisfiable(),
            Decision::ReuseAndValidate => Forward::Stale,
            Decision::Validate(reason) => reason,
        };
        let key = wanted.to_key();
        self.forward(request, reason, key, asked, Some(stored))
    }
}

/// The first state of a request.
impl<S, X> CacheService<S, X> {
    /// Answers with a stored response.
    fn reuse<Q, R>(
        &self,
        stored: &StoredResponse,
        asked: &Asked,
        caller: &HeaderMap,
        now: SystemTime,
    ) -> ResponseFuture<S, Q, R>
    where
        S: Service<Request<Q>>,
    {
        self.cache.counters.hit();
        ResponseFuture::answered(answer::reused(stored, asked, caller, now))
    }

    /// Answers that the origin may not be asked.
    fn unsatisfiable<Q, R>(&self) -> ResponseFuture<S, Q, R>
    where
        S: Service<Request<Q>>,
    {
        self.cache.counters.unsatisfiable();
        ResponseFuture::answered(answer::unavailable(CacheStatus::unsatisfiable()))
    }

    /// Forwards a request that was not looked up.
    fn pass<Q, R>(
        &self,
        request: Request<Q>,
        reason: Forward,
        refused: NotStored,
    ) -> ResponseFuture<S, Q, R>
    where
        S: Service<Request<Q>> + Clone,
    {
        self.cache.counters.forward(reason);
        let purpose = match Invalidation::of(&self.cache, &request, &self.settings.scheme) {
            Some(invalidation) => Purpose::Invalidate(refused, invalidation),
            None => Purpose::Pass(refused),
        };
        let exchange = self.exchange(reason, purpose);
        let forwarding = Forwarding::readying(self.inner.clone(), request, exchange);
        ResponseFuture::forwarding(Box::pin(forwarding))
    }

    /// Forwards a request for which nothing could be reused; as a question about the stored response
    /// that was selected, where there is one and it can be asked about.
    fn forward<Q, R>(
        &self,
        request: Request<Q>,
        reason: Forward,
        key: CacheKey,
        asked: Asked,
        selected: Option<Arc<StoredResponse>>,
    ) -> ResponseFuture<S, Q, R>
    where
        S: Service<Request<Q>> + Clone,
    {
        self.cache.counters.forward(reason);
        ResponseFuture::forwarding(self.ask(request, reason, key, asked, selected))
    }

    /// Sends the caller's own request, which has been answered already, to validate the response that
    /// it was answered with.
    fn validate_in_background<Q, R>(
        &self,
        mut request: Request<Q>,
        key: CacheKey,
        stored: Arc<StoredResponse>,
        claim: Claim,
    ) where
        S: Service<Request<Q>> + Clone,
        X: Background<Validation<S, Q, R>>,
    {
        // What is asked about is the stored response, all of it, and not what the caller has.
        for field in [
            header::IF_NONE_MATCH,
            header::IF_MODIFIED_SINCE,
            header::RANGE,
            header::IF_RANGE,
        ] {
            request.headers_mut().remove(field);
        }
        let asked = Asked {
            is_head: stored.head.is_of_head,
            ..Asked::default()
        };
        if !asked.is_head {
            *request.method_mut() = Method::GET;
        }
        let forwarding = self.ask(request, Forward::Stale, key, asked, Some(stored));
        self.background
            .spawn(Validation::new(forwarding, claim), TIME_LIMIT);
    }

    fn ask<Q>(
        &self,
        mut request: Request<Q>,
        reason: Forward,
        key: CacheKey,
        asked: Asked,
        selected: Option<Arc<StoredResponse>>,
    ) -> Pin<Box<Forwarding<S, Q>>>
    where
        S: Service<Request<Q>> + Clone,
    {
        let caller = request.headers().clone();
        let is_validation = selected
            .as_deref()
            .is_some_and(|stored| validation::make_conditional(request.headers_mut(), stored));
        // Credentials named since the key was made have put up a fence that this is behind already.
        let mut exchanging = Exchanging::begin(&self.cache.store);
        if self.cache.version() != self.version {
            exchanging = exchanging.void();
        }
        let fill = Fill {
            key,
            asked,
            caller,
            exchanging,
            selected,
            is_validation,
            request_time: SystemTime::UNIX_EPOCH,
        };
        let exchange = self.exchange(reason, Purpose::Fill(fill));
        Box::pin(Forwarding::readying(self.inner.clone(), request, exchange))
    }

    fn exchange(&self, reason: Forward, purpose: Purpose) -> Exchange {
        Exchange {
            cache: self.cache.clone(),
            settings: self.settings.clone(),
            reason,
            purpose,
        }
    }

    fn partition<Q>(&self, request: &Request<Q>) -> Option<Partition> {
        let (uri, fields) = (request.uri(), request.headers());
        let credentials = self.settings.credentials.as_deref()?;
        Partition::of(&self.cache.seed, uri, fields, credentials)
    }
}

impl<S: fmt::Debug, X> fmt::Debug for CacheService<S, X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CacheService")
            .field("inner", &self.inner)
            .finish_non_exhaustive()
    }
}
