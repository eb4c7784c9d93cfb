//! Carrying a plan out: the file up, one call after the other, and what a fault in the middle
//! means. Shared by members and customers, who have one API.

use std::{
    borrow::Cow,
    collections::{HashSet, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};

use picdesk_core::{
    channel::{DeliveryError, FetchError, MediaRef, OutboundMessage, Receipt, Refusal},
    id::{ConversationId, MessageId},
};
use serde_json::Value;

use crate::{
    Clock,
    address::{At, SendName},
    answer::{Broken, CallError, No, Verdict, missed, resting},
    call::{Api, Call, Upload},
    client::{Client, File},
    menus::{Chooses, Menus},
    render::{Plan, Send, handle, read_handle},
};

/// How often a call is made again at once that WeCom would know, when its answer did not come.
const AGAIN_MAX: usize = 2;

/// Sends that are remembered.
const REMEMBERED_MAX: usize = 4096;

/// What carries plans out for one channel.
pub(crate) struct Hand {
    pub client: Arc<Client>,
    menus: Arc<dyn Menus>,
    clock: Clock,
    /// What WeCom has taken: a message of several sends whose second one failed is not begun anew.
    taken: Mutex<Remembered>,
    /// What it may have taken.
    unsure: Mutex<Remembered>,
}

/// The last names.
#[derive(Default)]
struct Remembered {
    names: HashSet<(i64, u8)>,
    order: VecDeque<(i64, u8)>,
}

impl Remembered {
    fn add(&mut self, name: SendName) {
        let key = (name.outbound.0, name.part);
        if self.names.insert(key) {
            self.order.push_back(key);
        }
        if self.order.len() > REMEMBERED_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.names.remove(&oldest);
        }
    }

    fn has(&self, name: SendName) -> bool {
        self.names.contains(&(name.outbound.0, name.part))
    }
}

fn add(memory: &Mutex<Remembered>, name: Option<SendName>) {
    if let Some(name) = name {
        memory.lock().unwrap_or_else(PoisonError::into_inner).add(name);
    }
}

fn has(memory: &Mutex<Remembered>, name: Option<SendName>) -> bool {
    name.is_some_and(|name| memory.lock().unwrap_or_else(PoisonError::into_inner).has(name))
}

/// Why a plan was not carried out.
pub(crate) enum Failed {
    /// What to do next.
    Delivery(DeliveryError),
    /// The chat is in a state in which we may not write; which, has to be asked.
    WrongState,
}

impl From<DeliveryError> for Failed {
    fn from(error: DeliveryError) -> Self {
        Self::Delivery(error)
    }
}

impl Hand {
    pub fn new(client: Arc<Client>, menus: Arc<dyn Menus>, clock: Clock) -> Self {
        Self { client, menus, clock, taken: Mutex::default(), unsure: Mutex::default() }
    }

    pub fn now(&self) -> i64 {
        (self.clock)()
    }

    /// Carries a plan out. `member`: whom an answer without a fault may yet name as missed.
    pub async fn carry_out(
        &self,
        message: &OutboundMessage,
        plan: &Plan,
        member: Option<&str>,
    ) -> Result<Receipt, Failed> {
        let chooses = if plan.numbered.is_empty() {
            Chooses::ByNumber
        } else {
            self.menus.remember(&message.conversation, &plan.numbered).await
        };
        let (file, fresh) = self.file(plan).await?;
        let media_id = file.as_deref().and_then(|file| read_handle(file, self.now()));
        let mut receipt = Receipt::default();
        for send in &plan.sends {
            if has(&self.taken, send.name) {
                continue;
            }
            let send = match chooses {
                Chooses::ByNumber => Cow::Borrowed(send),
                Chooses::ByCard => match send.beside_card() {
                    Some(send) => Cow::Owned(send),
                    None => continue,
                },
            };
            let answer = self.send(&send, media_id, member).await?;
            add(&self.taken, send.name);
            if let Some(message) = message_of(&answer).filter(|_| !send.optional) {
                let is_card = matches!(At::of(&message), At::Card(_));
                if is_card || receipt.message.is_none() {
                    receipt.message = Some(message);
                }
            }
        }
        receipt.file = file.filter(|_| fresh);
        Ok(receipt)
    }

    /// The handle of the plan's file, and whether it is new.
    async fn file(&self, plan: &Plan) -> Result<(Option<String>, bool), Failed> {
        let Some(upload) = &plan.upload else { return Ok((plan.known.clone(), false)) };
        Ok((Some(self.upload(upload).await?), true))
    }

    /// Uploads a file: shows nothing to anybody, so whatever breaks, nothing was sent.
    async fn upload(&self, upload: &Upload) -> Result<String, Failed> {
        let call = Call::upload(upload.clone());
        let answer = match self.client.ask(&call).await {
            Ok(answer) => answer,
            Err(CallError::Answered(no)) => return Err(self.refused(call.api, &no)),
            Err(CallError::Resting(wait)) => return Err(resting(call.api, wait).into()),
            Err(CallError::NoToken(inner)) => return Err(no_token(*inner)),
            Err(error) => return Err(DeliveryError::NotSent(error.into()).into()),
        };
        let Some(media_id) = answer["media_id"].as_str().filter(|id| !id.is_empty()) else {
            let foreign = CallError::Unknown(Broken::Foreign { status: 200 });
            return Err(DeliveryError::NotSent(foreign.into()).into());
        };
        Ok(handle(media_id, self.now()))
    }

