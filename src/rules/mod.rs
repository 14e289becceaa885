//! Rules: what the user says of responses by where they come from.

mod all;
mod applied;
mod safe;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderName, StatusCode, Uri, header};

pub(crate) use self::all::Rules;
pub(crate) use self::applied::Applied;
use crate::content::Judge;
use crate::key;
use crate::tags::Tags;
use crate::target::Target;

/// What holds for the responses of an origin, of a path, or whatever else can be told of a request and its response: see
/// [`CacheLayer::rules`](crate::CacheLayer::rules).
///
/// A rule has conditions, all of which have to hold, and says something. Where several rules say something of the
/// same, the first one counts; tags are those of all. What is stored already is as it was stored, until it is
/// freshened.
///
/// ```
/// use std::time::Duration;
///
/// use http::Uri;
/// use tower_client_cache::{CacheLayer, Rule};
///
/// let api = Uri::from_static("https://example.com/api");
/// let hour = Duration::from_secs(60 * 60);
/// let layer = CacheLayer::new().rules([
///     Rule::new().prefix(&api).max_lifetime(hour).tags(["api"]),
///     Rule::new().responses(|status, _| status.is_client_error()).never_store(),
///     Rule::new().default_lifetime(hour).ignore_query(["utm_source", "utm_medium"]),
/// ]);
/// # let _ = layer;
/// ```
#[derive(Clone, Default)]
pub struct Rule {
    origin: Option<Where>,
    prefix: Option<Where>,
    requests: Option<Arc<RequestCondition>>,
    responses: Option<Arc<ResponseCondition>>,
    pub(crate) says: Says,
}

type RequestCondition = dyn Fn(&Uri, &HeaderMap) -> bool + Send + Sync;
type ResponseCondition = dyn Fn(StatusCode, &HeaderMap) -> bool + Send + Sync;

/// A place as it stands in a key. There may be no such place.
#[derive(Debug, Clone)]
enum Where {
    At(Box<[u8]>),
    Nowhere,
}

/// What a rule says.
#[derive(Debug, Clone, Default)]
pub(crate) struct Says {
    default_lifetime: Option<Duration>,
    min_lifetime: Option<Duration>,
    max_lifetime: Option<Duration>,
    never_stored: bool,
    never_guessed: bool,
    tags: Tags,
    ignored_query: Vec<Box<str>>,
    ignored_vary: Vec<HeaderName>,
    safe_post: Option<Judge>,
    #[cfg(feature = "grpc")]
    pub(crate) safe_grpc: Option<Judge>,
}

/// Conditions.
impl Rule {
    /// One that holds for everything, and says nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// It holds for the origin of this URI: its scheme, host and port. A URI that is not absolute has none, and the rule
    /// holds for nothing.
    #[must_use]
    pub fn origin(self, uri: &Uri) -> Self {
        let target = Target::of_uri(uri);
        Self {
            origin: Some(target.map_or(Where::Nowhere, |target| Where::At(target.origin().into()))),
            ..self
        }
    }

    /// It holds for the path of this URI and for what is below it: `/a` is `/a`, `/a?b` and `/a/b`, and not `/ab`.
    /// What is percent-encoded without need makes no difference, in a [shared](crate::CacheLayer::shared_background)
    /// cache neither; dot segments are names like others.
    #[must_use]
    pub fn prefix(self, uri: &Uri) -> Self {
        let target = Target::of_uri(uri).map(Target::without_query);
        let text = target.map(|target| target.to_text().into_bytes().into());
        Self {
            prefix: Some(text.map_or(Where::Nowhere, Where::At)),
            ..self
        }
    }

    /// It holds for requests with such a URI and such fields. The URI is absolute, in its normal form: nothing is
    /// percent-encoded that needs not be, in a [shared](crate::CacheLayer::shared_background) cache neither, where
    /// the key has it as it was written. Dot segments stay.
    ///
    /// It is asked when a response is about to be stored; where the rule [ignores](Self::ignore_query) part of the
    /// query, for every request; and where it says that POST is [safe](Self::safe_post), for every POST. Where it
    /// panics, so does the request.
    #[must_use]
    pub fn requests<F>(self, holds: F) -> Self
    where
        F: Fn(&Uri, &HeaderMap) -> bool + Send + Sync + 'static,
    {
        Self {
            requests: Some(Arc::new(holds)),
            ..self
        }
    }

    /// It holds for responses with such a status and such fields, and has no say in what is made of a request before
    /// there is one: [`ignore_query`](Self::ignore_query) counts for nothing beside it.
    #[must_use]
    pub fn responses<F>(self, holds: F) -> Self
    where
        F: Fn(StatusCode, &HeaderMap) -> bool + Send + Sync + 'static,
    {
        Self {
            responses: Some(Arc::new(holds)),
            ..self
        }
    }
}

