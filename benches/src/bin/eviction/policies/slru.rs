use super::Policy;
use crate::list::List;

/// Two in the order of use: what is asked for again moves to the second, which has four fifths of the room
/// and gives back to the first what it has none for.
pub(crate) struct Slru {
    first: List,
    second: List,
    room: u64,
}

impl Slru {
    pub(crate) fn new(objects: usize, room: u64) -> Self {
        Self {
            first: List::new(objects),
            second: List::new(objects),
            room,
        }
    }
}

impl Policy for Slru {
    fn ask(&mut self, object: u32, octets: u32) -> bool {
        if self.second.contains(object) {
            self.second.renew(object);
            return true;
        }
        if self.first.contains(object) {
            self.first.remove(object);
            self.second.push(object, octets);
            while self.second.octets() > self.room * 4 / 5 {
                let (back, octets) = self.second.pop().expect("it is not empty");
                self.first.push(back, octets);
            }
            return true;
        }
        if u64::from(octets) <= self.room {
            self.first.push(object, octets);
        }
        while self.first.octets() + self.second.octets() > self.room {
            self.first.pop().expect("the second has less than all");
        }
        false
    }
}
