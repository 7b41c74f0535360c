//! Your own Python: the folders, files, wheels and zips whose modules travel to the hosts that run code which imports them.
//!
//! There is no Python here. What a text imports is found by parsing it ([`imports`]), the modules are looked for as Python
//! would ([`snapshot`]), and all that a link does not have yet goes in front of the call, in the same write ([`parcel`]).
//! Functions can be called by name ([`mod@function`], [`arguments`]). A run takes one [`snapshot::Snapshot`]: whatever is saved meanwhile, its hosts get the same text.

pub mod arguments;
pub mod function;
pub mod imports;
pub mod parcel;
pub mod place;
pub mod snapshot;
mod wheel;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest, Sha256};

use crate::library::imports::Import;
use crate::library::place::{LARGEST_TEXT, Place, Stamp};
use crate::library::snapshot::{Shipment, Snapshot};

/// How many texts are remembered from one run to the next.
const REMEMBERED: usize = 5000;

/// What tells one text from another.
pub type Hash = [u8; 32];

/// The hash of some bytes.
pub fn hash(bytes: &[u8]) -> Hash {
    Sha256::digest(bytes).into()
}

/// All places that modules come from, in the order in which they are looked at.
#[derive(Debug, Default)]
pub struct Library {
    places: Vec<Place>,
    /// Texts that were read, by place and path: read and parsed anew only when the file's state is another.
    texts: Mutex<Texts>,
    /// What the last run took.
    latest: Mutex<Option<Arc<Snapshot>>>,
}

type Texts = HashMap<(usize, String), (Stamp, Arc<Text>)>;

/// The text of a module, read and parsed.
#[derive(Debug)]
pub struct Text {
    /// Its bytes, as they stand in the file.
    pub bytes: Arc<[u8]>,
    /// Their hash.
    pub hash: Hash,
    /// What it imports.
    pub imports: Vec<Import>,
}

impl Library {
    /// A library of these places.
    pub fn new(places: Vec<Place>) -> Self {
        Self { places, ..Self::default() }
    }

    /// Entries as people write them; see [`Place::named`].
    ///
    /// # Errors
    /// What is wrong with one, and what to do.
    pub fn named(entries: &[String]) -> Result<Vec<Place>, String> {
        entries.iter().map(|entry| Place::named(entry)).collect()
    }

    /// Its places.
    pub fn places(&self) -> &[Place] {
        &self.places
    }

    /// What a run of this code takes along. None: there is no library.
    pub fn freeze(self: &Arc<Self>, code: &str) -> Option<Shipment> {
        if self.places.is_empty() {
            return None;
        }
        let snapshot = Arc::new(Snapshot::new(Arc::clone(self)));
        let shipment = snapshot.shipment(code);
        snapshot.freeze();
        *self.latest.lock().unwrap_or_else(PoisonError::into_inner) = Some(snapshot);
        Some(shipment)
    }

    /// What code that a host sends to another takes along: of what the last run took.
    pub fn of_latest(&self, code: &str) -> Option<Shipment> {
        let latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Some(latest?.shipment(code))
    }

    /// The text of a file that is in this state.
    fn text(&self, place: usize, path: &str, stamp: Stamp) -> Result<Arc<Text>, String> {
        let key = (place, path.to_owned());
        let mut texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, text)) = texts.get(&key)
            && *known == stamp
        {
            return Ok(Arc::clone(text));
        }
        let place = self.places.get(place).ok_or("there is no such place")?;
        let bytes = place.read(path, LARGEST_TEXT)?;
        let imports = imports::of(&String::from_utf8_lossy(&bytes));
        let text = Arc::new(Text { hash: hash(&bytes), bytes: bytes.into(), imports });
        if texts.len() >= REMEMBERED {
            texts.clear();
        }
        texts.insert(key, (stamp, Arc::clone(&text)));
        Ok(text)
    }
}

#[cfg(test)]
#[path = "library_test.rs"]
mod tests;