/// What it says.
impl Rule {
    /// How long a response is fresh that does not say so: in the place of what would be
    /// [guessed](crate::CacheLayer::heuristics). It needs a status that is cacheable by default (RFC 9110 §15.1).
    #[must_use]
    pub fn default_lifetime(mut self, lifetime: Duration) -> Self {
        self.says.default_lifetime = Some(lifetime);
        self
    }

    /// A response is fresh for this long at least, whatever it says. It needs a status that is cacheable by default, and
    /// makes nothing fresh for longer that says `no-cache` or `must-revalidate`; in a shared cache `proxy-revalidate` and
    /// `s-maxage` as well, which mean the same (RFC 9111 §5.2.2.10).
    #[must_use]
    pub fn min_lifetime(mut self, lifetime: Duration) -> Self {
        self.says.min_lifetime = Some(lifetime);
        self
    }

    /// A response is fresh for no longer than this, whatever it says. It counts before
    /// [`min_lifetime`](Self::min_lifetime).
    #[must_use]
    pub fn max_lifetime(mut self, lifetime: Duration) -> Self {
        self.says.max_lifetime = Some(lifetime);
        self
    }

    /// Nothing is stored. What is stored already is still reused.
    #[must_use]
    pub fn never_store(mut self) -> Self {
        self.says.never_stored = true;
        self
    }

    /// No lifetime is [guessed](crate::CacheLayer::heuristics).
    #[must_use]
    pub fn no_heuristics(mut self) -> Self {
        self.says.never_guessed = true;
        self
    }

    /// What is stored has these [tags](crate::Tags).
    #[must_use]
    pub fn tags<T: Into<String>>(mut self, tags: impl IntoIterator<Item = T>) -> Self {
        self.says.tags = Tags::new(tags);
        self
    }

    /// Responses are not told apart by these request fields, though their `Vary` names them. What is stored for one of
    /// them answers all: only for fields that make no difference to anybody. `Authorization`, `Cookie` and
    /// `Proxy-Authorization` always do, and are passed over here.
    #[must_use]
    pub fn ignore_vary(mut self, fields: impl IntoIterator<Item = HeaderName>) -> Self {
        let is_credential = |field: &HeaderName| {
            [
                header::AUTHORIZATION,
                header::COOKIE,
                header::PROXY_AUTHORIZATION,
            ]
            .contains(field)
        };
        let fields = fields.into_iter().filter(|field| !is_credential(field));
        self.says.ignored_vary = fields.collect();
        self
    }

    /// These parameters of a query make no difference to what is asked for: `/a?utm_source=b` is answered with what is
    /// stored for `/a`. The origin is asked for the URI as it is. Names are compared decoded, and letter case counts.
    /// A parameter with `;` or `?` in it always makes a difference: some origins would take it for several.
    ///
    /// An unsafe request, and a purge, for a URI with such parameters means what is stored without them; conditions on
    /// [fields](Self::requests) see none then. Whatever is stored is removed when rules are set that say this, and
    /// when such rules are no longer set.
    #[must_use]
    pub fn ignore_query<T: Into<String>>(
        mut self,
        parameters: impl IntoIterator<Item = T>,
    ) -> Self {
        let parameters = parameters.into_iter().map(Into::into);
        self.says.ignored_query = parameters.map(String::into_boxed_str).collect();
        self
    }
}

impl Rule {
    /// Whether it holds for a request of this URI, in its normal form.
    fn holds_for(&self, text: &[u8], fields: &HeaderMap) -> bool {
        let is_meant = |holds: &RequestCondition| {
            let uri = Uri::try_from(text);
            uri.is_ok_and(|uri| holds(&uri, fields))
        };
        self.is_at(text) && self.requests.as_deref().is_none_or(is_meant)
    }

    /// Whether it may hold for requests of this URI, in its normal form, as far as that goes.
    fn is_at(&self, text: &[u8]) -> bool {
        let is_there = |place: &Option<Where>, is_at: fn(&[u8], &[u8]) -> bool| match place {
            None => true,
            Some(Where::At(at)) => is_at(text, at),
            Some(Where::Nowhere) => false,
        };
        is_there(&self.origin, |text, origin| key::origin(text) == origin)
            && is_there(&self.prefix, key::is_below)
    }
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = |place: &Option<Where>| match place {
            Some(Where::At(at)) => Some(String::from_utf8_lossy(at).into_owned()),
            Some(Where::Nowhere) => Some("nowhere".to_owned()),
            None => None,
        };
        f.debug_struct("Rule")
            .field("origin", &place(&self.origin))
            .field("prefix", &place(&self.prefix))
            .field("requests", &self.requests.as_ref().map(|_| ".."))
            .field("responses", &self.responses.as_ref().map(|_| ".."))
            .field("says", &self.says)
            .finish()
    }
}
