//! Who answers: the cache or the origin.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use http_body::Body;
use pin_project_lite::pin_project;
use tower::Service;

use crate::background::{self, Background, Task, Timer};
use crate::body::CacheBody;
use crate::content::Reading;
use crate::exchange::{Exchange, Next};
use crate::request_body::RequestBody;
use crate::waiting::Waiting;

pin_project! {
    /// The future of a [`CacheService`](crate::CacheService).
    ///
    /// It is small where the cache answers, and holds nothing of the inner service then. Dropping it
    /// cancels the request; what was not stored yet will not be.
    ///
    /// ```
    /// use bytes::Bytes;
    /// use http::{Request, Response};
    /// use http_body_util::{Empty, Full};
    /// use tower::{Layer, Service, service_fn};
    /// use tower_client_cache::CacheLayer;
    ///
    /// # futures_executor::block_on(async {
    /// let origin = service_fn(|_: Request<Empty<Bytes>>| async {
    ///     Ok::<_, http::Error>(Response::new(Full::<Bytes>::from("news")))
    /// });
    /// let mut client = CacheLayer::new().layer(origin);
    ///
    /// let answer = client.call(Request::get("https://example.com/news").body(Empty::new())?);
    /// drop(client); // the future has all that it needs
    /// assert!(answer.await?.status().is_success());
    /// # Ok::<_, http::Error>(())
    /// # }).unwrap();
    /// ```
    #[must_use = "futures do nothing unless you `.await` or poll them"]
    pub struct ResponseFuture<S, Q, R, X, P>
    where
        S: Service<Request<Q>>,
        X: Timer,
    {
        state: State<S, Q, R, X, P>,
    }
}

enum State<S, Q, R, X, P>
where
    S: Service<Request<Q>>,
    X: Timer,
{
    Answered(Option<Response<CacheBody<R>>>),
    Reading(Box<Reading<S, Q, X, P>>),
    Waiting(Pin<Box<Waiting<S, Q, X, P>>>),
    Forwarding(Pin<Box<Forwarding<S, Q>>>, X),
}

impl<S, Q, R, X, P> ResponseFuture<S, Q, R, X, P>
where
    S: Service<Request<Q>>,
    X: Timer,
{
    pub(crate) fn answered(response: Response<CacheBody<R>>) -> Self {
        Self {
            state: State::Answered(Some(response)),
        }
    }

    pub(crate) fn reading(reading: Box<Reading<S, Q, X, P>>) -> Self {
        Self {
            state: State::Reading(reading),
        }
    }

    pub(crate) fn waiting(waiting: Pin<Box<Waiting<S, Q, X, P>>>) -> Self {
        Self {
            state: State::Waiting(waiting),
        }
    }

    pub(crate) fn forwarding(forwarding: Pin<Box<Forwarding<S, Q>>>, background: X) -> Self {
        Self {
            state: State::Forwarding(forwarding, background),
        }
    }
}

impl<S, Q, R, X, P> Future for ResponseFuture<S, Q, R, X, P>
where
    S: Service<Request<Q>, Response = Response<R>> + Clone,
    Q: Body,
    R: Body,
    X: Background<Task<S, Q, R>>,
    P: RequestBody<Q>,
{
    type Output = Result<Response<CacheBody<R>>, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let state = self.project().state;
        loop {
            match state {
                State::Answered(response) => {
                    return Poll::Ready(Ok(response.take().expect("polled after completion")));
                }
                State::Forwarding(forwarding, background) => {
                    return poll_forwarding(forwarding.as_mut(), background, cx);
                }
                State::Reading(reading) => *state = ready!(reading.poll(cx)).state,
                State::Waiting(waiting) => *state = ready!(waiting.as_mut().poll(cx)).state,
            }
        }
    }
}

/// The origin's answer, whose body is read on by the background where it is dropped before its end.
fn poll_forwarding<S, Q, R, X>(
    forwarding: Pin<&mut Forwarding<S, Q>>,
    background: &X,
    cx: &mut Context<'_>,
) -> Poll<Result<Response<CacheBody<R>>, S::Error>>
where
    S: Service<Request<Q>, Response = Response<R>>,
    R: Body,
    X: Background<Task<S, Q, R>>,
{
    let mut answer = forwarding.poll(cx);
    if let Poll::Ready(Ok(response)) = &mut answer {
        let body = response.body_mut();
        body.read_on_by(|| background::read_on::<S, Q, R, X>(background));
    }
    answer
}

