//! Words that stand nowhere in the repository, and why.

use super::{
    nothing_breaks_it,
    source::Source,
    tree::{self, File},
};

/// Words in any file. They are put together here, so that this file may be read as well.
const NOWHERE: &[(&str, &str)] = &[
    (concat!("TO", "DO"), "say it in an issue"),
    (concat!("FIX", "ME"), "say it in an issue"),
    (concat!("../", "shared"), "the repository stands alone"),
    (concat!("/", "root/"), "a path of one machine"),
    (concat!("/", "home/"), "a path of one machine"),
    (concat!("/", "work/"), "a path of one machine"),
    (concat!("/", "Users/"), "a path of one machine"),
    (concat!("crates", ".io/"), "registries are the machine's own business"),
    (concat!("static.crates", ".io"), "registries are the machine's own business"),
    (concat!("index.crates", ".io"), "registries are the machine's own business"),
    (concat!("registry.", "npmjs"), "registries are the machine's own business"),
    (concat!("pypi", ".org"), "registries are the machine's own business"),
    (concat!("deb.", "debian.org"), "registries are the machine's own business"),
    (concat!("docker", ".io"), "registries are the machine's own business"),
    (concat!("ghcr", ".io"), "registries are the machine's own business"),
];

/// Attributes in any code.
const NO_ATTRIBUTES: &[(&str, &str)] = &[
    (concat!("[", "allow("), "expect it, with the reason"),
    (concat!("[", "ignore"), "a test that is not run is not a test"),
];

/// Tests in which time passes, and why: real sockets are waited for, and nothing tells when they
/// have done nothing.
const SLEEPERS: &[(&str, &str)] = &[
    ("benches/desk.rs", "a process that has just begun becomes idle"),
    ("benches/growth.rs", "that all is turned can only be asked again and again"),
    ("benches/house.rs", "another process can only be asked again and again"),
    ("benches/outside.rs", "good callers come at even distances, and files are counted again"),
    ("benches/provider.rs", "pictures come slowly, so that many are under way"),
    ("benches/rude.rs", "sockets are bad by letting time pass"),
    ("bots/wecom/tests/it/calls/tokens.rs", "a token takes its time to be fetched"),
    ("src/http/tests.rs", "routes that are slow, for a server that has patience"),
    ("src/http/tests/crowd.rs", "a connection that does nothing is kept"),
    ("src/http/tests/ending.rs", "a request is under way while its answer is not there"),
    ("src/http/tests/patience.rs", "the server's patience is measured by real sockets"),
    ("src/http/tests/plain.rs", "a sender that goes on after it was refused"),
    ("tests/it/contract/channel_contract.rs", "what people see can only be asked for again"),
    ("tests/it/contract/store/errands.rs", "an errand that does not begin is waited for in vain"),
    ("tests/it/crash.rs", "a process is killed at a moment of chance"),
    ("tests/it/crash/crowd.rs", "people pause between what they write"),
    ("tests/it/crash/linkers.rs", "people pause between what they do"),
    ("tests/it/house.rs", "another process can only be asked again and again"),
    ("tests/it/sending.rs", "what a sender has written down can only be asked again and again"),
    ("tests/it/outside/sockets.rs", "sockets are bad by letting time pass"),
    ("tests/it/stories/poison.rs", "a process that stands still is killed after a while"),
];

fn forbidden_words(files: &[File]) -> Vec<String> {
    let mut found = Vec::new();
    for file in files.iter().filter(|file| file.path != "Cargo.lock") {
        for (number, line) in (1..).zip(file.text.lines()) {
            for (word, why) in NOWHERE {
                if stands_alone(line, word) {
                    found.push(format!("{}:{number}: `{word}`: {why}", file.path));
                }
            }
        }
        if file.is_one_of(&["rs"]) {
            for (number, line) in (1..).zip(Source::read(&file.text).lines()) {
                for (word, why) in NO_ATTRIBUTES {
                    if line.contains(word) {
                        found.push(format!("{}:{number}: `{word}`: {why}", file.path));
                    }
                }
            }
        }
    }
    found
}

