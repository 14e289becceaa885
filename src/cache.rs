//! What the services, layers and handles of one cache share.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::cache_status::NotStored;
use crate::collapse::Groups;
use crate::events::{Event, EventUri, Observers, Removal, Validation};
#[cfg(feature = "grpc")]
use crate::grpc::Methods;
use crate::handle::Purged;
use crate::key::CacheKey;
use crate::mode::Mode;
use crate::rules::Rules;
use crate::seed::Seed;
use crate::settings::Settings;
use crate::stats::{Counters, Stats};
use crate::store::{Memory, Removed};
use crate::stored::StoredResponse;
use crate::switch::Switch;

/// One cache: its store, its switch, its settings. It lives for as long as anybody has a part of it.
#[derive(Debug)]
pub(crate) struct Cache {
    pub(crate) seed: Seed,
    pub(crate) store: Arc<Memory>,
    pub(crate) groups: Arc<Groups>,
    /// Those of gRPC whose calls may wait for one another.
    #[cfg(feature = "grpc")]
    pub(crate) unary_methods: Methods,
    pub(crate) switch: Switch,
    pub(crate) counters: Counters,
    pub(crate) observers: Arc<Observers>,
    /// How many background validations run.
    pub(crate) background: AtomicUsize,
    /// How many abandoned bodies are read on.
    pub(crate) reading_on: AtomicUsize,
    settings: Mutex<Arc<Settings>>,
    version: AtomicUsize,
}

impl Cache {
    pub(crate) fn new(settings: Settings) -> Self {
        let observers = Arc::<Observers>::default();
        Self {
            seed: Seed::random(settings.policy.is_shared()),
            store: Arc::new(Memory::new(settings.limits, observers.clone())),
            groups: Arc::default(),
            #[cfg(feature = "grpc")]
            unary_methods: Methods::default(),
            switch: Switch::default(),
            counters: Counters::default(),
            observers,
            background: AtomicUsize::new(0),
            reading_on: AtomicUsize::new(0),
            settings: Mutex::new(Arc::new(settings)),
            version: AtomicUsize::new(0),
        }
    }

    /// Removes everything, and lets nobody wait for what is asked for already.
    pub(crate) fn clear(&self) -> Removed {
        let removed = self.store.clear();
        self.groups.release_all();
        removed
    }

    /// Whoever is answered from now on, or has waited so far, sees the switch as it is.
    pub(crate) fn settle(&self) {
        self.store.settle();
        self.groups.release_all();
    }

    /// A response was stored.
    pub(crate) fn stored(&self, response: &StoredResponse) {
        self.counters.store();
        self.observers.tell(|| Event::Stored {
            uri: EventUri::of_key(&response.key),
            size: response.size(),
        });
    }

    /// A response that was being stored is not.
    pub(crate) fn refused(&self, key: &Arc<CacheKey>, reason: NotStored) {
        self.counters.refuse(reason);
        self.observers.tell(|| Event::Refused {
            uri: EventUri::of_key(key),
            reason,
        });
    }

    /// The origin was asked about a stored response.
    pub(crate) fn validated(&self, key: &Arc<CacheKey>, outcome: Validation) {
        self.counters.validation(outcome);
        self.observers.tell(|| Event::Validated {
            uri: EventUri::of_key(key),
            outcome,
        });
    }

    /// The handle has removed this.
    pub(crate) fn removed(&self, by: Removal, removed: Removed) -> Purged {
        let report = Purged::from(removed);
        self.observers.tell(|| Event::Removed { by, report });
        report
    }

    /// Another mode is in force, if this is one.
    pub(crate) fn switched(&self, mode: Option<Mode>) {
        if let Some(mode) = mode {
            self.observers.tell(|| Event::Mode { mode });
        }
    }

    /// What was done so far. No count ever falls, so that where all are the same a second time there was a moment
    /// in between at which they were.
    pub(crate) fn stats(&self) -> Stats {
        const TRIES: usize = 16;
        let mut stats = self.read_stats();
        for _ in 0..TRIES {
            let again = self.read_stats();
            if again == stats {
                break;
            }
            stats = again;
        }
        stats
    }

    fn read_stats(&self) -> Stats {
        let counted = self.counters.read();
        let (hits, octets) = self.store.copies.hits();
        let (holding, evictions) = self.store.holding();
        Stats {
            hits,
            bytes_served: counted.bytes_served + octets,
            evictions,
            holding,
            ..counted
        }
    }

    /// Replaces the rules. Where keys are made otherwise by it, what is stored could not be found any more, and not be
    /// invalidated.
    pub(crate) fn set_rules(&self, rules: Rules) {
        let mut are_keys_others = rules.ignore_queries();
        self.configure(|settings| {
            are_keys_others |= settings.rules.ignore_queries();
            settings.rules = rules;
        });
        if are_keys_others {
            let removed = self.clear();
            self.removed(Removal::Clear, removed);
        }
    }

    /// Replaces the settings. Requests that start later see the new ones.
    pub(crate) fn configure(&self, change: impl FnOnce(&mut Settings)) {
        let mut current = self.settings.lock().unwrap_or_else(PoisonError::into_inner);
        let mut settings = Settings::clone(&current);
        change(&mut settings);
        let limits = settings.limits;
        let old = std::mem::replace(&mut *current, Arc::new(settings));
        self.version.fetch_add(1, Ordering::Release);
        // Before the next change can begin: store and settings agree.
        self.store.limit(limits);
        drop(current);
        drop(old);
        self.store.fit();
    }

    /// The settings, and whose they are: a copy of them is good while the version is the same.
    pub(crate) fn settings(&self) -> (Arc<Settings>, usize) {
        let current = self.settings.lock().unwrap_or_else(PoisonError::into_inner);
        (current.clone(), self.version())
    }

    #[inline]
    pub(crate) fn version(&self) -> usize {
        self.version.load(Ordering::Acquire)
    }
}
