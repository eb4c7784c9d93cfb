//! The facts of a batch of events: what each needs is known from the event alone, so that the
//! whole batch is read with a few statements.

mod fates;
mod gifts;
mod sales;
mod stray;
mod whose;

use std::{collections::HashMap, sync::Arc};

use picdesk_core::{
    event::{Event, Setting},
    facts::{
        Album, Awaiting, Beside, Customer, DeskFacts, Facts, FactsKind, HistoryPage, Kept, Line,
        LinkFacts, MessageFacts, Needs, Pace, Past, PressFacts, PressedAction, Request,
    },
    id::{ConversationId, IdentityId, PurseId},
    link,
    needs::needs,
    say::{Action, BalanceLine},
    signing_in,
    window::Window,
};

pub(super) use self::whose::whose;
use self::{
    fates::{delivery, generation},
    gifts::gift,
    sales::{asked_for, bought, payment, plan, refundable, whereabouts},
    stray::is_stray,
};
use super::Turner;
use crate::store::{
    StoreError, Tx,
    facts::{self as read, Pair, Placed},
    inbox::Pending,
    line,
    links::{self, Asked},
    windows,
};

/// An event with what it needs.
pub(super) struct Wanted {
    /// Its number.
    pub(super) seq: i64,
    /// Where it happened.
    pub(super) conversation: ConversationId,
    /// What happened.
    pub(super) event: Arc<Event>,
    /// What a press says it does.
    action: PressedAction,
    needs: Needs,
}

impl Wanted {
    /// What an event needs; nothing when its row cannot be read.
    pub(super) fn of(turner: &Turner, pending: Pending) -> Option<Self> {
        let event = pending.event?;
        let action = match &*event {
            Event::ButtonPressed(press) => {
                turner.desk.seal.pressed(&press.token, &press.by.identity)
            }
            _ => PressedAction::Foreign,
        };
        let asked: Option<Action> = match action {
            PressedAction::Ours(action) => Some(action),
            PressedAction::Foreign => None,
        };
        let mut needs = needs(&event, asked);
        let linked = link::payload(&event).and_then(|it| turner.desk.seal.read_link(it));
        needs.artifact = needs.artifact.or(linked);
        Some(Self { seq: pending.seq, conversation: pending.conversation, event, action, needs })
    }

    /// Who is seen where: the key of [`Shared::customers`].
    fn seen(&self) -> Option<(IdentityId, ConversationId)> {
        let identity = self.needs.identity.clone()?;
        Some((identity, self.conversation.clone()))
    }

    /// A message of this conversation, as a key.
    fn message_key(&self, message: &str) -> Pair {
        (self.conversation.0.clone(), message.to_owned())
    }
}

/// What is read once for the whole batch.
#[derive(Default)]
pub(super) struct Shared {
    customers: HashMap<Pair, Customer>,
    placed: HashMap<Pair, Placed>,
    entries: HashMap<PurseId, Vec<BalanceLine>>,
    line: Line,
}

impl Shared {
    /// Reads what most events need.
    pub(super) async fn read(
        turner: &Turner,
        tx: &mut Tx,
        wanted: &[Wanted],
    ) -> Result<Self, StoreError> {
        let seen: Vec<_> = wanted.iter().filter_map(Wanted::seen).collect();
        let now = turner.store.clock().now_ms();
        let customers = read::customers(tx, &seen, &turner.desk.house, now).await?;
        let replied: Vec<Pair> = wanted
            .iter()
            .filter_map(|one| Some(one.message_key(one.needs.replied.as_ref()?.as_str())))
            .collect();
        let placed = read::placed(tx, &replied).await?;
        let purses = wanted.iter().filter(|one| one.needs.entries).filter_map(|one| {
            let (identity, conversation) = one.seen()?;
            Some(customers.get(&(identity.0, conversation.0))?.account.purse.id)
        });
        let entries = read::entries(tx, purses).await?;
        let mut line = Line::default();
        if wanted.iter().any(|one| one.needs.line) {
            line = line::look(tx).await?;
            line.medians = turner.medians();
            line.replicas = turner.store.replicas();
        }
        Ok(Self { customers, placed, entries, line })
    }

