//! Parts: which octets are held of a body that is not held whole.

use bytes::Bytes;

/// More pieces than this are put together where they touch, and where that leaves too many, no more are
/// taken.
const MOST_PIECES: usize = 64;

/// The octets that are held of a body that is not held whole: one at least.
#[derive(Debug, Clone)]
pub(crate) struct Parts {
    /// Each with its position, in order. None is empty, and none overlaps another.
    pieces: Vec<(u64, Bytes)>,
    complete: Option<u64>,
}

/// What is missing between the octets that are held, or behind them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Gap {
    pub(crate) first: u64,
    /// `None` where it is not known how many octets there are in all.
    pub(crate) last: Option<u64>,
    /// Nothing is held behind it.
    pub(crate) is_rest: bool,
}

impl Parts {
    /// Octets from this position on; `None` where there are none, or more than there are in all.
    pub(crate) fn new(first: u64, data: Bytes, complete: Option<u64>) -> Option<Self> {
        let end = first.checked_add(data.len() as u64)?;
        let fits = !data.is_empty() && complete.is_none_or(|complete| end <= complete);
        fits.then(|| Self {
            pieces: vec![(first, data)],
            complete,
        })
    }

    /// How many octets there are in all, where that is known.
    pub(crate) fn complete(&self) -> Option<u64> {
        self.complete
    }

    /// What is held, each piece with its position.
    pub(crate) fn pieces(&self) -> &[(u64, Bytes)] {
        &self.pieces
    }

    /// How many octets are held.
    pub(crate) fn len(&self) -> usize {
        self.pieces.iter().map(|(_, piece)| piece.len()).sum()
    }

    /// The memory that they take.
    pub(crate) fn size(&self) -> usize {
        size_of::<Self>() + self.pieces.len() * size_of::<(u64, Bytes)>() + self.len()
    }

    /// Whether every octet from the first position to the last is held.
    pub(crate) fn holds(&self, first: u64, last: u64) -> bool {
        let mut next = first;
        for (at, piece) in &self.pieces {
            if *at <= next && next <= end(*at, piece) {
                next = next.max(end(*at, piece));
            }
        }
        next > last
    }

    /// The octets from the first position to the last, as far as they are held.
    pub(crate) fn slices(&self, first: u64, last: u64) -> Vec<Bytes> {
        let within = |(at, piece): &(u64, Bytes)| {
            let from = first.max(*at);
            let to = end(*at, piece).min(last.saturating_add(1));
            let position = |octet: u64| usize::try_from(octet - at).expect("it lies in the piece");
            (from < to).then(|| piece.slice(position(from)..position(to)))
        };
        self.pieces.iter().filter_map(within).collect()
    }

    /// What is missing, where it is in one place.
    pub(crate) fn gap(&self) -> Option<Gap> {
        let mut gaps = Vec::new();
        let mut next = 0;
        for (at, piece) in &self.pieces {
            if next < *at {
                gaps.push(Gap {
                    first: next,
                    last: Some(at - 1),
                    is_rest: false,
                });
            }
            next = end(*at, piece);
        }
        if self.complete.is_none_or(|complete| next < complete) {
            gaps.push(Gap {
                first: next,
                last: self.complete.map(|complete| complete - 1),
                is_rest: true,
            });
        }
        match gaps[..] {
            [gap] => Some(gap),
            _ => None,
        }
    }

    /// All the octets in one piece, where none is missing.
    pub(crate) fn whole(&self) -> Option<Bytes> {
        let complete = self.complete?;
        if !self.holds(0, complete.checked_sub(1)?) {
            return None;
        }
        match &self.pieces[..] {
            [(_, piece)] => Some(piece.clone()),
            pieces => Some(joined(pieces)),
        }
    }

    /// These parts and this one. Of octets that are in both, those that were here stay. `None` where it
    /// contradicts how many there are in all, or the pieces are too many.
    pub(crate) fn with(&self, first: u64, data: &Bytes, complete: Option<u64>) -> Option<Self> {
        let complete = match (self.complete, complete) {
            (Some(held), Some(said)) if held != said => return None,
            (held, said) => held.or(said),
        };
        let beyond = first.checked_add(data.len() as u64)?.max(self.end());
        if complete.is_some_and(|complete| beyond > complete) {
            return None;
        }
        let mut pieces = self.pieces.clone();
        let (mut from, mut to) = (first, end(first, data));
        for (at, piece) in &self.pieces {
            if *at <= from && from < end(*at, piece) {
                from = end(*at, piece);
            }
        }
        for (at, piece) in self.pieces.iter().rev() {
            if *at < to && to <= end(*at, piece) {
                to = *at;
            }
        }
        if from < to {
            pieces.retain(|(at, piece)| end(*at, piece) <= from || to <= *at);
            let position = |octet: u64| usize::try_from(octet - first).expect("it lies within");
            let new = if to - from == data.len() as u64 {
                data.clone()
            } else {
                // What is sliced off would still be held.
                Bytes::copy_from_slice(&data[position(from)..position(to)])
            };
            let place = pieces.partition_point(|(at, _)| *at < from);
            pieces.insert(place, (from, new));
        }
        if pieces.len() > MOST_PIECES {
            pieces = merged(&pieces);
        }
        (pieces.len() <= MOST_PIECES).then_some(Self { pieces, complete })
    }

    fn end(&self) -> u64 {
        self.pieces.last().map_or(0, |(at, piece)| end(*at, piece))
    }
}

