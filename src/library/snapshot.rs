//! The library as one run sees it: each name means the same module for all of its hosts.
//!
//! Names are looked for as Python does: in each place in turn a package, then a module, then an extension; a folder without
//! `__init__.py` is a part of a namespace, where nothing else has the name.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use crate::library::imports::{self, Import};
use crate::library::place::{LARGEST_DATA, LISTED, Wins, is_identifier, is_plain};
use crate::library::{Hash, Library, hash};

/// How many modules one call may take along. Others are sent when they are asked for.
const MOST: usize = 2000;
/// How many bytes of text one call may take along.
const HEAVIEST: usize = 32 << 20;
/// How often files are looked at while links have something of them.
pub const LOOK: Duration = Duration::from_millis(900);
/// How many parcels are kept packed.
const PACKED: usize = 64;

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A file with a text.
    Module,
    /// A folder with a text.
    Package,
    /// Folders without one.
    Namespace,
    /// Something that cannot travel; the text says why.
    Refused,
}

impl Kind {
    /// As the agent is told.
    pub fn name(self) -> &'static str {
        match self {
            Self::Module => "module",
            Self::Package => "package",
            Self::Namespace => "namespace",
            Self::Refused => "refused",
        }
    }
}

/// A module of the library.
#[derive(Debug)]
pub struct Module {
    /// Its whole name.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// Its text as it stands in the file.
    pub text: Arc<[u8]>,
    /// Tells its text from another.
    pub hash: Hash,
    /// Where it was found, as people know it.
    pub shown: String,
    /// What lies in a package, with paths from there.
    pub files: Option<(Vec<String>, Hash)>,
    imports: Vec<Import>,
    /// Where its own modules are looked for: place and folder.
    folders: Vec<(usize, String)>,
    needs: OnceLock<Vec<String>>,
}

/// The library as one run sees it.
#[derive(Debug)]
pub struct Snapshot {
    library: Arc<Library>,
    roots: BTreeMap<String, Wins>,
    /// From here on, files that were saved later are not taken.
    frozen: OnceLock<SystemTime>,
    modules: Mutex<HashMap<String, Option<Arc<Module>>>>,
    packed: Mutex<HashMap<Hash, Arc<[u8]>>>,
    /// What was found outdated, and when that was looked for.
    outdated: Mutex<Option<(Instant, Arc<BTreeSet<String>>)>>,
}

