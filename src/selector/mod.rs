//! Which stored responses somebody means.

mod meaning;
mod meant;
#[cfg(all(test, not(shuttle)))]
mod tests;
mod verbs;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::{Request, Uri};

use self::meaning::Meaning;
use crate::info::StoredInfo;
use crate::target::Target;

/// Which stored responses are meant by [`CacheHandle::purge`](crate::CacheHandle::purge) and
/// [`CacheHandle::expire`](crate::CacheHandle::expire).
///
/// ```
/// use std::time::Duration;
///
/// use http::Uri;
/// use tower_client_cache::{CacheLayer, Selector};
///
/// let handle = CacheLayer::new().handle();
/// let uri = Uri::from_static("https://example.com/news?page=2");
/// handle.purge(Selector::uri(&uri));
/// handle.purge(&uri); // the same
/// handle.purge(Selector::origin(&uri)); // everything of https://example.com
/// handle.expire(Selector::prefix(&uri)); // /news, and what is below it
///
/// let hour = Duration::from_secs(60 * 60);
/// let images = Selector::filter(|info| {
///     let content_type = info.fields().get("content-type").cloned();
///     content_type.is_some_and(|value| value.as_bytes().starts_with(b"image/"))
/// });
/// handle.purge(Selector::origin(&uri).and(Selector::older_than(hour)).and(images.not()));
/// ```
///
/// # What it is held against
///
/// A selector means what is stored, and what is on its way: an exchange that began before the call is held against
/// it when its answer is about to be stored. What is not known before that, the fields, the age, the tags, makes no
/// difference. So the answer to a request that was sent before a `purge(Selector::tag("users"))` and turns out to have
/// that tag is not stored. Requests that start after the call are not meant.
///
/// Times are those of the cache's clock when the verb is called.
///
/// # What it costs
///
/// What is stored for a [`uri`](Self::uri) or a [`request`](Self::request), or has a [`tag`](Self::tag), is found by
/// an index, whatever else is stored, unless `No-Vary-Search` is obeyed; so is what is meant by them *and* something
/// else, and by one of them *or* another. For every other selector all that is stored is looked at, so that the time
/// grows with the number of responses stored, of whatever origin; they are gone through a few at a time, and others
/// are let at the store in between.
///
/// Up to 1,024 are remembered for as long as an older exchange is under way. Beyond that older exchanges store nothing.
#[derive(Clone)]
pub struct Selector {
    meaning: Meaning,
}

impl Selector {
    /// Everything.
    #[must_use]
    pub fn all() -> Self {
        Meaning::All.into()
    }

    /// Every response stored for this URI: each variant, each method, whoever asked for it; and what
    /// stands for it by `No-Vary-Search`, where that is obeyed.
    ///
    /// URIs are compared as in the cache key: letter case of scheme and host, a default port, a fragment and userinfo
    /// make no difference; a query does, and so do the order of its parameters and dot segments. What is
    /// percent-encoded without need makes none, but in a [shared](crate::CacheLayer::shared_background) cache, which
    /// keeps `/~a` and `/%7Ea` apart (choice C-01). The URI has to be absolute; one that is not means nothing that is
    /// stored, and its [`not`](Self::not) everything.
    ///
    /// What a [`Key`](crate::Key) names is not stored for its URI: [`request`](Self::request) means that. What is stored
    /// without some of its parameters is meant where a [rule](crate::Rule::ignore_query) says that they do not count, and
    /// not where one request has [said](crate::IgnoreQuery) so: there the URI without them means it.
    #[must_use]
    pub fn uri(uri: &Uri) -> Self {
        normal(uri).map_or(Meaning::Nothing, Meaning::Uri).into()
    }

    /// Every response that this request could be answered with: those of its URI, for its method, its credentials and
    /// its partition, and for what it has in the fields that their `Vary` names. As long as one is there, it
    /// would be selected; so all of them are meant. Its body is of no interest, and
    /// neither are its directives and what it wishes of this cache.
    ///
    /// Of a [QUERY](crate::CacheLayer::query), or a POST that a [rule](crate::Rule::safe_post) says is safe, what is
    /// stored for any content is meant. A request of another method, or whose URI nothing can be stored for, means
    /// nothing. The selector keeps a copy of its fields and extensions.
    ///
    /// ```
    /// use http::Request;
    /// use tower_client_cache::{CacheLayer, Selector};
    ///
    /// let handle = CacheLayer::new().handle();
    /// let request = Request::get("https://example.com/me").header("cookie", "id=1");
    /// let request = request.body(()).expect("a request");
    /// handle.purge(Selector::request(&request)); // nobody else's /me
    /// ```
    #[must_use]
    pub fn request<B>(request: &Request<B>) -> Self {
        let mut copy = Request::new(());
        copy.method_mut().clone_from(request.method());
        copy.uri_mut().clone_from(request.uri());
        copy.headers_mut().clone_from(request.headers());
        copy.extensions_mut().clone_from(request.extensions());
        Meaning::Request(Arc::new(copy)).into()
    }

    /// Every response stored for the path of this URI and for what is below it, at its origin, whatever the query:
    /// `/a` means `/a`, `/a?b` and `/a/b`, and not `/ab`; `/a/` means `/a/` and `/a/b`, and not `/a`. A query
    /// of its own makes no difference. Otherwise compared as for [`uri`](Self::uri).
    ///
    /// All that is stored is looked at.
    #[must_use]
    pub fn prefix(uri: &Uri) -> Self {
        normal(uri).map_or(Meaning::Nothing, Meaning::Prefix).into()
    }

