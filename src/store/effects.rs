//! Carrying out what follows: the effects of a whole batch of turns, in one transaction, a
//! statement for each kind of row.

use std::collections::HashSet;

use picdesk_core::{
    account::Language,
    channel::{OutboundMessage, Place},
    effect::{Effect, NewArtifact, NewEscalation, NewGeneration, RequestChange},
    event::About,
    facts::{Request, RequestState},
    id::{ArtifactId, RequestId, TapId},
    say::Say,
};

use super::{
    StoreError, Tx, Value,
    facts::{CaseBody, RequestBody, word_of},
    inbox::{self, Origin},
    ledger::{self, Act, Order},
    sealed,
    timers::{self, NewTimer},
};

/// What one event came to.
#[derive(Debug)]
pub struct Outcome {
    /// Its number.
    pub seq: i64,
    /// What follows.
    pub effects: Vec<Effect>,
    /// The messages among the effects, with their words.
    pub messages: Vec<Rendered>,
}

/// A message with its words.
#[derive(Debug)]
pub struct Rendered {
    /// The message.
    pub message: OutboundMessage,
    /// What it is part of, where its fate is an event.
    pub about: Option<About>,
}

/// What follows outside the store, once the commit is done.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    /// Which press.
    pub tap: TapId,
    /// On which channel.
    pub channel: String,
    /// In whose language.
    pub language: Language,
    /// What is shown.
    pub say: Option<Say>,
    /// As a box that has to be closed.
    pub alert: bool,
}

const INSERT_PURSES: &str = "
    insert into purses (id, granted, posted, pending, refunded, expired, reclaimed, entries, head)
    values {rows}";
const INSERT_ACCOUNTS: &str = "
    insert into accounts (id, purse, options, plan, last_tag, created_at) values {rows}";
const INSERT_IDENTITIES: &str = "
    insert into identities (id, account, name, language, reachable, created_at) values {rows}";
const RENAME: &str = "update identities set name = $2 where id = $1";
const CHOOSE_LANGUAGE: &str = "update identities set language = $2 where id = $1";
const MARK_REACHABLE: &str = "update identities set reachable = $2 where id = $1";
const CHOOSE_OPTIONS: &str = "update accounts set options = $2 where id = $1";
const FORGET_AWAITING: &str = "delete from awaiting where conversation = $1 and identity = $2";
const AWAIT: &str = "
    insert into awaiting (conversation, identity, body) values ($1, $2, $3)
    on conflict (conversation, identity) do update set body = excluded.body";
const EMPTY_TRAY: &str = "delete from tray where conversation = $1 and identity = $2";
const PUT_IN_TRAY: &str = "insert into tray (id, conversation, identity, body) values {rows}";
const BEGIN_ALBUMS: &str = "
    insert into albums (conversation, album, began_at, settled) values {rows}
    on conflict (conversation, album) do nothing";
const INSERT_PARTS: &str = "
    insert into album_parts (conversation, album, message, body) values {rows}
    on conflict (conversation, album, message) do nothing";
const SETTLE_ALBUM: &str = "update albums set settled = 1 where conversation = $1 and album = $2";
const INSERT_REQUESTS: &str = "
    insert into requests (id, account, purse, identity, conversation, setting, message, body,
                          options, parent, price_each, state, asked_at)
    values {rows}";
const UPDATE_REQUEST: &str = "update requests set state = $2 where id = $1";
const FIND_BODY: &str = "select body from requests where id = $1";
const CHANGE_REQUEST: &str =
    "update requests set body = $2, options = $3, price_each = $4 where id = $1";
const INSERT_GENERATIONS: &str = "
    insert into generations (id, request, hold, account, purse, conversation, number, tag, state,
                             attempts, not_before, queued_at, settled_at)
    values {rows}";
const RAISE_TAG: &str = "update accounts set last_tag = $2 where id = $1 and last_tag < $2";
const CANCEL_GENERATIONS: &str = "
    with v(id, at) as (values {rows})
    update generations set state = 'cancelled', settled_at = v.at, claimed_by = null
    from v where generations.id = v.id and generations.state in ('held', 'claimed')
    returning generations.id";
const SETTLE_GENERATIONS: &str = "
    with v(id, state, failure, at) as (values {rows})
    update generations set state = v.state, failure = v.failure, settled_at = v.at,
                           claimed_by = null
    from v where generations.id = v.id";
const INSERT_ARTIFACTS: &str = "
    insert into artifacts (id, generation, request, account, purse, object, sha256, bytes, width,
                           height, kind, cost_micro_usd, made_at, expires_at, state, owed)
    values {rows} on conflict (generation) do nothing";
