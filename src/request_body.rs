//! The content of a request that the cache has read, or sends on its own account.
//!
//! The cache never changes the type of a request's body: the inner service gets what the caller gave. Where content
//! is [part of the key](crate::CacheLayer::query) it has to be read first, and for the one request that it may have
//! to repeat the cache needs a second body of that type. Only the user knows how to make one: see
//! [`CacheLayer::request_body`](crate::CacheLayer::request_body).

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::vec;

use bytes::{Buf, Bytes};
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};

/// Makes a body for a request whose own was read, or that is sent again.
///
/// A closure that is given to [`CacheLayer::request_body`](crate::CacheLayer::request_body) becomes one. There are no
/// others than those of this module.
pub trait RequestBody<Q: Body>: Clone + sealed::Sealed {
    /// A body that sends this; `None` where none can be made, and nothing is sent a second time.
    #[doc(hidden)]
    fn make(&self, content: Replay<Q>) -> Option<Q>;

    /// Whether one is made of any content, and not of none alone.
    #[doc(hidden)]
    fn takes_content(&self) -> bool {
        false
    }
}

mod sealed {
    #[expect(unnameable_types, reason = "so that nobody else implements it")]
    pub trait Sealed {}
}

/// Makes no second body: every request is sent once. What a [`CacheLayer`](crate::CacheLayer) begins with.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct Once;

impl sealed::Sealed for Once {}

impl<Q: Body> RequestBody<Q> for Once {
    fn make(&self, _content: Replay<Q>) -> Option<Q> {
        None
    }
}

/// Makes a second body as the default of its type: see
/// [`CacheLayer::default_request_body`](crate::CacheLayer::default_request_body).
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct AsDefault;

impl sealed::Sealed for AsDefault {}

impl<Q: Body + Default> RequestBody<Q> for AsDefault {
    fn make(&self, _content: Replay<Q>) -> Option<Q> {
        Some(Q::default())
    }
}

/// Makes a second body with a closure: see
/// [`CacheLayer::request_body`](crate::CacheLayer::request_body).
#[derive(Clone, Copy)]
pub struct With<F>(F);

impl<F> With<F> {
    pub(crate) fn new(make: F) -> Self {
        Self(make)
    }
}

impl<F> sealed::Sealed for With<F> {}

impl<Q: Body, F: Fn(Replay<Q>) -> Q + Clone> RequestBody<Q> for With<F> {
    fn make(&self, content: Replay<Q>) -> Option<Q> {
        Some((self.0)(content))
    }

    fn takes_content(&self) -> bool {
        true
    }
}

impl<F> fmt::Debug for With<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("With").finish_non_exhaustive()
    }
}

/// The content of a request as the inner service gets it: what the cache has read of it, then what it has not. It is
/// empty where a request without content is sent again.
///
/// It has the frames, the trailers and the error of what it was made of, as they came, and knows its length where
/// that did.
///
/// ```
/// use bytes::Bytes;
/// use http_body_util::{BodyExt, combinators::BoxBody};
/// use tower_client_cache::CacheLayer;
/// use tower_client_cache::request_body::Replay;
///
/// // Axum's, tonic's and reqwest's bodies have such a function as well: `Body::new`, `Body::wrap`.
/// fn boxed(content: Replay<BoxBody<Bytes, std::io::Error>>) -> BoxBody<Bytes, std::io::Error> {
///     content.boxed()
/// }
///
/// let layer = CacheLayer::new().request_body(boxed);
/// # let _ = layer;
/// ```
pub struct Replay<Q: Body> {
    frames: vec::IntoIter<Bytes>,
    /// How many octets those have.
    octets: u64,
    // What was read last, where that was no data.
    last: Option<Box<Result<HeaderMap, Q::Error>>>,
    rest: Option<Pin<Box<Q>>>,
    /// How many octets are left, where what it is made of has said how many it has.
    left: Option<u64>,
}

impl<Q: Body> Replay<Q> {
    /// What was read, of a body that had said before that it has so many octets, if it had. What came of it is no
    /// reason to say anything else: what breaks off would be taken for whole.
    pub(crate) fn of(frames: Vec<Bytes>, told: Option<u64>) -> Self {
        Self {
            octets: frames.iter().map(|frame| frame.len() as u64).sum(),
            frames: frames.into_iter(),
            last: None,
            rest: None,
            left: told,
        }
    }

    /// No content.
    pub(crate) fn empty() -> Self {
        Self::of(Vec::new(), Some(0))
    }

