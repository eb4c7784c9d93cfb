//! Objects as files in a local folder.
//!
//! An object is written under a random name in `.unfinished`, synced, renamed to its place and
//! its folder synced. Folders are for our own user only (0700), files too (0600).

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Seek as _, Write as _};
use std::ops::Range;
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use bytes::{Bytes, BytesMut};
use futures_util::stream::{self, BoxStream, StreamExt as _, TryStreamExt as _};
use tokio::task::spawn_blocking;

use super::error::{ArtifactError, OpenError};
use super::name::ObjectName;
use super::{ByteStream, Listed, Reading};

/// Where objects are written before they have their name; no object's name begins with a dot.
const UNFINISHED: &str = ".unfinished";

/// As much as is read or written by one trip to the disk, bytes.
const PIECE_BYTES: usize = 256 << 10;

/// A local folder with objects. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Folder {
    root: Arc<Path>,
}

impl Folder {
    /// Opens the folder, makes it where there is none, and tries whether it can be written.
    pub(super) async fn open(root: &Path) -> Result<Self, OpenError> {
        if root.as_os_str().is_empty() {
            return Err(OpenError::UnknownUrl);
        }
        let root = std::path::absolute(root).map_err(OpenError::Folder)?;
        let folder = Self { root: root.into() };
        let tried = folder.clone();
        let trial = move || -> io::Result<()> {
            make_folder(&tried.root.join(UNFINISHED))?;
            let trial = tried.unfinished();
            let outcome = new_file(&trial).map(drop);
            fs::remove_file(&trial).and(outcome)
        };
        on_disk(move || Ok(trial())).await.map_or_else(
            |error: ArtifactError| Err(OpenError::Folder(io::Error::other(error))),
            |outcome| outcome.map_err(OpenError::Folder),
        )?;
        Ok(folder)
    }

    pub(super) async fn create(&self, name: &ObjectName) -> Result<FolderWriter, ArtifactError> {
        let temporary = self.unfinished();
        let place = self.place(name);
        let root = Arc::clone(&self.root);
        on_disk(move || {
            let file = Arc::new(new_file(&temporary)?);
            Ok(FolderWriter {
                file,
                temporary: Temporary(temporary),
                place,
                root,
                waiting: Waiting::default(),
            })
        })
        .await
    }

    /// The file itself and its length.
    pub(super) async fn file(
        &self,
        name: &ObjectName,
    ) -> Result<Option<(File, u64)>, ArtifactError> {
        let place = self.place(name);
        on_disk(move || {
            if_there(File::open(place).and_then(|file| {
                let metadata = file.metadata()?;
                // The name of a shard is the name of no object.
                if metadata.is_dir() {
                    Err(io::ErrorKind::NotFound.into())
                } else {
                    Ok((file, metadata.len()))
                }
            }))
        })
        .await
    }

    pub(super) async fn read(&self, name: &ObjectName) -> Result<Option<Reading>, ArtifactError> {
        let Some((file, size)) = self.file(name).await? else { return Ok(None) };
        Ok(Some(Reading { size, stream: pieces(Arc::new(file), size) }))
    }

    pub(super) async fn read_range(
        &self,
        name: &ObjectName,
        range: Range<u64>,
    ) -> Result<Option<Bytes>, ArtifactError> {
        let Some((file, size)) = self.file(name).await? else { return Ok(None) };
        let range = range.start.min(size)..range.end.min(size);
        on_disk(move || read_at(&file, range)).await.map(Some)
    }

    /// A file without a name.
    pub(super) async fn scratch(&self) -> Result<File, ArtifactError> {
        scratch_in(self.root.join(UNFINISHED)).await
    }

    pub(super) async fn delete(&self, name: &ObjectName) -> Result<(), ArtifactError> {
        let place = self.place(name);
        on_disk(move || if_there(fs::remove_file(place)).map(drop)).await
    }