const MARK_OWED: &str = "update artifacts set owed = $2 where id = $1";
const DELETE_ARTIFACT: &str =
    "update artifacts set state = 'going', owed = 0 where id = $1 and state = 'kept'";
const INSERT_SAMPLES: &str = "
    insert into samples (id, resolution, quality, took_ms) values {rows}
    on conflict (id) do nothing";
const INSERT_OUTBOX: &str = "
    insert into outbox (id, conversation, channel, origin, slot, about, state, attempts,
                        not_before, created_at, settled_at, body)
    values {rows}";
const INSERT_ESCALATIONS: &str = "
    insert into escalations (id, code, account, identity, conversation, cause, request, consent,
                             words, state, opened_at, closed_at)
    values {rows}";
const PLACE_ESCALATION: &str = "update escalations set topic = $2 where id = $1";
const UNPLACE_ESCALATION: &str = "update escalations set topic = null where id = $1";
const READDRESS: &str = "
    update outbox set state = 'waiting', conversation = $2, settled_at = 0, not_before = 0
    where id = $1 and state = 'refused'";
const CLOSE_ESCALATION: &str = "update escalations set state = $2, closed_at = $3 where id = $1";
const MOVES: &[&str] = &[
    "update requests set conversation = $2 where conversation = $1",
    "update generations set conversation = $2 where conversation = $1",
    "update outbox set conversation = $2 where conversation = $1 and state = 'waiting'",
    "update escalations set conversation = $2 where conversation = $1",
    "update escalations set topic = $2 where topic = $1",
    "update tray set conversation = $2 where conversation = $1",
    "update timers set conversation = $2 where conversation = $1",
    "delete from awaiting where conversation = $2
       and identity in (select identity from awaiting where conversation = $1)",
    "update awaiting set conversation = $2 where conversation = $1",
];

/// Rows by kind, gathered from a batch.
#[derive(Default)]
struct Rows {
    now: i64,
    purses: Vec<Vec<Value>>,
    accounts: Vec<Vec<Value>>,
    identities: Vec<Vec<Value>>,
    orders: Vec<Order>,
    cancelled: Vec<(i64, i64)>,
    tray: Vec<Vec<Value>>,
    albums: Vec<Vec<Value>>,
    parts: Vec<Vec<Value>>,
    requests: Vec<Vec<Value>>,
    generations: Vec<Vec<Value>>,
    settled: Vec<Vec<Value>>,
    artifacts: Vec<Vec<Value>>,
    samples: Vec<Vec<Value>>,
    escalations: Vec<Vec<Value>>,
    timers: Vec<NewTimer>,
    cleared: Vec<String>,
    singles: Vec<Single>,
    /// What is owed or not any more; after the pictures of the same batch are there.
    owed: Vec<Single>,
}

