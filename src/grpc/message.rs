//! Length-prefixed messages.

use bytes::Bytes;

/// Whether it is compressed, and how long it is.
const PREFIX: usize = 5;

/// Where octets are among messages: how much of the one that they are in is still to come.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Messages {
    prefix: [u8; PREFIX],
    /// So much of the prefix is there.
    begun: usize,
    left: u32,
    /// How many messages have begun.
    count: u32,
}

impl Messages {
    /// Octets that come next.
    pub(super) fn read(&mut self, mut octets: &[u8]) {
        while !octets.is_empty() {
            if self.left > 0 {
                let length = usize::try_from(self.left).unwrap_or(usize::MAX);
                let (now, later) = octets.split_at(length.min(octets.len()));
                self.left -= u32::try_from(now.len()).expect("it is no more than was left");
                octets = later;
                continue;
            }
            if self.begun == 0 {
                self.count = self.count.saturating_add(1);
            }
            self.prefix[self.begun] = octets[0];
            octets = &octets[1..];
            self.begun += 1;
            if self.begun == PREFIX {
                let [_, length @ ..] = self.prefix;
                self.left = u32::from_be_bytes(length);
                self.begun = 0;
            }
        }
    }

    /// How many there are, the one that has only begun included.
    pub(super) fn count(&self) -> u32 {
        self.count
    }

    /// Whether none is left half-way.
    pub(super) fn are_whole(&self) -> bool {
        self.begun == 0 && self.left == 0
    }
}

/// Whether this is one message, and all of it.
pub(crate) fn is_one(frames: &[Bytes]) -> bool {
    let mut messages = Messages::default();
    frames.iter().for_each(|frame| messages.read(frame));
    messages.count() == 1 && messages.are_whole()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// GRPC-1: However it is cut into frames.
    #[test]
    fn messages_are_counted() {
        let table: [(&[u8], u32, bool); 9] = [
            (b"", 0, true),
            (b"\0\0\0", 1, false),
            (b"\0\0\0\0\0", 1, true),
            (b"\0\0\0\0\x02a", 1, false),
            (b"\0\0\0\0\x02ab", 1, true),
            (b"\x01\0\0\0\x02ab", 1, true),
            (b"\0\0\0\0\x02ab\0", 2, false),
            (b"\0\0\0\0\x01a\0\0\0\0\0", 2, true),
            (b"\0\xff\xff\xff\xffab", 1, false),
        ];
        for (octets, count, are_whole) in table {
            for size in 1..=octets.len().max(1) {
                let mut messages = Messages::default();
                octets.chunks(size).for_each(|frame| messages.read(frame));
                assert_eq!(
                    (messages.count(), messages.are_whole()),
                    (count, are_whole),
                    "{octets:?}"
                );
            }
            let frames: Vec<_> = octets.chunks(2).map(Bytes::copy_from_slice).collect();
            assert_eq!(is_one(&frames), count == 1 && are_whole, "{octets:?}");
        }
    }
}
