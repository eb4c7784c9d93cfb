//! Signing in to the website from a chat, on every channel: by a code that comes by e-mail, and in
//! a browser.

use std::time::Duration;

use picdesk_sandbox::{
    rest::{Armed, Fault},
    telegram::{ALICE, XIAOMING},
};
use serde_json::{Value, json};

use crate::house::{
    BotWay, Given, House, PATIENCE,
    site::{Browser, ORIGIN},
};

pub(super) const ANNA: &str = "anna@example.com";
const WEI: &str = "wei@example.com";

/// A chat of somebody's, on whichever channel.
#[derive(Clone, Copy, Debug)]
pub(super) enum Chat {
    /// On Telegram, in English or Chinese.
    Telegram(i64),
    /// By way of WeCom, in Chinese.
    Wecom(&'static str),
}

pub(super) const ALICES: Chat = Chat::Telegram(ALICE);
pub(super) const CUSTOMERS: Chat = Chat::Wecom("kf-anna");
pub(super) const MEMBERS: Chat = Chat::Wecom("app-chenmo");

impl Chat {
    fn say(self, house: &House, text: &str) {
        match self {
            Self::Telegram(who) => drop(house.telegram.say(who, text).unwrap()),
            Self::Wecom(chat) => drop(house.wecom().say(chat, text).unwrap()),
        }
    }

    /// English here, Chinese there.
    fn words(self, english: &'static str, chinese: &'static str) -> &'static str {
        match self {
            Self::Telegram(ALICE) => english,
            Self::Telegram(_) | Self::Wecom(_) => chinese,
        }
    }

    /// Waits until the bot has said this; the message's number.
    pub(super) async fn hears(
        self,
        house: &House,
        english: &'static str,
        chinese: &'static str,
    ) -> String {
        let part = self.words(english, chinese);
        let (number, text) = match self {
            Self::Telegram(who) => {
                let said = super::bot_says(house, who, part).await;
                (said.message, said.text)
            }
            Self::Wecom(chat) => {
                let said = super::wecom::bot_says(house, chat, part).await;
                (said.message, said.text)
            }
        };
        format!("{number} {text}")
    }

    /// Presses a button under what was heard.
    async fn press(self, house: &House, heard: &str, english: &'static str, chinese: &'static str) {
        let message: i64 = heard.split(' ').next().unwrap().parse().unwrap();
        let label = self.words(english, chinese);
        match self {
            Self::Telegram(who) => drop(house.telegram.press(who, who, message, label).unwrap()),
            Self::Wecom(chat) => {
                // A member's buttons are on a card beside the words.
                let has = |it: &picdesk_sandbox::wecom::MessageView| {
                    it.message >= message && it.buttons.iter().flatten().any(|it| it.text == label)
                };
                let shown = house.wecom().wait_for(chat, PATIENCE, has).await.unwrap();
                drop(house.wecom().press(chat, "", shown.message, label).unwrap());
            }
        }
    }

    /// How often the bot has said this.
    fn count(self, house: &House, english: &'static str, chinese: &'static str) -> usize {
        let part = self.words(english, chinese);
        match self {
            Self::Telegram(who) => {
                let said = house.telegram.chat(who).into_iter();
                said.filter(|it| it.is_from_bot() && it.text.contains(part)).count()
            }
            Self::Wecom(chat) => {
                let said = house.wecom().chat(chat).into_iter();
                said.filter(|it| it.is_from_bot() && it.text.contains(part)).count()
            }
        }
    }

    async fn until_count(
        self,
        house: &House,
        count: usize,
        (english, chinese): (&'static str, &'static str),
    ) {
        let seen = async || (self.count(house, english, chinese) >= count).then_some(());
        house.until(english, seen).await;
    }

    /// Opens what can be linked.
    async fn ways(self, house: &House) -> String {
        let (english, chinese) = ("Linked chats have one account", "绑定后共用一个账户");
        let before = self.count(house, english, chinese);
        self.say(house, self.words("/link", "绑定"));
        self.until_count(house, before + 1, (english, chinese)).await;
        self.hears(house, english, chinese).await
    }

