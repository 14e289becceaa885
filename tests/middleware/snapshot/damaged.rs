//! What is read of a snapshot that is not as it was written.

use std::io::{self, Read};

use support::Conversation;

use super::{another, fresh, restored, written};

pub(super) const OPENING: usize = 90;
/// A mark, a kind, a number, a length, and a check of these.
pub(super) const HEAD: usize = 16 + 1 + 8 + 8 + 8;

/// Three responses, as they were written.
async fn three() -> (Conversation, Vec<u8>) {
    let talk = Conversation::default();
    for (path, body) in [
        ("/a", "one and one"),
        ("/b", "two and two"),
        ("/c", "three"),
    ] {
        talk.origin.will(fresh(body));
        talk.get(path).await;
    }
    let octets = written(&talk.handle);
    (talk, octets)
}

/// Where each frame begins, and where the last one ends.
pub(super) fn frames(octets: &[u8]) -> Vec<usize> {
    let mark = &octets[OPENING..OPENING + 16];
    let mut places: Vec<_> = (OPENING..octets.len())
        .filter(|at| octets[*at..].starts_with(mark))
        .collect();
    places.push(octets.len());
    places
}

#[tokio::test]
async fn what_is_there_twice_does_not_hide_what_is_missing() {
    let (talk, octets) = three().await;
    let places = frames(&octets);
    assert_eq!(places.len(), 5);
    let piece = |n: usize| &octets[places[n]..places[n + 1]];
    let opening = &octets[..OPENING];
    for (order, responses, damaged) in [
        (&[0, 1, 2, 3][..], 3, 0),
        (&[0, 0, 2, 3], 2, 1),
        (&[0, 1, 1, 3], 2, 1),
        (&[2, 3], 1, 2),
        (&[0, 1, 2, 2, 3], 3, 1),
        (&[0, 0, 0, 0, 0, 3], 1, 4),
    ] {
        let pieces: Vec<_> = order.iter().map(|n| piece(*n)).collect();
        let mixed = [opening, &pieces.concat()].concat();
        let other = another(&talk, |layer| layer);
        let report = restored(&other, &mixed);
        assert_eq!(
            (report.responses(), report.damaged()),
            (responses, damaged),
            "{order:?}"
        );
        assert_eq!(report.is_whole(), damaged == 0, "{order:?}");
        assert_eq!(other.handle.len(), responses, "{order:?}");
    }
}

#[tokio::test]
async fn octets_that_are_missing_or_too_many_cost_one() {
    let (talk, octets) = three().await;
    let places = frames(&octets);
    for (n, place) in places[..3].iter().enumerate() {
        let inside = place + HEAD + 20;
        let mut fewer = octets.clone();
        fewer.drain(inside..inside + 10);
        let mut more = octets.clone();
        more.splice(inside..inside, [0; 10]);
        for changed in [fewer, more] {
            let other = another(&talk, |layer| layer);
            let report = restored(&other, &changed);
            assert_eq!(
                (report.responses(), report.damaged(), report.is_truncated()),
                (2, 1, false),
                "frame {n}"
            );
        }
    }
}

/// One of another snapshot is none of this one.
#[tokio::test]
async fn frames_of_two_snapshots_are_not_mixed() {
    let (talk, one) = three().await;
    let other = written(&talk.handle);
    let (places, of_other) = (frames(&one), frames(&other));
    let mixed = [
        &one[..places[1]],
        &other[of_other[1]..of_other[2]],
        &one[places[2]..],
    ];
    let report = restored(&another(&talk, |layer| layer), &mixed.concat());
    assert_eq!((report.responses(), report.damaged()), (2, 1));
    let both = [&*one, &*other].concat();
    let report = restored(&another(&talk, |layer| layer), &both);
    assert_eq!(
        report.responses(),
        3,
        "what comes after the end is not read"
    );
}

/// What could not be stored is not read into memory.
#[tokio::test]
async fn what_is_larger_than_the_cache_is_passed_by() {
    struct Watched<'a>(&'a [u8], usize);

    impl Read for Watched<'_> {
        fn read(&mut self, octets: &mut [u8]) -> io::Result<usize> {
            self.1 = self.1.max(octets.len());
            self.0.read(octets)
        }
    }

    let talk = Conversation::with(|layer| layer.max_body(8 << 20));
    for (path, octets) in [("/a", 1), ("/b", 8 << 20), ("/c", 1)] {
        talk.origin.will(fresh("").body(vec![b'x'; octets]));
        talk.get(path).await.assert_stored();
    }
    let octets = written(&talk.handle);
    let small = another(&talk, |layer| layer.capacity(64 * 1024));
    let mut watched = Watched(&octets, 0);
    let report = small.handle.restore(&mut watched).expect("a snapshot");
    assert_eq!((report.responses(), report.refused()), (2, 1));
    assert!(report.is_whole());
    assert!(watched.1 < 1 << 20, "{} at once", watched.1);
}
