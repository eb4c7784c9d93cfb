//! Customers on WeChat, through an account of customer service (微信客服, kf).

mod handing;

use std::sync::Arc;

use async_trait::async_trait;
use picdesk_core::channel::{
    Capabilities, Channel, Content, Delivery, DeliveryError, FetchError, MediaRef, Receipt, Showing,
};
use serde_json::{Value, json};

use crate::{
    Clock,
    address::Address,
    answer::CallError,
    call::{Api, Call},
    client::Client,
    config::{HandOver, KfSettings, kf_capabilities},
    hand::{Failed, Hand, Trip, foreign, of_forward},
    menus::Menus,
    render::{NoPlan, kf::render_kf},
};

/// The channel of customers on WeChat.
pub struct WecomKf {
    house: String,
    hand_over: HandOver,
    capabilities: Capabilities,
    hand: Hand,
}

/// In whose hands a chat is at WeCom. Source: document/path/94669, `service_state`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SessionState {
    /// A customer wrote, and nobody has it.
    New,
    /// The bot's.
    Bot,
    /// It waits for one of our people.
    Pool,
    /// One of our people's.
    Servicer(String),
    /// It has ended, or not begun.
    Ended,
}

impl SessionState {
    fn of(answer: &Value) -> Option<Self> {
        Some(match answer["service_state"].as_i64()? {
            0 => Self::New,
            1 => Self::Bot,
            2 => Self::Pool,
            3 => Self::Servicer(answer["servicer_userid"].as_str().unwrap_or_default().to_owned()),
            4 => Self::Ended,
            _ => return None,
        })
    }
}

/// To whom a chat is handed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HandTo {
    /// The bot.
    Bot,
    /// Whoever of our people takes it.
    Pool,
    /// This one.
    Servicer(String),
    /// Nobody: it ends.
    Nobody,
}

impl WecomKf {
    /// The channel by these settings. Nothing is called yet.
    #[must_use]
    pub fn new(
        settings: &KfSettings,
        client: Arc<Client>,
        menus: Arc<dyn Menus>,
        clock: Clock,
    ) -> Self {
        Self {
            house: settings.house.clone(),
            hand_over: settings.hand_over.clone(),
            capabilities: kf_capabilities(),
            hand: Hand::new(client, menus, clock),
        }
    }

    /// In whose hands a chat is.
    ///
    /// # Errors
    /// The call's.
    pub async fn session_state(
        &self,
        account: &str,
        user: &str,
    ) -> Result<Option<SessionState>, CallError> {
        session_state(&self.hand.client, account, user).await
    }

    /// Hands a chat over. What comes back is the code by which one message can be sent on this
    /// occasion.
    ///
    /// # Errors
    /// The call's; 95014, 95019 and 60030 where nobody is there to take it.
    pub async fn hand_over(
        &self,
        account: &str,
        user: &str,
        to: &HandTo,
    ) -> Result<Option<String>, CallError> {
        let (state, servicer) = match to {
            HandTo::Bot => (1, None),
            HandTo::Pool => (2, None),
            HandTo::Servicer(servicer) => (3, Some(servicer)),
            HandTo::Nobody => (4, None),
        };
        let mut body =
            json!({ "open_kfid": account, "external_userid": user, "service_state": state });
        if let Some(servicer) = servicer {
            body["servicer_userid"] = json!(servicer);
        }
        let answer = self.hand.client.ask(&Call::post(Api::KfServiceStateTrans, body)).await?;
        Ok(answer["msg_code"].as_str().filter(|code| !code.is_empty()).map(str::to_owned))
    }

    /// Who takes chats at an account now. Here 0 means so; in the event of a change it is 1.
    ///
    /// # Errors
    /// The call's.
    pub async fn servicers(&self, account: &str) -> Result<Vec<String>, CallError> {
        let call = Call::get(Api::KfServicerList, vec![("open_kfid", account.to_owned())]);
        let answer = self.hand.client.ask(&call).await?;
        let list = answer["servicer_list"].as_array().into_iter().flatten();
        let there = list.filter(|servicer| servicer["status"].as_i64() == Some(0));
        Ok(there.filter_map(|servicer| servicer["userid"].as_str().map(str::to_owned)).collect())
    }