    /// Asks for a letter to an address.
    async fn asks_for_letter(self, house: &House, email: &str) {
        let ways = self.ways(house).await;
        let wanted = ("Which e-mail address", "你在网站上用的是哪个邮箱");
        let before = self.count(house, wanted.0, wanted.1);
        self.press(house, &ways, "Sign in by e-mail", "邮箱登录").await;
        self.until_count(house, before + 1, wanted).await;
        let before = self.count(house, SENT.0, SENT.1);
        self.say(house, email);
        let said = async || {
            let count = self.count(house, SENT.0, SENT.1) + self.count(house, WAIT.0, WAIT.1);
            (count > before).then_some(())
        };
        house.until("an answer to an address", said).await;
    }

    /// Signs in by a letter.
    pub(super) async fn signs_in(self, house: &House, email: &str) {
        let letters = house.site().mails().len();
        self.asks_for_letter(house, email).await;
        self.say(house, &house.letter(email, letters).await);
    }

    /// Opens the page on which one signs in in a browser; its address.
    pub(super) async fn browser_url(self, house: &House) -> String {
        let ways = self.ways(house).await;
        self.press(house, &ways, "Sign in in the browser", "浏览器登录").await;
        let said = self.hears(house, "Sign in here within", "打开下面的链接登录").await;
        let url = said.split_whitespace().find(|part| part.starts_with("http")).unwrap();
        url.to_owned()
    }
}

const SENT: (&str, &str) = ("If that address has an account", "如果这个邮箱在我们这里有账户");
const WRONG: (&str, &str) = ("That code does not work", "绑定码无效");
const WAIT: (&str, &str) = ("That was often enough", "试得够多了");
const LATER: (&str, &str) = ("Nobody can sign in at this moment", "现在暂时不能登录");
const SIGNED_IN: (&str, &str) = ("This chat is signed in as", "本聊天现已登录为");
const CONFIRM: (&str, &str) = ("Sign this chat in as", "把本聊天登录为");
const YES: (&str, &str) = ("Yes, that is mine", "是，那是我");

pub(super) async fn house() -> House {
    let given = Given { wecom: Some(BotWay::Callback), site: true, ..Given::default() };
    House::build(given).await
}

pub(super) fn accounts(status: &Value) -> i64 {
    status["accounts"].as_i64().unwrap()
}

/// As how many people accounts are signed in.
pub(super) async fn signed_in(house: &House) -> i64 {
    let store = house.look().await;
    let mut connection = store.read().await.unwrap();
    let text = "select count(*) from accounts where subject is not null";
    connection.rows(text, &[]).await.unwrap()[0].int(0).unwrap()
}

#[tokio::test]
async fn a_code_by_email_signs_in_a_chat_on_every_channel_and_all_are_one_account() {
    let house = house().await;
    let _desk = house.open().await;
    ALICES.signs_in(&house, ANNA).await;
    let said = ALICES.hears(&house, SIGNED_IN.0, SIGNED_IN.1).await;
    assert!(said.contains("a•••@e•••.com"), "{said}");
    let chat = house.telegram.transcript(ALICE);
    let code = house.site().mails()[0].code.clone();
    assert!(!chat.contains(&code), "the code is deleted:\n{chat}");
    for chat in [CUSTOMERS, MEMBERS] {
        // The next letter to somebody waits for a minute.
        house.site().advance(Duration::from_secs(61));
        chat.signs_in(&house, ANNA).await;
        chat.hears(&house, "", "两边现在共用一个账户").await;
    }
    let notice = ALICES.hears(&house, "A chat was linked to this account", "").await;
    assert!(notice.contains("on WeChat"), "{notice}");
    let status = house.until_quiet().await;
    assert_eq!((accounts(&status), status["identities"].as_i64()), (1, Some(3)), "{status}");
    assert_eq!((signed_in(&house).await, house.site().sessions()), (1, 0));
    // Whoever hears of it can undo it.
    ALICES.press(&house, &notice, "Undo the link", "").await;
    ALICES.hears(&house, "The link is undone", "").await;
    assert_eq!(accounts(&house.until_quiet().await), 2);
}

