use super::Policy;
use crate::list::List;

/// What was used least recently gives way.
pub(crate) struct Lru {
    list: List,
    room: u64,
}

impl Lru {
    pub(crate) fn new(objects: usize, room: u64) -> Self {
        Self {
            list: List::new(objects),
            room,
        }
    }
}

impl Policy for Lru {
    fn ask(&mut self, object: u32, octets: u32) -> bool {
        if self.list.contains(object) {
            self.list.renew(object);
            return true;
        }
        if u64::from(octets) <= self.room {
            self.list.push(object, octets);
        }
        while self.list.octets() > self.room {
            self.list.pop();
        }
        false
    }
}
