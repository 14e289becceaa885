//! How it comes to that, by the functions that decide.

use std::time::SystemTime;

use http::{HeaderName, Request};

use super::words::seconds;
use super::{Explanation, Step, Verdict};
use crate::cache::Cache;
use crate::cache_status::{Forward, NotStored, Outcome};
use crate::content::Treatment;
use crate::info::{PartitionId, StoredInfo};
use crate::key::{Text, Wanted};
use crate::mode::CacheMode;
use crate::policy::comparing::Comparing;
use crate::policy::reuse::{self, Decision};
use crate::policy::selection;
use crate::policy::{Asked, range};
use crate::reading::{Read, Reader};
#[cfg(feature = "structured-fields")]
use crate::search;
use crate::settings::Settings;
use crate::store::Seen;

impl Cache {
    /// What would be done with a request now that had no content.
    pub(crate) fn explain<B>(&self, request: &Request<B>) -> Explanation {
        let (settings, _) = self.settings();
        let mut explaining = Explaining {
            cache: self,
            settings: &settings,
            steps: Vec::new(),
        };
        let reader = Reader {
            cache: self,
            settings: &settings,
        };
        let (mode, request_mode) = (
            self.switch.forbidden().as_mode(),
            CacheMode::of(request.extensions()),
        );
        explaining.modes(mode, request_mode);
        let (mut asked, mut text) = (Asked::default(), Text::empty());
        let read = reader.read(request, false, &mut asked, &mut text);
        let mut explanation = Explanation {
            uri: None,
            partition: None,
            mode,
            request_mode,
            stored: None,
            verdict: Verdict::Forward(Forward::Bypass),
            steps: Vec::new(),
        };
        match read {
            Read::Pass(reason, refused) => {
                let why = "it is not for the store: see `Forward::Bypass`";
                explaining.say(
                    "RFC 9111 §4",
                    format!("{why}; its answer is not stored ({refused})"),
                );
                explanation.verdict = Verdict::Forward(reason);
            }
            Read::OtherMethod => {
                explanation.verdict = explaining.other_method(reader, request);
            }
            Read::Unsatisfiable(outcome) => {
                explanation.verdict = explaining.refuse(outcome, UNSEEN);
            }
            Read::Wants(wanted, now) => {
                explanation.uri = Some(String::from_utf8_lossy(wanted.uri()).into_owned());
                explanation.partition = wanted.partition.map(PartitionId::from);
                let (verdict, stored) = explaining.decide(request, &asked, &wanted, now);
                explanation.verdict = verdict;
                explanation.stored = stored;
            }
        }
        explanation.steps = explaining.steps;
        explanation
    }
}

const UNASKED: &str = "the origin may not be asked";
const UNSEEN: &str = "nothing stored is looked at, and the origin may not be asked";

/// Explains one request.
pub(super) struct Explaining<'c> {
    cache: &'c Cache,
    pub(super) settings: &'c Settings,
    pub(super) steps: Vec<Step>,
}

