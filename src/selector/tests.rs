use std::time::Duration;

use http::{Request, Uri};

use super::Selector;

#[test]
fn nothing_secret_is_printed() {
    let uri = Uri::from_static("http://user:secret@H:80/a?token=secret");
    let request = Request::get("http://h/a?secret")
        .header("authorization", "secret")
        .body("secret")
        .unwrap();
    let table = [
        (Selector::uri(&uri), "Selector(http://h/a?..)"),
        (Selector::prefix(&uri), "Selector(below http://h/a?..)"),
        (Selector::origin(&uri), "Selector(all of http://h)"),
        (Selector::request(&request), "Selector(GET http://h/a)"),
        (Selector::partition("secret"), "Selector(a partition)"),
        (
            Selector::filter(|_| true).or(Selector::stale()).not(),
            "Selector(Not(Or([filter, stale])))",
        ),
        (
            Selector::all().and(Selector::older_than(Duration::from_secs(1)).and(&uri)),
            "Selector(And([all, older than 1s, http://h/a?..]))",
        ),
        (
            !!Selector::uri(&Uri::from_static("/a")),
            "Selector(nothing)",
        ),
    ];
    for (selector, expected) in table {
        assert_eq!(format!("{selector:?}"), expected);
    }
}