    pub(super) fn list(&self, folders: &str) -> BoxStream<'static, Result<Listed, ArtifactError>> {
        let mut start = self.root.to_path_buf();
        for part in folders.split('/').filter(|part| !part.is_empty()) {
            // A part that no name has leads to no object.
            if ObjectName::parse(part).is_err() {
                return stream::empty().boxed();
            }
            start.push(part);
        }
        let root = Arc::clone(&self.root);
        // One folder at a time, so that memory holds the names of one shard.
        let folders = stream::try_unfold(vec![start], move |mut waiting: Vec<PathBuf>| {
            let root = Arc::clone(&root);
            async move {
                let Some(folder) = waiting.pop() else { return Ok(None) };
                let (found, inner) = on_disk(move || list_folder(&root, &folder)).await?;
                waiting.extend(inner);
                Ok::<_, ArtifactError>(Some((stream::iter(found.into_iter().map(Ok)), waiting)))
            }
        });
        folders.try_flatten().boxed()
    }

    pub(super) async fn remove_unfinished(&self, before: SystemTime) -> Result<u64, ArtifactError> {
        let folder = self.root.join(UNFINISHED);
        on_disk(move || {
            let mut removed = 0;
            for entry in fs::read_dir(folder)? {
                let entry = entry?;
                // What vanishes meanwhile was finished meanwhile.
                let Some(metadata) = if_there(entry.metadata())? else { continue };
                if metadata.modified()? < before
                    && if_there(fs::remove_file(entry.path()))?.is_some()
                {
                    removed += 1;
                }
            }
            Ok(removed)
        })
        .await
    }

    fn place(&self, name: &ObjectName) -> PathBuf {
        self.root.join(name.as_str())
    }

    fn unfinished(&self) -> PathBuf {
        self.root.join(UNFINISHED).join(hex::encode(rand::random::<[u8; 16]>()))
    }
}

/// The first `size` bytes of a file, in pieces of bounded length, wherever else it is read.
pub fn pieces(file: Arc<File>, size: u64) -> ByteStream {
    let pieces = stream::try_unfold(0_u64, move |at| {
        let file = Arc::clone(&file);
        async move {
            let end = at.saturating_add(PIECE_BYTES as u64).min(size);
            let piece = on_disk(move || read_at(&file, at..end)).await?;
            let next = at + piece.len() as u64;
            Ok((!piece.is_empty()).then_some((piece, next)))
        }
    });
    pieces.boxed()
}

/// A file in a folder that has no name there any more.
pub(super) async fn scratch_in(folder: PathBuf) -> Result<File, ArtifactError> {
    on_disk(move || {
        let place = folder.join(hex::encode(rand::random::<[u8; 16]>()));
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true).mode(0o600);
        let file = options.open(&place)?;
        fs::remove_file(place)?;
        Ok(file)
    })
    .await
}

/// Adds bytes to the end of a file.
pub(super) async fn append(file: &Arc<File>, bytes: Bytes) -> Result<(), ArtifactError> {
    let file = Arc::clone(file);
    on_disk(move || write_pieces(&file, &[bytes])).await
}

/// Writes one object into a folder.
pub(super) struct FolderWriter {
    file: Arc<File>,
    temporary: Temporary,
    place: PathBuf,
    root: Arc<Path>,
    waiting: Waiting,
}

/// Bytes that wait until there are enough for a trip to the disk.
#[derive(Default)]
struct Waiting {
    pieces: Vec<Bytes>,
    bytes: usize,
}

/// Removes the unfinished file when it goes; after the file has its name there is nothing left to
/// remove.
struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        // What cannot be removed now is removed as unfinished later.
        let _ = fs::remove_file(&self.0);
    }
}

impl FolderWriter {
    pub(super) async fn write(&mut self, bytes: Bytes) -> Result<(), ArtifactError> {
        self.waiting.bytes += bytes.len();
        self.waiting.pieces.push(bytes);
        if self.waiting.bytes < PIECE_BYTES {
            return Ok(());
        }
        let Waiting { pieces, .. } = std::mem::take(&mut self.waiting);
        let file = Arc::clone(&self.file);
        on_disk(move || write_pieces(&file, &pieces)).await
    }

