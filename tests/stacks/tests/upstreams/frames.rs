//! What only HTTP/2 has: streams that are reset, connections that are given up, frames that are wrong.

use stacks::{Step, Wire, frame, literal};

use super::{Fate, compared};

/// Kinds of frames (RFC 9113 §6).
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PUSH_PROMISE: u8 = 5;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
/// Their flags.
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// What the server says first of all.
fn begun() -> Vec<u8> {
    let settings = frame(SETTINGS, 0, 0, &[]);
    [settings, frame(SETTINGS, 1, 0, &[])].concat()
}

/// A head that may be stored, with these fields beside.
fn head(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut block = literal(":status", "200");
    block.extend(literal("cache-control", "max-age=86400"));
    for (name, value) in fields {
        block.extend(literal(name, value));
    }
    frame(HEADERS, END_HEADERS, 1, &block)
}

fn data(content: &str) -> Vec<u8> {
    frame(DATA, 0, 1, content.as_bytes())
}

fn last(content: &str) -> Vec<u8> {
    frame(DATA, END_STREAM, 1, content.as_bytes())
}

fn reset(code: u32) -> Vec<u8> {
    frame(RST_STREAM, 0, 1, &code.to_be_bytes())
}

fn go_away(stream: u32, code: u32) -> Vec<u8> {
    let payload = [stream.to_be_bytes(), code.to_be_bytes()].concat();
    frame(GOAWAY, 0, 0, &payload)
}

async fn assert_fate(what: &str, frames: &[Vec<u8>], fate: Fate) {
    let octets = [begun(), frames.concat()].concat();
    let steps = [Step::octets(octets), Step::Close];
    let seen = compared(Wire::Http2, Wire::Http2.client(), &steps).await;
    assert_eq!(seen.fate(), fate, "{what}: {seen:?}");
}

/// PRJ-7-1, promise 6: with each code, one that nobody knows as well.
#[tokio::test]
async fn a_stream_that_is_reset_before_its_end_is_seen_as_without_the_cache_and_not_stored() {
    for code in (1..=14).chain([u32::MAX]) {
        let what = |place| format!("code {code} {place}");
        assert_fate(&what("before the head"), &[reset(code)], Fate::Fails).await;
        let frames = [head(&[]), reset(code)];
        assert_fate(&what("before the content"), &frames, Fate::BreaksOff).await;
        let frames = [head(&[]), data("twelve "), reset(code)];
        assert_fate(&what("in the content"), &frames, Fate::BreaksOff).await;
        let frames = [head(&[]), data("twelve bytes"), reset(code)];
        assert_fate(&what("before the end"), &frames, Fate::BreaksOff).await;
        let frames = [
            head(&[("content-length", "12")]),
            data("twelve bytes"),
            reset(code),
        ];
        assert_fate(&what("where all is there"), &frames, Fate::BreaksOff).await;
        let frames = [head(&[]), last("twelve bytes"), reset(code)];
        assert_fate(&what("behind the end"), &frames, Fate::IsStored).await;
    }
}

/// PRJ-7-1: hyper takes the code `NO_ERROR` for an end, and says nothing of it. What says how long it is shows that it
/// is not all.
#[tokio::test]
async fn a_stream_that_is_reset_without_an_error_is_stored_where_it_is_as_long_as_it_says() {
    for [length, content] in [["12", "twelve "], ["12", ""], ["1", ""]] {
        let head = head(&[("content-length", length)]);
        let frames = [head, data(content), reset(0)];
        assert_fate("a part", &frames, Fate::Passes).await;
    }
    let frames = [
        head(&[("content-length", "12")]),
        data("twelve bytes"),
        reset(0),
    ];
    assert_fate("all", &frames, Fate::IsStored).await;
    assert_fate("no head", &[reset(0)], Fate::Fails).await;
}

/// PRJ-7-1
#[tokio::test]
async fn a_connection_that_is_given_up_ends_what_it_says_it_ends() {
    for code in 1..=14 {
        let what = |place| format!("code {code} {place}");
        let frames = [go_away(0, code), head(&[]), last("twelve bytes")];
        assert_fate(&what("before the head"), &frames, Fate::Fails).await;
        let frames = [head(&[]), data("twelve "), go_away(0, code), last("bytes")];
        assert_fate(&what("in the content"), &frames, Fate::BreaksOff).await;
        let frames = [head(&[]), data("twelve "), go_away(1, 0), last("bytes")];
        assert_fate(&what("and this stream goes on"), &frames, Fate::IsStored).await;
    }
}

