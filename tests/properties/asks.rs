//! Random requests.

use std::fmt;

use http::{HeaderName, HeaderValue, Method, Request, Uri};
use http_body_util::Empty;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use support::Clock;
use tower_client_cache::CacheMode;

use super::plan::{Form, Text};

/// A request to be made.
#[derive(Clone)]
pub(crate) struct Ask {
    pub(crate) method: &'static str,
    pub(crate) uri: &'static str,
    pub(crate) fields: Vec<(&'static str, Text)>,
    pub(crate) mode: CacheMode,
}

impl fmt::Debug for Ask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.uri)?;
        for (name, text) in &self.fields {
            write!(f, " {name}: {text:?};")?;
        }
        if self.mode != CacheMode::Default {
            write!(f, " {:?}", self.mode)?;
        }
        Ok(())
    }
}

/// A few resources, some of them by several names.
pub(crate) const URIS: [&str; 20] = [
    "http://o.test/a",
    "http://o.test/a",
    "http://o.test/a",
    "http://o.test/a",
    "http://o.test/a",
    "http://o.test/a",
    "http://o.test/a",
    "http://o.test/a",
    "http://o.test/a",
    "http://o.test/a",
    "http://o.test/a",
    "http://o.test/a",
    "http://o.test/a",
    "http://o.test/b",
    "http://O.test:80/a",
    "http://o.test/%61",
    "http://o.test/a?x=1",
    "https://o.test/a",
    "http://p.test/a",
    "http://u:p@o.test/a",
];

impl Ask {
    /// It says who asks (9111-3.5-1).
    pub(crate) fn has_credentials(&self) -> bool {
        self.uri.contains('@') || self.fields.iter().any(|(name, _)| *name == "authorization")
    }

    pub(crate) fn request<D: bytes::Buf>(&self, clock: &Clock) -> Request<Empty<D>> {
        let mut request = Request::new(Empty::new());
        *request.method_mut() = Method::from_bytes(self.method.as_bytes()).expect("a method");
        *request.uri_mut() = Uri::from_static(self.uri);
        for (name, text) in &self.fields {
            let name = HeaderName::from_static(name);
            let value: HeaderValue = text.value(clock);
            request.headers_mut().append(name, value);
        }
        request.extensions_mut().insert(self.mode);
        request
    }
}

pub(crate) fn ask() -> BoxedStrategy<Ask> {
    let method = prop_oneof![
        30 => Just("GET"),
        5 => Just("HEAD"),
        3 => select(&["POST", "PUT", "DELETE", "PATCH", "FOO", "get", "OPTIONS", "PROPFIND"][..]),
    ];
    let mode = prop_oneof![
        20 => Just(CacheMode::Default),
        2 => select(&[
            CacheMode::NoStore,
            CacheMode::Reload,
            CacheMode::NoCache,
            CacheMode::ForceCache,
            CacheMode::OnlyIfCached,
        ][..]),
    ];
    let fields = (varied(), credentials(), controls(), conditions(), rest());
    (method, select(&URIS[..]), fields, mode)
        .prop_map(|(method, uri, fields, mode)| {
            let (varied, credentials, controls, conditions, rest) = fields;
            Ask {
                method,
                uri,
                fields: [varied, credentials, controls, conditions, rest].concat(),
                mode,
            }
        })
        .boxed()
}

