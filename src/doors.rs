//! Where our chats are found from outside: links by which somebody is led into one.

use std::sync::{Arc, OnceLock};

/// Asks for the address of the chat on Telegram, once that is known.
pub type Address = Arc<dyn Fn() -> Option<String> + Send + Sync>;

/// The doors to our chats, as far as they are known yet.
#[derive(Default)]
pub struct Doors {
    telegram: OnceLock<Address>,
    wechat: OnceLock<String>,
}

impl Doors {
    /// The chat on Telegram is asked for here.
    pub fn on_telegram(&self, address: Address) {
        let _ = self.telegram.set(address);
    }

    /// The account on WeChat has this link, to which what it carries can be appended.
    pub fn on_wechat(&self, link: String) {
        let _ = self.wechat.set(link);
    }

    /// Links that carry a payload of the letters `A-Za-z0-9_-`, at most 64. Source: Bot API, "Deep
    /// linking"; WeCom 94677, `scene_param`, 128 bytes.
    pub fn links(&self, payload: &str) -> Vec<String> {
        let telegram = self.telegram.get().and_then(|address| address());
        let telegram = telegram.map(|chat| format!("{chat}?start={payload}"));
        let wechat = self.wechat.get().map(|link| format!("{link}&scene_param={payload}"));
        telegram.into_iter().chain(wechat).collect()
    }
}
