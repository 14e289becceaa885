//! A body of several pieces.

use bytes::Bytes;

/// Octets in pieces, of which some may be stored and others made for one answer.
#[derive(Debug)]
pub(crate) struct Segments {
    pieces: std::vec::IntoIter<Bytes>,
    left: u64,
}

impl Segments {
    pub(crate) fn new(pieces: Vec<Bytes>) -> Self {
        Self {
            left: pieces.iter().map(|piece| piece.len() as u64).sum(),
            pieces: pieces.into_iter(),
        }
    }

    /// How many octets are left.
    pub(crate) fn left(&self) -> u64 {
        self.left
    }
}

impl Iterator for Segments {
    type Item = Bytes;

    /// The next piece; none is empty.
    fn next(&mut self) -> Option<Bytes> {
        let piece = self.pieces.find(|piece| !piece.is_empty())?;
        self.left -= piece.len() as u64;
        Some(piece)
    }
}
