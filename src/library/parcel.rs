//! What one link has of the library, and what is sent to it next.
//!
//! A parcel is lines of words with tabs between, an empty line, and then the bytes that the lines tell the lengths of:
//!
//! ```text
//! roots    -        NAME:WINS …             all first parts of names, instead of those told before
//! module   NAME     KIND  LENGTH  NEEDS     a text, instead of one that was there; NEEDS with blanks between
//! files    PACKAGE  PATH …                  what lies in it
//! data     PACKAGE  PATH  LENGTH            one of those
//! old      PACKAGE  PATH                    one of those is out of date
//! gone     NAME                             there is no such module any more
//! ```

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::Arc;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use sha2::{Digest, Sha256};

use crate::library::snapshot::{Kind, Module, Shipment, Snapshot};
use crate::library::{Hash, hash};

/// What one link has.
#[derive(Debug, Default)]
pub struct Held {
    snapshot: Option<Arc<Snapshot>>,
    roots: Option<Hash>,
    modules: BTreeMap<String, Hash>,
    files: BTreeMap<String, Hash>,
    data: BTreeMap<(String, String), Hash>,
    /// The far side can inflate.
    zlib: bool,
}

/// What is to be sent: whether it is compressed, and the bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parcel {
    /// Compressed with zlib.
    pub zlib: bool,
    /// The bytes.
    pub bytes: Arc<[u8]>,
}

impl Held {
    /// A link that has nothing; `zlib`: it can inflate.
    pub fn nothing(zlib: bool) -> Self {
        Self { zlib, ..Self::default() }
    }

    /// Whether it has anything of the library's.
    pub fn is_empty(&self) -> bool {
        self.roots.is_none()
    }

    /// Whether a module that it has was saved since.
    pub fn is_outdated(&self) -> bool {
        let Some(snapshot) = &self.snapshot else { return false };
        snapshot.outdated().iter().any(|name| self.modules.contains_key(name))
    }

    /// What is to be sent in front of a call, so that the link has what this shipment has. None: it has it.
    pub fn before(&mut self, shipment: &Shipment) -> Option<Parcel> {
        if self.is_empty() && !shipment.imports {
            return None;
        }
        self.snapshot = Some(Arc::clone(&shipment.snapshot));
        let mut lines = Lines::default();
        self.tell_roots(&mut lines);
        self.renew(&mut lines);
        for module in &*shipment.modules {
            self.add(module, &mut lines);
        }
        self.packed(lines)
    }

    /// What answers the agent's wish for `lib:NAME` or `data:PACKAGE/PATH`. None: it has it already.
    ///
    /// # Errors
    /// There is no such thing; as words.
    pub fn wished(&mut self, wish: &str) -> Result<Option<Parcel>, String> {
        let snapshot = self.snapshot.clone().ok_or("no library was told of yet")?;
        let mut lines = Lines::default();
        if let Some(name) = wish.strip_prefix("lib:") {
            if snapshot.module(name).is_none() {
                return Err(format!("the library has no module {name}"));
            }
            for module in snapshot.closure(vec![name.to_owned()]) {
                self.add(&module, &mut lines);
            }
        } else if let Some((package, path)) = wish.strip_prefix("data:").and_then(|wish| wish.split_once('/'))
        {
            let bytes = snapshot.data(package, path)?;
            let key = (package.to_owned(), path.to_owned());
            let hash = hash(&bytes);
            self.data.insert(key, hash);
            lines.add(&["data", package, path, &bytes.len().to_string()], hash);
            lines.blobs.push(bytes.into());
        } else {
            return Err(format!("the controller has no module {wish}"));
        }
        Ok(self.packed(lines))
    }

    fn tell_roots(&mut self, lines: &mut Lines) {
        let Some(snapshot) = &self.snapshot else { return };
        let roots: Vec<String> =
            snapshot.roots().map(|(name, wins)| format!("{name}:{}", wins.name())).collect();
        let hash = hash(roots.join(" ").as_bytes());
        if self.roots.replace(hash) != Some(hash) {
            let words: Vec<&str> =
                ["roots", "-"].into_iter().chain(roots.iter().map(String::as_str)).collect();
            lines.add(&words, hash);
        }
    }

    /// What it has, and is another now.
    fn renew(&mut self, lines: &mut Lines) {
        let Some(snapshot) = self.snapshot.clone() else { return };
        for name in self.modules.keys().cloned().collect::<Vec<_>>() {
            if let Some(module) = snapshot.module(&name) {
                self.add(&module, lines);
            } else {
                self.modules.remove(&name);
                self.files.remove(&name);
                lines.add(&["gone", &name], Hash::default());
            }
        }
        let is_old = |(key, held): (&(String, String), &Hash)| match snapshot.data(&key.0, &key.1) {
            Ok(bytes) if hash(&bytes) == *held => None,
            _ => Some(key.clone()),
        };
        for key in self.data.iter().filter_map(is_old).collect::<Vec<_>>() {
            lines.add(&["old", &key.0, &key.1], Hash::default());
            self.data.remove(&key);
        }
    }

    /// A module that it is to have.
    fn add(&mut self, module: &Arc<Module>, lines: &mut Lines) {
        if self.modules.get(&module.name) != Some(&module.hash) {
            self.modules.insert(module.name.clone(), module.hash);
            let needs = self.snapshot.as_ref().map_or(&[][..], |snapshot| snapshot.needs(module)).join(" ");
            let words = ["module", &module.name, module.kind.name(), &module.text.len().to_string(), &needs];
            lines.add(&words, module.hash);
            lines.blobs.push(Arc::clone(&module.text));
        }
        if let Some((files, hash)) = module.files.as_ref().filter(|_| module.kind != Kind::Refused)
            && self.files.insert(module.name.clone(), *hash) != Some(*hash)
        {
            let words: Vec<&str> =
                ["files", &module.name].into_iter().chain(files.iter().map(String::as_str)).collect();
            lines.add(&words, *hash);
        }
    }

    fn packed(&self, lines: Lines) -> Option<Parcel> {
        if lines.head.is_empty() {
            return None;
        }
        let snapshot = self.snapshot.as_ref()?;
        let zlib = self.zlib;
        let key: Hash = lines.key.clone().chain_update([u8::from(zlib)]).finalize().into();
        // Links that lack the same get the same: it is packed once.
        let bytes = snapshot.packed(key, || {
            let bytes = lines.bytes();
            if zlib { compressed(&bytes).unwrap_or(bytes) } else { bytes }
        });
        Some(Parcel { zlib, bytes })
    }
}

/// A parcel in the making.
#[derive(Debug, Default)]
struct Lines {
    head: String,
    blobs: Vec<Arc<[u8]>>,
    key: Sha256,
}

impl Lines {
    fn add(&mut self, words: &[&str], hash: Hash) {
        let line = words.join("\t");
        self.key.update(line.as_bytes());
        self.key.update(hash);
        let _ = write!(self.head, "{}{line}", if self.head.is_empty() { "" } else { "\n" });
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.head.clone().into_bytes();
        bytes.extend_from_slice(b"\n\n");
        self.blobs.iter().for_each(|blob| bytes.extend_from_slice(blob));
        bytes
    }
}

fn compressed(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes)?;
    encoder.finish()
}