#[tokio::test]
async fn known_and_unknown_addresses_are_answered_alike() {
    let house = house().await;
    let _desk = house.open().await;
    let mut heard = Vec::new();
    for (chat, email) in [(ALICES, "nobody@example.com"), (CUSTOMERS, ANNA)] {
        chat.asks_for_letter(&house, email).await;
        chat.say(&house, "000000");
        chat.until_count(&house, 1, WRONG).await;
        heard.push(
            [SENT, WRONG, LATER].map(|(english, chinese)| chat.count(&house, english, chinese)),
        );
    }
    assert_eq!(heard[0], heard[1]);
    assert_eq!(house.site().mails().len(), 1);
    house.until_quiet().await;
    assert_eq!(signed_in(&house).await, 0);
}

#[tokio::test]
async fn guessing_a_code_ends_after_five_tries_also_for_the_right_one() {
    let house = house().await;
    let _desk = house.open().await;
    ALICES.asks_for_letter(&house, ANNA).await;
    let code = house.letter(ANNA, 0).await;
    for number in 1..=5 {
        ALICES.say(&house, if code == "000000" { "111111" } else { "000000" });
        ALICES.until_count(&house, number, WRONG).await;
    }
    ALICES.say(&house, &code);
    ALICES.until_count(&house, 1, WAIT).await;
    house.until_quiet().await;
    assert_eq!(house.site_calls("POST /auth/v1/verify"), 5);
    assert_eq!(signed_in(&house).await, 0);
}

#[tokio::test]
async fn three_letters_an_hour_are_asked_for_from_a_chat() {
    let house = house().await;
    let _desk = house.open().await;
    for number in 1..=4 {
        ALICES.asks_for_letter(&house, &format!("somebody{number}@example.com")).await;
    }
    ALICES.until_count(&house, 1, WAIT).await;
    house.until_quiet().await;
    assert_eq!(house.site_calls("POST /auth/v1/otp"), 3);
}

#[tokio::test]
async fn a_browser_signs_in_the_chat_that_asked_after_a_code_and_a_yes() {
    let house = house().await;
    let _desk = house.open().await;
    for (chat, email, by_google) in
        [(ALICES, ANNA, false), (CUSTOMERS, WEI, true), (MEMBERS, "chen@example.com", true)]
    {
        let (url, browser) = (chat.browser_url(&house).await, Browser::new());
        let page = browser.open(&url).await;
        let shown = if by_google {
            browser.by_google(&page, email).await
        } else {
            let asked = browser.ask_for_letter(&page, email).await;
            let code = house.letter(email, 0).await;
            let wrong = browser.type_code(&asked, email, "000000").await;
            assert_eq!(wrong.code(), None);
            browser.type_code(&asked, email, &code).await
        };
        let code = shown.code().unwrap_or_else(|| panic!("{shown:?}"));
        assert_eq!(chat.count(&house, CONFIRM.0, CONFIRM.1), 0, "nothing before the code");
        chat.say(&house, &code);
        let question = chat.hears(&house, CONFIRM.0, CONFIRM.1).await;
        chat.press(&house, &question, YES.0, YES.1).await;
        chat.hears(&house, SIGNED_IN.0, SIGNED_IN.1).await;
        // Reloaded, or opened again: there is one code for one way.
        let again = browser.open(&shown.url).await;
        assert_eq!(again.code(), None, "{again:?}");
    }
    house.until_quiet().await;
    assert_eq!((signed_in(&house).await, house.site().sessions()), (3, 0));
}

#[tokio::test]
async fn a_forwarded_link_binds_nobody() {
    let house = house().await;
    let _desk = house.open().await;
    // Xiaoming asks, and sends his link to Anna, who signs in.
    let url = Chat::Telegram(XIAOMING).browser_url(&house).await;
    let (anna, xiaoming) = (Browser::new(), Browser::new());
    let page = anna.open(&url).await;
    assert!(page.text.contains("小•••"), "it says whose chat asked: {}", page.text);
    let shown = anna.by_google(&page, ANNA).await;
    let code = shown.code().unwrap();
    // She is shown a code that works in no chat of hers.
    for chat in [ALICES, CUSTOMERS] {
        chat.say(&house, chat.words("/link", "绑定"));
        chat.say(&house, &code);
        chat.until_count(&house, 1, WRONG).await;
    }
    // And he, who does not see it, has her page without what only her browser has.
    let his = xiaoming.open(&url).await;
    assert_eq!(his.code(), None);
    let theft = Browser::new();
    for page in [
        theft.open(&shown.url).await,
        theft.open(&format!("{url}/google")).await,
        theft.send(&url, &[("proof", &page.field("proof")), ("email", ANNA)]).await,
        xiaoming.send(&url, &[("proof", &page.field("proof")), ("email", ANNA)]).await,
        xiaoming.send(&url, &[("email", ANNA)]).await,
    ] {
        assert_eq!((page.code(), page.status), (None, 404), "{page:?}");
    }
    house.until_quiet().await;
    assert_eq!(signed_in(&house).await, 0);
    assert_eq!(house.site_calls("POST /auth/v1/otp"), 0);
}