/// What is done row by row, because it is rare.
enum Single {
    Run(&'static str, Vec<Value>),
    Move { from: String, to: String },
    ChangeRequest { id: RequestId, change: RequestChange },
}

/// Carries out the effects of a batch. What comes back are the events that lost a race and have
/// to be decided again; nothing of this transaction may then be committed.
pub async fn carry_out(
    tx: &mut Tx,
    outcomes: &[Outcome],
    now: i64,
) -> Result<HashSet<i64>, StoreError> {
    let mut rows = Rows { now, ..Rows::default() };
    for outcome in outcomes {
        for effect in &outcome.effects {
            rows.gather(outcome.seq, effect);
        }
    }
    tx.run_for(INSERT_PURSES, &rows.purses).await?;
    tx.run_for(INSERT_ACCOUNTS, &rows.accounts).await?;
    tx.run_for(INSERT_IDENTITIES, &rows.identities).await?;
    let mut lost = ledger::carry_out(tx, &rows.orders, now).await?;
    lost.extend(cancel(tx, &rows.cancelled, now).await?);
    if !lost.is_empty() {
        return Ok(lost);
    }
    for single in &rows.singles {
        single.run(tx).await?;
    }
    tx.run_for(PUT_IN_TRAY, &rows.tray).await?;
    tx.run_for(BEGIN_ALBUMS, &rows.albums).await?;
    tx.run_for(INSERT_PARTS, &rows.parts).await?;
    tx.run_for(INSERT_REQUESTS, &rows.requests).await?;
    tx.run_for(INSERT_GENERATIONS, &rows.generations).await?;
    tx.run_for(SETTLE_GENERATIONS, &rows.settled).await?;
    tx.run_for(INSERT_ARTIFACTS, &rows.artifacts).await?;
    for owed in &rows.owed {
        owed.run(tx).await?;
    }
    tx.run_for(INSERT_SAMPLES, &rows.samples).await?;
    tx.run_for(INSERT_ESCALATIONS, &rows.escalations).await?;
    timers::clear(tx, &rows.cleared).await?;
    timers::set(tx, &rows.timers).await?;
    tx.run_for(INSERT_OUTBOX, &outbox_rows(outcomes, now)).await?;
    Ok(lost)
}

/// Takes pictures out of line; the events whose pictures had left.
async fn cancel(tx: &mut Tx, wanted: &[(i64, i64)], now: i64) -> Result<HashSet<i64>, StoreError> {
    let rows: Vec<Vec<Value>> =
        wanted.iter().map(|(_, generation)| vec![(*generation).into(), now.into()]).collect();
    let mut done = HashSet::new();
    for row in tx.rows_for(CANCEL_GENERATIONS, &rows).await? {
        done.insert(row.int(0)?);
    }
    Ok(wanted.iter().filter(|(_, id)| !done.contains(id)).map(|(seq, _)| *seq).collect())
}

fn outbox_rows(outcomes: &[Outcome], now: i64) -> Vec<Vec<Value>> {
    let messages = outcomes.iter().flat_map(|outcome| &outcome.messages);
    messages
        .map(|Rendered { message, about }| {
            let slot = match &message.place {
                Place::New { slot } => *slot,
                Place::Edit { slot } => Some(*slot),
                Place::EditMessage { .. } => None,
            };
            vec![
                message.id.0.into(),
                message.conversation.0.clone().into(),
                message.conversation.channel().into(),
                Origin::People.word().into(),
                slot.map(picdesk_core::id::Slot::key).into(),
                about.map(|about| serde_json::json!(about).to_string()).into(),
                "waiting".into(),
                0_i64.into(),
                0_i64.into(),
                now.into(),
                0_i64.into(),
                sealed::seal_json(message).into(),
            ]
        })
        .collect()
}

impl Rows {
    fn owed(&mut self, artifact: ArtifactId, owed: bool) {
        self.owed.push(Single::Run(MARK_OWED, vec![artifact.0.into(), owed.into()]));
    }

    fn single(&mut self, text: &'static str, values: Vec<Value>) {
        self.singles.push(Single::Run(text, values));
    }

    fn order(&mut self, seq: i64, act: Act) {
        self.orders.push(Order { seq, act });
    }

    /// Files one effect under its kind of row.
    fn gather(&mut self, seq: i64, effect: &Effect) {
        match effect {
            Effect::OpenAccount { .. }
            | Effect::RenamePerson { .. }
            | Effect::ChooseLanguage { .. }
            | Effect::ChooseOptions { .. }
            | Effect::MarkReachable { .. }
            | Effect::MoveConversation { .. }
            | Effect::Await { .. } => self.gather_person(effect),
            Effect::PutInTray { .. }
            | Effect::EmptyTray { .. }
            | Effect::AddToAlbum { .. }
            | Effect::SettleAlbum { .. } => self.gather_picture(effect),
            Effect::OpenRequest(request) => self.requests.push(request_row(request)),
            Effect::UpdateRequest { id, state, change } => {
                self.update_request(*id, *state, change.as_ref());
            }
            Effect::Grant { .. }
            | Effect::Hold { .. }
            | Effect::PostHold { .. }
            | Effect::VoidHold { .. } => self.gather_money(seq, effect),
            Effect::Generate(generation) => self.generate(generation),
            Effect::CancelGeneration { generation } => self.cancelled.push((seq, generation.0)),
            Effect::SettleGeneration { generation, state, failure } => self.settled.push(vec![
                generation.0.into(),
                state.word().into(),
                failure.map(|failure| serde_json::json!(failure).to_string()).into(),
                self.now.into(),
            ]),
            Effect::KeepArtifact(artifact) => {
                self.artifacts.push(artifact_row(artifact, self.now));
            }
            Effect::OweArtifact { artifact } => self.owed(*artifact, true),
            Effect::ClearOwed { artifact } => self.owed(*artifact, false),
            Effect::DeleteArtifact { artifact } => {
                self.single(DELETE_ARTIFACT, vec![artifact.0.into()]);
            }
            Effect::SampleDuration { resolution, quality, took_ms } => self.samples.push(vec![
                seq.into(),
                word_of(resolution).into(),
                word_of(quality).into(),
                (*took_ms).into(),
            ]),
            Effect::SetTimer { id, due_at, conversation, event } => self.timers.push(NewTimer {
                id: id.clone(),
                due_at: *due_at,
                conversation: conversation.clone(),
                event: event.clone(),
            }),
            Effect::ClearTimer { id } => self.cleared.push(id.clone()),
            Effect::OpenEscalation(escalation) => {
                self.escalations.push(escalation_row(escalation, self.now));
            }
            Effect::PlaceEscalation { escalation, topic } => {
                let values = vec![escalation.0.into(), topic.as_str().into()];
                self.single(PLACE_ESCALATION, values);
            }
            Effect::UnplaceEscalation { escalation } => {
                self.single(UNPLACE_ESCALATION, vec![escalation.0.into()]);
            }
            Effect::Readdress { outbound, to } => {
                self.single(READDRESS, vec![outbound.0.into(), to.as_str().into()]);
            }
            Effect::CloseEscalation { escalation, closed } => {
                let state = if *closed { "resolved" } else { "open" };
                let at = if *closed { self.now } else { 0 };
                let values = vec![escalation.0.into(), state.into(), at.into()];
                self.single(CLOSE_ESCALATION, values);
            }
            // Messages come rendered; answers and alarms leave after the commit.
            Effect::Send(_) | Effect::AnswerTap { .. } | Effect::RaiseAlarm { .. } => {}
        }
    }

