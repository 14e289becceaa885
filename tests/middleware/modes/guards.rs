//! Several modes at once: the one that is set, and those of guards.

use std::panic::resume_unwind;
use std::thread;

use support::Conversation;
use tower_client_cache::{Mode, ModeGuard, NotStored};

use super::{MODES, new, with_a_response};

/// Promise 2: what one of them forbids is forbidden
#[tokio::test]
async fn modes_together_forbid_what_each_forbids() {
    use Mode::{Bypass, Closed, Normal, Offline, ReadOnly, Refresh};

    for (one, other, both) in [
        (Normal, ReadOnly, ReadOnly),
        (Normal, Offline, Offline),
        (ReadOnly, Refresh, Bypass),
        (ReadOnly, Offline, Offline),
        (Refresh, Bypass, Bypass),
        (Refresh, Offline, Closed),
        (Bypass, Offline, Closed),
        (Closed, Refresh, Closed),
    ] {
        let handle = Conversation::default().handle;
        handle.set_mode(one);
        let guard = handle.hold(other);
        assert_eq!(handle.mode(), both, "{other:?} beside {one:?}");
        let second = handle.hold(one);
        handle.set_mode(Normal);
        assert_eq!(handle.mode(), both, "{one:?} and {other:?} held");
        drop(guard);
        assert_eq!(handle.mode(), one);
        drop(second);
        assert!(handle.is_enabled());
    }
}

/// Promise 2: guards of one mode nest, and none ends by what is set
#[test]
fn a_mode_is_in_force_until_the_last_of_its_guards_is_dropped() {
    for mode in MODES {
        let handle = Conversation::default().handle;
        let (first, second): (ModeGuard, ModeGuard) = (handle.hold(mode), handle.hold(mode));
        drop(first);
        assert_eq!(handle.mode(), mode);
        handle.enable();
        assert_eq!(handle.mode(), mode, "enabling ends no guard");
        handle.set_mode(mode);
        // A guard may be dropped anywhere.
        thread::spawn(move || drop(second)).join().unwrap();
        assert_eq!(handle.mode(), mode, "it was set as well");
        handle.enable();
        assert!(handle.is_enabled());
    }
}

/// Promise 2: a guard is dropped by a panic as well.
#[test]
fn a_panic_ends_what_was_held() {
    let handle = Conversation::default().handle;
    let held = handle.clone();
    let panicked = thread::spawn(move || {
        let _offline = held.hold(Mode::Offline);
        resume_unwind(Box::new("a panic that prints nothing"));
    });
    assert!(panicked.join().is_err());
    assert!(handle.is_enabled());
}

/// Promise 2: one caller's guard against storing and another's against serving are both obeyed
#[tokio::test]
async fn what_two_guards_forbid_is_done_by_nobody() {
    let talk = with_a_response("max-age=60", 1).await;
    let handle = &talk.handle;
    let read_only = handle.hold(Mode::ReadOnly);
    talk.get("/a").await.assert_hit();
    let refresh = handle.hold(Mode::Refresh);
    talk.origin.will(new("max-age=60"));
    let passed = talk.get("/a").await;
    assert_eq!(passed.assert_not_stored(NotStored::Disabled).text(), "new");
    drop(refresh);
    assert_eq!(talk.get("/a").await.assert_hit().text(), "old");
    let refresh = handle.hold(Mode::Refresh);
    drop(read_only);
    talk.origin.will(new("max-age=60"));
    assert_eq!(talk.get("/a").await.assert_stored().text(), "new");
    drop(refresh);
    assert_eq!(talk.get("/a").await.assert_hit().text(), "new");
}

/// A guard that is printed says what it holds.
#[test]
fn a_guard_prints_its_mode() {
    let handle = Conversation::default().handle;
    let guard = handle.hold(Mode::Offline);
    assert_eq!(format!("{guard:?}"), "ModeGuard { mode: Offline, .. }");
    assert_eq!(
        format!("{handle:?}"),
        "CacheHandle { mode: Offline, len: 0, bytes: 0 }"
    );
}
