//! What an unsafe request does to what is stored.

use std::sync::Arc;

use http::{Extensions, HeaderMap, Request, Response, Uri};

use crate::cache::Cache;
use crate::key::UriKey;
use crate::policy::{invalidation, may_invalidate};
use crate::selector::Selector;
use crate::settings::Settings;
use crate::store::Exchanging;
use crate::target::{OriginForm, Target};
use crate::wishes::{Invalidates, Wishes};
#[cfg(feature = "structured-fields")]
use crate::{header::cache_groups, relations, search::Searched};

/// An unsafe request: what it may have changed is invalidated when it has succeeded, and when nobody
/// knows what has become of it, because it failed or was given up half-way (C-59).
#[derive(Debug)]
pub(crate) struct Invalidation {
    cache: Arc<Cache>,
    /// `None` where it has none, and the caller wishes something all the same.
    target: Option<Uri>,
    /// What the caller wishes to be invalidated or purged beside.
    wished: Option<Box<Wished>>,
    is_due: bool,
}

#[derive(Debug)]
struct Wished {
    keys: Vec<UriKey>,
    purged: Option<Selector>,
}

impl Wished {
    fn of(cache: &Cache, extensions: &Extensions, target: Option<Target<'_>>) -> Option<Box<Self>> {
        if extensions.is_empty() {
            return None;
        }
        let wishes = Wishes::of(extensions);
        let wishes = wishes.as_deref().filter(|wishes| wishes.are_of_key());
        let (settings, _) = cache.settings();
        let keys = wishes.zip(target);
        let keys =
            keys.map(|(wishes, target)| settings.uri_keys(&cache.seed, target, Some(wishes)));
        let purged = extensions
            .get()
            .map(|Invalidates(selector)| selector.clone());
        let wished = Self {
            keys: keys.unwrap_or_default(),
            purged,
        };
        (!wished.keys.is_empty() || wished.purged.is_some()).then(|| Box::new(wished))
    }
}

impl Invalidation {
    /// Of a request that is unsafe, or of which nobody knows, and that has a target or wishes something.
    pub(crate) fn of<Q>(
        cache: &Arc<Cache>,
        request: &Request<Q>,
        origin_form: &OriginForm,
    ) -> Option<Self> {
        if !may_invalidate(request.method()) {
            return None;
        }
        // A `Host` that disagrees is no reason to spare what the URI names.
        let uri = request.uri();
        let target =
            Target::of_request(uri, request.headers(), origin_form).or_else(|| Target::of_uri(uri));
        let wished = Wished::of(cache, request.extensions(), target);
        let target = target.and_then(|target| target.literal(true).to_text().parse().ok());
        (target.is_some() || wished.is_some()).then(|| Self {
            cache: cache.clone(),
            target,
            wished,
            is_due: false,
        })
    }

    /// The request is about to be sent: from here on nobody knows what it does until it is answered.
    pub(crate) fn sent(&mut self) {
        self.is_due = true;
    }

    /// The origin has answered. Whether the answer is of what a GET of the target would get; it may be stored
    /// by its own exchange, which this does not hold against it. What came from elsewhere says nothing of the
    /// target (C-53), but that it had an answer that was no error: the redirect.
    pub(crate) fn answered<B>(
        &mut self,
        settings: &Settings,
        response: &Response<B>,
        mut by: Option<&mut Exchanging>,
    ) -> bool {
        self.is_due = false;
        let has_changed = invalidation::has_changed(response.status());
        let target = self.target.as_ref().and_then(Target::of_uri);
        let target = target.map(|target| target.literal(self.cache.seed.is_literal()));
        let came_from = settings.came_from(response.extensions());
        let came_from = came_from.filter(|uri| !target.is_some_and(|target| target.is_of(uri)));
        // What was redirected below had an answer before this, and that was no error.
        if !has_changed && came_from.is_none() {
            return false;
        }
        let Some(target) = target else {
            self.invalidate_wished(by);
            return false;
        };
        let is_redirected = came_from.is_some();
        let nothing = HeaderMap::new();
        let answer = if is_redirected {
            &nothing
        } else {
            response.headers()
        };
        // Below, the request may have been sent there as it was.
        let beside = came_from.filter(|uri| has_changed && invalidation::is_beside(&target, uri));
        for other in invalidation::others(&target, answer)
            .into_iter()
            .chain(beside)
        {
            self.invalidate(&other, by.as_deref_mut());
        }
        #[cfg(feature = "structured-fields")]
        self.invalidate_groups(&target, answer, by.as_deref_mut());
        self.invalidate_target(by.as_deref_mut());
        self.invalidate_wished(by);
        invalidation::is_of_target(&target, answer)
    }

    fn invalidate_target(&self, by: Option<&mut Exchanging>) {
        if let Some(target) = &self.target {
            self.invalidate(target, by);
        }
    }

    /// What the caller wishes beside.
    fn invalidate_wished(&self, mut by: Option<&mut Exchanging>) {
        let Some(wished) = &self.wished else {
            return;
        };
        for key in &wished.keys {
            self.invalidate_key(key, by.as_deref_mut());
        }
        if let Some(selector) = &wished.purged {
            self.cache.purge(selector, by);
        }
    }

    fn invalidate(&self, uri: &Uri, mut by: Option<&mut Exchanging>) {
        let Some(target) = Target::of_uri(uri) else {
            return;
        };
        for key in self
            .cache
            .settings()
            .0
            .uri_keys(&self.cache.seed, target, None)
        {
            self.invalidate_key(&key, by.as_deref_mut());
        }
    }

    fn invalidate_key(&self, key: &UriKey, by: Option<&mut Exchanging>) {
        #[cfg(feature = "structured-fields")]
        self.invalidate_with_related(key, by);
        #[cfg(not(feature = "structured-fields"))]
        self.cache.store.invalidate(key, by);
        self.cache.groups.release_uri(key.hash);
    }
}

#[cfg(feature = "structured-fields")]
impl Invalidation {
    /// What is stored for a URI; what stands for it by a rule of its own (PRJ-4.4-7); and what shares a cache
    /// group with any of it, and no more than that (RFC 9875 §2.2.1).
    fn invalidate_with_related(&self, uri: &UriKey, mut by: Option<&mut Exchanging>) {
        let Cache { seed, store, .. } = &*self.cache;
        let settings = self.cache.settings().0;
        let related = &settings.related;
        let mut groups = store.invalidate(uri, by.as_deref_mut());
        if related.by_search {
            let searched = Searched::new(seed, &uri.text, None);
            groups.extend(store.invalidate_equivalents(&searched, by.as_deref_mut()));
        }
        if related.by_search || related.by_group {
            // What is on its way to be stored may be meant as well.
            self.cache.groups.release_origin(uri.origin());
        }
        if related.by_group {
            groups.sort_unstable();
            groups.dedup();
            store.invalidate_groups(&groups, by);
        }
    }

    /// The groups that the answer names, of the target's origin (RFC 9875 §3).
    fn invalidate_groups(
        &self,
        target: &Target<'_>,
        answer: &HeaderMap,
        by: Option<&mut Exchanging>,
    ) {
        if self.cache.settings().0.related.by_group {
            let names = cache_groups::parse(answer, &cache_groups::CACHE_GROUP_INVALIDATION);
            let groups = relations::groups(&self.cache.seed, &target.origin(), &names);
            self.cache.store.invalidate_groups(&groups, by);
        }
    }
}

impl Drop for Invalidation {
    fn drop(&mut self) {
        if self.is_due {
            self.invalidate_target(None);
            self.invalidate_wished(None);
        }
    }
}
