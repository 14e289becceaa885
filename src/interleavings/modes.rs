//! A mode is in force when the call that sets it has returned: for requests that begin later, and for all that is
//! stored from then on.

use http::Method;
use shuttle::{future, thread};
use tower::Service;

use super::explore;
use super::whole::{TRIES, World, together};
use crate::{CacheStatus, Mode, NotStored, Outcome};

impl World {
    /// Asks, and says what the cache did.
    fn status(&self) -> CacheStatus {
        let mut client = self.client.clone();
        let response = future::block_on(client.call(Self::request(Method::GET)));
        let response = response.expect("nothing fails here");
        let status = response.extensions().get::<CacheStatus>();
        *status.expect("every response says what the cache did")
    }
}

/// While others go on asking, nothing is stored and nothing served.
#[test]
fn between_switching_off_and_clearing_there_is_no_gap() {
    explore("off and cleared", TRIES, || {
        together(1, |world| {
            world.handle.disable_and_clear();
            for _ in 0..3 {
                assert!(world.handle.is_empty(), "something was stored");
                thread::yield_now();
            }
            let status = world.status();
            assert!(!status.is_hit() && world.handle.is_empty());
            world.handle.enable();
        });
    });
}

#[test]
fn nothing_is_stored_once_it_is_read_only() {
    explore("read-only", TRIES, || {
        together(0, |world| {
            world.handle.set_mode(Mode::ReadOnly);
            let held = world.handle.len();
            thread::yield_now();
            let status = world.status();
            assert!(status.is_hit() == (held == 1), "{status}");
            assert!(status.is_hit() || status.not_stored() == Some(NotStored::Disabled));
            assert_eq!(world.handle.len(), held);
            world.handle.set_mode(Mode::Normal);
        });
    });
}

#[test]
fn nothing_older_is_served_once_it_refreshes() {
    explore("refresh", TRIES, || {
        together(1, |world| {
            let version = world.origin.change();
            world.handle.set_mode(Mode::Refresh);
            world.wants(version);
        });
    });
}

#[test]
fn nobody_is_asked_once_it_is_offline() {
    explore("offline", TRIES, || {
        together(0, |world| {
            let offline = world.handle.hold(Mode::Offline);
            let outcome = world.status().outcome();
            assert!(matches!(outcome, Outcome::Hit | Outcome::Offline));
            drop(offline);
        });
    });
}

/// Whatever order they begin and end in.
#[test]
fn guards_leave_nothing_forbidden_behind() {
    explore("guards", TRIES, || {
        together(0, |world| {
            let others: Vec<_> = [Mode::ReadOnly, Mode::Refresh]
                .into_iter()
                .map(|mode| {
                    let handle = world.handle.clone();
                    thread::spawn(move || {
                        let guard = handle.hold(mode);
                        let in_force = handle.mode();
                        assert!(in_force == Mode::Bypass || in_force == mode, "{in_force:?}");
                        drop(guard);
                    })
                })
                .collect();
            for other in others {
                other.join().expect("it does not panic");
            }
            assert!(world.handle.is_enabled());
        });
    });
}
