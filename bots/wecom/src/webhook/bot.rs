//! The bot's callback: what is said to it, and how its answers go on.

use std::{borrow::Cow, sync::Arc};

use bytes::Bytes;
use picdesk_core::{
    channel::{Arrival, Inbox},
    event::Event,
};
use serde::Deserialize;
use serde_json::Value;

use super::{BODY_BYTES_MAX, CallbackAnswer, Opened, accept, came_in, verify};
use crate::{
    Clock,
    config::{BotSettings, BotWords},
    envelope::Envelope,
    menus::Menus,
    parse::bot::{BotReading, Said, read_bot},
    render::bot::{card_update, final_frame, greeting},
    streams::{Stream, StreamStore, Unavailable, stream_of_task},
    verify::Query,
};

/// How often a change of an answer is tried again that met another one.
const TRIES_MAX: u32 = 5;

#[derive(Deserialize)]
struct Sealed<'s> {
    #[serde(borrow)]
    encrypt: Cow<'s, str>,
}

/// Opens a callback of the bot: the JSON inside, and the nonce that an answer must bear. Pure.
///
/// # Errors
/// What the caller is told.
pub fn open_bot<'q>(
    envelope: &Envelope,
    raw_query: &'q str,
    body: &[u8],
) -> Result<(Opened, &'q str), CallbackAnswer> {
    if body.len() > BODY_BYTES_MAX {
        return Err(CallbackAnswer::TooLarge);
    }
    let query = Query::read(raw_query).ok_or(CallbackAnswer::BadRequest)?;
    let sealed: Sealed<'_> =
        serde_json::from_slice(body).map_err(|_| CallbackAnswer::BadRequest)?;
    let message = envelope.open(&query, &sealed.encrypt)?;
    Ok((Opened::new(message, &sealed.encrypt), query.nonce))
}

/// The bot's callback.
pub struct BotCallback {
    envelope: Envelope,
    inbox: Arc<dyn Inbox>,
    menus: Arc<dyn Menus>,
    streams: Arc<dyn StreamStore>,
    words: BotWords,
    name: String,
    clock: Clock,
}

impl BotCallback {
    /// A receiving end.
    #[must_use]
    pub fn new(
        envelope: Envelope,
        settings: &BotSettings,
        inbox: Arc<dyn Inbox>,
        menus: Arc<dyn Menus>,
        streams: Arc<dyn StreamStore>,
        clock: Clock,
    ) -> Self {
        let (words, name) = (settings.words.clone(), settings.name.clone());
        Self { envelope, inbox, menus, streams, words, name, clock }
    }

    /// Answers the verification of the address.
    #[must_use]
    pub fn verify(&self, raw_query: &str) -> CallbackAnswer {
        verify(&self.envelope, raw_query)
    }

    /// Takes one callback.
    pub async fn receive(&self, raw_query: &str, body: Bytes) -> CallbackAnswer {
        let (opened, nonce) = match open_bot(&self.envelope, raw_query, &body) {
            Ok(opened) => opened,
            Err(refused) => return refused,
        };
        let Opened { message, envelope } = opened;
        let sealed =
            |said: Said| Said { arrival: Box::new(came_in(envelope, *said.arrival)), ..said };
        let answer = match read_bot(&message, (self.clock)(), &self.name) {
            BotReading::Said(said) => self.said(sealed(said)).await.map(Some),
            BotReading::Happened(said) => self.happened(sealed(said)).await,
            BotReading::Opened(arrival) => self.opened(came_in(envelope, *arrival)).await,
            BotReading::Noted(arrival) => {
                self.note(came_in(envelope, *arrival)).await.map(|()| None)
            }
            BotReading::Poll { stream } => self.polled(&stream).await.map(Some),
            BotReading::Replaced | BotReading::Nothing => Ok(None),
        };
        match answer {
            Ok(None) => CallbackAnswer::acknowledged(None),
            Ok(Some(frame)) => {
                let seconds = (self.clock)() / 1000;
                CallbackAnswer::ok(self.envelope.seal_json(&frame.to_string(), seconds, nonce))
            }
            Err(Unavailable) => CallbackAnswer::Unavailable,
        }
    }

