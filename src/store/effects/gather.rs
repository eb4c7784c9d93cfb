//! Filing effects under their kinds of row.

use picdesk_core::{
    effect::{Effect, LinkEffect, NewGeneration, RequestChange},
    facts::{Request, RequestState},
    generation::{Failure, GenerationState},
    id::{ArtifactId, GenerationId, RequestId},
};

use super::{
    Rows, Single, Value,
    rows::{artifact_row, escalation_row, generation_row, request_row},
    statements as sql,
};
use crate::store::{
    copies, errands,
    facts::word_of,
    gifts,
    ledger::{Act, Move, MoveKind, Order},
    outbox, payments, sealed,
    timers::{NewTimer, Sooner},
};

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
    pub(super) fn gather(&mut self, seq: i64, effect: &Effect) {
        match effect {
            Effect::OpenAccount { .. }
            | Effect::KeepOrigin { .. }
            | Effect::RememberOrigin { .. }
            | Effect::TakeOrigin { .. }
            | Effect::RenamePerson { .. }
            | Effect::FollowLanguage { .. }
            | Effect::ChooseLanguage { .. }
            | Effect::ChooseOptions { .. }
            | Effect::MarkReachable { .. }
            | Effect::MoveConversation { .. }
            | Effect::Await { .. } => self.gather_person(effect),
            Effect::PutInTray { .. }
            | Effect::EmptyTray { .. }
            | Effect::AddToAlbum { .. }
            | Effect::SettleAlbum { .. }
            | Effect::ForgetAlbum { .. } => self.gather_picture(effect),
            Effect::ForgetEvent => self.single(sql::FORGET_EVENT, vec![seq.into()]),
            Effect::Link(link) => self.gather_link(seq, link),
            Effect::Gift(gift) => {
                self.touched.extend(gifts::hangs_on(gift).iter().map(|it| (it.0, seq, 0)));
                self.gifts.push((seq, gift.clone()));
            }
            Effect::OpenRequest(request) => self.open_request(seq, request),
            Effect::RunErrand(new) => self.errands.push(errands::row(new, self.now)),
            Effect::KeepCopy { media, object, bytes } => {
                self.copies.push(copies::row(media, object, *bytes, self.now));
            }
            Effect::UpdateRequest { id, state, change } => {
                self.update_request(*id, *state, change.as_ref());
            }
            Effect::Grant { .. }
            | Effect::TakeBack { .. }
            | Effect::Hold { .. }
            | Effect::PostHold { .. }
            | Effect::VoidHold { .. } => self.gather_money(seq, effect),
            Effect::OpenCheckout(_)
            | Effect::UpdateCheckout { .. }
            | Effect::KeepPayment(_)
            | Effect::KeepReversal(_)
            | Effect::KeepPlan(_)
            | Effect::WishPlan { .. }
            | Effect::KeepRefund(_)
            | Effect::LapsePayment { .. }
            | Effect::ChoosePlan { .. }
            | Effect::CountStrike { .. } => self.gather_sale(seq, effect),
            Effect::Generate(generation) => self.generate(seq, generation),
            Effect::CancelGeneration { generation } => self.cancelled.push((seq, generation.0)),
            Effect::SettleGeneration { .. }
            | Effect::TellLater { .. }
            | Effect::Told { .. }
            | Effect::KeepArtifact(_)
            | Effect::OweArtifact { .. }
            | Effect::ClearOwed { .. }
            | Effect::DeleteArtifact { .. }
            | Effect::SampleDuration { .. } => self.gather_making(seq, effect),
            Effect::SetTimer { .. } => self.timers.extend(NewTimer::of(effect)),
            Effect::ClearTimer { id } => self.cleared.push(id.clone()),
            Effect::HastenTimers { .. } => self.hastened.extend(Sooner::of(effect)),
            Effect::OpenEscalation(_)
            | Effect::PlaceEscalation { .. }
            | Effect::UnplaceEscalation { .. }
            | Effect::Readdress { .. }
            | Effect::AnswerEscalation { .. }
            | Effect::ExpectWords { .. }
            | Effect::CloseEscalation { .. } => self.gather_case(seq, effect),
            &Effect::BounceMessage { outbound, refusal, again } => {
                self.bounced.push(outbox::Bounce { outbound, refusal, again });
            }
            // Slots are taken when the messages go into the outbox.
            // Windows are kept apart; messages come rendered; answers and alarms leave after the
            // commit.
            Effect::OpenWindow { .. }
            | Effect::HandChat { .. }
            | Effect::ReleaseHeld { .. }
            | Effect::ReleaseAll { .. }
            | Effect::CountReplies { .. }
            | Effect::Send(_)
            | Effect::AnswerTap { .. }
            | Effect::RaiseAlarm { .. }
            | Effect::RaiseAlarmOf { .. } => {}
        }
    }

    fn open_request(&mut self, seq: i64, request: &Request) {
        self.touched.push((request.account.0, seq, 0));
        self.uses.extend(copies::uses(request, self.now));
        self.requests.push(request_row(request));
    }

    fn gather_sale(&mut self, seq: i64, effect: &Effect) {
        self.touched.extend(payments::hangs_on(effect).map(|account| (account.0, seq, 0)));
        if let Some((text, values)) = payments::statement(effect, self.now) {
            self.single(text, values);
        }
    }

    fn gather_making(&mut self, seq: i64, effect: &Effect) {
        match effect {
            Effect::SettleGeneration { generation, state, failure } => {
                self.settle(*generation, *state, *failure);
            }
            Effect::TellLater { generation } => {
                self.single(sql::TELL_LATER, vec![generation.0.into()]);
            }
            Effect::Told { generation } => self.single(sql::TOLD, vec![generation.0.into()]),
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
            _ => {}
        }
    }

    fn gather_case(&mut self, seq: i64, effect: &Effect) {
        match effect {
            Effect::OpenEscalation(escalation) => {
                self.touched.push((escalation.account.0, seq, 0));
                self.escalations.push(escalation_row(escalation, self.now));
            }
            Effect::PlaceEscalation { escalation: id, topic } => {
                self.single(sql::PLACE_ESCALATION, vec![id.0.into(), topic.as_str().into()]);
            }
            Effect::UnplaceEscalation { escalation } => {
                self.single(sql::UNPLACE_ESCALATION, vec![escalation.0.into()]);
            }
            Effect::Readdress { outbound, again, to } => {
                let values = vec![outbound.0.into(), to.as_str().into(), again.0.into()];
                self.single(sql::READDRESS, values);
            }
            Effect::AnswerEscalation { escalation: id, .. } => {
                self.single(sql::ANSWER_ESCALATION, vec![id.0.into(), self.now.into()]);
            }
            &Effect::ExpectWords { escalation: id, from, until } => {
                self.single(sql::EXPECT_WORDS, vec![id.0.into(), from.into(), until.into()]);
            }
            Effect::CloseEscalation { escalation, closed } => {
                let state = if *closed { "resolved" } else { "open" };
                let at = if *closed { self.now } else { 0 };
                let values = vec![escalation.0.into(), state.into(), at.into()];
                self.single(sql::CLOSE_ESCALATION, values);
            }
            _ => {}
        }
    }

    fn gather_person(&mut self, effect: &Effect) {
        match effect {
            Effect::OpenAccount { account, purse, person, language, home } => {
                self.new_account(account.0, purse.0);
                self.identities.push(vec![
                    person.identity.as_str().into(),
                    account.0.into(),
                    sealed::seal(person.name.as_bytes()).into(),
                    language.tag().into(),
                    0_i64.into(),
                    1_i64.into(),
                    self.now.into(),
                    home.as_ref().map(|it| it.0.clone()).into(),
                ]);
            }
            Effect::KeepOrigin { account, origin } => {
                let origin = sealed::seal(origin.as_bytes());
                self.single(sql::KEEP_ORIGIN, vec![account.0.into(), origin.into()]);
            }
            Effect::RememberOrigin { identity, origin } => {
                let origin = sealed::seal(origin.as_bytes());
                let values = vec![identity.as_str().into(), origin.into(), self.now.into()];
                self.single(sql::REMEMBER_ORIGIN, values);
            }
            Effect::TakeOrigin { account, identity } => {
                self.single(sql::TAKE_ORIGIN, vec![account.0.into(), identity.as_str().into()]);
            }
            Effect::RenamePerson { person } => {
                let name = sealed::seal(person.name.as_bytes());
                self.single(sql::RENAME, vec![person.identity.as_str().into(), name.into()]);
            }
            Effect::FollowLanguage { identity, language } => {
                let values = vec![identity.as_str().into(), language.tag().into()];
                self.single(sql::FOLLOW_LANGUAGE, values);
            }
            Effect::ChooseLanguage { identity, language } => {
                let values = vec![identity.as_str().into(), language.tag().into()];
                self.single(sql::CHOOSE_LANGUAGE, values);
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
            Effect::AddToAlbum { conversation, album, message, called } => {
                self.albums.push(vec![
                    conversation.as_str().into(),
                    album.as_str().into(),
                    self.now.into(),
                    (*called).into(),
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
                let place = [conversation.as_str().into(), album.as_str().into()];
                let values = place.into_iter().chain([self.now.into()]).collect();
                self.single(sql::SETTLE_ALBUM, values);
            }
            Effect::ForgetAlbum { conversation, album } => {
                let values = vec![conversation.as_str().into(), album.as_str().into()];
                self.single(sql::FORGET_PARTS, values.clone());
                self.single(sql::FORGET_ALBUM, values);
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
            Effect::TakeBack { entry, purse, credits, source, reason } => self.order(
                seq,
                Act::Take {
                    entry: entry.0,
                    purse: purse.0,
                    amount: credits.0,
                    source: source.clone(),
                    reason: *reason,
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

    /// One row for each picture, the last: one statement must not change a row twice, for
    /// PostgreSQL takes either change.
    fn settle(&mut self, id: GenerationId, state: GenerationState, failure: Option<Failure>) {
        let is_same =
            |row: &Vec<Value>| matches!(row.first(), Some(Value::Int(Some(one))) if *one == id.0);
        self.settled.retain(|row| !is_same(row));
        self.settled.push(vec![
            id.0.into(),
            state.word().into(),
            failure.map(|failure| serde_json::json!(failure).to_string()).into(),
            self.now.into(),
        ]);
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

    fn generate(&mut self, seq: i64, new: &NewGeneration) {
        self.generations.push(generation_row(new, self.now));
        self.touched.push((new.account.0, seq, new.tag));
    }

    fn gather_link(&mut self, seq: i64, effect: &LinkEffect) {
        match effect {
            LinkEffect::Merge(merge) => self.order(
                seq,
                Act::Move(Move {
                    out: merge.leaves.0,
                    into: merge.arrives.0,
                    from: merge.from.purse.0,
                    to: merge.into.purse.0,
                    kind: MoveKind::Merged,
                }),
            ),
            LinkEffect::Part(part) => self.order(
                seq,
                Act::Move(Move {
                    out: part.leaves.0,
                    into: part.arrives.0,
                    from: part.from.purse.0,
                    to: part.back.purse.0,
                    kind: MoveKind::Parted { at_most: part.at_most, owing: part.owing },
                }),
            ),
            LinkEffect::Separate { account, purse, .. } => self.new_account(account.0, purse.0),
            LinkEffect::Count { .. }
            | LinkEffect::MakeCode { .. }
            | LinkEffect::ClaimCode { .. }
            | LinkEffect::SpendCode { .. }
            | LinkEffect::SignIn { .. }
            | LinkEffect::SignOut { .. } => {}
        }
        self.links.push((seq, effect.clone()));
    }

    /// An account with an empty purse.
    fn new_account(&mut self, account: i64, purse: i64) {
        let options = picdesk_core::generation::Options::default();
        let mut row: Vec<Value> = vec![purse.into()];
        row.extend((0..7).map(|_| Value::from(0_i64)));
        row.push("".into());
        self.purses.push(row);
        self.accounts.push(vec![
            account.into(),
            purse.into(),
            serde_json::json!(options).to_string().into(),
            Value::Text(None),
            0_i64.into(),
            self.now.into(),
        ]);
    }
}
