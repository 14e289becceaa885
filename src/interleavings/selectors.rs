//! Selectors that are tried without the lock: nobody is answered with what was asked for before the verb had returned.

use std::time::Duration;

use http::Uri;
use shuttle::thread;

use super::explore;
use super::whole::{TRIES, URI, World, together};
use crate::{CacheHandle, Selector};

/// What is stored, by a filter that others may run beside.
fn slow() -> Selector {
    Selector::filter(|info| {
        thread::yield_now();
        info.uri() == URI
    })
}

fn uri() -> Uri {
    Uri::from_static(URI)
}

#[test]
fn nothing_older_is_served_after_a_purge_by_a_filter() {
    explore("purge by a filter", TRIES, || {
        together(1, |world| {
            world.purge(|handle| {
                handle.purge(slow());
            });
        });
    });
}

#[test]
fn nothing_older_is_served_after_a_purge_by_several_selectors() {
    explore("purge by several selectors", TRIES, || {
        together(1, |world| {
            world.purge(|handle| {
                let old = Selector::older_than(Duration::from_secs(1));
                handle.purge(Selector::prefix(&uri()).and(old.not()).and(slow()));
            });
        });
    });
}

#[test]
fn nothing_older_is_served_after_a_purge_by_tags() {
    explore("purge by tags", TRIES, || {
        together(0, |world| {
            world.purge(|handle| {
                handle.purge(Selector::any_tag(["none", "version"]));
            });
        });
    });
}

#[test]
fn nothing_older_is_served_unasked_after_an_expiry() {
    explore("expiry of a URI", TRIES, || {
        together(1, |world| {
            world.purge(|handle| {
                handle.expire(&uri());
            });
        });
    });
    explore("expiry by a filter", TRIES, || {
        together(1, |world| {
            world.purge(|handle| {
                handle.expire(slow());
            });
        });
    });
    explore("expiry of copies", TRIES, || {
        together(8, |world| {
            world.purge(|handle| {
                handle.expire(Selector::all());
            });
        });
    });
}

/// One comes while the other is being tried, on what is stored or on what is about to be.
#[test]
fn nothing_older_is_served_after_verbs_that_meet() {
    fn meeting(world: &World, verb: fn(&CacheHandle)) {
        let handle = world.handle.clone();
        let outer = Selector::filter(move |_| {
            verb(&handle);
            thread::yield_now();
            false
        });
        world.purge(|handle| {
            handle.expire(outer);
            verb(handle);
        });
    }
    explore("purges that meet", TRIES, || {
        together(1, |world| {
            meeting(world, |handle| {
                handle.purge(slow());
            });
        });
    });
    explore("expiries that meet", TRIES, || {
        together(1, |world| {
            meeting(world, |handle| {
                handle.expire(slow());
            });
        });
    });
}
