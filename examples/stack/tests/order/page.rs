//! The page `order` of the documentation.

use std::collections::BTreeSet;

const PAGE: &str = include_str!("../../../../src/order.md");
const TESTS: [&str; 6] = [
    include_str!("credentials.rs"),
    include_str!("limits.rs"),
    include_str!("retrying.rs"),
    include_str!("seeing.rs"),
    include_str!("storing.rs"),
    include_str!("timeouts.rs"),
];

#[test]
fn the_page_names_the_tests_that_there_are() {
    let is_sentence = |name: &&str| name.matches('_').count() > 2 && !name.contains(':');
    let named: BTreeSet<_> = PAGE.split('`').filter(is_sentence).collect();
    let after_attribute = |tests: &'static str| tests.split("#[tokio::test]\nasync fn ").skip(1);
    let tests = TESTS.into_iter().flat_map(after_attribute);
    let tests: BTreeSet<_> = tests.filter_map(|test| test.split('(').next()).collect();
    assert_eq!(named, tests);
}
