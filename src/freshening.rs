//! A 304: what is stored is still good, or is it?

use std::sync::Arc;

use http::{HeaderMap, Response, StatusCode, header};

use crate::answer::{self, passed};
use crate::body::CacheBody;
use crate::cache::Cache;
use crate::cache_status::{CacheStatus, NotStored};
use crate::events::Validation;
use crate::exchange::Next;
use crate::fill::Filling;
use crate::packed::Packed;
use crate::policy::Received;
use crate::policy::selection::{self, Presented};
use crate::policy::updating::Freshened;
use crate::policy::validation::{self, NotModified, Question};
use crate::relations::Relations;
use crate::rules::Applied;
use crate::store::Reservation;
use crate::stored::{StoredHead, StoredResponse};

/// A stored response brought up to date.
pub(crate) struct Fresh {
    pub(crate) response: Arc<StoredResponse>,
    /// The answer came from a cache on the way, with an `Age` of its own.
    pub(crate) is_from_cache: bool,
    /// What the answer says to this caller alone.
    pub(crate) for_caller: HeaderMap,
    pub(crate) status: CacheStatus,
}

impl Filling<'_> {
    /// RFC 9111 §4.3.3: a 304, where there are stored responses that it may be about.
    pub(crate) fn not_modified<B>(self, response: Response<B>) -> Next<B> {
        let (fill, answer) = (&*self.fill, response.headers());
        let question = Question {
            caller: self.caller(),
            selected: fill.selected.as_deref(),
            others: fill.others(),
            is_ours: fill.is_validation,
            may_repeat: fill.may_repeat,
        };
        let about = self.settings.policy.is_about(answer, question);
        if fill.is_validation {
            let is_good = !matches!(about, NotModified::Caller | NotModified::Nobody);
            let outcome = if is_good {
                Validation::Validated
            } else {
                Validation::Failed
            };
            self.cache.validated(self.key(), outcome);
        }
        let selected = fill.selected.as_ref();
        match (about, selected) {
            (NotModified::Stored, Some(selected)) => {
                Next::Answer(self.validated(self.freshen(answer, selected)))
            }
            (NotModified::Other(place), _) => {
                Next::Answer(self.validated(self.adopt(answer, &fill.others()[place])))
            }
            (NotModified::Both, Some(selected)) => {
                let status = self.freshen(answer, selected).status;
                let mut response = response.map(CacheBody::passed);
                response.extensions_mut().insert(status);
                Next::Answer(response)
            }
            (NotModified::Confirmed, Some(selected)) => {
                Next::Answer(self.confirmed(answer, selected))
            }
            (NotModified::Caller, Some(selected)) if fill.is_validation => {
                // It was asked about as well, and is another.
                if validation::has_other_tag(answer, selected) {
                    self.cache.store.outdate(selected);
                }
                Next::Answer(passed(response, self.status, NotStored::NotSelected))
            }
            (NotModified::Nobody, selected) if fill.is_validation => {
                if let Some(selected) = selected {
                    // Its validators are out of date, and so is it.
                    self.cache.store.outdate(selected);
                }
                self.good_for_nothing(NotStored::NotSelected)
            }
            _ => Next::Answer(passed(response, self.status, NotStored::NotSelected)),
        }
    }

    /// There is no body to answer with (C-20). What was asked about is asked about no more: the caller's
    /// request goes out as it was, or where it is gone the answer is an error, once.
    pub(crate) fn good_for_nothing<B>(self, refused: NotStored) -> Next<B> {
        if !self.fill.may_repeat {
            match &self.fill.selected {
                Some(selected) if refused == NotStored::NotSelected => {
                    self.cache.store.remove(selected);
                }
                _ => {}
            }
            let status = self.status.stored_as(Err(refused));
            return Next::Answer(answer::unavailable(status));
        }
        self.again()
    }

    /// The caller's request goes out as it was.
    pub(crate) fn again<B>(self) -> Next<B> {
        let fill = self.fill;
        if let Some(beside) = &mut fill.beside {
            beside.others.clear();
            beside.missing = None;
        }
        fill.is_validation = false;
        fill.may_repeat = false;
        Next::Again
    }

    /// The stored response is as good as it was, and no fresher.
    fn confirmed<B>(
        &self,
        answered: &HeaderMap,
        stored: &StoredResponse,
    ) -> Response<CacheBody<B>> {
        let (asked, caller, now) = (&self.fill.asked, self.caller(), self.now());
        let mut response = answer::validated(stored, asked, caller, now, false);
        // Cookies are not what is stored, but what is said now.
        let mut cookies = answered.get_all(header::SET_COOKIE).iter();
        if let Some(first) = cookies.next() {
            response
                .headers_mut()
                .insert(header::SET_COOKIE, first.clone());
            for cookie in cookies {
                response
                    .headers_mut()
                    .append(header::SET_COOKIE, cookie.clone());
            }
        }
        let age = stored.terms.current_age(now);
        let status = self.status.with_age(age, stored.terms.lifetime);
        let status = status.stored_as(Err(NotStored::NotSelected));
        self.cache.counters.serve(response.body().held());
        response.extensions_mut().insert(status);
        response
    }

    fn validated<B>(&self, fresh: Fresh) -> Response<CacheBody<B>> {
        self.mark_shared(&fresh.response.terms);
        let mut response = answer::validated(
            &fresh.response,
            &self.fill.asked,
            self.caller(),
            self.now(),
            fresh.is_from_cache,
        );
        self.cache.counters.serve(response.body().held());
        response.headers_mut().extend(fresh.for_caller);
        response.extensions_mut().insert(fresh.status);
        response
    }

    /// RFC 9111 §4.3.4: the stored response is still good, with the fields of the 304; and so is every
    /// other that the request selects and that has the same strong tag.
    fn freshen(&self, answer: &HeaderMap, selected: &Arc<StoredResponse>) -> Fresh {
        let mut presented = Presented::by(self.comparing(), self.caller());
        for other in self.cache.store.variants_beside(selected) {
            if validation::has_same_strong_tag(answer, &other) && presented.matches(&other) {
                self.freshen_one(answer, &other);
            }
        }
        self.freshen_one(answer, selected)
    }

    pub(crate) fn freshen_one(&self, answer: &HeaderMap, stored: &Arc<StoredResponse>) -> Fresh {
        let (fresh, refused) = self.brought_up_to_date(answer, stored, &stored.head);
        let storing = match refused {
            None => self
                .cache
                .store
                .freshen(
                    self.fill.exchanging(),
                    stored,
                    fresh.response.clone(),
                    Reservation::new(&self.cache.store),
                    &self.cache.switch,
                )
                .map_err(NotStored::from)
                .inspect_err(|refused| {
                    // What the answer has said would be forgotten.
                    if matches!(refused, NotStored::TooLarge | NotStored::NoRoom) {
                        self.cache.store.remove(stored);
                    }
                }),
            // What this request alone may not change stays as it is.
            Some(refused @ (NotStored::RequestNoStore | NotStored::Authorization)) => Err(refused),
            Some(refused) => {
                self.cache.store.remove(stored);
                Err(refused)
            }
        };
        Fresh {
            status: fresh.status.stored_as(storing),
            ..fresh
        }
    }

    /// What is stored for other requests is what this one selects too (C-18): it is stored once more, for
    /// requests like this one, and shares the body. What its head said to others is theirs.
    fn adopt(&self, answer: &HeaderMap, stored: &Arc<StoredResponse>) -> Fresh {
        let (policy, tag_fields) = (&self.settings.policy, &self.settings.related.tag_fields);
        let held = stored.head.fields.unpack();
        let head = StoredHead {
            fields: Packed::of(&policy.adoptable_fields(&held, tag_fields)),
            ..stored.head
        };
        let (fresh, refused) = self.brought_up_to_date(answer, stored, &head);
        let (exchanging, response) = (self.fill.exchanging(), fresh.response.clone());
        let Cache { store, switch, .. } = &**self.cache;
        let storing = match refused {
            None => store.adopt(exchanging, stored, response, switch),
            Some(refused) => Err(refused),
        };
        if storing.is_ok() {
            self.cache.stored(&fresh.response);
        }
        Fresh {
            status: fresh.status.stored_as(storing),
            ..fresh
        }
    }

    /// What the user says of a stored response, as its head is, where that is anything.
    fn applied_to(&self, head: &StoredHead) -> Option<Applied> {
        let is_any = self.settings.rules.are_there() || self.wished().is_some();
        is_any.then(|| self.apply(head.status, &head.fields.unpack()))
    }

    /// A stored response with the fields of the answer (RFC 9111 §3.2), for requests like this one; and
    /// why it may not be stored.
    pub(crate) fn brought_up_to_date(
        &self,
        answer: &HeaderMap,
        stored: &Arc<StoredResponse>,
        head: &StoredHead,
    ) -> (Fresh, Option<NotStored>) {
        let (fill, now) = (&*self.fill, self.now());
        let says = self.applied_to(head);
        let received = Received {
            lifetimes: says.as_ref().map(|says| says.lifetimes),
            ..self.heard(StatusCode::NOT_MODIFIED, answer, stored.terms.is_delimited)
        };
        let Freshened {
            fields,
            terms,
            refused,
            for_caller,
            is_from_cache,
        } = self.settings.policy.freshen(&fill.asked, head, received);
        let status = self.status.with_age(terms.current_age(now), terms.lifetime);
        let ignored = says.as_ref().map_or(&[][..], |says| &says.ignored_vary);
        let caller = &self.fill.caller;
        let selected_by = selection::selection(self.comparing(), &fields, caller, ignored);
        let refused = refused
            .or_else(|| (!stored.terms.may_be_freshened).then_some(NotStored::NoStore))
            .or_else(|| selected_by.is_none().then_some(NotStored::Vary))
            .or_else(|| {
                says.as_ref()
                    .is_some_and(|says| says.never_stored)
                    .then_some(NotStored::Rule)
            });
        let refused = if fill.asked.directives.no_store {
            Some(NotStored::RequestNoStore)
        } else {
            refused
        };
        let response = StoredResponse::new(
            stored.key.clone(),
            StoredHead {
                fields: Packed::of(&fields),
                ..*head
            },
            selected_by.unwrap_or_default(),
            terms,
            stored.body.clone(),
        );
        let (seed, related) = (&self.cache.seed, &self.settings.related);
        let said = [answer, &for_caller];
        let given = self.tags_given_again(says.as_ref(), stored, said, &fields);
        let relations = Relations::of(seed, related, &stored.key, &fields, &given);
        let refused = refused.or_else(|| relations.is_none().then_some(NotStored::Tags));
        let response = response.related(relations.unwrap_or_default());
        let response = response.holding(stored.parts.clone());
        let hits = self.cache.store.copies.hits_of(stored);
        response.copying.add_answered(hits);
        let response = Arc::new(response);
        let fresh = Fresh {
            response,
            is_from_cache,
            for_caller,
            status,
        };
        (fresh, refused)
    }
}
