use std::hash::{BuildHasherDefault, DefaultHasher};

use moka::sync::Cache;

use super::Policy;

type Hasher = BuildHasherDefault<DefaultHasher>;

#[derive(Clone)]
pub(crate) struct Octets;

impl quick_cache::Weighter<u32, u32> for Octets {
    fn weight(&self, _: &u32, octets: &u32) -> u64 {
        u64::from(*octets)
    }
}

/// The crate `quick_cache`.
pub(crate) struct QuickCache(quick_cache::unsync::Cache<u32, u32, Octets, Hasher>);

impl QuickCache {
    pub(crate) fn new(estimate: usize, room: u64) -> Self {
        let lifecycle = quick_cache::unsync::DefaultLifecycle::default();
        Self(quick_cache::unsync::Cache::with(
            estimate,
            room,
            Octets,
            Hasher::default(),
            lifecycle,
        ))
    }
}

impl Policy for QuickCache {
    fn ask(&mut self, object: u32, octets: u32) -> bool {
        let is_there = self.0.get(&object).is_some();
        if !is_there {
            self.0.insert(object, octets);
        }
        is_there
    }
}

/// The crate `moka`.
pub(crate) struct Moka(Cache<u32, u32, Hasher>);

impl Moka {
    /// With room for so many objects, whatever their size.
    pub(crate) fn of_objects(objects: usize) -> Self {
        let builder = Cache::builder().max_capacity(objects as u64);
        Self(builder.build_with_hasher(Hasher::default()))
    }

    /// With room for so many octets.
    pub(crate) fn of_octets(room: u64) -> Self {
        let builder = Cache::builder().max_capacity(room);
        let builder = builder.weigher(|_: &u32, octets: &u32| *octets);
        Self(builder.build_with_hasher(Hasher::default()))
    }
}

impl Policy for Moka {
    fn ask(&mut self, object: u32, octets: u32) -> bool {
        let is_there = self.0.get(&object).is_some();
        if !is_there {
            self.0.insert(object, octets);
        }
        is_there
    }
}
