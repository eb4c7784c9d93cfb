//! Samples are made up: nobody's token, telephone or address stands in them.

use super::{
    nothing_breaks_it,
    tree::{self, File},
};

/// Ends of host names that nobody can own (RFC 2606), and loopback.
const NOBODYS: &[&str] = &["example", "example.com", "example.org", "test", "invalid", "localhost"];
/// Beginnings of keys that open something at a provider.
const KEYS: &[&str] =
    &["sk-proj-", "sk_live_", "creem_live_", "ghp_", "xoxb-", "AKIA", "eyJhbGciOi"];
/// Digits after which a number with a plus before it may be somebody's telephone. The stand-ins'
/// people have shorter ones, or one from +999, which no country has.
const TELEPHONE_DIGITS: usize = 9;

fn is_sample(file: &File) -> bool {
    file.path.split('/').any(|part| part == "samples")
}

/// Words of a line: what stands between quotes, blanks and the like.
fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|letter: char| letter.is_whitespace() || "\"'`<>(),;={}[]\\".contains(letter))
}

/// A bot's token: digits, a colon, 35 letters of base64url (Bot API, "Authorizing your bot").
fn is_bot_token(word: &str) -> bool {
    word.split('/').filter_map(|part| part.split_once(':')).any(|(id, secret)| {
        let id = id.trim_start_matches("bot");
        id.len() >= 8
            && id.bytes().all(|byte| byte.is_ascii_digit())
            && secret.len() == 35
            && secret.bytes().any(|byte| byte.is_ascii_digit())
            && secret.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
    })
}

/// A provider's key, long enough to be one. Amazon's documents have one that says it is none.
fn is_key(word: &str) -> bool {
    if word.ends_with("EXAMPLE") {
        return false;
    }
    KEYS.iter().any(|start| word.find(start).is_some_and(|at| word.len() - at >= start.len() + 16))
}

/// An e-mail address that may be somebody's.
fn is_address(word: &str) -> bool {
    let Some((name, host)) = word.trim_end_matches(['.', ':']).split_once('@') else {
        return false;
    };
    let named = name.bytes().next_back().is_some_and(|byte| byte.is_ascii_alphanumeric());
    let hosted =
        host.contains('.') && host.bytes().all(|b| b.is_ascii_alphanumeric() || b".-".contains(&b));
    let nobodys = NOBODYS.iter().any(|end| host == *end || host.ends_with(&format!(".{end}")));
    named && hosted && !nobodys && host.bytes().next_back().is_some_and(|b| b.is_ascii_alphabetic())
}

/// A telephone number that may be somebody's.
fn is_telephone(word: &str) -> bool {
    let Some(number) = word.strip_prefix('+') else { return false };
    let digits = number.bytes().filter(u8::is_ascii_digit).count();
    digits >= TELEPHONE_DIGITS
        && !number.starts_with("999")
        && number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')
}

fn somebodys(files: &[File]) -> Vec<String> {
    let mut found = Vec::new();
    for file in files.iter().filter(|file| file.path != "Cargo.lock") {
        for (number, line) in (1..).zip(file.text.lines()) {
            for word in words(line) {
                let what = if is_bot_token(word) || is_key(word) {
                    "a token"
                } else if is_sample(file) && is_address(word) {
                    "an e-mail address"
                } else if is_sample(file) && is_telephone(word) {
                    "a telephone number"
                } else {
                    continue;
                };
                found.push(format!("{}:{number}: {what} that may be somebody's", file.path));
            }
        }
    }
    found
}

#[test]
fn nobodys_token_telephone_or_address_is_in_the_repository() {
    let files = tree::files();
    assert!(files.iter().filter(|file| is_sample(file)).count() >= 40);
    nothing_breaks_it(&somebodys(&files));
    let lines = [
        concat!("\"token\": \"123456789:AAbbCCddEEffGGhh", "IIjjKKllMMnnOOppQQ1\""),
        concat!("https://bot.example/file/bot123456789:AAbbCCddEEffGGhh", "IIjjKKllMMnnOOppQQ1/x"),
        concat!("sk-proj-", "abcdefghijklmnopqrst"),
        "mail: somebody@gmail.com.",
        "\"phone\": \"+15551234567\"",
    ];
    let real = File::made_up("bots/pigeon/samples/real.json", &lines.join("\n"));
    assert_eq!(somebodys(&[real]).len(), lines.len());
    let made_up =
        "a@desk.example +999123456789 7000000001:a-token-of-the-tests 12:30 @somebody x@1.2";
    assert!(somebodys(&[File::made_up("bots/pigeon/samples/made.json", made_up)]).is_empty());
}
