use super::Policy;
use crate::list::List;

/// A hand goes round from the oldest to the newest, and takes what was not asked for since it last came by
/// (Zhang et al., NSDI 2024).
pub(crate) struct Sieve {
    list: List,
    is_visited: Vec<bool>,
    hand: Option<u32>,
    room: u64,
}

impl Sieve {
    pub(crate) fn new(objects: usize, room: u64) -> Self {
        Self {
            list: List::new(objects),
            is_visited: vec![false; objects],
            hand: None,
            room,
        }
    }

    fn evict(&mut self) {
        let oldest = |list: &List| list.first().expect("it is not empty");
        let mut at = self.hand.unwrap_or_else(|| oldest(&self.list));
        while std::mem::take(&mut self.is_visited[at as usize]) {
            at = self.list.after(at).unwrap_or_else(|| oldest(&self.list));
        }
        self.hand = self.list.after(at);
        self.list.remove(at);
    }
}

impl Policy for Sieve {
    fn ask(&mut self, object: u32, octets: u32) -> bool {
        if self.list.contains(object) {
            self.is_visited[object as usize] = true;
            return true;
        }
        if u64::from(octets) <= self.room {
            while self.list.octets() + u64::from(octets) > self.room {
                self.evict();
            }
            self.list.push(object, octets);
        }
        false
    }
}
