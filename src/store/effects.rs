//! Carrying out what follows: the effects of a whole batch of turns, in one transaction, a
//! statement for each kind of row.

mod rows;
mod statements;

use std::collections::HashSet;

use picdesk_core::{
    account::Language,
    channel::OutboundMessage,
    effect::{Effect, NewGeneration, RequestChange},
    event::About,
    facts::RequestState,
    id::{ArtifactId, RequestId, TapId},
    say::Say,
};

use self::{
    rows::{artifact_row, escalation_row, generation_row, outbox_rows, request_row},
    statements as sql,
};
use super::{
    StoreError, Tx, Value,
    facts::{RequestBody, word_of},
    inbox,
    ledger::{self, Act, CarriedOut, Order},
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

/// Carries out the effects of a batch.
pub async fn carry_out(
    tx: &mut Tx,
    outcomes: &[Outcome],
    now: i64,
) -> Result<CarriedOut, StoreError> {
    let mut rows = Rows { now, ..Rows::default() };
    for outcome in outcomes {
        for effect in &outcome.effects {
            rows.gather(outcome.seq, effect);
        }
    }
    tx.run_for(sql::INSERT_PURSES, &rows.purses).await?;
    tx.run_for(sql::INSERT_ACCOUNTS, &rows.accounts).await?;
    tx.run_for(sql::INSERT_IDENTITIES, &rows.identities).await?;
    let mut carried = ledger::carry_out(tx, &rows.orders, now).await?;
    carried.lost.extend(cancel(tx, &rows.cancelled, now).await?);
    if !carried.lost.is_empty() {
        return Ok(carried);
    }
    for single in &rows.singles {
        single.run(tx).await?;
    }
    tx.run_for(sql::PUT_IN_TRAY, &rows.tray).await?;
    tx.run_for(sql::BEGIN_ALBUMS, &rows.albums).await?;
    tx.run_for(sql::INSERT_PARTS, &rows.parts).await?;
    tx.run_for(sql::INSERT_REQUESTS, &rows.requests).await?;
    tx.run_for(sql::INSERT_GENERATIONS, &rows.generations).await?;
    tx.run_for(sql::SETTLE_GENERATIONS, &rows.settled).await?;
    tx.run_for(sql::INSERT_ARTIFACTS, &rows.artifacts).await?;
    for owed in &rows.owed {
        owed.run(tx).await?;
    }
    tx.run_for(sql::INSERT_SAMPLES, &rows.samples).await?;
    tx.run_for(sql::INSERT_ESCALATIONS, &rows.escalations).await?;
    timers::clear(tx, &rows.cleared).await?;
    timers::set(tx, &rows.timers).await?;
    tx.run_for(sql::INSERT_OUTBOX, &outbox_rows(outcomes, now)).await?;
    Ok(carried)
}

/// Takes pictures out of line; the events whose pictures had left.
async fn cancel(tx: &mut Tx, wanted: &[(i64, i64)], now: i64) -> Result<HashSet<i64>, StoreError> {
    let rows: Vec<Vec<Value>> =
        wanted.iter().map(|(_, generation)| vec![(*generation).into(), now.into()]).collect();
    let mut done = HashSet::new();
    for row in tx.rows_for(sql::CANCEL_GENERATIONS, &rows).await? {
        done.insert(row.int(0)?);
    }
    Ok(wanted.iter().filter(|(_, id)| !done.contains(id)).map(|(seq, _)| *seq).collect())
}

impl Rows {
    fn owed(&mut self, artifact: ArtifactId, owed: bool) {
        self.owed.push(Single::Run(sql::MARK_OWED, vec![artifact.0.into(), owed.into()]));
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
            | Effect::KeepOrigin { .. }
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
                self.single(sql::DELETE_ARTIFACT, vec![artifact.0.into()]);
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
                self.single(sql::PLACE_ESCALATION, values);
            }
            Effect::UnplaceEscalation { escalation } => {
                self.single(sql::UNPLACE_ESCALATION, vec![escalation.0.into()]);
            }
            Effect::Readdress { outbound, to } => {
                self.single(sql::READDRESS, vec![outbound.0.into(), to.as_str().into()]);
            }
            Effect::CloseEscalation { escalation, closed } => {
                let state = if *closed { "resolved" } else { "open" };
                let at = if *closed { self.now } else { 0 };
                let values = vec![escalation.0.into(), state.into(), at.into()];
                self.single(sql::CLOSE_ESCALATION, values);
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
            Effect::KeepOrigin { account, origin } => {
                let origin = sealed::seal(origin.as_bytes());
                self.single(sql::KEEP_ORIGIN, vec![account.0.into(), origin.into()]);
            }
            Effect::RenamePerson { person } => {
                let name = sealed::seal(person.name.as_bytes());
                self.single(sql::RENAME, vec![person.identity.as_str().into(), name.into()]);
            }
            Effect::ChooseLanguage { identity, language } => {
                self.single(
                    sql::CHOOSE_LANGUAGE,
                    vec![identity.as_str().into(), language.tag().into()],
                );
            }
            Effect::ChooseOptions { account, options } => {
                let options = serde_json::json!(options).to_string();
                self.single(sql::CHOOSE_OPTIONS, vec![account.0.into(), options.into()]);
            }
            Effect::MarkReachable { identity, reachable } => {
                self.single(
                    sql::MARK_REACHABLE,
                    vec![identity.as_str().into(), (*reachable).into()],
                );
            }
            Effect::MoveConversation { from, to } => {
                self.singles.push(Single::Move { from: from.0.clone(), to: to.0.clone() });
            }
            Effect::Await { conversation, identity, awaiting } => {
                let mut values = vec![conversation.as_str().into(), identity.as_str().into()];
                match awaiting {
                    Some(awaiting) => {
                        values.push(sealed::seal_json(awaiting).into());
                        self.single(sql::AWAIT, values);
                    }
                    None => self.single(sql::FORGET_AWAITING, values),
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
                self.single(sql::EMPTY_TRAY, values);
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
                self.single(sql::SETTLE_ALBUM, values);
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
        self.single(sql::UPDATE_REQUEST, vec![id.0.into(), state.word().into()]);
        if let Some(change) = change {
            self.singles.push(Single::ChangeRequest { id, change: change.clone() });
        }
    }

    fn generate(&mut self, new: &NewGeneration) {
        self.generations.push(generation_row(new, self.now));
        self.single(sql::RAISE_TAG, vec![new.account.0.into(), new.tag.into()]);
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
                for text in sql::MOVES {
                    tx.run(text, &values).await?;
                }
                inbox::move_waiting(tx, from, to).await?;
            }
            Self::ChangeRequest { id, change } => {
                let rows = tx.rows(sql::FIND_BODY, &[id.0.into()]).await?;
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
                tx.run(sql::CHANGE_REQUEST, &values).await?;
            }
        }
        Ok(())
    }
}
