//! The client, the cache and the origin of a situation.

use std::sync::{Arc, Mutex};

use http::header::{IF_MODIFIED_SINCE, IF_NONE_MATCH, LOCATION};
use support::{Answer, Conversation, Reply, Seen, get, reply};
use tower_client_cache::{CacheLayer, CacheMode, Outcome};

use super::By::{Asked, Refused, Store};
use super::State::Fresh;
use super::Told::{MaxAge, NoCache, Nothing, Validates};
use super::{ONLY_IF_CACHED, Situation, Special, Told, Validator};

/// An origin with one page, and what it was asked.
pub(super) struct Scene {
    talk: Conversation,
    validator: Validator,
    seen: Arc<Mutex<Vec<Seen>>>,
}

const TAG: &str = "\"tag\"";
const CONTENT: &str = "content";

impl Scene {
    pub(super) fn new(layer: CacheLayer, situation: &Situation, validator: Validator) -> Self {
        let talk = Conversation::through(layer);
        let seen = Arc::<Mutex<Vec<Seen>>>::default();
        let (state, special, seeing) = (situation.state, situation.special, seen.clone());
        let (now, clock) = (talk.clock.date(0), talk.clock.clone());
        talk.origin.answers(move |asked| {
            seeing.lock().expect("nobody panics").push(asked.clone());
            let year = 365 * 24 * 60 * 60;
            let expires = clock.date(if state == Fresh { year } else { -year });
            let described = |status| -> Reply {
                let described = reply(status).field("expires", &expires);
                match validator {
                    Validator::Tag => described.field("etag", TAG),
                    Validator::Date => described.field("last-modified", &now),
                }
            };
            let location = match special {
                Special::Redirected => Some("http://o.test/b"),
                Special::RedirectedElsewhere => Some("http://elsewhere.test/b"),
                _ => None,
            };
            if let Some(location) = location.filter(|_| asked.uri.path() == "/a") {
                return described(302).field("location", location);
            }
            let (name, value) = condition(validator, &now);
            if asked.field(name).is_some_and(|has| has == value) {
                return described(304);
            }
            let page = described(200).body(CONTENT);
            match special {
                Special::NoStore => page.control("no-store"),
                Special::VaryStar => page.field("vary", "*"),
                _ => page,
            }
        });
        Self {
            talk,
            validator,
            seen,
        }
    }

    /// The value of a field of the caller's own.
    fn own(&self, field: &str) -> String {
        if field.ends_with("-since") {
            self.talk.clock.date(0)
        } else {
            "\"foo\"".to_owned()
        }
    }

    /// Fetches the page, and follows redirects; elsewhere only where the origin may be asked. The last answer.
    async fn fetch(&self, mode: CacheMode, own: Option<&str>) -> Option<Answer> {
        let mut uri = "/a".to_owned();
        loop {
            let value = own.map(|field| self.own(field)).unwrap_or_default();
            let fields: Vec<_> = own
                .map(|field| (field, value.as_str()))
                .into_iter()
                .collect();
            let mut request = get(&uri, &fields);
            request.extensions_mut().insert(mode);
            let answer = self.talk.send(request).await;
            if answer.status != 302 {
                return Some(answer);
            }
            uri = answer.headers[LOCATION].to_str().expect("a URI").to_owned();
            if mode == ONLY_IF_CACHED {
                answer.assert_hit();
                if uri.starts_with("http://elsewhere.test/") {
                    return None;
                }
            }
        }
    }

    /// What was asked since it was last taken.
    fn take_seen(&self) -> Vec<Seen> {
        std::mem::take(&mut *self.seen.lock().expect("nobody panics"))
    }

    fn told(&self, seen: &Seen, own: Option<&str>) -> Option<Told> {
        let own = |name: &str| own == Some(name);
        let now = self.talk.clock.date(0);
        let (name, value) = condition(self.validator, &now);
        let others = [IF_NONE_MATCH, IF_MODIFIED_SINCE].map(|field| field.as_str().to_owned());
        let mut others = others.iter().filter(|field| *field != name);
        if others.any(|field| !own(field) && seen.field(field).is_some()) {
            return None;
        }
        let validates = seen.field(name).filter(|_| !own(name));
        let is_told = (seen.field("pragma"), seen.field("cache-control"), validates);
        let no_cache = Some("no-cache".to_owned());
        match is_told {
            (None, None, None) => Some(Nothing),
            (pragma, control, None) if pragma == no_cache && control == no_cache => Some(NoCache),
            (None, control, Some(has)) if has == value => match control.as_deref() {
                None => Some(Validates),
                Some("max-age=0") => Some(MaxAge),
                Some(_) => None,
            },
            _ => None,
        }
    }

    /// Sends the requests of a situation, and looks who answers them. No time passes between.
    pub(super) async fn check(&self, situation: &Situation) {
        for (place, (mode, own, by)) in situation.requests.iter().enumerate() {
            let row = format!("{place} of {:?} {situation:?}", self.validator);
            let answer = self.fetch(*mode, *own).await;
            let seen = self.take_seen();
            let is_redirected = matches!(
                situation.special,
                Special::Redirected | Special::RedirectedElsewhere
            );
            let times = match by {
                Asked(_) if is_redirected => 2,
                Asked(_) => 1,
                Store | Refused => 0,
            };
            assert_eq!(seen.len(), times, "{row}");
            for seen in &seen {
                let told = self.told(seen, *own).map(Asked);
                assert_eq!(told, Some(*by), "{row}: {seen:?}");
            }
            if *by == Refused {
                let outcome = answer.map(|answer| answer.cache.outcome());
                assert!(
                    matches!(outcome, None | Some(Outcome::Unsatisfiable)),
                    "{row}"
                );
                continue;
            }
            let answer = answer.expect("an answer");
            // What has no date of its own is as old as its `Date` (RFC 9110 §13.1.3).
            let is_not_modified = *own == Some("if-modified-since")
                && (self.validator == Validator::Date || *by == Store);
            let expected = if is_not_modified {
                (304, "")
            } else {
                (200, CONTENT)
            };
            assert_eq!((answer.status.as_u16(), answer.text()), expected, "{row}");
            assert_eq!(answer.cache.is_hit(), *by == Store, "{row}");
        }
    }
}

/// What asks about a response that has this validator.
fn condition(validator: Validator, date: &str) -> (&'static str, &str) {
    match validator {
        Validator::Tag => ("if-none-match", TAG),
        Validator::Date => ("if-modified-since", date),
    }
}