    /// The last lines of somebody's purse, where they are shown.
    fn entries(&self, needs: &Needs, customer: Option<&Customer>) -> Vec<BalanceLine> {
        let purse = customer.filter(|_| needs.entries).map(|customer| customer.account.purse.id);
        purse.and_then(|purse| self.entries.get(&purse).cloned()).unwrap_or_default()
    }

    fn customer(&self, wanted: &Wanted) -> Option<Customer> {
        let (identity, conversation) = wanted.seen()?;
        self.customers.get(&(identity.0, conversation.0)).cloned()
    }

    fn replied(&self, wanted: &Wanted) -> Placed {
        let Some(message) = &wanted.needs.replied else { return Placed::default() };
        self.placed.get(&wanted.message_key(message.as_str())).copied().unwrap_or_default()
    }
}

/// Reads the facts of one event.
pub(super) async fn facts(
    turner: &Turner,
    tx: &mut Tx,
    shared: &Shared,
    wanted: &Wanted,
) -> Result<Facts, StoreError> {
    Ok(match wanted.needs.kind {
        FactsKind::Message => Facts::Message(message(turner, tx, shared, wanted).await?),
        FactsKind::Press => Facts::Press(press(turner, tx, shared, wanted).await?),
        FactsKind::Desk => Facts::Desk(desk(turner, tx, shared, wanted).await?),
        FactsKind::Generation => Facts::Generation(generation(turner, tx, &wanted.needs).await?),
        FactsKind::Delivery => Facts::Delivery(delivery(turner, tx, wanted).await?),
        FactsKind::Payment => Facts::Payment(payment(turner, tx, wanted).await?),
        FactsKind::None => Facts::None,
    })
}

async fn message(
    turner: &Turner,
    tx: &mut Tx,
    shared: &Shared,
    wanted: &Wanted,
) -> Result<MessageFacts, StoreError> {
    let needs = &wanted.needs;
    let mut customer = shared.customer(wanted);
    if let (None, Some(account)) = (&customer, needs.account)
        && let Some(identity) = read::identity_of(tx, account).await?
    {
        let seen = [(identity.clone(), wanted.conversation.clone())];
        let key = (identity.0, wanted.conversation.0.clone());
        let now = turner.store.clock().now_ms();
        customer = read::customers(tx, &seen, &turner.desk.house, now).await?.remove(&key);
    }
    let replied = shared.replied(wanted);
    let awaiting = customer.as_ref().and_then(|customer| customer.awaiting.clone());
    let shows = match &*wanted.event {
        Event::MessageReceived(message) | Event::MessageEdited(message) => {
            message.answers_pictures()
        }
        _ => false,
    };
    let linked = needs.artifact.map(|id| id.0);
    let artifact = match (linked.or(replied.artifact), &awaiting) {
        (Some(artifact), _) => Some(artifact),
        (None, Some(Awaiting::Change { artifact })) if !shows => Some(artifact.0),
        (None, _) => None,
    };
    let kept = match artifact {
        Some(artifact) => read::kept(tx, [artifact]).await?.remove(&artifact),
        None => None,
    };
    let is_own =
        |kept: &Kept| customer.as_ref().is_some_and(|one| one.account.id == kept.request.account);
    let beside = match (replied.artifact, &kept) {
        _ if shows => Beside::Nothing,
        (Some(_), None) => Beside::Gone,
        (Some(_), Some(kept)) if !is_own(kept) => Beside::Several,
        (None, _) if replied.is_receipt => Beside::Several,
        (_, _) => Beside::Nothing,
    };
    let started = match (&needs.started_by, &awaiting) {
        _ if needs.request.is_some() => {
            let id = needs.request.map_or(0, |request| request.0);
            read::requests(tx, [id]).await?.remove(&id)
        }
        (Some(by), _) => {
            let key = wanted.message_key(by.as_str());
            read::started(tx, std::slice::from_ref(&key)).await?.remove(&key)
        }
        (None, Some(Awaiting::Words { request, .. })) => {
            read::requests(tx, [request.0]).await?.remove(&request.0)
        }
        (None, _) => None,
    };
    let album = album(tx, wanted).await?;
    let answered = match needs.case.map(|case| case.0).or(replied.escalation) {
        Some(case) => read::cases(tx, [case]).await?.remove(&case),
        None => None,
    };
    Ok(MessageFacts {
        pictured: pictured(tx, wanted, started.as_ref()).await?,
        pace: pace(turner, wanted, album.as_ref()),
        checkout: asked_for(tx, needs).await?,
        plan: plan(turner, tx, needs, customer.as_ref()).await?,
        linked: needs.artifact,
        replied: kept.filter(is_own),
        beside,
        answered: answered
            .filter(|case| customer.as_ref().is_some_and(|one| one.account.id == case.account)),
        line: shared.line.clone(),
        started,
        album,
        history: history(turner, tx, needs, customer.as_ref()).await?,
        entries: shared.entries(needs, customer.as_ref()),
        past: past(tx, needs, customer.as_ref()).await?,
        link: linking(turner, tx, wanted, customer.as_ref()).await?,
        gift: gift(turner, tx, wanted, customer.as_ref()).await?,
        whereabouts: whereabouts(tx, wanted, customer.as_ref()).await?,
        customer,
    })
}