/// The position behind a piece.
fn end(at: u64, piece: &Bytes) -> u64 {
    at + piece.len() as u64
}

/// The pieces with those made one that touch.
fn merged(pieces: &[(u64, Bytes)]) -> Vec<(u64, Bytes)> {
    pieces
        .chunk_by(|one, next| end(one.0, &one.1) == next.0)
        .map(|run| match run {
            [piece] => piece.clone(),
            run => (run[0].0, joined(run)),
        })
        .collect()
}

fn joined(pieces: &[(u64, Bytes)]) -> Bytes {
    let octets = pieces.iter().map(|(_, piece)| piece.len()).sum();
    let mut data = Vec::with_capacity(octets);
    for (_, piece) in pieces {
        data.extend_from_slice(piece);
    }
    Bytes::from(data.into_boxed_slice())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WHOLE: &[u8] = b"0123456789abcdefghij";

    fn part(first: u64, last: u64) -> (u64, Bytes) {
        let (from, to) = (first as usize, last as usize);
        (first, Bytes::from_static(&WHOLE[from..=to]))
    }

    fn parts(ranges: &[(u64, u64)], complete: Option<u64>) -> Parts {
        let mut parts: Option<Parts> = None;
        for (first, last) in ranges {
            let (first, data) = part(*first, *last);
            let combined = match &parts {
                None => Parts::new(first, data, complete),
                Some(parts) => parts.with(first, &data, complete),
            };
            parts = Some(combined.expect("they fit"));
        }
        parts.expect("one at least")
    }

    /// 9111-3.3-4
    #[test]
    fn what_is_missing_in_one_place_is_a_gap() {
        let gap = |first, last, is_rest| {
            Some(Gap {
                first,
                last,
                is_rest,
            })
        };
        for (ranges, complete, expected) in [
            (&[(0, 4)][..], Some(10), gap(5, Some(9), true)),
            (&[(0, 4)], None, gap(5, None, true)),
            (&[(5, 9)], Some(10), gap(0, Some(4), false)),
            (&[(0, 2), (7, 9)], Some(10), gap(3, Some(6), false)),
            (&[(0, 2), (3, 4)], Some(10), gap(5, Some(9), true)),
            (&[(2, 4)], Some(10), None),
            (&[(5, 9)], None, None),
            (&[(0, 9)], Some(10), None),
        ] {
            assert_eq!(parts(ranges, complete).gap(), expected, "{ranges:?}");
        }
    }

    /// PRJ-3.4-3, 9110-14.4-1
    #[test]
    fn parts_that_contradict_each_other_are_not_combined() {
        let held = parts(&[(0, 4)], Some(10));
        let (first, data) = part(5, 9);
        assert!(held.with(first, &data, Some(11)).is_none());
        assert!(held.with(6, &data, None).is_none());
        assert!(held.with(u64::MAX, &data, None).is_none());
        assert!(
            parts(&[(8, 9)], None)
                .with(0, &part(0, 4).1, Some(9))
                .is_none()
        );
        assert!(Parts::new(6, data.clone(), Some(10)).is_none());
        assert!(Parts::new(u64::MAX, data, None).is_none());
        assert!(Parts::new(0, Bytes::new(), None).is_none());
    }

    /// Too many that touch are one; too many that do not are refused.
    #[test]
    fn pieces_have_a_limit() {
        let octet = Bytes::from_static(b"x");
        let count = |step: u64| {
            let mut parts = Parts::new(0, octet.clone(), None).unwrap();
            for n in 1..1000 {
                match parts.with(n * step, &octet, None) {
                    Some(more) => parts = more,
                    None => return (n, parts.pieces.len()),
                }
            }
            (1000, parts.pieces.len())
        };
        let (taken, pieces) = count(1);
        assert!(taken == 1000 && pieces <= MOST_PIECES);
        assert_eq!(count(2), (MOST_PIECES as u64, MOST_PIECES));
    }

    proptest! {
        /// 9111-3.4-1: whatever is put together, each octet stands where it stood.
        #[test]
        fn parts_together_are_the_octets_of_the_whole(
            ranges in prop::collection::vec((0..20u64, 0..20u64), 1..9),
            asked in (0..20u64, 0..20u64),
        ) {
            let sorted = |(one, other): (u64, u64)| (one.min(other), one.max(other));
            let ranges: Vec<_> = ranges.into_iter().map(sorted).collect();
            let held = parts(&ranges, Some(20));
            let is_held = |at: u64| ranges.iter().any(|(first, last)| (*first..=*last).contains(&at));
            let (first, last) = sorted(asked);
            prop_assert_eq!(held.holds(first, last), (first..=last).all(is_held));
            let octets: Vec<u8> = held.slices(first, last).concat();
            let expected: Vec<u8> = (first..=last)
                .filter(|at| is_held(*at))
                .map(|at| WHOLE[at as usize])
                .collect();
            prop_assert_eq!(octets, expected);
            prop_assert_eq!(held.len(), (0..20).filter(|at| is_held(*at)).count());
            let whole = held.whole();
            prop_assert_eq!(whole.is_some(), (0..20).all(is_held));
            prop_assert!(whole.is_none_or(|whole| whole == WHOLE));
            prop_assert!(held.pieces.windows(2).all(|pair| end(pair[0].0, &pair[0].1) <= pair[1].0));
        }
    }
}
