//! The situations in which the Fetch standard's request cache modes are tried out: 52, each with an entity tag
//! and with a date. What the origin sees is what the standard says, but where a choice is named.

mod scene;

use tower_client_cache::{CacheLayer, CacheMode};

use self::By::{Asked, Refused, Store};
use self::State::{Fresh, Stale};
use self::Told::{MaxAge, NoCache, Nothing, Validates};
use self::scene::Scene;

const DEFAULT: CacheMode = CacheMode::Default;
const NO_STORE: CacheMode = CacheMode::NoStore;
const RELOAD: CacheMode = CacheMode::Reload;
const NO_CACHE: CacheMode = CacheMode::NoCache;
const FORCE_CACHE: CacheMode = CacheMode::ForceCache;
const ONLY_IF_CACHED: CacheMode = CacheMode::OnlyIfCached;

/// By its `Expires`, a year from now or ago.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Fresh,
    Stale,
}

/// What the response is asked about with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Validator {
    Tag,
    Date,
}

const VALIDATORS: [Validator; 2] = [Validator::Tag, Validator::Date];

/// Who answers a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    /// The cache, and the origin is not asked.
    Store,
    /// The origin, which is told this beside what the caller says.
    Asked(Told),
    /// Nobody: a network error in a browser.
    Refused,
}

/// What the cache adds to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    Nothing,
    /// `Pragma: no-cache` and `Cache-Control: no-cache`
    NoCache,
    /// What is stored has this validator.
    Validates,
    /// The same, and `Cache-Control: max-age=0`.
    MaxAge,
}

/// What else there is to the response.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Special {
    #[default]
    None,
    NoStore,
    VaryStar,
    /// A redirect leads to it, of its own origin.
    Redirected,
    /// A redirect leads to it, of another origin.
    RedirectedElsewhere,
}

