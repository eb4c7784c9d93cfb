//! The typed reader: it asks for keys one by one, remembers which, and collects every problem.

use std::collections::BTreeSet;
use std::path::Path;

use super::given::{Given, Givens, Value, key_of, variable_of};
use super::problem::{Origin, Problem};
use super::secret::Secret;

/// Largest secret file, bytes; a key is a line, not a document.
const SECRET_FILE_BYTES_MAX: u64 = 64 * 1024;

/// What a value read as, or what is wrong with it (never the value itself).
pub(super) type Read<T> = Result<T, String>;

/// What looking for a key found.
enum Found<T> {
    Absent,
    /// The problem is written down.
    Bad,
    Good(T),
}

/// Keys given, keys asked for, and what was wrong so far.
pub(super) struct Reader {
    given: Givens,
    /// The defaults; empty for a file that has none.
    built_in: Givens,
    whole: Origin,
    asked: BTreeSet<String>,
    secrets: BTreeSet<String>,
    problems: Vec<Problem>,
}

impl Reader {
    /// A reader of `given` in front of `built_in`; `whole` is what a missing key is blamed on.
    pub(super) fn new(given: Givens, built_in: Givens, whole: Origin) -> Self {
        Self {
            given,
            built_in,
            whole,
            asked: BTreeSet::new(),
            secrets: BTreeSet::new(),
            problems: Vec::new(),
        }
    }

    /// The keys of one section (or row of an array of tables).
    pub(super) fn section(&mut self, section: impl Into<String>) -> Keys<'_> {
        Keys { reader: self, section: section.into() }
    }

    /// How many rows the array of tables `key` has.
    pub(super) fn rows(&self, key: &str) -> usize {
        self.given.rows.get(key).copied().unwrap_or(0)
    }

    /// Writes down what is wrong with `key`, on the line that gave it.
    pub(super) fn blame(&mut self, key: &str, what: impl Into<String>) {
        let origin = match self.given.values.get(key).or(self.built_in.values.get(key)) {
            Some(given) => given.origin.clone(),
            None => self.whole.clone(),
        };
        self.problems.push(Problem { key: key.to_owned(), origin, what: what.into() });
    }

    /// Every problem met, those of keys that nobody asked for at the end.
    pub(super) fn finish(mut self) -> Vec<Problem> {
        let unknown: Vec<(String, Given)> = self
            .given
            .values
            .iter()
            .filter(|(key, given)| !self.asked.contains(*key) && !self.is_empty_section(key, given))
            .map(|(key, given)| (key.clone(), given.clone()))
            .collect();
        for (key, given) in unknown {
            self.problems.push(unknown_key(key, given.origin, &self.asked));
        }
        self.problems
    }

    fn is_empty_section(&self, key: &str, given: &Given) -> bool {
        let within = format!("{key}.");
        given.value == Value::Other("a section")
            && self.asked.iter().any(|asked| asked.starts_with(&within))
    }

    fn find<T>(&mut self, path: &str, read: impl FnOnce(&Value) -> Read<T>) -> Found<T> {
        self.asked.insert(path.to_owned());
        let Some(given) = self.given.values.get(path) else { return Found::Absent };
        if given.value == Value::Spoilt {
            return Found::Bad;
        }
        match read(&given.value) {
            Ok(value) => Found::Good(value),
            Err(what) => {
                let origin = given.origin.clone();
                self.problems.push(Problem { key: path.to_owned(), origin, what });
                Found::Bad
            }
        }
    }

    /// The keys asked for that are no secrets.
    #[cfg(test)]
    pub(super) fn asked_plain(&self) -> BTreeSet<String> {
        let twin = |key: &String| {
            key.strip_suffix("_file").is_some_and(|plain| self.secrets.contains(plain))
        };
        self.asked
            .iter()
            .filter(|key| !self.secrets.contains(*key) && !twin(key))
            .cloned()
            .collect()
    }

    /// The secrets asked for.
    #[cfg(test)]
    pub(super) fn asked_secrets(&self) -> &BTreeSet<String> {
        &self.secrets
    }
}

/// The keys of one section, and where their problems go.
pub(super) struct Keys<'a> {
    reader: &'a mut Reader,
    section: String,
}

