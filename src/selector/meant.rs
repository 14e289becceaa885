//! What a selector means in one cache, at one time.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::{HeaderMap, Method, Request, Uri};

use super::Selector;
use super::meaning::{Filter, Meaning};
use crate::cache::Cache;
use crate::info::StoredInfo;
use crate::key::{CacheKey, Text, UriKey, is_below};
use crate::partition::Name;
use crate::policy::comparing::Comparing;
use crate::policy::selection;
use crate::reading::Reader;
#[cfg(feature = "structured-fields")]
use crate::search;
use crate::seed::Seed;
use crate::settings::Settings;
use crate::store::{Among, Came, Means, Meant, Seen};
use crate::stored::StoredResponse;
use crate::target::Target;

/// A selector, resolved: keys, hashes and times of one cache in the place of what they were made of.
#[derive(Debug)]
struct Resolved {
    test: Test,
    now: SystemTime,
}

enum Test {
    Never,
    Always,
    Uri(UriKey, Equivalents),
    Request(Box<Asking>, Equivalents),
    /// Up to where a query would begin.
    Prefix(Box<[u8]>),
    Origin(Box<[u8]>),
    Partition(Name),
    /// Sorted hashes.
    Tags(Vec<u64>),
    OlderThan(Duration),
    Since(SystemTime),
    Stale,
    /// Stale by more than this as well, for which it may be used where the origin cannot be reached.
    Spent(Duration),
    Filter(Filter),
    Every(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
}

/// Whether what stands for a URI by a rule of its own counts as stored for that.
type Equivalents = bool;

/// What selects a stored response.
struct Asking {
    key: CacheKey,
    method: Method,
    fields: HeaderMap,
    seed: Seed,
    normalizes_encodings: bool,
}

impl Cache {
    /// What a selector means here and now.
    pub(super) fn meant(&self, selector: &Selector) -> Arc<Meant> {
        let (settings, _) = self.settings();
        let resolving = Resolving {
            cache: self,
            settings: &settings,
        };
        let test = resolving.test(&selector.meaning);
        let now = settings.clock.now();
        Arc::new(Meant {
            among: test.among(),
            weight: test.weight(),
            at: now,
            test: Arc::new(Resolved { test, now }),
        })
    }
}

/// Resolves selectors.
#[derive(Clone, Copy)]
struct Resolving<'c> {
    cache: &'c Cache,
    settings: &'c Settings,
}

impl Resolving<'_> {
    fn test(self, meaning: &Meaning) -> Test {
        let all = |of: &[Meaning]| of.iter().map(|one| self.test(one)).collect();
        match meaning {
            Meaning::Nothing => Test::Never,
            Meaning::All => Test::Always,
            Meaning::Uri(uri) => {
                let keys = self.keys(uri).into_iter();
                let keys = keys.map(|key| Test::Uri(key, self.equivalents()));
                Test::Any(keys.collect())
            }
            Meaning::Request(request) => self.asking(request).map_or(Test::Never, |asking| {
                Test::Request(Box::new(asking), self.equivalents())
            }),
            Meaning::Prefix(uri) => self.keys(uri).first().map_or(Test::Never, |key| {
                let path = key.text.split(|octet| *octet == b'?').next();
                Test::Prefix(path.unwrap_or_default().into())
            }),
            Meaning::Origin(origin) => Test::Origin(origin.clone()),
            Meaning::Partition(name) => Test::Partition(Name::of(&self.cache.seed, name)),
            Meaning::Tags(names) => Test::Tags(tags(&self.cache.seed, names)),
            Meaning::OlderThan(age) => Test::OlderThan(*age),
            Meaning::Since(time) => Test::Since(*time),
            Meaning::Stale => Test::Stale,
            Meaning::Spent => {
                let disconnected = self.settings.policy.stale_if_disconnected;
                Test::Spent(disconnected.unwrap_or_default())
            }
            Meaning::Filter(filter) => Test::Filter(filter.clone()),
            Meaning::Every(every) => Test::Every(all(every)),
            Meaning::Any(any) => Test::Any(all(any)),
            Meaning::Not(meaning) => Test::Not(Box::new(self.test(meaning))),
        }
    }

    fn keys(self, uri: &Uri) -> Vec<UriKey> {
        Target::of_uri(uri).map_or_else(Vec::new, |target| {
            self.settings.uri_keys(&self.cache.seed, target, None)
        })
    }

    fn asking(self, request: &Request<()>) -> Option<Asking> {
        let Self { cache, settings } = self;
        let reader = Reader { cache, settings };
        let mut text = Text::empty();
        let wanted = reader.would_want_of_any_content(request, &mut text)?;
        Some(Asking {
            key: wanted.to_key(),
            method: request.method().clone(),
            fields: request.headers().clone(),
            seed: cache.seed.clone(),
            normalizes_encodings: settings.normalizes_encodings,
        })
    }

    #[cfg(feature = "structured-fields")]
    fn equivalents(self) -> Equivalents {
        self.settings.related.by_search
    }

    #[cfg(not(feature = "structured-fields"))]
    fn equivalents(self) -> Equivalents {
        false
    }
}

impl Means for Resolved {
    fn at_once(&self, response: &StoredResponse, came: Came) -> Option<bool> {
        self.test.holds(response, (self.now, came), &mut |_| None)
    }

