//! The object store: pictures as files under random names, in a local folder or a bucket.
//!
//! An object is written once, as a stream, and is there whole or not at all; then it is read,
//! wholly or in part, and deleted. Its name is all there is to find it by, so names are random
//! and given by the caller. Which objects exist for good is said by the database, not by what
//! lies here: `list` lets the sweeper find what nobody knows any more.
//!
//! The local folder is our own and not that of the crate `object_store`, whose files are neither
//! synced to the disk before they appear under their name nor closed to other users of the
//! machine (`put_opts` and `LocalUpload` in its `local.rs`): a picture that was paid for must not
//! be gone after a power cut. For S3 that crate is used as it is.

mod bucket;
mod error;
mod folder;
mod name;
mod source;

use std::fmt;
use std::fs::File;
use std::ops::Range;
use std::sync::Arc;
use std::time::SystemTime;

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use sha2::{Digest as _, Sha256};

use bucket::{Bucket, BucketWriter};
use folder::{Folder, FolderWriter};

pub use error::{ArtifactError, OpenError};
pub use folder::pieces;
pub use name::{InvalidName, ObjectName};
pub use source::ArtifactSource;

/// Where objects are kept, from the configuration.
#[derive(Clone, Default)]
pub struct ArtifactSettings {
    /// `file://` and a folder (absolute, or relative to where we run), or `s3://bucket/prefix`.
    pub url: String,
    /// Address of an S3-compatible server; empty for Amazon's.
    pub s3_endpoint: String,
    /// Region; empty for `us-east-1`, which compatible servers take.
    pub s3_region: String,
    /// Access key id.
    pub s3_access_key: String,
    /// Secret access key.
    pub s3_secret_key: String,
}

impl fmt::Debug for ArtifactSettings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ArtifactSettings").field("url", &self.url).finish_non_exhaustive()
    }
}

/// The object store. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Artifacts {
    store: Store,
}

#[derive(Debug, Clone)]
enum Store {
    Folder(Folder),
    Bucket(Bucket),
}

/// A stream of the bytes of an object.
pub type ByteStream = BoxStream<'static, Result<Bytes, ArtifactError>>;

/// An object being read.
pub struct Reading {
    /// Its length, bytes.
    pub size: u64,
    /// Its bytes, in pieces of bounded length.
    pub stream: ByteStream,
}

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// Length, bytes.
    pub size: u64,
    /// SHA-256 of the bytes.
    pub sha256: [u8; 32],
}

/// An object as `list` meets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its name.
    pub name: ObjectName,
    /// Its length, bytes.
    pub size: u64,
    /// When it was finished: a sweeper leaves alone what may not be in the database yet.
    pub finished_at: SystemTime,
}

impl Artifacts {
    /// Opens the store that the settings name. A folder is made where there is none; a bucket is
    /// not asked, so that its being down keeps nothing from starting.
    ///
    /// # Errors
    /// A URL that names no store, or a folder that cannot be made or written.
    pub async fn open(settings: &ArtifactSettings) -> Result<Self, OpenError> {
        let store = if let Some(folder) = settings.url.strip_prefix("file://") {
            Store::Folder(Folder::open(folder.as_ref()).await?)
        } else if let Some(place) = settings.url.strip_prefix("s3://") {
            Store::Bucket(Bucket::open(place, settings)?)
        } else {
            return Err(OpenError::UnknownUrl);
        };
        Ok(Self { store })
    }

    /// Begins an object. Nothing is to be seen of it under its name before `Writer::finish`.
    ///
    /// # Errors
    /// Where the store refuses.
    pub async fn create(&self, name: &ObjectName) -> Result<Writer, ArtifactError> {
        let sink = match &self.store {
            Store::Folder(folder) => Sink::Folder(folder.create(name).await?),
            Store::Bucket(bucket) => Sink::Bucket(bucket.create(name)),
        };
        Ok(Writer { sink, sha256: Sha256::new(), size: 0 })
    }