impl Keys<'_> {
    /// A key that has a default; where what was given cannot be read, the default stands in so
    /// that reading goes on.
    pub(super) fn take<T>(&mut self, key: &str, read: impl Fn(&Value) -> Read<T>) -> T {
        let path = self.path(key);
        match self.reader.find(&path, &read) {
            Found::Good(value) => value,
            Found::Bad | Found::Absent => self
                .reader
                .built_in
                .values
                .get(&path)
                .and_then(|given| read(&given.value).ok())
                .unwrap_or_else(|| panic!("the compiled-in file has no sound `{path}`: tested")),
        }
    }

    /// A key that must be given. `None`: a problem is written down.
    pub(super) fn required<T>(
        &mut self,
        key: &str,
        read: impl FnOnce(&Value) -> Read<T>,
    ) -> Option<T> {
        let path = self.path(key);
        match self.reader.find(&path, read) {
            Found::Good(value) => Some(value),
            Found::Bad => None,
            Found::Absent => {
                self.blame(key, "is missing");
                None
            }
        }
    }

    /// A key that may be left out.
    pub(super) fn optional<T>(
        &mut self,
        key: &str,
        read: impl FnOnce(&Value) -> Read<T>,
    ) -> Option<T> {
        let path = self.path(key);
        match self.reader.find(&path, read) {
            Found::Good(value) => Some(value),
            Found::Bad | Found::Absent => None,
        }
    }

    /// A secret, given by itself or in the file that its twin `<key>_file` names.
    pub(super) fn secret(&mut self, key: &str) -> Option<Secret> {
        let path = self.path(key);
        let twin = format!("{key}_file");
        self.reader.secrets.insert(path);
        let direct = self.optional(key, secret_text).flatten();
        let file = self.optional(&twin, file_name).flatten();
        match (direct, file) {
            (Some(_), Some(_)) => {
                self.blame(key, format!("is set beside {}; give one", self.path(&twin)));
                None
            }
            (Some(secret), None) => Some(Secret::new(secret)),
            (None, Some(file)) => match secret_of_file(&file) {
                Ok(secret) => Some(Secret::new(secret)),
                Err(what) => {
                    self.blame(&twin, what);
                    None
                }
            },
            (None, None) => None,
        }
    }

    /// Whether something else than the default was given for a key.
    pub(super) fn is_given(&self, key: &str) -> bool {
        self.reader
            .given
            .values
            .get(&self.path(key))
            .is_some_and(|given| given.origin != Origin::BuiltIn)
    }

    /// Whether a key has no text, given or by default.
    pub(super) fn is_unset(&self, key: &str) -> bool {
        let path = self.path(key);
        let given = self.reader.given.values.get(&path).map(|given| &given.value);
        given.is_none_or(
            |value| matches!(value, Value::Text(text) | Value::Raw(text) if text.is_empty()),
        )
    }

    /// Writes down what is wrong with a key of this section.
    pub(super) fn blame(&mut self, key: &str, what: impl Into<String>) {
        let path = self.path(key);
        self.reader.blame(&path, what);
    }

    /// The same for a key by its whole name.
    pub(super) fn blame_whole(&mut self, path: &str, what: impl Into<String>) {
        self.reader.blame(path, what);
    }

    fn path(&self, key: &str) -> String {
        format!("{}.{key}", self.section)
    }
}

/// A secret's text; empty is the same as none.
fn secret_text(value: &Value) -> Read<Option<String>> {
    match value {
        Value::Text(text) | Value::Raw(text) if text.is_empty() => Ok(None),
        Value::Text(text) | Value::Raw(text) => checked_secret(text).map(Some),
        _ => Err("must be a text in quotes".to_owned()),
    }
}

fn checked_secret(text: &str) -> Read<String> {
    if text.trim() != text {
        Err("begins or ends with white space".to_owned())
    } else if text.chars().any(char::is_control) {
        Err("holds a control character".to_owned())
    } else {
        Ok(text.to_owned())
    }
}

fn file_name(value: &Value) -> Read<Option<String>> {
    match value {
        Value::Text(text) | Value::Raw(text) => Ok(Some(text.clone()).filter(|t| !t.is_empty())),
        _ => Err("must be a text in quotes".to_owned()),
    }
}

/// The content of a secret file without its last line break. What is wrong is said without the
/// path: someone may have put the secret where its file's name belongs.
fn secret_of_file(file: &str) -> Read<String> {
    let read = || {
        let metadata = std::fs::metadata(Path::new(file))?;
        if metadata.len() > SECRET_FILE_BYTES_MAX {
            return Err(std::io::Error::other("it is larger than 64 KiB"));
        }
        std::fs::read_to_string(file)
    };
    let text = read().map_err(|error| format!("names a file that cannot be read: {error}"))?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.is_empty() {
        return Err("names an empty file".to_owned());
    }
    checked_secret(line).map_err(|what| format!("names a file whose content {what}"))
}

/// The problem of a key that nobody asked for, by the name it was given under.
fn unknown_key(key: String, origin: Origin, known: &BTreeSet<String>) -> Problem {
    let (key, meant) = match &origin {
        Origin::Variable(name) => {
            let meant = nearest(&key_of(name), known).map(variable_of);
            (name.clone(), meant)
        }
        Origin::BuiltIn | Origin::File(_) | Origin::Line(..) => {
            let meant = nearest(&key, known).map(str::to_owned);
            (key, meant)
        }
    };
    let what = match meant {
        Some(meant) => format!("is not a key; did you mean {meant}?"),
        None => "is not a key".to_owned(),
    };
    Problem { key, origin, what }
}

/// The known key that was probably meant: the same word in another section, a longer word that
/// begins so, or one that is a few typing errors away.
fn nearest<'a>(key: &str, known: &'a BTreeSet<String>) -> Option<&'a str> {
    let word = key.rsplit('.').next().unwrap_or(key);
    let mut namesakes = known.iter().filter(|known| known.rsplit('.').next() == Some(word));
    if let (Some(only), None) = (namesakes.next(), namesakes.next()) {
        return Some(only);
    }
    let key = key.to_lowercase();
    let mut longer = known.iter().filter(|known| key.contains('.') && known.starts_with(&key));
    if let (Some(only), None) = (longer.next(), longer.next()) {
        return Some(only);
    }
    known
        .iter()
        .map(|known| (distance(&key, known), known))
        .min()
        .filter(|(distance, known)| *distance <= (known.len() / 5).max(2))
        .map(|(_, known)| known.as_str())
}

/// Insertions, deletions and replacements between two keys (Levenshtein).
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (index, from) in left.chars().enumerate() {
        let mut diagonal = index;
        let mut before = index + 1;
        for (to, cell) in right.iter().zip(row.iter_mut().skip(1)) {
            let replaced = diagonal + usize::from(from != *to);
            diagonal = *cell;
            before = replaced.min(before + 1).min(*cell + 1);
            *cell = before;
        }
        if let Some(first) = row.first_mut() {
            *first = index + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}
