//! Readers of parts that an update can do without: a wrong shape is an absence.

use std::{borrow::Cow, cmp::Reverse, fmt, ops::Deref};

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};

use super::Photo;

/// Text, borrowed from the update where its JSON has no escapes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Words<'a>(pub Cow<'a, str>);

impl Deref for Words<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Words<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct WordsVisitor;
        impl<'de> Visitor<'de> for WordsVisitor {
            type Value = Words<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Words<'de>, E> {
                Ok(Words(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Words<'de>, E> {
                Ok(Words(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(WordsVisitor)
    }
}

/// What a part turned out to be.
enum Part<'a> {
    Text(Words<'a>),
    Integer(i64),
    Flag(bool),
    Other,
}

impl<'de> Deserialize<'de> for Part<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PartVisitor)
    }
}

struct PartVisitor;

impl<'de> Visitor<'de> for PartVisitor {
    type Value = Part<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Part<'de>, E> {
        Ok(Part::Text(Words(Cow::Borrowed(text))))
    }

    fn visit_str<E>(self, text: &str) -> Result<Part<'de>, E> {
        Ok(Part::Text(Words(Cow::Owned(text.to_owned()))))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Part<'de>, E> {
        Ok(Part::Integer(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Part<'de>, E> {
        Ok(i64::try_from(number).map_or(Part::Other, Part::Integer))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Part<'de>, E> {
        Ok(Part::Other)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Part<'de>, E> {
        Ok(Part::Flag(flag))
    }

    fn visit_unit<E>(self) -> Result<Part<'de>, E> {
        Ok(Part::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Part<'de>, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Part::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Part<'de>, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Part::Other)
    }
}

/// Text, or nothing where it is something else.
pub(super) fn words<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Words<'de>>, D::Error> {
    Ok(match Part::deserialize(deserializer)? {
        Part::Text(words) => Some(words),
        Part::Integer(_) | Part::Flag(_) | Part::Other => None,
    })
}

/// An integer, or nothing where it is something else.
pub(super) struct Integer(pub Option<i64>);

impl<'de> Deserialize<'de> for Integer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        integer(deserializer).map(Integer)
    }
}

/// An integer, or nothing where it is something else.
pub(super) fn integer<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    Ok(match Part::deserialize(deserializer)? {
        Part::Integer(number) => Some(number),
        Part::Text(_) | Part::Flag(_) | Part::Other => None,
    })
}

/// True only where it says so.
pub(super) fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Ok(matches!(Part::deserialize(deserializer)?, Part::Flag(true)))
}

/// The largest of a photo's sizes, which Telegram lists in any order.
pub(crate) fn largest<'p, 'a>(sizes: &'p [Photo<'a>]) -> Option<&'p Photo<'a>> {
    sizes.iter().min_by_key(|size| {
        let area = size.width.unwrap_or(0).saturating_mul(size.height.unwrap_or(0));
        Reverse((area, size.file_size.unwrap_or(0)))
    })
}
