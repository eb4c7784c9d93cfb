//! Buttons and addresses that only we can make: what they say is covered by a message
//! authentication code, so that nothing about them is stored and nothing in them is believed.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use picdesk_core::{
    code,
    facts::PressedAction,
    id::{AccountId, ArtifactId, ConversationId, ErrandId, IdentityId, LinkId},
    letter::{Letter, NewLink, Refused},
    say::{Action, Verb},
};
use sha2::Sha256;

/// Bytes of the code on a button: it must fit, with the rest, in Telegram's 64 bytes, and a guess
/// costs a tap.
const BUTTON_CODE: usize = 8;
/// Bytes of the code in an address, which can be guessed at without a limit: 128 bits.
const ADDRESS_CODE: usize = 16;
/// How long a gallery address opens, milliseconds.
pub const GALLERY_MS: i64 = 24 * 3600 * 1000;
/// How long the address of the page before the payment provider's portal opens, milliseconds:
/// whoever has it is let in there.
pub const PORTAL_MS: i64 = 15 * 60 * 1000;

/// The key of an installation.
#[derive(Clone)]
pub struct Seal {
    key: Vec<u8>,
}

impl std::fmt::Debug for Seal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seal")
    }
}

/// What the address of a sign-in says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignInToken {
    /// The event in which it was asked for.
    pub seq: i64,
    /// Until when it opens, milliseconds since the epoch.
    pub until: i64,
    /// Who asked for it.
    pub by: IdentityId,
}

/// What the address in a letter about a new link says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LetterToken {
    /// What is refused by its button.
    pub refused: Refused,
    /// Where that happens.
    pub home: ConversationId,
    /// Until when it opens, milliseconds since the epoch.
    pub until: i64,
}

impl Seal {
    /// With the installation's own key.
    pub fn new(key: Vec<u8>) -> Self {
        Self { key }
    }

    fn mac(&self, parts: &[&[u8]]) -> Hmac<Sha256> {
        let mut mac = Hmac::new_from_slice(&self.key).expect("HMAC takes keys of any length");
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac
    }

    fn code(&self, parts: &[&[u8]], length: usize) -> Vec<u8> {
        let mut code = self.mac(parts).finalize().into_bytes().to_vec();
        code.truncate(length);
        code
    }

    fn is_code(&self, parts: &[&[u8]], code: &[u8]) -> bool {
        self.mac(parts).verify_truncated_left(code).is_ok()
    }

