//! A request that waits for the answer to another (choice C-49).

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, SystemTime};

use http::{Request, Response};
use http_body::Body;
use pin_project_lite::pin_project;
use tower::Service;

use crate::background::{Background, Task, Timer};
use crate::cache_status::Forward;
use crate::collapse::{self, Company, Leader, Place, Subject, Turn, Waiter};
use crate::content::Content;
use crate::future::ResponseFuture;
#[cfg(feature = "grpc")]
use crate::grpc::Deadline;
use crate::key::Wanted;
use crate::partition::Partition;
use crate::policy::{Asked, selection};
use crate::request_body::RequestBody;
use crate::service::CacheService;

/// What a request does of which others for the same may be on their way.
pub(crate) enum Joined<T> {
    /// It asks the origin.
    Goes,
    /// It leads, but has looked at the store before the one that has led until then was answered.
    LooksAgain,
    Waits(Seat<T>),
}

/// A place to wait in, and for how long.
pub(crate) struct Seat<T> {
    waiter: Waiter,
    /// `None` where nothing ends it.
    sleep: Option<T>,
    /// Of a call of gRPC.
    #[cfg(feature = "grpc")]
    deadline: Option<Deadline>,
}

/// Of a HEAD there is another group than of a GET.
const HEAD: u64 = 0x6865_6164_6865_6164;

impl<S, X: Timer, P> CacheService<S, X, P> {
    /// Finds the place of a request that nothing stored answers, and that was looked up then: at this time, and
    /// when this was stored last.
    pub(crate) fn join<Q>(
        &self,
        request: &Request<Q>,
        asked: &Asked,
        wanted: &Wanted<'_>,
        (now, newest): (SystemTime, u64),
        company: &mut Company,
    ) -> Joined<X::Sleep> {
        let collapsing = self.settings.collapsing;
        if !collapsing.is_on || !collapse::may_share(asked) {
            return Joined::Goes;
        }
        let hash = self.hash_of(request, asked, wanted);
        company.hash = Some(hash);
        // It may be a stream, for which nobody is to wait.
        #[cfg(feature = "grpc")]
        if asked.is_grpc() && !self.cache.unary_methods.has(wanted.uri_hash) {
            return Joined::Goes;
        }
        let groups = &self.cache.groups;
        if !company.may_join() || groups.is_unfit(hash, now) {
            return Joined::Goes;
        }
        let subject = Subject {
            hash,
            uri_hash: wanted.uri_hash,
            origin: wanted.origin(),
        };
        match groups.join(subject) {
            Place::Alone => Joined::Goes,
            Place::Leads(leader) => {
                company.leader = Some(leader);
                // Whoever has led until now has stored its answer before it left.
                if self.cache.store.newest() == newest {
                    Joined::Goes
                } else {
                    Joined::LooksAgain
                }
            }
            Place::Waits(waiter) => {
                let (limit, needs_timer) = (collapsing.head_limit, !collapsing.needs_no_timer);
                #[cfg(feature = "grpc")]
                let deadline = Deadline::of_call(asked, request.headers(), now);
                #[cfg(feature = "grpc")]
                let limit = deadline.map_or(limit, |deadline| limit.min(deadline.timeout()));
                #[cfg(feature = "grpc")]
                let needs_timer = needs_timer || deadline.is_some();
                let sleep = self.background.sleep(limit);
                if sleep.is_none() && needs_timer {
                    return Joined::Goes;
                }
                Joined::Waits(Seat {
                    waiter,
                    sleep,
                    #[cfg(feature = "grpc")]
                    deadline,
                })
            }
        }
    }

    /// Of what a request is about. In a shared cache those of other users are about something else.
    fn hash_of<Q>(&self, request: &Request<Q>, asked: &Asked, wanted: &Wanted<'_>) -> u64 {
        let mut hash = wanted.hash;
        if asked.is_head {
            hash ^= HEAD;
        }
        if asked.has_authorization && self.settings.policy.is_shared() {
            let (seed, uri, fields) = (&self.cache.seed, request.uri(), request.headers());
            let user = Partition::of(seed, uri, fields, &[http::header::AUTHORIZATION]);
            hash ^= user.map_or(0, Partition::as_hash);
        }
        hash
    }
}

/// Who waits.
struct Held<S, Q, X, P> {
    service: CacheService<S, X, P>,
    request: Request<Q>,
    /// Where that is part of its key.
    content: Option<Arc<Content>>,
    #[cfg(feature = "grpc")]
    deadline: Option<Deadline>,
}