/// Requests one after the other, each in a mode and with a field of its own perhaps, and who answers.
#[derive(Debug)]
struct Situation {
    state: State,
    special: Special,
    requests: Vec<(CacheMode, Option<&'static str>, By)>,
}

fn situation<const N: usize>(state: State, requests: [(CacheMode, By); N]) -> Situation {
    let requests = requests.map(|(mode, by)| (mode, None, by));
    Situation {
        state,
        special: Special::None,
        requests: requests.into(),
    }
}

impl Situation {
    fn with(self, special: Special) -> Self {
        Self { special, ..self }
    }
}

/// 4
fn of_default() -> Vec<Situation> {
    let twice = |state, second| situation(state, [(DEFAULT, Asked(Nothing)), (DEFAULT, second)]);
    vec![
        twice(Stale, Asked(Validates)),
        twice(Fresh, Store),
        twice(Stale, Asked(Nothing)).with(Special::NoStore),
        twice(Fresh, Asked(Nothing)).with(Special::NoStore),
    ]
}

/// 4
fn of_no_store() -> Vec<Situation> {
    [Stale, Fresh]
        .into_iter()
        .flat_map(|state| {
            let (told, plain) = ((NO_STORE, Asked(NoCache)), (DEFAULT, Asked(Nothing)));
            [
                situation(state, [plain, told]),
                situation(state, [told, plain]),
            ]
        })
        .collect()
}

/// 6
fn of_reload() -> Vec<Situation> {
    [(Stale, Asked(Validates)), (Fresh, Store)]
        .into_iter()
        .flat_map(|(state, last)| {
            let (first, reload) = ((DEFAULT, Asked(Nothing)), (RELOAD, Asked(NoCache)));
            [
                situation(state, [first, reload]),
                situation(state, [reload, (DEFAULT, last)]),
                situation(state, [first, reload, (DEFAULT, last)]),
            ]
        })
        .collect()
}

/// 2
fn of_no_cache() -> Vec<Situation> {
    [Stale, Fresh]
        .map(|state| {
            let validates = (NO_CACHE, Asked(MaxAge));
            situation(state, [(DEFAULT, Asked(Nothing)), validates])
        })
        .into()
}

/// 9. What has `Vary: *` is not stored (C-16), so that there is nothing to ask about.
fn of_force_cache() -> Vec<Situation> {
    let first = (DEFAULT, Asked(Nothing));
    let mut all: Vec<_> = [(Stale, Asked(Validates)), (Fresh, Store)]
        .into_iter()
        .flat_map(|(state, last)| {
            let asks = (FORCE_CACHE, Asked(Nothing));
            [
                situation(state, [first, (FORCE_CACHE, Store)]),
                situation(state, [asks]),
                situation(state, [first, asks]).with(Special::VaryStar),
                situation(state, [asks, (DEFAULT, last)]),
            ]
        })
        .collect();
    let no_store = situation(Stale, [first, (FORCE_CACHE, Asked(Nothing))]);
    all.push(no_store.with(Special::NoStore));
    all
}

/// 7. The redirect is stored as well, and asks nobody; not to follow it elsewhere is for whoever follows it.
fn of_only_if_cached() -> Vec<Situation> {
    let then = |state, by| situation(state, [(DEFAULT, Asked(Nothing)), (ONLY_IF_CACHED, by)]);
    vec![
        then(Stale, Store),
        then(Fresh, Store),
        situation(Fresh, [(ONLY_IF_CACHED, Refused)]),
        then(Fresh, Store).with(Special::Redirected),
        then(Stale, Store).with(Special::Redirected),
        then(Fresh, Refused).with(Special::RedirectedElsewhere),
        then(Stale, Refused).with(Special::RedirectedElsewhere),
    ]
}

/// The caller's own conditions. All are such that the origin takes them for met, but for `If-Modified-Since` where
/// the response has a date.
const CONDITIONS: [&str; 5] = [
    "if-modified-since",
    "if-none-match",
    "if-unmodified-since",
    "if-match",
    "if-range",
];

/// 20: as the standard has it such a request is answered by the origin, and its answer not stored.
fn of_conditions() -> Vec<Situation> {
    let mut all = Vec::new();
    for field in CONDITIONS {
        for state in [Stale, Fresh] {
            let plain = (DEFAULT, None, Asked(Nothing));
            let own = (DEFAULT, Some(field), Asked(Nothing));
            for requests in [[plain, own], [own, plain]] {
                all.push(Situation {
                    state,
                    special: Special::None,
                    requests: requests.into(),
                });
            }
        }
    }
    all
}

/// FETCH-1 to FETCH-8, FETCH-10, FETCH-16, C-16, C-26
#[tokio::test]
async fn each_mode_does_what_the_standard_says_in_each_situation() {
    let mut count = 0;
    for (situations, number) in [
        (of_default(), 4),
        (of_no_store(), 4),
        (of_reload(), 6),
        (of_no_cache(), 2),
        (of_force_cache(), 9),
        (of_only_if_cached(), 7),
        (of_conditions(), 20),
    ] {
        assert_eq!(situations.len(), number);
        count += number;
        for situation in situations {
            for validator in VALIDATORS {
                let layer = CacheLayer::new().conditional_bypass(true);
                Scene::new(layer, &situation, validator)
                    .check(&situation)
                    .await;
            }
        }
    }
    assert_eq!(count, 52);
}

/// C-26: where the caller's own conditions are not left to the origin nothing else changes, and they are answered
/// from what is stored and fresh
#[tokio::test]
async fn by_default_own_conditions_are_answered_from_what_is_stored() {
    for situations in [
        of_default(),
        of_no_store(),
        of_reload(),
        of_no_cache(),
        of_force_cache(),
        of_only_if_cached(),
    ] {
        for situation in situations {
            for validator in VALIDATORS {
                let scene = Scene::new(CacheLayer::new(), &situation, validator);
                scene.check(&situation).await;
            }
        }
    }
    for field in CONDITIONS {
        let is_for_the_origin = matches!(field, "if-match" | "if-unmodified-since");
        for validator in VALIDATORS {
            let by = if is_for_the_origin {
                Asked(Nothing)
            } else {
                Store
            };
            let situation = Situation {
                state: Fresh,
                special: Special::None,
                requests: vec![(DEFAULT, None, Asked(Nothing)), (DEFAULT, Some(field), by)],
            };
            let scene = Scene::new(CacheLayer::new(), &situation, validator);
            scene.check(&situation).await;
        }
    }
}
