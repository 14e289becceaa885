//! Pieces of a snapshot, each with a mark before it, its length and checksums.
//!
//! What a frame holds came from origins, who may have put anything into it. So the mark, and what the checksums are
//! keyed with, is drawn for each snapshot: where a frame is damaged and the next one is looked for, nobody can have
//! one found inside of a body.

use std::hash::Hasher;
use std::io::{self, Read, Write};

use siphasher::sip::SipHasher13;
use siphasher::sip128::{Hash128, Hasher128, SipHasher13 as SipHasher13Of128};

/// Drawn for each snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark(pub(super) [u8; 16]);

impl Mark {
    fn keys(self) -> (u64, u64) {
        let number = u128::from_le_bytes(self.0);
        (number as u64, (number >> 64) as u64)
    }

    /// Of what stands before the octets of a frame.
    fn check(self, kind: Kind, number: u64, octets: u64) -> u64 {
        let (one, other) = self.keys();
        let mut hasher = SipHasher13::new_with_keys(one, other);
        hasher.write_u8(kind as u8);
        hasher.write_u64(number);
        hasher.write_u64(octets);
        hasher.finish()
    }

    /// Of the octets.
    pub(super) fn checksum(self, number: u64, octets: &[u8]) -> [u8; 16] {
        let (one, other) = self.keys();
        let mut hasher = SipHasher13Of128::new_with_keys(one, other);
        hasher.write_u64(number);
        hasher.write(octets);
        let Hash128 { h1, h2 } = hasher.finish128();
        (u128::from(h1) << 64 | u128::from(h2)).to_le_bytes()
    }
}

/// What a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Piece = 1,
    /// The last one: its number is how many there are before it.
    End = 2,
}

/// A mark, a kind, a number, a length, and a check of these.
const HEAD: usize = 16 + 1 + 8 + 8 + 8;

const CHECKSUM: usize = 16;

/// So much is asked for at a time.
const CHUNK: usize = 64 * 1024;

/// Writes frames.
#[derive(Debug)]
pub(super) struct Frames<W> {
    writer: W,
    mark: Mark,
    written: u64,
}

impl<W: Write> Frames<W> {
    pub(super) fn new(writer: W, mark: Mark) -> Self {
        Self {
            writer,
            mark,
            written: 0,
        }
    }

    pub(super) fn write(&mut self, octets: &[u8]) -> io::Result<()> {
        self.head(Kind::Piece, octets.len())?;
        self.writer.write_all(octets)?;
        let checksum = self.mark.checksum(self.written, octets);
        self.writer.write_all(&checksum)?;
        self.written += 1;
        Ok(())
    }

    /// There are no more.
    pub(super) fn end(mut self) -> io::Result<()> {
        self.head(Kind::End, 0)?;
        self.writer.flush()
    }

    fn head(&mut self, kind: Kind, octets: usize) -> io::Result<()> {
        let (number, octets) = (self.written, octets as u64);
        let check = self.mark.check(kind, number, octets);
        self.writer.write_all(&self.mark.0)?;
        self.writer.write_all(&[kind as u8])?;
        for number in [number, octets, check] {
            self.writer.write_all(&number.to_le_bytes())?;
        }
        Ok(())
    }
}

/// What was read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Frame<'a> {
    /// As it was written.
    Whole(&'a [u8]),
    /// One that is longer than what is asked for, and was passed by.
    TooLong,
    /// Something that was not, or that comes after what comes behind it, and nobody knows what it was.
    Damaged,
    /// There were so many pieces, and this is the end.
    End(u64),
    /// There is nothing more, and more was to come.
    Truncated,
}

/// Reads frames.
#[derive(Debug)]
pub(super) struct Framed<R> {
    reader: R,
    mark: Mark,
    /// Pieces that are longer are of no use.
    most: u64,
    /// What was read, of which what is before `start` was passed by.
    octets: Vec<u8>,
    start: usize,
    /// The place from which the next frame is read, behind `start`.
    passed: usize,
    /// No frame with a lower number is still to come.
    next: u64,
    /// Octets that were read, and those among them that were looked through for what may be inside of a broken frame.
    read: u64,
    again: u64,
}

impl<R: Read> Framed<R> {
    pub(super) fn new(reader: R, mark: Mark, most: u64) -> Self {
        Self {
            reader,
            mark,
            most,
            octets: Vec::new(),
            start: 0,
            passed: 0,
            next: 0,
            read: 0,
            again: 0,
        }
    }

