//! Meeting somebody: an account for whoever has none, and what waited for who comes back.

use alloc::{format, vec::Vec};

use crate::{
    account::{Account, Entitlement, Person},
    credits::{Credits, GrantReason, Purse},
    effect::{Body, Effect},
    event::{About, Event, Presence, Setting, Words},
    facts::{Awaiting, Customer, House, MessageFacts, Missed, Owed},
    generation::{GenerationState, Options, Resolution},
    handing, history,
    id::{AccountId, EntryId, GenerationId, PurseId, Slot},
    keys, payment,
    say::{Label, Say, Verb},
    support::meant,
    turn::{Reader, Turn},
};

/// Owed pictures that go out in one turn; the others follow with the next message.
const OWED_MAX: usize = 10;

/// Messages that what is owed leaves, where they are counted: its menu, and an answer to them.
const OWED_AND_WORDS: usize = 2;

/// How long somebody's next words mean what a button or a question of ours made them mean.
const AWAITS_MS: i64 = 60 * 60 * 1000;

/// A customer in a conversation, in this turn.
#[derive(Clone, Debug)]
pub(crate) struct Visit {
    /// Where they read what we say.
    pub reader: Reader,
    /// Who they are, as this turn leaves them.
    pub customer: Customer,
    /// Whether we have just met.
    pub is_new: bool,
}

impl Visit {
    /// What they can spend.
    pub fn available(&self) -> Credits {
        self.customer.account.purse.available()
    }

    /// What they can spend, where they may read it.
    pub fn seen(&self) -> Option<Credits> {
        self.reader.sees(self.available())
    }

    /// A hold of theirs was given back in this turn.
    pub fn freed(&mut self, credits: Credits) {
        let pending = &mut self.customer.account.purse.pending;
        *pending = Credits(pending.0.saturating_sub(credits.0));
    }

    /// What their next words mean from now on.
    pub fn awaits(&mut self, turn: &mut Turn<'_>, awaiting: Option<Awaiting>) {
        if self.customer.awaiting == awaiting {
            return;
        }
        let before = core::mem::replace(&mut self.customer.awaiting, awaiting.clone());
        let (conversation, identity) = (&self.reader.conversation, &self.customer.identity);
        let timer = format!("awaiting:{conversation}:{identity}");
        turn.then(match &awaiting {
            // People keep a chat as long as they like.
            None | Some(Awaiting::Servicer) => Effect::ClearTimer { id: timer },
            Some(awaiting) => Effect::SetTimer {
                id: timer,
                due_at: turn.frame.now.saturating_add(match awaiting {
                    Awaiting::Meant { .. } => meant::DECIDES_MS,
                    _ => AWAITS_MS,
                }),
                conversation: conversation.clone(),
                event: Event::AwaitingLapsed { identity: identity.clone() },
            },
        });
        turn.then(Effect::Await {
            conversation: self.reader.conversation.clone(),
            identity: self.customer.identity.clone(),
            awaiting,
        });
        let waits_on = matches!(self.customer.awaiting, Some(Awaiting::Meant { .. }));
        if let (Some(Awaiting::Meant { question, messages }), false) = (before, waits_on) {
            meant::end_question(turn, &self.reader, question);
            if !messages.is_empty() {
                meant::for_the_person(turn, self, &messages);
            }
        }
    }
}

/// Somebody we know, where this happens.
pub(crate) fn here(turn: &Turn<'_>, known: &Customer) -> Visit {
    let reader = Reader::here(turn, known, Setting::Private);
    Visit { reader, customer: known.clone(), is_new: false }
}

