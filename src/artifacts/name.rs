//! Names of objects: random, sharded, and never a way out of the store.

use std::fmt;

/// The longest name, bytes.
const NAME_BYTES_MAX: usize = 200;

/// What the name of a small copy ends with. No random token ends so: it is too long for chance.
const SMALL: &str = "_small-copy";

/// The name of an object: parts of letters, digits, `_` and `-` with slashes between, as
/// `ab/cdef0123`. No dots, so that no name leads out of the store or is hidden in it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectName(String);

/// Not the name of an object.
#[derive(Debug, thiserror::Error)]
#[error("not the name of an object")]
pub struct InvalidName;

impl ObjectName {
    /// Reads a name.
    ///
    /// # Errors
    /// Where it is none.
    pub fn parse(name: &str) -> Result<Self, InvalidName> {
        let part_is_plain = |part: &str| {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
            !part.is_empty() && part.bytes().all(plain)
        };
        if name.len() <= NAME_BYTES_MAX && name.split('/').all(part_is_plain) {
            Ok(Self(name.to_owned()))
        } else {
            Err(InvalidName)
        }
    }

    /// The name of the object with this random token: its first two letters are the folder, so
    /// that no folder grows too long.
    ///
    /// # Errors
    /// Where the token is shorter than three letters or has others than a name may have.
    pub fn of_token(token: &str) -> Result<Self, InvalidName> {
        let (folder, rest) = token.split_at_checked(2).ok_or(InvalidName)?;
        if token.contains('/') {
            return Err(InvalidName);
        }
        Self::parse(&format!("{folder}/{rest}"))
    }

    /// The name of the small copy of this object, which is deleted with it.
    ///
    /// # Errors
    /// Where that would be too long.
    pub fn small(&self) -> Result<Self, InvalidName> {
        Self::parse(&format!("{}{SMALL}", self.0))
    }

    /// The object that this is a small copy of; itself where it is none.
    pub fn whole(&self) -> &str {
        self.0.strip_suffix(SMALL).unwrap_or(&self.0)
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ObjectName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::ObjectName;

    #[test]
    fn no_name_leads_out_of_the_store() {
        let bad = [
            "",
            "/",
            "a/",
            "/a",
            "a//b",
            "..",
            "../a",
            "a/../b",
            "a/.",
            ".hidden",
            "a.png",
            "a%2e%2e",
            "a\\b",
            "a\0b",
            "a b",
            "ä",
            "C:a",
            "~a",
            "a/\u{2024}\u{2024}/b",
        ];
        for name in bad {
            assert!(ObjectName::parse(name).is_err(), "{name:?}");
        }
        assert!(ObjectName::parse(&"a".repeat(201)).is_err());
        assert!(ObjectName::parse("ab/cd_ef-01").is_ok());
    }

    #[test]
    fn a_token_is_sharded_by_its_first_two_letters() {
        let name = ObjectName::of_token("Ab3xyz").expect("a token");
        assert_eq!(name.as_str(), "Ab/3xyz");
        let small = name.small().expect("a name");
        assert_eq!((small.whole(), name.whole()), ("Ab/3xyz", "Ab/3xyz"));
        for bad in ["", "a", "ab", "a/bc", "ab/c", "..abc", "ää"] {
            assert!(ObjectName::of_token(bad).is_err(), "{bad:?}");
        }
    }
}
