//! Who answers: the cache or the origin.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use http_body::Body;
use pin_project_lite::pin_project;
use tower::Service;

use crate::body::CacheBody;
use crate::exchange::{Exchange, Next};

pin_project! {
    /// The future of a [`CacheService`](crate::CacheService).
    ///
    /// It is small where the cache answers, and holds nothing of the inner service then. Dropping it
    /// cancels the request; what was not stored yet will not be.
    #[must_use = "futures do nothing unless you `.await` or poll them"]
    pub struct ResponseFuture<S, Q, R>
    where
        S: Service<Request<Q>>,
    {
        state: State<S, Q, R>,
    }
}

enum State<S, Q, R>
where
    S: Service<Request<Q>>,
{
    Answered(Option<Response<CacheBody<R>>>),
    Forwarding(Pin<Box<Forwarding<S, Q>>>),
}

impl<S, Q, R> ResponseFuture<S, Q, R>
where
    S: Service<Request<Q>>,
{
    pub(crate) fn answered(response: Response<CacheBody<R>>) -> Self {
        Self {
            state: State::Answered(Some(response)),
        }
    }

    pub(crate) fn forwarding(forwarding: Pin<Box<Forwarding<S, Q>>>) -> Self {
        Self {
            state: State::Forwarding(forwarding),
        }
    }
}

impl<S, Q, R> Future for ResponseFuture<S, Q, R>
where
    S: Service<Request<Q>, Response = Response<R>>,
    R: Body,
{
    type Output = Result<Response<CacheBody<R>>, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state {
            State::Answered(response) => {
                Poll::Ready(Ok(response.take().expect("polled after completion")))
            }
            State::Forwarding(forwarding) => forwarding.as_mut().poll(cx),
        }
    }
}

impl<S, Q, R> fmt::Debug for ResponseFuture<S, Q, R>
where
    S: Service<Request<Q>>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.state {
            State::Answered(_) => "answered",
            State::Forwarding(_) => "forwarding",
        };
        f.debug_tuple("ResponseFuture")
            .field(&format_args!("{state}"))
            .finish()
    }
}

pin_project! {
    /// A request to the origin. The clone of the inner service that is called is the one that was
    /// waited for: readiness does not survive a clone.
    #[project = ForwardingProjection]
    pub(crate) enum Forwarding<S, Q>
    where
        S: Service<Request<Q>>,
    {
        Readying {
            // Taken together when the service is ready.
            sending: Option<Sending<S, Q>>,
        },
        Calling {
            #[pin]
            future: S::Future,
            exchange: Option<Exchange>,
            again: Option<(S, Request<Q>)>,
        },
    }
}

/// What is sent when the inner service is ready.
pub(crate) struct Sending<S, Q> {
    service: S,
    request: Request<Q>,
    exchange: Exchange,
    /// The request as the caller made it, to be sent once more if the answer is good for nothing (C-20).
    spare: Option<Request<Q>>,
}

impl<S, Q> Forwarding<S, Q>
where
    S: Service<Request<Q>>,
{
    pub(crate) fn readying(service: S, request: Request<Q>, exchange: Exchange) -> Self {
        Self::repeatable(service, request, exchange, None)
    }

    pub(crate) fn repeatable(
        service: S,
        request: Request<Q>,
        exchange: Exchange,
        spare: Option<Request<Q>>,
    ) -> Self {
        Self::Readying {
            sending: Some(Sending {
                service,
                request,
                exchange,
                spare,
            }),
        }
    }
}

impl<S, Q, R> Forwarding<S, Q>
where
    S: Service<Request<Q>, Response = Response<R>>,
    R: Body,
{
    pub(crate) fn poll(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Response<CacheBody<R>>, S::Error>> {
        loop {
            match self.as_mut().project() {
                ForwardingProjection::Readying { sending } => {
                    let service = &mut sending.as_mut().expect("polled after completion").service;
                    let is_ready = ready!(service.poll_ready(cx));
                    let Some(Sending {
                        mut service,
                        request,
                        mut exchange,
                        spare,
                    }) = sending.take()
                    else {
                        continue;
                    };
                    if let Err(error) = is_ready {
                        return Poll::Ready(exchange.failed().ok_or(error));
                    }
                    exchange.sent();
                    let future = service.call(request);
                    self.set(Self::Calling {
                        future,
                        exchange: Some(exchange),
                        again: spare.map(|spare| (service, spare)),
                    });
                }
                ForwardingProjection::Calling {
                    future,
                    exchange,
                    again,
                } => {
                    let answer = ready!(future.poll(cx));
                    // Where there is none, the exchange ends here, and not when the future is dropped.
                    let exchange = exchange.take().expect("polled after completion");
                    let response = match answer {
                        Ok(response) => response,
                        Err(error) => return Poll::Ready(exchange.failed().ok_or(error)),
                    };
                    match exchange.answered(response) {
                        Next::Answer(response) => return Poll::Ready(Ok(response)),
                        Next::Again(exchange) => {
                            let (service, request) =
                                again.take().expect("what is repeated was set aside");
                            self.set(Self::readying(service, request, *exchange));
                        }
                    }
                }
            }
        }
    }
}
