//! The service: key, look up, decide, first state.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response};
use http_body::Body;
use tower::Service;

use crate::answer::{self, Asker};
use crate::background::{Background, Claim, Task, Timer, Tokio};
use crate::body::CacheBody;
use crate::cache::Cache;
use crate::cache_status::{Forward, NotStored};
use crate::collapse::Company;
use crate::content::{Content, Reading, Treatment};
use crate::future::{Forwarding, ResponseFuture};
use crate::key::Text;
use crate::passing::Passed;
use crate::policy::Asked;
use crate::policy::reuse::{self, Decision};
use crate::policy::selection;
use crate::question::Missed;
use crate::reading::{Read, Reader, has_content};
use crate::request_body::{Once, RequestBody};
#[cfg(feature = "structured-fields")]
use crate::search;
use crate::settings::Settings;
use crate::waiting::{Joined, Waiting};

/// An HTTP client with a cache around it; made by [`CacheLayer`](crate::CacheLayer).
///
/// It is always ready: a request that is answered from the store has no use for the inner service, not
/// even for its readiness. One that is forwarded clones the inner service, waits until that clone is
/// ready, and calls it. Clones share the store.
///
/// ```
/// use bytes::Bytes;
/// use http::{Request, Response};
/// use http_body_util::{Empty, Full};
/// use tower::{Layer, Service, service_fn};
/// use tower_client_cache::{CacheLayer, CacheService, CacheStatus};
///
/// # futures_executor::block_on(async {
/// let origin = service_fn(|_: Request<Empty<Bytes>>| async {
///     Ok::<_, http::Error>(Response::new(Full::<Bytes>::from("news")))
/// });
/// let mut client: CacheService<_> = CacheLayer::new().layer(origin);
///
/// let request = Request::get("https://example.com/news").body(Empty::new())?;
/// let response = client.call(request).await?;
/// assert!(response.extensions().get::<CacheStatus>().is_some());
/// # Ok::<_, http::Error>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
pub struct CacheService<S, X = Tokio, P = Once> {
    pub(crate) inner: S,
    pub(crate) cache: Arc<Cache>,
    // A copy of the cache's, good while the version is the same.
    pub(crate) settings: Arc<Settings>,
    pub(crate) version: usize,
    pub(crate) background: X,
    pub(crate) request_body: P,
}

impl<S, X, P> CacheService<S, X, P> {
    pub(crate) fn new(inner: S, cache: Arc<Cache>, background: X, request_body: P) -> Self {
        let (settings, version) = cache.settings();
        Self {
            inner,
            cache,
            settings,
            version,
            background,
            request_body,
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

    pub(crate) fn refresh_settings(&mut self) {
        if self.cache.version() != self.version {
            (self.settings, self.version) = self.cache.settings();
        }
    }
}

impl<S, Q, R, X, P> Service<Request<Q>> for CacheService<S, X, P>
where
    S: Service<Request<Q>, Response = Response<R>> + Clone,
    Q: Body,
    R: Body,
    X: Background<Task<S, Q, R>>,
    P: RequestBody<Q>,
{
    type Response = Response<CacheBody<R>>;
    type Error = S::Error;
    type Future = ResponseFuture<S, Q, R, X, P>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Q>) -> Self::Future {
        self.refresh_settings();
        let (mut asked, mut text) = (Asked::default(), Text::empty());
        let read = self.read(&request, &mut asked, &mut text);
        if let Some((copy, asker)) = self.copy_for(&request, &asked, &read) {
            return self.reuse(answer::of_copy(&copy), &copy.response, asker, None);
        }
        self.answer(request, asked, read, &mut Company::default())
    }
}

impl<S, X, P> CacheService<S, X, P> {
    /// What a request does that has waited, or whose content was read.
    pub(crate) fn respond<Q, R>(
        &self,
        request: Request<Q>,
        content: Option<Arc<Content>>,
        company: &mut Company,
    ) -> ResponseFuture<S, Q, R, X, P>
    where
        S: Service<Request<Q>, Response = Response<R>> + Clone,
        Q: Body,
        R: Body,
        X: Background<Task<S, Q, R>>,
        P: RequestBody<Q>,
    {
        let (mut asked, mut text) = (Asked::default(), Text::empty());
        asked.content = content;
        let read = self.read(&request, &mut asked, &mut text);
        let future = match self.copy_for(&request, &asked, &read) {
            Some((copy, asker)) => {
                let whole = answer::of_copy(&copy);
                self.reuse(whole, &copy.response, asker, company.waited)
            }
            None => self.answer(request, asked, read, company),
        };
        company.leave();
        future
    }

