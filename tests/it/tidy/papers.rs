//! Papers that name paths: every path that they name is there.

use super::{
    nothing_breaks_it,
    tree::{self, File},
};

/// Endings by which a word is known as a file's name.
const ENDINGS: &[&str] = &["rs", "toml", "md", "sql", "ftl", "mjs", "js", "css", "html", "png"];

/// Words in backticks, and where links lead.
fn named(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut in_block = false;
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim_start().starts_with("```") {
            in_block = !in_block;
            continue;
        }
        if in_block {
            continue;
        }
        found.extend(line.split('`').skip(1).step_by(2).map(|word| (number, word.to_owned())));
        for (at, _) in line.match_indices("](") {
            let target = line[at + 2..].split([')', '#', ' ']).next().unwrap_or_default();
            found.push((number, target.to_owned()));
        }
    }
    found
}

/// `a/{b,c}.rs` as `a/b.rs` and `a/c.rs`.
fn spread(word: &str) -> Vec<String> {
    match (word.find('{'), word.find('}')) {
        (Some(open), Some(close)) if open < close => word[open + 1..close]
            .split(',')
            .flat_map(|one| {
                spread(&format!("{}{}{}", &word[..open], one.trim(), &word[close + 1..]))
            })
            .collect(),
        _ => vec![word.to_owned()],
    }
}

/// Whether a word is meant as a path of this repository: it begins with one of its folders, or
/// ends like a file.
fn is_path(word: &str, tops: &[&str]) -> bool {
    let letters = |letter: char| letter.is_ascii_alphanumeric() || "._-/*".contains(letter);
    if word.is_empty() || word.starts_with('/') || !word.chars().all(letters) {
        return false;
    }
    let first = word.split('/').next().unwrap_or_default();
    let ends = word
        .rsplit_once('.')
        .is_some_and(|(name, ending)| !name.is_empty() && ENDINGS.contains(&ending));
    ends || (word.contains('/') && tops.contains(&first))
}

/// Whether something stands under a path, from the root or from beside the paper.
fn is_there(word: &str, paper: &str, files: &[File]) -> bool {
    let word = word.trim_start_matches("./").trim_end_matches('/');
    let beside = paper.rsplit_once('/').map_or("", |(folder, _)| folder);
    let from_beside = format!("{beside}/{word}");
    files.iter().any(|file| leads_to(word, &file.path) || leads_to(&from_beside, &file.path))
        || tree::root().join(word).exists()
        || tree::root().join(&from_beside).exists()
}

/// Whether a path is a file's or that of a folder above it. A star stands for any one name.
fn leads_to(wanted: &str, path: &str) -> bool {
    let mut parts = path.split('/');
    wanted.split('/').all(|want| parts.next().is_some_and(|part| want == "*" || want == part))
}

/// Files that running makes, which papers name as well.
const MADE: &[&str] = &["data", "target"];

fn missing_paths(papers: &[File], files: &[File]) -> Vec<String> {
    let mut tops: Vec<&str> =
        files.iter().filter_map(|file| file.path.split_once('/')).map(|(top, _)| top).collect();
    tops.sort_unstable();
    tops.dedup();
    let mut found = Vec::new();
    for paper in papers {
        for (number, word) in named(&paper.text) {
            for path in spread(&word) {
                let made = MADE.iter().any(|top| path.split('/').next() == Some(top));
                if is_path(&path, &tops) && !made && !is_there(&path, &paper.path, files) {
                    found.push(format!("{}:{number}: there is no {path}", paper.path));
                }
            }
        }
    }
    found
}

#[test]
fn every_path_that_a_paper_names_is_there() {
    let files = tree::files();
    let papers: Vec<File> = files.iter().filter(|file| file.is_one_of(&["md"])).cloned().collect();
    nothing_breaks_it(&missing_paths(&papers, &files));
    let text = "See `src/gone.rs`, `bots/{core,gone}/src`, [it](gone.md#here) and `migrations/*`.\n\
                `cargo run`, `/healthz`, `src/main.rs`, `tests/it/`, `a/b` and `data/x.toml`.\n\
                ```\n`src/also-gone.rs`\n```\n";
    let broken = missing_paths(&[File::made_up("README.md", text)], &files);
    assert_eq!(broken.len(), 3, "{broken:?}");
}
