//! An origin that takes its time.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, header};
use http_body::{Body, Frame};
use http_body_util::Empty;
use tokio::time::{Instant, Sleep, sleep};
use tower::Service;

use crate::{KIBIBYTE, Page};

const PARTS: usize = 64;
const PART: &[u8] = &[b'x'; 16 * KIBIBYTE];
const APART: Duration = Duration::from_millis(5);

/// Answers at once with a head that does not say how long the body is; 64 × 16 KiB follow, 5 ms apart, the
/// first after 5 ms.
#[derive(Debug, Clone, Copy)]
pub struct SlowOrigin;

impl SlowOrigin {
    pub const OCTETS: usize = PARTS * PART.len();
}

impl Service<Request<Empty<Bytes>>> for SlowOrigin {
    type Response = Response<SlowBody>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<Empty<Bytes>>) -> Self::Future {
        let body = SlowBody {
            left: PARTS,
            pause: Box::pin(sleep(APART)),
        };
        let mut page = Page::fresh(Self::OCTETS).with(body);
        page.headers_mut().remove(header::CONTENT_LENGTH);
        ready(Ok(page))
    }
}

#[derive(Debug)]
pub struct SlowBody {
    left: usize,
    pause: Pin<Box<Sleep>>,
}

impl Body for SlowBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        ready!(self.pause.as_mut().poll(cx));
        self.left -= 1;
        self.pause.as_mut().reset(Instant::now() + APART);
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(PART)))))
    }
}