impl Explaining<'_> {
    pub(super) fn say(&mut self, section: &'static str, text: String) {
        self.steps.push(Step {
            section,
            text,
            redacted: None,
        });
    }

    /// Of a request that is neither GET nor HEAD.
    fn other_method<B>(&mut self, reader: Reader<'_>, request: &Request<B>) -> Verdict {
        let (said, is_safe) = match reader.treatment(request) {
            Treatment::Read(_) => {
                let text = "its content is part of the key, and is not known here";
                self.say("RFC 10008 §2.7", text.to_owned());
                return Verdict::ReadContent;
            }
            Treatment::Safe => ("it is safe, and not for the store", true),
            Treatment::Unsafe => ("the method is neither GET nor HEAD", false),
        };
        if let Some(outcome) = reader.refusal(request, is_safe) {
            return self.refuse(outcome, UNSEEN);
        }
        let refused = NotStored::Method;
        self.say(
            "RFC 9111 §4",
            format!("{said}; its answer is not stored ({refused})"),
        );
        Verdict::Forward(Forward::Method)
    }

    fn decide<B>(
        &mut self,
        request: &Request<B>,
        asked: &Asked,
        wanted: &Wanted<'_>,
        now: SystemTime,
    ) -> (Verdict, Option<StoredInfo>) {
        self.key(wanted);
        self.directives(asked);
        let variants = self.cache.store.see_variants(wanted);
        let comparing = self.settings.comparing(&self.cache.seed);
        let fields = request.headers();
        let stored = variants.iter().map(|seen| &*seen.response);
        let selected = selection::select(comparing, asked, fields, stored);
        let selected = selected.map(|place| variants[place].clone());
        #[cfg(feature = "structured-fields")]
        let selected = selected.or_else(|reason| {
            if !self.settings.related.by_search {
                return Err(reason);
            }
            let found = search::stands_for_it(self.cache, comparing, wanted, asked, fields);
            let seen = found.map(|found| self.cache.store.see_found(found));
            seen.ok_or(reason)
        });
        let verdict = match &selected {
            Err(reason) => self.missed(*reason, asked, comparing, request, &variants, wanted),
            Ok(seen) => self.weigh(asked, seen, now),
        };
        if asked.directives.no_store && !matches!(verdict, Verdict::Reuse) {
            let text = "the request says no-store: no answer is stored";
            self.say("RFC 9111 §5.2.1.5", text.to_owned());
        }
        let stored = selected.ok().map(|seen| StoredInfo::new(seen, now));
        (verdict, stored)
    }

    /// Nothing is selected.
    fn missed<B>(
        &mut self,
        reason: Forward,
        asked: &Asked,
        comparing: Comparing<'_>,
        request: &Request<B>,
        variants: &[Seen],
        wanted: &Wanted<'_>,
    ) -> Verdict {
        let count = variants.len();
        match reason {
            Forward::VaryMiss => {
                let fields = request.headers();
                let differing = |seen: &Seen| {
                    selection::differing(comparing, &seen.response.selected_by, fields)
                };
                let mut names: Vec<HeaderName> = variants.iter().flat_map(differing).collect();
                names.sort_by(|one, other| one.as_str().cmp(other.as_str()));
                names.dedup();
                let names: Vec<_> = names.iter().map(HeaderName::as_str).collect();
                let names = names.join(", ");
                let text = format!("{count} stored, and none for what the request has in {names}");
                self.say("RFC 9111 §4.1", text);
            }
            Forward::Miss => {
                let text = format!("{count} stored, which answer other methods only");
                self.say("RFC 9111 §4", text);
            }
            _ => {
                let others = self.cache.store.are_any_of_others(wanted);
                let text = if others {
                    "nothing is stored for these credentials; for others there is"
                } else {
                    "nothing is stored"
                };
                self.say("RFC 9111 §4", text.to_owned());
            }
        }
        if asked.directives.only_if_cached {
            return self.refuse(asked.unsatisfied(), UNASKED);
        }
        Verdict::Forward(reason)
    }

    fn refuse(&mut self, outcome: Outcome, why: &str) -> Verdict {
        let section = match outcome {
            Outcome::Offline => "Mode",
            _ => "RFC 9111 §5.2.1.7",
        };
        self.say(section, why.to_owned());
        Verdict::Refuse(outcome)
    }

    /// One is selected.
    fn weigh(&mut self, asked: &Asked, seen: &Seen, now: SystemTime) -> Verdict {
        let (stored, terms) = (&*seen.response, &seen.response.terms);
        let info = StoredInfo::new(seen.clone(), now);
        let vary: Vec<_> = info.vary().map(HeaderName::as_str).collect();
        let by = match &*vary.join(", ") {
            "" => String::new(),
            names => format!(", by {names}"),
        };
        let status = info.status().as_u16();
        self.say(
            "RFC 9111 §4.1",
            format!("it selects the stored {status}{by}"),
        );
        if !range::has_all(asked, stored) {
            let text = "only part of what is asked for is held";
            self.say("RFC 9111 §3.3", text.to_owned());
        }
        let age = self.age(terms, now);
        self.freshness(terms, age);
        self.failures(asked, seen);
        if seen.is_invalid {
            let text = "it may have been made wrong: it is validated before it is reused";
            self.say("RFC 9111 §4.4", text.to_owned());
        }
        match reuse::decide(asked, stored, seen.is_invalid, age) {
            Decision::Reuse => Verdict::Reuse,
            Decision::ReuseAndValidate => {
                let window = seconds(terms.stale_while_revalidate);
                let text = format!("it may be reused stale for {window} while it is validated");
                self.say("RFC 5861 §3", text);
                Verdict::ReuseAndValidate
            }
            Decision::Unsatisfiable => self.refuse(asked.unsatisfied(), UNASKED),
            Decision::Validate(reason) => {
                let is_asked_about =
                    terms.has_validator && !asked.is_reload() && reason != Forward::Partial;
                if is_asked_about {
                    self.conditional(&info);
                    Verdict::Validate(reason)
                } else {
                    Verdict::Forward(reason)
                }
            }
        }
    }
}
