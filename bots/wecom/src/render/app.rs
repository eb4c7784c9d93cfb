//! Messages to members, and greetings to their contacts.
//!
//! Source: developer.work.weixin.qq.com/document/path/90236, 94888 and 92137.

use picdesk_core::{
    channel::{Button, ButtonTarget, Content, OutboundFile, OutboundMessage, Refusal, Text},
    id::MessageId,
};
use serde_json::{Value, json};

use super::{
    Carried, InWecom, Names, NoPlan, Plan, Send, as_line, card,
    card::Words,
    earlier,
    text::{cut, has_address, markdown, plain, split},
    tokens,
};
use crate::{
    address::{Address, At, SendName},
    call::{Api, Call},
    config::{CARD_BUTTONS_MAX, TEXT_BYTES_MAX},
};

/// Parts of a long text.
const PARTS_MAX: usize = 5;

/// For how long WeCom drops a request that is equal to the last letter, seconds: from and to. Long
/// enough for our own repeats after an outcome that nobody knows. Source: 90236,
/// four hours at most.
const DUPLICATE_S: std::ops::Range<i64> = 600..14_399;

/// A number that tells the sends of one message apart; more than there are of them.
const SENDS_APART: i64 = 16;

/// What a button may have beside its words where it is a choice of a line, bytes.
const NUMBER_BYTES_MAX: usize = 8;

/// What stands between the choices of a line.
const CHOICES_APART: &str = " · ";

/// What stands on a card whose buttons are done with.
const DONE: &str = "✓";

/// Longest text of a greeting, bytes. Source: 92137.
const WELCOME_BYTES_MAX: usize = 4000;

/// What a message needs to know of the app.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'f> {
    /// The app's number.
    pub agent_id: u64,
    /// Where contacts are led by their greeting; empty for nowhere.
    pub contact_link: &'f str,
    /// Members who are operators.
    pub operators: &'f [String],
    /// The time, milliseconds since the epoch.
    pub now: i64,
}

/// Renders a message; `edit` is the earlier message whose place it takes.
///
/// # Errors
/// Where there are no calls to be made.
pub fn render_app(
    message: &OutboundMessage,
    edit: Option<&MessageId>,
    file: Option<OutboundFile>,
    frame: Frame<'_>,
) -> Result<Plan, NoPlan> {
    match Address::of(&message.conversation) {
        Some(Address::Member { user }) => {
            let names = Names::of(message.id);
            let draft = Draft { message, user: &user, to: To::One, frame, names };
            draft.render(edit, file)
        }
        Some(Address::Desk { case }) => {
            if frame.operators.is_empty() {
                return Err(NoPlan::Refused(Refusal::ConversationGone));
            }
            let (user, names) = (frame.operators.join("|"), Names::of(message.id));
            let message = &under_code(message, &case);
            let draft = Draft { message, user: &user, to: To::Operators, frame, names };
            draft.render(None, file)
        }
        Some(Address::Contact { .. }) => welcome(message, frame),
        Some(Address::Customer { .. } | Address::Talk { .. }) | None => {
            Err(NoPlan::Refused(Refusal::ConversationGone))
        }
    }
}

/// How many calls of `message/send` a message costs at most, whatever it takes the place of.
#[must_use]
pub fn sends(message: &OutboundMessage, frame: Frame<'_>) -> u32 {
    if let Some(sends) = sends_of_short_words(message) {
        return sends;
    }
    let file = OutboundFile::Known { handle: String::new() };
    let plan = render_app(message, None, Some(file), frame).unwrap_or_default();
    let counts = |send: &&Send| send.call.api == Api::MessageSend;
    u32::try_from(plan.sends.iter().filter(counts).count()).unwrap_or(u32::MAX)
}

