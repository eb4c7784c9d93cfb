//! What was given, from where: TOML text and environment variables as flat, dotted keys.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::{Origin, Problem};

/// Prefix of every environment variable of ours.
const PREFIX: &str = "PICDESK_";

/// A value as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    Text(String),
    Whole(i64),
    /// A number with a point, as written.
    Decimal(String),
    Flag(bool),
    List(Vec<Value>),
    /// An environment variable: its type is the type that the key has.
    Raw(String),
    /// What no key takes, by its name.
    Other(&'static str),
    /// It stands on a line that is not TOML, which is reported already.
    Spoilt,
}

/// A value and where it was given.
#[derive(Debug, Clone)]
pub(super) struct Given {
    pub(super) value: Value,
    pub(super) origin: Origin,
}

/// Values by dotted key, and how many rows each array of tables has.
#[derive(Debug, Default)]
pub(super) struct Givens {
    pub(super) values: BTreeMap<String, Given>,
    pub(super) rows: BTreeMap<String, usize>,
}

impl Givens {
    /// Reads a TOML text; what cannot be read is a problem each, and the rest is still there.
    pub(super) fn parse(
        text: &str,
        origin_at: impl Fn(usize) -> Origin,
        problems: &mut Vec<Problem>,
    ) -> Self {
        let line_of = |offset: usize| {
            let before = text.as_bytes().get(..offset).unwrap_or(text.as_bytes());
            before.split(|byte| *byte == b'\n').count()
        };
        let (table, errors) = DeTable::parse_recoverable(text);
        let mut spoilt = Vec::new();
        for error in errors {
            let line = line_of(error.span().map_or(0, |span| span.start));
            spoilt.push(line);
            problems.push(Problem {
                key: String::new(),
                origin: origin_at(line),
                what: format!("is not TOML: {}", error.message()),
            });
        }
        let mut flat = Flattening {
            line_of: &line_of,
            origin_at: &origin_at,
            spoilt: &spoilt,
            givens: Self::default(),
        };
        flat.table("", table.get_ref());
        flat.givens
    }

    /// Reads the variables of ours among `variables`.
    pub(super) fn of_environment(
        variables: impl IntoIterator<Item = (OsString, OsString)>,
        problems: &mut Vec<Problem>,
    ) -> Self {
        let mut givens = Self::default();
        for (name, value) in variables {
            let Some(name) = name.to_str().filter(|name| name.starts_with(PREFIX)) else {
                continue;
            };
            let origin = Origin::Variable(name.to_owned());
            let key = key_of(name);
            // A name that is not the exact one of its key is unknown, so it keeps its own.
            let key = if variable_of(&key) == name { key } else { name.to_owned() };
            if let Ok(value) = value.into_string() {
                givens.values.insert(key, Given { value: Value::Raw(value), origin });
            } else {
                let what = "is not UTF-8".to_owned();
                problems.push(Problem { key, origin, what });
            }
        }
        givens
    }

    /// Lets the values of `other` stand in front of these.
    pub(super) fn overlay(&mut self, other: Self) {
        self.values.extend(other.values);
        self.rows.extend(other.rows);
    }
}

/// The environment variable of a dotted key.
pub(super) fn variable_of(key: &str) -> String {
    format!("{PREFIX}{}", key.replace('.', "__").to_uppercase())
}

/// The dotted key that a variable's name stands for, whether it is one or not.
pub(super) fn key_of(variable: &str) -> String {
    variable.trim_start_matches(PREFIX).to_lowercase().replace("__", ".")
}

/// Reads one TOML value, as a list in an environment variable is one.
pub(super) fn parse_value(text: &str) -> Option<Value> {
    DeValue::parse(text).ok().map(|value| value_of(value.get_ref()))
}

/// The origin of a line of a file.
pub(super) fn lines_of(file: &str) -> impl Fn(usize) -> Origin {
    let file: Arc<str> = file.into();
    move |line| Origin::Line(Arc::clone(&file), line)
}

/// A walk over a table that writes down what it meets.
struct Flattening<'a> {
    line_of: &'a dyn Fn(usize) -> usize,
    origin_at: &'a dyn Fn(usize) -> Origin,
    spoilt: &'a [usize],
    givens: Givens,
}

impl Flattening<'_> {
    fn table(&mut self, prefix: &str, table: &DeTable<'_>) {
        for (key, value) in table {
            let name = quoted(key.get_ref());
            let path = if prefix.is_empty() { name } else { format!("{prefix}.{name}") };
            let line = (self.line_of)(key.span().start);
            self.value(path, line, value);
        }
    }

    fn value(&mut self, path: String, line: usize, value: &Spanned<DeValue<'_>>) {
        match value.get_ref() {
            DeValue::Table(table) if !table.is_empty() => self.table(&path, table),
            DeValue::Array(rows)
                if !rows.is_empty() && rows.iter().all(|row| row.get_ref().is_table()) =>
            {
                for (index, row) in rows.iter().enumerate() {
                    let DeValue::Table(row) = row.get_ref() else { continue };
                    self.table(&format!("{path}[{index}]"), row);
                }
                self.givens.rows.insert(path, rows.len());
            }
            other => {
                let value =
                    if self.spoilt.contains(&line) { Value::Spoilt } else { value_of(other) };
                self.givens.values.insert(path, Given { value, origin: (self.origin_at)(line) });
            }
        }
    }
}

fn value_of(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => Value::Text(text.clone().into_owned()),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map_or(Value::Other("a number beyond 64 bits"), Value::Whole),
        DeValue::Float(number) => Value::Decimal(number.as_str().to_owned()),
        DeValue::Boolean(flag) => Value::Flag(*flag),
        DeValue::Array(items) => {
            Value::List(items.iter().map(|item| value_of(item.get_ref())).collect())
        }
        DeValue::Datetime(_) => Value::Other("a date without quotes"),
        DeValue::Table(_) => Value::Other("a section"),
    }
}

/// A key as it would be written in TOML.
fn quoted(key: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if !key.is_empty() && key.chars().all(bare) { key.to_owned() } else { format!("{key:?}") }
}
