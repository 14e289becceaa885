//! An exchange with the origin: what is done when it answers.

use std::sync::Arc;

use http::{Response, StatusCode};
use http_body::Body;

use crate::answer::{passed, unavailable};
use crate::body::CacheBody;
use crate::cache::Cache;
use crate::cache_status::{CacheStatus, Forward, NotStored, Outcome};
use crate::events::{About, Answered, Event, EventUri, ToldOf, Validation};
use crate::fill::{Fill, Filling};
use crate::invalidation::Invalidation;
use crate::settings::Settings;

/// A request on its way to the origin, and what its answer is good for.
pub(crate) struct Exchange {
    pub(crate) cache: Arc<Cache>,
    pub(crate) settings: Arc<Settings>,
    pub(crate) reason: Forward,
    /// Whether it has waited for the answer to another.
    pub(crate) has_waited: bool,
    pub(crate) purpose: Purpose,
    /// The origin, where there is no key that it is in.
    pub(crate) site: Option<Box<[u8]>>,
    /// Whether anybody is to be answered.
    pub(crate) has_caller: bool,
    /// It counts as forwarded: it was sent, or nothing could be.
    pub(crate) is_counted: bool,
    /// What a caller has asked for, where anybody wants to be told.
    pub(crate) told_of: Option<Box<ToldOf>>,
}

/// What the answer is good for.
pub(crate) enum Purpose {
    /// For the caller, and for nobody else.
    Pass(NotStored),
    /// To know that stored responses may be wrong (RFC 9111 §4.4).
    Invalidate(NotStored, Invalidation),
    /// The same; and to be stored for GET, where it is of what that would get (RFC 9110 §9.3.3).
    InvalidateAndFill(Box<Invalidation>, Fill),
    /// To be stored, or to freshen what is.
    Fill(Fill),
}

/// What comes after an answer.
pub(crate) enum Next<B> {
    /// It is the caller's.
    Answer(Response<CacheBody<B>>),
    /// It is good for nothing: the caller's own request is sent as it was (C-20).
    Again,
}

impl Exchange {
    /// The request is about to be sent.
    pub(crate) fn sent(&mut self) {
        self.count();
        match &mut self.purpose {
            Purpose::Fill(fill) => fill.request_time = self.settings.clock.now(),
            Purpose::Invalidate(_, invalidation) => invalidation.sent(),
            Purpose::InvalidateAndFill(invalidation, fill) => {
                fill.request_time = self.settings.clock.now();
                invalidation.sent();
            }
            Purpose::Pass(_) => {}
        }
    }

    /// Counts it as forwarded, once, where it is somebody's.
    fn count(&mut self) {
        if self.has_caller && !std::mem::replace(&mut self.is_counted, true) {
            self.cache.counters.forward(self.reason);
        }
    }

    /// The head of the origin's answer is there. What is left of the exchange after that is of no use, unless
    /// it goes on.
    pub(crate) fn answered<B: Body>(&mut self, response: Response<B>) -> Next<B> {
        let mut next = self.next(response);
        if let Next::Answer(response) = &mut next {
            if let Purpose::Fill(fill) = &mut self.purpose {
                fill.company.leave();
            }
            let status = response.extensions().get::<CacheStatus>();
            if let Some(refused) = status.and_then(CacheStatus::not_stored) {
                self.cache.counters.refuse(refused);
                if self.cache.observers.are_there() {
                    self.tell_refused(refused);
                }
            }
            self.settings.announce(response);
        }
        if let (Next::Answer(response), Some(told_of)) = (&next, &self.told_of) {
            self.tell(told_of, response);
        }
        next
    }

    /// The answer is not stored. Where nobody waits for it, nothing else says so.
    #[cold]
    fn tell_refused(&mut self, reason: NotStored) {
        if let (None, Purpose::Fill(fill)) = (&self.told_of, &mut self.purpose) {
            let filling = Filling::new(&self.cache, &self.settings, fill, CacheStatus::hit());
            self.cache.observers.tell(|| Event::Refused {
                uri: EventUri::of_key(filling.key()),
                reason,
            });
        }
    }