/// An album, or what has come of it.
async fn album(tx: &mut Tx, wanted: &Wanted) -> Result<Option<Album>, StoreError> {
    let Some(album) = &wanted.needs.album else { return Ok(None) };
    let key = wanted.message_key(album.as_str());
    Ok(read::albums(tx, std::slice::from_ref(&key)).await?.remove(&key))
}

/// Whether a picture came of what an edited message had started.
async fn pictured(
    tx: &mut Tx,
    wanted: &Wanted,
    started: Option<&Request>,
) -> Result<bool, StoreError> {
    match (&*wanted.event, started) {
        (Event::MessageEdited(_), Some(request)) => read::has_picture(tx, request.id).await,
        _ => Ok(false),
    }
}

/// What linking needs to know.
async fn linking(
    turner: &Turner,
    tx: &mut Tx,
    wanted: &Wanted,
    customer: Option<&Customer>,
) -> Result<Option<Box<LinkFacts>>, StoreError> {
    let awaited = match (&*wanted.event, customer) {
        (Event::MessageReceived(message), Some(customer)) => {
            signing_in::need(customer.awaiting.as_ref(), &message.text)
        }
        _ => None,
    };
    let need = wanted.needs.link.clone().or(awaited);
    let (Some(need), Some(by)) = (need, &wanted.needs.identity) else { return Ok(None) };
    let now = turner.store.clock().now_ms();
    let account = customer.map(|customer| customer.account.id);
    let asked = Asked { seq: wanted.seq, by, now, account };
    let facts = links::find(tx, asked, &need, (&turner.desk.seal, &turner.desk.house)).await?;
    Ok(Some(Box::new(facts)))
}

/// What the channel still takes where an event happened, if it counts.
pub(super) async fn window(
    turner: &Turner,
    tx: &mut Tx,
    wanted: &Wanted,
) -> Result<Option<Window>, StoreError> {
    let channel = turner.desk.house.channel(&wanted.conversation);
    if channel.is_none_or(|channel| channel.replies_max.is_none()) {
        return Ok(None);
    }
    let name = wanted.conversation.as_str();
    Ok(Some(windows::find(tx, &[name]).await?.remove(name).unwrap_or_default()))
}

/// How fast this event's writer writes.
fn pace(turner: &Turner, wanted: &Wanted, album: Option<&Album>) -> Pace {
    let now = turner.store.clock().now_ms();
    picdesk_core::pace::writer(&wanted.event, album)
        .map_or(Pace::Fine, |by| turner.writers.pace(by, &wanted.conversation, now))
}