type Fields = Vec<(&'static str, Text)>;

fn one(name: &'static str, values: &'static [&'static str]) -> BoxedStrategy<Fields> {
    select(values)
        .prop_map(move |value| vec![(name, Text::is(value))])
        .boxed()
}

fn mostly_none(some: impl Strategy<Value = Fields> + 'static, of: u32) -> BoxedStrategy<Fields> {
    prop_oneof![of => Just(Vec::new()), 1 => some].boxed()
}

/// Fields that `Vary` may name.
fn varied() -> BoxedStrategy<Fields> {
    let odd = one("foo", &["1", "2", "a,b", "a, b", "A,b", ""]);
    let two = Just(vec![("foo", Text::is("a")), ("foo", Text::is("b"))]);
    let language = one("accept-language", &["de", "DE", "en, de", "en,de"]);
    (
        mostly_none(prop_oneof![4 => odd, 1 => two], 3),
        mostly_none(language, 5),
    )
        .prop_map(|(odd, language)| [odd, language].concat())
        .boxed()
}

fn credentials() -> BoxedStrategy<Fields> {
    let authorization = one("authorization", &["Bearer a", "Bearer b"]);
    let cookie = one("cookie", &["a=1", "a=2", "a=1; b=2"]);
    let crumbs = Just(vec![
        ("cookie", Text::is("a=1")),
        ("cookie", Text::is("b=2")),
    ]);
    (
        mostly_none(authorization, 15),
        mostly_none(prop_oneof![4 => cookie, 1 => crumbs], 15),
    )
        .prop_map(|(authorization, cookie)| [authorization, cookie].concat())
        .boxed()
}

/// `Cache-Control`, in one line or several.
fn controls() -> BoxedStrategy<Fields> {
    let number = select(&["0", "1", "5", "10", "60", "3600", "99999999999999999999"][..]);
    let named = select(
        &[
            "max-age",
            "max-stale",
            "min-fresh",
            "stale-if-error",
            "Max-Stale",
        ][..],
    );
    let directive = prop_oneof![
        6 => (named, number).prop_map(|(name, number)| format!("{name}={number}")),
        6 => select(&["no-cache", "no-store", "only-if-cached", "max-stale", "no-transform"][..])
            .prop_map(str::to_owned),
        1 => select(&[
            "max-age=\"5\"", "max-age=x", "max-age =5", "min-fresh=1.5", "max-stale=x", "max-age",
            "ext=\"no-cache, max-age=0\"", "no-cache=1", "NO-CACHE", "immutable", "", "\"oops",
            "stale-if-error", "stale-while-revalidate=60", "max-age=-1",
        ][..]).prop_map(str::to_owned),
    ];
    let pragma = one("pragma", &["no-cache", "foo"]);
    let control = (vec(directive, 1..3), any::<bool>()).prop_map(|(directives, is_joined)| {
        let lines = match is_joined {
            true => vec![directives.join(", ")],
            false => directives,
        };
        let line = |line| ("cache-control", Text::Is(line));
        lines.into_iter().map(line).collect()
    });
    prop_oneof![24 => Just(Vec::new()), 9 => control, 1 => pragma].boxed()
}

/// Preconditions of the caller.
fn conditions() -> BoxedStrategy<Fields> {
    let tags = one(
        "if-none-match",
        &[
            "\"s1\"",
            "\"s2\"",
            "W/\"s1\"",
            "W/\"w1\"",
            "\"w1\"",
            "*",
            "\"s1\", \"s2\"",
            "bare",
            "\"x\",, W/\"s2\"",
            "\"no, comma\"",
        ],
    );
    let since = date().prop_map(|date| vec![("if-modified-since", date)]);
    let both = (
        one("if-none-match", &["\"s1\"", "\"s3\""]),
        date().prop_map(|date| vec![("if-modified-since", date)]),
    )
        .prop_map(|(tags, since)| [tags, since].concat());
    let for_origin = prop_oneof![
        one("if-match", &["\"s1\"", "*"]),
        date().prop_map(|date| vec![("if-unmodified-since", date)]),
    ];
    prop_oneof![
        24 => Just(Vec::new()),
        3 => tags,
        2 => since,
        1 => both,
        1 => for_origin,
    ]
    .boxed()
}

fn rest() -> BoxedStrategy<Fields> {
    let host = one("host", &["o.test", "o.test:80", "other.test"]);
    let connection = one("connection", &["close", "foo"]);
    (
        mostly_none(host, 20),
        mostly_none(connection, 20),
        mostly_none(one("x-other", &["1", "2"]), 6),
    )
        .prop_map(|(host, connection, other)| [host, connection, other].concat())
        .boxed()
}

/// A date somewhere near.
pub(crate) fn date() -> BoxedStrategy<Text> {
    let form = prop_oneof![
        12 => Just(Form::Usual),
        1 => select(&[Form::Rfc850, Form::Asctime, Form::LowerCase][..]),
        1 => select(&[Form::OtherZone, Form::NoComma][..]),
    ];
    let days = 24 * 60 * 60;
    let far = select(vec![
        -10 * days,
        -days,
        -3600,
        -100,
        -61,
        -30,
        -1,
        0,
        5,
        60,
        3600,
        days,
    ]);
    prop_oneof![
        2 => (far.clone(), form.clone()).prop_map(|(seconds, form)| Text::Then(seconds, form)),
        1 => (far, form).prop_map(|(seconds, form)| Text::Now(seconds, form)),
    ]
    .boxed()
}
