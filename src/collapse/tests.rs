use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Poll, Wake};

use http::header;

use super::*;

/// One who waits, and how often it was woken.
struct Waiting {
    waiter: Waiter,
    woken: Arc<Woken>,
}

#[derive(Default)]
struct Woken(AtomicUsize);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl Waiting {
    fn poll(&mut self) -> Poll<Turn> {
        let waker = self.woken.clone().into();
        self.waiter.poll(&waker)
    }

    fn woken(&self) -> usize {
        self.woken.0.load(Ordering::Relaxed)
    }

    #[track_caller]
    fn assert_waits(&mut self) {
        assert!(self.poll().is_pending());
    }

    #[track_caller]
    fn assert_released(&mut self) {
        assert!(matches!(self.poll(), Poll::Ready(Turn::Released)));
    }

    #[track_caller]
    fn assert_leads(&mut self) -> Leader {
        match self.poll() {
            Poll::Ready(Turn::Leads(leader)) => leader,
            other => panic!("{other:?}"),
        }
    }

    /// It is told of the head, and that it has to see to the time or that it has not.
    #[track_caller]
    fn assert_head(&mut self, keeps_time: bool) {
        assert!(matches!(self.poll(), Poll::Ready(Turn::Head(_))));
        if keeps_time {
            assert!(matches!(self.poll(), Poll::Ready(Turn::KeepsTime(ANYTIME))));
        }
        self.assert_waits();
    }
}

/// A subject of this hash, of the URI and the origin of the same number.
fn subject(hash: u64) -> Subject<'static> {
    const ORIGINS: [&[u8]; 3] = [b"http://a", b"http://b", b"http://c"];
    Subject {
        hash,
        uri_hash: hash,
        origin: ORIGINS[hash as usize % 3],
    }
}

#[track_caller]
fn leads(groups: &Arc<Groups>, hash: u64) -> Leader {
    match groups.join(subject(hash)) {
        Place::Leads(leader) => leader,
        other => panic!("{other:?}"),
    }
}

/// One who waits and was polled once.
#[track_caller]
fn waits(groups: &Arc<Groups>, hash: u64) -> Waiting {
    let mut waiting = unpolled(groups, hash);
    waiting.assert_waits();
    waiting
}

