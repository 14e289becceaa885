//! The stored responses of one key.

use super::held::Held;
use super::queues::Queues;

/// The variants of a key with their numbers: one as a rule, or those of a list.
#[derive(Debug, Clone)]
pub(super) struct Variants<'a> {
    one: Option<(u64, &'a Held)>,
    listed: Option<(std::slice::Iter<'a, u64>, &'a Queues)>,
}

impl<'a> Variants<'a> {
    pub(super) fn none() -> Self {
        Self {
            one: None,
            listed: None,
        }
    }

    pub(super) fn one(number: u64, held: &'a Held) -> Self {
        Self {
            one: Some((number, held)),
            listed: None,
        }
    }

    pub(super) fn listed(list: Option<&'a Vec<u64>>, queues: &'a Queues) -> Self {
        Self {
            one: None,
            listed: list.map(|list| (list.iter(), queues)),
        }
    }

    /// The first of them. All are of one key.
    pub(super) fn first(&self) -> Option<&'a Held> {
        match self.one {
            Some((_, held)) => Some(held),
            None => self.clone().next().map(|(_, held)| held),
        }
    }
}

impl<'a> Iterator for Variants<'a> {
    type Item = (u64, &'a Held);

    fn next(&mut self) -> Option<Self::Item> {
        self.nth(0)
    }

    fn nth(&mut self, place: usize) -> Option<Self::Item> {
        if let Some((numbers, queues)) = &mut self.listed {
            let number = *numbers.nth(place)?;
            let held = queues.peek(number).expect("what is listed is held");
            return Some((number, held));
        }
        let one = self.one.take();
        one.filter(|_| place == 0)
    }
}
