//! RFC 9111 §5.3, RFC 9110 §5.6.7: the dates that end a lifetime.

use support::{Clock, Reply};

use super::{FRESH, STALE, later};
use crate::storing::{TEN_DAYS_AGO, TOMORROW, with};

const NOW: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
const IN_A_MINUTE: &str = "Sun, 06 Nov 1994 08:50:37 GMT";

/// A reply with these lines of `Expires`, which can be validated and was last changed long ago.
fn expires(lines: &[&str]) -> Reply {
    let fields = [("etag", "\"e\""), ("last-modified", TEN_DAYS_AGO)];
    lines.iter().fold(with(200, &fields), |reply, line| {
        reply.field("expires", line)
    })
}

/// 9111-4.2-2, 9110-5.6.7-1, 9110-5.6.7-2, PRJ-5.3-4, PRJ-5.3-5, EDGE-18
#[tokio::test]
async fn a_date_is_read_in_all_its_forms() {
    for lines in [
        &[IN_A_MINUTE][..],
        &["sun, 06 nov 1994 08:50:37 gmt"],
        &["SUN, 06 NOV 1994 08:50:37 GMT"],
        &["Sunday, 06-Nov-94 08:50:37 GMT"],
        &["SUNDAY, 06-nov-94 08:50:37 gmt"],
        &["Sun Nov  6 08:50:37 1994"],
        &["sun nov  6 08:50:37 1994"],
        &["Mon, 06 Nov 1994 08:50:37 GMT"],
        &["  Sun, 06 Nov 1994 08:50:37 GMT "],
        &[IN_A_MINUTE, IN_A_MINUTE],
    ] {
        for (seconds, expected) in [(59, FRESH), (60, STALE)] {
            let cache = later(expires(lines), seconds).await.cache;
            assert_eq!(
                cache.forwarded(),
                expected,
                "{lines:?} after {seconds} s: {cache}"
            );
        }
    }
}

/// 9110-5.6.7-2
#[tokio::test]
async fn a_leap_second_is_a_second() {
    let leap = || expires(&["Sun, 06 Nov 1994 08:49:60 GMT"]);
    for (seconds, expected) in [(22, FRESH), (23, STALE)] {
        let cache = later(leap(), seconds).await.cache;
        assert_eq!(cache.forwarded(), expected, "after {seconds} s: {cache}");
    }
}

/// 9111-5.3-3, 9111-4.2-2, 9110-5.6.7-1, EDGE-18
#[tokio::test]
async fn a_date_far_ahead_is_far_ahead() {
    for line in [
        "Thu, 18 Aug 2050 02:01:18 GMT",
        "thu, 18 AUG 2050 02:01:18 gmt",
        "Thu Aug 18 02:01:18 2050",
        "Tue, 19 Jan 2038 03:14:08 GMT",
        "Sun, 07 Feb 2106 06:28:16 GMT",
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "Saturday, 05-Nov-44 08:49:37 GMT",
    ] {
        let cache = later(expires(&[line]), 366 * 86_400).await.cache;
        assert_eq!(cache.forwarded(), FRESH, "{line}: {cache}");
    }
}

/// 9110-5.6.7-1
#[tokio::test]
async fn a_year_of_two_digits_more_than_fifty_years_ahead_is_past() {
    for line in [
        "Monday, 07-Nov-44 08:49:37 GMT",
        "Friday, 06-Nov-92 08:49:37 GMT",
    ] {
        let cache = later(expires(&[line]), 0).await.cache;
        assert_eq!(cache.forwarded(), STALE, "{line}: {cache}");
    }
}

