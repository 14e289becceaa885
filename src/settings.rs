//! What can be set: one value, replaced as a whole.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Extensions, HeaderMap, HeaderName, HeaderValue, Response, Uri, header};

use crate::cache_status::CacheStatus;
use crate::clock::ClockSetting;
use crate::key::{CacheKey, Text, UriKey};
use crate::policy::comparing::Comparing;
use crate::policy::{Kind, Policy};
use crate::relations::Related;
use crate::rules::Rules;
use crate::seed::{Digester, Seed};
use crate::store::Limits;
use crate::target::{OriginForm, Target};
use crate::wishes::Wishes;

const MEBIBYTE: usize = 1024 * 1024;

/// The settings of a cache. A request sees one of them from beginning to end.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) limits: Limits,
    pub(crate) max_body: Option<usize>,
    pub(crate) policy: Policy,
    pub(crate) clock: ClockSetting,
    pub(crate) collapsing: Collapsing,
    /// So many octets of a body that was dropped before its end are read on.
    pub(crate) read_on: usize,
    /// Whether `Clear-Site-Data` is obeyed (CSD-1).
    pub(crate) clears_sites: bool,
    /// What is kept of what a stored response has to do with others.
    pub(crate) related: Related,
    /// Whether QUERY is answered, by what was asked with the same content (C-47).
    pub(crate) answers_query: bool,
    /// So many octets of a request's content are read to be part of its key.
    pub(crate) max_content: usize,
    /// What is said of requests whose URI has no authority.
    pub(crate) origin_form: OriginForm,
    /// The request fields that say who asks; `None` where it makes no difference.
    pub(crate) credentials: Option<Credentials>,
    /// What else responses are kept apart by.
    pub(crate) partition: Option<PartitionSetting>,
    /// Which URI a response came from, where the inner service follows redirects.
    pub(crate) final_uri: Option<FinalUriSetting>,
    /// Requests that have one of these fields are forwarded as they are.
    pub(crate) bypass: Vec<HeaderName>,
    /// Whether lists of codings that mean the same are the same (C-15).
    pub(crate) normalizes_encodings: bool,
    /// The name in `Cache-Status`, where there is to be one.
    pub(crate) announced_as: Option<Arc<str>>,
    /// What the user says of responses by where they come from.
    pub(crate) rules: Rules,
}

/// Whether requests wait for the answers to others, and for how long (C-49).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Collapsing {
    pub(crate) is_on: bool,
    /// Whether they do so where no timer could end it.
    pub(crate) needs_no_timer: bool,
    pub(crate) head_limit: Duration,
    pub(crate) limit: Duration,
}

impl Default for Collapsing {
    fn default() -> Self {
        Self {
            is_on: true,
            needs_no_timer: false,
            head_limit: Duration::from_secs(10),
            limit: Duration::from_secs(2),
        }
    }
}

/// The request fields that say who asks.
#[derive(Debug, Clone, Default)]
pub(crate) struct Credentials {
    pub(crate) fields: Vec<HeaderName>,
    /// Whether there are others than those that every request is looked through for.
    pub(crate) has_others: bool,
}

impl Credentials {
    pub(crate) fn add(&mut self, field: HeaderName) {
        if !self.fields.contains(&field) {
            self.fields.push(field);
            self.has_others = true;
        }
    }

    /// The same for the same fields, in whichever order they were named.
    pub(crate) fn digest(&self) -> [u8; 16] {
        let mut names: Vec<_> = self.fields.iter().map(HeaderName::as_str).collect();
        names.sort_unstable();
        Digester::unkeyed(names.join(",").as_bytes()).to_bytes()
    }
}

/// Says for whom a request is made, beyond its credentials; `None` where nothing may be stored for it.
#[derive(Clone)]
pub(crate) struct PartitionSetting(pub(crate) Arc<PartitionOf>);

/// The partition of a request by its URI, its fields and its extensions.
pub(crate) type PartitionOf = dyn Fn(&Uri, &HeaderMap, &Extensions) -> Option<Bytes> + Send + Sync;

/// Says which URI a response came from; `None` where it is the request's.
#[derive(Clone)]
pub(crate) struct FinalUriSetting(pub(crate) Arc<FinalUriOf>);

/// The URI a response came from, by its extensions.
pub(crate) type FinalUriOf = dyn Fn(&Extensions) -> Option<Uri> + Send + Sync;

impl fmt::Debug for FinalUriSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FinalUriSetting(..)")
    }
}

impl fmt::Debug for PartitionSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PartitionSetting(..)")
    }
}

