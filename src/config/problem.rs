//! What is wrong with the configuration, said by key.

use std::fmt;
use std::sync::Arc;

/// Where a value was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The file of defaults that is compiled in.
    BuiltIn,
    /// A file as a whole: it cannot be read, or something is missing from it.
    File(Arc<str>),
    /// A line of a file, counted from one.
    Line(Arc<str>, usize),
    /// An environment variable, by name.
    Variable(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BuiltIn => f.write_str("compiled in"),
            Self::File(file) => f.write_str(file),
            Self::Line(file, line) => write!(f, "{file} line {line}"),
            Self::Variable(name) => f.write_str(name),
        }
    }
}

/// One thing that is wrong. It never holds the value that was given: a token put into the wrong
/// key would be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The dotted key; the variable's name where that stands for no key; empty where a file cannot
    /// be read as TOML at all.
    pub key: String,
    /// Where the value was given.
    pub origin: Origin,
    /// What is wrong and what would be right.
    pub what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.origin {
            origin if self.key.is_empty() => write!(f, "{origin}: {}", self.what),
            Origin::Variable(name) if *name == self.key => write!(f, "{name}: {}", self.what),
            origin => write!(f, "{}: {} ({origin})", self.key, self.what),
        }
    }
}

/// Everything that is wrong, one line each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}