/// 9111-4.2-5, 9111-4.2.1-5, 9111-4.2.2-2, 9111-5.3-1, PRJ-5.3-4, PRJ-5.3-5, EDGE-17
#[tokio::test]
async fn what_is_no_date_is_in_the_past() {
    let table: &[&[&str]] = &[
        &[NOW],
        &["Sun, 06 Nov 1994 08:49:36 GMT"],
        &[TEN_DAYS_AGO],
        &["Thu, 01 Jan 1970 00:00:00 GMT"],
        &["Mon, 01 Jan 1900 00:00:00 GMT"],
        &["0"],
        &["-1"],
        &["60"],
        &["now"],
        &[""],
        &["Mon, 07 Nov 1994 08:49:37 UTC"],
        &["Mon, 07 Nov 1994 08:49:37 AEST"],
        &["Mon, 07 Nov 1994 08:49:37 +0000"],
        &["Mon, 07 Nov 1994 08:49:37 Z"],
        &["Mon, 07 Nov 1994 08:49:37"],
        &["Mon 07 Nov 1994 08:49:37 GMT"],
        &["Mon,07 Nov 1994 08:49:37 GMT"],
        &["Mon,  07 Nov 1994 08:49:37 GMT"],
        &["Mon, 07  Nov 1994 08:49:37 GMT"],
        &["Mon, 07 Nov 1994  08:49:37 GMT"],
        &["Mon, 07 Nov 1994 08:49:37  GMT"],
        &["Mon, 07-Nov-1994 08:49:37 GMT"],
        &["Mon, 07 Nov 1994 08.49.37 GMT"],
        &["Mon, 07 Nov 1994 8:49:37 GMT"],
        &["Mon, 7 Nov 1994 08:49:37 GMT"],
        &["Mon, 07 Nov 94 08:49:37 GMT"],
        &["Mon, 32 Nov 1994 08:49:37 GMT"],
        &["Mon, 31 Nov 1994 08:49:37 GMT"],
        &["Mon, 07 Nov 1994 24:49:37 GMT"],
        &["Mon, 07 Nov 1994 08:60:37 GMT"],
        &["Mon, 07 Nov 1994 08:49:61 GMT"],
        &["Mon, 07 Foo 1994 08:49:37 GMT"],
        &["Foo, 07 Nov 1994 08:49:37 GMT"],
        &["\"Mon, 07 Nov 1994 08:49:37 GMT\""],
        &["Mon, 07 Nov 1994 08:49:37 GMT, Tue, 08 Nov 1994 08:49:37 GMT"],
        &["Mon, 07 Nov 1994 08:49:37 GMT; x"],
        &[TOMORROW, IN_A_MINUTE],
        &[IN_A_MINUTE, TOMORROW],
        &[TOMORROW, "0"],
        &["0", TOMORROW],
    ];
    for lines in table {
        let cache = later(expires(lines), 0).await.cache;
        assert_eq!(cache.forwarded(), STALE, "{lines:?}: {cache}");
    }
}

/// 9111-4.2.1-1, 9111-4.2.1-5, 9110-6.6.1-3, EDGE-13, EDGE-17
#[tokio::test]
async fn the_lifetime_is_what_lies_between_date_and_expires() {
    let date = |seconds| Clock::default().date(seconds);
    // Date, Expires; how long it is fresh
    let table = [
        (Some(date(0)), date(60), 60),
        (Some(date(-30)), date(30), 30),
        (Some(date(3600)), date(3660), 60),
        (Some(date(3600)), date(7200), 3600),
        (Some(date(7200)), date(3600), 0),
        (Some(date(7200)), date(7200), 0),
        (Some(date(-60)), date(0), 0),
        (Some("rubbish".into()), date(60), 60),
        (Some("".into()), date(60), 60),
        (None, date(60), 60),
    ];
    for (date, at, lifetime) in table {
        for (seconds, expected) in [(lifetime - 1, FRESH), (lifetime, STALE)] {
            let Ok(seconds) = u64::try_from(seconds) else {
                continue;
            };
            let reply = expires(&[&at]).undated();
            let reply = match &date {
                Some(date) => reply.field("date", date),
                None => reply,
            };
            let cache = later(reply, seconds).await.cache;
            assert_eq!(
                cache.forwarded(),
                expected,
                "{date:?} {at} after {seconds} s: {cache}"
            );
        }
    }
}

/// 9111-5.3-2, 9111-4.2.1-1
#[tokio::test]
async fn max_age_outranks_a_date() {
    for line in ["0", "", "rubbish", TEN_DAYS_AGO, TOMORROW, NOW] {
        for (seconds, expected) in [(59, FRESH), (60, STALE)] {
            let reply = expires(&[line]).control("max-age=60");
            let cache = later(reply, seconds).await.cache;
            assert_eq!(
                cache.forwarded(),
                expected,
                "{line:?} after {seconds} s: {cache}"
            );
        }
    }
}

/// 9111-3-8, 9111-5.3-1
#[tokio::test]
async fn a_response_that_expired_long_ago_is_stored_to_be_validated() {
    let expired = with(302, &[("expires", "0"), ("etag", "\"e\"")]);
    let answer = later(expired.body("elsewhere"), 0).await;
    assert_eq!(answer.assert_validated().text(), "elsewhere");
    assert_eq!(answer.status, 302);
}