    /// Gives it up; its file without a name, at its beginning.
    pub(super) async fn take_back(self) -> Result<File, ArtifactError> {
        on_disk(move || {
            write_pieces(&self.file, &self.waiting.pieces)?;
            let mut file = self.file.try_clone()?;
            file.rewind()?;
            Ok(file)
        })
        .await
    }

    pub(super) async fn finish(self) -> Result<(), ArtifactError> {
        on_disk(move || {
            write_pieces(&self.file, &self.waiting.pieces)?;
            self.file.sync_all()?;
            let folder = self.place.parent().unwrap_or(&self.root);
            make_folders(&self.root, folder)?;
            fs::rename(&self.temporary.0, &self.place)?;
            File::open(folder)?.sync_all()?;
            Ok(())
        })
        .await
    }
}

/// Makes the folders between `root` and `folder`, and lets each be on the disk before it is used.
fn make_folders(root: &Path, folder: &Path) -> io::Result<()> {
    if folder == root || folder.is_dir() {
        return Ok(());
    }
    let parent = folder.parent().unwrap_or(root);
    make_folders(root, parent)?;
    make_folder(folder)?;
    File::open(parent)?.sync_all()
}

fn make_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

fn new_file(place: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(place)
}

fn write_pieces(mut file: &File, pieces: &[Bytes]) -> Result<(), ArtifactError> {
    for piece in pieces {
        file.write_all(piece)?;
    }
    Ok(())
}

/// Reads a range that lies inside the file, or as much of it as there is.
fn read_at(file: &File, range: Range<u64>) -> Result<Bytes, ArtifactError> {
    let length = usize::try_from(range.end.saturating_sub(range.start)).unwrap_or(usize::MAX);
    let mut bytes = BytesMut::zeroed(length);
    let mut filled = 0;
    while filled < length {
        match file.read_at(&mut bytes[filled..], range.start + filled as u64) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
    bytes.truncate(filled);
    Ok(bytes.freeze())
}

/// The objects in one folder, and the folders in it.
fn list_folder(root: &Path, folder: &Path) -> Result<(Vec<Listed>, Vec<PathBuf>), ArtifactError> {
    let (mut found, mut inner) = (Vec::new(), Vec::new());
    let Some(entries) = if_there(fs::read_dir(folder))? else { return Ok((found, inner)) };
    for entry in entries {
        let place = entry?.path();
        let name = place.strip_prefix(root).ok().and_then(Path::to_str);
        // What has no name of an object is not ours: `.unfinished`, or somebody's notes.
        let Some(name) = name.and_then(|name| ObjectName::parse(name).ok()) else { continue };
        let Some(metadata) = if_there(fs::symlink_metadata(&place))? else { continue };
        if metadata.is_dir() {
            inner.push(place);
        } else if metadata.is_file() {
            found.push(Listed { name, size: metadata.len(), finished_at: metadata.modified()? });
        }
    }
    Ok((found, inner))
}

/// Makes an absence of a missing file.
fn if_there<T>(outcome: io::Result<T>) -> Result<Option<T>, ArtifactError> {
    match outcome {
        Ok(value) => Ok(Some(value)),
        Err(error) => match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Ok(None),
            _ => Err(error.into()),
        },
    }
}

/// Works on the disk, beside the async tasks.
async fn on_disk<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ArtifactError> + Send + 'static,
) -> Result<T, ArtifactError> {
    spawn_blocking(work)
        .await
        .unwrap_or_else(|error| Err(ArtifactError::Unavailable(error.to_string())))
}

/// A writer whose file is something else than a file in the folder.
#[cfg(test)]
pub(super) fn writer_over(unfinished: &Path, file: &str) -> FolderWriter {
    FolderWriter {
        file: Arc::new(OpenOptions::new().write(true).open(file).expect("opened")),
        temporary: Temporary(unfinished.join("full")),
        place: unfinished.with_file_name("full"),
        root: unfinished.into(),
        waiting: Waiting::default(),
    }
}
