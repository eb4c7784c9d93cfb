//! Tells the program which commit it was built from. Without a repository (a tarball) it is
//! "unknown".

use std::fs;
use std::path::{Path, PathBuf};

/// Letters of a commit that are shown.
const SHOWN: usize = 12;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let commit = commit().unwrap_or_else(|| "unknown".to_owned());
    println!("cargo:rustc-env=SOURCE_COMMIT={commit}");
}

fn commit() -> Option<String> {
    let git = git_folder(&PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR")?).join(".git"))?;
    let head = read_watched(&git.join("HEAD"))?;
    let commit = match head.strip_prefix("ref: ") {
        // A branch is a file of its own, or, once packed, a line among others.
        Some(branch) => {
            let common = common_folder(&git);
            read_watched(&common.join(branch))
                .or_else(|| packed(&read_watched(&common.join("packed-refs"))?, branch))?
        }
        None => head,
    };
    let is_commit = commit.len() >= SHOWN && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_commit.then(|| commit.chars().take(SHOWN).collect())
}

/// The folder itself, or, in a work tree, the one that its `.git` file names.
fn git_folder(git: &Path) -> Option<PathBuf> {
    if git.is_dir() {
        return Some(git.to_owned());
    }
    let text = fs::read_to_string(git).ok()?;
    Some(git.parent()?.join(text.strip_prefix("gitdir: ")?.trim()))
}

/// Where branches are: work trees share those of their repository.
fn common_folder(git: &Path) -> PathBuf {
    match fs::read_to_string(git.join("commondir")) {
        Ok(text) => git.join(text.trim()),
        Err(_) => git.to_owned(),
    }
}

/// A file's text, and a new build when it changes. A file that is not there is not watched: cargo
/// would then build every time.
fn read_watched(file: &Path) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    println!("cargo:rerun-if-changed={}", file.display());
    Some(text.trim().to_owned())
}

fn packed(refs: &str, branch: &str) -> Option<String> {
    let line = refs.lines().find(|line| line.split(' ').nth(1) == Some(branch))?;
    Some(line.split(' ').next()?.to_owned())
}
