//! Messages to members, and greetings to their contacts.
//!
//! Source: developer.work.weixin.qq.com/document/path/90236, 94888 and 92137.

use picdesk_core::{
    channel::{Content, OutboundFile, OutboundMessage, Refusal, Text},
    id::MessageId,
};
use serde_json::{Value, json};

use super::{
    Carried, Names, NoPlan, Plan, Send, as_line, card,
    card::Words,
    earlier,
    text::{cut, markdown, plain, split},
    tokens,
};
use crate::{
    address::{Address, At},
    call::{Api, Call},
    config::{CARD_BUTTONS_MAX, TEXT_BYTES_MAX},
};

/// Parts of a long text.
const PARTS_MAX: usize = 5;

/// For how long WeCom drops a second message of the same words, seconds. Long enough for our own
/// repeats after an outcome that nobody knows; short enough that the same question, asked twice,
/// is answered twice.
const DUPLICATE_S: u32 = 120;

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
    let send = Send::new(Call::post(Api::SendWelcomeMsg, &body), names.next(true));
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
                Some(At::Card(code)) if self.fits_card(text) => {
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
                Some(At::Card(code)) if self.message.buttons.iter().all(Vec::is_empty) => {
                    let done = json!({ "replace_name": DONE });
                    plan.sends.push(self.update(code, ("button", done)));
                }
                _ => return Err(NoPlan::Nothing),
            },
            Content::Removed { .. } => match place {
                Some(At::Message(id)) => plan.sends.push(self.recall(id)),
                Some(At::Card(_)) => self.finish_card(place.as_ref(), &mut plan),
                Some(At::Code(_) | At::Coming { .. }) | None => return Err(NoPlan::Nothing),
            },
            Content::Invoice(_) => return Err(NoPlan::Refused(Refusal::Content)),
            Content::CloseTopic | Content::ReopenTopic if self.to == To::Operators => {
                return Err(NoPlan::Nothing);
            }
            Content::OpenTopic { .. }
            | Content::CloseTopic
            | Content::ReopenTopic
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
        let mut body = json!({
            "touser": self.user,
            "agentid": self.frame.agent_id,
            "msgtype": kind,
            kind: content,
        });
        // That an answer arrived is said in the same words each time.
        if self.to == To::One {
            body["enable_duplicate_check"] = json!(1);
            body["duplicate_check_interval"] = json!(DUPLICATE_S);
        }
        Send::new(Call::post(Api::MessageSend, &body), self.names.next(essential))
    }

    fn update(&mut self, code: &str, (key, change): (&str, Value)) -> Send {
        let body = json!({
            "userids": [self.user],
            "agentid": self.frame.agent_id,
            "response_code": code,
            key: change,
        });
        Send::new(Call::post(Api::UpdateTemplateCard, &body), self.names.next(true))
    }

    fn recall(&mut self, id: &str) -> Send {
        let call = Call::post(Api::MessageRecall, &json!({ "msgid": id }));
        Send::new(call, self.names.next(true)).optional()
    }

    /// The buttons of the card whose place is taken have had their time.
    fn finish_card(&mut self, place: Option<&At<'_>>, plan: &mut Plan) {
        if let Some(At::Card(code)) = place {
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

    /// Words with their buttons: as a card where that shows all of it, as a text before the card
    /// where it does not, as numbered lines where there are too many buttons.
    fn words(&mut self, text: &Text, essential: bool, plan: &mut Plan) {
        let buttons = card::count(&self.message.buttons);
        let mut text = text.clone();
        for line in card::copies(&self.message.buttons) {
            text.text.push('\n');
            text.text.push_str(&line);
        }
        if buttons > CARD_BUTTONS_MAX.into() {
            self.number(&mut text, plan);
        }
        let words = Words::of(&text.text);
        let has_card = (1..=CARD_BUTTONS_MAX.into()).contains(&buttons);
        if !has_card || !words.whole {
            self.say(&text, essential, plan);
        }
        if has_card {
            let card = card::card(self.message, &words);
            plan.sends.push(self.send("template_card", &card, essential));
        }
    }

    fn number(&self, text: &mut Text, plan: &mut Plan) {
        for (number, (label, token)) in (1_usize..).zip(tokens(&self.message.buttons)) {
            text.text.extend(["\n", &number.to_string(), ". ", label]);
            plan.numbered.push(token.to_owned());
        }
        plan.numbers_from = 1;
        for line in self.message.buttons.iter().flatten().filter_map(as_line) {
            text.text.push('\n');
            text.text.push_str(&line);
        }
    }

    fn say(&mut self, text: &Text, essential: bool, plan: &mut Plan) {
        if let Some(markdown) = markdown(text).filter(|marked| marked.len() <= TEXT_BYTES_MAX) {
            let content = json!({ "content": markdown });
            plan.sends.push(self.send("markdown", &content, essential));
            return;
        }
        for part in split(&plain(&text.text), TEXT_BYTES_MAX, PARTS_MAX) {
            let content = json!({ "content": part });
            plan.sends.push(self.send("text", &content, essential));
        }
    }
}