    /// The first state of a request that no copy answers.
    fn answer<Q, R>(
        &self,
        request: Request<Q>,
        asked: Asked,
        read: Read<'_>,
        company: &mut Company,
    ) -> ResponseFuture<S, Q, R, X, P>
    where
        S: Service<Request<Q>, Response = Response<R>> + Clone,
        Q: Body,
        R: Body,
        X: Background<Task<S, Q, R>>,
        P: RequestBody<Q>,
    {
        let (wanted, now) = match read {
            Read::Wants(wanted, now) => (wanted, now),
            Read::Unsatisfiable(outcome) => return self.unsatisfiable(&request, outcome),
            Read::Pass(reason, refused) => {
                let passed = Passed {
                    reason,
                    refused,
                    has_waited: company.waited.is_some(),
                    is_safe: asked.content.is_some(),
                };
                return self.pass(request, passed);
            }
            Read::OtherMethod => return self.answer_other(request),
        };
        let comparing = self.settings.comparing(&self.cache.seed);
        let waited = company.waited;
        let (found, newest) = self.cache.store.look_up(&wanted, |stored| {
            selection::select(comparing, &asked, request.headers(), stored)
        });
        #[cfg(feature = "structured-fields")]
        let found = found.or_else(|reason| {
            let related = &self.settings.related;
            search::find(
                &self.cache,
                related,
                comparing,
                &wanted,
                &asked,
                request.headers(),
            )
            .ok_or(reason)
        });
        let (reason, selected) = match found {
            Err(_) if asked.directives.only_if_cached => {
                return self.unsatisfiable(&request, asked.unsatisfied());
            }
            Err(reason) => (reason, None),
            Ok(found) => {
                let stored = found.response.clone();
                let asker = Asker::of(&stored, &asked, request.headers(), now);
                match reuse::decide(&asked, &stored, found.is_invalid, asker.age) {
                    Decision::Reuse => {
                        let answer = self.reuse(answer::at_rest(&stored), &stored, asker, waited);
                        if found.is_hot() {
                            self.cache.store.give_copy(&stored);
                        }
                        return answer;
                    }
                    Decision::ReuseAndValidate if self.background.is_available() => {
                        let answer = self.reuse(answer::at_rest(&stored), &stored, asker, waited);
                        if let Some(claim) = Claim::on(&self.cache, &self.settings, &stored, now) {
                            self.validate_in_background(request, &wanted, stored, asked, claim);
                        }
                        return answer;
                    }
                    // In the foreground no more often than in the background.
                    Decision::ReuseAndValidate if stored.backoff.is_resting(now) => {
                        return self.reuse(answer::at_rest(&stored), &stored, asker, waited);
                    }
                    Decision::Unsatisfiable => {
                        return self.unsatisfiable(&request, asked.unsatisfied());
                    }
                    Decision::ReuseAndValidate => (Forward::Stale, Some(stored)),
                    Decision::Validate(reason) => (reason, Some(stored)),
                }
            }
        };
        match self.join(&request, &asked, &wanted, (now, newest), company) {
            Joined::Goes => {
                let missed = Missed {
                    reason,
                    selected,
                    company: std::mem::take(company),
                };
                // At once where it stays: to move a request costs more than most of what is done with it.
                let forwarding = Forwarding::readying(self.inner.clone(), request);
                self.forward(forwarding, &wanted, asked, missed)
            }
            Joined::LooksAgain => self.respond(request, asked.content, company),
            Joined::Waits(seat) => {
                let request = (request, asked.content);
                let waiting = Waiting::new(self.clone(), request, reason, seat);
                ResponseFuture::waiting(Box::pin(waiting))
            }
        }
    }
}

/// The first state of a request.
impl<S, X, P> CacheService<S, X, P> {
    /// That of one that is neither GET nor HEAD.
    fn answer_other<Q, R>(&self, request: Request<Q>) -> ResponseFuture<S, Q, R, X, P>
    where
        S: Service<Request<Q>> + Clone,
        Q: Body,
        X: Timer,
        P: RequestBody<Q>,
    {
        let may_read = self.request_body.takes_content()
            && request.body().size_hint().lower() <= self.settings.max_content as u64;
        let is_safe = match self.reader().treatment(&request) {
            Treatment::Read(judge) if !may_read => judge.is_certain(),
            Treatment::Read(judge) => {
                let reading = Reading::new(self.clone(), request, judge);
                return ResponseFuture::reading(Box::new(reading));
            }
            Treatment::Safe => true,
            Treatment::Unsafe => false,
        };
        if let Some(outcome) = self.reader().refusal(&request, is_safe) {
            return self.unsatisfiable(&request, outcome);
        }
        let passed = Passed {
            reason: Forward::Method,
            refused: NotStored::Method,
            has_waited: false,
            is_safe,
        };
        self.pass(request, passed)
    }

    #[inline]
    fn read<'a, Q: Body>(
        &self,
        request: &Request<Q>,
        asked: &mut Asked,
        text: &'a mut Text,
    ) -> Read<'a> {
        let has_content = has_content(request.body());
        self.reader().read(request, has_content, asked, text)
    }

    #[inline]
    pub(crate) fn reader(&self) -> Reader<'_> {
        Reader {
            cache: &self.cache,
            settings: &self.settings,
        }
    }
}

impl<S: fmt::Debug, X, P> fmt::Debug for CacheService<S, X, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CacheService")
            .field("inner", &self.inner)
            .finish_non_exhaustive()
    }
}
