use super::Policy;
use crate::list::List;

/// Three first-in-first-out: a small one with a tenth of the room for what is new, a main one, and a ghost
/// of what has left the small one (Yang et al., SOSP 2023).
pub(crate) struct S3Fifo {
    small: List,
    main: List,
    ghost: List,
    hits: Vec<u8>,
    room: u64,
}

const MOST_HITS: u8 = 3;

impl S3Fifo {
    pub(crate) fn new(objects: usize, room: u64) -> Self {
        Self {
            small: List::new(objects),
            main: List::new(objects),
            ghost: List::new(objects),
            hits: vec![0; objects],
            room,
        }
    }

    fn evict(&mut self) {
        if self.small.octets() >= self.room / 10 || self.main.len() == 0 {
            self.evict_of_small();
        } else {
            self.evict_of_main();
        }
    }

    fn evict_of_small(&mut self) {
        while let Some((object, octets)) = self.small.pop() {
            if self.hits[object as usize] > 1 {
                self.hits[object as usize] = 0;
                self.main.push(object, octets);
                if self.main.octets() > self.room - self.room / 10 {
                    self.evict_of_main();
                    return;
                }
            } else {
                self.ghost.push(object, octets);
                while self.ghost.octets() > self.room - self.room / 10 {
                    self.ghost.pop();
                }
                return;
            }
        }
    }

    fn evict_of_main(&mut self) {
        while let Some((object, octets)) = self.main.pop() {
            let hits = &mut self.hits[object as usize];
            if *hits == 0 {
                return;
            }
            *hits -= 1;
            self.main.push(object, octets);
        }
    }
}

impl Policy for S3Fifo {
    fn ask(&mut self, object: u32, octets: u32) -> bool {
        let hits = &mut self.hits[object as usize];
        if self.small.contains(object) || self.main.contains(object) {
            *hits = MOST_HITS.min(*hits + 1);
            return true;
        }
        if u64::from(octets) > self.room {
            return false;
        }
        *hits = 0;
        while self.small.octets() + self.main.octets() + u64::from(octets) > self.room {
            self.evict();
        }
        if self.ghost.contains(object) {
            self.ghost.remove(object);
            self.main.push(object, octets);
        } else {
            self.small.push(object, octets);
        }
        false
    }
}
