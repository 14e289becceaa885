//! The answer to a call whose deadline has passed.

use http::{HeaderValue, Request, Response, header};
use tower::Service;

use super::STATUS;
use crate::background::Timer;
use crate::body::CacheBody;
use crate::cache_status::{CacheStatus, Outcome};
use crate::future::ResponseFuture;
use crate::service::CacheService;

impl<S, X, P> CacheService<S, X, P> {
    /// Answers a call that has waited for another until its deadline had passed: an error of the inner service's own
    /// nobody but that can make.
    pub(crate) fn too_late<Q, R>(&self, request: &Request<Q>) -> ResponseFuture<S, Q, R, X, P>
    where
        S: Service<Request<Q>>,
        X: Timer,
    {
        self.made(request, deadline_exceeded())
    }
}

/// `DEADLINE_EXCEEDED`, and no message.
fn deadline_exceeded<B>() -> Response<CacheBody<B>> {
    let mut response = Response::new(CacheBody::empty());
    let fields = response.headers_mut();
    fields.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/grpc"),
    );
    fields.insert(STATUS, HeaderValue::from_static("4"));
    let message = HeaderValue::from_static("Timeout expired");
    fields.insert("grpc-message", message);
    let status = CacheStatus::new(Outcome::DeadlineExceeded);
    response
        .extensions_mut()
        .insert(status.having_waited(false));
    response
}