#[tokio::test]
async fn two_browsers_that_swap_their_ways_back_bind_nobody() {
    let house = house().await;
    let _desk = house.open().await;
    let (hers, his) = (Browser::new(), Browser::new());
    let her_url = ALICES.browser_url(&house).await;
    let his_url = Chat::Telegram(XIAOMING).browser_url(&house).await;
    hers.open(&her_url).await;
    his.open(&his_url).await;
    // Each has begun, and comes back with what the other was given.
    let hop = hers.open(&format!("{her_url}/google")).await;
    let back = Browser::new().send(&hop.url, &[("email", ANNA)]).await;
    assert_eq!(back.status, 404, "a browser that has not begun it: {back:?}");
    let hop = his.open(&format!("{his_url}/google")).await;
    let stolen = hers.send(&hop.url, &[("email", WEI)]).await;
    assert_eq!(stolen.code(), None, "the verifier is another's: {stolen:?}");
    let again = his.open(&stolen.url).await;
    assert_eq!(again.code(), None, "and the code is used up: {again:?}");
    for odd in ["", "?code=", "?code=made-up", "?error=access_denied", "?code=a&code=b"] {
        let page = hers.open(&format!("{}{odd}", back.url.split('?').next().unwrap())).await;
        assert_eq!(page.code(), None, "{odd}");
        assert!(page.status < 500, "{page:?}");
    }
    house.until_quiet().await;
    assert_eq!(signed_in(&house).await, 0);
}

#[tokio::test]
async fn while_the_site_fails_it_is_asked_again_and_whoever_waits_is_told_in_the_end() {
    let house = house().await;
    let desk = house.open().await;
    let down = Fault::Status { status: 503, retry_after_s: 0 };
    for call in ["POST /auth/v1/otp", "POST /auth/v1/verify"] {
        for fault in [Fault::DropRequest, down.clone(), Fault::rate_limited(1)] {
            house.site().arm(Armed::times(fault, 1).on(call));
        }
    }
    house.site().arm(Armed::times(Fault::Slow { delay_ms: 1500 }, 1).on("POST /auth/v1/verify"));
    // And the letter goes out with an answer that nobody can read: one is enough.
    house.site().arm(Armed::times(Fault::NotJson, 1).on("POST /auth/v1/otp"));
    ALICES.asks_for_letter(&house, ANNA).await;
    let code = house.letter(ANNA, 0).await;
    house.until_quiet().await;
    assert_eq!(house.site().mails().len(), 1);
    ALICES.say(&house, &code);
    ALICES.hears(&house, SIGNED_IN.0, SIGNED_IN.1).await;
    house.until_quiet().await;
    // It stays away for longer than anybody waits.
    house.site().arm(Armed::chance(Fault::DropRequest, 1.0));
    CUSTOMERS.asks_for_letter(&house, WEI).await;
    desk.kill().await;
    let mut desk = house.start_ahead(Duration::from_mins(5));
    house.until_ready(&mut desk).await;
    CUSTOMERS.hears(&house, LATER.0, LATER.1).await;
    house.until_quiet().await;
    assert_eq!(signed_in(&house).await, 1);
}

