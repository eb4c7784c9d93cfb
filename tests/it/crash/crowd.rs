//! Who writes while the desk dies: people with prompts that no one else has, who send albums,
//! change pictures, tap, take back, and are heard twice.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use picdesk_sandbox::wecom::{Say, Unplayable};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use tokio_util::sync::CancellationToken;

use crate::{house::House, stories::photo};

/// How many people write on Telegram.
const PEOPLE: usize = 6;
/// Members of the company who write, by their chats.
pub const MEMBERS: [&str; 3] = ["app-chenmo", "app-olga", "app-wei"];
/// Customers on WeChat who write, by their chats: each in one, since what is owed goes to whichever
/// they write in.
pub const ON_WECHAT: [&str; 2] = ["kf-anna", "studio-xiaolin"];
/// Members who talk to the AI bot, by their chats.
pub const WITH_BOT: [&str; 2] = ["bot-chenmo", "bot-wang"];
/// How long a member rests between two prompts: of what a prompt is told with, WeCom takes thirty
/// messages a minute.
const MEMBER_RESTS: Duration = Duration::from_secs(12);
/// Between two things that happen.
const PAUSE_MAX: Duration = Duration::from_millis(350);
/// Prompts that one person sends in one go: some have to wait in line, and can be taken back.
const BURST_MAX: usize = 4;
/// How many updates come again at once.
const AGAIN: usize = 3;

/// A prompt that somebody sent.
#[derive(Debug, Clone)]
pub struct Prompt {
    /// In which chat.
    pub chat: Chat,
    /// The words, which nobody else has.
    pub words: String,
    /// How they came.
    pub form: Form,
}

/// How words came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// By themselves, or as an answer.
    Words,
    /// On the first picture of an album.
    Album,
    /// After a picture that they are about, or with it.
    Picture,
}

/// Where somebody wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Chat {
    /// On Telegram: who, and the message's number.
    Telegram { user: i64, message: i64 },
    /// On WeCom, by the chat's name.
    Wecom(&'static str),
}

/// The people and what they sent.
pub struct Crowd {
    house: Arc<House>,
    people: Vec<i64>,
    chance: StdRng,
    prompts: Vec<Prompt>,
    /// When members wrote last.
    wrote_at: HashMap<&'static str, Instant>,
}

impl Crowd {
    /// People who have not written yet.
    pub fn gather(house: Arc<House>, seed: u64) -> Self {
        let person = |number| {
            let (alias, name) = (format!("person-{number}"), format!("Person {number}"));
            house.telegram.add_user(&alias, &name, Some("en"))
        };
        let people = (0..PEOPLE).map(person).collect();
        let chance = StdRng::seed_from_u64(seed.wrapping_add(1));
        Self { house, people, chance, prompts: Vec::new(), wrote_at: HashMap::new() }
    }

    /// Writes and taps until it is told to stop; every prompt that was sent.
    pub async fn busy(mut self, stop: CancellationToken) -> Vec<Prompt> {
        loop {
            let pause = self.chance.random_range(Duration::ZERO..PAUSE_MAX);
            if stop.run_until_cancelled(tokio::time::sleep(pause)).await.is_none() {
                return self.prompts;
            }
            if self.chance.random_bool(0.2) {
                self.on_wecom();
                continue;
            }
            let user = self.people[self.chance.random_range(0..self.people.len())];
            match self.chance.random_range(0..12) {
                0..3 => self.take_back(user),
                3 => _ = self.house.telegram.redeliver(AGAIN),
                4 => self.send_album(user).await,
                5 => self.change_picture(user),
                _ => {
                    for _ in 0..self.chance.random_range(1..=BURST_MAX) {
                        self.ask(user);
                    }
                }
            }
        }
    }

    fn ask(&mut self, user: i64) {
        let words = self.words();
        let message = self.house.telegram.say(user, &words).unwrap();
        self.asked(user, message, words, Form::Words);
    }