    async fn note(&self, arrival: Arrival) -> Result<(), Unavailable> {
        accept(self.inbox.as_ref(), &self.menus, arrival).await.map_err(|()| Unavailable)
    }

    /// The answer is there before the message is turned, so that what is said finds it.
    async fn said(&self, mut said: Said) -> Result<Value, Unavailable> {
        recognize(self.streams.as_ref(), &mut said).await?;
        let stream = Stream::begin(&said, None);
        let id = stream.id.clone();
        self.streams.open(stream.clone()).await?;
        self.note(*said.arrival).await?;
        // A repeated callback sees how far its answer is by now.
        let stream = self.streams.find(&id).await?.unwrap_or(stream);
        self.serve(stream).await
    }

    /// A press is answered at once by its card, and later by the address that came with it. Where
    /// none came, nothing is begun that nobody could be told of.
    async fn happened(&self, said: Said) -> Result<Option<Value>, Unavailable> {
        let answer = match said.response_url {
            Some(_) => &self.words.pressed,
            None => &self.words.write_instead,
        };
        let update = pressed_card(self.streams.as_ref(), &said, answer).await?;
        if said.response_url.is_some() {
            self.streams.open(Stream::of_tap(&said, None)).await?;
            self.note(*said.arrival).await?;
        }
        Ok(update)
    }

    async fn opened(&self, arrival: Arrival) -> Result<Option<Value>, Unavailable> {
        self.note(arrival).await?;
        Ok((!self.words.greeting.is_empty()).then(|| greeting(&self.words.greeting)))
    }

    async fn polled(&self, id: &str) -> Result<Value, Unavailable> {
        match self.streams.find(id).await? {
            Some(stream) => self.serve(stream).await,
            // Nobody knows it: it ends here, so that WeCom asks no more.
            None => Ok(final_frame(id, &self.words.unanswered, &[], None)),
        }
    }

    /// Tells how far an answer is. Its end is told only when nothing was added meanwhile: from
    /// then on, nothing can be.
    async fn serve(&self, mut stream: Stream) -> Result<Value, Unavailable> {
        for _ in 0..TRIES_MAX {
            let now = (self.clock)();
            if !stream.is_due(now) || stream.finished {
                return Ok(stream.frame(&self.words, now));
            }
            let mut ended = stream.clone();
            ended.finished = true;
            ended.version += 1;
            if self.streams.save(&ended).await? {
                return Ok(ended.frame(&self.words, now));
            }
            match self.streams.find(&stream.id).await? {
                Some(changed) => stream = changed,
                None => break,
            }
        }
        Err(Unavailable)
    }
}

/// Puts the picture of ours in the place of words of ours that are quoted: what is quoted bears no
/// id, and no picture of ours either.
pub(crate) async fn recognize(
    streams: &dyn StreamStore,
    said: &mut Said,
) -> Result<(), Unavailable> {
    let Some(quoted) = &said.quoted else { return Ok(()) };
    let stream = streams.quoted(&said.address.conversation(), quoted).await?;
    let meant = stream.and_then(|stream| stream.meant());
    if let Arrival::Event(received) = said.arrival.as_mut()
        && let Event::MessageReceived(message) = &mut received.event
        && let (Some(reply), Some(meant)) = (&mut message.reply_to, meant)
    {
        (reply.message, reply.ours) = (meant, true);
    }
    Ok(())
}

/// The card that was pressed, with the answer on it; nothing where we know no such card.
pub(crate) async fn pressed_card(
    streams: &dyn StreamStore,
    said: &Said,
    answer: &str,
) -> Result<Option<Value>, Unavailable> {
    let Some(press) = &said.pressed else { return Ok(None) };
    let Some(id) = stream_of_task(&press.task) else { return Ok(None) };
    let Some(stream) = streams.find(id).await? else { return Ok(None) };
    let here = stream.conversation == said.address.conversation();
    let card = stream.card_pressed(press, answer).filter(|_| here);
    Ok(card.map(|card| card_update(&card)))
}
