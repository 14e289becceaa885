//! What it is for the request fields that `Vary` names to match.

use support::{Conversation, reply};
use tower_client_cache::{CacheLayer, Forward};

type Fields<'a> = &'a [(&'a str, &'a str)];

/// A response with these lines of `Vary`, to a request with these fields; then another request. The
/// client has one user, so that nothing but `Vary` tells requests apart.
async fn assert_selected(table: &[(&[&str], Fields<'_>, Fields<'_>)], is_selected: bool) {
    for (vary, stored, asked) in table {
        let talk = Conversation::with(CacheLayer::single_user);
        let first = reply(200).control("max-age=60");
        let first = vary
            .iter()
            .fold(first, |reply, vary| reply.field("vary", vary));
        talk.origin.will(first.body("first"));
        talk.get_with("/a", stored).await.assert_stored();
        if !is_selected {
            talk.origin.will(reply(200).body("second"));
        }
        let second = talk.get_with("/a", asked).await;
        let (content, reason) = if is_selected {
            ("first", None)
        } else {
            ("second", Some(Forward::VaryMiss))
        };
        let case = format!("{vary:?} {stored:?} {asked:?}: {}", second.cache);
        assert_eq!(second.cache.forwarded(), reason, "{case}");
        assert_eq!(second.text(), content, "{case}");
    }
}

/// 9111-4.1-1, 9111-4.1-2, 9111-4.1-3, 9110-5.1-1, PRJ-4.1-8, EDGE-21, EDGE-22, EDGE-23, C-15
#[tokio::test]
async fn values_that_mean_the_same_match() {
    assert_selected(
        &[
            (&[], &[("foo", "1")], &[("foo", "2")]),
            (&[""], &[("foo", "1")], &[("foo", "2")]),
            (&[" , "], &[("foo", "1")], &[("foo", "2")]),
            (&["Foo"], &[("foo", "1")], &[("foo", "1")]),
            (
                &["Foo"],
                &[("foo", "1"), ("bar", "1")],
                &[("foo", "1"), ("bar", "2")],
            ),
            (&["Foo"], &[], &[]),
            (&["Foo"], &[("foo", "")], &[("foo", "")]),
            (&["FOO,,foo"], &[("foo", "1")], &[("foo", "1")]),
            (
                &["Foo, Bar"],
                &[("foo", "1"), ("bar", "2")],
                &[("bar", "2"), ("foo", "1")],
            ),
            (&["Foo", "Bar"], &[("foo", "1")], &[("foo", "1")]),
            // Lines and white space
            (&["Foo"], &[("foo", "a,b")], &[("foo", "a"), ("foo", "b")]),
            (&["Foo"], &[("foo", "a,b")], &[("foo", "a, b")]),
            (
                &["Foo"],
                &[("foo", "a"), ("foo", "b")],
                &[("foo", " a ,\tb ")],
            ),
            // Letter case, where the field's definition says that it means nothing
            (
                &["Accept-Encoding"],
                &[("accept-encoding", "gzip, br")],
                &[("accept-encoding", "gzip,br")],
            ),
            (
                &["Accept-Encoding"],
                &[("accept-encoding", "gzip, br")],
                &[("accept-encoding", "GZIP, BR")],
            ),
            (
                &["Accept-Encoding"],
                &[("accept-encoding", "gzip, br")],
                &[("accept-encoding", "gzip"), ("accept-encoding", "br")],
            ),
            (
                &["Accept-Language"],
                &[("accept-language", "de-CH")],
                &[("accept-language", "de-ch")],
            ),
            // Crumbs of a cookie (RFC 9113 §8.2.3)
            (
                &["Cookie"],
                &[("cookie", "a=1; b=2")],
                &[("cookie", "a=1"), ("cookie", "b=2")],
            ),
            // The authority is in the URI
            (&["Host"], &[("host", "o.test")], &[]),
            (&["Host"], &[("host", "o.test")], &[("host", "O.test:80")]),
        ],
        true,
    )
    .await;
}

/// 9111-4.1-1, 9111-4.1-3, 7240-2-1, 9842-6.2-1, EDGE-21, EDGE-22: each line of a field counts
#[tokio::test]
async fn values_that_may_mean_something_else_do_not_match() {
    assert_selected(
        &[
            (&["Foo"], &[("foo", "1")], &[("foo", "2")]),
            (&["foo"], &[("foo", "1")], &[]),
            (&["foo"], &[], &[("foo", "1")]),
            (&["Foo"], &[], &[("foo", "")]),
            (&["Foo"], &[("foo", "")], &[]),
            (
                &["Foo, Bar"],
                &[("foo", "1"), ("bar", "2")],
                &[("foo", "1"), ("bar", "3")],
            ),
            (
                &["Foo, Bar"],
                &[("foo", "1"), ("bar", "2")],
                &[("foo", "2"), ("bar", "1")],
            ),
            (
                &["Foo", "Bar"],
                &[("foo", "1"), ("bar", "2")],
                &[("foo", "1"), ("bar", "3")],
            ),
            // An empty line of one field is not one of another
            (&["Foo, Bar"], &[("foo", "")], &[("bar", "")]),
            (
                &["Foo, Bar"],
                &[("foo", "1"), ("bar", "2"), ("bar", "")],
                &[("bar", "2"), ("foo", "1"), ("foo", "")],
            ),
            // Lines, order, letter case
            (
                &["Foo"],
                &[("foo", "a"), ("foo", "b")],
                &[("foo", "a"), ("foo", "c")],
            ),
            (&["Foo"], &[("foo", "a"), ("foo", "b")], &[("foo", "a")]),
            (
                &["Foo"],
                &[("foo", "a"), ("foo", "b")],
                &[("foo", "b"), ("foo", "a")],
            ),
            (&["Foo"], &[("foo", "a, b")], &[("foo", "A, B")]),
            (&["Foo"], &[("foo", "ab")], &[("foo", "a"), ("foo", "b")]),
            (&["Foo"], &[("foo", "\"a, b\"")], &[("foo", "\"a,b\"")]),
            (
                &["Accept-Encoding"],
                &[("accept-encoding", "gzip, br")],
                &[("accept-encoding", "br, gzip")],
            ),
            (
                &["User-Agent"],
                &[("user-agent", "a b")],
                &[("user-agent", "a  b")],
            ),
            (
                &["Cookie"],
                &[("cookie", "a=1"), ("cookie", "b=2")],
                &[("cookie", "a=1"), ("cookie", "b=3")],
            ),
            (
                &["Cookie"],
                &[("cookie", "a=1")],
                &[("cookie", "a=1"), ("cookie", "b=2")],
            ),
            (
                &["Cookie"],
                &[("cookie", "a=1, b=2")],
                &[("cookie", "a=1,b=2")],
            ),
            (
                &["Authorization"],
                &[("authorization", "Basic a")],
                &[("authorization", "Basic b")],
            ),
            (&["Prefer"], &[("prefer", "return=minimal")], &[]),
            (
                &["accept-encoding, available-dictionary"],
                &[
                    ("accept-encoding", "dcb"),
                    ("available-dictionary", ":YQ==:"),
                ],
                &[
                    ("accept-encoding", "dcb"),
                    ("available-dictionary", ":Yg==:"),
                ],
            ),
        ],
        false,
    )
    .await;
}
