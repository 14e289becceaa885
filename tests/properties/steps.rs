//! Random answers of the origin, and random steps.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::asks::{Ask, URIS, ask, date};
use super::plan::{Content, Form, Honesty, Length, Plan, Text};

/// What the caller does with a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Read {
    Whole,
    /// A frame, and gives it up.
    Part,
    /// Nothing.
    Drop,
    /// Not yet.
    Later,
}

/// One step of a conversation.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    Ask(Box<(Ask, Plan, Read)>),
    Wait(u64),
    SetBack(u64),
    Clear,
    Purge(&'static str),
    Disable,
    ReadOnly,
    DisableAndClear,
    Enable,
    Pause,
    Resume,
    /// There is only so much room.
    Room(usize),
    /// Something that is under way goes on: so far, a body is read.
    GoOn(usize, Read),
    /// It is given up.
    GiveUp(usize),
    /// Something is done in the background, and the origin answers so.
    Work(usize, Box<Plan>),
}

/// What may happen in a conversation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Manner {
    /// Requests are under way at the same time.
    pub(crate) is_interleaved: bool,
    /// The clock is set back.
    pub(crate) is_set_back: bool,
    /// The room changes.
    pub(crate) is_small: bool,
}

pub(crate) fn steps(manner: Manner) -> BoxedStrategy<Vec<Step>> {
    let wait = select(&[0_u64, 1, 1, 4, 5, 9, 10, 11, 59, 60, 61, 600, 4000][..]);
    let back = if manner.is_set_back { 1 } else { 0 };
    let room = if manner.is_small { 2 } else { 0 };
    let apart = if manner.is_interleaved { 8 } else { 0 };
    let step = prop_oneof![
        40 => exchange(manner),
        20 => wait.prop_map(Step::Wait),
        6 => handle(),
        3 => (any::<usize>(), plan(manner)).prop_map(|(which, plan)| Step::Work(which, plan.into())),
        back => select(&[1_u64, 5, 60, 3600][..]).prop_map(Step::SetBack),
        apart => (any::<usize>(), read(manner)).prop_map(|(which, read)| Step::GoOn(which, read)),
        room => select(&[0_usize, 1000, 2500, 4000, 10_000][..]).prop_map(Step::Room),
        apart / 8 => any::<usize>().prop_map(Step::GiveUp),
    ];
    vec(step, 1..40).boxed()
}

fn handle() -> BoxedStrategy<Step> {
    prop_oneof![
        1 => Just(Step::Clear),
        1 => select(&URIS[..]).prop_map(Step::Purge),
        1 => select(vec![Step::Disable, Step::Pause, Step::DisableAndClear, Step::ReadOnly]),
        3 => select(vec![Step::Enable, Step::Resume, Step::Enable]),
    ]
    .boxed()
}

fn exchange(manner: Manner) -> BoxedStrategy<Step> {
    (ask(), plan(manner), read(manner))
        .prop_map(|(ask, plan, read)| Step::Ask(Box::new((ask, plan, read))))
        .boxed()
}

fn read(manner: Manner) -> BoxedStrategy<Read> {
    let later = if manner.is_interleaved { 6 } else { 0 };
    prop_oneof![
        20 => Just(Read::Whole),
        1 => Just(Read::Part),
        1 => Just(Read::Drop),
        later => Just(Read::Later),
    ]
    .boxed()
}

