//! Settings: how much is held.

use super::CacheLayer;

/// How much is held.
impl<X, P> CacheLayer<X, P> {
    /// How many octets may be held, of what is stored and what is being recorded: keys, fields, bodies
    /// and what it takes to find them. The default is 64 MiB.
    ///
    /// What was used least recently goes first. Where there are more than 16 responses, those that were used
    /// at most once since they were stored go before all others while they have more than a tenth of the
    /// capacity: what is asked for once, however much of it, does not drive out what is asked for again and again.
    ///
    /// With a capacity of zero nothing is stored.
    #[must_use]
    pub fn capacity(self, octets: usize) -> Self {
        self.set(|settings| settings.limits.capacity = octets)
    }

    /// How many responses may be stored; by default as many as there is room for.
    #[must_use]
    pub fn max_responses(self, responses: usize) -> Self {
        self.set(|settings| settings.limits.responses = responses)
    }

    /// How many octets a body may have and still be stored; by default an eighth of the capacity. A
    /// larger one reaches the caller all the same.
    #[must_use]
    pub fn max_body(self, octets: usize) -> Self {
        self.set(|settings| settings.max_body = Some(octets))
    }

    /// How many octets of a body are read on in the background where it is being stored and the caller drops it
    /// before its end; by default 256 KiB, and with 0 none. So the next request finds it stored, and
    /// the connection can be used again.
    ///
    /// A body that is known to have more left is given up at once, as one is that turns out to have more. So is one
    /// whose rest takes longer than ten seconds, or that has become something that may not be stored, by a clear or
    /// purge for example, when more of it comes; and no more than 64 are read on at once in one cache. Where there is
    /// no background, nothing is. What is given up is not stored, or in [part](Self::keep_incomplete).
    #[must_use]
    pub fn finish_abandoned(self, octets: usize) -> Self {
        self.set(|settings| settings.read_on = octets)
    }
}
