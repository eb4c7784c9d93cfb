//! Carrying a plan out: the file up, one call after the other, and what a fault in the middle
//! means. Shared by members and customers, who have one API.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};

use picdesk_core::{
    channel::{DeliveryError, FetchError, MediaRef, OutboundMessage, Receipt, Refusal},
    id::{ConversationId, MessageId},
};
use serde_json::{Value, json};

use crate::{
    Clock,
    address::{At, SendName},
    answer::{
        Broken, CallError, IN_PARTS, NOBODY_SEES_IT, No, Verdict, judge, missed, resting,
        unreached, unreached_member,
    },
    call::{Api, Body, Call, Upload},
    client::{Client, File},
    menus::{Chooses, Menus},
    render::{InWecom, Plan, Send, handle, read_handle},
};

/// How often a call is made again at once that WeCom would know, when its answer did not come.
const AGAIN_MAX: usize = 2;

/// Sends that are remembered.
const REMEMBERED_MAX: usize = 4096;

/// How long the owner hears nothing more of a member whom nothing reaches, milliseconds.
const MEMBER_QUIET_MS: i64 = 24 * 60 * 60 * 1000;

/// What carries plans out for one channel.
pub(crate) struct Hand {
    pub client: Arc<Client>,
    menus: Arc<dyn Menus>,
    clock: Clock,
    /// What WeCom has taken: a message of several sends whose second one failed is not begun anew.
    taken: Mutex<Remembered>,
    /// What it may have taken.
    unsure: Mutex<Remembered>,
    /// When the owner heard of members whom nothing reaches.
    unreached: Mutex<HashMap<String, i64>>,
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

/// What is known of a message's sends before they are made.
#[derive(Clone, Copy, Default)]
pub(crate) struct Trip<'t> {
    /// For whom they are.
    pub readers: Readers<'t>,
    /// The account of customer service at which they are.
    pub account: Option<&'t str>,
    /// Whether an earlier process may have made some of them.
    pub maybe_begun: bool,
}

