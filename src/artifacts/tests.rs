//! The contract of the object store, kept by the folder and by a bucket alike.

mod s3;

use std::os::unix::fs::PermissionsExt as _;
use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use sha2::{Digest as _, Sha256};

use super::{ArtifactError, ArtifactSettings, Artifacts, ObjectName, OpenError};
use s3::{ACCESS_KEY, Mood, SECRET_KEY, StandInS3};

fn name(name: &str) -> ObjectName {
    ObjectName::parse(name).expect("a name")
}

/// Bytes that are nowhere alike, the first of always the same.
fn noise(length: usize) -> Bytes {
    static ALL: OnceLock<Bytes> = OnceLock::new();
    let eight = |place: u64| place.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes();
    ALL.get_or_init(|| (1..2_000_000).flat_map(eight).collect()).slice(..length)
}

async fn put(store: &Artifacts, at: &ObjectName, bytes: &Bytes) {
    let mut writer = store.create(at).await.expect("a writer");
    for start in (0..bytes.len()).step_by(70_001) {
        let piece = bytes.slice(start..(start + 70_001).min(bytes.len()));
        writer.write(piece).await.expect("written");
    }
    assert_eq!(writer.size(), bytes.len() as u64);
    let written = writer.finish().await.expect("finished");
    assert_eq!(written.size, bytes.len() as u64);
    assert_eq!(written.sha256.as_slice(), Sha256::digest(bytes).as_slice());
}

async fn listed(store: &Artifacts, folders: &str) -> Vec<String> {
    let met: Vec<_> = store.list(folders).try_collect().await.expect("a list");
    let mut names: Vec<_> = met.into_iter().map(|met| met.name.to_string()).collect();
    names.sort();
    names
}

/// All that every store must do. The store is empty before and after.
async fn keeps_the_contract(store: &Artifacts) {
    let lengths = [0, 1, 70_001, 300_000, 6 << 20, (6 << 20) + 1, 15_000_000];
    for length in lengths {
        let (at, bytes) = (name(&format!("ab/c{length}")), noise(length));
        put(store, &at, &bytes).await;
        let read = store.read_all(&at, 20_000_000).await.expect("read").expect("there");
        assert!(read == bytes, "{length} bytes");
        let reading = store.read(&at).await.expect("read").expect("there");
        assert_eq!(reading.size, length as u64);
        let pieces: Vec<Bytes> = reading.stream.try_collect().await.expect("all pieces");
        assert!(pieces.concat() == bytes);
        let mut source = store.source(&at, 20_000_000).await.expect("a source").expect("there");
        let mut sourced = Vec::new();
        std::io::Read::read_to_end(&mut source, &mut sourced).expect("read");
        assert!(sourced == bytes);
    }
    reads_parts(store).await;
    is_whole_or_not_at_all(store).await;
    lists_and_deletes(store, &lengths).await;
}

async fn reads_parts(store: &Artifacts) {
    let (at, bytes) = (name("ab/c300000"), noise(300_000));
    for (range, expected) in [
        (0..10, &bytes[..10]),
        (299_990..300_000, &bytes[299_990..]),
        (299_990..400_000, &bytes[299_990..]),
        (300_000..300_010, &[]),
        (500_000..500_010, &[]),
        (10..10, &[]),
    ] {
        let read = store.read_range(&at, range.clone()).await.expect("read").expect("there");
        assert!(read == expected, "{range:?}");
    }
    let fault = store.read_all(&at, 299_999).await.expect_err("too long");
    assert!(matches!(fault, ArtifactError::TooLong { bytes: 300_000, bytes_max: 299_999 }));
    let fault = store.source(&at, 299_999).await.expect_err("too long");
    assert!(matches!(fault, ArtifactError::TooLong { .. }));
    let missing = name("ab/none");
    assert!(store.read_range(&missing, 0..10).await.expect("no error").is_none());
    assert!(store.read_all(&missing, 10).await.expect("no error").is_none());
    assert!(store.read(&missing).await.expect("no error").is_none());
    assert!(store.source(&missing, 10).await.expect("no error").is_none());
    assert!(store.read_all(&name("ab"), 10).await.expect("no error").is_none());
}

