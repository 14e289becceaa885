//! What is asked of a handle, over a large store, while somebody reads.

use std::fs::File;
use std::io::{BufReader, BufWriter};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use benches::{Client, Origin, Page, Reader, is_quick, request, thousands};
use bytes::Bytes;
use http::{Request, Response, Uri};
use tower::Layer;
use tower_client_cache::{CacheHandle, CacheLayer, Partition, Selector, Tags};

const OCTETS: usize = 64;
/// The reader asks for so many of them, over and over.
const READ: usize = 1000;
/// So many are of one origin, have one tag, are in one partition.
const ALIKE: usize = 1000;

fn main() {
    let count = if is_quick() { 100_000 } else { 1_000_000 };
    let layer = CacheLayer::new().capacity(16 << 30);
    let (handle, client) = (
        layer.handle(),
        layer.layer(Origin::new(Page::fresh(OCTETS))),
    );
    fill(&handle, count);
    let read: Vec<&'static str> = (0..READ).map(|n| &*read_uri(n).leak()).collect();
    let mut first = client.clone();
    for uri in &read {
        first.exchange(uri);
    }
    let held = handle.len();
    println!("### Handle\n");
    println!(
        "{} responses of {OCTETS} octets are stored, {ALIKE} of each origin, of each tag, and in one partition; a thread \
         hits {READ} others of them over and over meanwhile. Milliseconds, and the longest exchange of that thread.\n",
        thousands(held as f64)
    );
    println!("| what | how many | ms | longest exchange of the reader |");
    println!("|---|---:|---:|---:|");
    let reader = Reader::default();
    thread::scope(|scope| {
        scope.spawn(|| reader.read(client.another(), &read));
        reader.wait_for(10 * READ as u64);
        Table { reader: &reader }.measure(&handle, count);
        reader.is_done();
    });
    println!();
}

struct Table<'a> {
    reader: &'a Reader,
}

impl Table<'_> {
    fn measure(&self, handle: &CacheHandle, count: usize) {
        self.row("nothing, for a second", || {
            thread::sleep(Duration::from_secs(1));
            0
        });
        self.row("`stats()`", || handle.stats().responses());
        let asked = request(&*uri(7).leak());
        self.row("`peek()`", || usize::from(handle.peek(&asked).is_some()));
        self.row("`entries()`, to the end", || handle.entries().count());
        let path = std::env::temp_dir().join(format!("cache-snapshot-{}", std::process::id()));
        let create = || File::create(&path).map(BufWriter::new).expect("a file");
        self.row("`snapshot()` to a file", || {
            handle
                .snapshot(create())
                .expect("it is written")
                .responses()
        });
        let day = Duration::from_secs(24 * 60 * 60);
        let (one, origin) = (parsed(uri(7)), parsed(uri(5 * ALIKE)));
        let nowhere = Uri::from_static("http://nowhere.test/a");
        let tag = |n: usize| Selector::tag(&format!("t{n}"));
        let is_large = || Selector::filter(|info| info.body_len() > OCTETS);
        type Row = (&'static str, Selector);
        let purged: [Row; 13] = [
            ("`uri`", Selector::uri(&one)),
            ("`request`", Selector::request(&request(&*uri(8).leak()))),
            ("`tag`", tag(1)),
            ("`any_tag` of two", Selector::any_tag(["t2", "t3"])),
            ("`tag` and `filter`", tag(4).and(is_large().not())),
            ("`origin`", Selector::origin(&origin)),
            ("`prefix`, of nothing", Selector::prefix(&nowhere)),
            ("`partition`", Selector::partition("p")),
            ("`older_than`, of nothing", Selector::older_than(day)),
            (
                "`since`, of nothing",
                Selector::since(SystemTime::now() + day),
            ),
            ("`stale`, of nothing", Selector::stale()),
            ("`filter`, of nothing", is_large()),
            ("`uri` or `tag`", Selector::uri(&one).or(tag(7))),
        ];
        for (name, selector) in purged {
            let name = format!("`purge` of {name}");
            self.row(&name, || handle.purge(selector).responses());
        }
        self.row("`expire` of `tag`", || handle.expire(tag(6)).responses());
        self.row("`expire` of `filter`, of all", || {
            handle.expire(Selector::filter(|_| true)).responses()
        });
        self.row("`remove_expired()`", || handle.remove_expired().responses());
        let restored = self.row("`restore()` from that file", || {
            let file = BufReader::new(File::open(&path).expect("it was written"));
            handle.restore(file).expect("a snapshot").responses()
        });
        std::fs::remove_file(&path).expect("it is there");
        assert!(restored > count / 2, "{restored}");
        self.row("`purge` of `all`", || {
            handle.purge(Selector::all()).responses()
        });
    }

    fn row(&self, name: &str, act: impl FnOnce() -> usize) -> usize {
        let _ = self.reader.take_longest();
        let start = Instant::now();
        let done = act();
        let took = start.elapsed();
        let stall = self.reader.take_longest();
        let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
        println!(
            "| {name} | {} | {:.3} | {:.2} |",
            thousands(done as f64),
            milliseconds(took),
            milliseconds(stall)
        );
        done
    }
}

fn uri(n: usize) -> String {
    format!("http://o{:04}.test/articles/{n:07}", n / ALIKE)
}

fn read_uri(n: usize) -> String {
    format!("http://read.test/articles/{n:07}")
}

fn parsed(uri: String) -> Uri {
    Uri::try_from(uri).expect("a URI")
}

fn fill(handle: &CacheHandle, count: usize) {
    let numbers: Vec<usize> = (0..count).collect();
    thread::scope(|scope| {
        for numbers in numbers.chunks(count.div_ceil(4)) {
            scope.spawn(move || {
                for n in numbers {
                    insert(handle, *n);
                }
            });
        }
    });
    assert_eq!(handle.len(), count);
}

fn insert(handle: &CacheHandle, n: usize) {
    let mut request = Request::new(());
    *request.uri_mut() = parsed(uri(n));
    request
        .extensions_mut()
        .insert(Tags::new([format!("t{}", n / ALIKE)]));
    if n >= ALIKE && n.is_multiple_of(ALIKE) {
        request
            .extensions_mut()
            .insert(Partition(Bytes::from_static(b"p")));
    }
    let response = Response::builder()
        .header("cache-control", "max-age=3600")
        .header("etag", "\"1\"")
        .header("content-type", "text/plain");
    let response = response.body(Bytes::from_static(&[b'x'; OCTETS]));
    let stored = handle.insert(&request, response.expect("a response"));
    stored.expect("it may be stored");
}