/// Whom an answer without a fault may yet name as missed.
#[derive(Clone, Copy, Default)]
pub(crate) enum Readers<'r> {
    /// Nobody.
    #[default]
    Unnamed,
    /// A member of the company.
    Member(&'r str),
    /// The operators among the members.
    Operators(&'r [String]),
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
        let (taken, unsure) = (Mutex::default(), Mutex::default());
        Self { client, menus, clock, taken, unsure, unreached: Mutex::default() }
    }

    pub fn now(&self) -> i64 {
        (self.clock)()
    }

    /// Carries a plan out.
    pub async fn carry_out(
        &self,
        message: &OutboundMessage,
        plan: &Plan,
        trip: Trip<'_>,
    ) -> Result<Receipt, Failed> {
        let chooses = self.chooses(message, plan).await;
        let (file, fresh) = self.file(plan).await?;
        let media_id = file.as_deref().and_then(|file| read_handle(file, self.now()));
        let mut receipt = Receipt::default();
        for send in &plan.sends {
            if has(&self.taken, send.name) {
                continue;
            }
            let send = match chooses {
                Chooses::ByNumber => Cow::Borrowed(send),
                Chooses::ByCard => match send.in_wecom() {
                    Some(send) => send,
                    None => continue,
                },
            };
            let answer = self.send(&send, media_id, trip).await?;
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

    /// How they have chosen last, where that makes a difference; the choices of this message are
    /// remembered.
    async fn chooses(&self, message: &OutboundMessage, plan: &Plan) -> Chooses {
        if !plan.numbered.is_empty() {
            return self.menus.remember(&message.conversation, &plan.numbered).await;
        }
        if plan.sends.iter().all(|send| send.in_wecom == InWecom::Same) {
            return Chooses::ByNumber;
        }
        self.menus.way(&message.conversation).await
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
            Err(CallError::Answered(no)) => return Err(self.refused(call.api, None, &no)),
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
        trip: Trip<'_>,
    ) -> Result<Value, Failed> {
        let call = send.with_media(media_id);
        let error = match self.say(&call).await {
            Ok(body) => {
                // A success is a success, however strange the rest of it: the message is out.
                let answer: Value = serde_json::from_slice(&body).unwrap_or_default();
                return if self.missed_all(&answer, trip.readers) && !send.optional {
                    Err(DeliveryError::Refused(Refusal::Blocked).into())
                } else {
                    Ok(answer)
                };
            }
            Err(error) => error,
        };
        match error {
            CallError::Answered(_) | CallError::Resting(_) if send.optional => Ok(Value::Null),
            CallError::Resting(wait) => Err(resting(call.api, wait).into()),
            CallError::Answered(no) if is_repeat(&call, &no) && self.may_be_there(send, trip) => {
                Ok(as_taken(&call))
            }
            CallError::Answered(no) => {
                if let (Readers::Operators(operators), NOBODY_SEES_IT) = (trip.readers, no.code) {
                    self.client.tell(&unreached(operators, self.client.app()));
                    return Err(DeliveryError::Refused(Refusal::Blocked).into());
                }
                Err(self.refused(call.api, trip.account, &no))
            }
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

    /// Whether none of the readers got it; the owner hears of whoever did not.
    fn missed_all(&self, answer: &Value, readers: Readers<'_>) -> bool {
        match readers {
            Readers::Unnamed => false,
            Readers::Member(user) => {
                let missed = missed(answer, user);
                if let Some(missed) = missed.filter(|_| self.is_news(user)) {
                    self.client.tell(&unreached_member(user, missed, self.client.app()));
                }
                missed.is_some()
            }
            Readers::Operators(operators) => {
                let without = operators.iter().filter(|user| missed(answer, user).is_some());
                let without: Vec<String> = without.cloned().collect();
                if !without.is_empty() {
                    self.client.tell(&unreached(&without, self.client.app()));
                }
                without.len() == operators.len()
            }
        }
    }

    /// Whether the owner has heard nothing of this member lately: whoever is not reached may write
    /// often.
    fn is_news(&self, user: &str) -> bool {
        let now = self.now();
        let mut told = self.unreached.lock().unwrap_or_else(PoisonError::into_inner);
        told.retain(|_, at| now.saturating_sub(*at) < MEMBER_QUIET_MS);
        if told.len() >= REMEMBERED_MAX || told.contains_key(user) {
            return false;
        }
        told.insert(user.to_owned(), now);
        true
    }

    /// Whether WeCom may have taken a send before: of what this process has sent it knows, of what
    /// an earlier one did nothing is known.
    fn may_be_there(&self, send: &Send, trip: Trip<'_>) -> bool {
        trip.maybe_begun || has(&self.unsure, send.name)
    }

    /// Makes a call. One that WeCom knows again when it comes a second time is made once more when
    /// nobody knows whether it arrived.
    async fn say(&self, call: &Call) -> Result<bytes::Bytes, CallError> {
        let mut outcome = self.client.call(call).await;
        let is_known = match &call.body {
            Body::Json(body) => body["enable_duplicate_check"] == 1,
            Body::None | Body::Upload(_) => false,
        };
        for _ in 0..AGAIN_MAX {
            match &outcome {
                Err(CallError::Unknown(_)) if is_known => outcome = self.client.call(call).await,
                _ => break,
            }
        }
        outcome
    }

    fn refused(&self, api: Api, account: Option<&str>, no: &No) -> Failed {
        match self.client.judge(api, account, no) {
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
            Err(CallError::Answered(no)) => match self.client.judge(Api::MediaGet, None, &no) {
                Verdict::Refused(_) | Verdict::Reupload => Err(match no.code {
                    IN_PARTS => FetchError::TooLarge,
                    _ => FetchError::Gone,
                }),
                _ => Err(FetchError::Later(CallError::Answered(no).into())),
            },
            Err(CallError::Resting(wait)) => Err(FetchError::RetryAfter(wait)),
            Err(error) => Err(FetchError::Later(error.into())),
        }
    }
}

/// Whether a no may say that a send of this name is there already. With which code WeCom says so
/// is written down nowhere: so any no is taken for it that has no other meaning.
fn is_repeat(call: &Call, no: &No) -> bool {
    let named = matches!(call.api, Api::KfSendMsg | Api::KfSendMsgOnEvent);
    let verdict = judge(call.api, no, "");
    named && verdict == Verdict::Refused(Refusal::Content) && !no.is_of_content()
}

/// What WeCom answered to a send that it had taken: the message has the name that we gave it.
fn as_taken(call: &Call) -> Value {
    match &call.body {
        Body::Json(body) => json!({ "msgid": body["msgid"] }),
        Body::None | Body::Upload(_) => Value::Null,
    }
}

/// Without a token nothing was sent.
fn no_token(error: CallError) -> Failed {
    Failed::Delivery(match error {
        // The alarm is out already.
        CallError::Answered(no) => match judge(Api::MessageSend, &no, "") {
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
