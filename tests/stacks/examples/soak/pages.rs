//! The pages that there are: what each one's answers say, and what a caller may expect of them.

use std::sync::atomic::{AtomicU64, Ordering};

/// How many pages a server has.
pub(crate) const PAGES: usize = 96;

/// What kind of page one is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Fresh,
    Stale,
    StaleWhileRevalidate,
    Varying,
    NoStore,
    Large,
    OfUser,
    Chunked,
}

impl Kind {
    pub(crate) fn of(page: usize) -> Self {
        match page % 8 {
            0 => Self::Fresh,
            1 => Self::Stale,
            2 => Self::StaleWhileRevalidate,
            3 => Self::Varying,
            4 => Self::NoStore,
            5 => Self::Large,
            6 => Self::OfUser,
            _ => Self::Chunked,
        }
    }

    pub(crate) fn cache_control(self) -> &'static str {
        match self {
            Self::Fresh | Self::Varying | Self::Large | Self::Chunked => "max-age=60",
            Self::Stale => "max-age=0",
            Self::StaleWhileRevalidate => "max-age=0, stale-while-revalidate=60",
            Self::NoStore => "no-store",
            Self::OfUser => "private, max-age=60",
        }
    }
}

/// How many octets a page has, in every version.
pub(crate) fn length(page: usize) -> usize {
    match Kind::of(page) {
        Kind::Large => 200_000 + 5_000 * page,
        _ => 100 + 37 * page,
    }
}

/// What was asked for when. The number of a request to any server is the version of what it is answered with.
#[derive(Debug)]
pub(crate) struct Versions {
    asked: AtomicU64,
    /// Nothing of this version or an older one may answer a request that begins now.
    cleared: AtomicU64,
    gone: Vec<AtomicU64>,
    /// What is of this version or an older one has changed since.
    changed: Vec<AtomicU64>,
}

impl Versions {
    /// For so many pages.
    pub(crate) fn of(pages: usize) -> Self {
        let zeros = || (0..pages).map(|_| AtomicU64::new(0)).collect();
        Self {
            asked: AtomicU64::new(0),
            cleared: AtomicU64::new(0),
            gone: zeros(),
            changed: zeros(),
        }
    }

    /// The number of a request.
    pub(crate) fn next(&self) -> u64 {
        self.asked.fetch_add(1, Ordering::SeqCst) + 1
    }

    /// What has been asked for until now.
    pub(crate) fn now(&self) -> u64 {
        self.asked.load(Ordering::SeqCst)
    }

    /// All that had been asked for then is cleared.
    pub(crate) fn cleared(&self, then: u64) {
        self.cleared.fetch_max(then, Ordering::SeqCst);
    }

    /// What had been asked for then of this page is gone.
    pub(crate) fn gone(&self, page: usize, then: u64) {
        self.gone[page].fetch_max(then, Ordering::SeqCst);
    }

    /// A page becomes another.
    pub(crate) fn change(&self, page: usize) -> u64 {
        let version = self.next();
        self.changed[page].fetch_max(version, Ordering::SeqCst);
        version
    }

    /// Whether a page is still as it was.
    pub(crate) fn is_current(&self, page: usize, version: u64) -> bool {
        version > self.changed[page].load(Ordering::SeqCst) && version <= self.now()
    }

    /// What answers a request that begins now is of a later version than this.
    pub(crate) fn floor(&self, page: usize) -> u64 {
        let cleared = self.cleared.load(Ordering::SeqCst);
        cleared.max(self.gone[page].load(Ordering::SeqCst))
    }
}
