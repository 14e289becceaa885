//! What is taken out of the store, or marked as made wrong, because somebody says so.

use std::sync::Arc;

use super::index::Index;
use super::meant::{Meant, Verb};
use super::memory::Memory;
use super::state::{AT_ONCE, State};
use super::{Exchanging, Removed};
use crate::key::UriKey;
use crate::stored::StoredResponse;

impl Memory {
    /// RFC 9111 §4.4: what is stored for a URI may be wrong, and what was asked for so far too; but not the
    /// answer of the exchange that has made it wrong. Gives back the cache groups that what was stored is in.
    pub(crate) fn invalidate(&self, uri: &UriKey, by: Option<&mut Exchanging>) -> Vec<u64> {
        let mut groups = Vec::new();
        let (keys, generation, _) = self.fence_off(uri, by);
        self.for_each_of(&keys, |state, hash, gone| {
            let variants = state.index.variants_of(hash, uri);
            let numbers: Vec<u64> = variants.clone().map(|(number, _)| number).collect();
            for (_, held) in variants {
                groups.extend_from_slice(held.response.relations.groups());
            }
            for number in numbers {
                state.invalidate(number, generation, gone);
            }
        });
        groups
    }

    /// Takes out everything that is stored for a URI, and fences what was asked for so far.
    pub(crate) fn purge(&self, uri: &UriKey, by: Option<&mut Exchanging>) -> Removed {
        let (keys, _, in_flight) = self.fence_off(uri, by);
        let mut removed = Removed {
            in_flight,
            ..Removed::default()
        };
        self.for_each_of(&keys, |state, hash, gone| {
            while let Some((number, _)) = state.index.variants_of(hash, uri).next() {
                removed.take(state, number, gone);
            }
        });
        removed
    }

    /// Takes out everything that is stored for an origin, and fences what was asked for so far, but for the
    /// answer of the exchange that has brought it about.
    pub(crate) fn purge_origin(
        &self,
        meant: &Arc<Meant>,
        origin: &[u8],
        by: Option<&mut Exchanging>,
    ) -> Removed {
        let mut state = self.lock();
        let by = by.map(Exchanging::term_mut);
        state.fence.purge_origin(origin, by);
        self.go_through(state, meant, Verb::Purge)
    }

    /// Takes out what has one of these tags, and fences what was asked for so far and turns out to have one; but not the
    /// answer of the exchange that has brought it about.
    pub(crate) fn purge_tags(
        &self,
        meant: &Arc<Meant>,
        tags: &[u64],
        by: Option<&mut Exchanging>,
    ) -> Removed {
        let mut state = self.lock();
        let by = by.map(Exchanging::term_mut);
        state.fence.purge(tags, by);
        self.go_through(state, meant, Verb::Purge)
    }

    /// Puts up the fence for a URI: its keys, the generation from which on it may be stored again, and how
    /// many exchanges run.
    fn fence_off(&self, uri: &UriKey, by: Option<&mut Exchanging>) -> (Vec<u64>, u64, usize) {
        let mut state = self.lock();
        let by = by.map(Exchanging::term_mut);
        state.fence.purge(&[uri.hash], by);
        let keys = state.index.keys_of(uri.hash);
        (keys, state.fence.generation(), state.fence.running())
    }

    /// Does something for each of what may be very many keys or numbers of responses: one URI has a key for
    /// each user. Others are let in between.
    pub(super) fn for_each_of(
        &self,
        keys: &[u64],
        mut act: impl FnMut(&mut State, u64, &mut Vec<Arc<StoredResponse>>),
    ) {
        let (mut gone, mut pile) = (Vec::new(), Vec::new());
        for keys in keys.chunks(AT_ONCE) {
            let mut state = self.lock();
            for hash in keys {
                act(&mut state, *hash, &mut gone);
            }
            drop(state);
            self.set_aside(&mut gone, &mut pile);
            self.let_others_in();
        }
        self.dismiss(pile);
    }

    /// Takes out everything, and fences what was asked for so far. However much there is, it takes
    /// effect at once; the memory is given back after that.
    pub(crate) fn clear(&self) -> Removed {
        let empty = Index::default();
        let mut state = self.lock();
        state.fence.purge_all();
        let gone = std::mem::replace(&mut state.index, empty);
        let in_flight = state.fence.running();
        drop(state);
        let removed = Removed {
            responses: gone.len(),
            bytes: gone.bytes(),
            in_flight,
        };
        self.releaser.release(gone, self.copies.clear());
        removed
    }
}

impl Removed {
    /// Takes a response out.
    pub(super) fn take(
        &mut self,
        state: &mut State,
        number: u64,
        gone: &mut Vec<Arc<StoredResponse>>,
    ) {
        let before = state.index.bytes();
        gone.push(state.index.remove(number).0);
        self.responses += 1;
        self.bytes += before - state.index.bytes();
    }
}
