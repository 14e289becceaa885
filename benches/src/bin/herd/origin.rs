//! An origin that takes its time.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use benches::Page;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{Empty, Full};
use tokio::time::{Sleep, sleep};
use tower::Service;

const AFTER: Duration = Duration::from_millis(20);

/// Answers each request after 20 ms.
#[derive(Clone)]
pub(crate) struct LateOrigin {
    page: Arc<Response<Full<Bytes>>>,
    calls: Arc<AtomicUsize>,
}

impl LateOrigin {
    pub(crate) fn new(page: Page) -> Self {
        let body = Bytes::from(vec![b'x'; page.octets]);
        Self {
            page: Arc::new(page.with(Full::new(body))),
            calls: Arc::default(),
        }
    }

    /// How often it was called.
    pub(crate) fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }
}

impl Service<Request<Empty<Bytes>>> for LateOrigin {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Answering;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<Empty<Bytes>>) -> Answering {
        Answering {
            origin: self.clone(),
            pause: None,
        }
    }
}

/// Begins when it is polled: some caches call and then do not ask.
pub(crate) struct Answering {
    origin: LateOrigin,
    pause: Option<Pin<Box<Sleep>>>,
}

impl Future for Answering {
    type Output = Result<Response<Full<Bytes>>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { origin, pause } = &mut *self;
        let pause = pause.get_or_insert_with(|| {
            origin.calls.fetch_add(1, Ordering::Relaxed);
            Box::pin(sleep(AFTER))
        });
        ready!(pause.as_mut().poll(cx));
        Poll::Ready(Ok((*origin.page).clone()))
    }
}