    pub(super) fn next(&mut self) -> io::Result<Frame<'_>> {
        self.start += std::mem::take(&mut self.passed);
        if !self.fill(HEAD)? {
            return Ok(Frame::Truncated);
        }
        let Some((kind, number, octets)) = self.head() else {
            self.find_mark(1)?;
            return Ok(Frame::Damaged);
        };
        if kind == Kind::End {
            self.passed = HEAD;
            return Ok(Frame::End(number));
        }
        if number < self.next {
            self.find_mark(HEAD)?;
            return Ok(Frame::Damaged);
        }
        self.next = number.saturating_add(1);
        let length = usize::try_from(octets).ok().filter(|_| octets <= self.most);
        let Some(end) = length.and_then(|length| length.checked_add(HEAD + CHECKSUM)) else {
            self.find_mark(HEAD)?;
            return Ok(Frame::TooLong);
        };
        let is_there = self.fill(end)?;
        if !is_there || !self.is_whole(number, end) {
            let is_found = self.rescue(end)?;
            return Ok(if is_there || is_found {
                Frame::Damaged
            } else {
                Frame::Truncated
            });
        }
        self.passed = end;
        Ok(Frame::Whole(&self.left()[HEAD..end - CHECKSUM]))
    }

    /// Whether the octets of the frame that ends there are as they were written.
    fn is_whole(&self, number: u64, end: usize) -> bool {
        let (octets, checksum) = self.left()[HEAD..end].split_at(end - HEAD - CHECKSUM);
        *checksum == self.mark.checksum(number, octets)
    }

    /// Where some octets are missing the next frame begins before this one ends. What is looked through twice is not
    /// more than all there is: however many frames there are that seem to lie inside of each other, it takes no longer.
    fn rescue(&mut self, end: usize) -> io::Result<bool> {
        let end = end.min(self.left().len());
        self.again = self.again.saturating_add(end as u64);
        let from = if self.again <= self.read { HEAD } else { end };
        self.find_mark(from)
    }

    /// What was read and not yet passed by.
    fn left(&self) -> &[u8] {
        &self.octets[self.start..]
    }

    /// What stands before the octets, where that is as it was written.
    fn head(&self) -> Option<(Kind, u64, u64)> {
        let (mark, rest) = self.left().split_first_chunk()?;
        let (kind, rest) = rest.split_first()?;
        let kind = match kind {
            1 => Kind::Piece,
            2 => Kind::End,
            _ => return None,
        };
        let (number, rest) = rest.split_first_chunk()?;
        let (octets, rest) = rest.split_first_chunk()?;
        let (number, octets) = (u64::from_le_bytes(*number), u64::from_le_bytes(*octets));
        let is_whole = *mark == self.mark.0
            && *rest.first_chunk()? == self.mark.check(kind, number, octets).to_le_bytes();
        is_whole.then_some((kind, number, octets))
    }

    /// Goes to where the next mark is, so many octets from here on, or to the end; false where there is none.
    fn find_mark(&mut self, mut from: usize) -> io::Result<bool> {
        let mark = self.mark.0;
        loop {
            let rest = self.left().get(from..).unwrap_or_default();
            let found = rest.windows(mark.len()).position(|octets| *octets == mark);
            if let Some(at) = found {
                self.start += from + at;
                return Ok(true);
            }
            // A mark may begin in the last ones.
            let kept = rest.len().min(mark.len() - 1);
            self.start = self.octets.len() - kept;
            from = 0;
            if !self.fill(kept + 1)? {
                self.start = self.octets.len();
                return Ok(false);
            }
        }
    }

    /// Reads until so many octets are left; false where there are not. Memory grows with what comes and not with what
    /// was said.
    fn fill(&mut self, octets: usize) -> io::Result<bool> {
        while self.left().len() < octets {
            // Each octet is moved no more often than there is as much to be read.
            if self.start >= self.octets.len() / 2 {
                self.octets.drain(..self.start);
                self.start = 0;
            }
            let left = self.left().len();
            let more = (octets - left).max(CHUNK).min(left.max(CHUNK)) as u64;
            let read = (&mut self.reader)
                .take(more)
                .read_to_end(&mut self.octets)?;
            if read == 0 {
                return Ok(false);
            }
            self.read += read as u64;
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MARK: Mark = Mark(*b"0123456789abcdef");

    fn written(pieces: &[Vec<u8>]) -> Vec<u8> {
        let mut octets = Vec::new();
        let mut frames = Frames::new(&mut octets, MARK);
        for piece in pieces {
            frames.write(piece).unwrap();
        }
        frames.end().unwrap();
        octets
    }

    /// The pieces that are read, whether any was damaged, and whether the end was there.
    fn read(octets: &[u8]) -> (Vec<Vec<u8>>, bool, bool) {
        let mut framed = Framed::new(octets, MARK, u64::MAX / 2);
        let (mut pieces, mut is_damaged) = (Vec::new(), false);
        loop {
            match framed.next().unwrap() {
                Frame::Whole(octets) => pieces.push(octets.to_vec()),
                Frame::Damaged | Frame::TooLong => is_damaged = true,
                Frame::End(count) => {
                    let is_damaged = is_damaged || count != pieces.len() as u64;
                    return (pieces, is_damaged, true);
                }
                Frame::Truncated => return (pieces, is_damaged, false),
            }
        }
    }

    fn pieces() -> impl Strategy<Value = Vec<Vec<u8>>> {
        // Some hold the mark.
        let piece = prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..100),
            proptest::collection::vec(any::<u8>(), 0..9).prop_map(|mut octets| {
                octets.extend(MARK.0);
                octets.push(1);
                octets
            }),
            Just(vec![7; 3 * CHUNK]),
        ];
        proptest::collection::vec(piece, 0..5)
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(pieces in pieces()) {
            let (found, is_damaged, is_ended) = read(&written(&pieces));
            prop_assert_eq!(found, pieces);
            prop_assert!(!is_damaged && is_ended);
        }

        /// One octet is another: it is noticed, and all the others are read.
        #[test]
        fn damage_is_noticed_and_costs_one(pieces in pieces(), at in any::<prop::sample::Index>(), by in 1_u8..) {
            let mut octets = written(&pieces);
            let at = at.index(octets.len());
            octets[at] ^= by;
            let (found, is_damaged, is_ended) = read(&octets);
            prop_assert!(is_damaged || !is_ended);
            prop_assert!(found.len() + 1 >= pieces.len(), "{} of {}", found.len(), pieces.len());
            let mut left = pieces.iter();
            prop_assert!(found.iter().all(|found| left.any(|piece| piece == found)));
        }

        /// Octets are missing somewhere, others are there, or both: the frames on either side are read.
        #[test]
        fn what_is_spliced_is_noticed_and_costs_two(
            pieces in pieces(),
            at in any::<prop::sample::Index>(),
            fewer in 0..60_usize,
            more in proptest::collection::vec(any::<u8>(), 0..60),
        ) {
            let octets = written(&pieces);
            let at = at.index(octets.len());
            let end = (at + fewer).min(octets.len());
            let mut spliced = octets.clone();
            spliced.splice(at..end, more);
            prop_assume!(spliced != octets);
            let (found, is_damaged, is_ended) = read(&spliced);
            prop_assert!(is_damaged || !is_ended);
            // So much may touch a frame of no octets and those beside it.
            prop_assert!(found.len() + 3 >= pieces.len(), "{} of {}", found.len(), pieces.len());
            let mut left = pieces.iter();
            prop_assert!(found.iter().all(|found| left.any(|piece| piece == found)));
        }

        /// In whatever order frames come, each piece is read once at most, and it is known whether all were.
        #[test]
        fn what_is_shuffled_is_noticed(order in proptest::collection::vec(0..4_usize, 0..8)) {
            let pieces: Vec<_> = (0..4_u8).map(|piece| vec![piece; 3]).collect();
            let octets = written(&pieces);
            let frame = |n: usize| &octets[n * (HEAD + 3 + CHECKSUM)..][..HEAD + 3 + CHECKSUM];
            let mut shuffled: Vec<u8> = order.iter().flat_map(|n| frame(*n)).copied().collect();
            shuffled.extend(&octets[octets.len() - HEAD..]);
            let (found, is_damaged, is_ended) = read(&shuffled);
            prop_assert!(is_ended);
            prop_assert_eq!(is_damaged, order != [0, 1, 2, 3]);
            prop_assert!(found.windows(2).all(|pair| pair[0] < pair[1]));
        }

        #[test]
        fn what_is_cut_off_is_known_to_be(pieces in pieces(), at in any::<prop::sample::Index>()) {
            let octets = written(&pieces);
            let (found, _, is_ended) = read(&octets[..at.index(octets.len())]);
            prop_assert!(!is_ended);
            prop_assert_eq!(&found[..], &pieces[..found.len()]);
        }

        #[test]
        fn whatever_it_is_it_ends(octets in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert_eq!(read(&octets).0.len(), 0);
        }
    }

    /// What seems to be a frame in a frame in a frame is not looked at as often as that.
    #[test]
    fn frames_inside_of_each_other_are_passed_by() {
        const HEADS: u64 = 2000;
        let mut octets = Vec::new();
        for number in 0..HEADS {
            let length = (HEADS - number - 1) * HEAD as u64;
            octets.extend(MARK.0);
            octets.push(1);
            for number in [number, length, MARK.check(Kind::Piece, number, length)] {
                octets.extend(number.to_le_bytes());
            }
        }
        octets.extend([0; CHECKSUM]);
        let mut framed = Framed::new(&*octets, MARK, u64::MAX);
        let mut damaged = 0;
        while framed.next().unwrap() == Frame::Damaged {
            damaged += 1;
        }
        assert!((1..10).contains(&damaged), "{damaged}");
    }

    /// A length beyond all measure takes no memory.
    #[test]
    fn what_is_said_to_be_long_is_not_believed() {
        let mut octets = Vec::new();
        octets.extend(MARK.0);
        octets.push(1);
        for number in [0, u64::MAX / 2, MARK.check(Kind::Piece, 0, u64::MAX / 2)] {
            octets.extend(number.to_le_bytes());
        }
        octets.extend([0; 100]);
        assert_eq!(read(&octets), (Vec::new(), false, false));
    }
}
