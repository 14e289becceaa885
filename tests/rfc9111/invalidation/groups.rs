//! RFC 9875: cache groups.

use http::Method;
use support::{Answer, Conversation, Reply, begun, get, reply, request};
use tower_client_cache::{Forward, NotStored};

use super::{TAG, assert_invalid, tagged, unsafe_request};

fn groups_are_kept() -> Conversation {
    Conversation::with(|layer| layer.cache_groups(true))
}

/// A response that can be validated, in these groups.
fn in_groups(groups: &str) -> Reply {
    tagged("hello").field("cache-groups", groups)
}

/// What is stored at each path, in these groups.
async fn with(members: &[(&str, &str)]) -> Conversation {
    let talk = groups_are_kept();
    for (path, groups) in members {
        talk.origin.will(in_groups(groups));
        talk.get(path).await.assert_stored();
    }
    talk
}

/// An answer that invalidates these groups.
fn invalidating(groups: &str) -> Reply {
    reply(204).field("cache-group-invalidation", groups)
}

/// 9875-2-1, 9875-3-2: strings in any order, whatever their parameters, in one line or more
#[tokio::test]
async fn what_is_in_a_listed_group_is_invalidated() {
    for (groups, named) in [
        (r#""g""#, r#""g""#),
        (r#""scripts";x=1, "g""#, r#""g";y"#),
        (r#""g", "other""#, r#""nobody", "g""#),
        (r#""a \"quoted\" one""#, r#""a \"quoted\" one""#),
    ] {
        let talk = with(&[("/a", groups), ("/c", r#""elsewhere""#)]).await;
        let user = [("authorization", "Bearer a")];
        talk.origin.will(in_groups(groups));
        talk.get_with("/b?x", &user).await.assert_stored();
        unsafe_request(&talk, "/unsafe", invalidating(named)).await;
        assert_invalid(&talk, "/a", groups).await;
        talk.origin.will(reply(304).field("etag", TAG));
        let next = talk.get_with("/b?x", &user).await;
        next.assert_forwarded(Forward::Stale);
        talk.get("/c").await.assert_hit();
    }
}

/// 9875-3-2: there is nothing to ask about it with
#[tokio::test]
async fn a_member_without_a_validator_is_removed() {
    let talk = groups_are_kept();
    let member = reply(200).control("max-age=60");
    talk.store(member.field("cache-groups", r#""g""#)).await;
    unsafe_request(&talk, "/unsafe", invalidating(r#""g""#)).await;
    assert!(talk.handle.is_empty());
}

/// 9875-2.1-1: the name to the letter, and the origin
#[tokio::test]
async fn a_group_of_another_name_or_origin_is_another() {
    for (target, named) in [
        ("/unsafe", r#""G""#),
        ("/unsafe", r#""g ""#),
        ("/unsafe", r#""""#),
        ("http://o.test:81/unsafe", r#""g""#),
        ("https://o.test/unsafe", r#""g""#),
        ("http://other.test/unsafe", r#""g""#),
    ] {
        let talk = with(&[("/a", r#""g""#)]).await;
        unsafe_request(&talk, target, invalidating(named)).await;
        let next = talk.get("/a").await;
        assert!(next.cache.is_hit(), "{target} {named}: {}", next.cache);
    }
}

/// 9875-2-2: thirty-two groups of thirty-two characters
#[tokio::test]
async fn many_groups_are_kept() {
    let names: Vec<_> = (0..32).map(|n| format!("\"{n:032}\"")).collect();
    let all = names.join(", ");
    for name in &names {
        let talk = with(&[("/a", &all), ("/b", &all)]).await;
        unsafe_request(&talk, "/unsafe", invalidating(name)).await;
        assert_invalid(&talk, "/a", name).await;
        assert_invalid(&talk, "/b", name).await;
    }
    let last = &names[31..];
    let talk = with(&[("/a", &last[0])]).await;
    unsafe_request(&talk, "/unsafe", invalidating(&all)).await;
    assert_invalid(&talk, "/a", "all are listed").await;
}

/// 9875-2.2.1-1: and no more than that
#[tokio::test]
async fn what_shares_a_group_with_the_target_is_invalidated_and_nothing_beyond() {
    let members = [("/a", r#""1""#), ("/b", r#""1", "2""#), ("/c", r#""2""#)];
    let talk = with(&members).await;
    unsafe_request(&talk, "/a", reply(204)).await;
    assert_invalid(&talk, "/a", "the target").await;
    assert_invalid(&talk, "/b", "shares a group").await;
    talk.get("/c").await.assert_hit();
    // What the answer names besides is as good as the target (9111-4.4-3).
    let talk = with(&members).await;
    let answer = reply(201).field("location", "/c");
    unsafe_request(&talk, "/unsafe", answer).await;
    assert_invalid(&talk, "/b", "shares a group").await;
    assert_invalid(&talk, "/c", "named").await;
    talk.get("/a").await.assert_hit();
}

/// 9875-3-1
#[tokio::test]
async fn the_answer_to_a_safe_request_invalidates_no_group() {
    for method in ["GET", "HEAD", "OPTIONS", "PROPFIND", "QUERY"] {
        let talk = with(&[("/a", r#""g""#)]).await;
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        talk.origin.will(invalidating(r#""g""#));
        talk.send(request(method.clone(), "/safe", &[])).await;
        let next = talk.get("/a").await;
        assert!(next.cache.is_hit(), "{method}: {}", next.cache);
    }
}

/// Where a response came from, in its extensions.
#[derive(Clone)]
struct CameFrom(&'static str);

/// 9875-2.1-1, 9875-3-1, C-53: a redirect that the client has followed led elsewhere, or to a GET
#[tokio::test]
async fn an_answer_that_came_from_another_uri_invalidates_the_target_alone() {
    for (came_from, is_invalidated) in [
        ("http://other.test/unsafe", false),
        ("http://o.test/other", false),
        ("http://o.test/unsafe", true),
    ] {
        let talk = Conversation::with(|layer| {
            let layer = layer.cache_groups(true);
            layer.final_uri(|extensions| {
                let CameFrom(uri) = extensions.get()?;
                Some(uri.parse().expect("a URI"))
            })
        });
        for path in ["/a", "/b", "/unsafe"] {
            talk.origin.will(in_groups(&format!("\"{path}\"")));
            talk.get(path).await.assert_stored();
        }
        let answer = invalidating(r#""/a""#).field("location", "/b");
        let answer = answer.extension(CameFrom(came_from));
        unsafe_request(&talk, "/unsafe", answer).await;
        assert_invalid(&talk, "/unsafe", came_from).await;
        for path in ["/a", "/b"] {
            if is_invalidated {
                assert_invalid(&talk, path, came_from).await;
            } else {
                talk.get(path).await.assert_hit();
            }
        }
    }
}

/// 9875-3-3, C-45: 2xx and 3xx, as for the target itself
#[tokio::test]
async fn only_an_answer_that_says_something_has_changed_invalidates_a_group() {
    for status in [200, 201, 204, 303] {
        let talk = with(&[("/a", r#""g""#)]).await;
        let answer = reply(status).field("cache-group-invalidation", r#""g""#);
        unsafe_request(&talk, "/unsafe", answer).await;
        assert_invalid(&talk, "/a", &status.to_string()).await;
    }
    for status in [400, 404, 412, 500, 503] {
        let talk = with(&[("/a", r#""g""#)]).await;
        let answer = reply(status).field("cache-group-invalidation", r#""g""#);
        unsafe_request(&talk, "/unsafe", answer).await;
        talk.get("/a").await.assert_hit();
    }
}

/// PRJ-9875-1
#[tokio::test]
async fn a_field_that_is_no_list_of_strings_is_ignored() {
    for named in ["g", r#""g", g"#, r#"("g")"#, r#""g"#, r#""g",,"#, "1"] {
        let talk = with(&[("/a", r#""g""#)]).await;
        unsafe_request(&talk, "/unsafe", invalidating(named)).await;
        let next = talk.get("/a").await;
        assert!(next.cache.is_hit(), "{named}: {}", next.cache);
    }
    for groups in ["g", r#""g", g"#, r#"("g")"#] {
        let talk = with(&[("/a", groups)]).await;
        unsafe_request(&talk, "/unsafe", invalidating(r#""g""#)).await;
        let next = talk.get("/a").await;
        assert!(next.cache.is_hit(), "{groups}: {}", next.cache);
    }
}

/// PRJ-9875-1: in what it joins, and out of what it leaves
#[tokio::test]
async fn a_304_changes_the_groups_of_what_it_freshens() {
    for (named, is_member) in [(r#""new""#, true), (r#""old""#, false)] {
        let talk = with(&[("/a", r#""old""#)]).await;
        talk.clock.advance(60);
        let freshened = reply(304).field("etag", TAG);
        talk.origin
            .will(freshened.field("cache-groups", r#""new""#));
        talk.get("/a").await.assert_validated();
        unsafe_request(&talk, "/unsafe", invalidating(named)).await;
        if is_member {
            assert_invalid(&talk, "/a", named).await;
        } else {
            talk.get("/a").await.assert_hit();
        }
    }
    let talk = with(&[("/a", r#""g""#)]).await;
    talk.clock.advance(60);
    talk.origin.will(reply(304).field("etag", TAG));
    talk.get("/a").await.assert_validated();
    unsafe_request(&talk, "/unsafe", invalidating(r#""g""#)).await;
    assert_invalid(&talk, "/a", "nothing was said").await;
}

/// 9875-3-2: one variant may be in a group that another is not in
#[tokio::test]
async fn variants_have_groups_of_their_own() {
    let talk = groups_are_kept();
    let variants = [[("foo", "1")], [("foo", "2")]];
    for (fields, group) in variants.iter().zip([r#""1""#, r#""2""#]) {
        talk.origin.will(in_groups(group).field("vary", "foo"));
        talk.get_with("/a", fields).await.assert_stored();
    }
    unsafe_request(&talk, "/unsafe", invalidating(r#""1""#)).await;
    talk.get_with("/a", &variants[1]).await.assert_hit();
    talk.origin.will(reply(304).field("etag", TAG));
    let next = talk.get_with("/a", &variants[0]).await;
    next.assert_forwarded(Forward::Stale);
}

/// 9875-3-2, PRJ-4-14: a head that was on its way, and a body half read
#[tokio::test]
async fn a_response_asked_for_before_that_is_in_the_group_is_not_stored() {
    let talk = groups_are_kept();
    let (gate, held) = in_groups(r#""g""#).held();
    talk.origin.will(held);
    let head = begun(talk.get("/a"));
    let (frames, streamed) = in_groups(r#""1", "g""#).streamed();
    talk.origin.will(streamed);
    let body = talk.start(get("/b", &[])).await.unwrap();
    assert!(frames.data("ol"));
    let (other_gate, held) = in_groups(r#""other""#).held();
    talk.origin.will(held);
    let other = begun(talk.get("/c"));
    unsafe_request(&talk, "/unsafe", invalidating(r#""g""#)).await;
    assert!(frames.data("d"));
    drop(frames);
    gate.open();
    other_gate.open();
    assert_eq!(Answer::read(body).await.unwrap().text(), "old");
    assert_eq!(head.await.text(), "hello");
    other.await.assert_stored();
    for path in ["/a", "/b"] {
        talk.origin.will(reply(404));
        let next = talk.get(path).await;
        next.assert_forwarded(Forward::UriMiss);
    }
    talk.get("/c").await.assert_hit();
}

/// 9875-2.2.1-1, PRJ-4-14
#[tokio::test]
async fn a_response_asked_for_before_that_shares_a_group_with_the_target_is_not_stored() {
    let talk = with(&[("/a", r#""g""#)]).await;
    let (gate, held) = in_groups(r#""g""#).held();
    talk.origin.will(held);
    let slow = begun(talk.get("/b"));
    unsafe_request(&talk, "/a", reply(204)).await;
    gate.open();
    assert_eq!(slow.await.text(), "hello");
    talk.origin.will(reply(404));
    talk.get("/b").await.assert_forwarded(Forward::UriMiss);
}

/// 9875-3-2, PRJ-4-14: not by staying in it, and not by leaving it
#[tokio::test]
async fn a_304_asked_for_before_does_not_make_a_member_good_again() {
    for groups in [r#""g""#, r#""other""#] {
        let talk = with(&[("/a", r#""g""#)]).await;
        talk.clock.advance(60);
        let late = reply(304).field("etag", TAG).field("cache-groups", groups);
        let (gate, held) = late.held();
        talk.origin.will(held);
        let slow = begun(talk.get("/a"));
        unsafe_request(&talk, "/unsafe", invalidating(r#""g""#)).await;
        gate.open();
        assert_eq!(slow.await.text(), "hello");
        assert_invalid(&talk, "/a", groups).await;
    }
}

/// 9875-3-2: a 304 that was asked for before may find out that what it freshens is in the group
#[tokio::test]
async fn a_304_asked_for_before_does_not_freshen_what_joins_the_group() {
    let talk = with(&[("/a", r#""other""#)]).await;
    talk.clock.advance(60);
    let late = reply(304).field("etag", TAG);
    let (gate, held) = late.field("cache-groups", r#""g""#).held();
    talk.origin.will(held);
    let slow = begun(talk.get("/a"));
    unsafe_request(&talk, "/unsafe", invalidating(r#""g""#)).await;
    gate.open();
    slow.await.assert_not_stored(NotStored::Purged);
    assert_invalid(&talk, "/a", "still stale").await;
}

/// An answer to a POST that is what a GET of `/a` would get from now on.
fn posted() -> Reply {
    let posted = in_groups(r#""g""#).field("content-location", "/a");
    posted.field("cache-group-invalidation", r#""g""#)
}

/// 9875-3-2, 9110-9.3.3-1: it is newer than whatever it makes wrong
#[tokio::test]
async fn an_answer_that_invalidates_its_own_group_is_stored() {
    let talk = with(&[("/a", r#""g""#), ("/b", r#""g""#)]).await;
    talk.origin.will(posted());
    talk.send(request(Method::POST, "/a", &[])).await;
    talk.get("/a").await.assert_hit();
    assert_invalid(&talk, "/b", "a member").await;
}

/// 9875-3-2, PRJ-4-14: but not newer than what somebody else has made wrong meanwhile
#[tokio::test]
async fn an_answer_to_an_unsafe_request_may_be_in_a_group_that_was_invalidated_meanwhile() {
    let talk = groups_are_kept();
    let (gate, held) = posted().held();
    talk.origin.will(held);
    let slow = begun(talk.send(request(Method::POST, "/a", &[])));
    unsafe_request(&talk, "/unsafe", invalidating(r#""g""#)).await;
    gate.open();
    assert_eq!(slow.await.text(), "hello");
    assert!(talk.handle.is_empty());
}

/// 9875-3-2: what is asked for afterwards
#[tokio::test]
async fn a_member_asked_for_afterwards_is_stored() {
    let talk = with(&[("/a", r#""g""#)]).await;
    let (_gate, held) = in_groups(r#""g""#).held();
    talk.origin.will(held);
    // The invalidation is remembered for the sake of this one.
    let _slow = begun(talk.get("/slow"));
    unsafe_request(&talk, "/unsafe", invalidating(r#""g""#)).await;
    talk.origin.will(in_groups(r#""g""#));
    talk.get("/b").await.assert_stored();
    talk.get("/b").await.assert_hit();
    talk.origin.will(reply(304).field("etag", TAG));
    talk.get("/a").await.assert_validated();
    talk.get("/a").await.assert_hit();
}

/// 9875-3-2, 9111-4.4-1: what is made wrong while the cache is off is not served when it is on again
#[tokio::test]
async fn groups_are_invalidated_while_the_cache_is_off() {
    let talk = with(&[("/a", r#""g""#), ("/b", r#""g""#)]).await;
    talk.handle.disable();
    unsafe_request(&talk, "/a", reply(204)).await;
    talk.handle.enable();
    assert_invalid(&talk, "/b", "shares a group").await;
}

/// 9875-5-1, C-45: tenants of an origin are not each other's to invalidate unless told
#[tokio::test]
async fn groups_are_not_kept_by_default() {
    let talk = Conversation::default();
    talk.store(in_groups(r#""g""#)).await;
    unsafe_request(&talk, "/unsafe", invalidating(r#""g""#)).await;
    let answer = talk.get("/a").await;
    let groups = answer.assert_hit().field("cache-groups");
    assert_eq!(groups.as_deref(), Some(r#""g""#), "9111-3.1-1");
}

/// Promise 6: what it takes to find them is counted
#[tokio::test]
async fn groups_take_room() {
    let talk = groups_are_kept();
    let names: Vec<_> = (0..32).map(|n| format!("\"{n}\"")).collect();
    let other = Conversation::default();
    for talk in [&talk, &other] {
        talk.store(in_groups(&names.join(", "))).await;
    }
    let room = talk.handle.bytes() - other.handle.bytes();
    assert!(room >= 32 * 64, "{room}");
    talk.handle.clear();
    assert_eq!(talk.handle.bytes(), 0);
}