/// 9113-8.1.1-1, PRJ-7-1
#[tokio::test]
async fn a_malformed_response_is_seen_as_without_the_cache_and_not_stored() {
    let page = || [head(&[]), last("twelve bytes")].concat();
    let trailers = |flags, fields: &[u8]| frame(HEADERS, END_HEADERS | flags, 1, fields);
    let table = [
        (
            "a length too long",
            vec![head(&[("content-length", "13")]), last("twelve bytes")],
            Fate::BreaksOff,
        ),
        (
            "a length too short",
            vec![head(&[("content-length", "6")]), last("twelve bytes")],
            Fate::BreaksOff,
        ),
        (
            "a length of nothing",
            vec![head(&[("content-length", "0")]), last("twelve bytes")],
            Fate::BreaksOff,
        ),
        (
            "two lengths",
            vec![
                head(&[("content-length", "12"), ("content-length", "13")]),
                last("twelve bytes"),
            ],
            Fate::Fails,
        ),
        (
            "a length that is none",
            vec![head(&[("content-length", "a")]), last("twelve bytes")],
            Fate::Fails,
        ),
        (
            "no status",
            vec![
                frame(HEADERS, END_HEADERS, 1, &literal("a", "b")),
                last("twelve bytes"),
            ],
            Fate::Fails,
        ),
        (
            "a status that is none",
            vec![
                frame(HEADERS, END_HEADERS, 1, &literal(":status", "cow")),
                last("twelve bytes"),
            ],
            Fate::Fails,
        ),
        (
            "a field in upper case",
            vec![head(&[("A", "b")]), last("twelve bytes")],
            Fate::Fails,
        ),
        (
            "a field of the connection",
            vec![head(&[("connection", "close")]), last("twelve bytes")],
            Fate::Fails,
        ),
        (
            "a transfer coding",
            vec![
                head(&[("transfer-encoding", "chunked")]),
                last("twelve bytes"),
            ],
            Fate::Fails,
        ),
        (
            "content before the head",
            vec![data("twelve"), page()],
            Fate::Fails,
        ),
        (
            "content behind the end",
            vec![page(), data("more")],
            Fate::IsStored,
        ),
        ("a second head", vec![head(&[]), page()], Fate::BreaksOff),
        (
            "trailers that do not end",
            vec![
                head(&[]),
                data("twelve bytes"),
                trailers(0, &literal("a", "b")),
            ],
            Fate::BreaksOff,
        ),
        (
            "a status in trailers",
            vec![
                head(&[]),
                data("twelve bytes"),
                trailers(END_STREAM, &literal(":status", "200")),
            ],
            Fate::IsStored,
        ),
        (
            "no field block",
            vec![
                head(&[]),
                data("twelve bytes"),
                trailers(END_STREAM, &[0xff; 9]),
            ],
            Fate::BreaksOff,
        ),
        (
            "another frame between those of a head",
            vec![frame(HEADERS, 0, 1, &literal(":status", "200")), page()],
            Fate::Fails,
        ),
        (
            "too much padding",
            vec![head(&[]), frame(DATA, END_STREAM | 8, 1, &[200, b'a'])],
            Fate::BreaksOff,
        ),
        (
            "a frame that is too large",
            vec![head(&[]), frame(DATA, 0, 1, &vec![b'a'; 20_000])],
            Fate::BreaksOff,
        ),
        (
            "a window without bounds",
            vec![
                head(&[]),
                frame(WINDOW_UPDATE, 0, 1, &[0x7f, 255, 255, 255]),
                last("twelve bytes"),
            ],
            Fate::IsStored,
        ),
        (
            "a promise",
            vec![
                head(&[]),
                frame(PUSH_PROMISE, END_HEADERS, 1, &[0, 0, 0, 2]),
                last("twelve bytes"),
            ],
            Fate::BreaksOff,
        ),
        (
            "frames of no kind",
            vec![frame(99, 255, 1, b"cow"), page()],
            Fate::IsStored,
        ),
        (
            "another's stream",
            vec![frame(DATA, 0, 3, b"cow"), page()],
            Fate::Fails,
        ),
    ];
    for (what, frames, fate) in table {
        assert_fate(what, &frames, fate).await;
    }
}