    fn gather_person(&mut self, effect: &Effect) {
        match effect {
            Effect::OpenAccount { account, purse, person } => {
                let options = picdesk_core::generation::Options::default();
                let mut row: Vec<Value> = vec![purse.0.into()];
                row.extend((0..7).map(|_| Value::from(0_i64)));
                row.push("".into());
                self.purses.push(row);
                self.accounts.push(vec![
                    account.0.into(),
                    purse.0.into(),
                    serde_json::json!(options).to_string().into(),
                    Value::Text(None),
                    0_i64.into(),
                    self.now.into(),
                ]);
                self.identities.push(vec![
                    person.identity.as_str().into(),
                    account.0.into(),
                    sealed::seal(person.name.as_bytes()).into(),
                    person.language.unwrap_or_default().tag().into(),
                    1_i64.into(),
                    self.now.into(),
                ]);
            }
            Effect::RenamePerson { person } => {
                let name = sealed::seal(person.name.as_bytes());
                self.single(RENAME, vec![person.identity.as_str().into(), name.into()]);
            }
            Effect::ChooseLanguage { identity, language } => {
                self.single(CHOOSE_LANGUAGE, vec![identity.as_str().into(), language.tag().into()]);
            }
            Effect::ChooseOptions { account, options } => {
                let options = serde_json::json!(options).to_string();
                self.single(CHOOSE_OPTIONS, vec![account.0.into(), options.into()]);
            }
            Effect::MarkReachable { identity, reachable } => {
                self.single(MARK_REACHABLE, vec![identity.as_str().into(), (*reachable).into()]);
            }
            Effect::MoveConversation { from, to } => {
                self.singles.push(Single::Move { from: from.0.clone(), to: to.0.clone() });
            }
            Effect::Await { conversation, identity, awaiting } => {
                let mut values = vec![conversation.as_str().into(), identity.as_str().into()];
                match awaiting {
                    Some(awaiting) => {
                        values.push(sealed::seal_json(awaiting).into());
                        self.single(AWAIT, values);
                    }
                    None => self.single(FORGET_AWAITING, values),
                }
            }
            _ => {}
        }
    }

    fn gather_picture(&mut self, effect: &Effect) {
        match effect {
            Effect::PutInTray { id, conversation, identity, reference } => self.tray.push(vec![
                id.0.into(),
                conversation.as_str().into(),
                identity.as_str().into(),
                sealed::seal_json(reference).into(),
            ]),
            Effect::EmptyTray { conversation, identity } => {
                let values = vec![conversation.as_str().into(), identity.as_str().into()];
                self.single(EMPTY_TRAY, values);
            }
            Effect::AddToAlbum { conversation, album, message } => {
                self.albums.push(vec![
                    conversation.as_str().into(),
                    album.as_str().into(),
                    self.now.into(),
                    0_i64.into(),
                ]);
                self.parts.push(vec![
                    conversation.as_str().into(),
                    album.as_str().into(),
                    message.id.as_str().into(),
                    sealed::seal_json(message).into(),
                ]);
            }
            Effect::SettleAlbum { conversation, album } => {
                let values = vec![conversation.as_str().into(), album.as_str().into()];
                self.single(SETTLE_ALBUM, values);
            }
            _ => {}
        }
    }

