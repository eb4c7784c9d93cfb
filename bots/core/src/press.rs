//! Presses of buttons. Every press is answered once; a press that comes twice, late or from
//! somebody else does no harm.

mod deleting;

use alloc::vec::Vec;

use crate::{
    account::{Entitlement, Language},
    cancel::{self, Cancelled},
    command,
    customer::{self, Visit},
    desk,
    effect::{Body, Effect},
    event::{About, Press, Setting},
    facts::{
        Awaiting, Generation, OpenRequest, PressFacts, PressedAction, Reference, Request,
        RequestState,
    },
    flags::Flags,
    generation::Options,
    handed, handing, history,
    id::RequestId,
    keys, linking, offer, payment, pricing, receipt,
    request::{self, NotYet, Wish},
    say::{Action, Label, Say, Verb},
    settings,
    support::{self, meant},
    tray::{self, Told},
    turn::Turn,
};

/// What is shown to whoever pressed.
pub(crate) enum Answer {
    /// Nothing: what follows speaks for itself.
    Quiet,
    /// A passing line.
    Line(Say),
    /// A box that has to be closed.
    Alert(Say),
}

/// Somebody pressed a button of ours.
pub(crate) fn pressed(turn: &mut Turn<'_>, facts: &PressFacts, press: &Press) {
    let house = turn.house();
    let known = facts.customer.as_ref().map(|customer| customer.language);
    let mut language = known.or(press.by.language).unwrap_or(house.language_default);
    let answer = match facts.action {
        PressedAction::Foreign => Answer::Alert(Say::NotYours),
        PressedAction::Ours(action) if press.setting == Setting::Desk => {
            desk::pressed(turn, facts.desk.as_ref(), action)
        }
        PressedAction::Ours(_) if handing::is_handed(turn, facts.customer.as_ref()) => {
            Answer::Quiet
        }
        PressedAction::Ours(action) => {
            let known = facts.customer.as_ref();
            let mut visit = customer::meet(turn, &press.by, known, press.setting);
            let answer = obey(turn, &mut visit, facts, press, action);
            if matches!(answer, Answer::Line(Say::Stale)) && !facts.stray && ends(action.verb) {
                close_stale(turn, &visit, press);
            }
            language = visit.reader.language;
            answer
        }
    };
    let (say, alert) = match answer {
        Answer::Quiet => (None, false),
        Answer::Line(say) => (Some(say), false),
        Answer::Alert(say) => (Some(say), true),
    };
    turn.then(Effect::AnswerTap { tap: press.tap.clone(), language, say, alert });
}

