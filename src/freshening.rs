//! A 304: what is stored is still good, or is it?

use std::sync::Arc;

use http::{HeaderMap, Response};

use crate::answer::{self, passed};
use crate::body::CacheBody;
use crate::cache_status::{CacheStatus, NotStored};
use crate::fill::Filling;
use crate::policy::selection::Presented;
use crate::policy::validation::{Freshened, NotModified};
use crate::policy::{selection, validation};
use crate::stored::{self, StoredHead, StoredResponse};

/// A stored response brought up to date.
struct Fresh {
    response: Arc<StoredResponse>,
    /// The 304 came from a cache on the way, with an `Age` of its own.
    is_from_cache: bool,
    status: CacheStatus,
}

impl Filling {
    /// RFC 9111 §4.3.3: a 304, where there is a stored response that it may be about.
    pub(crate) fn not_modified<B>(
        self,
        response: Response<B>,
        selected: &Arc<StoredResponse>,
    ) -> Response<CacheBody<B>> {
        let (fill, answer) = (&self.fill, response.headers());
        match validation::is_about(answer, selected, &fill.caller, fill.is_validation) {
            NotModified::Stored => {
                let fresh = self.freshen(answer, selected);
                let mut response = answer::validated(
                    &fresh.response,
                    &fill.asked,
                    &fill.caller,
                    self.now,
                    fresh.is_from_cache,
                );
                response.extensions_mut().insert(fresh.status);
                response
            }
            NotModified::Both => {
                let status = self.freshen(answer, selected).status;
                let mut response = response.map(CacheBody::passed);
                response.extensions_mut().insert(status);
                response
            }
            NotModified::Caller => passed(response, self.status, NotStored::NotSelected),
            // There is no body to answer with, and none can be asked for: the request is gone (C-20).
            // What was asked about is not asked about again, or it would go on like this.
            NotModified::Nobody => {
                self.cache.store.remove(selected);
                answer::unavailable(self.status.stored_as(Err(NotStored::NotSelected)))
            }
        }
    }

    /// RFC 9111 §4.3.4: the stored response is still good, with the fields of the 304; and so is every
    /// other that the request selects and that has the same strong tag.
    fn freshen(&self, answer: &HeaderMap, selected: &Arc<StoredResponse>) -> Fresh {
        let mut presented = Presented::by(&self.cache.seed, &self.fill.caller);
        for other in self.cache.store.variants_beside(selected) {
            if validation::has_same_strong_tag(answer, &other) && presented.matches(&other) {
                self.freshen_one(answer, &other);
            }
        }
        self.freshen_one(answer, selected)
    }

    fn freshen_one(&self, answer: &HeaderMap, stored: &Arc<StoredResponse>) -> Fresh {
        let Self {
            cache, fill, now, ..
        } = self;
        let head = &stored.head;
        let policy = &self.settings.policy;
        let Freshened {
            fields,
            terms,
            refused,
            is_from_cache,
        } = policy.freshen(head.status, &head.fields, answer, fill.request_time, *now);
        let status = self
            .status
            .with_age(terms.current_age(*now), terms.lifetime);
        let selected_by = selection::selection(&cache.seed, &fields, &fill.caller);
        let refused = refused
            .or_else(|| (!stored.terms.may_be_freshened).then_some(NotStored::NoStore))
            .or_else(|| selected_by.is_none().then_some(NotStored::Vary));
        let response = Arc::new(StoredResponse::new(
            stored.key.clone(),
            StoredHead {
                fields: stored::own(&fields),
                ..*head
            },
            selected_by.unwrap_or_default(),
            terms,
            stored.body.clone(),
        ));
        let storing = if fill.asked.directives.no_store {
            Err(NotStored::RequestNoStore)
        } else if let Some(refused) = refused {
            cache.store.remove(stored);
            Err(refused)
        } else {
            cache
                .store
                .freshen(&fill.exchanging, stored, response.clone(), &cache.switch)
                .map_err(NotStored::from)
        };
        Fresh {
            response,
            is_from_cache,
            status: status.stored_as(storing),
        }
    }
}
