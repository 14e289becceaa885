//! The tests of this member are in `tests/`.