fn obey(
    turn: &mut Turn<'_>,
    visit: &mut Visit,
    facts: &PressFacts,
    press: &Press,
    action: Action,
) -> Answer {
    let Action { verb, row } = action;
    let message = press.message.as_ref();
    let request = facts.request.as_ref();
    let now = visit.customer.account.options;
    if visit.reader.setting == Setting::Group && is_private(verb) {
        return Answer::Alert(Say::InPrivateOnly);
    }
    if let (Verb::Cancel | Verb::Confirm | Verb::TakeCheaper, true) = (verb, facts.stray) {
        remove_stray(turn, visit, press);
    }
    match verb {
        Verb::Cancel => return cancel(turn, visit, facts),
        Verb::Again | Verb::MakeFour | Verb::TryAgain => return again(turn, visit, facts, verb),
        Verb::Confirm => return confirm(turn, visit, facts),
        Verb::TakeCheaper => return take_cheaper(turn, visit, facts),
        Verb::ChangeWords => return change_words(turn, visit, facts),
        Verb::Change => return change(turn, visit, facts),
        Verb::Larger => return larger(turn, visit, facts),
        Verb::Original | Verb::SendAgain => return original(turn, visit, facts),
        Verb::More => return more(turn, visit, facts, press),
        Verb::UseAsReference => return use_as_reference(turn, visit, facts),
        Verb::Delete => return deleting::delete(turn, visit, facts),
        Verb::OpenPicture => return open(turn, visit, facts),
        Verb::Example => return example(turn, visit, facts, row),
        Verb::SetLanguage => return set_language(turn, visit, press, row),
        Verb::SetCause => return support::cause_chosen(turn, visit, message, row),
        Verb::ConsentYes => return support::consented(turn, visit, message, true),
        Verb::ConsentNo => return support::consented(turn, visit, message, false),
        Verb::ForThePerson | Verb::ForAPicture => {
            let for_a_picture = verb == Verb::ForAPicture;
            return meant::decided(turn, visit, &facts.line, (message, row), for_a_picture);
        }
        Verb::SetResolution => {
            let changed = keys::resolution(row).map(|resolution| Options { resolution, ..now });
            return settings::choose(turn, visit, message, changed);
        }
        Verb::SetShape => {
            let changed = keys::numbered(&keys::SHAPES, row).map(|shape| Options { shape, ..now });
            return settings::choose(turn, visit, message, changed);
        }
        Verb::SetQuality => {
            let changed = keys::quality(row).map(|quality| Options { quality, ..now });
            return settings::choose(turn, visit, message, changed);
        }
        Verb::SetCount => {
            let changed = keys::count(row).map(|count| Options { count, ..now });
            return settings::choose(turn, visit, message, changed);
        }
        Verb::SetBackground => {
            let background = keys::numbered(&keys::BACKGROUNDS, row);
            let changed = background.map(|background| Options { background, ..now });
            return settings::choose(turn, visit, message, changed);
        }
        Verb::MakeCode
        | Verb::LinkYes
        | Verb::LinkNo
        | Verb::UndoLink
        | Verb::UnlinkWhich
        | Verb::Unlink
        | Verb::SignInByEmail
        | Verb::SignInInBrowser
        | Verb::SignOut => return linking::pressed(turn, visit, facts, action),
        Verb::BuyItem => return payment::chosen(turn, visit, facts, row),
        Verb::PlanChange | Verb::PlanTo | Verb::PlanCancel | Verb::PlanYes => {
            return payment::plan_pressed(turn, visit, &facts.plan, (action, message));
        }
        Verb::Refund | Verb::RefundOf | Verb::RefundYes => {
            return payment::refund_pressed(turn, visit, &facts.plan, (action, message));
        }
        Verb::ShowPlan => payment::show_plan(turn, visit, &facts.plan, message),
        Verb::PayStars => return payment::chosen_for_stars(turn, visit, facts, row),
        Verb::RefundStars | Verb::RefundStarsYes => {
            return payment::refund_asked(turn, visit, facts, (action, message));
        }
        // Only at the desk.
        Verb::CaseDone => return Answer::Line(Say::Stale),
        Verb::ClearTray => {
            if !tray::clear(turn, visit) {
                return Answer::Line(Say::Stale);
            }
        }
        Verb::Balance => command::balance(turn, visit, &facts.entries, &facts.plan),
        Verb::Buy => command::buy(turn, visit),
        Verb::Privacy => command::privacy(turn, visit),
        Verb::Settings => settings::show(turn, visit),
        Verb::HistoryPage => history::show(turn, visit, facts.history.as_ref(), message),
        Verb::AskHuman => support::ask(turn, visit, request.map(|request| request.id)),
    }
    Answer::Quiet
}

/// A message whose answer was lost was sent again, and the first one is nobody's: once it is
/// pressed we know where it is, and it goes.
fn remove_stray(turn: &mut Turn<'_>, visit: &Visit, press: &Press) {
    if let Some(message) = &press.message {
        let stray = turn.draft(&visit.reader, Body::Removed).replacing(Some(message)).silent();
        turn.send(stray);
    }
}

/// A card whose one question was answered elsewhere asks no more, where it can be closed and
/// nothing tells in passing that it is out of date.
fn close_stale(turn: &mut Turn<'_>, visit: &Visit, press: &Press) {
    let channel = turn.house().channel(&visit.reader.conversation);
    if channel.is_some_and(|channel| channel.closes_buttons && !channel.edits) {
        remove_stray(turn, visit, press);
    }
}

/// Whether all buttons of a message have had their time when this one is out of date.
fn ends(verb: Verb) -> bool {
    matches!(
        verb,
        Verb::Cancel
            | Verb::Confirm
            | Verb::TakeCheaper
            | Verb::ClearTray
            | Verb::SetCause
            | Verb::ConsentYes
            | Verb::ConsentNo
            | Verb::LinkYes
            | Verb::LinkNo
            | Verb::ForThePerson
            | Verb::ForAPicture
    )
}

/// Whether what a press asks for is nobody else's business.
fn is_private(verb: Verb) -> bool {
    matches!(
        verb,
        Verb::Balance
            | Verb::Buy
            | Verb::BuyItem
            | Verb::ShowPlan
            | Verb::PlanChange
            | Verb::PlanTo
            | Verb::PlanCancel
            | Verb::PlanYes
            | Verb::Refund
            | Verb::RefundOf
            | Verb::RefundYes
            | Verb::PayStars
            | Verb::RefundStars
            | Verb::RefundStarsYes
            | Verb::HistoryPage
            | Verb::AskHuman
            | Verb::SetCause
            | Verb::MakeCode
            | Verb::LinkYes
            | Verb::UnlinkWhich
            | Verb::Unlink
            | Verb::SignInByEmail
            | Verb::SignInInBrowser
            | Verb::SignOut
    )
}

