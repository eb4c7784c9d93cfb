//! Where bytes of the stand-ins lie: in memory or in a folder.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use axum::body::Bytes;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// A name that equal bytes have in common.
pub fn name_of_bytes(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    URL_SAFE_NO_PAD.encode(digest.get(..12).unwrap_or_default())
}

/// Where bytes lie, by name.
#[derive(Debug)]
pub enum Blobs {
    /// Nowhere: they are dropped.
    Dropped,
    /// In memory.
    Memory(Mutex<HashMap<String, Bytes>>),
    /// In a folder, one file each.
    Folder(PathBuf),
}

impl Blobs {
    /// In a folder, which is made.
    pub fn folder(path: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(path)?;
        Ok(Self::Folder(path.to_owned()))
    }

    /// In memory.
    pub fn memory() -> Self {
        Self::Memory(Mutex::default())
    }

    /// Keeps bytes under a name; the same name always means the same bytes.
    pub fn put(&self, name: &str, bytes: &Bytes) -> io::Result<()> {
        match self {
            Self::Dropped => Ok(()),
            Self::Memory(map) => {
                let mut map = map.lock().unwrap_or_else(PoisonError::into_inner);
                map.entry(name.to_owned()).or_insert_with(|| bytes.clone());
                Ok(())
            }
            Self::Folder(folder) => {
                let path = folder.join(name);
                if path.exists() {
                    return Ok(());
                }
                let unfinished = folder.join(format!("{name}.tmp"));
                std::fs::write(&unfinished, bytes)?;
                std::fs::rename(unfinished, path)
            }
        }
    }

    /// The bytes of a name.
    pub fn get(&self, name: &str) -> Option<Bytes> {
        match self {
            Self::Dropped => None,
            Self::Memory(map) => {
                map.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
            }
            Self::Folder(folder) => std::fs::read(folder.join(name)).ok().map(Bytes::from),
        }
    }

    /// Forgets the bytes of a name.
    pub fn remove(&self, name: &str) {
        match self {
            Self::Dropped => {}
            Self::Memory(map) => {
                map.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
            }
            Self::Folder(folder) => {
                if let Err(error) = std::fs::remove_file(folder.join(name))
                    && error.kind() != io::ErrorKind::NotFound
                {
                    tracing::warn!(error = %error, "a stand-in file could not be removed");
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_in_a_folder_are_there_again() {
        let folder = tempfile::tempdir().unwrap();
        Blobs::folder(folder.path()).unwrap().put("a", &Bytes::from_static(b"fox")).unwrap();
        let again = Blobs::folder(folder.path()).unwrap();
        assert_eq!(again.get("a").unwrap(), "fox");
        again.remove("a");
        assert!(again.get("a").is_none());
    }
}