    async fn send(
        &self,
        send: &Send,
        media_id: Option<&str>,
        member: Option<&str>,
    ) -> Result<Value, Failed> {
        let call = send.with_media(media_id);
        let error = match self.say(&call).await {
            Ok(body) => {
                // A success is a success, however strange the rest of it: the message is out.
                let answer: Value = serde_json::from_slice(&body).unwrap_or_default();
                return match member {
                    Some(user) if missed(&answer, user) && !send.optional => {
                        Err(DeliveryError::Refused(Refusal::Blocked).into())
                    }
                    Some(_) | None => Ok(answer),
                };
            }
            Err(error) => error,
        };
        match error {
            CallError::Answered(_) | CallError::Resting(_) if send.optional => Ok(Value::Null),
            CallError::Resting(wait) => Err(resting(call.api, wait).into()),
            CallError::Answered(no) if self.is_repeat(&call, send, &no) => Ok(Value::Null),
            CallError::Answered(no) => Err(self.refused(call.api, &no)),
            CallError::Unknown(_) if call.api.is_seen() => {
                add(&self.unsure, send.name);
                Err(DeliveryError::Unknown(error.into()).into())
            }
            CallError::NoToken(inner) => Err(no_token(*inner)),
            CallError::NotSent(_) | CallError::Unknown(_) => {
                Err(DeliveryError::NotSent(error.into()).into())
            }
        }
    }

    /// Makes a call. One that WeCom knows again when it comes a second time is made once more when
    /// nobody knows whether it arrived.
    async fn say(&self, call: &Call) -> Result<bytes::Bytes, CallError> {
        let mut outcome = self.client.call(call).await;
        let is_known = match &call.body {
            crate::call::Body::Json(body) => body["enable_duplicate_check"] == 1,
            crate::call::Body::None | crate::call::Body::Upload(_) => false,
        };
        for _ in 0..AGAIN_MAX {
            match &outcome {
                Err(CallError::Unknown(_)) if is_known => outcome = self.client.call(call).await,
                _ => break,
            }
        }
        outcome
    }

    /// Whether a no says that a send of this name is there already. With which code WeCom says so
    /// is written down nowhere: so, after an outcome that nobody knew, any no that has no other
    /// meaning is taken for it.
    fn is_repeat(&self, call: &Call, send: &Send, no: &No) -> bool {
        let named = matches!(call.api, Api::KfSendMsg | Api::KfSendMsgOnEvent);
        let unclear = crate::answer::judge(call.api, no) == Verdict::Refused(Refusal::Content)
            && !matches!(no.code, 40_201 | 40_204 | 45_002 | 44_004);
        named && unclear && has(&self.unsure, send.name)
    }

    fn refused(&self, api: Api, no: &No) -> Failed {
        match self.client.judge(api, no) {
            Verdict::WrongState => Failed::WrongState,
            verdict => Failed::Delivery(verdict.failure(api, no)),
        }
    }

    /// Fetches a file that somebody sent.
    pub async fn fetch(&self, media: &MediaRef, bytes_max: u64) -> Result<Vec<u8>, FetchError> {
        if media.bytes.is_some_and(|bytes| bytes > bytes_max) {
            return Err(FetchError::TooLarge);
        }
        match self.client.media(&media.handle, bytes_max).await {
            Ok(File::Bytes(bytes)) => Ok(bytes),
            Ok(File::TooLarge) => Err(FetchError::TooLarge),
            Err(CallError::Answered(no)) => match self.client.judge(Api::MediaGet, &no) {
                Verdict::Refused(_) | Verdict::Reupload => Err(match no.code {
                    830_002 => FetchError::TooLarge,
                    _ => FetchError::Gone,
                }),
                _ => Err(FetchError::Later(CallError::Answered(no).into())),
            },
            Err(CallError::Resting(wait)) => Err(FetchError::RetryAfter(wait)),
            Err(error) => Err(FetchError::Later(error.into())),
        }
    }
}

/// Without a token nothing was sent.
fn no_token(error: CallError) -> Failed {
    Failed::Delivery(match error {
        // The alarm is out already.
        CallError::Answered(no) => match crate::answer::judge(Api::MessageSend, &no) {
            Verdict::Refused(_) => DeliveryError::Unauthorized,
            verdict => verdict.failure(Api::MessageSend, &no),
        },
        // Nothing can be said without one.
        CallError::Resting(wait) => resting(Api::MessageSend, wait),
        other => DeliveryError::NotSent(other.into()),
    })
}

/// The message in an answer: the card's code where there is one, since that is what can be changed
/// later, else its id.
fn message_of(answer: &Value) -> Option<MessageId> {
    let text = |name: &str| answer[name].as_str().filter(|text| !text.is_empty());
    match (text("response_code"), text("msgid")) {
        (Some(code), _) => Some(At::Card(code).id()),
        (None, Some(id)) => Some(At::Message(id).id()),
        (None, None) => None,
    }
}

/// A file that is passed on cannot be uploaded again by whoever passes it on.
pub(crate) fn of_forward(error: DeliveryError) -> DeliveryError {
    match error {
        DeliveryError::Reupload => DeliveryError::Refused(Refusal::Content),
        other => other,
    }
}

/// What a conversation that is none of a channel's comes to.
pub(crate) fn foreign(conversation: &ConversationId) -> DeliveryError {
    tracing::warn!(channel = conversation.channel(), "a message for another channel");
    DeliveryError::Refused(Refusal::ConversationGone)
}
