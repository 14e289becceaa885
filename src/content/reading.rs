//! The content of a request, while it is being read.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, Bytes};
use http::{HeaderMap, Request};
use http_body::Body;
use tower::Service;

use super::{Content, ContentKey, Judge, Judgement};
use crate::background::{Background, Task, Timer};
use crate::cache_status::{Forward, NotStored};
use crate::collapse::Company;
use crate::future::ResponseFuture;
use crate::passing::Passed;
use crate::request_body::{Replay, RequestBody};
use crate::service::CacheService;

/// In so many frames content may come, or in one for each KiB of the limit where those are more: each takes room of
/// its own, without an octet in it as well.
const FRAMES: usize = 4096;
const KIB: usize = 1024;

/// Content that takes longer than this is not waited for: what limits the time of a request may lie below the cache.
const TIME_LIMIT: Duration = Duration::from_secs(10);

/// A request whose content is being read. The inner service is neither readied nor called for it meanwhile.
pub(crate) struct Reading<S, Q, X: Timer, P> {
    // Taken together when it is over.
    begun: Option<Begun<S, Q, X, P>>,
    judge: Judge,
    frames: Vec<Bytes>,
    octets: usize,
    /// Whether it has had to wait, as most has not.
    has_waited: bool,
    /// Since then; `None` where there is no timer.
    sleep: Option<Pin<Box<X::Sleep>>>,
}

struct Begun<S, Q, X, P> {
    service: CacheService<S, X, P>,
    head: Request<()>,
    /// What of it was not read yet.
    body: Pin<Box<Q>>,
    /// How many octets it has, as far as it has said so.
    told: Option<u64>,
}

/// How content ends.
enum End<E> {
    /// All of it was read.
    Whole,
    /// It is no part of a key, though all of it was read: it is not as long as it has said.
    Untrue,
    /// It is no part of a key: it is too long, comes in too many frames, has trailers, has failed, or keeps waiting
    /// whoever may not wait, or not any longer. What was read last, where that was no data.
    Other(Option<Result<HeaderMap, E>>),
}

impl<S, Q: Body, X: Timer, P> Reading<S, Q, X, P> {
    pub(crate) fn new(service: CacheService<S, X, P>, request: Request<Q>, judge: Judge) -> Self {
        let (head, body) = request.into_parts();
        Self {
            begun: Some(Begun {
                service,
                head: Request::from_parts(head, ()),
                told: body.size_hint().exact(),
                body: Box::pin(body),
            }),
            judge,
            frames: Vec::new(),
            octets: 0,
            has_waited: false,
            sleep: None,
        }
    }

    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<End<Q::Error>> {
        let Begun {
            service,
            body,
            told,
            ..
        } = self.begun.as_mut().expect(COMPLETED);
        let limit = service.settings.max_content;
        loop {
            let last = match body.as_mut().poll_frame(cx) {
                Poll::Pending if self.judge.waits() => {
                    if !self.has_waited {
                        self.has_waited = true;
                        self.sleep = service.background.sleep(TIME_LIMIT).map(Box::pin);
                    }
                    match &mut self.sleep {
                        Some(sleep) => ready!(sleep.as_mut().poll(cx)),
                        None => return Poll::Pending,
                    }
                    None
                }
                Poll::Pending => None,
                Poll::Ready(None) if told.is_none_or(|told| told == self.octets as u64) => {
                    return Poll::Ready(End::Whole);
                }
                Poll::Ready(None) => return Poll::Ready(End::Untrue),
                Poll::Ready(Some(Err(error))) => Some(Err(error)),
                Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                    Ok(mut data) => {
                        self.octets = self.octets.saturating_add(data.remaining());
                        self.frames.push(data.copy_to_bytes(data.remaining()));
                        let is_many = self.frames.len() > FRAMES.max(limit / KIB);
                        if self.octets <= limit && !is_many {
                            continue;
                        }
                        None
                    }
                    Err(frame) => frame.into_trailers().ok().map(Ok),
                },
            };
            return Poll::Ready(End::Other(last));
        }
    }
}

impl<S, Q, R, X, P> Reading<S, Q, X, P>
where
    S: Service<Request<Q>, Response = http::Response<R>> + Clone,
    Q: Body,
    R: Body,
    X: Background<Task<S, Q, R>>,
    P: RequestBody<Q>,
{
    /// What the request does when its content is known.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<ResponseFuture<S, Q, R, X, P>> {
        let end = ready!(self.poll_end(cx));
        let begun = self.begun.take().expect(COMPLETED);
        let Begun {
            mut service,
            head,
            body: rest,
            told,
        } = begun;
        service.refresh_settings();
        let make = |service: &CacheService<S, X, P>, replay| {
            let body = service.request_body.make(replay);
            body.expect("content is read where a body can be made of it")
        };
        let frames = std::mem::take(&mut self.frames);
        let is_certain = self.judge.is_certain();
        let (reason, refused, is_safe, body) = match end {
            End::Whole => {
                let body = make(&service, Replay::of(frames.clone(), told));
                let fields = head.headers();
                match self.judge.judge(fields, &frames) {
                    Judgement::Key => {
                        let (seed, method) = (&service.cache.seed, head.method());
                        let key = ContentKey::of(seed, method, fields, &self.judge, &frames);
                        let content = Arc::new(Content { key, frames, told });
                        let request = head.map(|()| body);
                        let company = &mut Company::default();
                        return Poll::Ready(service.respond(request, Some(content), company));
                    }
                    #[cfg(feature = "grpc")]
                    Judgement::Safe => (Forward::Bypass, NotStored::Bypass, true, body),
                    Judgement::Unsafe => (Forward::Method, NotStored::Method, false, body),
                }
            }
            End::Untrue => {
                let body = make(&service, Replay::of(frames, told));
                (Forward::Bypass, NotStored::Bypass, is_certain, body)
            }
            End::Other(last) => {
                let replay = Replay::of(frames, told).followed_by(last, rest);
                let body = make(&service, replay);
                (Forward::Bypass, NotStored::Bypass, is_certain, body)
            }
        };
        let request = head.map(|()| body);
        if let Some(outcome) = service.reader().refusal(&request, is_safe) {
            return Poll::Ready(service.unsatisfiable(&request, outcome));
        }
        let passed = Passed {
            reason,
            refused,
            has_waited: false,
            is_safe,
        };
        Poll::Ready(service.pass(request, passed))
    }
}

const COMPLETED: &str = "polled after completion";