/// The same, without rendering it, for words that are one text to a member in any case: most of
/// what is said is.
fn sends_of_short_words(message: &OutboundMessage) -> Option<u32> {
    let Content::Text(text) = &message.content else { return None };
    let Some(Address::Member { .. }) = Address::of(&message.conversation) else { return None };
    let button = |button: &Button| {
        let target = match &button.target {
            ButtonTarget::Token(_) => 0,
            ButtonTarget::Url(text) | ButtonTarget::Copy(text) => text.len(),
        };
        button.label.len() + target + NUMBER_BYTES_MAX
    };
    let buttons: usize = message.buttons.iter().flatten().map(button).sum();
    // What may be taken for markup becomes longer, twice at most.
    if 2 * (text.text.len() + buttons) > TEXT_BYTES_MAX {
        return None;
    }
    let has_card = (1..=CARD_BUTTONS_MAX.into()).contains(&card::count(&message.buttons));
    Some(1 + u32::from(has_card))
}

/// For how long this send's like is dropped. It is in the request, so that no two messages of ours
/// are equal, whatever they say, and a repeat of one is equal to it.
fn duplicate_s(name: SendName) -> i64 {
    let number = name.outbound.0.wrapping_mul(SENDS_APART).wrapping_add(name.part.into());
    DUPLICATE_S.start + number.rem_euclid(DUPLICATE_S.end - DUPLICATE_S.start)
}

/// A contact takes one message: the greeting that their coming allows.
fn welcome(message: &OutboundMessage, frame: Frame<'_>) -> Result<Plan, NoPlan> {
    let code = message.reply_to.as_ref().map(At::of);
    let (Some(At::Coming { code, state }), Content::Text(text)) = (code, &message.content) else {
        return Err(NoPlan::Refused(Refusal::ConversationGone));
    };
    let content = cut(&text.text, WELCOME_BYTES_MAX);
    let mut body = json!({ "welcome_code": code, "text": { "content": content } });
    if !frame.contact_link.is_empty() {
        let title = cut(text.text.lines().next().unwrap_or_default(), 128);
        // What brought them comes back when they enter by the link. Source: 94677, `scene_param`.
        let said: String = url::form_urlencoded::byte_serialize(state.as_bytes()).collect();
        // A plus is a blank in forms alone.
        let said = said.replace('+', "%20");
        let url = match said.as_str() {
            "" => frame.contact_link.to_owned(),
            said => format!("{}&scene_param={said}", frame.contact_link),
        };
        let link = json!({ "title": title, "url": url });
        body["attachments"] = json!([{ "msgtype": "link", "link": link }]);
    }
    let mut names = Names::of(message.id);
    let send = Send::new(Call::post(Api::SendWelcomeMsg, body), names.next(true));
    Ok(Plan { sends: vec![send], ..Plan::default() })
}

/// A message about a case, with the case's code before its words: operators have one chat for all.
fn under_code(message: &OutboundMessage, case: &str) -> OutboundMessage {
    let head = format!("{case} · ");
    let mut message = message.clone();
    if let Content::Text(text)
    | Content::Picture { caption: text, .. }
    | Content::Forward { caption: text, .. } = &mut message.content
        && !text.text.starts_with(case)
    {
        text.text.insert_str(0, &head);
        for span in &mut text.spans {
            span.start += head.len();
            span.end += head.len();
        }
    }
    message
}

/// To how many a message goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum To {
    /// To one member.
    One,
    /// To all operators.
    Operators,
}

struct Draft<'d> {
    message: &'d OutboundMessage,
    user: &'d str,
    to: To,
    frame: Frame<'d>,
    names: Names,
}