#[tokio::test]
async fn a_desk_that_dies_while_it_asks_signs_in_nobody_twice_and_nobody_else() {
    let house = house().await;
    let mut desk = house.open().await;
    ALICES.asks_for_letter(&house, ANNA).await;
    let code = house.letter(ANNA, 0).await;
    house.until_quiet().await;
    house.site().arm(Armed::times(Fault::Slow { delay_ms: 3000 }, 1).on("POST /auth/v1/verify"));
    ALICES.say(&house, &code);
    let asked = async || (house.site_calls("POST /auth/v1/verify") > 0).then_some(());
    house.until("the question", asked).await;
    desk.kill().await;
    desk = house.open().await;
    // Whether the code was used up by then nobody knows; it is asked about again.
    let told = async || {
        let count = ALICES.count(&house, SIGNED_IN.0, "") + ALICES.count(&house, WRONG.0, "");
        (count > 0).then_some(())
    };
    house.until("an answer", told).await;
    let status = house.until_quiet().await;
    assert_eq!((accounts(&status), status["identities"].as_i64()), (1, Some(1)));
    assert!(signed_in(&house).await <= 1);
    drop(desk);
}

#[tokio::test]
async fn the_website_gives_its_people_codes_and_nobody_else() {
    let house = house().await;
    let desk = house.open().await;
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = desk.url("/api/link-codes");
    let ask = async |token: Option<String>, origin: &str| {
        let mut request = http.post(&url).header("origin", origin);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        request.send().await.unwrap()
    };
    let token = || house.site().token(ANNA, &json!({}));
    let expired = house.site().token(ANNA, &json!({"exp": 1}));
    let forged = house.site().forged_token(ANNA, house.site().options().algorithm, "other");
    for wrong in [None, Some(String::new()), Some("nonsense".into()), Some(expired), Some(forged)] {
        assert_eq!(ask(wrong, ORIGIN).await.status(), 401);
    }
    assert_eq!(ask(Some(token()), "https://evil.example").await.status(), 403);
    let answer = ask(Some(token()), ORIGIN).await;
    assert_eq!(answer.headers()["access-control-allow-origin"], ORIGIN);
    let made: Value = answer.json().await.unwrap();
    let link = made["telegram_url"].as_str().unwrap();
    let (_, payload) = link.split_once("?start=").unwrap();
    assert_eq!(made["scene_param"], payload);
    // Whoever comes by the link is nobody yet; the code and a yes make them somebody.
    house.wecom().enter_session("anna", "desk", "site", payload).unwrap();
    CUSTOMERS.hears(&house, "", "请把网站上显示的绑定码写在这里").await;
    ALICES.say(&house, &format!("/start {payload}"));
    ALICES.hears(&house, "Write here the code that our website shows you", "").await;
    assert_eq!(signed_in(&house).await, 0);
    ALICES.say(&house, made["code"].as_str().unwrap());
    let question = ALICES.hears(&house, CONFIRM.0, CONFIRM.1).await;
    ALICES.press(&house, &question, YES.0, YES.1).await;
    let signed = ALICES.hears(&house, SIGNED_IN.0, SIGNED_IN.1).await;
    ALICES.say(&house, &format!("/start {payload}"));
    ALICES.hears(&house, "is used up or too old", "").await;
    // The keys change; after a while the new one is fetched, and the old one is none any more.
    house.site().rotate(house.site().options().algorithm);
    let rotated = async || {
        let status = ask(Some(token()), ORIGIN).await.status();
        (status == 200).then_some(())
    };
    house.until("belief in the new key", rotated).await;
    assert_eq!(ask(Some(token()), ORIGIN).await.status(), 200);
    assert_eq!(ask(Some(token()), ORIGIN).await.status(), 429, "three an hour");
    house.site().ban(ANNA, true);
    assert_eq!(ask(Some(token()), ORIGIN).await.status(), 401);
    // A button under the notice signs the account out again.
    ALICES.press(&house, &signed, "Sign out", "").await;
    ALICES.hears(&house, "is not signed in as", "").await;
    let status = house.until_quiet().await;
    assert_eq!((signed_in(&house).await, accounts(&status)), (0, 2));
}

#[tokio::test]
async fn whoever_comes_to_wechat_by_a_link_is_asked_for_a_code_and_trusted_in_nothing() {
    let house = house().await;
    let _desk = house.open().await;
    house.wecom().enter_session("xiaolin", "desk", "menu", "link").unwrap();
    let customer = Chat::Wecom("kf-xiaolin");
    customer.hears(&house, "", "绑定后共用一个账户").await;
    house.until_quiet().await;
    assert_eq!(signed_in(&house).await, 0);
}