    fn means(&self, seen: &Seen, came: Came) -> bool {
        let mut info = None;
        let mut ask = |filter: &Filter| {
            let info = info.get_or_insert_with(|| StoredInfo::new(seen.clone(), self.now));
            catch_unwind(AssertUnwindSafe(|| filter(info))).ok()
        };
        let holds = self.test.holds(&seen.response, (self.now, came), &mut ask);
        // What panics says nothing, and what may be meant is.
        holds.unwrap_or(true)
    }
}

impl Test {
    /// Whether it holds for a response; `None` where that is for a filter to say that says nothing.
    fn holds(
        &self,
        response: &StoredResponse,
        at: (SystemTime, Came),
        ask: &mut dyn FnMut(&Filter) -> Option<bool>,
    ) -> Option<bool> {
        let (key, terms, (now, came)) = (&response.key, &response.terms, at);
        let age = || terms.current_age(now);
        Some(match self {
            Self::Never => false,
            Self::Always => true,
            Self::Uri(uri, equivalents) => {
                key.is_of(uri) || *equivalents && stands_for(response, &uri.text)
            }
            Self::Request(asking, equivalents) => asking.could_get(response, *equivalents),
            Self::Prefix(path) => is_below(&key.uri, path),
            Self::Origin(origin) => key.origin() == &**origin,
            Self::Partition(name) => key.partition.is_some_and(|of| of.has_name(*name)),
            Self::Tags(tags) => {
                let mut labels = response.relations.labels().iter();
                labels.any(|label| tags.binary_search(label).is_ok())
            }
            Self::OlderThan(limit) => age() > *limit,
            Self::Since(time) => {
                let is_later = came == Came::Later && *time <= now;
                is_later || terms.response_time >= *time
            }
            Self::Stale => !terms.is_fresh(age()),
            Self::Spent(disconnected) => terms.is_spent(age(), *disconnected),
            Self::Filter(filter) => return ask(filter),
            Self::Not(test) => !test.holds(response, at, ask)?,
            Self::Every(every) => return joined(every, false, |one| one.holds(response, at, ask)),
            Self::Any(any) => return joined(any, true, |one| one.holds(response, at, ask)),
        })
    }

    /// Where all is that it may hold for.
    fn among(&self) -> Among {
        match self {
            Self::Never => Among::nothing(),
            Self::Uri(uri, false) => Among::uri([uri.clone()]),
            Self::Request(asking, false) => Among::uri([asking.key.to_uri()]),
            Self::Tags(tags) => Among::labels(tags),
            Self::Every(every) => {
                let mut narrowest = Among::All;
                for among in every.iter().map(Self::among) {
                    if among.breadth() < narrowest.breadth() {
                        narrowest = among;
                    }
                }
                narrowest
            }
            Self::Any(any) => {
                let among = any.iter().map(Self::among);
                among.fold(Among::nothing(), Among::with)
            }
            _ => Among::All,
        }
    }

    /// How many things it names.
    fn weight(&self) -> usize {
        match self {
            Self::Tags(tags) => tags.len(),
            Self::Every(of) | Self::Any(of) => of.iter().map(Self::weight).sum(),
            Self::Not(test) => test.weight(),
            _ => 1,
        }
    }
}

/// The hashes of tags, sorted.
pub(super) fn tags(seed: &Seed, names: &[Box<str>]) -> Vec<u64> {
    let mut tags: Vec<u64> = names.iter().map(|name| seed.tag(name)).collect();
    tags.sort_unstable();
    tags.dedup();
    tags
}

/// What is to be said of several: that, where one says it; else the contrary, where nobody says nothing.
fn joined<'t>(
    tests: &'t [Test],
    decides: bool,
    mut holds: impl FnMut(&'t Test) -> Option<bool>,
) -> Option<bool> {
    let mut is_known = true;
    for test in tests {
        match holds(test) {
            Some(said) if said == decides => return Some(decides),
            Some(_) => {}
            None => is_known = false,
        }
    }
    is_known.then_some(!decides)
}

/// Whether a response stands for this URI by a rule of its own.
#[cfg(feature = "structured-fields")]
fn stands_for(response: &StoredResponse, uri: &[u8]) -> bool {
    search::stands_for(response, uri)
}

#[cfg(not(feature = "structured-fields"))]
fn stands_for(_: &StoredResponse, _: &[u8]) -> bool {
    false
}

impl Asking {
    fn could_get(&self, response: &StoredResponse, equivalents: Equivalents) -> bool {
        let key = &response.key;
        let is_of_uri =
            *self.key.uri == *key.uri || equivalents && stands_for(response, &self.key.uri);
        let comparing = Comparing {
            key: self.seed.vary(),
            normalizes_encodings: self.normalizes_encodings,
        };
        let is_of_method = match key.content {
            Some(content) => content.method() == self.method,
            None if response.head.is_of_head => self.method == Method::HEAD,
            None => self.method == Method::HEAD || self.method == Method::GET,
        };
        self.key.partition == key.partition
            && is_of_uri
            && is_of_method
            && selection::is_for(comparing, &response.selected_by, &self.fields)
    }
}

impl fmt::Debug for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Test(..)")
    }
}