/// Somebody is here. Whoever is new gets an account and the trial credits; whoever was out of
/// reach hears first what became of their requests, and gets what is owed to them.
pub(crate) fn meet(
    turn: &mut Turn<'_>,
    person: &Person,
    known: Option<&Customer>,
    setting: Setting,
) -> Visit {
    let Some(known) = known else {
        let customer = open_account(turn, person, setting);
        let reader = Reader::here(turn, &customer, setting);
        return Visit { reader, customer, is_new: true };
    };
    let mut customer = known.clone();
    if !person.name.is_empty() && person.name != customer.name {
        customer.name.clone_from(&person.name);
        turn.then(Effect::RenamePerson { person: person.clone() });
    }
    let spoken = person.language.filter(|spoken| *spoken != customer.language);
    if let (Some(language), false) = (spoken, customer.language_chosen) {
        customer.language = language;
        let identity = customer.identity.clone();
        turn.then(Effect::FollowLanguage { identity, language });
    }
    let reader = Reader::here(turn, &customer, setting);
    if setting != Setting::Private {
        // Whoever has shut us out can still write where others are.
        return Visit { reader, customer, is_new: false };
    }
    if !customer.reachable {
        customer.reachable = true;
        let identity = customer.identity.clone();
        turn.then(Effect::MarkReachable { identity, reachable: true });
        payment::say_unsaid(turn);
    }
    tell_missed(turn, &reader, &mut customer);
    hand_over_owed(turn, &reader, &customer.owed);
    Visit { reader, customer, is_new: false }
}

/// What somebody said or pressed was given up, or what we had to say to them. They hear of it where
/// they may hear us.
pub(crate) fn came_to_nothing(
    turn: &mut Turn<'_>,
    facts: &MessageFacts,
    (who, setting): (&Person, Setting),
    words: Words,
) {
    let known = facts.customer.as_ref();
    if handing::is_handed(turn, known) || known.is_some_and(|customer| !customer.reachable) {
        return;
    }
    let language = known.map(|customer| customer.language).or(who.language);
    let reader = Reader {
        conversation: turn.frame.conversation.clone(),
        identity: Some(who.identity.clone()),
        language: language.unwrap_or(turn.house().language_default),
        setting,
    };
    turn.say(
        &reader,
        match words {
            Words::Theirs => Say::CameToNothing,
            Words::Ours => Say::CouldNotSay,
            Words::NotLetThrough => Say::NotLetThrough,
        },
    );
}

fn open_account(turn: &mut Turn<'_>, person: &Person, setting: Setting) -> Customer {
    let house = turn.house();
    let account = AccountId(turn.id());
    let mut purse = Purse::empty(PurseId(turn.id()));
    let language = person.language.unwrap_or(house.language_default);
    // Where a chat has another name than who is in it, it is found by that later.
    let here = turn.frame.conversation.clone();
    let home = (setting == Setting::Private && here.0 != person.identity.0).then_some(here);
    let (purse_id, who) = (purse.id, person.clone());
    turn.then(Effect::OpenAccount { account, purse: purse_id, person: who, language, home });
    if turn.house().channel(turn.frame.conversation).is_some_and(|it| it.meets_contacts) {
        let identity = person.identity.clone();
        turn.then(Effect::TakeOrigin { account, identity });
    }
    if house.trial > Credits::ZERO {
        purse.granted = house.trial;
        let entry = EntryId(turn.id());
        turn.then(Effect::Grant {
            entry,
            purse: purse.id,
            credits: house.trial,
            source: format!("trial:{}", person.identity),
            reason: GrantReason::Trial,
            note: None,
        });
    }
    Customer {
        identity: person.identity.clone(),
        name: person.name.clone(),
        language,
        language_chosen: false,
        reachable: true,
        account: Account {
            id: account,
            purse,
            stopped: false,
            options: Options::default(),
            entitlement: free(house),
            last_tag: 0,
        },
        awaiting: None,
        tray: Vec::new(),
        tray_id: None,
        album: None,
        open: Vec::new(),
        case: None,
        owed: Vec::new(),
        missed: Vec::new(),
        newcomer: None,
    }
}

