//! What must be true when everything is quiet again.

use std::collections::{BTreeMap, BTreeSet};

use picdesk_sandbox::images::{Stage, decode_nonce, prompt_hash};

use super::crowd::Prompt;
use crate::house::House;

const FIND_STATES: &str = "
    select r.message, g.state from requests r join generations g on g.request = r.id
    where r.conversation = $1";

/// What a chat shows in the end.
#[derive(Debug, Default)]
struct Shown {
    /// Hashes of the prompts of the finished pictures.
    pictures: Vec<u32>,
    /// Messages that say that nothing was charged.
    not_charged: usize,
}

/// Checks everything.
pub async fn check(house: &House, prompts: &[Prompt]) {
    let status = house.status().await;
    eprintln!("{} prompts; {status}", prompts.len());
    eprintln!("faults of Telegram: {:?}", house.telegram.counts().faults);
    let mut wrong = Vec::new();
    if !house.images.double_submissions().is_empty() {
        wrong.push(format!("made twice: {:?}", house.images.double_submissions()));
    }
    if house.telegram.pictures_twice_anywhere() != 0 {
        wrong.push(format!("{} pictures twice", house.telegram.pictures_twice_anywhere()));
    }
    let people: BTreeSet<i64> = prompts.iter().map(|prompt| prompt.user).collect();
    let mut delivered = 0;
    for user in people {
        let asked: Vec<&Prompt> = prompts.iter().filter(|prompt| prompt.user == user).collect();
        delivered += check_chat(house, user, &asked, &mut wrong).await;
    }
    let counted = |pointer: &str| status.pointer(pointer).and_then(serde_json::Value::as_i64);
    if counted("/holds/posted") != Some(delivered) {
        wrong.push(format!("{delivered} pictures were handed over and charged"));
    }
    if counted("/accounts") != counted("/identities") {
        wrong.push("somebody has two accounts".to_owned());
    }
    assert!(wrong.is_empty(), "{}\n{status}\n{}", wrong.join("\n"), house.last_log());
    assert!(delivered > 0, "nothing was made: this proves nothing");
}

/// Checks one chat; how many pictures were handed over and charged.
async fn check_chat(house: &House, user: i64, asked: &[&Prompt], wrong: &mut Vec<String>) -> i64 {
    let states = states(house, user).await;
    let shown = shown(house, user);
    let (mut delivered, mut not_made) = (0, 0);
    for prompt in asked {
        let seen =
            shown.pictures.iter().filter(|hash| **hash == prompt_hash(&prompt.words)).count();
        let state = states.get(&prompt.message.to_string()).map(Vec::as_slice);
        match state {
            Some([state]) if state == "delivered" => {
                delivered += 1;
                if seen != 1 {
                    wrong.push(format!("{prompt:?} is charged and seen {seen} times"));
                }
            }
            Some([state]) if matches!(state.as_str(), "failed" | "uncertain" | "cancelled") => {
                not_made += 1;
                if seen > 1 {
                    wrong.push(format!("{prompt:?} is {state} and seen {seen} times"));
                }
            }
            Some(states) => wrong.push(format!("{prompt:?} ended as {states:?}")),
            None => wrong.push(format!("{prompt:?} is lost")),
        }
    }
    if shown.not_charged < not_made {
        let said = format!("{user}: {not_made} not made, {shown:?}");
        wrong.push(format!("{said}\n{}", house.telegram.transcript(user)));
    }
    delivered
}

/// The states of the pictures of every message.
async fn states(house: &House, user: i64) -> BTreeMap<String, Vec<String>> {
    let store = house.look().await;
    let mut connection = store.read().await.unwrap();
    let conversation = format!("telegram:{user}");
    let rows = connection.rows(FIND_STATES, &[conversation.into()]).await.unwrap();
    let mut states: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in rows {
        states.entry(row.text(0).unwrap()).or_default().push(row.text(1).unwrap());
    }
    states
}

fn shown(house: &House, user: i64) -> Shown {
    let mut shown = Shown::default();
    for message in house.telegram.chat(user).iter().filter(|message| message.is_from_bot()) {
        shown.not_charged += usize::from(message.text.contains("othing was charged"));
        let bytes = message.picture.as_ref().and_then(|it| house.telegram.uploaded(it));
        let nonce = bytes.and_then(|bytes| decode_nonce(&bytes));
        if let Some(nonce) = nonce.filter(|nonce| nonce.stage == Stage::Final) {
            shown.pictures.push(nonce.prompt);
        }
    }
    shown
}
