//! Doing something to all that somebody means.

use std::sync::Arc;

use super::copies::Copies;
use super::fence::Made;
use super::meant::{Among, Came, Means, Meant, Verb};
use super::memory::Memory;
use super::state::{AT_ONCE, State};
use super::{Exchanging, Refused, Removed, Seen};
use crate::stored::StoredResponse;
use crate::sync::MutexGuard;

/// So often a response is tried anew because a purge has come meanwhile. Whoever purges without end keeps nobody.
const TRIES: usize = 16;

impl Memory {
    /// Does this to all that is meant, and holds it against what was asked for so far, but for the answer of the
    /// exchange that has brought it about.
    pub(crate) fn sweep(
        &self,
        meant: &Arc<Meant>,
        verb: Verb,
        by: Option<&mut Exchanging>,
    ) -> Removed {
        let mut state = self.lock();
        let by = by.map(Exchanging::term_mut);
        state.fence.hold(meant, verb, by);
        self.go_through(state, meant, verb)
    }

    /// Does this to all that is meant, when the fence is up.
    pub(super) fn go_through<'a>(
        &'a self,
        state: MutexGuard<'a, State>,
        meant: &Arc<Meant>,
        verb: Verb,
    ) -> Removed {
        let in_flight = state.fence.running();
        let walk = Walk::begin(self, state, meant, verb);
        let done = self.walk(meant, verb);
        drop(walk);
        Removed { in_flight, ..done }
    }

    /// Does this to all that is meant, a few at a time.
    pub(crate) fn walk(&self, meant: &Meant, verb: Verb) -> Removed {
        let (mut gone, mut pile) = (Vec::new(), Vec::new());
        let mut done = Removed::default();
        let mut state = self.lock();
        let mut left = Left::of(&state, &meant.among);
        while let Some(numbers) = left.next(&state) {
            let open = done.judge(&mut state, &numbers, meant, verb, &mut gone);
            drop(state);
            self.do_to(open, meant, verb, &mut done, &mut gone);
            self.set_aside(&mut gone, &mut pile);
            self.let_others_in();
            state = self.lock();
        }
        drop(state);
        self.dismiss(pile);
        done
    }

    /// Does it to those that are meant. Whether they are is asked without the lock, and where one has become another
    /// when it is done, it is asked again.
    fn do_to(
        &self,
        mut open: Vec<Open>,
        meant: &Meant,
        verb: Verb,
        done: &mut Removed,
        gone: &mut Vec<Arc<StoredResponse>>,
    ) {
        // What has taken its place was tried when it was stored, or is of who has asked since: to look again spares
        // nobody anything, and is not done for ever where a filter itself stores.
        for _ in 0..TRIES {
            if open.is_empty() {
                break;
            }
            let chosen: Vec<_> = open
                .into_iter()
                .filter_map(|open| open.meant(&self.copies, &meant.test))
                .map(|open| {
                    let expired = match verb {
                        Verb::Purge => None,
                        Verb::Expire => {
                            let response = &open.seen.response;
                            let answered = self.copies.hits_of(response);
                            response.expired(meant.at, answered).map(Arc::new)
                        }
                    };
                    (open, expired)
                })
                .filter(|(_, expired)| verb == Verb::Purge || expired.is_some())
                .collect();
            open = Vec::new();
            let mut state = self.lock();
            for (Open { number, seen, .. }, expired) in &chosen {
                let Some(held) = state.index.peek(*number) else {
                    continue;
                };
                if !Arc::ptr_eq(&held.response, &seen.response) {
                    open.push(Open {
                        number: *number,
                        seen: Seen::from(held),
                        is_meant: false,
                    });
                } else if let Some(expired) = expired {
                    done.responses += 1;
                    done.bytes += held.size;
                    gone.extend(state.index.replace(*number, expired.clone()));
                } else {
                    done.take(&mut state, *number, gone);
                }
            }
            drop(state);
        }
    }

    /// Takes the lock to store a response, once all that is held against its exchange and cannot be told under the lock
    /// has been tried on it without. What has come meanwhile is tried as well.
    pub(super) fn lock_for(
        &self,
        exchange: &Exchanging,
        made: Made,
        response: &mut Arc<StoredResponse>,
    ) -> Result<MutexGuard<'_, State>, Refused> {
        let mut tried = 0;
        for _ in 0..TRIES {
            let state = self.lock();
            let Some(untried) = state.fence.untried(exchange.term(), tried, made) else {
                return Ok(state);
            };
            tried = state.fence.generation();
            drop(state);
            let came = match made {
                Made::Before => Came::Before,
                Made::Anew | Made::OfStored => Came::Later,
            };
            for pending in untried {
                let done = pending.meant.done_to(pending.verb, response.clone(), came);
                *response = done.map_err(|_| Refused::Fenced)?;
            }
        }
        Err(Refused::Fenced)
    }
}