impl<S, Q, R, X, P> fmt::Debug for ResponseFuture<S, Q, R, X, P>
where
    S: Service<Request<Q>>,
    X: Timer,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.state {
            State::Answered(_) => "answered",
            State::Reading(_) => "reading",
            State::Waiting(_) => "waiting",
            State::Forwarding(..) => "forwarding",
        };
        f.debug_tuple("ResponseFuture")
            .field(&format_args!("{state}"))
            .finish()
    }
}

pin_project! {
    /// A request to the origin. What it needs stays where it is from beginning to end: there is much of it.
    pub(crate) struct Forwarding<S, Q>
    where
        S: Service<Request<Q>>,
    {
        #[pin]
        step: Step<S, Q>,
        // The one that is called is the one that was waited for: readiness does not survive a clone. Gone when
        // it has been called, unless it may be called again.
        service: Option<S>,
        // The request as the caller made it, to be sent once more if the answer is good for nothing (C-20).
        spare: Option<Box<Request<Q>>>,
        // Gone when there is an answer, or it is known that there will be none.
        exchange: Option<Exchange>,
    }
}

pin_project! {
    #[project = StepProjection]
    enum Step<S, Q>
    where
        S: Service<Request<Q>>,
    {
        Readying {
            // Taken when the service is ready.
            request: Option<Request<Q>>,
        },
        Calling {
            #[pin]
            future: S::Future,
        },
    }
}

impl<S, Q> Forwarding<S, Q>
where
    S: Service<Request<Q>>,
{
    /// The service is a clone that nobody else calls. What for is to be said before it is polled.
    pub(crate) fn readying(service: S, request: Request<Q>) -> Pin<Box<Self>> {
        Box::pin(Self {
            step: Step::Readying {
                request: Some(request),
            },
            service: Some(service),
            spare: None,
            exchange: None,
        })
    }

    /// What can still be changed of it: nothing was sent yet.
    pub(crate) fn unsent(self: Pin<&mut Self>) -> Unsent<'_, Q> {
        let this = self.project();
        match this.step.project() {
            StepProjection::Readying {
                request: Some(request),
            } => Unsent {
                request,
                spare: this.spare,
                exchange: this.exchange,
            },
            _ => unreachable!("it is changed before it is first polled"),
        }
    }
}

/// A request that was not sent yet.
pub(crate) struct Unsent<'a, Q> {
    pub(crate) request: &'a mut Request<Q>,
    /// What is sent once more if need be.
    pub(crate) spare: &'a mut Option<Box<Request<Q>>>,
    /// What for; to be said before it is polled.
    pub(crate) exchange: &'a mut Option<Exchange>,
}

impl<S, Q, R> Forwarding<S, Q>
where
    S: Service<Request<Q>, Response = Response<R>>,
    R: Body,
{
    pub(crate) fn poll(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Response<CacheBody<R>>, S::Error>> {
        let mut this = self.project();
        loop {
            let exchange = this.exchange.as_mut().expect("polled after completion");
            match this.step.as_mut().project() {
                StepProjection::Readying { .. } if exchange.is_forbidden() => {
                    let instead = exchange.offline();
                    *this.exchange = None;
                    return Poll::Ready(Ok(instead));
                }
                StepProjection::Readying { request } => {
                    let service = this.service.as_mut().expect("it was not called yet");
                    if let Err(error) = ready!(service.poll_ready(cx)) {
                        let instead = exchange.failed();
                        *this.exchange = None;
                        return Poll::Ready(instead.ok_or(error));
                    }
                    exchange.sent();
                    let request = request.take().expect("it was not sent yet");
                    let future = service.call(request);
                    if this.spare.is_none() {
                        *this.service = None;
                    }
                    this.step.set(Step::Calling { future });
                }
                StepProjection::Calling { future } => {
                    let next = match ready!(future.poll(cx)) {
                        Ok(response) => exchange.answered(response),
                        Err(error) => {
                            let instead = exchange.failed();
                            *this.exchange = None;
                            return Poll::Ready(instead.ok_or(error));
                        }
                    };
                    if let Next::Answer(response) = next {
                        *this.exchange = None;
                        return Poll::Ready(Ok(response));
                    }
                    let spare = this.spare.take().expect("what is repeated was set aside");
                    this.step.set(Step::Readying {
                        request: Some(*spare),
                    });
                }
            }
        }
    }
}