async fn is_whole_or_not_at_all(store: &Artifacts) {
    let at = name("cd/whole");
    for pieces in [1, 20] {
        let mut writer = store.create(&at).await.expect("a writer");
        for _ in 0..pieces {
            writer.write(noise(1_000_000)).await.expect("written");
        }
        assert!(store.read(&at).await.expect("no error").is_none(), "seen before it was finished");
        writer.abort().await.expect("given up");
        assert!(store.read(&at).await.expect("no error").is_none(), "seen after it was given up");
    }
    for bytes in [0, 1, 300_000, 5_000_000] {
        let mut writer = store.create(&at).await.expect("a writer");
        writer.write(noise(bytes)).await.expect("written");
        let mut source = writer.take_back().await.expect("taken back").expect("at hand");
        let mut back = Vec::new();
        std::io::Read::read_to_end(&mut source, &mut back).expect("read");
        assert!(back == noise(bytes), "{bytes} bytes");
        assert!(store.read(&at).await.expect("no error").is_none(), "seen after it was given up");
    }
    let mut writer = store.create(&at).await.expect("a writer");
    writer.write(noise(15_000_000)).await.expect("written");
    let _ = writer.take_back().await.expect("taken back");
    drop(store.create(&at).await.expect("a writer"));
    assert!(listed(store, "cd").await.is_empty());
    put(store, &at, &noise(10)).await;
    put(store, &at, &noise(20)).await;
    let read = store.read_all(&at, 20).await.expect("read").expect("there");
    assert_eq!(read, noise(20), "a second writer replaces");
}

async fn lists_and_deletes(store: &Artifacts, lengths: &[usize]) {
    put(store, &name("ab/deep/er"), &noise(3)).await;
    put(store, &name("abc/d"), &noise(3)).await;
    put(store, &name("alone"), &noise(3)).await;
    assert_eq!(listed(store, "").await.len(), lengths.len() + 4);
    assert_eq!(listed(store, "ab").await.len(), lengths.len() + 1);
    assert_eq!(listed(store, "ab/deep").await, ["ab/deep/er"]);
    assert!(listed(store, "nowhere").await.is_empty());
    assert!(listed(store, "..").await.is_empty());
    assert!(listed(store, "/etc").await.is_empty());
    let met: Vec<_> = store.list("cd").try_collect().await.expect("a list");
    assert_eq!((met[0].size, met.len()), (20, 1));
    assert!(met[0].finished_at > SystemTime::UNIX_EPOCH + Duration::from_hours(24 * 365 * 50));
    for known in listed(store, "").await {
        store.delete(&name(&known)).await.expect("deleted");
        store.delete(&name(&known)).await.expect("deleted already");
        assert!(store.read(&name(&known)).await.expect("no error").is_none());
    }
    assert!(listed(store, "").await.is_empty());
}

async fn folder() -> (tempfile::TempDir, Artifacts) {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("file://{}", folder.path().join("pictures").display());
    let store = Artifacts::open(&ArtifactSettings { url, ..ArtifactSettings::default() }).await;
    (folder, store.expect("a store"))
}

async fn bucket(server: &StandInS3, prefix: &str) -> Artifacts {
    let settings = ArtifactSettings {
        url: format!("s3://pictures{prefix}"),
        s3_endpoint: server.endpoint(),
        s3_region: String::new(),
        s3_access_key: ACCESS_KEY.to_owned(),
        s3_secret_key: SECRET_KEY.to_owned(),
    };
    Artifacts::open(&settings).await.expect("a store")
}

#[tokio::test]
async fn a_folder_keeps_the_contract() {
    let (folder, store) = folder().await;
    keeps_the_contract(&store).await;
    let unfinished = folder.path().join("pictures/.unfinished");
    let left = std::fs::read_dir(unfinished).expect("a folder").count();
    assert_eq!(left, 0, "unfinished files are left");
}

#[tokio::test]
async fn a_bucket_keeps_the_contract() {
    let server = StandInS3::start().await;
    for prefix in ["", "/deep/prefix/"] {
        keeps_the_contract(&bucket(&server, prefix).await).await;
    }
    server.nothing_is_left().await;
}

#[tokio::test]
async fn two_prefixes_of_a_bucket_do_not_see_each_other() {
    let server = StandInS3::start().await;
    let (one, two) = (bucket(&server, "/one").await, bucket(&server, "/two").await);
    put(&one, &name("ab/cd"), &noise(3)).await;
    assert!(two.read(&name("ab/cd")).await.expect("no error").is_none());
    assert!(listed(&two, "").await.is_empty());
    assert_eq!(listed(&one, "").await, ["ab/cd"]);
}

