//! What comes from elsewhere: its licences, how many versions of it, and from where. The lists are
//! in `.deny.toml`, which cargo-deny reads as well; nothing here asks the network.

use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
};

use serde::Deserialize;

use super::{nothing_breaks_it, tree};

/// The part of `.deny.toml` that is read here.
#[derive(Debug, Default, Deserialize)]
struct Lists {
    licenses: Licenses,
    bans: Bans,
}

#[derive(Debug, Default, Deserialize)]
struct Licenses {
    allow: BTreeSet<String>,
    exceptions: Vec<Exception>,
}

#[derive(Debug, Deserialize)]
struct Exception {
    #[serde(rename = "crate")]
    name: String,
    allow: BTreeSet<String>,
}

#[derive(Debug, Default, Deserialize)]
struct Bans {
    skip: Vec<Skip>,
}

#[derive(Debug, Deserialize)]
struct Skip {
    /// Name and version with an at sign between.
    #[serde(rename = "crate")]
    spec: String,
    reason: String,
}

/// A crate that is part of the program, of building it, or of its tests.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Package {
    name: String,
    version: String,
    license: String,
}

fn lists() -> Lists {
    let text = std::fs::read_to_string(tree::root().join(".deny.toml")).unwrap();
    toml::from_str(&text).unwrap()
}

/// Every crate that cargo would build here, told by cargo.
fn packages() -> BTreeSet<Package> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["tree", "--workspace", "--edges", "normal,build,dev", "--prefix", "none"])
        .args(["--format", "{p}|{l}", "--offline", "--locked"])
        .current_dir(tree::root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let packages: BTreeSet<Package> =
        String::from_utf8(output.stdout).unwrap().lines().filter_map(package).collect();
    assert!(packages.len() > 100, "cargo told of {} crates only", packages.len());
    packages
}

/// `name v1.2.3 (proc-macro)|MIT (*)`.
fn package(line: &str) -> Option<Package> {
    let (package, license) = line.trim_end_matches(" (*)").split_once('|')?;
    let mut words = package.split(' ');
    Some(Package {
        name: words.next()?.to_owned(),
        version: words.next()?.trim_start_matches('v').to_owned(),
        license: license.to_owned(),
    })
}

/// Whether one may take what is offered under these terms: an SPDX expression, or the old form
/// with a slash for *or*. `AND` binds closer than `OR`.
fn is_allowed(terms: &str, allowed: &dyn Fn(&str) -> bool) -> bool {
    let terms = terms.trim();
    for (word, all) in [("OR", false), ("/", false), ("AND", true)] {
        let parts = split_outside_brackets(terms, word);
        if parts.len() > 1 {
            let mut answers = parts.into_iter().map(|part| is_allowed(part, allowed));
            return if all { answers.all(|yes| yes) } else { answers.any(|yes| yes) };
        }
    }
    match terms.strip_prefix('(').and_then(|terms| terms.strip_suffix(')')) {
        Some(inside) => is_allowed(inside, allowed),
        None => allowed(terms),
    }
}

fn split_outside_brackets<'t>(terms: &'t str, word: &str) -> Vec<&'t str> {
    let word = if word == "/" { "/".to_owned() } else { format!(" {word} ") };
    let mut parts = Vec::new();
    let mut from = 0;
    for (at, _) in terms.match_indices(&word) {
        let before = &terms[..at];
        if before.matches('(').count() == before.matches(')').count() {
            parts.push(&terms[from..at]);
            from = at + word.len();
        }
    }
    parts.push(&terms[from..]);
    parts
}

fn bad_licenses(packages: &BTreeSet<Package>, lists: &Licenses) -> Vec<String> {
    let mut found = Vec::new();
    for package in packages {
        let more = lists.exceptions.iter().find(|exception| exception.name == package.name);
        let allowed =
            |id: &str| lists.allow.contains(id) || more.is_some_and(|more| more.allow.contains(id));
        if !is_allowed(&package.license, &allowed) {
            found.push(format!(
                "{} {} is under {:?}",
                package.name, package.version, package.license
            ));
        }
    }
    for exception in &lists.exceptions {
        if packages.iter().all(|package| package.name != exception.name) {
            found.push(format!("nobody brings {} any more", exception.name));
        }
    }
    found
}

