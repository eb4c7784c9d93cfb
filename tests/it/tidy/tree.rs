//! The files of the repository.

use std::{fs, path::Path};

/// A text file.
#[derive(Clone, Debug)]
pub struct File {
    /// From the root of the repository, with `/`.
    pub path: String,
    /// What it says.
    pub text: String,
}

impl File {
    /// A file that a rule is tried on.
    pub fn made_up(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }

    /// Whether its name ends in one of these.
    pub fn is_one_of(&self, endings: &[&str]) -> bool {
        self.path.rsplit_once('.').is_some_and(|(_, ending)| endings.contains(&ending))
    }

    /// Whether all of it is tests: nothing of it is in the program.
    pub fn is_test(&self) -> bool {
        let parts: Vec<&str> = self.path.split('/').collect();
        parts.contains(&"tests") || parts.contains(&"benches") || self.path.ends_with("/tests.rs")
    }
}

/// Folders that are made by building and running.
const MADE: &[&str] = &[".git", "target", "data", "artifacts", "node_modules"];

/// The root of the repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file that is text, by path.
pub fn files() -> Vec<File> {
    let mut found = Vec::new();
    gather(root(), "", &mut found);
    assert!(found.len() > 100, "the repository was not found");
    found.sort_by(|one, other| one.path.cmp(&other.path));
    found
}

/// Every file of Rust, by path.
pub fn rust() -> Vec<File> {
    files().into_iter().filter(|file| file.is_one_of(&["rs"])).collect()
}

fn gather(folder: &Path, prefix: &str, found: &mut Vec<File>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let path = format!("{prefix}{name}");
        if entry.file_type().unwrap().is_dir() {
            // `artifacts` is also a module; only tests/artifacts is made.
            let made = MADE.contains(&name.as_str()) && (name != "artifacts" || prefix == "tests/");
            if !made {
                gather(&entry.path(), &format!("{path}/"), found);
            }
        } else if name != ".git"
            && let Ok(text) = fs::read_to_string(entry.path())
        {
            found.push(File { path, text });
        }
    }
}
