//! Stories: what people live through with the desk, from their first word to the last.

mod asking;
mod auditing;
mod buying;
mod coming;
mod elsewhere;
mod gifts;
mod groups;
mod human;
mod letters;
mod line;
mod linking;
mod making;
mod one_purse;
mod outages;
mod paying;
mod plans;
mod poison;
mod rates;
mod refunds;
mod replicas;
mod rivals;
mod signing_in;
mod stars;
mod stars_beside;
mod stars_over;
mod stopping;
mod turning;
mod unsure;
mod wecom;
mod wecom_alarms;
mod wecom_bot;
mod wecom_coming;
mod wecom_desk;
mod wecom_doors;
mod wecom_hands;
mod wecom_once;
mod wecom_pages;
mod wecom_people;
mod wecom_windows;

use picdesk_sandbox::telegram::MessageView;

use crate::house::{House, PATIENCE};

/// Waits until the bot has said something in a chat.
pub async fn bot_says(house: &House, chat: i64, part: &str) -> MessageView {
    house
        .telegram
        .wait_for(chat, PATIENCE, |message| message.is_from_bot() && message.text.contains(part))
        .await
        .unwrap_or_else(|error| panic!("{part:?}: {error}\n{}", house.last_log()))
}

/// Waits until a finished picture of these words stands in a chat.
pub async fn picture_of(house: &House, chat: i64, words: &str) -> MessageView {
    use picdesk_sandbox::images::{Stage, decode_nonce, prompt_hash};
    let is_of_words = |message: &MessageView| {
        let bytes = message.picture.as_ref().and_then(|it| house.telegram.uploaded(it));
        bytes
            .and_then(|bytes| decode_nonce(&bytes))
            .is_some_and(|nonce| nonce.stage == Stage::Final && nonce.prompt == prompt_hash(words))
    };
    house
        .telegram
        .wait_for(chat, PATIENCE, is_of_words)
        .await
        .unwrap_or_else(|error| panic!("no picture of {words:?}: {error}\n{}", house.last_log()))
}

/// A JPEG of a size, as a phone has.
pub fn photo(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    image::DynamicImage::new_rgb8(width, height)
        .write_to(&mut bytes, image::ImageFormat::Jpeg)
        .unwrap();
    bytes.into_inner()
}