pin_project! {
    /// A request that waits. The inner service is neither readied nor called for it meanwhile.
    pub(crate) struct Waiting<S, Q, X, P>
    where
        X: Timer,
    {
        // Taken together when the waiting is over.
        held: Option<Held<S, Q, X, P>>,
        reason: Forward,
        // Gone when it gives up.
        waiter: Option<Waiter>,
        #[pin]
        sleep: Option<X::Sleep>,
        // Of the one that sees to the time.
        #[pin]
        rest: Option<X::Sleep>,
    }
}

impl<S, Q, X: Timer, P> Waiting<S, Q, X, P> {
    /// A request that would be forwarded for this reason, and its content where that is part of its key.
    pub(crate) fn new(
        service: CacheService<S, X, P>,
        (request, content): (Request<Q>, Option<Arc<Content>>),
        reason: Forward,
        seat: Seat<X::Sleep>,
    ) -> Self {
        Self {
            held: Some(Held {
                service,
                request,
                content,
                #[cfg(feature = "grpc")]
                deadline: seat.deadline,
            }),
            reason,
            waiter: Some(seat.waiter),
            sleep: seat.sleep,
            rest: None,
        }
    }

    /// Whether it is over, and if this one leads now.
    fn poll_turn(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Leader>> {
        let mut this = self.project();
        let held = this.held.as_mut().expect(COMPLETED);
        let (service, request) = (&held.service, &held.request);
        let settings = &service.settings;
        loop {
            let Poll::Ready(turn) = this.waiter.as_mut().expect(COMPLETED).poll(cx.waker()) else {
                let is_over = poll_limit(this.sleep.as_mut(), cx);
                #[cfg(feature = "grpc")]
                if is_over && deadline_passes(&mut held.deadline, settings.collapsing.head_limit) {
                    // The others may wait on.
                    *this.waiter = None;
                    return Poll::Ready(None);
                }
                if !is_over && !poll_limit(this.rest.as_mut(), cx) {
                    return Poll::Pending;
                }
                if let Some(waiter) = this.waiter.take() {
                    waiter.gives_up(settings.clock.now());
                }
                return Poll::Ready(None);
            };
            match turn {
                Turn::Released => return Poll::Ready(None),
                Turn::Leads(leader) => return Poll::Ready(Some(leader)),
                Turn::Head(None) => {}
                Turn::Head(Some(selected_by)) => {
                    let comparing = settings.comparing(&service.cache.seed);
                    if !selection::is_for(comparing, &selected_by, request.headers()) {
                        return Poll::Ready(None);
                    }
                }
                Turn::KeepsTime(head_at) => {
                    let passed = settings.clock.now().duration_since(head_at);
                    let left = settings.collapsing.limit;
                    let left = left.saturating_sub(passed.unwrap_or(Duration::ZERO));
                    // What was begun with a timer may find none, and has the one it began with.
                    this.rest.set(service.background.sleep(left));
                }
            }
        }
    }
}

impl<S, Q, R, X, P> Waiting<S, Q, X, P>
where
    S: Service<Request<Q>, Response = Response<R>> + Clone,
    Q: Body,
    R: Body,
    X: Background<Task<S, Q, R>>,
    P: RequestBody<Q>,
{
    /// What the request does when it has waited: all that it would do if it came only now, but for waiting.
    pub(crate) fn poll(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<ResponseFuture<S, Q, R, X, P>> {
        let leader = ready!(self.as_mut().poll_turn(cx));
        let this = self.project();
        let mut held = this.held.take().expect(COMPLETED);
        *this.waiter = None;
        held.service.refresh_settings();
        #[cfg(feature = "grpc")]
        if let Some(deadline) = &held.deadline {
            if deadline.has_passed() {
                return Poll::Ready(held.service.too_late(&held.request));
            }
            let now = held.service.settings.clock.now();
            deadline.tell(held.request.headers_mut(), now);
        }
        let mut company = Company::having_waited(*this.reason, leader);
        let Held {
            service,
            request,
            content,
            ..
        } = held;
        Poll::Ready(service.respond(request, content, &mut company))
    }
}

/// Whether it is the deadline that a timer was set to which has fired.
#[cfg(feature = "grpc")]
fn deadline_passes(deadline: &mut Option<Deadline>, limit: Duration) -> bool {
    let due = deadline
        .as_mut()
        .filter(|deadline| deadline.timeout() <= limit);
    due.map(Deadline::pass).is_some()
}

/// Whether a limit has passed, where there is one.
fn poll_limit<T: Future<Output = ()>>(limit: Pin<&mut Option<T>>, cx: &mut Context<'_>) -> bool {
    limit
        .as_pin_mut()
        .is_some_and(|limit| limit.poll(cx).is_ready())
}

const COMPLETED: &str = "polled after completion";