    /// The token of a button that only `presser` may press; anyone where there is none.
    pub fn button(&self, action: Action, presser: Option<&IdentityId>) -> String {
        // u8 verb · i64 row, big-endian · 8 bytes of code
        let mut bytes = vec![action.verb as u8];
        bytes.extend(action.row.to_be_bytes());
        let who = presser.map_or("*", IdentityId::as_str);
        let code = self.code(&[b"button", &bytes, who.as_bytes()], BUTTON_CODE);
        bytes.extend(code);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// What a token says it does, when it is ours and for whoever pressed.
    pub fn pressed(&self, token: &str, by: &IdentityId) -> PressedAction {
        self.read_button(token, by).map_or(PressedAction::Foreign, PressedAction::Ours)
    }

    fn read_button(&self, token: &str, by: &IdentityId) -> Option<Action> {
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (said, code) = bytes.split_at_checked(9)?;
        if code.len() != BUTTON_CODE {
            return None;
        }
        let ours = [by.as_str(), "*"]
            .into_iter()
            .any(|who| self.is_code(&[b"button", said, who.as_bytes()], code));
        let (verb, row) = said.split_first()?;
        let row = i64::from_be_bytes(row.try_into().ok()?);
        ours.then_some(Action { verb: Verb::from_number(*verb)?, row })
    }

    /// The payload of a link into the chat that opens a picture there, for whoever owns it.
    pub fn link(&self, artifact: ArtifactId) -> String {
        // i64 row, big-endian · 8 bytes of code: 22 letters of the 64 that Telegram takes
        let mut bytes = artifact.0.to_be_bytes().to_vec();
        bytes.extend(self.code(&[b"link", &bytes], BUTTON_CODE));
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The picture that a payload opens.
    pub fn read_link(&self, payload: &str) -> Option<ArtifactId> {
        let bytes = URL_SAFE_NO_PAD.decode(payload).ok()?;
        let (said, code) = bytes.split_at_checked(8)?;
        let row = i64::from_be_bytes(said.try_into().ok()?);
        let ours = code.len() == BUTTON_CODE && self.is_code(&[b"link", said], code);
        ours.then_some(ArtifactId(row))
    }

    /// What our names for purchases begin with: another one for each installation.
    pub fn tag(&self) -> String {
        format!("pd-{}", hex::encode(self.code(&[b"till"], 4)))
    }

    /// The token of an errand's object: whoever stores it again stores the same one.
    pub fn errand(&self, errand: ErrandId) -> String {
        let code = self.code(&[b"errand", &errand.0.to_be_bytes()], ADDRESS_CODE);
        format!("e{}", URL_SAFE_NO_PAD.encode(code))
    }

    /// The token of a picture's address, `/p/{token}`.
    pub fn picture(&self, artifact: ArtifactId) -> String {
        self.address(b"picture", &artifact.0.to_be_bytes())
    }

    /// The picture of a token.
    pub fn read_picture(&self, token: &str) -> Option<ArtifactId> {
        let said: [u8; 8] = self.read_address(b"picture", token)?.try_into().ok()?;
        Some(ArtifactId(i64::from_be_bytes(said)))
    }

    /// The token of the page before an account's portal, that opens until `until`.
    pub fn portal(&self, account: AccountId, until: i64) -> String {
        self.address(b"portal", &said_until(account, until))
    }

    /// The account of a portal's token, and until when it opens, while it does.
    pub fn read_portal(&self, token: &str, now: i64) -> Option<(AccountId, i64)> {
        let said = self.read_address(b"portal", token)?;
        let (account, until) = read_until(&said)?;
        (now < until).then_some((account, until))
    }

    /// The token of an account's gallery, `/g/{token}`, that opens until `until`.
    pub fn gallery(&self, account: AccountId, until: i64) -> String {
        self.address(b"gallery", &said_until(account, until))
    }

    /// The account of a gallery's token, and until when it opens, while it does.
    pub fn read_gallery(&self, token: &str, now: i64) -> Option<(AccountId, i64)> {
        let said = self.read_address(b"gallery", token)?;
        let (account, until) = read_until(&said)?;
        (now < until).then_some((account, until))
    }

    fn address(&self, purpose: &[u8], said: &[u8]) -> String {
        let mut bytes = said.to_vec();
        bytes.extend(self.code(&[purpose, said], ADDRESS_CODE));
        URL_SAFE_NO_PAD.encode(bytes)
    }

    fn read_address(&self, purpose: &[u8], token: &str) -> Option<Vec<u8>> {
        let mut bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let split = bytes.len().checked_sub(ADDRESS_CODE)?;
        let code = bytes.split_off(split);
        self.is_code(&[purpose, &bytes], &code).then_some(bytes)
    }

    /// The letters of a code that links chats, made of an event and a number.
    pub fn code_of(&self, seq: i64, number: i64) -> String {
        let hash = self.code(&[b"fresh code", &seq.to_be_bytes(), &number.to_be_bytes()], 8);
        let letters = code::LETTERS.len() as u64;
        let mut rest = hash.iter().fold(0_u64, |all, byte| (all << 8) | u64::from(*byte));
        let mut text = String::with_capacity(code::LENGTH);
        for _ in 0..code::LENGTH {
            let letter = usize::try_from(rest % letters).unwrap_or_default();
            text.push(code::LETTERS[letter]);
            rest /= letters;
        }
        text
    }

    /// A code by which somebody is invited, made of an event: 64 bits, so that nobody finds another
    /// one's by trying.
    pub fn invitation(&self, seq: i64) -> String {
        hex::encode(self.code(&[b"invitation", &seq.to_be_bytes()], 8))
    }

    /// What a code is found by: nobody can tell the code from it.
    pub fn code_hash(&self, code: &str) -> String {
        hex::encode(self.code(&[b"code", code.as_bytes()], ADDRESS_CODE))
    }

    /// The name under which an e-mail address is counted.
    pub fn email_key(&self, email: &str) -> String {
        hex::encode(self.code(&[b"e-mail", email.as_bytes()], ADDRESS_CODE))
    }

    /// The token of a sign-in's address, `/link/{token}`.
    pub fn sign_in(&self, told: &SignInToken) -> String {
        // i64 event · i64 until, both big-endian · who asked, as text
        let mut said = told.seq.to_be_bytes().to_vec();
        said.extend(told.until.to_be_bytes());
        said.extend(told.by.as_str().as_bytes());
        self.address(b"sign in", &said)
    }

    /// What a sign-in's token says, while it opens.
    pub fn read_sign_in(&self, token: &str, now: i64) -> Option<SignInToken> {
        let said = self.read_address(b"sign in", token)?;
        let (seq, rest) = said.split_at_checked(8)?;
        let (until, by) = rest.split_at_checked(8)?;
        let until = i64::from_be_bytes(until.try_into().ok()?);
        (now < until).then_some(SignInToken {
            seq: i64::from_be_bytes(seq.try_into().ok()?),
            until,
            by: IdentityId(std::str::from_utf8(by).ok()?.to_owned()),
        })
    }

    /// The token of the address in a letter, `/letter/{token}`, that opens until `until`.
    pub fn letter(&self, letter: &Letter, until: i64) -> String {
        let link = match letter.link {
            NewLink::Merged(link) => link.0,
            NewLink::SignedIn => 0,
        };
        // i64 until · i64 link, or 0, both big-endian · who, where, whose, as lines of text
        let mut said = until.to_be_bytes().to_vec();
        said.extend(link.to_be_bytes());
        let lines = [letter.by.as_str(), &letter.home.0, &letter.subject];
        said.extend(lines.join("\n").as_bytes());
        self.address(b"letter", &said)
    }

    /// What a letter's token says, while it opens.
    pub fn read_letter(&self, token: &str, now: i64) -> Option<LetterToken> {
        let said = self.read_address(b"letter", token)?;
        let (until, rest) = said.split_at_checked(8)?;
        let (link, lines) = rest.split_at_checked(8)?;
        let until = i64::from_be_bytes(until.try_into().ok()?);
        let link = match i64::from_be_bytes(link.try_into().ok()?) {
            0 => NewLink::SignedIn,
            link => NewLink::Merged(LinkId(link)),
        };
        let mut lines = std::str::from_utf8(lines).ok()?.split('\n');
        let (by, home, subject) = (lines.next()?, lines.next()?, lines.next()?);
        let refused = Refused { subject: subject.into(), by: IdentityId(by.into()), link };
        let home = ConversationId(home.into());
        (now < until).then_some(LetterToken { refused, home, until })
    }

    /// What only we can tell of a sign-in and a browser: the secret that ties both ends of the way
    /// together (PKCE), and what forms of ours bring back.
    pub fn of_browser(&self, purpose: &str, token: &str, browser: &str) -> String {
        let told = [purpose.as_bytes(), token.as_bytes(), browser.as_bytes()];
        URL_SAFE_NO_PAD.encode(self.code(&[b"browser", told[0], told[1], told[2]], 32))
    }

    /// A name for somebody that the provider may see: the same person has the same name, and
    /// nobody outside can tell whose it is.
    pub fn pseudonym(&self, account: AccountId) -> String {
        hex::encode(self.code(&[b"pseudonym", &account.0.to_be_bytes()], ADDRESS_CODE))
    }
}

// i64 account, big-endian · i64 milliseconds since the epoch, big-endian
fn said_until(account: AccountId, until: i64) -> Vec<u8> {
    [account.0.to_be_bytes(), until.to_be_bytes()].concat()
}

fn read_until(said: &[u8]) -> Option<(AccountId, i64)> {
    let (account, until) = said.split_at_checked(8)?;
    let until = i64::from_be_bytes(until.try_into().ok()?);
    let account = i64::from_be_bytes(account.try_into().ok()?);
    Some((AccountId(account), until))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seal() -> Seal {
        Seal::new(vec![7; 32])
    }

    #[test]
    fn a_button_comes_back_as_what_it_was_for_whom_it_was_made() {
        let (seal, alice, bob) =
            (seal(), IdentityId::from("telegram:1"), IdentityId::from("telegram:2"));
        for verb in Verb::ALL {
            let action = Action { verb, row: i64::MAX - verb as i64 };
            let token = seal.button(action, Some(&alice));
            assert!(token.len() <= 64);
            assert_eq!(seal.pressed(&token, &alice), PressedAction::Ours(action));
            assert_eq!(seal.pressed(&token, &bob), PressedAction::Foreign);
            let anyone = seal.button(action, None);
            assert_eq!(seal.pressed(&anyone, &bob), PressedAction::Ours(action));
        }
    }

    #[test]
    fn no_changed_token_is_ours() {
        let (seal, alice) = (seal(), IdentityId::from("telegram:1"));
        let token = seal.button(Action { verb: Verb::Again, row: 77 }, Some(&alice));
        let bytes = URL_SAFE_NO_PAD.decode(&token).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            let changed = URL_SAFE_NO_PAD.encode(changed);
            assert_eq!(seal.pressed(&changed, &alice), PressedAction::Foreign);
        }
        for cut in 0..token.len() {
            assert_eq!(seal.pressed(&token[..cut], &alice), PressedAction::Foreign);
        }
        assert_eq!(Seal::new(vec![8; 32]).pressed(&token, &alice), PressedAction::Foreign);
    }

    #[test]
    fn an_address_opens_one_thing_and_a_gallery_only_in_time() {
        let seal = seal();
        let picture = seal.picture(ArtifactId(5));
        assert_eq!(seal.read_picture(&picture), Some(ArtifactId(5)));
        assert_eq!(seal.read_gallery(&picture, 0), None);
        let gallery = seal.gallery(AccountId(9), 100);
        assert_eq!(seal.read_gallery(&gallery, 99), Some((AccountId(9), 100)));
        assert_eq!(seal.read_gallery(&gallery, 100), None);
        assert_eq!(seal.read_picture(&gallery), None);
        let portal = seal.portal(AccountId(9), 100);
        assert_eq!(seal.read_portal(&portal, 99), Some((AccountId(9), 100)));
        assert_eq!(seal.read_portal(&portal, 100), None);
        assert_eq!((seal.read_portal(&gallery, 0), seal.read_gallery(&portal, 0)), (None, None));
        let link = seal.link(ArtifactId(5));
        assert!(link.len() <= 64 && seal.read_link(&link) == Some(ArtifactId(5)));
        assert_eq!(seal.read_link(&picture), None);
        assert_eq!(seal.read_link("plans"), None);
        assert_eq!(seal.read_picture("…"), None);
    }
}