    fn asked(&mut self, user: i64, message: i64, words: String, form: Form) {
        let chat = Chat::Telegram { user, message };
        self.prompts.push(Prompt { chat, words, form });
    }

    /// Sends pictures to make one of, whose words stand on the first.
    async fn send_album(&mut self, user: i64) {
        let words = self.words();
        let count = self.chance.random_range(2..=3);
        let photos = (0..count).map(|number| photo(64 + 8 * number, 48).into()).collect();
        let parts = self.house.telegram.send_album(user, photos, &words).await.unwrap();
        self.asked(user, parts[0], words, Form::Album);
    }

    /// Answers a picture with words: it is to be changed, or, if it was not finished, they are a
    /// prompt.
    fn change_picture(&mut self, user: i64) {
        let chat = self.house.telegram.chat(user);
        let mut pictures =
            chat.iter().filter(|it| it.is_from_bot() && it.picture.is_some()).collect::<Vec<_>>();
        if pictures.is_empty() {
            return;
        }
        let picture = pictures.swap_remove(self.chance.random_range(0..pictures.len()));
        let words = self.words();
        let message = self.house.telegram.reply(user, picture.message, &words).unwrap();
        self.asked(user, message, words, Form::Words);
    }

    /// Somebody writes on WeCom; or a doorbell rings that nobody pressed.
    fn on_wecom(&mut self) {
        let all = [MEMBERS.as_slice(), ON_WECHAT.as_slice(), WITH_BOT.as_slice()].concat();
        let chat = all[self.chance.random_range(0..all.len())];
        if self.chance.random_bool(0.15) {
            let wecom = self.house.wecom();
            wecom.ring_doorbell(picdesk_sandbox::wecom::DESK_KF, AGAIN).unwrap();
            return;
        }
        let is_member = MEMBERS.contains(&chat);
        let rests = |at: &Instant| at.elapsed() < MEMBER_RESTS;
        if is_member && self.wrote_at.get(chat).is_some_and(rests) {
            return;
        }
        self.wrote_at.insert(chat, Instant::now());
        let burst = if is_member { 1 } else { self.chance.random_range(1..=BURST_MAX) };
        for _ in 0..burst {
            let words = self.words();
            let form = if self.chance.random_bool(0.3) { Form::Picture } else { Form::Words };
            if self.say_on_wecom(chat, &words, form).is_err() {
                // The bot takes three messages of somebody's at once, and no more.
                assert!(WITH_BOT.contains(&chat), "{chat} takes no words");
                return;
            }
            self.prompts.push(Prompt { chat: Chat::Wecom(chat), words, form });
        }
    }

    /// Words, or a picture and words about it: to the bot in one message, elsewhere one after the
    /// other.
    fn say_on_wecom(&self, chat: &str, words: &str, form: Form) -> Result<(), Unplayable> {
        let (wecom, say) = (self.house.wecom(), Say::text(chat, words));
        match form {
            Form::Words | Form::Album => wecom.perform(&say)?,
            Form::Picture if WITH_BOT.contains(&chat) => {
                wecom.perform(&say.with("fox.jpg", photo(96, 64)))?
            }
            Form::Picture => {
                wecom.send_picture(chat, photo(96, 64))?;
                wecom.perform(&say)?
            }
        };
        Ok(())
    }

    fn words(&mut self) -> String {
        let number = self.prompts.len();
        format!("a fox, token {number:05}{:08x}", self.chance.random::<u32>())
    }

    /// Presses the first Cancel in sight, twice, as the impatient do.
    fn take_back(&self, user: i64) {
        let chat = self.house.telegram.chat(user);
        let Some(message) = chat.iter().find(|message| message.button("Cancel").is_some()) else {
            return;
        };
        for _ in 0..2 {
            // It may be gone between looking and pressing.
            let _ = self.house.telegram.press(user, user, message.message, "Cancel");
        }
    }
}
