//! The key: a hash of the parts as they stand, and the parts to be sure.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, BuildHasherDefault, Hasher};

use http::{HeaderMap, Method, Request, Uri, header};

/// What keeps others from guessing which keys collide.
pub(super) struct Seed(RandomState);

impl Seed {
    pub(super) fn random() -> Self {
        Self(RandomState::new())
    }
}

/// A key that borrows from the request.
pub(super) struct Hashed<'a> {
    pub(super) hash: u64,
    method: &'a Method,
    uri: &'a Uri,
    partition: Option<u64>,
}

/// A key that is kept.
pub(super) struct Key {
    pub(super) hash: u64,
    method: Method,
    uri: Uri,
    partition: Option<u64>,
}

impl<'a> Hashed<'a> {
    pub(super) fn of<Q>(seed: &Seed, request: &'a Request<Q>, has_credentials: bool) -> Self {
        let (method, uri) = (request.method(), request.uri());
        let (_, authority, path) = parts(uri);
        let partition = has_credentials.then(|| partition(seed, request.headers()));
        // A path begins with a slash, and an authority has none. What has the same hash is told apart below.
        let mut hasher = seed.0.build_hasher();
        hasher.write(authority.as_bytes());
        hasher.write(path.as_bytes());
        if let Some(partition) = partition {
            hasher.write_u64(partition);
        }
        Self {
            hash: hasher.finish(),
            method,
            uri,
            partition,
        }
    }

    pub(super) fn is(&self, key: &Key) -> bool {
        parts(self.uri) == parts(&key.uri)
            && *self.method == key.method
            && self.partition == key.partition
    }

    pub(super) fn to_key(&self) -> Key {
        Key {
            hash: self.hash,
            method: self.method.clone(),
            uri: self.uri.clone(),
            partition: self.partition,
        }
    }
}

impl Key {
    pub(super) fn octets(&self) -> usize {
        let (scheme, authority, path) = parts(&self.uri);
        scheme.len() + authority.len() + path.len()
    }
}

fn parts(uri: &Uri) -> (&str, &str, &str) {
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    (uri.scheme_str().unwrap_or_default(), authority, path)
}

fn partition(seed: &Seed, fields: &HeaderMap) -> u64 {
    let mut hasher = seed.0.build_hasher();
    for name in [
        header::AUTHORIZATION,
        header::COOKIE,
        header::PROXY_AUTHORIZATION,
    ] {
        for value in fields.get_all(name) {
            hasher.write(value.as_bytes());
            hasher.write_u8(0xff);
        }
        hasher.write_u8(0xfe);
    }
    hasher.finish()
}

/// A hash is its own hash.
pub(super) type Identity = BuildHasherDefault<AsItIs>;

#[derive(Default)]
pub(super) struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {
        unreachable!("only hashes are hashed");
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}
