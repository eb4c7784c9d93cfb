//! Which albums in groups are meant for us.
//!
//! An album comes as messages of which only one has words, and with them our name. Telegram sends
//! the messages of a chat in order and the words are on the first part, so it is enough to
//! remember the last few albums that called us. What is forgotten (a restart between two parts) is
//! a part fewer, never one too many.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use picdesk_core::{
    channel::{Arrival, Received},
    event::{Event, Message, Setting},
    id::{AlbumId, ConversationId},
};

/// Albums remembered; parts follow each other within seconds.
const ALBUMS_MAX: usize = 256;

/// The last albums in groups that called us.
#[derive(Debug, Default)]
pub struct Albums(Mutex<VecDeque<(ConversationId, AlbumId)>>);

impl Albums {
    /// Whether a part of this album called us.
    #[must_use]
    pub fn contains(&self, conversation: &ConversationId, album: &str) -> bool {
        let albums = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        albums.iter().any(|(place, called)| called.0 == album && place == conversation)
    }

    /// Remembers the album that an arrival is a part of, where it is one in a group.
    pub fn remember(&self, arrival: &Arrival) {
        let Some((conversation, album)) = album_of(arrival) else { return };
        if self.contains(conversation, album.as_str()) {
            return;
        }
        let mut albums = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if albums.len() == ALBUMS_MAX {
            albums.pop_front();
        }
        albums.push_back((conversation.clone(), album.clone()));
    }
}

fn album_of(arrival: &Arrival) -> Option<(&ConversationId, &AlbumId)> {
    let Arrival::Event(received) = arrival else { return None };
    let Received { conversation, event: Event::MessageReceived(message), .. } = &**received else {
        return None;
    };
    let Message { setting: Setting::Group, album: Some(album), .. } = message else { return None };
    Some((conversation, album))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::{Us, read_update};

    fn part(id: i64, album: &str, caption: &str) -> Vec<u8> {
        format!(
            r#"{{"update_id":{id},"message":{{"message_id":{id},"date":1790000000,
            "from":{{"id":5550001,"first_name":"Ada"}},"chat":{{"id":-100900,"type":"supergroup"}},
            "media_group_id":"{album}","photo":[{{"file_id":"p{id}","width":9,"height":9}}]
            {caption}}}}}"#
        )
        .into_bytes()
    }

    const CALL: &str = r#","caption":"/imagine all of them""#;

    #[test]
    fn the_wordless_parts_of_an_album_that_called_us_come_along() {
        let albums = Albums::default();
        let us =
            Us { id: 7, username: Some("desk_bot"), desk_chat_id: None, albums: Some(&albums) };
        let read = |raw: Vec<u8>| {
            let arrival = read_update(raw, &us, 0).unwrap();
            if let Some(arrival) = &arrival {
                albums.remember(arrival);
            }
            arrival.is_some()
        };
        assert!(!read(part(1, "a", "")), "nobody called us yet");
        assert!(read(part(2, "a", CALL)));
        assert!(read(part(3, "a", "")));
        assert!(!read(part(4, "b", "")), "another album");
    }

    #[test]
    fn only_the_last_albums_are_remembered() {
        let albums = Albums::default();
        let us =
            Us { id: 7, username: Some("desk_bot"), desk_chat_id: None, albums: Some(&albums) };
        for id in 0..2 * ALBUMS_MAX {
            let raw = part(id as i64, &format!("album {id}"), CALL);
            albums.remember(&read_update(raw, &us, 0).unwrap().unwrap());
        }
        assert_eq!(albums.0.lock().unwrap().len(), ALBUMS_MAX);
        assert!(albums.contains(&"telegram:-100900".into(), "album 511"));
        assert!(!albums.contains(&"telegram:-100900".into(), "album 255"));
    }
}
