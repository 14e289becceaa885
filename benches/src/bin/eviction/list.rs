//! Objects in an order, by their numbers.

const NONE: u32 = u32::MAX;

/// Objects in an order, each at most once: a list that is doubly linked, with the links in a table.
pub(crate) struct List {
    links: Vec<Links>,
    first: u32,
    last: u32,
    len: usize,
    octets: u64,
}

#[derive(Clone, Copy)]
struct Links {
    before: u32,
    after: u32,
    octets: u32,
    is_here: bool,
}

impl List {
    /// For objects with numbers below this.
    pub(crate) fn new(objects: usize) -> Self {
        let links = Links {
            before: NONE,
            after: NONE,
            octets: 0,
            is_here: false,
        };
        Self {
            links: vec![links; objects],
            first: NONE,
            last: NONE,
            len: 0,
            octets: 0,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn octets(&self) -> u64 {
        self.octets
    }

    pub(crate) fn contains(&self, object: u32) -> bool {
        self.links[object as usize].is_here
    }

    /// The one that has been there longest.
    pub(crate) fn first(&self) -> Option<u32> {
        (self.first != NONE).then_some(self.first)
    }

    /// The one that came next.
    pub(crate) fn after(&self, object: u32) -> Option<u32> {
        let after = self.links[object as usize].after;
        (after != NONE).then_some(after)
    }

    pub(crate) fn push(&mut self, object: u32, octets: u32) {
        let before = self.last;
        self.links[object as usize] = Links {
            before,
            after: NONE,
            octets,
            is_here: true,
        };
        match before {
            NONE => self.first = object,
            before => self.links[before as usize].after = object,
        }
        self.last = object;
        self.len += 1;
        self.octets += u64::from(octets);
    }

    /// Takes one out, and says how large it was.
    pub(crate) fn remove(&mut self, object: u32) -> u32 {
        let links = self.links[object as usize];
        assert!(links.is_here);
        match links.before {
            NONE => self.first = links.after,
            before => self.links[before as usize].after = links.after,
        }
        match links.after {
            NONE => self.last = links.before,
            after => self.links[after as usize].before = links.before,
        }
        self.links[object as usize].is_here = false;
        self.len -= 1;
        self.octets -= u64::from(links.octets);
        links.octets
    }

    /// Takes out the one that has been there longest.
    pub(crate) fn pop(&mut self) -> Option<(u32, u32)> {
        let first = self.first()?;
        Some((first, self.remove(first)))
    }

    /// Makes it the one that came last.
    pub(crate) fn renew(&mut self, object: u32) {
        let octets = self.remove(object);
        self.push(object, octets);
    }
}
