//! reqwest's client as the cache wants it: a service of the `http` crate's types.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use ::reqwest::{Body, Error, Request, Response};
use pin_project_lite::pin_project;
use tower::Service;

use super::FinalUrl;

/// A service of reqwest's types as one of the `http` crate's, to go below a cache: around
/// [`reqwest::Client`](::reqwest::Client), and around whatever else takes `reqwest::Request` and answers
/// `reqwest::Response`, as middleware for reqwest does.
///
/// Body, fields, version and extensions pass as they are; what a
/// [`timeout`](::reqwest::RequestBuilder::timeout) says of one request does, too. The extensions of a response
/// tell its [`FinalUrl`], so the layer above has to be told to [look there](super::final_uri).
///
/// A request has to have an absolute URI. reqwest writes it in the form of the URL standard, without dot segments for
/// one: where that makes another of it, the answer is not stored, since it came from another URI. Nor is one that a
/// layer below has made by hand and given no [`url`](::reqwest::ResponseBuilderExt::url): nobody knows where it is
/// from.
///
/// ```no_run
/// use http::Request;
/// use reqwest::{Body, Client};
/// use tower::{Service, ServiceBuilder};
/// use tower_client_cache::CacheLayer;
/// use tower_client_cache::reqwest::{self as adapter, AsHttp};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let mut client = ServiceBuilder::new()
///     .layer(CacheLayer::new().final_uri(adapter::final_uri))
///     .layer_fn(AsHttp::new)
///     .service(Client::new());
/// let response = client.call(Request::get("https://example.com/").body(Body::default())?).await?;
/// # let _ = response;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct AsHttp<S> {
    inner: S,
}

impl<S> AsHttp<S> {
    /// Around this service.
    pub fn new(inner: S) -> Self {
        Self { inner }
    }

    /// The service inside.
    pub fn get_ref(&self) -> &S {
        &self.inner
    }

    /// The service inside. What is done to it counts for requests that start later.
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// The service inside, by itself.
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S> Service<http::Request<Body>> for AsHttp<S>
where
    S: Service<Request, Response = Response, Error: From<Error>>,
{
    type Response = http::Response<Body>;
    type Error = S::Error;
    type Future = AsHttpFuture<S::Future, S::Error>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let state = match Request::try_from(request) {
            Ok(request) => State::Calling {
                future: self.inner.call(request),
            },
            Err(error) => State::Failed {
                error: Some(error.into()),
            },
        };
        AsHttpFuture { state }
    }
}

pin_project! {
    /// The future of [`AsHttp`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless you `.await` or poll them"]
    pub struct AsHttpFuture<F, E> {
        #[pin]
        state: State<F, E>,
    }
}

pin_project! {
    #[project = StateProjection]
    #[derive(Debug)]
    enum State<F, E> {
        Calling {
            #[pin]
            future: F,
        },
        // The request is none of reqwest's.
        Failed {
            error: Option<E>,
        },
    }
}

impl<F, E> Future for AsHttpFuture<F, E>
where
    F: Future<Output = Result<Response, E>>,
{
    type Output = Result<http::Response<Body>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProjection::Calling { future } => {
                Poll::Ready(ready!(future.poll(cx)).map(answered))
            }
            StateProjection::Failed { error } => {
                Poll::Ready(Err(error.take().expect("polled after completion")))
            }
        }
    }
}

fn answered(response: Response) -> http::Response<Body> {
    let url = FinalUrl(response.url().clone());
    let mut response = http::Response::from(response);
    response.extensions_mut().insert(url);
    response
}