fn bad_duplicates(packages: &BTreeSet<Package>, skips: &[Skip]) -> Vec<String> {
    let mut by_name: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for package in packages {
        by_name.entry(&package.name).or_default().push(&package.version);
    }
    let mut found = Vec::new();
    for (name, versions) in &by_name {
        let kept = versions.iter().filter(|version| {
            let spec = format!("{name}@{version}");
            skips.iter().all(|skip| skip.spec != spec)
        });
        if kept.count() > 1 {
            found.push(format!("{name} comes in {}", versions.join(" and ")));
        }
    }
    for skip in skips {
        let (name, version) = skip.spec.split_once('@').unwrap_or((&skip.spec, ""));
        let versions = by_name.get(name).map_or(&[][..], Vec::as_slice);
        if versions.len() < 2 || !versions.contains(&version) {
            found.push(format!("{} need not be skipped any more", skip.spec));
        }
        if skip.reason.is_empty() {
            found.push(format!("{} is skipped without a reason", skip.spec));
        }
    }
    found
}

/// Crates of the lock file that come from anywhere but the one public registry.
fn bad_sources(lock: &str) -> Vec<String> {
    let lock: toml::Table = toml::from_str(lock).unwrap();
    let packages = lock["package"].as_array().unwrap();
    let text = |package: &toml::Value, key: &str| {
        package.get(key).and_then(toml::Value::as_str).unwrap_or_default().to_owned()
    };
    packages
        .iter()
        .filter(|package| {
            let source = text(package, "source");
            if source.is_empty() {
                return !text(package, "name").starts_with("picdesk");
            }
            let public = source.starts_with("registry+") && source.ends_with(".io-index");
            !public || text(package, "checksum").is_empty()
        })
        .map(|package| format!("{} comes from {}", text(package, "name"), text(package, "source")))
        .collect()
}

#[test]
fn every_crate_may_be_given_on_under_our_licence() {
    let lists = lists().licenses;
    nothing_breaks_it(&bad_licenses(&packages(), &lists));
    let terms =
        ["MIT", "MIT/GPL-3.0", "(GPL-3.0 OR ISC) AND Zlib", "Apache-2.0 WITH LLVM-exception"];
    let closed = ["GPL-3.0", "MIT AND GPL-3.0", "ISC AND (GPL-3.0 OR SSPL-1.0)", "", "MPL-2.0"];
    for (terms, good) in
        terms.map(|one| (one, true)).into_iter().chain(closed.map(|one| (one, false)))
    {
        assert_eq!(is_allowed(terms, &|id| lists.allow.contains(id)), good, "{terms:?}");
    }
    let none = Licenses { allow: lists.allow, exceptions: Vec::new() };
    let colored = package("colored v3.1.1|MPL-2.0 (*)").unwrap();
    assert_eq!(bad_licenses(&BTreeSet::from([colored]), &none).len(), 1);
}

#[test]
fn no_crate_comes_twice_without_a_reason() {
    let skips = lists().bans.skip;
    nothing_breaks_it(&bad_duplicates(&packages(), &skips));
    let two = ["a v1.0.0|MIT", "a v2.0.0 (proc-macro)|MIT", "b v1.0.0|MIT"];
    let two: BTreeSet<Package> = two.into_iter().filter_map(package).collect();
    assert_eq!(bad_duplicates(&two, &[]), ["a comes in 1.0.0 and 2.0.0"]);
    let skip = |spec: &str| Skip { spec: spec.to_owned(), reason: "so".to_owned() };
    assert!(bad_duplicates(&two, &[skip("a@1.0.0")]).is_empty());
    assert_eq!(bad_duplicates(&two, &[skip("a@1.0.0"), skip("b@1.0.0")]).len(), 1);
}

#[test]
fn every_crate_comes_from_the_public_registry_with_a_checksum() {
    let lock = std::fs::read_to_string(tree::root().join("Cargo.lock")).unwrap();
    nothing_breaks_it(&bad_sources(&lock));
    let git = "[[package]]\nname = 'a'\nsource = 'git+https://git.example/a'\nchecksum = 'x'\n\
               [[package]]\nname = 'b'\nversion = '1'\n";
    assert_eq!(bad_sources(git).len(), 2);
}
