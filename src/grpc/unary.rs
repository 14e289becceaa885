//! The answer of a unary method, while it is being recorded.

use http::HeaderMap;

use super::STATUS;
use super::message::Messages;

/// The answer of a unary method: one message, and trailers that say what has come of it.
#[derive(Debug, Default)]
pub(crate) struct Unary(Messages);

impl Unary {
    /// Octets of it. False where it turns out to be of more messages than one, and so of a stream.
    #[must_use]
    pub(crate) fn read(&mut self, octets: &[u8]) -> bool {
        self.0.read(octets);
        self.0.count() <= 1
    }

    /// Whether it was one message, and a success, as far as these trailers say.
    pub(crate) fn is_success(&self, trailers: Option<&HeaderMap>) -> bool {
        let mut statuses = trailers
            .into_iter()
            .flat_map(|trailers| trailers.get_all(STATUS));
        let is_ok =
            statuses.next().is_some_and(|status| status == "0") && statuses.next().is_none();
        is_ok && self.0.count() == 1 && self.0.are_whole()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// GRPC-2, GRPC-8: A stream is no answer of a unary method, and what does not say that it is a success is none.
    #[test]
    fn one_message_and_status_zero_are_a_success() {
        let trailers = |status: &[&str]| {
            let mut trailers = HeaderMap::new();
            for status in status {
                trailers.append(STATUS, status.parse().unwrap());
            }
            trailers
        };
        let mut unary = Unary::default();
        assert!(!unary.is_success(Some(&trailers(&["0"]))));
        assert!(unary.read(b"\0\0\0\0\x01"));
        assert!(!unary.is_success(Some(&trailers(&["0"]))));
        assert!(unary.read(b"a"));
        assert!(unary.is_success(Some(&trailers(&["0"]))));
        for other in [&["14"][..], &[], &["0", "0"], &["00"]] {
            assert!(!unary.is_success(Some(&trailers(other))), "{other:?}");
        }
        assert!(!unary.is_success(None));
        assert!(!unary.read(b"\0"));
        assert!(!unary.is_success(Some(&trailers(&["0"]))));
    }
}
