//! Values as octets, and back.

use std::time::{Duration, SystemTime};

/// Octets that values are written to.
#[derive(Debug, Default)]
pub(super) struct Written(pub(super) Vec<u8>);

impl Written {
    pub(super) fn octet(&mut self, octet: u8) {
        self.0.push(octet);
    }

    pub(super) fn flag(&mut self, flag: bool) {
        self.octet(u8::from(flag));
    }

    pub(super) fn number(&mut self, number: u64) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    pub(super) fn count(&mut self, count: usize) {
        self.number(count as u64);
    }

    pub(super) fn piece(&mut self, piece: &[u8]) {
        self.count(piece.len());
        self.0.extend_from_slice(piece);
    }

    pub(super) fn duration(&mut self, duration: Duration) {
        self.number(duration.as_secs());
        self.0
            .extend_from_slice(&duration.subsec_nanos().to_le_bytes());
    }

    /// Before or after the epoch, and by how much.
    pub(super) fn time(&mut self, time: SystemTime) {
        let after = time.duration_since(SystemTime::UNIX_EPOCH);
        self.flag(after.is_ok());
        self.duration(after.unwrap_or_else(|before| before.duration()));
    }
}

/// Octets that values are read from. `None` means that there is no such value.
#[derive(Debug)]
pub(super) struct Reading<'a>(pub(super) &'a [u8]);

impl<'a> Reading<'a> {
    fn take(&mut self, octets: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(octets)?;
        self.0 = rest;
        Some(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    pub(super) fn octet(&mut self) -> Option<u8> {
        Some(self.array::<1>()?[0])
    }

    pub(super) fn flag(&mut self) -> Option<bool> {
        match self.octet()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    pub(super) fn number(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    /// A number of things of which each takes an octet at least.
    pub(super) fn count(&mut self) -> Option<usize> {
        let count = usize::try_from(self.number()?).ok()?;
        (count <= self.0.len()).then_some(count)
    }

    pub(super) fn piece(&mut self) -> Option<&'a [u8]> {
        let octets = self.count()?;
        self.take(octets)
    }

    pub(super) fn duration(&mut self) -> Option<Duration> {
        let seconds = self.number()?;
        let nanoseconds = self.array().map(u32::from_le_bytes)?;
        (nanoseconds < 1_000_000_000).then(|| Duration::new(seconds, nanoseconds))
    }

    pub(super) fn time(&mut self) -> Option<SystemTime> {
        let is_after = self.flag()?;
        let distance = self.duration()?;
        if is_after {
            SystemTime::UNIX_EPOCH.checked_add(distance)
        } else {
            SystemTime::UNIX_EPOCH.checked_sub(distance)
        }
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn values_come_back_as_they_were() {
        let mut written = Written::default();
        let times = [Duration::ZERO, Duration::new(784_111_777, 999_999_999)];
        let times = times.map(|distance| {
            let epoch = SystemTime::UNIX_EPOCH;
            [epoch + distance, epoch - distance]
        });
        times
            .as_flattened()
            .iter()
            .for_each(|time| written.time(*time));
        written.piece(b"some");
        written.number(u64::MAX);
        written.flag(true);
        written.duration(Duration::MAX);
        let mut reading = Reading(&written.0);
        for time in times.as_flattened() {
            assert_eq!(reading.time(), Some(*time));
        }
        assert_eq!(reading.piece(), Some(&b"some"[..]));
        assert_eq!(reading.number(), Some(u64::MAX));
        assert_eq!(reading.flag(), Some(true));
        assert_eq!(reading.duration(), Some(Duration::MAX));
        assert!(reading.is_at_end());
        assert_eq!(reading.octet(), None);
    }

    proptest! {
        /// Whatever the octets are.
        #[test]
        fn what_is_no_value_is_none(octets in proptest::collection::vec(any::<u8>(), 0..64)) {
            for read in [
                |reading: &mut Reading<'_>| reading.time().is_some(),
                |reading: &mut Reading<'_>| reading.piece().is_some(),
                |reading: &mut Reading<'_>| reading.flag().is_some(),
                |reading: &mut Reading<'_>| reading.count().is_some(),
            ] {
                let mut reading = Reading(&octets);
                while !reading.is_at_end() && read(&mut reading) {}
            }
        }
    }
}