/// Whether the words of a request are not kept any more; it never was without.
fn is_forgotten(request: &Request) -> bool {
    request.prompt.trim().is_empty()
}

/// The same again, or four of it, or what is missing of it.
fn again(turn: &mut Turn<'_>, visit: &mut Visit, facts: &PressFacts, verb: Verb) -> Answer {
    let Some(request) = &facts.request else { return Answer::Line(Say::Stale) };
    if is_forgotten(request) {
        return Answer::Alert(Say::WordsGone);
    }
    let mut wish = Wish::again(request);
    if verb == Verb::MakeFour {
        wish.flags.count = Some(4);
    }
    if verb == Verb::TryAgain {
        wish.options.count = still_wanted(request, &facts.generations);
    }
    spend(turn, visit, facts, Some(request.id), wish)
}

/// How many pictures of a request are made when it is tried again: the others were made and paid.
fn still_wanted(request: &Request, generations: &[Generation]) -> u8 {
    match receipt::missing(generations) {
        0 => request.options.count,
        missing => missing,
    }
}

/// A press becomes a request; pressed twice, it becomes one.
fn spend(
    turn: &mut Turn<'_>,
    visit: &mut Visit,
    facts: &PressFacts,
    source: Option<RequestId>,
    wish: Wish,
) -> Answer {
    if request::is_repeated(turn, visit, facts.newest.as_deref(), source, &wish) {
        return Answer::Line(Say::Done);
    }
    request::place(turn, visit, &facts.line, wish);
    Answer::Quiet
}

fn confirm(turn: &mut Turn<'_>, visit: &mut Visit, facts: &PressFacts) -> Answer {
    let Some(request) = &facts.request else { return Answer::Line(Say::Stale) };
    answer_to(request::resume(turn, visit, &facts.line, request, None), request)
}

fn take_cheaper(turn: &mut Turn<'_>, visit: &mut Visit, facts: &PressFacts) -> Answer {
    let Some(request) = &facts.request else { return Answer::Line(Say::Stale) };
    let Some(change) = offer::cheaper_way(request) else { return Answer::Line(Say::Stale) };
    answer_to(request::resume(turn, visit, &facts.line, request, Some(change)), request)
}

fn answer_to(resumed: Result<(), NotYet>, request: &Request) -> Answer {
    match resumed {
        Ok(()) => Answer::Quiet,
        Err(NotYet::Because(say)) => Answer::Alert(*say),
        // A second tap on the same button.
        Err(NotYet::Stale) if request.state == RequestState::Open => Answer::Line(Say::Done),
        Err(NotYet::Stale) => Answer::Line(Say::Stale),
    }
}

fn cancel(turn: &mut Turn<'_>, visit: &mut Visit, facts: &PressFacts) -> Answer {
    let Some(request) = facts.request.clone() else { return Answer::Line(Say::Stale) };
    let state = request.state;
    let open = OpenRequest { request, generations: facts.generations.clone() };
    match cancel::cancel(turn, visit, &open) {
        Cancelled::Done(_) => Answer::Quiet,
        Cancelled::TooLate(_) => Answer::Alert(Say::TooLateToCancel),
        // A second tap on the same button.
        Cancelled::Nothing if state == RequestState::Cancelled => Answer::Line(Say::Done),
        Cancelled::Nothing => Answer::Line(Say::Stale),
    }
}

fn change_words(turn: &mut Turn<'_>, visit: &mut Visit, facts: &PressFacts) -> Answer {
    let Some(request) = &facts.request else { return Answer::Line(Say::Stale) };
    if is_forgotten(request) {
        return Answer::Alert(Say::WordsGone);
    }
    let count = still_wanted(request, &facts.generations);
    visit.awaits(turn, Some(Awaiting::Words { request: request.id, count }));
    let how = match visit.reader.setting {
        Setting::Group => Say::NewWordsByReply,
        Setting::Private | Setting::Desk => Say::NewWords,
    };
    turn.say(&visit.reader, how);
    Answer::Quiet
}

fn change(turn: &mut Turn<'_>, visit: &mut Visit, facts: &PressFacts) -> Answer {
    let Some(kept) = &facts.kept else { return Answer::Alert(Say::Gone) };
    if !turn.house().edits {
        return Answer::Alert(Say::NoReferences);
    }
    let artifact = kept.artifact.id;
    visit.awaits(turn, Some(Awaiting::Change { artifact }));
    let how = match visit.reader.setting {
        Setting::Group => Say::ChangeByReply,
        Setting::Private | Setting::Desk => Say::ChangeHow,
    };
    let question = turn.words(&visit.reader, how).about(About::Beside(artifact));
    turn.send(question);
    Answer::Quiet
}