impl Draft<'_> {
    fn render(
        mut self,
        edit: Option<&MessageId>,
        file: Option<OutboundFile>,
    ) -> Result<Plan, NoPlan> {
        let mut plan = Plan::default();
        let place = earlier(edit);
        let now = self.frame.now;
        match &self.message.content {
            Content::Text(text) => match place {
                // Whoever pressed it sees it: nobody reads cards in WeChat.
                Some(At::Pressed(code)) if self.fits_card(text) => {
                    let card = card::card(self.message, &Words::of(&text.text));
                    let change = ("template_card", card);
                    plan.sends.push(self.update(code, change));
                }
                place => {
                    self.finish_card(place.as_ref(), &mut plan);
                    self.words(text, true, &mut plan);
                }
            },
            Content::Picture { caption, .. } | Content::Forward { caption, .. } => {
                self.finish_card(place.as_ref(), &mut plan);
                Carried::of(file, "image", now).into_plan(&mut plan)?;
                plan.sends.push(self.send("image", &json!({}), true).carrying("image"));
                self.under(caption, &mut plan);
            }
            Content::Original { caption, .. } => {
                Carried::of(file, "file", now).into_plan(&mut plan)?;
                plan.sends.push(self.send("file", &json!({}), true).carrying("file"));
                self.under(caption, &mut plan);
            }
            Content::Buttons => match place {
                Some(At::Card(code) | At::Pressed(code))
                    if self.message.buttons.iter().all(Vec::is_empty) =>
                {
                    let done = json!({ "replace_name": DONE });
                    plan.sends.push(self.update(code, ("button", done)));
                }
                _ => return Err(NoPlan::Nothing),
            },
            Content::Removed { .. } => match place {
                Some(At::Message(id)) => plan.sends.push(self.recall(id)),
                Some(At::Card(_) | At::Pressed(_)) => {
                    self.finish_card(place.as_ref(), &mut plan);
                }
                Some(At::Code(_) | At::Coming { .. }) | None => return Err(NoPlan::Nothing),
            },
            Content::Invoice(_) => return Err(NoPlan::Refused(Refusal::Content)),
            Content::CloseTopic | Content::ReopenTopic if self.to == To::Operators => {
                return Err(NoPlan::Nothing);
            }
            Content::OpenTopic { .. }
            | Content::CloseTopic
            | Content::ReopenTopic
            | Content::RemoveTopic
            | Content::HandOver { .. }
            | Content::HandBack { .. } => return Err(NoPlan::Refused(Refusal::TopicGone)),
        }
        Ok(plan)
    }

    fn fits_card(&self, text: &Text) -> bool {
        let buttons = card::count(&self.message.buttons);
        (1..=CARD_BUTTONS_MAX.into()).contains(&buttons) && Words::of(&text.text).whole
    }

    fn send(&mut self, kind: &str, content: &Value, essential: bool) -> Send {
        let name = self.names.next(essential);
        let body = json!({
            "touser": self.user,
            "agentid": self.frame.agent_id,
            "msgtype": kind,
            kind: content,
            "enable_duplicate_check": 1,
            "duplicate_check_interval": duplicate_s(name),
        });
        Send::new(Call::post(Api::MessageSend, body), name)
    }

    fn update(&mut self, code: &str, (key, change): (&str, Value)) -> Send {
        let body = json!({
            "userids": [self.user],
            "agentid": self.frame.agent_id,
            "response_code": code,
            key: change,
        });
        Send::new(Call::post(Api::UpdateTemplateCard, body), self.names.next(true))
    }

    fn recall(&mut self, id: &str) -> Send {
        let call = Call::post(Api::MessageRecall, json!({ "msgid": id }));
        Send::new(call, self.names.next(true)).optional()
    }

    /// The buttons of the card whose place is taken have had their time.
    fn finish_card(&mut self, place: Option<&At<'_>>, plan: &mut Plan) {
        if let Some(At::Card(code) | At::Pressed(code)) = place {
            let done = json!({ "replace_name": DONE });
            plan.sends.push(self.update(code, ("button", done)).optional());
        }
    }

    /// Words and buttons under a picture.
    fn under(&mut self, caption: &Text, plan: &mut Plan) {
        if !caption.text.is_empty() || !self.message.buttons.iter().all(Vec::is_empty) {
            self.words(caption, false, plan);
        }
    }

    /// Words with their buttons: as a text and a card, as numbered lines where there are too many
    /// buttons. Who reads in WeChat sees the text alone, so all of it is there, and what can be
    /// chosen is answered by its number; until they have pressed a card. Operators work in WeCom:
    /// what a card shows wholly is a card alone.
    fn words(&mut self, text: &Text, essential: bool, plan: &mut Plan) {
        let buttons = card::count(&self.message.buttons);
        let has_card = (1..=CARD_BUTTONS_MAX.into()).contains(&buttons);
        let mut text = text.clone();
        for line in card::copies(&self.message.buttons) {
            text.text.push('\n');
            text.text.push_str(&line);
        }
        let words = Words::of(&text.text);
        match (self.to, has_card) {
            (To::Operators, true) if words.whole => {}
            (To::Operators, true) => self.say(&text, essential, plan),
            (To::One, true) => {
                let shown = text.clone();
                self.list(&mut text, plan);
                self.say(&text, essential, plan);
                in_wecom(&text, &shown, plan);
            }
            (To::One | To::Operators, false) => {
                if buttons > 0 {
                    self.number(&mut text, plan);
                }
                self.say(&text, essential, plan);
                if self.to == To::One {
                    in_wecom(&text, &text, plan);
                }
            }
        }
        if has_card {
            let words = if self.to == To::One { words.head() } else { words };
            let card = card::card(self.message, &words);
            plan.sends.push(self.send("template_card", &card, essential));
        }
    }

    /// What can be chosen, in a line, and where else the buttons lead: what the card beside shows.
    fn list(&self, text: &mut Text, plan: &mut Plan) {
        let mut choices = String::new();
        for (number, (label, token)) in (1_usize..).zip(tokens(&self.message.buttons)) {
            if number > 1 {
                choices.push_str(CHOICES_APART);
            }
            choices.push_str(&number.to_string());
            choices.push(' ');
            choices.push_str(label);
            plan.numbered.push(token.to_owned());
        }
        let leads = |button: &&Button| matches!(button.target, ButtonTarget::Url(_));
        let links = self.message.buttons.iter().flatten().filter(leads).filter_map(as_line);
        for line in links.chain(Some(choices).filter(|line| !line.is_empty())) {
            if !text.text.is_empty() {
                text.text.push('\n');
            }
            text.text.push_str(&line);
        }
    }

    fn number(&self, text: &mut Text, plan: &mut Plan) {
        for (number, (label, token)) in (1_usize..).zip(tokens(&self.message.buttons)) {
            text.text.extend(["\n", &number.to_string(), ". ", label]);
            plan.numbered.push(token.to_owned());
        }
        for line in self.message.buttons.iter().flatten().filter_map(as_line) {
            text.text.push('\n');
            text.text.push_str(&line);
        }
    }

    fn say(&mut self, text: &Text, essential: bool, plan: &mut Plan) {
        // Markdown is not shown in WeChat, not even its words, and operators work in WeCom.
        // Source: 90236.
        let markdown = markdown(text).filter(|marked| marked.len() <= TEXT_BYTES_MAX);
        if let (To::Operators, Some(markdown)) = (self.to, markdown) {
            let content = json!({ "content": markdown });
            plan.sends.push(self.send("markdown", &content, essential));
            return;
        }
        for part in parts(text) {
            let content = json!({ "content": part });
            plan.sends.push(self.send("text", &content, essential));
        }
    }
}

/// A text as the messages that it becomes.
fn parts(text: &Text) -> Vec<String> {
    split(&plain(&text.text), TEXT_BYTES_MAX, PARTS_MAX)
}

/// Whoever reads in WeCom sees of `text`, which was said last, what is `shown` on no card beside
/// it, and sees its emphasis. Whether an address in markdown can be pressed is written down
/// nowhere, so words with one stay a text.
fn in_wecom(text: &Text, shown: &Text, plan: &mut Plan) {
    let Some(last) = plan.sends.last_mut() else { return };
    if shown.text.trim().is_empty() {
        last.in_wecom = InWecom::Nothing;
        return;
    }
    let marked = markdown(shown).filter(|it| it.len() <= TEXT_BYTES_MAX && !has_address(it));
    match (parts(text).as_slice(), marked) {
        ([_], Some(marked)) => last.instead("markdown", &marked),
        ([.., end], _) if text != shown => {
            let beside = plain(text.text[shown.text.len()..].trim_start());
            let words = end.strip_suffix(beside.as_str()).unwrap_or(end).trim_end();
            match words {
                "" => last.in_wecom = InWecom::Nothing,
                words => last.instead("text", words),
            }
        }
        _ => {}
    }
}
