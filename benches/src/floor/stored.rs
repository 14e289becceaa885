//! A stored response, with all that can be decided when it is stored.

use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header, response};

use super::key::Key;
use super::rules::{Asked, directives};

/// The first ages, ready to be copied without a count or an allocation.
static AGES: LazyLock<Vec<HeaderValue>> = LazyLock::new(|| {
    let age = |age: u64| HeaderValue::from_static(age.to_string().leak());
    (0..=600).map(age).collect()
});

/// A head to copy, a body to share, and when it goes stale.
pub(crate) struct Stored {
    pub(super) key: Key,
    pub(super) body: Bytes,
    pub(super) lifetime: u64,
    // `Age` is its first field.
    head: Response<()>,
    vary: Box<[(HeaderName, Option<HeaderValue>)]>,
    // How old it was when it came, and when that was.
    initial_age: u64,
    came: SystemTime,
}

impl Stored {
    /// How long a response would be fresh; `None` where it may not be stored.
    pub(super) fn lifetime(head: &response::Parts) -> Option<u64> {
        let (mut lifetime, mut is_storable) = (None, head.status == StatusCode::OK);
        directives(&head.headers, |name, argument| {
            let is = |other| name.eq_ignore_ascii_case(other);
            if is("max-age") {
                lifetime = argument.parse().ok();
            } else if is("no-store") || is("no-cache") {
                is_storable = false;
            }
        });
        lifetime.filter(|_| is_storable)
    }

    pub(super) fn new(
        key: Key,
        asked: Option<&HeaderMap>,
        head: response::Parts,
        lifetime: u64,
        body: Bytes,
    ) -> Self {
        let came = SystemTime::now();
        let mut fields = HeaderMap::with_capacity(head.headers.len() + 1);
        fields.insert(header::AGE, AGES[0].clone());
        for (name, value) in &head.headers {
            fields.append(name, value.clone());
        }
        let mut template = Response::new(());
        *template.status_mut() = head.status;
        *template.version_mut() = head.version;
        *template.headers_mut() = fields;
        let names = head.headers.get_all(header::VARY).iter();
        let names = names.flat_map(|line| line.to_str().unwrap_or_default().split(','));
        let names = names.filter_map(|name| HeaderName::try_from(name.trim()).ok());
        let vary = names.map(|name| (asked.and_then(|asked| asked.get(&name)).cloned(), name));
        let vary = vary.map(|(value, name)| (name, value)).collect();
        let date = head.headers.get(header::DATE);
        let date = date.and_then(|date| httpdate::parse_http_date(date.to_str().ok()?).ok());
        let age = date.and_then(|date| came.duration_since(date).ok());
        Self {
            key,
            body,
            lifetime,
            head: template,
            vary,
            initial_age: age.map_or(0, |age| age.as_secs()),
            came,
        }
    }

    fn age(&self, now: SystemTime) -> u64 {
        let resident = now.duration_since(self.came).unwrap_or(Duration::ZERO);
        self.initial_age.saturating_add(resident.as_secs())
    }

    pub(super) fn is_fresh(&self, asked: &Asked, now: SystemTime) -> bool {
        let age = self.age(now);
        let needed = age.saturating_add(asked.min_fresh);
        !asked.is_no_cache
            && age <= asked.max_age
            && needed < self.lifetime.saturating_add(asked.max_stale)
    }

    /// Whether the fields that `Vary` names are as they were (RFC 9111 §4.1).
    pub(super) fn is_selected(&self, asked: &HeaderMap) -> bool {
        let mut vary = self.vary.iter();
        vary.all(|(name, value)| asked.get(name) == value.as_ref())
    }

    pub(super) fn head<B>(&self, now: SystemTime, body: B) -> Response<B> {
        let mut response = self.head.clone().map(|()| body);
        let age = self.age(now);
        let known = usize::try_from(age).ok().and_then(|age| AGES.get(age));
        if let Some(slot) = response.headers_mut().values_mut().next() {
            *slot = known.cloned().unwrap_or_else(|| age.into());
        }
        response
    }

    pub(super) fn octets(&self) -> usize {
        let fields = self.head.headers().iter();
        let fields = fields.map(|(name, value)| name.as_str().len() + value.len() + 64);
        self.key.octets() + self.body.len() + fields.sum::<usize>() + size_of::<Self>()
    }
}
