//! A cached service as reqwest's users want it: a service of reqwest's types.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use ::reqwest::{Body, Error, Request, Response, ResponseBuilderExt, Url};
use bytes::Bytes;
use http::{Extensions, Uri};
use http_body::Body as HttpBody;
use pin_project_lite::pin_project;
use tower::{BoxError, Service};

use super::FinalUrl;
use crate::settings::FinalUriSetting;

/// A service of the `http` crate's types as one of reqwest's, to go above a cache: it takes
/// [`reqwest::Request`](::reqwest::Request) and answers [`reqwest::Response`](::reqwest::Response). Middleware that
/// is written for reqwest's own service goes above it, as it would go around the client.
///
/// The extensions of a request and of its response pass as they are. So a response's
/// [`extensions`](::reqwest::Response::extensions) have the [`CacheStatus`](crate::CacheStatus). Its
/// [`url`](::reqwest::Response::url) is the one it came from, without a fragment, as reqwest has it: its
/// [`FinalUrl`], else what [`final_uri`](Self::final_uri) says, else the request's.
///
/// An error of the service inside is passed on as it is. One in the midst of the body is
/// reqwest's, of the same kind as without the cache; the error it began with has some more above it, in the row of its
/// [`source`](std::error::Error::source)s.
///
/// ```no_run
/// use reqwest::{Client, Request, Url};
/// use tower::{Service, ServiceBuilder};
/// use tower_client_cache::CacheLayer;
/// use tower_client_cache::reqwest::{self as adapter, AsHttp, AsReqwest};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let mut client = ServiceBuilder::new()
///     .layer_fn(AsReqwest::new)
///     // … layers of the `http` crate's types …
///     .layer(CacheLayer::new().final_uri(adapter::final_uri))
///     .layer_fn(AsHttp::new)
///     .service(Client::new());
/// let url = Url::parse("https://example.com/")?;
/// let response = client.call(Request::new(http::Method::GET, url)).await?;
/// println!("{}", response.text().await?);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct AsReqwest<S> {
    pub(super) inner: S,
    final_uri: Option<FinalUriSetting>,
}

impl<S> AsReqwest<S> {
    /// Around this service.
    pub fn new(inner: S) -> Self {
        Self {
            inner,
            final_uri: None,
        }
    }

    /// Which URI a response came from, where redirects are followed between this and the cache: what is answered
    /// from the store has no [`FinalUrl`], and the URL of the request is not the last one then. By default nothing
    /// is asked. [There](super#redirects) is an example with tower-http.
    #[must_use]
    pub fn final_uri<F>(self, of: F) -> Self
    where
        F: Fn(&Extensions) -> Option<Uri> + Send + Sync + 'static,
    {
        Self {
            final_uri: Some(FinalUriSetting(Arc::new(of))),
            ..self
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

    /// The service inside, by itself.
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S, R> Service<Request> for AsReqwest<S>
where
    S: Service<http::Request<Body>, Response = http::Response<R>, Error: From<Error>>,
    R: HttpBody<Data: Into<Bytes>, Error: Into<BoxError>> + Send + Sync + 'static,
{
    type Response = Response;
    type Error = S::Error;
    type Future = AsReqwestFuture<S::Future, S::Error>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let mut url = request.url().clone();
        url.set_fragment(None);
        match http::Request::try_from(request) {
            Ok(request) => AsReqwestFuture {
                state: State::Calling {
                    future: self.inner.call(request),
                    url: Some(url),
                    final_uri: self.final_uri.clone(),
                },
            },
            Err(error) => AsReqwestFuture::failed(error.with_url(url).into()),
        }
    }
}

pin_project! {
    /// The future of [`AsReqwest`].
    #[must_use = "futures do nothing unless you `.await` or poll them"]
    pub struct AsReqwestFuture<F, E> {
        #[pin]
        state: State<F, E>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<F, E> {
        Calling {
            #[pin]
            future: F,
            // Taken with the answer.
            url: Option<Url>,
            final_uri: Option<FinalUriSetting>,
        },
        // There is no request.
        Failed {
            error: Option<E>,
        },
    }
}

impl<F, E> AsReqwestFuture<F, E> {
    pub(super) fn failed(error: E) -> Self {
        Self {
            state: State::Failed { error: Some(error) },
        }
    }
}

impl<F, R, E> Future for AsReqwestFuture<F, E>
where
    F: Future<Output = Result<http::Response<R>, E>>,
    R: HttpBody<Data: Into<Bytes>, Error: Into<BoxError>> + Send + Sync + 'static,
{
    type Output = Result<Response, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProjection::Calling {
                future,
                url,
                final_uri,
            } => {
                let mut response = ready!(future.poll(cx))?;
                let asked = url.take().expect("polled after completion");
                let url = url_of(response.extensions_mut(), final_uri.as_ref());
                Poll::Ready(Ok(answered(response, url.unwrap_or(asked))))
            }
            StateProjection::Failed { error } => {
                Poll::Ready(Err(error.take().expect("polled after completion")))
            }
        }
    }
}

/// Where a response came from, if anybody says so.
fn url_of(extensions: &mut Extensions, final_uri: Option<&FinalUriSetting>) -> Option<Url> {
    let below = extensions.remove::<FinalUrl>().map(|FinalUrl(url)| url);
    below.or_else(|| Url::parse(&final_uri?.0(extensions)?.to_string()).ok())
}

fn answered<R>(response: http::Response<R>, url: Url) -> Response
where
    R: HttpBody<Data: Into<Bytes>, Error: Into<BoxError>> + Send + Sync + 'static,
{
    let (head, body) = response.into_parts();
    let with_url = http::Response::builder().url(url).body(Body::wrap(body));
    let mut answer = with_url.expect("a URL in the extensions spoils no head");
    *answer.status_mut() = head.status;
    *answer.version_mut() = head.version;
    *answer.headers_mut() = head.headers;
    answer.extensions_mut().extend(head.extensions);
    answer.into()
}

impl<F, E> fmt::Debug for AsReqwestFuture<F, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.state {
            State::Calling { .. } => "calling",
            State::Failed { .. } => "failed",
        };
        f.debug_tuple("AsReqwestFuture")
            .field(&format_args!("{state}"))
            .finish()
    }
}
