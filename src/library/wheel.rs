//! Wheels and other zip archives, read where they lie. What could not travel is left where it is found: an archive is never
//! unpacked to a disk.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use zip::ZipArchive;

/// The most files that an archive may hold.
const MOST: usize = 20_000;

/// What an archive holds: paths with `/`, and each one's place in it.
#[derive(Debug, Clone, Default)]
pub struct Index {
    files: BTreeMap<String, usize>,
}

impl Index {
    /// Reads the list of an archive's files.
    ///
    /// # Errors
    /// It cannot be read, is no archive, or holds too much; why, in words.
    pub fn read(path: &Path) -> Result<Self, String> {
        let archive = open(path)?;
        if archive.len() > MOST {
            return Err(format!("an archive may hold {MOST} files, this one holds {}", archive.len()));
        }
        let mut files = BTreeMap::new();
        for at in 0..archive.len() {
            let Some(Ok(name)) = archive.name_for_index(at) else { continue };
            // What a wheel installs beside its packages belongs there too.
            let name = name.split_once(".data/purelib/").map_or(&*name, |(_, inside)| inside);
            let safe = name.split('/').all(|part| !matches!(part, "" | "." | ".."));
            if safe && !name.contains('\\') {
                files.insert(name.to_owned(), at);
            }
        }
        Ok(Self { files })
    }

    /// Whether this is a file.
    pub fn is_file(&self, path: &str) -> bool {
        self.files.contains_key(path)
    }

    /// Whether something lies below this folder; the root is the empty path.
    pub fn is_folder(&self, path: &str) -> bool {
        path.is_empty() || self.below(path).next().is_some()
    }

    /// The files below a folder, with their paths from there, in order.
    pub fn below<'a>(&'a self, folder: &str) -> impl Iterator<Item = &'a str> {
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let from = self.files.range(prefix.clone()..).map(|(name, _)| name.as_str());
        let length = prefix.len();
        from.take_while(move |name| name.starts_with(&prefix)).map(move |name| &name[length..])
    }

    /// Reads a file of the archive, of at most `largest` bytes.
    ///
    /// # Errors
    /// As words.
    pub fn content(&self, archive: &Path, path: &str, largest: u64) -> Result<Vec<u8>, String> {
        let at = *self.files.get(path).ok_or("there is no such file")?;
        let mut opened = open(archive)?;
        let file = opened.by_index(at).map_err(|error| error.to_string())?;
        let mut bytes = Vec::new();
        // What the archive says of a file's size is not believed.
        file.take(largest + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
        if bytes.len() as u64 > largest {
            return Err(format!("more than {largest} bytes"));
        }
        Ok(bytes)
    }
}

fn open(path: &Path) -> Result<ZipArchive<BufReader<File>>, String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    ZipArchive::new(BufReader::new(file)).map_err(|error| format!("this is no zip archive: {error}"))
}