/// Whether a word stands in a line and is not the tail of a longer one.
fn stands_alone(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        !line[..at].ends_with(|before: char| before.is_alphanumeric() || "._-".contains(before))
    })
}

/// Whether real time is waited for: the house's own clock has methods, which a test moves.
fn sleeps(line: &str) -> bool {
    ["sleep(", "sleep_until("]
        .iter()
        .flat_map(|call| line.match_indices(call))
        .any(|(at, _)| line[..at].ends_with([':', ' ', '(']) || at == 0)
}

/// Waits for time to pass where a test should wait for what it waits for.
fn sleepers(files: &[File]) -> Vec<String> {
    let mut found = Vec::new();
    for file in files {
        if SLEEPERS.iter().any(|(path, _)| *path == file.path) {
            continue;
        }
        let source = Source::read(&file.text);
        let untested = source.untested_lines();
        for (number, (line, outside)) in source.lines().iter().zip(&untested).enumerate() {
            let in_test = file.is_test() || line != outside;
            if sleeps(line) && (in_test || line.contains("thread::sleep(")) {
                found.push(format!("{}:{}: wait for the thing itself", file.path, number + 1));
            }
        }
    }
    found
}

/// Where something is expected and nobody says why it cannot be otherwise.
fn unexplained_expectations(files: &[File]) -> Vec<String> {
    let mut found = Vec::new();
    for file in files.iter().filter(|file| file.path.contains("src/") && !file.is_test()) {
        // Pictures and words made for tests.
        if file.path.ends_with("/samples.rs") {
            continue;
        }
        let lines: Vec<&str> = file.text.split('\n').collect();
        for (number, code) in Source::read(&file.text).untested_lines().iter().enumerate() {
            let Some(at) = code.find(".expect(") else { continue };
            // The words may stand on the next line.
            let said =
                format!("{}{}", &lines[number][at + 8..], lines.get(number + 1).unwrap_or(&""));
            let why = said.trim_start().strip_prefix('"').and_then(|said| said.split('"').next());
            if why.is_none_or(|why| why.split(' ').count() < 3) {
                found.push(format!("{}:{}: say why it cannot be", file.path, number + 1));
            }
        }
    }
    found
}

#[test]
fn whatever_is_expected_has_a_reason() {
    nothing_breaks_it(&unexplained_expectations(&tree::files()));
    let bad = File::made_up(
        "src/x.rs",
        "fn f() {\n    a.expect(\"a stated invariant\");\n    b.expect(\"b\");\n    c.expect(why);\n}\n",
    );
    assert_eq!(unexplained_expectations(&[bad]).len(), 2);
}

#[test]
fn words_that_stand_nowhere_stand_nowhere() {
    nothing_breaks_it(&forbidden_words(&tree::files()));
    let bad = File::made_up(
        "src/bad.rs",
        concat!("// TO", "DO: x\n#![", "allow(dead_code)]\nlet a = \"/", "root/x\";\n/", "work/\n"),
    );
    let good = File::made_up("src/good.rs", concat!("// #[", "ignore]\n\"data/", "work/\"\n"));
    assert_eq!(forbidden_words(&[bad, good]).len(), 4);
}

#[test]
fn tests_wait_for_what_they_wait_for_and_not_for_time() {
    let rust = tree::rust();
    nothing_breaks_it(&sleepers(&rust));
    let tests = "tokio::time::sleep(x);\n#[cfg(test)]\nmod tests {\n\
                 fn f() { sleep(x) + clock.sleep_until(x) }\n}\n";
    assert_eq!(
        sleepers(&[File::made_up("src/good.rs", tests)]),
        ["src/good.rs:4: wait for the thing itself"]
    );
    assert_eq!(sleepers(&[File::made_up("tests/it/bad.rs", tests)]).len(), 2);
    for (path, why) in SLEEPERS {
        assert!(!why.is_empty(), "{path} has no reason");
        let text =
            tree::rust().into_iter().find(|file| file.path == *path).expect("it is there").text;
        assert!(text.contains("sleep("), "{path} sleeps no more");
    }
}
