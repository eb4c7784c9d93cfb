//! Texts and what is formatted in them, counted as Telegram counts: in UTF-16 code units.

use serde_json::{Map, Value};

use super::message::{Entity, Words};
use super::refusal::Refusal;
use super::request::Params;

/// Longest text. Source: Bot API, sendMessage, 1-4096 characters.
pub const TEXT_MAX: usize = 4096;
/// Longest caption. Source: Bot API, sendPhoto, 0-1024 characters.
pub const CAPTION_MAX: usize = 1024;
/// Entities beyond these are ignored. Source: python-telegram-bot constants.
const ENTITIES_MAX: usize = 100;

/// UTF-16 code units of a text.
pub fn utf16_len(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// Reads `text` with its entities.
pub fn read_text(params: &Params) -> Result<Words, Refusal> {
    let words = read_words(params, "text", "entities")?;
    if words.text.is_empty() {
        return Err(Refusal::bad("message text is empty"));
    }
    if utf16_len(&words.text) > TEXT_MAX {
        return Err(Refusal::bad("message is too long"));
    }
    Ok(words)
}

/// Reads `caption` with its entities.
pub fn read_caption(params: &Params) -> Result<Words, Refusal> {
    let words = read_words(params, "caption", "caption_entities")?;
    if utf16_len(&words.text) > CAPTION_MAX {
        return Err(Refusal::bad("message caption is too long"));
    }
    Ok(words)
}

fn read_words(params: &Params, text: &str, entities: &str) -> Result<Words, Refusal> {
    let text = params.text(text).unwrap_or_default();
    if params.text("parse_mode").is_some_and(|mode| !mode.is_empty()) {
        return Err(Refusal::bad("can't parse entities: unsupported parse_mode; send entities"));
    }
    let given: Vec<Entity> = match params.json(entities)? {
        None => Vec::new(),
        Some(value) => serde_json::from_value(value).map_err(|_| {
            Refusal::bad("can't parse entities: expected an Array of MessageEntity")
        })?,
    };
    Ok(trim(&text, check_entities(&text, given)?))
}

/// Refuses entities that lie outside of the text or cut a character in two.
fn check_entities(text: &str, mut entities: Vec<Entity>) -> Result<Vec<Entity>, Refusal> {
    entities.truncate(ENTITIES_MAX);
    if entities.is_empty() {
        return Ok(entities);
    }
    let mut edges = vec![true; 1];
    for character in text.chars() {
        if character.len_utf16() == 2 {
            edges.push(false);
        }
        edges.push(true);
    }
    let is_edge = |at: i64| usize::try_from(at).is_ok_and(|at| edges.get(at) == Some(&true));
    for entity in &entities {
        let end = entity.offset.saturating_add(entity.length);
        if entity.length <= 0 || !is_edge(entity.offset) || !is_edge(end) {
            return Err(Refusal::bad("ENTITY_BOUNDS_INVALID"));
        }
    }
    entities.sort_by_key(|entity| (entity.offset, -entity.length));
    Ok(entities)
}

/// Telegram cuts white space at both ends and moves the entities along.
fn trim(text: &str, entities: Vec<Entity>) -> Words {
    let without_start = text.trim_start();
    let cut = utf16_len(text) - utf16_len(without_start);
    let text = without_start.trim_end().to_owned();
    let (cut, len) = (cut as i64, utf16_len(&text) as i64);
    let mut kept = Vec::with_capacity(entities.len());
    for mut entity in entities {
        let start = (entity.offset - cut).clamp(0, len);
        let end = (entity.offset + entity.length - cut).clamp(0, len);
        if end > start {
            entity.offset = start;
            entity.length = end - start;
            kept.push(entity);
        }
    }
    let mut words = Words { text, entities: kept };
    words.entities.extend(found_entities(&words));
    words.entities.sort_by_key(|entity| (entity.offset, -entity.length));
    words
}

/// What a person's client sends: trimmed, with commands, mentions and links found.
pub fn typed_words(text: &str) -> Words {
    trim(text, Vec::new())
}

/// Commands, mentions and links that stand in the text and that no given entity covers.
fn found_entities(words: &Words) -> Vec<Entity> {
    let mut found = Vec::new();
    let mut offset = 0_i64;
    for token in words.text.split_inclusive(char::is_whitespace) {
        let word = token.trim_end();
        if let Some((kind, length)) = kind_of(word) {
            let covered = words.entities.iter().any(|known| {
                known.offset < offset + length && offset < known.offset + known.length
            });
            if !covered {
                found.push(Entity { kind: kind.into(), offset, length, extra: Map::new() });
            }
        }
        offset += utf16_len(token) as i64;
    }
    found
}

fn kind_of(word: &str) -> Option<(&'static str, i64)> {
    let name_len = |rest: &str, more: char| {
        rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_' || *c == more).count()
    };
    if let Some(rest) = word.strip_prefix('/') {
        let length = name_len(rest, '@');
        return (length > 0).then_some(("bot_command", length as i64 + 1));
    }
    if let Some(rest) = word.strip_prefix('@') {
        let length = name_len(rest, '_');
        return (length >= 3).then_some(("mention", length as i64 + 1));
    }
    let is_link = word.starts_with("http://") || word.starts_with("https://");
    is_link.then(|| ("url", utf16_len(word) as i64))
}

/// The words of an entity, for tests and the privacy filter.
pub fn entity_text(words: &Words, entity: &Entity) -> String {
    let units: Vec<u16> = words.text.encode_utf16().collect();
    let start = usize::try_from(entity.offset).unwrap_or_default();
    let end = usize::try_from(entity.offset + entity.length).unwrap_or_default();
    String::from_utf16_lossy(units.get(start..end).unwrap_or_default())
}

/// Words as a value has them, for `InputMedia`.
pub fn media_caption(media: &Map<String, Value>) -> Result<Words, Refusal> {
    read_caption(&Params::of(media.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn text(text: &str, entities: &Value) -> Result<Words, Refusal> {
        let fields = json!({"text": text, "entities": entities});
        read_text(&Params::of(fields.as_object().unwrap().clone()))
    }

    #[test]
    fn an_entity_that_cuts_an_emoji_in_two_is_refused() {
        let whole = json!([{"type": "bold", "offset": 0, "length": 2}]);
        assert_eq!(text("🦊 fox", &whole).unwrap().entities.len(), 1);
        let half = json!([{"type": "bold", "offset": 1, "length": 3}]);
        assert!(text("🦊 fox", &half).is_err());
        let beyond = json!([{"type": "bold", "offset": 0, "length": 7}]);
        assert!(text("🦊 fox", &beyond).is_err());
    }

    #[test]
    fn white_space_at_the_ends_goes_and_entities_move_along() {
        let bold = json!([{"type": "bold", "offset": 2, "length": 5}]);
        let words = text("\n\nfox  ", &bold).unwrap();
        assert_eq!(words.text, "fox");
        assert_eq!((words.entities[0].offset, words.entities[0].length), (0, 3));
    }

    #[test]
    fn length_counts_utf16_units() {
        assert!(text(&"🦊".repeat(2048), &json!([])).is_ok());
        assert!(text(&"🦊".repeat(2049), &json!([])).is_err());
    }

    #[test]
    fn commands_and_mentions_are_found() {
        let words = typed_words("/imagine@picdesk_bot a fox for @alice_plays");
        let found: Vec<_> =
            words.entities.iter().map(|e| (e.kind.as_str(), entity_text(&words, e))).collect();
        let expected =
            [("bot_command", "/imagine@picdesk_bot".into()), ("mention", "@alice_plays".into())];
        assert_eq!(found, expected);
    }
}