async fn press(
    turner: &Turner,
    tx: &mut Tx,
    shared: &Shared,
    wanted: &Wanted,
) -> Result<PressFacts, StoreError> {
    let needs = &wanted.needs;
    let customer = shared.customer(wanted);
    let kept = own_kept(tx, needs.artifact.map(|id| id.0), customer.as_ref()).await?;
    let request = match (needs.request, &kept) {
        (Some(id), _) => read::requests(tx, [id.0]).await?.remove(&id.0),
        (None, Some(kept)) => Some(kept.request.clone()),
        (None, None) => None,
    };
    let request = request
        .filter(|request| customer.as_ref().is_some_and(|one| one.account.id == request.account));
    let generations = pictures_of(tx, request.as_ref()).await?;
    let newest = match &customer {
        Some(customer) if needs.newest => {
            read::newest(tx, customer.account.id).await?.map(Box::new)
        }
        _ => None,
    };
    let stray = is_stray(tx, wanted, request.as_ref(), &generations).await?;
    let at_desk = needs.desk
        || matches!(&*wanted.event, Event::ButtonPressed(press) if press.setting == Setting::Desk);
    Ok(PressFacts {
        action: wanted.action,
        request,
        generations,
        stray,
        address: kept.as_ref().map(|kept| turner.address(kept)).unwrap_or_default(),
        kept,
        checkout: bought(turner, tx, (needs.item, customer.as_ref())).await?,
        plan: plan(turner, tx, needs, customer.as_ref()).await?,
        refundable: refundable(tx, needs, customer.as_ref().map(|one| one.account.id)).await?,
        newest,
        line: shared.line.clone(),
        history: history(turner, tx, needs, customer.as_ref()).await?,
        entries: shared.entries(needs, customer.as_ref()),
        past: past(tx, needs, customer.as_ref()).await?,
        desk: if at_desk { Some(desk(turner, tx, shared, wanted).await?) } else { None },
        link: linking(turner, tx, wanted, customer.as_ref()).await?,
        customer,
    })
}

async fn pictures_of(
    tx: &mut Tx,
    request: Option<&Request>,
) -> Result<Vec<picdesk_core::facts::Generation>, StoreError> {
    let Some(request) = request else { return Ok(Vec::new()) };
    Ok(read::generations(tx, [request.id.0]).await?.remove(&request.id.0).unwrap_or_default())
}

/// A kept picture, when it is the customer's own.
async fn own_kept(
    tx: &mut Tx,
    artifact: Option<i64>,
    customer: Option<&Customer>,
) -> Result<Option<Kept>, StoreError> {
    let (Some(artifact), Some(customer)) = (artifact, customer) else { return Ok(None) };
    let kept = read::kept(tx, [artifact]).await?.remove(&artifact);
    Ok(kept.filter(|kept| kept.request.account == customer.account.id))
}

async fn history(
    turner: &Turner,
    tx: &mut Tx,
    needs: &Needs,
    customer: Option<&Customer>,
) -> Result<Option<HistoryPage>, StoreError> {
    let (Some(before), Some(customer)) = (needs.history, customer) else { return Ok(None) };
    let account = customer.account.id;
    let (pictures, older, total) = read::history(tx, account, before).await?;
    Ok(Some(HistoryPage { pictures, total, older, gallery: turner.gallery(account) }))
}

async fn past(tx: &mut Tx, needs: &Needs, customer: Option<&Customer>) -> Result<Past, StoreError> {
    match customer {
        Some(customer) if needs.past => read::past(tx, customer.account.id).await,
        _ => Ok(Past::default()),
    }
}

async fn desk(
    turner: &Turner,
    tx: &mut Tx,
    shared: &Shared,
    wanted: &Wanted,
) -> Result<DeskFacts, StoreError> {
    let operator = match &wanted.needs.identity {
        Some(identity) => read::operator(tx, identity).await?,
        None => None,
    };
    let (house, place) = (&turner.desk.house, &wanted.conversation);
    let code = house.code_of(place).or(wanted.needs.case_code.as_deref());
    let case = match (code, wanted.needs.case) {
        (Some(code), _) => read::case_of_code(tx, code).await?,
        (None, Some(case)) if house.is_members_desk(place) => {
            read::cases(tx, [case.0]).await?.remove(&case.0)
        }
        // Who has one chat for all cases and names none means the only one.
        (None, None) if house.is_members_desk(place) => read::only_open_case(tx).await?,
        (None, _) => read::topic_cases(tx, &[place.as_str()]).await?.remove(place.as_str()),
    };
    let answers_customer = shared.replied(wanted).escalation.is_some();
    let whose = case.as_ref().map(|case| case.account);
    let refundable = refundable(tx, &wanted.needs, whose).await?;
    let album = album(tx, wanted).await?;
    Ok(DeskFacts { operator, case, answers_customer, refundable, album })
}
