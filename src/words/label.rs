//! What stands on a button: a few characters, readable on a phone beside another button.

use picdesk_core::{
    credits::Credits,
    generation::{Background, Quality, Shape},
    say::{Cause, Cheaper, Chosen, Label},
};

use super::{
    lexicon::Lexicon,
    money::plan_name,
    pattern::Args,
    speaker::{NAME_CHARS_MAX, own_name},
    units,
};

/// What stands on a button.
pub(super) fn label(lexicon: &Lexicon, label: &Label) -> String {
    match label {
        Label::Larger(price) => priced(lexicon, "label-larger", *price),
        Label::MakeFour(price) => priced(lexicon, "label-make-four", *price),
        Label::Confirm(price) => priced(lexicon, "label-confirm", *price),
        Label::TakeCheaper(cheaper) => take_cheaper(lexicon, cheaper),
        Label::Resolution(size, chosen) => marked(lexicon, units::resolution(*size), *chosen),
        Label::Shape(which, chosen) => marked(lexicon, lexicon.word(shape(*which)), *chosen),
        Label::Quality(which, chosen) => marked(lexicon, lexicon.word(quality(*which)), *chosen),
        Label::Background(which, chosen) => {
            marked(lexicon, lexicon.word(background(*which)), *chosen)
        }
        Label::Count(pictures, chosen) => {
            let args = Args::new().number("count", (*pictures).into());
            marked(lexicon, &lexicon.phrase("label-count", &args), *chosen)
        }
        Label::Language(language) => own_name(*language).to_owned(),
        Label::Picture(number) => number.to_string(),
        Label::Example(which) => example(lexicon, *which).to_owned(),
        Label::Cause(about) => lexicon.word(cause(*about)).to_owned(),
        Label::Cancel => lexicon.word("label-cancel").to_owned(),
        Label::Again => lexicon.word("label-again").to_owned(),
        Label::Change => lexicon.word("label-change").to_owned(),
        Label::LargerNotInPlan => lexicon.word("label-larger-not-in-plan").to_owned(),
        Label::Original => lexicon.word("label-original").to_owned(),
        Label::More => lexicon.word("label-more").to_owned(),
        Label::UseAsReference => lexicon.word("label-use-as-reference").to_owned(),
        Label::DeleteNow => lexicon.word("label-delete-now").to_owned(),
        Label::AskHuman => lexicon.word("label-ask-human").to_owned(),
        Label::AskHumanAbout => lexicon.word("label-ask-human-about").to_owned(),
        Label::TryAgain => lexicon.word("label-try-again").to_owned(),
        Label::ChangeWords => lexicon.word("label-change-words").to_owned(),
        Label::ClearTray => lexicon.word("label-clear-tray").to_owned(),
        Label::Balance => lexicon.word("label-balance").to_owned(),
        Label::Buy => lexicon.word("label-buy").to_owned(),
        Label::Privacy => lexicon.word("label-privacy").to_owned(),
        Label::Settings => lexicon.word("label-settings").to_owned(),
        Label::ForThePerson => lexicon.word("label-for-the-person").to_owned(),
        Label::ForAPicture => lexicon.word("label-for-a-picture").to_owned(),
        Label::Yes => lexicon.word("label-yes").to_owned(),
        Label::No => lexicon.word("label-no").to_owned(),
        Label::SendAgain => lexicon.word("label-send-again").to_owned(),
        Label::Older => lexicon.word("label-older").to_owned(),
        Label::Newer => lexicon.word("label-newer").to_owned(),
        Label::Gallery => lexicon.word("label-gallery").to_owned(),
        Label::BuyPack { credits, price } => {
            let args = Args::new().ours("name", units::credits(lexicon, *credits)).theirs(
                "price",
                price,
                NAME_CHARS_MAX,
            );
            lexicon.phrase("label-buy-item", &args)
        }
        Label::BuyPlan { name, price } => {
            let args =
                Args::new().ours("name", plan_name(name)).theirs("price", price, NAME_CHARS_MAX);
            lexicon.phrase("label-buy-item", &args)
        }
        Label::Pay => lexicon.word("label-pay").to_owned(),
        Label::ShowPlan => lexicon.word("label-show-plan").to_owned(),
        Label::PlanChange => lexicon.word("label-plan-change").to_owned(),
        Label::PlanCancel => lexicon.word("label-plan-cancel").to_owned(),
        Label::PlanEnd { name, price: None } => {
            let args = Args::new().ours("name", plan_name(name));
            lexicon.phrase("label-plan-end", &args)
        }
        Label::PlanEnd { name, price: Some(price) } => {
            let args =
                Args::new().ours("name", plan_name(name)).theirs("price", price, NAME_CHARS_MAX);
            lexicon.phrase("label-plan-end-for", &args)
        }
        Label::PlanResume => lexicon.word("label-plan-resume").to_owned(),
        Label::PlanExchangeYes => lexicon.word("label-plan-exchange-yes").to_owned(),
        Label::PlanCancelYes => lexicon.word("label-plan-cancel-yes").to_owned(),
        Label::PlanKeep => lexicon.word("label-plan-keep").to_owned(),
        Label::Portal => lexicon.word("label-portal").to_owned(),
        Label::Refund => lexicon.word("label-refund").to_owned(),
        Label::RefundOf { number, price } => {
            let args = Args::new().number("number", *number).ours("price", price.to_string());
            lexicon.phrase("label-refund-of", &args)
        }
        Label::RefundYes => lexicon.word("label-refund-yes").to_owned(),
        Label::RefundStars => lexicon.word("label-refund-stars").to_owned(),
        Label::SupportLink => lexicon.word("label-support-link").to_owned(),
        Label::CaseDone => lexicon.word("label-case-done").to_owned(),
        Label::MakeCode => lexicon.word("label-make-code").to_owned(),
        Label::LinkYes => lexicon.word("label-link-yes").to_owned(),
        Label::LinkNo => lexicon.word("label-link-no").to_owned(),
        Label::UndoLink => lexicon.word("label-undo-link").to_owned(),
        Label::UnlinkOne => lexicon.word("label-unlink-one").to_owned(),
        Label::SignInByEmail => lexicon.word("label-sign-in-by-email").to_owned(),
        Label::SignInInBrowser => lexicon.word("label-sign-in-in-browser").to_owned(),
        Label::SignOut => lexicon.word("label-sign-out").to_owned(),
        Label::UnlinkNumber(number) => {
            lexicon.phrase("label-unlink-number", &Args::new().number("number", *number))
        }
    }
}