    /// A link to an account. `scene` comes back when somebody enters by it, and what is appended
    /// as `&scene_param=` as well.
    ///
    /// # Errors
    /// The call's.
    pub async fn link(&self, account: &str, scene: &str) -> Result<Option<String>, CallError> {
        let body = json!({ "open_kfid": account, "scene": scene });
        let answer = self.hand.client.ask(&Call::post(Api::KfAddContactWay, body)).await?;
        Ok(answer["url"].as_str().map(str::to_owned))
    }

    /// The accounts that this app manages: those that it may answer at.
    ///
    /// # Errors
    /// The call's.
    pub async fn managed_accounts(&self) -> Result<Vec<String>, CallError> {
        let call = Call::post(Api::KfAccountList, json!({ "offset": 0, "limit": 100 }));
        let answer = self.hand.client.ask(&call).await?;
        let list = answer["account_list"].as_array().into_iter().flatten();
        let managed = list.filter(|account| account["manage_privilege"].as_bool() == Some(true));
        Ok(managed.filter_map(|one| one["open_kfid"].as_str().map(str::to_owned)).collect())
    }

    /// One code means two things: our people have the chat, or its time is over. Which, is asked.
    async fn why_not(&self, account: &str, user: &str) -> DeliveryError {
        match self.session_state(account, user).await {
            Ok(Some(SessionState::Pool | SessionState::Servicer(_))) => DeliveryError::HumanHasIt,
            Ok(_) => DeliveryError::WindowClosed,
            Err(error) => DeliveryError::NotSent(error.into()),
        }
    }
}

/// In whose hands a chat is.
pub(crate) async fn session_state(
    client: &Client,
    account: &str,
    user: &str,
) -> Result<Option<SessionState>, CallError> {
    let body = json!({ "open_kfid": account, "external_userid": user });
    let answer = client.ask(&Call::post(Api::KfServiceStateGet, body)).await?;
    Ok(SessionState::of(&answer))
}

#[async_trait]
impl Channel for WecomKf {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    /// Its credentials are the app's.
    fn called(&self) -> String {
        self.hand.client.app().to_owned()
    }

    async fn deliver(&self, mut delivery: Delivery) -> Result<Receipt, DeliveryError> {
        let file = delivery.file.take();
        let message = &delivery.message;
        let Some(Address::Customer { account, user }) = Address::of(&message.conversation) else {
            return Err(foreign(&message.conversation));
        };
        match &message.content {
            Content::HandOver { words } => {
                return self.hand_to_people((&account, &user), message.id, words).await;
            }
            Content::HandBack { words } => {
                return self.end_with_people((&account, &user), message.id, words).await;
            }
            _ => {}
        }
        let now = self.hand.now();
        let plan = match render_kf(message, file, &self.house, now) {
            Ok(plan) => plan,
            Err(NoPlan::Nothing) => return Ok(Receipt::default()),
            Err(NoPlan::Refused(refusal)) => return Err(DeliveryError::Refused(refusal)),
            Err(NoPlan::Reupload) => return Err(DeliveryError::Reupload),
        };
        let maybe_begun = delivery.maybe_begun;
        let trip = Trip { account: Some(&account), maybe_begun, ..Trip::default() };
        match self.hand.carry_out(message, &plan, trip).await {
            Ok(receipt) => Ok(receipt),
            Err(Failed::WrongState) => Err(self.why_not(&account, &user).await),
            Err(Failed::Delivery(error)) => Err(match message.content {
                Content::Forward { .. } => of_forward(error),
                _ => error,
            }),
        }
    }

    /// Progress would eat the picture's place among the five: nothing is shown in passing.
    async fn show(&self, _: Showing) -> Result<(), DeliveryError> {
        Ok(())
    }

    async fn fetch(&self, media: &MediaRef, bytes_max: u64) -> Result<Vec<u8>, FetchError> {
        self.hand.fetch(media, bytes_max).await
    }
}
