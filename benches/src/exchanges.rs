//! One exchange after the other, of one kind.

use std::time::Duration;

use http::{header, response};
use tower_client_cache::{CacheStatus, Forward};

use crate::contender::Room;
use crate::origin::{Calls, Origin, Page};
use crate::{Client, Contender, Mode, URI, Workload, uris};

const KIBIBYTE: usize = 1024;
const BEFORE: usize = 500;

/// One exchange after the other, all of the same [`Mode`].
pub struct Exchanges {
    mode: Mode,
    client: Box<dyn Client>,
    // Not used twice where there are many.
    uris: Vec<&'static str>,
    next: usize,
    octets: usize,
    calls: Calls,
    made: usize,
    before: usize,
    last: Option<response::Parts>,
}

impl Exchanges {
    /// What is done once is done: what can be reused is stored, tables are filled.
    #[must_use]
    pub fn new(mode: Mode) -> Self {
        let octets = match mode.workload {
            Workload::HitMebibyte => KIBIBYTE * KIBIBYTE,
            _ => KIBIBYTE,
        };
        let page = match mode.workload {
            Workload::Forward => Page::no_store(octets),
            Workload::Aged => Page {
                age: Some(Duration::from_secs(90)),
                ..Page::fresh(octets)
            },
            _ => Page::fresh(octets),
        };
        let (_, many) = mode.workload.counts();
        let (uris, before, room) = match mode.workload {
            Workload::AtRest => (uris(many), many, Room::AsItComes),
            Workload::Store => (uris(many), 0, Room::Responses(many)),
            Workload::StoreEvicting => (uris(many + BEFORE), BEFORE, Room::Octets(KIBIBYTE * 512)),
            _ => (vec![URI], BEFORE, Room::AsItComes),
        };
        let origin = Origin::new(page);
        let mut exchanges = Self {
            mode,
            calls: origin.calls(),
            client: mode.contender.client(room, origin),
            uris,
            next: 0,
            octets,
            made: 0,
            before: 0,
            last: None,
        };
        exchanges.go_on(before);
        if mode.workload == Workload::AtRest {
            exchanges.next = 0;
        }
        exchanges.made = 0;
        exchanges.before = exchanges.calls.count();
        exchanges
    }

    /// Makes so many.
    ///
    /// # Panics
    ///
    /// Where a body is not the origin's, or the workload has no more URIs.
    #[inline(never)]
    pub fn make(&mut self, count: usize) {
        self.go_on(count);
    }

    // Apart from `make`, by whose name callgrind knows what is to be counted.
    fn go_on(&mut self, count: usize) {
        for _ in 0..count {
            let uri = match &*self.uris {
                [uri] => uri,
                uris => {
                    self.next += 1;
                    uris[self.next - 1]
                }
            };
            let (head, octets) = self.client.exchange(uri);
            assert_eq!(octets, self.octets);
            self.made += 1;
            self.last = Some(head);
        }
    }

    /// Looks at what was made. What is stored is not freed.
    ///
    /// # Panics
    ///
    /// Where it was not answered as the mode says: what was counted was something else.
    pub fn check(self) {
        let calls = self.calls.count() - self.before;
        let mode = self.mode;
        let is_forwarded = match (mode.workload, mode.contender) {
            (_, Contender::Bare) => true,
            (workload, _) => matches!(
                workload,
                Workload::Forward | Workload::Store | Workload::StoreEvicting
            ),
        };
        let expected = if is_forwarded { self.made } else { 0 };
        assert_eq!(calls, expected, "{mode} called the origin");
        if let (Contender::Ours, Some(head)) = (mode.contender, &self.last) {
            let status = head.extensions.get::<CacheStatus>();
            let status = status.expect("every response tells");
            let age = head.headers.get(header::AGE);
            let age = age.and_then(|age| age.to_str().ok()?.parse().ok());
            // A slow machine takes a second or two.
            let is_new = age.is_some_and(|age: u64| age < 60);
            let is_right = match mode.workload {
                Workload::Aged => status.is_hit() && !is_new,
                _ if is_forwarded => status.forwarded() == Some(Forward::UriMiss),
                _ => status.is_hit() && is_new,
            };
            assert!(is_right, "{mode} was answered: {head:?}");
        }
        std::mem::forget(self);
    }
}
