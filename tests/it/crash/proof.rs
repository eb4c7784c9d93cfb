//! What must be true when everything is quiet again.

use std::collections::{BTreeMap, BTreeSet};

use picdesk_sandbox::images::{Stage, decode_nonce, prompt_hash};

use super::{
    TRIAL,
    crowd::{Chat, Form, MEMBERS, ON_WECHAT, Prompt, WITH_BOT},
    linkers::{PACK_CREDITS, PLAN_CREDITS},
};
use crate::house::House;

const FIND_STATES: &str = "
    select r.message, g.state from requests r join generations g on g.request = r.id
    where r.conversation = $1";

const FIND_ON_WECOM: &str = "
    select r.body, g.state from requests r join generations g on g.request = r.id
    where r.conversation = $1";

/// What a chat shows in the end.
#[derive(Debug, Default)]
struct Shown {
    /// Hashes of the prompts of the finished pictures.
    pictures: Vec<u32>,
    /// Messages that say that nothing was charged.
    not_charged: usize,
    /// Parts of albums that came when the others were begun with.
    late: usize,
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
    eprintln!("of WeCom: {:?}", house.wecom().counts());
    let people: BTreeSet<i64> = prompts.iter().filter_map(user_of).collect();
    let mut delivered = 0;
    for user in people {
        let asked = prompts.iter().filter(|prompt| user_of(prompt) == Some(user)).collect();
        delivered += check_chat(house, user, asked, &mut wrong).await;
    }
    let mut lost = 0;
    for chat in MEMBERS.into_iter().chain(ON_WECHAT).chain(WITH_BOT) {
        let is_there = |prompt: &&Prompt| prompt.chat == Chat::Wecom(chat);
        let asked = prompts.iter().filter(is_there).collect();
        let on_wecom = check_wecom(house, chat, asked, &mut wrong).await;
        delivered += on_wecom.delivered;
        lost += on_wecom.lost;
    }
    // WeCom gives a callback up after its last retry. Whatever it brought, or can be fetched, is
    // there.
    if lost > house.wecom().counts().lost_words {
        wrong.push(format!("{lost} prompts of members are lost"));
    }
    let counted = |pointer: &str| status.pointer(pointer).and_then(serde_json::Value::as_i64);
    if counted("/holds/posted") != Some(delivered) {
        wrong.push(format!("{delivered} pictures were handed over and charged"));
    }
    check_money(house, &mut wrong).await;
    let log = house.read_log();
    let errors: Vec<&str> = log.lines().filter(|line| line.contains(" ERROR ")).collect();
    let errors = errors.join("\n");
    assert!(wrong.is_empty(), "{}\n{status}\n{errors}", wrong.join("\n"));
    assert!(delivered > 0, "nothing was made: this proves nothing");
}

/// Whoever linked chats or bought credits: nobody has two accounts, nothing was given but to begin
/// with and for what was paid, each once, and what went back of that is gone.
async fn check_money(house: &House, wrong: &mut Vec<String>) {
    let status = house.status().await;
    let counted = |pointer: &str| status.pointer(pointer).and_then(serde_json::Value::as_i64);
    let (accounts, identities) = (counted("/accounts").unwrap(), counted("/identities").unwrap());
    let store = house.look().await;
    let mut connection = store.read().await.unwrap();
    let text = "select count(*), sum(case when parted_at > 0 then 1 else 0 end) from links";
    let rows = connection.rows(text, &[]).await.unwrap();
    let (merged, parted) = (rows[0].int(0).unwrap(), rows[0].maybe_int(1).unwrap().unwrap_or(0));
    let payments = house.creem().transactions();
    let (mut paid, mut back) = (0, 0);
    for payment in &payments {
        let whole = if payment.subscription.is_some() { PLAN_CREDITS } else { PACK_CREDITS };
        let of = payment.amount + payment.tax;
        paid += whole;
        back += match payment.status.as_str() {
            "paid" => 0,
            "refunded" | "partialRefund" => whole * payment.refunded / of,
            _ => whole,
        };
    }
    let text = "select cast(sum(refunded + reclaimed) as bigint) from purses";
    let taken = connection.rows(text, &[]).await.unwrap()[0].int(0).unwrap();
    let plans = house.creem().subscriptions().len();
    let bought = format!("{} payments, {plans} plans, {back} credits gone back", payments.len());
    eprintln!("{bought}; {merged} links, {parted} of them undone");
    if accounts > identities {
        wrong.push("somebody has two accounts".to_owned());
    }
    let due = TRIAL * identities + paid;
    if counted("/credits/granted") != Some(due) {
        wrong.push(format!("{due} credits were to be given"));
    }
    if taken != back {
        wrong.push(format!("{back} credits were to be gone with their money, {taken} are"));
    }
}

fn user_of(prompt: &Prompt) -> Option<i64> {
    match prompt.chat {
        Chat::Telegram { user, .. } => Some(user),
        Chat::Wecom(_) => None,
    }
}

fn message_of(prompt: &Prompt) -> String {
    match prompt.chat {
        Chat::Telegram { message, .. } => message.to_string(),
        Chat::Wecom(_) => String::new(),
    }
}

/// What became of a chat's prompts on WeCom.
#[derive(Debug, Default)]
struct OnWecom {
    /// Pictures that were handed over and charged.
    delivered: i64,
    /// Prompts that nobody knows of.
    lost: u64,
}