    /// Reads an object as a stream; `None` where there is none.
    ///
    /// # Errors
    /// Where the store cannot be reached or refuses.
    pub async fn read(&self, name: &ObjectName) -> Result<Option<Reading>, ArtifactError> {
        match &self.store {
            Store::Folder(folder) => folder.read(name).await,
            Store::Bucket(bucket) => bucket.read(name).await,
        }
    }

    /// Reads an object into memory; `None` where there is none.
    ///
    /// # Errors
    /// `TooLong` for an object of more than `bytes_max`.
    pub async fn read_all(
        &self,
        name: &ObjectName,
        bytes_max: u64,
    ) -> Result<Option<Bytes>, ArtifactError> {
        let Some(mut reading) = self.read(name).await? else { return Ok(None) };
        let too_long = |bytes| ArtifactError::TooLong { bytes, bytes_max };
        if reading.size > bytes_max {
            return Err(too_long(reading.size));
        }
        let size = usize::try_from(reading.size).map_err(|_| too_long(reading.size))?;
        let mut bytes = BytesMut::with_capacity(size);
        while let Some(piece) = reading.stream.next().await {
            let piece = piece?;
            let length = (bytes.len() + piece.len()) as u64;
            if length > bytes_max {
                return Err(too_long(length));
            }
            bytes.extend_from_slice(&piece);
        }
        Ok(Some(bytes.freeze()))
    }

    /// Reads part of an object, less where it ends before; `None` where there is none.
    ///
    /// # Errors
    /// Where the store cannot be reached or refuses.
    pub async fn read_range(
        &self,
        name: &ObjectName,
        range: Range<u64>,
    ) -> Result<Option<Bytes>, ArtifactError> {
        match &self.store {
            Store::Folder(folder) => folder.read_range(name, range).await,
            Store::Bucket(bucket) => bucket.read_range(name, range).await,
        }
    }

    /// An object to be read and sought in as a picture is: the file itself of a folder, a bucket's
    /// object in memory. `None` where there is none.
    ///
    /// # Errors
    /// `TooLong` for an object of more than `bytes_max`.
    pub async fn source(
        &self,
        name: &ObjectName,
        bytes_max: u64,
    ) -> Result<Option<ArtifactSource>, ArtifactError> {
        match &self.store {
            Store::Folder(folder) => {
                let Some((file, bytes)) = folder.file(name).await? else { return Ok(None) };
                if bytes > bytes_max {
                    return Err(ArtifactError::TooLong { bytes, bytes_max });
                }
                Ok(Some(ArtifactSource::file(file)))
            }
            Store::Bucket(_) => {
                Ok(self.read_all(name, bytes_max).await?.map(ArtifactSource::memory))
            }
        }
    }

    /// A file for a while that has no name: it is gone when it is closed, however that comes about.
    /// With a folder it lies where that lies, else among the system's temporary files.
    ///
    /// # Errors
    /// Where it cannot be made.
    pub async fn scratch(&self) -> Result<File, ArtifactError> {
        match &self.store {
            Store::Folder(folder) => folder.scratch().await,
            Store::Bucket(_) => folder::scratch_in(std::env::temp_dir()).await,
        }
    }

    /// An object as a file that stays whatever becomes of the object, and its length: the file
    /// itself of a folder, a copy of a bucket's object. `None` where there is none.
    ///
    /// # Errors
    /// `TooLong` for an object of more than `bytes_max`.
    pub async fn hold(
        &self,
        name: &ObjectName,
        bytes_max: u64,
    ) -> Result<Option<(Arc<File>, u64)>, ArtifactError> {
        let too_long = |bytes| ArtifactError::TooLong { bytes, bytes_max };
        if let Store::Folder(folder) = &self.store {
            let Some((file, bytes)) = folder.file(name).await? else { return Ok(None) };
            return if bytes > bytes_max {
                Err(too_long(bytes))
            } else {
                Ok(Some((Arc::new(file), bytes)))
            };
        }
        let Some(mut reading) = self.read(name).await? else { return Ok(None) };
        let file = Arc::new(self.scratch().await?);
        let mut bytes = 0;
        while let Some(piece) = reading.stream.next().await {
            let piece = piece?;
            bytes += piece.len() as u64;
            if bytes > bytes_max {
                return Err(too_long(bytes));
            }
            folder::append(&file, piece).await?;
        }
        Ok(Some((file, bytes)))
    }