    fn gather_money(&mut self, seq: i64, effect: &Effect) {
        match effect {
            Effect::Grant { entry, purse, credits, source, reason, note } => self.order(
                seq,
                Act::Grant {
                    entry: entry.0,
                    purse: purse.0,
                    amount: credits.0,
                    source: source.clone(),
                    reason: reason.code(),
                    note: note.clone(),
                },
            ),
            Effect::Hold { hold, generation, purse, credits } => self.order(
                seq,
                Act::Hold {
                    hold: hold.0,
                    purse: purse.0,
                    generation: generation.0,
                    amount: credits.0,
                },
            ),
            Effect::PostHold { hold } => self.order(seq, Act::Post { hold: hold.0 }),
            Effect::VoidHold { hold, reason } => {
                self.order(seq, Act::Void { hold: hold.0, reason: reason.code() });
            }
            _ => {}
        }
    }

    fn update_request(
        &mut self,
        id: RequestId,
        state: RequestState,
        change: Option<&RequestChange>,
    ) {
        self.single(UPDATE_REQUEST, vec![id.0.into(), state.word().into()]);
        if let Some(change) = change {
            self.singles.push(Single::ChangeRequest { id, change: change.clone() });
        }
    }

    fn generate(&mut self, new: &NewGeneration) {
        self.generations.push(vec![
            new.id.0.into(),
            new.request.0.into(),
            new.hold.0.into(),
            new.account.0.into(),
            new.purse.0.into(),
            new.conversation.as_str().into(),
            new.number.into(),
            new.tag.into(),
            "held".into(),
            0_i64.into(),
            0_i64.into(),
            self.now.into(),
            0_i64.into(),
        ]);
        self.single(RAISE_TAG, vec![new.account.0.into(), new.tag.into()]);
    }
}

impl Single {
    async fn run(&self, tx: &mut Tx) -> Result<(), StoreError> {
        match self {
            Self::Run(text, values) => {
                tx.run(text, values).await?;
            }
            Self::Move { from, to } => {
                let values = [Value::from(from.as_str()), Value::from(to.as_str())];
                for text in MOVES {
                    tx.run(text, &values).await?;
                }
                inbox::move_waiting(tx, from, to).await?;
            }
            Self::ChangeRequest { id, change } => {
                let rows = tx.rows(FIND_BODY, &[id.0.into()]).await?;
                let Some(row) = rows.first() else { return Ok(()) };
                let mut body: RequestBody =
                    sealed::open_json(&row.blob(0)?, "requests", &id.to_string())?;
                body.prompt.clone_from(&change.prompt);
                let values = [
                    id.0.into(),
                    sealed::seal_json(&body).into(),
                    serde_json::json!(change.options).to_string().into(),
                    change.price_each.0.into(),
                ];
                tx.run(CHANGE_REQUEST, &values).await?;
            }
        }
        Ok(())
    }
}

fn request_row(request: &Request) -> Vec<Value> {
    let body = RequestBody {
        prompt: request.prompt.clone(),
        references: request.references.clone(),
        cheaper: request.cheaper,
    };
    vec![
        request.id.0.into(),
        request.account.0.into(),
        request.purse.0.into(),
        request.identity.as_str().into(),
        request.conversation.as_str().into(),
        word_of(request.setting).into(),
        request.message.as_ref().map(|id| id.0.clone()).into(),
        sealed::seal_json(&body).into(),
        serde_json::json!(request.options).to_string().into(),
        request.parent.map(|id| id.0).into(),
        request.price_each.0.into(),
        request.state.word().into(),
        request.asked_at.into(),
    ]
}

fn artifact_row(new: &NewArtifact, now: i64) -> Vec<Value> {
    vec![
        new.id.0.into(),
        new.generation.0.into(),
        new.request.0.into(),
        new.account.0.into(),
        new.purse.0.into(),
        new.object.clone().into(),
        new.sha256.clone().into(),
        new.bytes.into(),
        new.size.width.into(),
        new.size.height.into(),
        new.kind.clone().into(),
        new.cost_micro_usd.into(),
        now.into(),
        new.expires_at.into(),
        "kept".into(),
        0_i64.into(),
    ]
}

fn escalation_row(new: &NewEscalation, now: i64) -> Vec<Value> {
    let body = CaseBody { words: new.words.clone(), pictures: new.pictures.clone() };
    vec![
        new.id.0.into(),
        new.code.clone().into(),
        new.account.0.into(),
        new.identity.as_str().into(),
        new.conversation.as_str().into(),
        word_of(new.cause).into(),
        new.request.map(|id| id.0).into(),
        new.consent.into(),
        sealed::seal_json(&body).into(),
        "open".into(),
        now.into(),
        0_i64.into(),
    ]
}