/// Checks one chat on WeCom.
async fn check_wecom(
    house: &House,
    chat: &'static str,
    asked: Vec<&Prompt>,
    wrong: &mut Vec<String>,
) -> OnWecom {
    let wecom = house.wecom();
    if wecom.pictures_twice(chat) != 0 {
        wrong.push(format!("{chat}: {} pictures twice", wecom.pictures_twice(chat)));
    }
    let said = wecom.chat(chat);
    let arrived = || said.iter().filter(|it| it.is_from_bot() && it.has_arrived());
    let files = arrived().flat_map(|it| &it.pictures).filter_map(|it| wecom.file(&it.blob));
    let pictures: Vec<u32> = files
        .filter_map(|(bytes, _)| decode_nonce(&bytes))
        .filter(|nonce| nonce.stage == Stage::Final)
        .map(|nonce| nonce.prompt)
        .collect();
    // A picture may have arrived unseen by us: then it is asked, and it can be had again.
    let unsure = arrived().filter(|it| it.text.contains("不确定你收到了没有")).count();
    // What the AI bot makes after its six minutes comes as an address.
    let addresses = arrived().filter(|it| it.text.contains("/p/")).count();
    let unsure = unsure + if WITH_BOT.contains(&chat) { addresses } else { 0 };
    let (mut on_wecom, mut unseen) = (OnWecom::default(), 0);
    let states = wecom_states(house, chat).await;
    for prompt in asked {
        let seen = pictures.iter().filter(|hash| **hash == prompt_hash(&prompt.words)).count();
        let of_it: Vec<&str> = states
            .iter()
            .filter(|(body, _)| body.contains(&prompt.words))
            .map(|(_, state)| state.as_str())
            .collect();
        match of_it.as_slice() {
            [] if !ON_WECHAT.contains(&chat) => on_wecom.lost += 1,
            ["delivered"] => {
                on_wecom.delivered += 1;
                unseen += usize::from(seen == 0);
                check_references(house, chat, prompt, wrong);
                if seen > 1 {
                    wrong.push(format!("{prompt:?} is seen {seen} times"));
                }
            }
            ["failed" | "uncertain" | "cancelled"] if seen <= 1 => {}
            states => wrong.push(format!("{prompt:?} ended as {states:?}, seen {seen} times")),
        }
    }
    // The AI bot's address takes the picture's place; elsewhere it means that it cannot be shown.
    let denied = arrived().filter(|it| it.text.contains("显示不了")).count();
    if denied > unseen && !WITH_BOT.contains(&chat) {
        let words = format!("{chat}: {denied} cannot be shown, {unseen} are not seen");
        wrong.push(format!("{words}\n{}", wecom.transcript(chat)));
    }
    if unseen > unsure {
        let words = format!("{chat}: {unseen} charged and not seen, {unsure} asked about");
        wrong.push(format!("{words}\n{}", wecom.transcript(chat)));
    }
    on_wecom
}

/// A picture that was asked for with another was given that one. To the bot both come in one
/// message, and an account's news come in their order; a member's two messages may overtake each
/// other.
fn check_references(house: &House, chat: &str, prompt: &Prompt, wrong: &mut Vec<String>) {
    let is_certain = ON_WECHAT.contains(&chat) || WITH_BOT.contains(&chat);
    if prompt.form != Form::Picture || !is_certain {
        return;
    }
    let calls = house.images.calls();
    let of_it = calls.iter().filter(|call| call.prompt_hash == prompt_hash(&prompt.words));
    let given: Vec<usize> = of_it.map(|call| call.references.len()).collect();
    if given.contains(&0) {
        wrong.push(format!("{prompt:?} was made without its picture: {given:?}"));
    }
}

/// The words and states of every picture of a chat on WeCom.
async fn wecom_states(house: &House, chat: &str) -> Vec<(String, String)> {
    use picdesk_sandbox::wecom::{ANNA, CHENMO, DESK_KF, OLGA, STUDIO_KF, WANG, WEI, XIAOLIN};
    let conversation = match chat {
        "app-chenmo" => format!("wecom-app:{CHENMO}"),
        "app-olga" => format!("wecom-app:{OLGA}"),
        "app-wei" => format!("wecom-app:{WEI}"),
        "bot-chenmo" => format!("wecom-bot:{CHENMO}"),
        "bot-wang" => format!("wecom-bot:{WANG}"),
        "kf-anna" => format!("wecom-kf:{DESK_KF}/{ANNA}"),
        _ => format!("wecom-kf:{STUDIO_KF}/{XIAOLIN}"),
    };
    let store = house.look().await;
    let mut connection = store.read().await.unwrap();
    let rows = connection.rows(FIND_ON_WECOM, &[conversation.into()]).await.unwrap();
    let words = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    rows.iter().map(|row| (words(row.blob(0).unwrap()), row.text(1).unwrap())).collect()
}

/// Checks one chat; how many pictures were handed over and charged.
async fn check_chat(house: &House, user: i64, asked: Vec<&Prompt>, wrong: &mut Vec<String>) -> i64 {
    let states = states(house, user).await;
    let shown = shown(house, user);
    let (mut delivered, mut not_made, mut late) = (0, 0, 0);
    for prompt in asked {
        let seen =
            shown.pictures.iter().filter(|hash| **hash == prompt_hash(&prompt.words)).count();
        let state = states.get(&message_of(prompt)).map(Vec::as_slice);
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
            // The part with the words may come when the others were begun with, and is told so.
            None if prompt.form == Form::Album && late < shown.late => late += 1,
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
        shown.late += usize::from(message.text.contains("This one came after I had begun"));
        let bytes = message.picture.as_ref().and_then(|it| house.telegram.uploaded(it));
        let nonce = bytes.and_then(|bytes| decode_nonce(&bytes));
        if let Some(nonce) = nonce.filter(|nonce| nonce.stage == Stage::Final) {
            shown.pictures.push(nonce.prompt);
        }
    }
    shown
}