/// The original as a file, also where nobody knows whether it or the picture arrived.
fn original(turn: &mut Turn<'_>, visit: &Visit, facts: &PressFacts) -> Answer {
    let Some(kept) = &facts.kept else { return Answer::Alert(Say::Gone) };
    handed::send_original(turn, &visit.reader, &kept.artifact, &facts.address);
    Answer::Quiet
}

/// More buttons, in the place of the few.
fn more(turn: &mut Turn<'_>, visit: &Visit, facts: &PressFacts, press: &Press) -> Answer {
    let Some(kept) = &facts.kept else { return Answer::Alert(Say::Gone) };
    let account = &visit.customer.account;
    let keys = keys::more(turn.house(), account, &kept.request, kept.artifact.id);
    let in_place = press.message.is_some() && turn.can_edit(&visit.reader.conversation);
    let body = if in_place { Body::Keys } else { Body::Say(Say::More) };
    let more = turn.draft(&visit.reader, body).replacing(press.message.as_ref());
    turn.send(more.keys(keys));
    Answer::Quiet
}

fn use_as_reference(turn: &mut Turn<'_>, visit: &mut Visit, facts: &PressFacts) -> Answer {
    let Some(kept) = &facts.kept else { return Answer::Alert(Say::Gone) };
    if !turn.house().edits {
        return Answer::Alert(Say::NoReferences);
    }
    tray::put(turn, visit, Vec::from([Reference::Artifact(kept.artifact.id)]), Told::AtOnce);
    Answer::Quiet
}

fn open(turn: &mut Turn<'_>, visit: &Visit, facts: &PressFacts) -> Answer {
    let Some(kept) = &facts.kept else { return Answer::Alert(Say::Gone) };
    history::open(turn, visit, kept);
    Answer::Quiet
}

/// The next resolution, made from the picture itself, so that it is the same one larger.
fn larger(turn: &mut Turn<'_>, visit: &mut Visit, facts: &PressFacts) -> Answer {
    let Some(kept) = &facts.kept else { return Answer::Alert(Say::Gone) };
    let Some(options) = pricing::larger(&kept.request.options) else {
        return Answer::Line(Say::Stale);
    };
    let included = visit.customer.account.entitlement.max_resolution;
    if options.resolution > included {
        let catalogue = &turn.house().catalogue;
        let has = |plan: &Entitlement| plan.max_resolution >= options.resolution;
        let plan = pricing::plan_with(catalogue, has);
        let say = Say::NotInPlan { resolution: options.resolution, included, plan, instead: None };
        let mut rows = Vec::new();
        if visit.reader.setting != Setting::Group {
            rows.push(Vec::from([keys::act(Label::Buy, Verb::Buy, 0)]));
        }
        rows.push(keys::human(turn.house(), Some(kept.request.id)));
        let word = turn.words(&visit.reader, say).keys(rows);
        turn.send(word);
        return Answer::Quiet;
    }
    let mut wish = Wish { options, ..Wish::again(&kept.request) };
    if turn.house().edits {
        wish.references = Vec::from([Reference::Artifact(kept.artifact.id)]);
        wish.parent = Some(kept.artifact.id);
    }
    spend(turn, visit, facts, Some(kept.request.id), wish)
}

/// An example prompt is a prompt like any other.
fn example(turn: &mut Turn<'_>, visit: &mut Visit, facts: &PressFacts, number: i64) -> Answer {
    let index = usize::try_from(number).ok().and_then(|number| number.checked_sub(1));
    let language = visit.reader.language;
    let prompt = index.and_then(|index| keys::examples(turn.house(), language).nth(index));
    let Some(prompt) = prompt else { return Answer::Line(Say::Stale) };
    let wish = Wish {
        prompt: prompt.into(),
        options: visit.customer.account.options,
        flags: Flags::default(),
        references: Vec::new(),
        parent: None,
        message: None,
    };
    spend(turn, visit, facts, None, wish)
}

fn set_language(turn: &mut Turn<'_>, visit: &mut Visit, press: &Press, row: i64) -> Answer {
    let Some(language) = keys::numbered(&Language::ALL, row) else {
        return Answer::Line(Say::Stale);
    };
    command::choose_language(turn, visit, language);
    let word = turn.words(&visit.reader, Say::LanguageChanged);
    turn.send(word.replacing(press.message.as_ref()));
    Answer::Quiet
}
