//! A contender that runs beside others.

use std::time::{Duration, Instant};

use crate::Client;

/// A client, and what it asks for: one URI, or one after the other, over and over.
pub struct Lane {
    client: Box<dyn Client>,
    uris: Vec<&'static str>,
    next: usize,
    octets: usize,
}

impl Lane {
    #[must_use]
    pub fn new(client: Box<dyn Client>, uris: Vec<&'static str>, octets: usize) -> Self {
        Self {
            client,
            uris,
            next: 0,
            octets,
        }
    }

    /// Makes so many exchanges.
    ///
    /// # Panics
    ///
    /// Where a body is not the origin's.
    pub fn make(&mut self, count: usize) {
        for _ in 0..count {
            let uri = self.uris[self.next];
            let (_, octets) = self.client.exchange_beside_others(uri);
            assert_eq!(octets, self.octets);
            self.next += 1;
            if self.next == self.uris.len() {
                self.next = 0;
            }
        }
    }

    /// How long so many exchanges take.
    #[must_use]
    pub fn time(&mut self, count: usize) -> Duration {
        let start = Instant::now();
        self.make(count);
        start.elapsed()
    }

    /// How many exchanges take about so long, at least one.
    #[must_use]
    pub fn in_about(&mut self, span: Duration) -> usize {
        let mut count = 1;
        while self.time(count) < span / 2 && count < 1 << 20 {
            count *= 2;
        }
        count
    }

    /// One for another thread, which begins elsewhere in the list.
    #[must_use]
    pub fn another(&self) -> Self {
        Self {
            client: self.client.another(),
            uris: self.uris.clone(),
            next: self.uris.len() / 2,
            octets: self.octets,
        }
    }
}
