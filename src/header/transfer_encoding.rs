//! `Transfer-Encoding` (RFC 9112 §6.1).

use http::{HeaderMap, header};

use super::{Quoting, lines, members};

/// What the field says of octets that somebody has received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TransferEncoding {
    /// Nothing.
    Absent,
    /// They are the content. The recipient has undone `chunked`, which comes last (RFC 9112 §6.1), and a name that
    /// is in no registry is no coding that anybody could have applied or could undo.
    Undone,
    /// They are not the content, but still coded.
    LeftIn,
}

impl TransferEncoding {
    pub(crate) fn parse(fields: &HeaderMap) -> Self {
        let codings = members(lines(fields, &header::TRANSFER_ENCODING), Quoting::Escaped);
        let mut said = None;
        for coding in codings.map(name) {
            match said {
                // Only the last is undone by who reads the message.
                Some(coding) if is_coding(coding) => return Self::LeftIn,
                _ => said = Some(coding),
            }
        }
        match said {
            None if fields.contains_key(header::TRANSFER_ENCODING) => Self::Undone,
            None => Self::Absent,
            Some(last) if is_coding(last) && !last.eq_ignore_ascii_case(CHUNKED) => Self::LeftIn,
            Some(_) => Self::Undone,
        }
    }
}

const CHUNKED: &[u8] = b"chunked";

/// The transfer codings of the registry, and the content codings that some write in their place.
const CODINGS: [&[u8]; 8] = [
    CHUNKED,
    b"gzip",
    b"x-gzip",
    b"deflate",
    b"compress",
    b"x-compress",
    b"br",
    b"zstd",
];

fn is_coding(name: &[u8]) -> bool {
    CODINGS.iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// Of a coding, without its parameters.
fn name(coding: &[u8]) -> &[u8] {
    let end = coding.iter().position(|byte| *byte == b';');
    coding[..end.unwrap_or(coding.len())].trim_ascii_end()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::arbitrary::fields;

    /// 9111-3.1-3, 9112-6.3-2
    #[test]
    fn what_is_left_in_a_coding_is_told_from_what_is_not() {
        for (lines, expected) in [
            (&[][..], TransferEncoding::Absent),
            (&["chunked"], TransferEncoding::Undone),
            (&["Chunked"], TransferEncoding::Undone),
            (&["identity"], TransferEncoding::Undone),
            (&["identity, chunked"], TransferEncoding::Undone),
            (&["cow"], TransferEncoding::Undone),
            (&["cow", "chunked"], TransferEncoding::Undone),
            (&["gzip-like"], TransferEncoding::Undone),
            (&[""], TransferEncoding::Undone),
            (&[" , "], TransferEncoding::Undone),
            (&["gzip"], TransferEncoding::LeftIn),
            (&["GZip ; level=\"1, 2\""], TransferEncoding::LeftIn),
            (&["x-compress"], TransferEncoding::LeftIn),
            (&["br"], TransferEncoding::LeftIn),
            (&["gzip, chunked"], TransferEncoding::LeftIn),
            (&["gzip", "chunked"], TransferEncoding::LeftIn),
            (&["gzip, cow, chunked"], TransferEncoding::LeftIn),
            (&["chunked, gzip"], TransferEncoding::LeftIn),
            (&["chunked, cow"], TransferEncoding::LeftIn),
            (&["chunked", "chunked"], TransferEncoding::LeftIn),
        ] {
            let fields = fields(&header::TRANSFER_ENCODING, lines);
            assert_eq!(TransferEncoding::parse(&fields), expected, "{lines:?}");
        }
    }
}
