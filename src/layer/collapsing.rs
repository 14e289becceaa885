//! Settings: whether many requests are one to the origin.

use std::time::Duration;

use super::CacheLayer;

/// Whether many requests are one to the origin.
impl<X, P> CacheLayer<X, P> {
    /// Whether requests for the same wait for the answer to the first of them, so that the origin is asked once
    /// (RFC 9111 §4, choice C-49). By default they do, where there is background work and with it a timer.
    ///
    /// One that waits is answered with the response that was stored; its [`CacheStatus`](crate::CacheStatus)
    /// [is collapsed](crate::CacheStatus::is_collapsed) then. It goes on to the origin for itself as soon as the
    /// head of the answer shows that it will be of no use to it, when the first one fails, and when a
    /// [limit](Self::collapse_limit) has passed. Requests do not wait whose caller wants an answer that is
    /// new (`no-cache`, `no-store`, `max-age=0`, the modes like these), a range, or the answer to a
    /// precondition of its own; nor do those for what was of no use to others in the last twenty
    /// seconds. Each user's
    /// wait for that user's alone.
    ///
    /// Without background work it is off, since there is no timer: a request could wait for a body that
    /// its own task holds and does not read, and would do so for ever. Who never does such a thing may ask for it
    /// all the same. **Then nothing but the other request ends the waiting.**
    #[must_use]
    pub fn collapse(self, is_on: bool) -> Self {
        self.set(|settings| settings.collapsing.is_on = is_on)
    }

    /// There is no timer: off, and where it is asked for all the same it goes without.
    pub(super) fn without_timer(self) -> Self {
        self.collapse(false)
            .set(|settings| settings.collapsing.needs_no_timer = true)
    }

    /// How long requests [wait](Self::collapse) for the body of an answer after its head; by default two
    /// seconds. Then they all go on to the origin, and those that come within the next twenty do not wait.
    #[must_use]
    pub fn collapse_limit(self, limit: Duration) -> Self {
        self.set(|settings| settings.collapsing.limit = limit)
    }

    /// How long a request [waits](Self::collapse) in all, and so for the head of an answer; by default ten
    /// seconds. Where one gives up, all that wait for the same go on to the origin with it.
    #[must_use]
    pub fn collapse_head_limit(self, limit: Duration) -> Self {
        self.set(|settings| settings.collapsing.head_limit = limit)
    }
}