#[track_caller]
fn unpolled(groups: &Arc<Groups>, hash: u64) -> Waiting {
    match groups.join(subject(hash)) {
        Place::Waits(waiter) => Waiting {
            waiter,
            woken: Arc::default(),
        },
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn assert_empty(groups: &Groups) {
    assert!(groups.is_empty());
}

const ANYTIME: SystemTime = SystemTime::UNIX_EPOCH;

fn all() -> Selection {
    Selection::default()
}

fn some() -> Selection {
    Selection {
        fields: [(header::ACCEPT, None)].into(),
        ..Selection::default()
    }
}

#[test]
fn the_first_leads_and_the_others_wait_until_it_has_an_answer() {
    let groups = Arc::default();
    let mut leader = leads(&groups, 1);
    let mut others = [waits(&groups, 1), waits(&groups, 1)];
    let other = leads(&groups, 2);
    leader.settle();
    drop(leader);
    for waiting in &mut others {
        assert_eq!(waiting.woken(), 1);
        waiting.assert_released();
    }
    drop(other);
    assert_empty(&groups);
    leads(&groups, 1);
}

#[test]
fn where_the_leader_is_given_up_exactly_one_takes_its_place() {
    let groups = Arc::default();
    let leader = leads(&groups, 1);
    let [mut first, mut second, mut third] = std::array::from_fn(|_| waits(&groups, 1));
    drop(leader);
    let woken = [&first, &second, &third].map(Waiting::woken);
    assert_eq!(woken, [1, 0, 0]);
    second.assert_waits();
    let leader = first.assert_leads();
    drop(first);
    drop(leader);
    assert_eq!((second.woken(), third.woken()), (1, 0));
    let mut leader = second.assert_leads();
    leader.settle();
    drop(leader);
    third.assert_released();
    assert_empty(&groups);
}

#[test]
fn one_that_was_called_and_is_given_up_before_it_is_polled_calls_the_next() {
    let groups = Arc::default();
    let leader = leads(&groups, 1);
    let [first, second, mut third] = std::array::from_fn(|_| waits(&groups, 1));
    drop(leader);
    drop(first);
    drop(second);
    assert_eq!(third.woken(), 1);
    drop(third.assert_leads());
    assert_empty(&groups);
    drop(third);
    assert_empty(&groups);
}

#[test]
fn nobody_is_called_who_is_not_there() {
    let groups = Arc::default();
    let leader = leads(&groups, 1);
    let waiting = waits(&groups, 1);
    drop(waiting);
    drop(leader);
    assert_empty(&groups);
}

#[test]
fn one_that_is_polled_is_called_before_one_that_is_not() {
    let groups = Arc::default();
    let leader = leads(&groups, 1);
    let (mut unpolled, mut polled) = (unpolled(&groups, 1), waits(&groups, 1));
    drop(leader);
    assert_eq!(polled.woken(), 1);
    unpolled.assert_waits();
    let leader = polled.assert_leads();
    drop(leader);
    assert_eq!(unpolled.woken(), 1);
}

#[test]
fn where_none_was_polled_yet_the_first_is_called() {
    let groups = Arc::default();
    let leader = leads(&groups, 1);
    let [mut first, mut second] = std::array::from_fn(|_| unpolled(&groups, 1));
    drop(leader);
    second.assert_waits();
    let _leader = first.assert_leads();
}

#[test]
fn a_head_that_is_for_all_is_told_to_the_one_that_sees_to_the_time() {
    let groups = Arc::default();
    let mut leader = leads(&groups, 1);
    let [mut first, mut second, third] = std::array::from_fn(|_| waits(&groups, 1));
    leader.announce_head(&all(), ANYTIME);
    let woken = [&first, &second, &third].map(Waiting::woken);
    assert_eq!(woken, [1, 0, 0]);
    first.assert_head(true);
    second.assert_head(false);
    drop(first);
    let woken = [&second, &third].map(Waiting::woken);
    assert_eq!(woken, [1, 0], "the next one sees to it");
    assert!(matches!(
        second.poll(),
        Poll::Ready(Turn::KeepsTime(ANYTIME))
    ));
    second.assert_waits();
    let mut late = unpolled(&groups, 1);
    late.assert_head(false);
    // After the head nobody leads in the leader's place.
    drop(leader);
    for mut waiting in [second, third, late] {
        waiting.assert_released();
    }
    assert_empty(&groups);
}

#[test]
fn a_head_that_is_not_for_all_is_told_to_all() {
    let groups = Arc::default();
    let mut leader = leads(&groups, 1);
    let others: [_; 3] = std::array::from_fn(|_| waits(&groups, 1));
    let selected_by = some();
    leader.announce_head(&selected_by, ANYTIME);
    for mut waiting in others {
        assert_eq!(waiting.woken(), 1);
        match waiting.poll() {
            Poll::Ready(Turn::Head(Some(told))) => assert_eq!(told, selected_by),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn whoever_gives_up_releases_all() {
    let groups = Arc::default();
    let leader = leads(&groups, 1);
    let [first, mut second] = std::array::from_fn(|_| waits(&groups, 1));
    first.waiter.gives_up(ANYTIME);
    assert_eq!(second.woken(), 1);
    second.assert_released();
    assert!(!groups.is_unfit(1, ANYTIME), "the origin may just be slow");
    let mut later = leads(&groups, 1);
    drop(leader);
    let mut third = waits(&groups, 1);
    assert_eq!(third.woken(), 0, "it is of a later group");
    later.announce_head(&all(), ANYTIME);
    third.assert_head(true);
    third.waiter.gives_up(ANYTIME);
    assert!(groups.is_unfit(1, ANYTIME), "the body is");
    drop(later);
    assert_empty(&groups);
}

#[test]
fn what_is_of_no_use_is_remembered() {
    let groups = Arc::default();
    let mut leader = leads(&groups, 1);
    let mut waiting = waits(&groups, 1);
    leader.mark_unfit(ANYTIME);
    drop(leader);
    waiting.assert_released();
    assert!(groups.is_unfit(1, ANYTIME));
    groups.remove_unfit(1);
    assert!(!groups.is_unfit(1, ANYTIME));
    groups.add_unfit(1, ANYTIME);
    groups.release_all();
    assert!(!groups.is_unfit(1, ANYTIME));
}

#[test]
fn the_groups_that_are_meant_are_released() {
    type Release = fn(&Groups);
    let uri: Release = |groups| groups.release_uri(1);
    let origin: Release = |groups| groups.release_origin(b"http://b");
    let all: Release = Groups::release_all;
    for (release, expected) in [
        (uri, [false, true, false]),
        (origin, [false, true, false]),
        (all, [true; 3]),
    ] {
        let groups = Arc::default();
        let leaders: [_; 3] = std::array::from_fn(|hash| leads(&groups, hash as u64));
        let mut others: [_; 3] = std::array::from_fn(|hash| waits(&groups, hash as u64));
        release(&groups);
        for (waiting, is_released) in others.iter_mut().zip(expected) {
            assert_eq!(waiting.woken() == 1, is_released);
            if is_released {
                waiting.assert_released();
            } else {
                waiting.assert_waits();
            }
        }
        // What was released is of the past: its leader has no say in what comes after it.
        let later = leads(&groups, 1);
        let mut waiting = waits(&groups, 1);
        drop(leaders);
        waiting.assert_waits();
        drop(later);
        drop(waiting);
        drop(others);
        assert_empty(&groups);
    }
}

#[test]
fn an_origin_takes_with_it_what_nobody_waits_for() {
    let groups = Arc::default();
    let _leader = leads(&groups, 1);
    groups.release_origin(b"http://elsewhere");
    assert_empty(&groups);
}

#[test]
fn beyond_so_many_groups_and_waiters_there_is_no_place() {
    let groups = Arc::default();
    let mut leaders: Vec<_> = (0..MAX_GROUPS as u64)
        .map(|hash| leads(&groups, hash))
        .collect();
    assert!(matches!(groups.join(subject(u64::MAX)), Place::Alone));
    let mut others: Vec<_> = (0..MAX_WAITERS).map(|_| unpolled(&groups, 0)).collect();
    assert!(matches!(groups.join(subject(0)), Place::Alone));
    others.pop();
    leaders.pop();
    drop((waits(&groups, 0), leads(&groups, u64::MAX)));
    drop(leaders);
    drop(others);
    assert_empty(&groups);
}

#[test]
fn a_waker_that_has_changed_is_the_one_that_is_woken() {
    let groups = Arc::default();
    let leader = leads(&groups, 1);
    let mut waiting = waits(&groups, 1);
    let before = std::mem::take(&mut waiting.woken);
    waiting.assert_waits();
    drop(leader);
    assert_eq!(before.0.load(Ordering::Relaxed), 0);
    assert_eq!(waiting.woken(), 1);
}

/// A waker that asks for a place while it is woken.
struct Joins(Arc<Groups>);

impl Wake for Joins {
    fn wake(self: Arc<Self>) {
        drop(leads(&self.0, 1));
        drop(leads(&self.0, 2));
    }
}

#[test]
fn nobody_is_woken_under_the_lock() {
    let groups = Arc::default();
    let mut leader = leads(&groups, 1);
    let mut waiting = unpolled(&groups, 1);
    let waker = Arc::new(Joins(groups.clone())).into();
    assert!(waiting.waiter.poll(&waker).is_pending());
    leader.settle();
    drop(leader);
}

struct Panics;

impl Wake for Panics {
    fn wake(self: Arc<Self>) {
        panic!("somebody is woken");
    }
}

/// Nor is it the affair of who wakes it.
#[test]
fn a_waker_that_panics_keeps_nobody_else_waiting() {
    let begin = || {
        let groups = Arc::default();
        let leader = leads(&groups, 1);
        let mut panics = unpolled(&groups, 1);
        assert!(panics.waiter.poll(&Arc::new(Panics).into()).is_pending());
        (groups, leader, panics)
    };

    let (groups, mut leader, _panics) = begin();
    let mut other = waits(&groups, 1);
    leader.settle();
    drop(leader);
    assert_eq!(other.woken(), 1);
    other.assert_released();

    let (groups, mut leader, _panics) = begin();
    let other = waits(&groups, 1);
    let selected_by = some();
    leader.announce_head(&selected_by, ANYTIME);
    assert_eq!(other.woken(), 1);

    let (groups, leader, panics) = begin();
    let mut other = waits(&groups, 1);
    drop(leader);
    drop(panics);
    let _leader = other.assert_leads();
}

#[test]
fn a_lock_that_was_poisoned_is_as_good_as_before() {
    let groups: Arc<Groups> = Arc::default();
    let leader = leads(&groups, 1);
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let _held = groups.lock();
        std::panic::resume_unwind(Box::new("with the lock held"));
    }));
    assert!(panicked.is_err());
    let mut waiting = waits(&groups, 1);
    drop(leader);
    let _leader = waiting.assert_leads();
}
