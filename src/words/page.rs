//! The texts of the pages in the browser.

use jiff::tz::TimeZone;

use super::{lexicon::Lexicon, pattern::Args, units};

/// A text of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageText {
    /// The link to a person.
    Support,
    /// The gallery's title.
    Gallery,
    /// How many pictures it shows.
    Count(i64),
    /// That it is private, and until when its address works, milliseconds since the epoch.
    PrivateUntil(i64),
    /// The link to a picture's original.
    Download,
    /// The link to all originals.
    DownloadAll,
    /// When a picture is swept, milliseconds since the epoch.
    KeptUntil(i64),
    /// The page's address works no more.
    Expired,
    /// No picture is kept.
    Empty,
    /// The link back to the chat.
    OpenChat,
    /// The link to the pictures before these.
    Older,
    /// The link back to the first page.
    Newest,
    /// The link that closes the large view of a picture.
    Close,
    /// Nothing is at this address, or not any more.
    NotFound,
    /// Somebody comes back from paying: what happens next.
    Paid,
    /// Somebody comes back, and whether they have paid is not known here.
    NotPaid,
    /// The title of the page before the payment provider's portal.
    Portal,
    /// What is behind its button.
    PortalNote,
    /// That button.
    PortalOpen,
    /// The portal cannot be opened now.
    PortalLater,
    /// The address of the page before the portal works no more.
    PortalExpired,
    /// The link that jumps over the head of the page.
    Skip,
    /// What stands for a picture when it is read aloud; when it was made, milliseconds since the
    /// epoch.
    Picture(i64),
    /// The title of the page on which somebody signs in for a chat.
    Link,
    /// Before the name of whoever asked for it, by the name of their channel.
    LinkAsked(&'static str),
    /// Whose business it is, and that nothing is linked yet.
    LinkWarn,
    /// The link to Google.
    LinkGoogle,
    /// The field for an address.
    LinkEmail,
    /// The button that sends a code there.
    LinkSend,
    /// That it was sent, if the address is known.
    LinkSent,
    /// The field for that code.
    LinkCode,
    /// The button that looks at it.
    LinkCheck,
    /// The title over the code for the chat.
    LinkDone,
    /// How long and where that works.
    LinkDoneMore,
    /// That something was wrong.
    LinkWrong,
    /// That it was too often.
    LinkWait,
    /// That nobody can sign in now.
    LinkLater,
    /// That the page works no more.
    LinkExpired,
    /// The link back to the beginning.
    LinkAgain,
    /// The title of the page behind the address in a letter.
    Letter,
    /// Before the name of whoever it is about, by the name of their channel.
    LetterChat(&'static str),
    /// What its button does.
    LetterMore,
    /// That button.
    LetterUndo,
    /// The title once it was pressed.
    LetterUndone,
    /// What has happened then.
    LetterUndoneMore,
    /// That the page works no more.
    LetterExpired,
    /// Its title when the link was over before.
    LetterOver,
    /// More about that.
    LetterOverMore,
    /// Its title when the press is written down and nothing has come of it yet.
    LetterPressed,
    /// More about that.
    LetterPressedMore,
}

/// The words of a page's text.
pub(super) fn page(lexicon: &Lexicon, text: PageText, zone: &TimeZone) -> String {
    let dated = |id, at_ms| {
        lexicon.phrase(id, &Args::new().ours("date", units::date(lexicon, at_ms, zone)))
    };
    match text {
        PageText::Count(count) => lexicon.phrase("page-count", &Args::new().number("count", count)),
        PageText::PrivateUntil(at_ms) => {
            let moment = units::moment(lexicon, at_ms, zone);
            lexicon.phrase("page-private", &Args::new().ours("moment", moment))
        }
        PageText::KeptUntil(at_ms) => dated("page-kept-until", at_ms),
        PageText::Picture(at_ms) => dated("page-alt", at_ms),
        PageText::Gallery => lexicon.word("page-gallery").to_owned(),
        PageText::Download => lexicon.word("page-download").to_owned(),
        PageText::DownloadAll => lexicon.word("page-download-all").to_owned(),
        PageText::Expired => lexicon.word("page-expired").to_owned(),
        PageText::Empty => lexicon.word("page-empty").to_owned(),
        PageText::OpenChat => lexicon.word("page-open-chat").to_owned(),
        PageText::Older => lexicon.word("page-older").to_owned(),
        PageText::Newest => lexicon.word("page-newest").to_owned(),
        PageText::Close => lexicon.word("page-close").to_owned(),
        PageText::NotFound => lexicon.word("page-not-found").to_owned(),
        PageText::Support => lexicon.word("label-support-link").to_owned(),
        PageText::Paid => lexicon.word("page-paid").to_owned(),
        PageText::NotPaid => lexicon.word("page-not-paid").to_owned(),
        PageText::Portal => lexicon.word("page-portal").to_owned(),
        PageText::PortalNote => lexicon.word("page-portal-note").to_owned(),
        PageText::PortalOpen => lexicon.word("page-portal-open").to_owned(),
        PageText::PortalLater => lexicon.word("page-portal-later").to_owned(),
        PageText::PortalExpired => lexicon.word("page-portal-expired").to_owned(),
        PageText::Skip => lexicon.word("page-skip").to_owned(),
        PageText::LinkAsked(channel) => {
            let channel = lexicon.phrase("channel", &Args::new().ours("channel", channel));
            lexicon.phrase("page-link-asked", &Args::new().ours("channel", channel))
        }
        PageText::Link => lexicon.word("page-link").to_owned(),
        PageText::LinkWarn => lexicon.word("page-link-warn").to_owned(),
        PageText::LinkGoogle => lexicon.word("page-link-google").to_owned(),
        PageText::LinkEmail => lexicon.word("page-link-email").to_owned(),
        PageText::LinkSend => lexicon.word("page-link-send").to_owned(),
        PageText::LinkSent => lexicon.word("page-link-sent").to_owned(),
        PageText::LinkCode => lexicon.word("page-link-code").to_owned(),
        PageText::LinkCheck => lexicon.word("page-link-check").to_owned(),
        PageText::LinkDone => lexicon.word("page-link-done").to_owned(),
        PageText::LinkDoneMore => lexicon.word("page-link-done-more").to_owned(),
        PageText::LinkWrong => lexicon.word("page-link-wrong").to_owned(),
        PageText::LinkWait => lexicon.word("page-link-wait").to_owned(),
        PageText::LinkLater => lexicon.word("page-link-later").to_owned(),
        PageText::LinkExpired => lexicon.word("page-link-expired").to_owned(),
        PageText::LinkAgain => lexicon.word("page-link-again").to_owned(),
        PageText::LetterChat(channel) => {
            let channel = lexicon.phrase("channel", &Args::new().ours("channel", channel));
            lexicon.phrase("page-letter-chat", &Args::new().ours("channel", channel))
        }
        PageText::Letter => lexicon.word("page-letter").to_owned(),
        PageText::LetterMore => lexicon.word("page-letter-more").to_owned(),
        PageText::LetterUndo => lexicon.word("page-letter-undo").to_owned(),
        PageText::LetterUndone => lexicon.word("page-letter-undone").to_owned(),
        PageText::LetterUndoneMore => lexicon.word("page-letter-undone-more").to_owned(),
        PageText::LetterOver => lexicon.word("page-letter-over").to_owned(),
        PageText::LetterOverMore => lexicon.word("page-letter-over-more").to_owned(),
        PageText::LetterPressed => lexicon.word("page-letter-pressed").to_owned(),
        PageText::LetterPressedMore => lexicon.word("page-letter-pressed-more").to_owned(),
        PageText::LetterExpired => lexicon.word("page-letter-expired").to_owned(),
    }
}