impl Settings {
    /// What a cache of this kind begins with. A private one keeps users apart by their credentials; a shared
    /// one has its own rules for `Authorization`, and none for cookies (C-34).
    pub(crate) fn recommended(kind: Kind) -> Self {
        let credentials = [
            header::AUTHORIZATION,
            header::COOKIE,
            header::PROXY_AUTHORIZATION,
        ];
        Self {
            limits: Limits {
                capacity: 64 * MEBIBYTE,
                responses: usize::MAX,
            },
            max_body: None,
            read_on: MEBIBYTE / 4,
            policy: Policy::recommended(kind),
            clock: ClockSetting::default(),
            collapsing: Collapsing::default(),
            clears_sites: false,
            related: Related::default(),
            answers_query: false,
            max_content: MEBIBYTE / 16,
            origin_form: OriginForm::default(),
            credentials: (kind == Kind::Private).then(|| Credentials {
                fields: credentials.to_vec(),
                has_others: false,
            }),
            partition: None,
            final_uri: None,
            bypass: Vec::new(),
            normalizes_encodings: false,
            announced_as: None,
            rules: Rules::default(),
        }
    }

    /// Whether a response that came from this URI is of this key: where it is not the inner service has
    /// followed a redirect (C-53).
    pub(crate) fn is_of(
        &self,
        uri: &Uri,
        key: &CacheKey,
        seed: &Seed,
        wishes: Option<&Wishes>,
    ) -> bool {
        let Some(target) = Target::of_uri(uri) else {
            return false;
        };
        match wishes.and_then(|wishes| wishes.uri.as_deref()) {
            Some(asked) => Text::of(seed, target).as_bytes() == asked,
            None => {
                let keys = self.uri_keys(seed, target, wishes);
                keys.iter().any(|own| own.text == key.uri)
            }
        }
    }

    /// The keys that a URI may have for who wishes so, whoever asks for it with whatever fields: what does not count
    /// in its query may depend on these.
    pub(crate) fn uri_keys(
        &self,
        seed: &Seed,
        target: Target<'_>,
        wishes: Option<&Wishes>,
    ) -> Vec<UriKey> {
        let text = Text::of(seed, target);
        let mut forms = if self.rules.ignore_queries() {
            self.rules.forms_of(text)
        } else {
            vec![text]
        };
        if let Some(wishes) = wishes {
            forms.iter_mut().for_each(|form| wishes.rewrite(form));
        }
        let mut keys: Vec<UriKey> = Vec::with_capacity(forms.len());
        for key in forms.iter().map(|form| UriKey::new(seed, form)) {
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        keys
    }

    /// Makes of the text of a URI that of its key.
    #[inline]
    pub(crate) fn rewrite(&self, text: &mut Text, fields: &HeaderMap, wishes: Option<&Wishes>) {
        if self.rules.ignore_queries() {
            self.rules.leave_out(text, fields);
        }
        if let Some(wishes) = wishes {
            wishes.rewrite(text);
        }
    }

    /// The URI that a response came from, where the inner service says so.
    pub(crate) fn came_from(&self, extensions: &Extensions) -> Option<Uri> {
        let FinalUriSetting(of) = self.final_uri.as_ref()?;
        of(extensions)
    }

    /// Whether requests are told apart by anything else than what every request is looked through for.
    #[inline]
    pub(crate) fn tells_apart(&self) -> bool {
        let credentials = self.credentials.as_ref();
        self.partition.is_some() || credentials.is_some_and(|credentials| credentials.has_others)
    }

    /// How request fields are compared.
    #[inline]
    pub(crate) fn comparing<'a>(&self, seed: &'a Seed) -> Comparing<'a> {
        Comparing {
            key: seed.vary(),
            normalizes_encodings: self.normalizes_encodings,
        }
    }

    /// Gives a response a member of its own in `Cache-Status`, where that is set (RFC 9211). Responses that
    /// were made here have none, unless they were made of stored ones.
    #[inline]
    pub(crate) fn announce<B>(&self, response: &mut Response<B>) {
        if let Some(name) = &self.announced_as {
            announce(name, response);
        }
    }

    /// The limit for one body: what was set, or an eighth of the capacity. One that does not fit at all is
    /// too large.
    pub(crate) fn max_body(&self) -> usize {
        let capacity = self.limits.capacity;
        self.max_body.unwrap_or(capacity / 8).min(capacity)
    }
}

#[cold]
fn announce<B>(name: &str, response: &mut Response<B>) {
    let status = response.extensions().get::<CacheStatus>();
    if let Some(status) = status.filter(|told| told.is_of_a_response(response.status())) {
        // Names are checked when they are set, and what stands behind them is ASCII.
        if let Ok(member) = HeaderValue::try_from(format!("{name}; {status}")) {
            response.headers_mut().append("cache-status", member);
        }
    }
}