    /// Deletes an object; one that is not there is deleted already.
    ///
    /// # Errors
    /// Where the store cannot be reached or refuses.
    pub async fn delete(&self, name: &ObjectName) -> Result<(), ArtifactError> {
        match &self.store {
            Store::Folder(folder) => folder.delete(name).await,
            Store::Bucket(bucket) => bucket.delete(name).await,
        }
    }

    /// All objects whose names begin with `folders` (empty for all: whole parts of names between
    /// slashes), in no order. Objects that come or go meanwhile may be met or not.
    pub fn list(&self, folders: &str) -> BoxStream<'static, Result<Listed, ArtifactError>> {
        match &self.store {
            Store::Folder(folder) => folder.list(folders),
            Store::Bucket(bucket) => bucket.list(folders),
        }
    }

    /// Removes what writers that died have left unfinished before `before`. A bucket does that by
    /// a lifecycle rule of its own ("abort incomplete multipart uploads").
    ///
    /// # Errors
    /// Where the folder refuses.
    pub async fn remove_unfinished(&self, before: SystemTime) -> Result<u64, ArtifactError> {
        match &self.store {
            Store::Folder(folder) => folder.remove_unfinished(before).await,
            Store::Bucket(_) => Ok(0),
        }
    }
}

/// Writes one object. Dropped before `finish`, it leaves nothing under the name.
pub struct Writer {
    sink: Sink,
    sha256: Sha256,
    size: u64,
}

enum Sink {
    Folder(FolderWriter),
    Bucket(BucketWriter),
}

impl Writer {
    /// Adds bytes; waits where the store is slower, so that memory stays bounded.
    ///
    /// # Errors
    /// `Full` where there is no room. After an error the object can only be abandoned.
    pub async fn write(&mut self, bytes: Bytes) -> Result<(), ArtifactError> {
        self.sha256.update(&bytes);
        self.size += bytes.len() as u64;
        match &mut self.sink {
            Sink::Folder(writer) => writer.write(bytes).await,
            Sink::Bucket(writer) => writer.write(bytes).await,
        }
    }

    /// Bytes written so far.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Makes the object appear under its name, whole and safe from a power cut. An older object
    /// of that name is replaced.
    ///
    /// # Errors
    /// `Full` where there is no room; then nothing appears.
    pub async fn finish(self) -> Result<Written, ArtifactError> {
        match self.sink {
            Sink::Folder(writer) => writer.finish().await?,
            Sink::Bucket(writer) => writer.finish().await?,
        }
        Ok(Written { size: self.size, sha256: self.sha256.finalize().into() })
    }

    /// Gives the object up and lets what was written of it be read once more: from its file, which
    /// has no name any more, or from memory where a bucket had got none of it. `None` for a longer
    /// one that a bucket had got a part of.
    ///
    /// # Errors
    /// Where the folder refuses.
    pub async fn take_back(self) -> Result<Option<ArtifactSource>, ArtifactError> {
        match self.sink {
            Sink::Folder(writer) => {
                writer.take_back().await.map(|it| Some(ArtifactSource::file(it)))
            }
            Sink::Bucket(writer) => Ok(writer.take_back().await?.map(ArtifactSource::memory)),
        }
    }

    /// Gives the object up and waits until nothing of it is left.
    ///
    /// # Errors
    /// Where the store cannot be reached; what is left is then removed as unfinished.
    pub async fn abort(self) -> Result<(), ArtifactError> {
        match self.sink {
            Sink::Folder(writer) => {
                drop(writer);
                Ok(())
            }
            Sink::Bucket(writer) => writer.abort().await,
        }
    }
}

#[cfg(test)]
mod tests;
