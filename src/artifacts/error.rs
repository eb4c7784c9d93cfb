//! What can go wrong with the object store, sorted by what to do next. No text here holds a key.

use std::io;

/// Why the store did not do it.
#[derive(Debug, thiserror::Error)]
pub enum ArtifactError {
    /// There is no room left: someone must make room.
    #[error("the object store is full")]
    Full,
    /// The object is longer than the caller takes.
    #[error("an object of {bytes} bytes, the most is {bytes_max}")]
    TooLong {
        /// Its length, or as much of it as was read.
        bytes: u64,
        /// What the caller takes.
        bytes_max: u64,
    },
    /// The store says that we may not: someone must look at keys and rights.
    #[error("the object store refuses: {0}")]
    Refused(String),
    /// It could not be reached or failed: may be tried again.
    #[error("the object store is not to be had: {0}")]
    Unavailable(String),
}

/// Why the store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The URL is neither `file://` and a folder nor `s3://` and a bucket.
    #[error("must be file:// and a folder, or s3:// and a bucket")]
    UnknownUrl,
    /// A setting for the bucket is wrong or missing.
    #[error("{0}")]
    Setting(&'static str),
    /// The folder cannot be made or written.
    #[error("the folder cannot be used: {0}")]
    Folder(#[source] io::Error),
}

impl From<io::Error> for ArtifactError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull
            | io::ErrorKind::QuotaExceeded
            | io::ErrorKind::FileTooLarge => Self::Full,
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                Self::Refused(error.to_string())
            }
            _ => Self::Unavailable(error.to_string()),
        }
    }
}
