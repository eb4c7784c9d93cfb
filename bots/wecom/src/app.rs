//! Members of the company, through the self-built app.

use std::sync::Arc;

use async_trait::async_trait;
use picdesk_core::{
    channel::{
        Budget, Capabilities, Channel, Content, Delivery, DeliveryError, FetchError, MediaRef,
        Place, Receipt, Showing,
    },
    id::{ConversationId, MessageId},
};

use crate::{
    Clock,
    address::Address,
    client::Client,
    config::{WecomSettings, app_capabilities},
    hand::{Failed, Hand, of_forward},
    menus::Menus,
    render::{
        NoPlan,
        app::{Frame, render_app},
    },
};

/// The channel of the company's members.
pub struct WecomApp {
    agent_id: u64,
    contact_link: String,
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
            contact_link: settings.contact_link.clone(),
            capabilities: app_capabilities(),
            hand: Hand::new(client, menus, clock),
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

    /// Each member has the minute's limit of their own.
    fn budget<'c>(&self, conversation: &'c ConversationId) -> Budget<'c> {
        Budget { key: conversation.as_str(), group: true }
    }

    async fn deliver(&self, mut delivery: Delivery) -> Result<Receipt, DeliveryError> {
        let frame = Frame {
            agent_id: self.agent_id,
            contact_link: &self.contact_link,
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
        let member = match Address::of(&message.conversation) {
            Some(Address::Member { user }) => Some(user),
            _ => None,
        };
        self.hand.carry_out(message, &plan, member.as_deref()).await.map_err(|failed| {
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
