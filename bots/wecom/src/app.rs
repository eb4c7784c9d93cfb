//! Members of the company, through the self-built app.

use std::sync::Arc;

use async_trait::async_trait;
use picdesk_core::{
    channel::{
        Budget, Capabilities, Channel, Content, Delivery, DeliveryError, FetchError, MediaRef,
        OutboundMessage, Place, Receipt, Showing,
    },
    id::{ConversationId, MessageId},
};
use serde_json::json;
use tokio::sync::OnceCell;

use crate::{
    Clock,
    address::Address,
    answer::CallError,
    call::{Api, Call},
    client::Client,
    config::{APP, WecomSettings, app_capabilities},
    hand::{Failed, Hand, Readers, Trip, of_forward},
    menus::Menus,
    render::{
        NoPlan,
        app::{Frame, render_app, sends},
    },
};

/// By what contacts are known who enter by the link of their greeting. Source: 94665, `scene`.
const CONTACT_SCENE: &str = "contact";

/// The channel of the company's members.
pub struct WecomApp {
    agent_id: u64,
    operators: Vec<String>,
    /// The account that contacts are led to; nothing where they are not greeted.
    greets_to: Option<String>,
    contact_link: OnceCell<String>,
    capabilities: Capabilities,
    hand: Hand,
}

impl WecomApp {
    /// The channel by these settings. Nothing is called yet.
    #[must_use]
    pub fn new(
        settings: &WecomSettings,
        client: Arc<Client>,
        menus: Arc<dyn Menus>,
        clock: Clock,
    ) -> Self {
        Self {
            agent_id: settings.agent_id,
            operators: settings.operators.clone(),
            greets_to: settings
                .kf
                .as_ref()
                .filter(|_| settings.greets_contacts)
                .and_then(|kf| kf.accounts.first().cloned()),
            contact_link: OnceCell::new(),
            capabilities: app_capabilities(),
            hand: Hand::new(client, menus, clock),
        }
    }
}

impl WecomApp {
    /// The link that contacts are led by, fetched once. Without one they are greeted all the same.
    async fn contact_link(&self, account: &str) -> String {
        let body = json!({ "open_kfid": account, "scene": CONTACT_SCENE });
        let link = self.contact_link.get_or_try_init(|| async {
            let answer = self.hand.client.ask(&Call::post(Api::KfAddContactWay, body)).await?;
            Ok::<_, CallError>(answer["url"].as_str().unwrap_or_default().to_owned())
        });
        match link.await {
            Ok(link) => link.clone(),
            Err(error) => {
                if let CallError::Answered(no) = &error {
                    // Told to the owner where the owner can do something about it.
                    let _verdict = self.hand.client.judge(Api::KfAddContactWay, Some(account), no);
                }
                tracing::warn!("wecom: there is no link to lead a contact by: {error}");
                String::new()
            }
        }
    }
}

/// The message whose place is taken: by its slot, or as it was pressed.
fn earlier(delivery: &Delivery) -> Option<&MessageId> {
    match &delivery.message.place {
        Place::New { .. } => None,
        Place::Edit { .. } => delivery.edit.as_ref(),
        Place::EditMessage { message } => delivery.edit.as_ref().or(Some(message)),
    }
}

#[async_trait]
impl Channel for WecomApp {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    /// Its credentials are the app's.
    fn called(&self) -> String {
        self.hand.client.app().to_owned()
    }

    /// Each member has the minute's limit of their own; operators get the same at once.
    fn budget<'c>(&self, conversation: &'c ConversationId) -> Budget<'c> {
        let key = match Address::of(conversation) {
            Some(Address::Desk { .. }) => APP,
            _ => conversation.as_str(),
        };
        Budget { key, group: false }
    }

    fn sends(&self, message: &OutboundMessage) -> u32 {
        let frame = Frame {
            agent_id: self.agent_id,
            contact_link: "",
            operators: &self.operators,
            now: self.hand.now(),
        };
        sends(message, frame)
    }

    async fn deliver(&self, mut delivery: Delivery) -> Result<Receipt, DeliveryError> {
        let address = Address::of(&delivery.message.conversation);
        let link = match (&address, &self.greets_to) {
            (Some(Address::Contact { .. }), None) => return Ok(Receipt::default()),
            (Some(Address::Contact { .. }), Some(account)) => self.contact_link(account).await,
            (Some(Address::Desk { .. }), _) if !self.operators.is_empty() => {
                // Nothing is to be opened: a case's place is where its lines go.
                if let Content::OpenTopic { .. } = delivery.message.content {
                    let conversation = Some(delivery.message.conversation);
                    return Ok(Receipt { conversation, ..Receipt::default() });
                }
                String::new()
            }
            _ => String::new(),
        };
        let frame = Frame {
            agent_id: self.agent_id,
            contact_link: &link,
            operators: &self.operators,
            now: self.hand.now(),
        };
        let file = delivery.file.take();
        let message = &delivery.message;
        let plan = match render_app(message, earlier(&delivery), file, frame) {
            Ok(plan) => plan,
            Err(NoPlan::Nothing) => return Ok(Receipt::default()),
            Err(NoPlan::Refused(refusal)) => return Err(DeliveryError::Refused(refusal)),
            Err(NoPlan::Reupload) => return Err(DeliveryError::Reupload),
        };
        let readers = match &address {
            Some(Address::Member { user }) => Readers::Member(user),
            Some(Address::Desk { .. }) => Readers::Operators(&self.operators),
            _ => Readers::Unnamed,
        };
        let trip = Trip { readers, account: None, maybe_begun: delivery.maybe_begun };
        self.hand.carry_out(message, &plan, trip).await.map_err(|failed| {
            let error = match failed {
                Failed::Delivery(error) => error,
                Failed::WrongState => DeliveryError::HumanHasIt,
            };
            match message.content {
                Content::Forward { .. } => of_forward(error),
                _ => error,
            }
        })
    }

    /// Nothing here can be shown in passing: no typing, no answers to taps, no edits.
    async fn show(&self, _: Showing) -> Result<(), DeliveryError> {
        Ok(())
    }

    async fn fetch(&self, media: &MediaRef, bytes_max: u64) -> Result<Vec<u8>, FetchError> {
        self.hand.fetch(media, bytes_max).await
    }
}
