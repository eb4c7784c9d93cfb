//! Whether anything that people wrote, or that opens something, got into the log or the numbers.

use picdesk_sandbox::wecom::WecomStandIn;

use super::{House, SECRET};

/// Shorter words prove nothing: a log may have them by chance.
const BYTES_MIN: usize = 6;

impl House {
    /// Nothing that was said, shown, sent or kept secret in this house is in its log or numbers.
    pub async fn assert_nothing_leaked(&self) {
        let log = self.read_log();
        let numbers = self.numbers_of_all().await;
        for (what, canary) in self.canaries() {
            for (place, text) in [("log", &log), ("metrics", &numbers)] {
                assert!(!text.contains(&canary), "{what} is in the {place}: {canary:?}");
            }
        }
    }

    /// What `/metrics` of one desk says.
    pub async fn numbers(&self, desk: &super::Desk) -> String {
        let url = format!("http://{}/metrics", desk.address);
        self.http.get(url).send().await.unwrap().text().await.unwrap()
    }

    /// What `/metrics` of every desk that is still there says.
    async fn numbers_of_all(&self) -> String {
        let addresses = self.addresses.lock().unwrap().clone();
        let mut all = String::new();
        for address in addresses {
            if let Ok(answer) = self.http.get(format!("http://{address}/metrics")).send().await {
                all += &answer.text().await.unwrap_or_default();
            }
        }
        all
    }

    /// Everything that is nobody else's business, by what it is.
    pub fn canaries(&self) -> Vec<(&'static str, String)> {
        let token = self.telegram.token();
        let key = token.split(':').next_back().unwrap_or(token);
        let mut canaries = vec![
            ("the bot's token", key.to_owned()),
            ("the provider's key", self.images.api_key().to_owned()),
            ("the webhook's secret", SECRET.to_owned()),
        ];
        if let Some(creem) = &self.creem {
            canaries.push(("Creem's key", creem.options().api_key.clone()));
            canaries.push(("Creem's secret", creem.options().webhook_secret.clone()));
        }
        canaries.extend(self.site.iter().flat_map(super::site::canaries));
        if let Some(wecom) = &self.wecom {
            canaries.extend(of_wecom(wecom));
        }
        let (_, players, chats) = self.telegram.players();
        canaries.extend(players.into_iter().map(|player| ("a name", player.name)));
        for chat in chats {
            for message in self.telegram.chat(chat.chat) {
                let name = message.document.as_ref().and_then(|file| file.name.clone());
                canaries.extend(name.map(|name| ("a file's name", name)));
                let addresses = message.buttons.iter().flatten().filter_map(|it| it.url.as_ref());
                let tokens = addresses.filter_map(|url| {
                    let (_, token) = url.split_once("/g/").or(url.split_once("/p/"))?;
                    Some(("an address", token.to_owned()))
                });
                canaries.extend(tokens);
                if !message.is_from_bot() {
                    canaries.extend(words(&message.text).map(|it| ("somebody's words", it)));
                }
            }
        }
        // Six digits stand in a log by chance: clocks have as many.
        let is_code = |canary: &str| canary.len() < 9 && canary.bytes().all(|b| b.is_ascii_digit());
        canaries.retain(|(_, canary)| canary.len() >= BYTES_MIN && !is_code(canary));
        canaries
    }
}

/// The secrets of WeCom's, and what was said there.
fn of_wecom(wecom: &WecomStandIn) -> Vec<(&'static str, String)> {
    let options = wecom.options();
    let mut canaries = vec![
        ("the app's secret", options.secret.clone()),
        ("the callback's token", options.token.clone()),
        ("the callback's key", options.aes_key.clone()),
        ("the AI bot's secret", options.bot.secret.clone()),
        ("the AI bot's token", options.bot.token.clone()),
        ("the AI bot's key", options.bot.aes_key.clone()),
        ("the robot's key", options.robot_key.clone()),
        ("an address with a token", "access_token=".to_owned()),
        ("an address of an answer", "response_code=".to_owned()),
    ];
    for chat in wecom.players().1 {
        let said = wecom.chat(&chat.chat.to_string()).into_iter().filter(|it| !it.is_from_bot());
        canaries.extend(said.filter_map(|it| Some(("somebody's words", words(&it.text)?))));
    }
    canaries
}

/// What somebody wrote, without the command before it that everybody knows.
fn words(text: &str) -> Option<String> {
    let own = if text.starts_with('/') { text.split_once(' ')?.1 } else { text };
    Some(own.to_owned())
}