/// What became of their requests while they could not be reached is told once, in one message.
fn tell_missed(turn: &mut Turn<'_>, reader: &Reader, customer: &mut Customer) {
    let missed = core::mem::take(&mut customer.missed);
    let (expired, failed): (Vec<Missed>, Vec<Missed>) =
        missed.iter().partition(|one| one.state == GenerationState::Delivered);
    let Some(last) = missed.last() else { return };
    for one in &missed {
        turn.then(Effect::Told { generation: one.generation });
        leave_no_placeholder(turn, reader, one.generation);
    }
    let say = Say::Missed {
        failed: failed.len() as i64,
        expired: expired.len() as i64,
        returned: Credits(expired.iter().map(|one| one.price.0).sum()),
        available: customer.account.purse.available(),
    };
    let of_one = missed.iter().all(|one| one.request == last.request);
    let keys = if of_one && expired.is_empty() {
        keys::failed(turn.house(), last.request)
    } else {
        Vec::from([keys::human(turn.house(), None)])
    };
    let word = turn.words(reader, say).keys(keys);
    turn.send(word);
}

/// What is included without a plan.
fn free(house: &House) -> Entitlement {
    house.catalogue.free.clone().unwrap_or(Entitlement {
        plan: None,
        max_resolution: Resolution::K1,
        queue_max: 1,
        pictures_max: 1,
        retention_days: 30,
    })
}

/// What is owed goes out: as many as there is room for.
pub(crate) fn hand_over_owed(turn: &mut Turn<'_>, reader: &Reader, owed: &[Owed]) {
    if turn.can_edit(&reader.conversation) {
        for owed in owed.iter().take(OWED_MAX) {
            hand_over(turn, reader, owed);
        }
        return;
    }
    let room = turn.room(&reader.conversation).map_or(OWED_MAX, |room| {
        usize::try_from(room).unwrap_or(usize::MAX).saturating_sub(OWED_AND_WORDS)
    });
    let (mut numbers, mut only) = (Vec::new(), None);
    for (number, owed) in (1..).zip(owed.iter().take(room.min(OWED_MAX))) {
        let artifact = owed.artifact.id;
        let body = Body::Picture { artifact, caption: None };
        let picture = turn.draft(reader, body).about(About::Picture(owed.generation));
        turn.send(picture);
        // It is on its way, and a second one could not take its place.
        turn.then(Effect::ClearOwed { artifact });
        numbers.push(keys::act(Label::Picture(number), Verb::OpenPicture, artifact.0));
        only = Some(owed);
    }
    let Some(last) = only else { return };
    let menu = turn.words(reader, Say::Owed);
    turn.send(if numbers.len() == 1 {
        let artifact = last.artifact.id;
        menu.about(About::Beside(artifact)).keys(keys::owed(last.request, artifact))
    } else {
        menu.keys(Vec::from([numbers]))
    });
}

/// A picture that was owed goes out, between the two of us wherever it was asked for. Not into its
/// placeholder, which may be in a chat that they have cleared, but always into the same message,
/// so that the next one who asks for it while it is on its way does no harm.
fn hand_over(turn: &mut Turn<'_>, reader: &Reader, owed: &Owed) {
    let artifact = owed.artifact.id;
    let body = Body::Picture { artifact, caption: Some(Say::Owed) };
    let message = turn.draft(reader, body).editing(history::copy(artifact));
    let keys = keys::owed(owed.request, artifact);
    turn.send(message.about(About::Picture(owed.generation)).keys(keys));
    leave_no_placeholder(turn, reader, owed.generation);
}

/// A placeholder that could not be told how it ended says for ever that the picture is being made.
fn leave_no_placeholder(turn: &mut Turn<'_>, reader: &Reader, generation: GenerationId) {
    if turn.can_edit(&reader.conversation) {
        turn.remove(reader, Slot::Generation(generation));
    }
}

/// Somebody shut us out, or let us back in.
pub(crate) fn presence_changed(turn: &mut Turn<'_>, facts: &MessageFacts, presence: &Presence) {
    let Some(customer) = &facts.customer else { return };
    if presence.reachable {
        meet(turn, &presence.who, Some(customer), Setting::Private);
    } else if customer.reachable {
        let identity = customer.identity.clone();
        turn.then(Effect::MarkReachable { identity, reachable: false });
    }
}