impl Removed {
    /// Does at once what can be done at once, and gives back what else may have to be done.
    fn judge(
        &mut self,
        state: &mut State,
        numbers: &[u64],
        meant: &Meant,
        verb: Verb,
        gone: &mut Vec<Arc<StoredResponse>>,
    ) -> Vec<Open> {
        let mut open = Vec::new();
        for number in numbers {
            let Some(held) = state.index.peek(*number) else {
                continue;
            };
            match (meant.test.at_once(&held.response, Came::Before), verb) {
                (Some(false), _) => {}
                (Some(true), Verb::Purge) => self.take(state, *number, gone),
                (is_meant, _) => open.push(Open {
                    number: *number,
                    seen: Seen::from(held),
                    is_meant: is_meant.is_some(),
                }),
            }
        }
        open
    }
}

/// A stored response that something may have to be done to.
struct Open {
    number: u64,
    seen: Seen,
    /// Whether that is known already.
    is_meant: bool,
}

impl Open {
    /// The same, if it is meant.
    fn meant(mut self, copies: &Copies, test: &Arc<dyn Means>) -> Option<Self> {
        if !self.is_meant {
            self.seen.hits += copies.hits_of(&self.seen.response);
            self.is_meant = test.means(&self.seen, Came::Before);
        }
        self.is_meant.then_some(self)
    }
}

/// Where there may be more that is meant.
enum Left {
    /// Before this place.
    Places(usize),
    /// Under the keys of these hashes; and of those that have the last of these labels what is behind the one id and
    /// up to the other, and then of the others. What is stored later is not meant.
    These {
        keys: Vec<u64>,
        labels: Vec<u64>,
        ids: (u64, u64),
    },
}

impl Left {
    fn of(state: &State, among: &Among) -> Self {
        match among {
            Among::All => Self::Places(state.index.len()),
            Among::These { uris, labels } => {
                let keys = uris.iter().flat_map(|uri| state.index.keys_of(uri.hash));
                Self::These {
                    keys: keys.collect(),
                    labels: labels.clone(),
                    ids: (0, state.index.last_id()),
                }
            }
        }
    }

    /// The numbers of the next few.
    fn next(&mut self, state: &State) -> Option<Vec<u64>> {
        match self {
            Self::Places(0) => None,
            Self::Places(rest) => {
                let (numbers, start) = state.index.before(*rest, AT_ONCE);
                *rest = start;
                Some(numbers.to_vec())
            }
            Self::These { keys, labels, ids } if keys.is_empty() => {
                let found = state.index.labels.few(*labels.last()?, *ids, AT_ONCE);
                match found.last() {
                    Some(last) => ids.0 = *last,
                    None => {
                        labels.pop();
                        ids.0 = 0;
                    }
                }
                let found = found.into_iter();
                Some(found.filter_map(|id| state.index.find(id)).collect())
            }
            Self::These { keys, .. } => {
                let few = keys.len().saturating_sub(AT_ONCE);
                let keys = keys.drain(few..);
                let variants = keys.flat_map(|hash| state.index.variants(hash));
                Some(variants.map(|(number, _)| number).collect())
            }
        }
    }
}

/// Somebody goes through what is stored for as long as this is there.
struct Walk<'a> {
    store: &'a Memory,
    began: u64,
}

impl<'a> Walk<'a> {
    fn begin(
        store: &'a Memory,
        mut state: MutexGuard<'a, State>,
        meant: &Arc<Meant>,
        verb: Verb,
    ) -> Self {
        let began = state.fence.begin_walk(meant, verb);
        drop(state);
        Self { store, began }
    }
}

impl Drop for Walk<'_> {
    fn drop(&mut self) {
        self.store.lock().fence.end_walk(self.began);
    }
}