    #[inline]
    fn next<B: Body>(&mut self, response: Response<B>) -> Next<B> {
        self.clear_site(&response);
        let (cache, settings) = (&self.cache, &*self.settings);
        let status = self.status(Some(response.status()));
        match &mut self.purpose {
            Purpose::Pass(refused) => Next::Answer(passed(response, status, *refused)),
            Purpose::Invalidate(refused, invalidation) => {
                invalidation.answered(settings, &response, None);
                Next::Answer(passed(response, status, *refused))
            }
            Purpose::InvalidateAndFill(invalidation, fill) => {
                let by = Some(fill.exchanging_mut());
                let is_of_target = invalidation.answered(settings, &response, by);
                let filling = Filling::new(cache, settings, fill, status);
                filling.posted(response, is_of_target)
            }
            Purpose::Fill(fill) => Filling::new(cache, settings, fill, status).answered(response),
        }
    }

    /// Whether the origin may not be asked any more.
    pub(crate) fn is_forbidden(&self) -> bool {
        self.cache.switch.forbidden().forwarding()
    }

    /// The origin is not asked any more: a stored response, where one may be reused all the same, or 504.
    pub(crate) fn offline<B>(&mut self) -> Response<CacheBody<B>> {
        let held = match &mut self.purpose {
            Purpose::Fill(fill) => {
                fill.company.leave();
                Filling::new(&self.cache, &self.settings, fill, CacheStatus::hit()).offline()
            }
            _ => None,
        };
        let Cache {
            store, counters, ..
        } = &*self.cache;
        match &held {
            // What was sent before, and was to be sent once more, counts as forwarded.
            _ if !self.has_caller || self.is_counted => {}
            None => counters.unsatisfiable(),
            Some((response, is_stale)) => {
                store.copies.count_hit(response.body().held());
                if *is_stale {
                    counters.stale_hit();
                }
            }
        }
        let held = held.map(|(response, _)| response);
        let mut response = held.unwrap_or_else(|| unavailable(CacheStatus::new(Outcome::Offline)));
        self.settings.announce(&mut response);
        if let Some(told_of) = &self.told_of {
            self.tell(told_of, &response);
        }
        response
    }

    /// There is no answer: a stored response, where it may be reused all the same.
    pub(crate) fn failed<B>(&mut self) -> Option<Response<CacheBody<B>>> {
        self.count();
        let mut response = self.instead();
        if let Some(response) = &mut response {
            self.settings.announce(response);
        }
        match (&response, &self.told_of) {
            (Some(response), Some(told_of)) => self.tell(told_of, response),
            (None, Some(told_of)) => self.cache.observers.tell(|| Event::Failed {
                uri: EventUri::of_request(&told_of.uri),
                method: told_of.method.clone(),
                reason: self.reason,
            }),
            (_, None) => {}
        }
        response
    }

    fn instead<B>(&mut self) -> Option<Response<CacheBody<B>>> {
        let status = self.status(None);
        let Purpose::Fill(fill) = &mut self.purpose else {
            return None;
        };
        fill.company.leave();
        let filling = Filling::new(&self.cache, &self.settings, fill, status);
        if filling.fill.is_validation {
            self.cache.validated(filling.key(), Validation::Failed);
        }
        filling.failed()
    }

    fn tell<B>(&self, told_of: &ToldOf, response: &Response<CacheBody<B>>) {
        if let Some(status) = response.extensions().get::<CacheStatus>() {
            self.cache.observers.answered(|| Answered {
                about: About::Request(&told_of.uri),
                method: told_of.method.clone(),
                code: response.status(),
                status: *status,
                held: response.body().held(),
            });
        }
    }

    fn status(&self, answered: Option<StatusCode>) -> CacheStatus {
        let status = CacheStatus::forwarding(self.reason, answered);
        if self.has_waited {
            return status.having_waited(false);
        }
        status
    }
}
