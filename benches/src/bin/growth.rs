//! What a hit costs as the store grows.

use std::time::Duration;

use benches::{Contender, Lane, Origin, Page, Room, URI, is_quick, median, thousands, uris};

const OCTETS: usize = 64;

fn main() {
    let sizes: &[usize] = if is_quick() {
        &[1_000, 10_000, 100_000]
    } else {
        &[1_000, 10_000, 100_000, 1_000_000]
    };
    let rounds = if is_quick() { 5 } else { 15 };
    let all = uris(sizes[sizes.len() - 1]);
    let mut stores: Vec<_> = sizes.iter().map(|size| Store::new(&all[..*size])).collect();
    for _ in 0..rounds {
        for store in &mut stores {
            store.measure();
        }
    }
    println!("### Hits as the store grows\n");
    println!(
        "Nanoseconds of an exchange that hits, bodies of {OCTETS} octets, the median of {rounds} rounds: always \
         the same stored response; one after the other, in no order; and, for what reading so many URIs \
         from memory costs by itself, bare calls in that order. In brackets, relative to 1,000.\n"
    );
    println!("| stored responses | the same | one after the other | bare, one after the other |");
    println!("|---:|---:|---:|---:|");
    for (size, store) in sizes.iter().zip(&stores) {
        let cell = |of: fn(&Store) -> &Vec<f64>| {
            let (figure, first) = (median(of(store)), median(of(&stores[0])));
            format!("{figure:.0} ({:.2})", figure / first)
        };
        println!(
            "| {} | {} | {} | {} |",
            thousands(*size as f64),
            cell(|store| &store.same),
            cell(|store| &store.each),
            cell(|store| &store.bare)
        );
    }
}

struct Store {
    lanes: [Lane; 3],
    same: Vec<f64>,
    each: Vec<f64>,
    bare: Vec<f64>,
}

impl Store {
    fn new(uris: &[&'static str]) -> Self {
        let origin = Origin::new(Page::fresh(OCTETS));
        let calls = origin.calls();
        let room = Room::Responses(usize::MAX);
        // The step has no factor in common with the sizes, which are powers of ten.
        let order: Vec<_> = (0..uris.len())
            .map(|n| uris[(n * 618_033) % uris.len()])
            .collect();
        let ours = Contender::Ours.client(room, origin.clone());
        let mut same = Lane::new(ours.another(), vec![URI], OCTETS);
        same.make(500);
        let mut each = Lane::new(ours, order.clone(), OCTETS);
        each.make(order.len());
        assert_eq!(calls.count(), 1 + order.len());
        let bare = Contender::Bare.client(room, Origin::new(Page::fresh(OCTETS)));
        let bare = Lane::new(bare, order, OCTETS);
        Self {
            lanes: [same, each, bare],
            same: Vec::new(),
            each: Vec::new(),
            bare: Vec::new(),
        }
    }

    fn measure(&mut self) {
        const COUNT: usize = 10_000;

        let each = |time: Duration| time.as_secs_f64() * 1e9 / COUNT as f64;
        let [same, one_by_one, bare] = &mut self.lanes;
        self.same.push(each(same.time(COUNT)));
        self.each.push(each(one_by_one.time(COUNT)));
        self.bare.push(each(bare.time(COUNT)));
    }
}