/// The name of a cause.
pub(super) fn cause(cause: Cause) -> &'static str {
    match cause {
        Cause::PlanChoice => "label-cause-plan-choice",
        Cause::PaymentFailure => "label-cause-payment-failure",
        Cause::SignInRecovery => "label-cause-sign-in-recovery",
        Cause::ResolutionAccess => "label-cause-resolution-access",
        Cause::GenerationError => "label-cause-generation-error",
        Cause::Privacy => "label-cause-privacy",
        Cause::Other => "label-cause-other",
    }
}

/// How many example prompts there are.
pub(super) const EXAMPLES: u8 = 2;

/// An example prompt, counted from one.
pub(super) fn example(lexicon: &Lexicon, which: u8) -> &str {
    lexicon.word(if which.is_multiple_of(EXAMPLES) { "label-example-2" } else { "label-example-1" })
}

fn priced(lexicon: &Lexicon, id: &'static str, price: Credits) -> String {
    lexicon.phrase(id, &Args::new().ours("price", units::credits(lexicon, price)))
}

fn take_cheaper(lexicon: &Lexicon, cheaper: &Cheaper) -> String {
    let args = Args::new()
        .ours("resolution", units::resolution(cheaper.options.resolution))
        .ours("quality", units::quality(lexicon, cheaper.options.quality))
        .ours("price", units::credits(lexicon, cheaper.price));
    match cheaper.options.count {
        0 | 1 => lexicon.phrase("label-take-cheaper", &args),
        count => {
            let args = args.number("count", count.into());
            lexicon.phrase("label-take-cheaper-several", &args)
        }
    }
}

fn marked(lexicon: &Lexicon, label: &str, chosen: Chosen) -> String {
    match chosen {
        Chosen::Yes => lexicon.phrase("label-chosen", &Args::new().ours("label", label)),
        Chosen::No => label.to_owned(),
    }
}

fn shape(shape: Shape) -> &'static str {
    match shape {
        Shape::Square => "label-shape-square",
        Shape::Landscape => "label-shape-landscape",
        Shape::Portrait => "label-shape-portrait",
        Shape::Wide => "label-shape-wide",
        Shape::Tall => "label-shape-tall",
    }
}

fn quality(quality: Quality) -> &'static str {
    match quality {
        Quality::Low => "label-quality-low",
        Quality::Medium => "label-quality-medium",
        Quality::High => "label-quality-high",
    }
}

fn background(background: Background) -> &'static str {
    match background {
        Background::Auto => "label-background-auto",
        Background::Opaque => "label-background-opaque",
        Background::Transparent => "label-background-transparent",
    }
}