    /// All of it in one piece, where the cache has read all of it, it has no trailers, and its length was known
    /// before; `None` otherwise. There is nothing to wait for then, and who can send that more than once, after a
    /// redirect for one, makes its body of it.
    ///
    /// ```
    /// use bytes::Bytes;
    /// use http_body_util::combinators::BoxBody;
    /// use http_body_util::{BodyExt, Full};
    /// use tower_client_cache::CacheLayer;
    /// use tower_client_cache::request_body::Replay;
    ///
    /// type Body = BoxBody<Bytes, std::io::Error>;
    ///
    /// fn body(content: Replay<Body>) -> Body {
    ///     match content.to_bytes() {
    ///         Some(bytes) => Full::new(bytes).map_err(|never| match never {}).boxed(),
    ///         None => content.boxed(),
    ///     }
    /// }
    ///
    /// let layer = CacheLayer::new().request_body(body);
    /// # let _ = layer;
    /// ```
    #[must_use]
    pub fn to_bytes(&self) -> Option<Bytes> {
        let is_told = self.left == Some(self.octets);
        let is_whole = is_told && self.last.is_none() && self.rest.is_none();
        // Most content is one frame.
        is_whole.then(|| match self.frames.as_slice() {
            [] => Bytes::new(),
            [frame] => frame.clone(),
            frames => frames.concat().into(),
        })
    }

    /// The same, and these trailers or this error after it, and the rest; nothing comes after an error.
    pub(crate) fn followed_by(
        self,
        last: Option<Result<HeaderMap, Q::Error>>,
        rest: Pin<Box<Q>>,
    ) -> Self {
        let rest = (!matches!(last, Some(Err(_)))).then_some(rest);
        let last = last.map(Box::new);
        Self { last, rest, ..self }
    }

    /// Counts what is given.
    fn give(&mut self, octets: usize) {
        if let Some(left) = &mut self.left {
            *left = left.saturating_sub(octets as u64);
        }
    }
}

impl<Q: Body> Body for Replay<Q> {
    type Data = Bytes;
    type Error = Q::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Q::Error>>> {
        let this = self.get_mut();
        if let Some(frame) = this.frames.next() {
            this.octets -= frame.len() as u64;
            this.give(frame.len());
            return Poll::Ready(Some(Ok(Frame::data(frame))));
        }
        if let Some(last) = this.last.take() {
            return Poll::Ready(Some(last.map(Frame::trailers)));
        }
        let Some(rest) = &mut this.rest else {
            return Poll::Ready(None);
        };
        let frame = ready!(rest.as_mut().poll_frame(cx));
        let to_bytes =
            |frame: Frame<Q::Data>| frame.map_data(|mut data| data.copy_to_bytes(data.remaining()));
        let frame = frame.map(|frame| frame.map(to_bytes));
        if let Some(Ok(frame)) = &frame {
            this.give(frame.data_ref().map_or(0, Bytes::len));
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        // What has said that there is more ends too early, and not here.
        self.frames.len() == 0
            && self.last.is_none()
            && self.left.is_none_or(|left| left == 0)
            && self.rest.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        if let Some(left) = self.left {
            return SizeHint::with_exact(left);
        }
        let rest = self.rest.as_ref().map(Body::size_hint).unwrap_or_default();
        let mut hint = SizeHint::new();
        // What it turns out to be was not known when it was sent.
        if let Some(upper) = rest.upper().filter(|_| rest.exact().is_none()) {
            hint.set_upper(upper.saturating_add(self.octets));
        }
        hint.set_lower(rest.lower().saturating_add(self.octets));
        hint
    }
}

// What is read of is boxed, and never pinned in place.
impl<Q: Body> Unpin for Replay<Q> {}

impl<Q: Body> fmt::Debug for Replay<Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replay").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use http_body_util::{BodyExt, Full};

    use super::*;

    fn read(frames: &[&'static str], told: Option<u64>) -> Replay<Full<Bytes>> {
        let frames = frames
            .iter()
            .map(|frame| Bytes::from_static(frame.as_bytes()));
        Replay::of(frames.collect(), told)
    }

    #[test]
    fn what_was_read_whole_is_one_piece() {
        for (frames, told, expected) in [
            (&[][..], 0, ""),
            (&["one"], 3, "one"),
            (&["one", "two"], 6, "onetwo"),
        ] {
            assert_eq!(read(frames, Some(told)).to_bytes().unwrap(), expected);
        }
    }

    #[test]
    fn it_tells_how_much_is_left_while_it_is_read() {
        let rest = Box::pin(Full::from("three"));
        let mut replay = read(&["one", "two"], Some(11)).followed_by(None, rest);
        for left in [8, 5, 0] {
            assert!(!replay.is_end_stream());
            assert!(replay.frame().now_or_never().flatten().is_some());
            assert_eq!(replay.size_hint().exact(), Some(left));
        }
        assert!(replay.is_end_stream());
    }

    #[test]
    fn what_is_more_or_else_is_no_piece() {
        let trailers = Some(Ok(HeaderMap::new()));
        for replay in [
            read(&["one"], None),
            read(&["one"], Some(4)),
            read(&["one"], Some(3)).followed_by(None, Box::pin(Full::default())),
            read(&["one"], Some(3)).followed_by(trailers, Box::pin(Full::default())),
        ] {
            assert_eq!(replay.to_bytes(), None);
        }
    }
}