#[tokio::test]
async fn files_are_for_our_user_only_and_strangers_are_not_listed() {
    let (folder, store) = folder().await;
    put(&store, &name("ab/cd"), &noise(3)).await;
    let root = folder.path().join("pictures");
    for (place, mode) in [("", 0o700), ("ab", 0o700), ("ab/cd", 0o600), (".unfinished", 0o700)] {
        let metadata = std::fs::metadata(root.join(place)).expect("there");
        assert_eq!(metadata.permissions().mode() & 0o777, mode, "{place}");
    }
    std::fs::write(root.join("notes.txt"), "mine").expect("written");
    std::os::unix::fs::symlink("/etc/passwd", root.join("ab/link")).expect("linked");
    assert_eq!(listed(&store, "").await, ["ab/cd"]);
}

#[tokio::test]
async fn what_died_unfinished_is_removed_when_it_is_old() {
    let (folder, store) = folder().await;
    let left = folder.path().join("pictures/.unfinished/0123");
    std::fs::write(&left, "half").expect("written");
    let now = std::fs::metadata(&left).and_then(|left| left.modified()).expect("a time");
    let early = store.remove_unfinished(now - Duration::from_hours(1)).await.expect("no error");
    assert_eq!((early, left.exists()), (0, true));
    let late = store.remove_unfinished(now + Duration::from_hours(1)).await.expect("no error");
    assert_eq!((late, left.exists()), (1, false));
}

#[tokio::test]
async fn a_full_disk_is_a_typed_error_and_leaves_nothing() {
    let (folder, store) = folder().await;
    // The device that is always full, where the next unfinished file would be.
    let unfinished = folder.path().join("pictures/.unfinished");
    let mut writer = super::folder::writer_over(&unfinished, "/dev/full");
    let wrote = writer.write(noise(400_000)).await;
    assert!(matches!(wrote, Err(ArtifactError::Full)), "{wrote:?}");
    drop(writer);
    assert!(listed(&store, "").await.is_empty());
    let mut writer = super::folder::writer_over(&unfinished, "/dev/full");
    writer.write(noise(10)).await.expect("waits in memory");
    assert!(matches!(writer.finish().await, Err(ArtifactError::Full)));
}

#[tokio::test]
async fn a_full_bucket_and_a_refusing_one_are_typed_errors_without_keys() {
    let server = StandInS3::start().await;
    let store = bucket(&server, "").await;
    for (mood, expected) in
        [(Mood::Full, "full"), (Mood::Refusing, "refused"), (Mood::Broken, "unavailable")]
    {
        server.mood(mood);
        for length in [10, 14_000_000] {
            let mut writer = store.create(&name("ab/cd")).await.expect("a writer");
            let wrote = writer.write(noise(length)).await;
            let error = match wrote {
                Ok(()) => writer.finish().await.expect_err("refused"),
                Err(error) => error,
            };
            let class = match error {
                ArtifactError::Full => "full",
                ArtifactError::Refused(_) => "refused",
                ArtifactError::Unavailable(_) => "unavailable",
                ArtifactError::TooLong { .. } => "too long",
            };
            assert_eq!(class, expected, "{error}");
            let said = format!("{error} {error:?} {store:?}");
            assert!(!said.contains(ACCESS_KEY) && !said.contains(SECRET_KEY), "{said}");
        }
    }
}

#[tokio::test]
async fn a_url_that_names_no_store_is_refused_without_keys() {
    for url in ["", "pictures", "http://host/path", "s3://", "s3:///prefix", "file://"] {
        let settings = ArtifactSettings {
            url: url.to_owned(),
            s3_access_key: ACCESS_KEY.to_owned(),
            s3_secret_key: SECRET_KEY.to_owned(),
            ..ArtifactSettings::default()
        };
        let error = Artifacts::open(&settings).await.expect_err("no store");
        assert!(matches!(error, OpenError::UnknownUrl), "{url}: {error}");
        let said = format!("{settings:?} {error:?}");
        assert!(!said.contains(ACCESS_KEY) && !said.contains(SECRET_KEY));
    }
    let settings =
        ArtifactSettings { url: "s3://bucket".to_owned(), ..ArtifactSettings::default() };
    let error = Artifacts::open(&settings).await.expect_err("no keys");
    assert!(matches!(error, OpenError::Setting(_)));
    let in_a_file = ArtifactSettings { url: "file:///dev/null/x".to_owned(), ..settings };
    let error = Artifacts::open(&in_a_file).await.expect_err("no folder");
    assert!(matches!(error, OpenError::Folder(_)));
}
