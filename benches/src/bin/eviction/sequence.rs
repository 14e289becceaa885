//! Sequences of requests.

use crate::random::Random;

pub(crate) const OBJECTS: usize = 100_000;
const KIBIBYTE: u32 = 1024;

/// What is asked for, one after the other, and how much there is room for.
pub(crate) struct Sequence {
    pub(crate) name: String,
    /// Numbers of objects.
    pub(crate) requests: Vec<u32>,
    /// How many octets each object takes.
    pub(crate) sizes: Vec<u32>,
    /// How many octets a cache may hold.
    pub(crate) room: u64,
    /// About how many objects that are.
    pub(crate) objects: usize,
}

impl Sequence {
    /// All of them, with so many requests each; an object takes so many octets beside its body.
    pub(crate) fn all(count: usize, beside_the_body: u32) -> Vec<Self> {
        const ROOMS: [(&str, usize); 2] = [("1 %", OBJECTS / 100), ("10 %", OBJECTS / 10)];

        let zipfs = [0.9, 0.99, 1.1].map(|skew| (format!("Zipf {skew}"), zipf(skew, count, 1)));
        let mixes = [
            ("with scans", with_scans(count)),
            ("moving slowly", moving(count)),
            ("changing at once", changing(count)),
        ];
        let mixes = mixes.map(|(name, requests)| (format!("Zipf 0.99 {name}"), requests));
        let size = KIBIBYTE + beside_the_body;
        let mut all = Vec::new();
        for (name, requests) in zipfs.iter().chain(&mixes) {
            for (share, objects) in ROOMS {
                all.push(Self::alike(
                    format!("{name}, {share}"),
                    requests,
                    objects,
                    size,
                ));
            }
        }
        for (share, objects) in ROOMS {
            let longer = objects + objects / 10;
            let requests: Vec<_> = (0..count).map(|n| (n % longer) as u32).collect();
            let name = format!("loop, longer by a tenth than {share}");
            all.push(Self::alike(name, &requests, objects, size));
        }
        let sizes: Vec<_> = lognormal().map(|body| body + beside_the_body).collect();
        let sum: u64 = sizes.iter().copied().map(u64::from).sum();
        for (share, objects) in ROOMS {
            all.push(Self {
                name: format!("Zipf 0.99, sizes mixed, {share}"),
                requests: zipf(0.99, count, 1),
                sizes: sizes.clone(),
                room: sum * objects as u64 / OBJECTS as u64,
                objects,
            });
        }
        all
    }

    fn alike(name: String, requests: &[u32], objects: usize, size: u32) -> Self {
        let last = requests.iter().max().map_or(0, |last| *last as usize);
        Self {
            name,
            requests: requests.to_vec(),
            sizes: vec![size; last + 1],
            room: objects as u64 * u64::from(size),
            objects,
        }
    }
}

/// Ranks, the n-th as often as 1/n^skew says.
struct Zipf(Vec<f64>);

impl Zipf {
    fn new(skew: f64) -> Self {
        let mut sum = 0.0;
        let sums = (1..=OBJECTS).map(|rank| {
            sum += (rank as f64).powf(-skew);
            sum
        });
        Self(sums.collect())
    }

    fn draw(&self, random: &mut Random) -> usize {
        let wanted = random.share() * self.0[OBJECTS - 1];
        let rank = self.0.partition_point(|sum| *sum < wanted);
        rank.min(OBJECTS - 1)
    }
}

/// All objects, in an order that says nothing.
fn shuffled(random: &mut Random) -> Vec<u32> {
    let mut objects: Vec<_> = (0..OBJECTS as u32).collect();
    random.shuffle(&mut objects);
    objects
}

fn zipf(skew: f64, count: usize, seed: u64) -> Vec<u32> {
    let (zipf, mut random) = (Zipf::new(skew), Random::new(seed));
    let objects = shuffled(&mut random);
    let requests = (0..count).map(|_| objects[zipf.draw(&mut random)]);
    requests.collect()
}

/// Three requests in ten belong to scans: 5,000 objects in a row that nobody has asked for before and
/// nobody asks for again.
fn with_scans(count: usize) -> Vec<u32> {
    const SCAN: usize = 5_000;
    const BETWEEN: usize = SCAN * 7 / 3;

    let mut new = OBJECTS as u32..;
    let mut requests = zipf(0.99, count, 2);
    for start in (BETWEEN..count).step_by(BETWEEN + SCAN) {
        let end = count.min(start + SCAN);
        for request in &mut requests[start..end] {
            *request = new.next().expect("there are enough numbers");
        }
    }
    requests
}

/// At one request in five two objects, whichever they are, exchange their ranks. In 10⁶ requests each object
/// does four times.
fn moving(count: usize) -> Vec<u32> {
    let (zipf, mut random) = (Zipf::new(0.99), Random::new(3));
    let mut objects = shuffled(&mut random);
    let requests = (0..count).map(|n| {
        if n % 5 == 0 {
            objects.swap(random.below(OBJECTS), random.below(OBJECTS));
        }
        objects[zipf.draw(&mut random)]
    });
    requests.collect()
}

/// Five parts, in each of which every object has another rank.
fn changing(count: usize) -> Vec<u32> {
    let parts = (0..5).map(|part| zipf(0.99, count / 5, 10 + part));
    parts.flatten().collect()
}

/// The sizes of bodies: half beyond 4 KiB, one in forty beyond 77 KiB, none beyond 1 MiB.
fn lognormal() -> impl Iterator<Item = u32> {
    const MEDIAN: f64 = 4.0 * KIBIBYTE as f64;
    const DEVIATION: f64 = 1.5;

    let mut random = Random::new(4);
    (0..OBJECTS).map(move |_| {
        let size = MEDIAN * (DEVIATION * random.normal()).exp();
        (size as u32).min(KIBIBYTE * KIBIBYTE)
    })
}
