//! The shape of the house: who has which files, who may know whom, and which doors there are.

use std::collections::BTreeSet;

use super::{
    nothing_breaks_it,
    source::Source,
    tree::{self, File},
};

/// What every adapter has, beside its samples.
const ADAPTER_FILES: &[&str] = &["config", "verify", "parse", "render", "client", "webhook"];
/// Samples that every adapter has at least.
const SAMPLES_MIN: usize = 10;
/// All that the rules may depend on.
const CORE_NEEDS: &[&str] = &["async-trait", "serde"];
/// What the stand-ins may know of ours beside the rules: their painter, which knows nothing.
const PAINTER: &str = "picdesk-paint";
/// Folders beside the adapters.
const NO_ADAPTERS: &[&str] = &["core", "sandbox"];

fn text_of<'f>(files: &'f [File], path: &str) -> &'f str {
    files.iter().find(|file| file.path == path).map_or("", |file| &file.text)
}

fn adapters(files: &[File]) -> BTreeSet<&str> {
    files
        .iter()
        .filter_map(|file| file.path.strip_prefix("bots/")?.split('/').next())
        .filter(|name| !NO_ADAPTERS.contains(name))
        .collect()
}

fn ill_shaped_adapters(files: &[File]) -> Vec<String> {
    let mut found = Vec::new();
    for adapter in adapters(files) {
        let home = format!("bots/{adapter}");
        for name in ADAPTER_FILES {
            if text_of(files, &format!("{home}/src/{name}.rs")).is_empty() {
                found.push(format!("{home} has no src/{name}.rs"));
            }
        }
        let samples = format!("{home}/samples/");
        let samples = files.iter().filter(|file| file.path.starts_with(&samples)).count();
        if samples < SAMPLES_MIN {
            found.push(format!("{home} has {samples} samples, {SAMPLES_MIN} at least"));
        }
    }
    found
}

/// What a manifest names under `[dependencies]`.
fn dependencies(manifest: &str) -> BTreeSet<String> {
    let manifest: toml::Table = toml::from_str(manifest).unwrap();
    let needs = manifest.get("dependencies").and_then(toml::Value::as_table);
    needs.into_iter().flat_map(toml::Table::keys).cloned().collect()
}

fn forbidden_acquaintances(files: &[File]) -> Vec<String> {
    let mut found = Vec::new();
    let core = dependencies(text_of(files, "bots/core/Cargo.toml"));
    if !core.iter().map(String::as_str).eq(CORE_NEEDS.iter().copied()) {
        found.push(format!("bots/core depends on {core:?}, not on {CORE_NEEDS:?}"));
    }
    let attribute: String = Source::read(text_of(files, "bots/core/src/lib.rs")).lines().concat();
    if !attribute.contains("#![no_std]") {
        found.push("bots/core can reach std".to_owned());
    }
    for name in adapters(files).into_iter().chain(["sandbox"]) {
        let manifest = text_of(files, &format!("bots/{name}/Cargo.toml"));
        for need in dependencies(manifest) {
            let painter = name == "sandbox" && need == PAINTER;
            if need.starts_with("picdesk") && need != "picdesk-core" && !painter {
                found.push(format!("bots/{name} depends on {need}"));
            }
        }
    }
    let painter = dependencies(text_of(files, "bots/sandbox/paint/Cargo.toml"));
    found.extend(
        painter.iter().filter(|need| need.starts_with("picdesk")).map(|n| format!("paint: {n}")),
    );
    found
}

/// Calls of a channel's two doors outside the one place where they are opened.
fn other_senders(files: &[File]) -> Vec<String> {
    let mut found = Vec::new();
    for file in files.iter().filter(|file| file.path.starts_with("src/") && !file.is_test()) {
        if file.path == "src/outbox.rs" || file.path.starts_with("src/outbox/") {
            continue;
        }
        for (number, line) in (1..).zip(Source::read(&file.text).untested_lines()) {
            let shows = ["channel.show(", "channel().show(", "Channel::show("];
            if line.contains(".deliver(")
                || line.contains("Channel::deliver")
                || shows.iter().any(|call| line.contains(call))
            {
                found.push(format!("{}:{number}: only the outbox touches a channel", file.path));
            }
        }
    }
    found
}

#[test]
fn every_adapter_has_the_same_files_and_enough_samples() {
    let files = tree::files();
    assert!(adapters(&files).contains("telegram"));
    nothing_breaks_it(&ill_shaped_adapters(&files));
    let lone = File::made_up("bots/pigeon/src/parse.rs", "//! Coo.");
    assert_eq!(ill_shaped_adapters(&[lone]).len(), ADAPTER_FILES.len());
}

#[test]
fn the_rules_can_reach_nothing_and_nobody_knows_more_than_it_may() {
    nothing_breaks_it(&forbidden_acquaintances(&tree::files()));
    let files = [
        File::made_up("bots/core/Cargo.toml", "[dependencies]\nserde = '1'\ntokio = '1'"),
        File::made_up("bots/core/src/lib.rs", "// #![no_std]\nextern crate alloc;"),
        File::made_up("bots/sandbox/Cargo.toml", "[dependencies]\npicdesk-telegram = '1'"),
    ];
    assert_eq!(forbidden_acquaintances(&files).len(), 3);
}

#[test]
fn only_the_outbox_touches_a_channel() {
    let rust = tree::rust();
    let outbox = rust.iter().filter(|file| file.path.starts_with("src/outbox"));
    assert!(outbox.clone().any(|file| file.text.contains(".deliver(")));
    assert!(outbox.clone().any(|file| file.text.contains("channel.show(")));
    nothing_breaks_it(&other_senders(&rust));
    let text = "fn f() {\n  x.deliver(m); // once\n  self.channel.show(s)\n}\n";
    assert_eq!(other_senders(&[File::made_up("src/turn.rs", text)]).len(), 2);
    assert!(other_senders(&[File::made_up("src/outbox/sender.rs", text)]).is_empty());
}