    /// Every response stored for the origin of this URI, which is its scheme, host and port: each path
    /// and query, variant and method, whoever asked for it. The path of the URI makes no difference.
    ///
    /// What is stored is not ordered by origin, so all of it is looked at: the time it takes grows with
    /// the number of responses stored, of whatever origin. It goes through them a few at a time and lets
    /// others at the store in between.
    ///
    /// Compared as for [`uri`](Self::uri); a URI that is not absolute means nothing that is stored.
    #[must_use]
    pub fn origin(uri: &Uri) -> Self {
        let origin = Target::of_uri(uri).map(|target| target.origin().into_boxed_slice());
        origin.map_or(Meaning::Nothing, Meaning::Origin).into()
    }

    /// Every response of the [partition](crate::CacheLayer::partition) of this name, whatever the credentials of those
    /// who asked for it.
    ///
    /// All that is stored is looked at.
    #[must_use]
    pub fn partition(name: impl AsRef<[u8]>) -> Self {
        Meaning::Partition(name.as_ref().into()).into()
    }

    /// Every response that has this [tag](crate::Tags), whatever its origin; a cache group that it is in is one as well,
    /// where these are obeyed.
    ///
    /// ```
    /// use tower_client_cache::{CacheLayer, Selector};
    ///
    /// let handle = CacheLayer::new().handle();
    /// handle.expire(Selector::tag("users"));
    /// ```
    #[must_use]
    pub fn tag(tag: &str) -> Self {
        Self::any_tag([tag])
    }

    /// Every response that has one of these tags, or several. None of them means nothing.
    ///
    /// ```
    /// use tower_client_cache::{CacheLayer, Selector};
    ///
    /// let handle = CacheLayer::new().handle();
    /// handle.purge(Selector::any_tag(["user-7", "user-8"]));
    /// ```
    #[must_use]
    pub fn any_tag<T: Into<String>>(tags: impl IntoIterator<Item = T>) -> Self {
        let tags = tags.into_iter().map(Into::into);
        let tags: Arc<[_]> = tags.map(String::into_boxed_str).collect();
        if tags.is_empty() {
            return Meaning::Nothing.into();
        }
        Meaning::Tags(tags).into()
    }

    /// Every response that is older than this: its age (RFC 9111 §4.2.3), since it was generated or last validated by
    /// the origin, is greater.
    #[must_use]
    pub fn older_than(age: Duration) -> Self {
        Meaning::OlderThan(age).into()
    }

    /// Every response that was [received](StoredInfo::response_time), or freshened, at this time or later. Whatever is on
    /// its way, a body half read too, is received later than at any time that has come, also where the clock is set back
    /// meanwhile.
    #[must_use]
    pub fn since(time: SystemTime) -> Self {
        Meaning::Since(time).into()
    }

    /// Every response that is stale (RFC 9111 §4.2), whatever it may still be good for.
    #[must_use]
    pub fn stale() -> Self {
        Meaning::Stale.into()
    }

    /// Every response that this says is meant, of what it is told about it.
    ///
    /// It runs where no lock is held, so that it may take its time and use the cache, and it may run on whatever
    /// thread is about to store a response that was asked for before the verb was called. It may be asked about the
    /// same response more than once. Where it panics, nothing comes of that, but that the response counts as meant,
    /// unless what the filter is joined with says otherwise; [`not`](Self::not) makes no difference to that. What is
    /// about to be stored has no [`hits`](StoredInfo::hits), and its ages are of the time at which the verb was
    /// called.
    ///
    /// ```
    /// use tower_client_cache::{CacheLayer, Selector};
    ///
    /// let handle = CacheLayer::new().handle();
    /// handle.purge(Selector::filter(|info| info.body_len() > 1024 * 1024));
    /// ```
    #[must_use]
    pub fn filter(is_meant: impl Fn(&StoredInfo) -> bool + Send + Sync + 'static) -> Self {
        Meaning::Filter(Arc::new(is_meant)).into()
    }

    /// What both mean.
    #[must_use]
    pub fn and(self, other: impl Into<Self>) -> Self {
        let mut every = match self.meaning {
            Meaning::Every(every) => every,
            one => vec![one],
        };
        match other.into().meaning {
            Meaning::Every(others) => every.extend(others),
            one => every.push(one),
        }
        Meaning::Every(every).into()
    }

    /// What one of them means, or both.
    #[must_use]
    pub fn or(self, other: impl Into<Self>) -> Self {
        let mut any = match self.meaning {
            Meaning::Any(any) => any,
            one => vec![one],
        };
        match other.into().meaning {
            Meaning::Any(others) => any.extend(others),
            one => any.push(one),
        }
        Meaning::Any(any).into()
    }

    /// What it does not mean. `!selector` is the same.
    #[must_use]
    #[expect(clippy::should_implement_trait, reason = "it does as well")]
    pub fn not(self) -> Self {
        match self.meaning {
            Meaning::Not(meaning) => (*meaning).into(),
            meaning => Meaning::Not(Box::new(meaning)).into(),
        }
    }

    /// What is stale beyond every use that it permits.
    pub(crate) fn spent() -> Self {
        Meaning::Spent.into()
    }

    /// What is stored for an origin, in its normal form.
    pub(crate) fn of_origin(origin: &[u8]) -> Self {
        Meaning::Origin(origin.into()).into()
    }
}

/// A URI in its normal form. Nothing is stored for others than absolute ones.
fn normal(uri: &Uri) -> Option<Uri> {
    Target::of_uri(uri)?.literal(true).to_text().parse().ok()
}

impl std::ops::Not for Selector {
    type Output = Self;

    fn not(self) -> Self {
        Self::not(self)
    }
}

impl From<&Uri> for Selector {
    fn from(uri: &Uri) -> Self {
        Self::uri(uri)
    }
}

impl fmt::Debug for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Selector({:?})", self.meaning)
    }
}
