//! Telegram's door.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use picdesk_core::{event::Event, id::ConversationId};
use picdesk_sandbox::telegram::{
    ALICE, Armed, Fault, MessageView, Options, TelegramStandIn, XIAOMING,
};
use tokio::task::JoinHandle;

use super::{
    AnyChannel,
    doors::{Door, Heard, Seen, Trouble},
    place,
};

/// A bot, and Alice.
pub struct AtTelegram {
    telegram: TelegramStandIn,
    heard: Arc<Heard>,
    polling: JoinHandle<()>,
    channel: AnyChannel,
}

impl AtTelegram {
    pub async fn open() -> Self {
        let options = Options { rate_limits: None, ..Options::in_memory() };
        let telegram = TelegramStandIn::start(options).await.unwrap();
        let heard = Arc::new(Heard::default());
        let (polled, inbox) = (crate::sending::channel(&telegram), Arc::clone(&heard));
        let polling = tokio::spawn(async move {
            let clock: picdesk_telegram::Clock = Arc::new(|| 0);
            polled.poll(inbox.as_ref(), &clock, std::future::pending()).await;
        });
        let channel = Arc::new(crate::sending::channel(&telegram));
        Self { telegram, heard, polling, channel }
    }
}

impl Drop for AtTelegram {
    fn drop(&mut self) {
        self.polling.abort();
    }
}

#[async_trait]
impl Door for AtTelegram {
    fn channel(&self) -> AnyChannel {
        Arc::clone(&self.channel)
    }

    async fn anew(&self) -> AnyChannel {
        Arc::new(crate::sending::channel(&self.telegram))
    }

    fn place(&self) -> ConversationId {
        place(&format!("telegram:{ALICE}"))
    }

    async fn gone(&self) -> ConversationId {
        self.telegram.say(XIAOMING, "hello").unwrap();
        self.telegram.block(XIAOMING).unwrap();
        place(&format!("telegram:{XIAOMING}"))
    }

    async fn speak(&self, words: &str) -> Event {
        self.telegram.say(ALICE, words).unwrap();
        self.heard.next(|event| matches!(event, Event::MessageReceived(_))).await
    }

    async fn press(&self, label: &str) -> Event {
        let said = self.telegram.chat(ALICE);
        let message = said.iter().rfind(|it| it.button(label).is_some()).unwrap().message;
        self.telegram.tap(ALICE, message, label).unwrap();
        self.heard.next(|event| matches!(event, Event::ButtonPressed(_))).await
    }

    fn seen(&self) -> Vec<Seen> {
        let said = self.telegram.chat(ALICE);
        let ours = said.into_iter().filter(MessageView::is_from_bot);
        ours.map(|it| Seen { text: it.text, pictures: usize::from(it.picture.is_some()) }).collect()
    }

    fn arm(&self, trouble: Trouble) -> bool {
        let fault = match trouble {
            Trouble::Wait => Fault::TooManyRequests { retry_after_s: 1 },
            Trouble::Down => Fault::ServerError { status: 502 },
            Trouble::DropRequest => Fault::DropRequest,
            Trouble::DropAnswer => Fault::DropAnswer,
            Trouble::BadContent => Fault::BadRequest { description: "IMAGE_PROCESS_FAILED".into() },
        };
        self.telegram.arm(Armed::times(fault, 1));
        true
    }

    fn calm(&self) {
        self.telegram.clear_faults();
    }

    fn splits(&self) -> bool {
        // What is said there is cut to fit before it is rendered.
        false
    }

    fn longest_wait(&self) -> Duration {
        Duration::from_secs(2)
    }

    fn secrets(&self) -> Vec<String> {
        vec![self.telegram.token().to_owned(), "api.telegram".to_owned()]
    }
}
