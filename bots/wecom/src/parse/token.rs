//! Buttons' tokens as ids of menu items, which may have letters, digits and `_` only.

/// Longest id of a menu item, bytes. Source: document/path/94677.
const MENU_ID_BYTES_MAX: usize = 128;

/// What stands for the beginning of something else.
const ESCAPE: u8 = b'_';

/// The id of the menu item for a token; nothing when it would be too long.
#[must_use]
pub fn menu_id(token: &str) -> Option<String> {
    let mut id = String::with_capacity(token.len() + 8);
    for byte in token.bytes() {
        match byte {
            ESCAPE => id.push_str("__"),
            b'-' => id.push_str("_m"),
            plain if plain.is_ascii_alphanumeric() => id.push(char::from(plain)),
            other => {
                id.push_str("_x");
                id.push_str(&hex::encode([other]));
            }
        }
    }
    (!id.is_empty() && id.len() <= MENU_ID_BYTES_MAX).then_some(id)
}

/// The token of a menu item's id; nothing when the id is not ours.
#[must_use]
pub fn read_menu_id(id: &str) -> Option<String> {
    let mut token = Vec::with_capacity(id.len());
    let mut bytes = id.bytes();
    while let Some(byte) = bytes.next() {
        token.push(match byte {
            ESCAPE => match bytes.next()? {
                ESCAPE => ESCAPE,
                b'm' => b'-',
                b'x' => {
                    let high = char::from(bytes.next()?).to_digit(16)?;
                    let low = char::from(bytes.next()?).to_digit(16)?;
                    u8::try_from(high * 16 + low).ok()?
                }
                _ => return None,
            },
            plain if plain.is_ascii_alphanumeric() => plain,
            _ => return None,
        });
    }
    String::from_utf8(token).ok().filter(|token| !token.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_comes_back_from_its_menu_item() {
        for token in ["abc123", "a-b_c", "__--", "a:b/c=", "狐"] {
            let id = menu_id(token).expect(token);
            assert!(id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'), "{id}");
            assert_eq!(read_menu_id(&id).as_deref(), Some(token));
        }
        assert!(menu_id(&"-".repeat(64)).is_some_and(|id| id.len() == 128));
        assert_eq!(menu_id(&"-".repeat(65)), None);
        for foreign in ["", "_", "_q", "_x1", "_xzz", "a-b", "#1", "_xff"] {
            assert_eq!(read_menu_id(foreign), None, "{foreign}");
        }
    }
}