pub(crate) fn plan(manner: Manner) -> BoxedStrategy<Plan> {
    let status = prop_oneof![
        30 => Just(200_u16),
        4 => select(&[203, 204, 301, 302, 404, 410, 500, 503, 599, 299][..]),
        1 => select(&[
            201, 206, 226, 300, 303, 304, 307, 308, 400, 401, 403, 405, 407, 412, 414, 416, 417, 421,
            425, 428, 429, 431, 451, 501, 502, 504, 505, 511, 700,
        ][..]),
    ];
    let etag = prop_oneof![
        2 => Just(None),
        4 => Just(Some("\"s1\"")),
        3 => select(&["\"s2\"", "\"s3\""][..]).prop_map(Some),
        1 => select(&["W/\"w1\"", "W/\"s1\"", "bare"][..]).prop_map(Some),
    ];
    let modified = prop_oneof![3 => Just(None), 2 => date().prop_map(Some)];
    let honesty = prop_oneof![
        8 => Just(Honesty::WhenItIsSo),
        2 => Just(Honesty::Tersely),
        3 => Just(Honesty::Never),
        1 => Just(Honesty::Always),
    ];
    let content = prop_oneof![
        14 => Just(Content::Whole),
        4 => Just(Content::InFrames),
        1 => Just(Content::Cut),
        1 => Just(Content::NoAnswer),
    ];
    let length = prop_oneof![
        10 => Just(Length::Absent),
        6 => Just(Length::Right),
        1 => Just(Length::Wrong),
        1 => Just(Length::Damaged),
    ];
    let held = if manner.is_interleaved { 1 } else { 0 };
    let is_held = prop_oneof![2 => Just(false), held => Just(true)];
    let size = select(&[0_usize, 8, 8, 20][..]);
    let takes = prop_oneof![12 => Just(0_u64), 1 => select(&[1_u64, 5, 70][..])];
    (
        (status, etag, modified, honesty),
        (content, length, is_held, size, takes),
        fields(),
    )
        .prop_map(|(first, second, fields)| {
            let (status, etag, modified, honesty) = first;
            let (content, length, is_held, size, takes) = second;
            Plan {
                status,
                fields,
                etag,
                modified,
                honesty,
                size,
                content,
                length,
                takes,
                is_held,
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

fn fields() -> BoxedStrategy<Fields> {
    let dated = prop_oneof![
        12 => Just(vec![("date", Text::Now(0, Form::Usual))]),
        1 => Just(Vec::new()),
        2 => date().prop_map(|date| vec![("date", date)]),
        1 => Just(vec![
            ("date", Text::Now(0, Form::Usual)),
            ("date", Text::Now(-30, Form::Usual)),
        ]),
    ];
    let expires = prop_oneof![
        5 => Just(Vec::new()),
        1 => date().prop_map(|date| vec![("expires", date)]),
        1 => Just(vec![("expires", Text::is("0"))]).prop_union(Just(vec![
            ("expires", Text::Now(60, Form::Usual)),
            ("expires", Text::Now(90, Form::Usual)),
        ])),
    ];
    let vary = prop_oneof![
        6 => Just(Vec::new()),
        4 => one("vary", &["Foo", "foo", "Accept-Language", "Foo, accept-language", "", "Cookie"]),
        1 => one("vary", &["*", "Foo, *", "Foo Bar", "host", ",,foo,"]),
    ];
    let age = prop_oneof![
        8 => Just(Vec::new()),
        1 => one("age", &["0", "5", "70", "x", "-1", "5, 70", "5;x=1", "99999999999999999999"]),
    ];
    (dated, expires, vary, age, controls(), rest())
        .prop_map(|(dated, expires, vary, age, controls, rest)| {
            [dated, expires, vary, age, controls, rest].concat()
        })
        .boxed()
}

fn controls() -> BoxedStrategy<Fields> {
    let number = select(
        &[
            "0",
            "1",
            "5",
            "10",
            "60",
            "600",
            "3600",
            "9999999999999999999999",
        ][..],
    );
    let named = prop_oneof![
        6 => Just("max-age"),
        1 => select(&["s-maxage", "Max-Age", "S-MaxAge"][..]),
        3 => select(&["stale-while-revalidate", "stale-if-error"][..]),
    ];
    let directive = prop_oneof![
        8 => (named, number).prop_map(|(name, number)| format!("{name}={number}")),
        3 => select(&[
            "no-cache", "private", "public", "must-revalidate", "proxy-revalidate",
            "must-understand", "immutable", "no-transform",
        ][..]).prop_map(str::to_owned),
        1 => select(&[
            "no-store", "No-Store", "no-cache=\"x-a\"", "no-cache=x-a", "private=\"x-a\"",
            "no-cache=\"Set-Cookie, x-a\"", "max-age=\"60\"", "max-age =60", "max-age=60.5",
            "max-age", "max-age=", "max-age=-1", "max-age='60'", "ext=\"max-age=9, no-store\"",
            "no-store=1", "no-cache=\"\"", "private=\"\"", "private=", "must-revalidate=\"x\"",
            "foo=bar", "", "\"oops", "stale-while-revalidate=x", "stale-if-error",
            "no-cache=\"", "max-age=\"60", "s-maxage=x", "private=\"set-cookie\"",
        ][..]).prop_map(str::to_owned),
    ];
    let lines = (vec(directive, 1..4), any::<bool>()).prop_map(|(directives, is_joined)| {
        let lines = match is_joined {
            true => vec![directives.join(", ")],
            false => directives,
        };
        let line = |line| ("cache-control", Text::Is(line));
        lines.into_iter().map(line).collect()
    });
    let usual = one("cache-control", &["max-age=10", "max-age=60"]);
    prop_oneof![2 => Just(Vec::new()), 7 => usual, 7 => lines].boxed()
}

fn rest() -> BoxedStrategy<Fields> {
    let none = || Just(Vec::new());
    let cookies = Just(vec![
        ("set-cookie", Text::is("a=1")),
        ("set-cookie", Text::is("b=2")),
    ]);
    let named = one(
        "location",
        &["/a", "/b", "http://p.test/a", "https://o.test/a"],
    );
    let content = one(
        "content-location",
        &["/a", "/b", "http://o.test/a", "http://p.test/a"],
    );
    (
        prop_oneof![12 => none(), 1 => cookies],
        prop_oneof![8 => none(), 1 => named],
        prop_oneof![8 => none(), 1 => content],
        prop_oneof![
            16 => none(),
            1 => one("connection", &["close", "x-a", "cache-control", "X-B, close"]),
            1 => one("pragma", &["no-cache"]),
            1 => one("transfer-encoding", &["chunked"]),
            1 => one("keep-alive", &["5"]),
        ],
        prop_oneof![4 => none(), 1 => one("x-a", &["1", "2"])],
        prop_oneof![4 => none(), 1 => one("x-b", &["1", "2"])],
    )
        .prop_map(|(cookies, named, content, hops, a, b)| {
            [cookies, named, content, hops, a, b].concat()
        })
        .boxed()
}
