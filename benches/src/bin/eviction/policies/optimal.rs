use std::collections::BTreeSet;
use std::mem::replace;

use crate::list::List;

/// How many hits there are where always that gives way which is asked for again last (Bélády). Where sizes
/// differ it is not quite the best that can be done.
pub(crate) fn optimal(requests: &[u32], sizes: &[u32], room: u64) -> usize {
    let mut next = vec![usize::MAX; sizes.len()];
    let mut again = vec![usize::MAX; requests.len()];
    for (n, object) in requests.iter().enumerate().rev() {
        again[n] = replace(&mut next[*object as usize], n);
    }
    let mut held = List::new(sizes.len());
    let mut order = BTreeSet::new();
    let mut hits = 0;
    for (n, object) in requests.iter().enumerate() {
        if held.contains(*object) {
            hits += 1;
            order.remove(&(n, *object));
        } else {
            held.push(*object, sizes[*object as usize]);
        }
        order.insert((again[n], *object));
        while held.octets() > room {
            let (_, last) = order.pop_last().expect("it is not empty");
            held.remove(last);
        }
    }
    hits
}