/// What a call takes along: modules of a snapshot.
#[derive(Debug, Clone)]
pub struct Shipment {
    /// Where they are from.
    pub snapshot: Arc<Snapshot>,
    /// The modules that the code may import, packages before what is in them.
    pub modules: Arc<[Arc<Module>]>,
    /// Whether the code may import anything at all.
    pub imports: bool,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Snapshot {
    /// The library as it is now; it is looked at bit by bit until [`Snapshot::freeze`].
    pub fn new(library: Arc<Library>) -> Self {
        let mut roots = BTreeMap::new();
        for place in library.places() {
            for root in place.roots() {
                roots.entry(root).or_insert(place.wins);
            }
        }
        let (modules, packed, outdated) = (Mutex::default(), Mutex::default(), Mutex::default());
        Self { library, roots, frozen: OnceLock::new(), modules, packed, outdated }
    }

    /// What was not looked at so far is only taken if it is not saved after this.
    pub fn freeze(&self) {
        let _ = self.frozen.set(SystemTime::now());
    }

    /// The first parts of the names of all modules, and who wins under each.
    pub fn roots(&self) -> impl Iterator<Item = (&str, Wins)> {
        self.roots.iter().map(|(name, wins)| (name.as_str(), *wins))
    }

    /// What some code takes along.
    pub fn shipment(self: &Arc<Self>, code: &str) -> Shipment {
        let imports = code.contains("import");
        let names = if imports { self.wanted_by(&imports::of(code)) } else { Vec::new() };
        Shipment { snapshot: Arc::clone(self), modules: self.closure(names).into(), imports }
    }

    fn wanted_by(&self, imports: &[Import]) -> Vec<String> {
        imports.iter().flat_map(|import| self.targets(import, "")).collect()
    }

    /// The modules with these names, and all that they import, each after the package that it is in.
    pub fn closure(&self, names: Vec<String>) -> Vec<Arc<Module>> {
        let mut queue = VecDeque::from(names);
        let (mut seen, mut found, mut weight) = (HashSet::new(), Vec::new(), 0);
        while let Some(name) = queue.pop_front() {
            if !seen.insert(name.clone()) {
                continue;
            }
            let Some(module) = self.module(&name) else { continue };
            queue.extend(self.needs(&module).iter().cloned());
            weight += module.text.len();
            if found.len() >= MOST || weight > HEAVIEST {
                break;
            }
            found.push(module);
        }
        found.sort_by(|one: &Arc<Module>, other| one.name.cmp(&other.name));
        found
    }

    /// The modules of the library that a module imports, and the packages that it is in.
    pub fn needs<'a>(&self, module: &'a Module) -> &'a [String] {
        module.needs.get_or_init(|| {
            let package = match module.kind {
                Kind::Package | Kind::Namespace => module.name.as_str(),
                _ => owner(&module.name),
            };
            let mut needs: BTreeSet<String> = parents(&module.name).map(str::to_owned).collect();
            for import in &module.imports {
                needs.extend(self.targets(import, package));
            }
            needs.remove(&module.name);
            needs.into_iter().collect()
        })
    }

    /// The modules of the library that an import may mean, in a module of this package.
    fn targets(&self, import: &Import, package: &str) -> Vec<String> {
        let base = match import.level {
            0 => String::new(),
            level => {
                let parts: Vec<&str> = package.split('.').filter(|part| !part.is_empty()).collect();
                match parts.len().checked_sub(level - 1) {
                    Some(kept) if kept > 0 => parts[..kept].join("."),
                    _ => return Vec::new(),
                }
            }
        };
        let mut bases = vec![joined(&base, &import.module)];
        // 2.7 looks beside the module first; there a name of the library may stand for one of the same package.
        if import.level == 0 && !package.is_empty() && !self.is_root(&import.module) {
            bases.push(joined(package, &import.module));
        }
        let mut found = Vec::new();
        for base in bases.iter().filter(|base| self.is_root(base)) {
            let inside = import.names.iter().map(|name| joined(base, name));
            for name in parents(base).map(str::to_owned).chain([base.clone()]).chain(inside) {
                if self.module(&name).is_some() {
                    found.push(name);
                }
            }
        }
        found
    }

    /// The whole name of what a module imports with so many dots in front.
    pub fn absolute(&self, level: usize, name: &str, module: &Module) -> Option<String> {
        let package = if module.kind == Kind::Module { owner(&module.name) } else { &module.name };
        let Some(up) = level.checked_sub(1) else { return Some(name.to_owned()) };
        let parts: Vec<&str> = package.split('.').filter(|part| !part.is_empty()).collect();
        let kept = parts.len().checked_sub(up).filter(|kept| *kept > 0)?;
        Some(joined(&parts[..kept].join("."), name))
    }

    /// The modules whose text is another by now. Looked for at most once in [`LOOK`], however many ask.
    pub fn outdated(&self) -> Arc<BTreeSet<String>> {
        let mut outdated = locked(&self.outdated);
        if let Some((when, names)) = &*outdated
            && when.elapsed() < LOOK
        {
            return Arc::clone(names);
        }
        let now = Self::new(Arc::clone(&self.library));
        let known: Vec<Arc<Module>> = locked(&self.modules).values().flatten().cloned().collect();
        let is_other =
            |module: &&Arc<Module>| now.module(&module.name).is_none_or(|new| new.hash != module.hash);
        let names = known.iter().filter(is_other).map(|module| module.name.clone()).collect();
        let names: Arc<BTreeSet<String>> = Arc::new(names);
        *outdated = Some((Instant::now(), Arc::clone(&names)));
        names
    }

    fn is_root(&self, name: &str) -> bool {
        self.roots.contains_key(name.split('.').next().unwrap_or_default())
    }

    /// The module with this name. What cannot be read or sent is one too, refused with the reason.
    pub fn module(&self, name: &str) -> Option<Arc<Module>> {
        if let Some(known) = locked(&self.modules).get(name) {
            return known.clone();
        }
        if name.len() > 1000 || !self.is_root(name) || !name.split('.').all(is_identifier) {
            return None; // nothing is kept of names that cannot be: a host may ask for any number of them
        }
        let module = self.find(name).map(Arc::new);
        let mut modules = locked(&self.modules);
        if module.is_some() || modules.len() < 100_000 {
            modules.insert(name.to_owned(), module.clone());
        }
        module
    }

    fn find(&self, name: &str) -> Option<Module> {
        let owner = owner(name);
        let folders = if owner.is_empty() {
            (0..self.library.places().len()).map(|place| (place, String::new())).collect()
        } else {
            self.module(owner)?.folders.clone()
        };
        let tail = name.rsplit('.').next().unwrap_or(name);
        let mut portions = Vec::new();
        for (at, folder) in folders {
            let Some(place) = self.library.places().get(at) else { continue };
            let base = if folder.is_empty() { tail.to_owned() } else { format!("{folder}/{tail}") };
            let (package, module) = (format!("{base}/__init__.py"), format!("{base}.py"));
            if place.stamp(&package).is_some() {
                return Some(self.read(name, Kind::Package, at, &package, vec![(at, base)]));
            }
            if place.stamp(&module).is_some() {
                return Some(self.read(name, Kind::Module, at, &module, Vec::new()));
            }
            if let Some(extension) = place.extension(&base) {
                let shown = place.shown(&base);
                let why = format!(
                    "{name} is a C extension ({extension}, {shown} of the library): only pure Python is sent; \
                     install it on the host"
                );
                return Some(Module::refused(name, &why, shown));
            }
            if place.is_folder(&base) {
                portions.push((at, base));
            }
        }
        (!portions.is_empty()).then(|| {
            let empty = Module::bare(name, Kind::Namespace, String::new());
            Module { files: Some(self.listing(&portions)), folders: portions, ..empty }
        })
    }

    fn read(&self, name: &str, kind: Kind, at: usize, path: &str, folders: Vec<(usize, String)>) -> Module {
        let (place, shown) = match self.library.places().get(at) {
            Some(place) => (place, place.shown(path)),
            None => return Module::refused(name, "its place is gone", String::new()),
        };
        let text = match place.stamp(path) {
            None => Err(format!("{shown} is gone")),
            Some(stamp) if self.frozen.get().is_some_and(|frozen| stamp.is_after(*frozen)) => {
                Err(format!("{shown} was saved after this run began: run it again to use it"))
            }
            Some(stamp) => self.library.text(at, path, stamp),
        };
        match text {
            Err(why) => Module::refused(name, &why, shown),
            Ok(text) => {
                let files = (kind == Kind::Package).then(|| self.listing(&folders));
                let (bytes, imports) = (Arc::clone(&text.bytes), text.imports.clone());
                let bare = Module::bare(name, kind, shown);
                Module { text: bytes, hash: text.hash, files, imports, folders, ..bare }
            }
        }
    }

    fn listing(&self, folders: &[(usize, String)]) -> (Vec<String>, Hash) {
        let mut all = BTreeSet::new();
        for (at, folder) in folders {
            if let Some(place) = self.library.places().get(*at) {
                all.extend(place.listing(folder));
            }
        }
        let listing: Vec<String> = all.into_iter().take(LISTED + 1).collect();
        let hash = hash(listing.join("\n").as_bytes());
        (listing, hash)
    }

    /// A file that lies in a package.
    ///
    /// # Errors
    /// There is none, or it cannot be sent; as words.
    pub fn data(&self, package: &str, path: &str) -> Result<Vec<u8>, String> {
        let module = self.module(package).ok_or_else(|| format!("the library has no package {package}"))?;
        if is_plain(path) {
            for (at, folder) in &module.folders {
                let Some(place) = self.library.places().get(*at) else { continue };
                let path = format!("{folder}/{path}");
                let Some(stamp) = place.stamp(&path) else { continue };
                if self.frozen.get().is_some_and(|frozen| stamp.is_after(*frozen)) {
                    return Err(format!(
                        "{} was saved after this run began: run it again to use it",
                        place.shown(&path)
                    ));
                }
                return place.read(&path, LARGEST_DATA);
            }
        }
        Err(format!("the library has no {path} in {package}"))
    }

    /// Something packed under this key, made now if it is not there.
    pub fn packed(&self, key: Hash, pack: impl FnOnce() -> Vec<u8>) -> Arc<[u8]> {
        let mut packed = locked(&self.packed);
        if packed.len() >= PACKED {
            packed.clear();
        }
        Arc::clone(packed.entry(key).or_insert_with(|| pack().into()))
    }
}

impl Module {
    fn bare(name: &str, kind: Kind, shown: String) -> Self {
        Self {
            name: name.to_owned(),
            kind,
            text: Arc::default(),
            hash: hash(kind.name().as_bytes()),
            shown,
            files: None,
            imports: Vec::new(),
            folders: Vec::new(),
            needs: OnceLock::new(),
        }
    }

    fn refused(name: &str, why: &str, shown: String) -> Self {
        let bare = Self::bare(name, Kind::Refused, shown);
        Self { text: why.as_bytes().into(), hash: hash(format!("refused {why}").as_bytes()), ..bare }
    }
}

fn owner(name: &str) -> &str {
    name.rsplit_once('.').map_or("", |(owner, _)| owner)
}

/// The packages that a module is in, the outermost first.
fn parents(name: &str) -> impl Iterator<Item = &str> {
    name.match_indices('.').map(|(at, _)| &name[..at])
}

fn joined(one: &str, other: &str) -> String {
    match (one.is_empty(), other.is_empty()) {
        (true, _) => other.to_owned(),
        (_, true) => one.to_owned(),
        _ => format!("{one}.{other}"),
    }
}
