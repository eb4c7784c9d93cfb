//! A house with a website: Supabase beside it, letters, and somebody's browser.

use std::sync::Mutex;

use picdesk_sandbox::{
    mail::{MailOptions, MailStandIn},
    supabase::{SupabaseOptions, SupabaseStandIn},
};
use reqwest::{Client, Response, header, redirect::Policy};

use super::House;

/// A website whose pages may ask for codes.
pub const ORIGIN: &str = "https://site.example";

pub(super) async fn start(seed: u64) -> (SupabaseStandIn, MailStandIn) {
    let options = SupabaseOptions { seed, ..SupabaseOptions::default() };
    let mail = MailStandIn::start(MailOptions { seed, ..MailOptions::default() }).await;
    (SupabaseStandIn::start(options).await.unwrap(), mail.unwrap())
}

/// The sections of Supabase's and of the mail server's.
pub(super) fn section((supabase, mail): &(SupabaseStandIn, MailStandIn)) -> String {
    let options = supabase.options();
    format!(
        "[supabase]\nurl = \"{}\"\npublishable_key = \"{}\"\nsecret_key = \"{}\"\n\
         site_origins = [\"{ORIGIN}\"]\n\
         [mail]\nsmtp_url = \"{}\"\nfrom = \"Desk <desk@example.com>\"\n",
        supabase.url(),
        options.publishable_key,
        options.secret_key,
        mail.smtp_url(),
    )
}

/// What is nobody else's business.
pub(super) fn canaries(
    (supabase, mail): &(SupabaseStandIn, MailStandIn),
) -> Vec<(&'static str, String)> {
    let options = supabase.options();
    let mut canaries = vec![
        ("the site's public key", options.publishable_key.clone()),
        ("the site's secret key", options.secret_key.clone()),
        ("the mail server's password", mail.options().password.clone()),
    ];
    canaries.extend(supabase.users().into_iter().map(|user| ("an address", user.email)));
    canaries.extend(supabase.users().into_iter().map(|user| ("a subject", user.id)));
    canaries
}

impl House {
    /// The website whose people sign in.
    pub fn site(&self) -> &SupabaseStandIn {
        &self.site.as_ref().expect("the house was given one").0
    }

    /// The mail server that takes our letters.
    pub fn mail(&self) -> &MailStandIn {
        &self.site.as_ref().expect("the house was given one").1
    }

    /// Waits for the letter to somebody after the first `after` letters; the code in it.
    pub async fn letter(&self, to: &str, after: usize) -> String {
        let found = async || {
            let mut mails = self.site().mails().into_iter().skip(after);
            mails.find(|mail| mail.to == to).map(|mail| mail.code)
        };
        self.until("a letter", found).await
    }

    /// How often the website was asked something.
    pub fn site_calls(&self, call: &str) -> usize {
        self.site().calls().iter().filter(|it| *it == call).count()
    }
}

/// Somebody's browser: it keeps our cookie and goes where it is sent.
#[derive(Debug)]
pub struct Browser {
    http: Client,
    cookie: Mutex<Option<String>>,
}

/// Where it ended, and what it shows.
#[derive(Debug)]
pub struct Page {
    /// The answer's status.
    pub status: u16,
    /// Where.
    pub url: String,
    /// The page.
    pub text: String,
}

impl Browser {
    /// One that knows nothing.
    pub fn new() -> Self {
        let http = Client::builder().no_proxy().redirect(Policy::none()).build().unwrap();
        Self { http, cookie: Mutex::default() }
    }

    fn with_cookie(&self, request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
        match self.cookie.lock().unwrap().clone() {
            Some(cookie) => request.header(header::COOKIE, cookie),
            None => request,
        }
    }

    /// Opens an address.
    pub async fn open(&self, url: &str) -> Page {
        let mut url = url.to_owned();
        let mut answer = self.with_cookie(self.http.get(&url)).send().await.unwrap();
        for _ in 0..10 {
            self.keep_cookie(&answer);
            let Some(next) = leads(&answer, &url) else { break };
            answer = self.with_cookie(self.http.get(&next)).send().await.unwrap();
            url = next;
        }
        self.keep_cookie(&answer);
        Page { status: answer.status().as_u16(), url, text: answer.text().await.unwrap() }
    }

    /// Sends a form.
    pub async fn send(&self, url: &str, fields: &[(&str, &str)]) -> Page {
        let body =
            url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let sent = self.with_cookie(self.http.post(url)).body(body);
        let sent = sent.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let answer = sent.send().await.unwrap();
        match leads(&answer, url) {
            Some(next) => self.open(&next).await,
            None => Page {
                status: answer.status().as_u16(),
                url: url.to_owned(),
                text: answer.text().await.unwrap(),
            },
        }
    }

    fn keep_cookie(&self, answer: &Response) {
        let Some(given) = answer.headers().get(header::SET_COOKIE) else { return };
        let (pair, rules) = given.to_str().unwrap().split_once(';').unwrap();
        assert!(rules.contains("HttpOnly") && rules.contains("SameSite=Lax"), "{rules}");
        *self.cookie.lock().unwrap() = Some(pair.to_owned());
    }

    /// On the page of a chat: asks for a letter, as somebody.
    pub async fn ask_for_letter(&self, page: &Page, email: &str) -> Page {
        self.send(&page.url, &[("proof", &page.field("proof")), ("email", email)]).await
    }

    /// And types the code in it.
    pub async fn type_code(&self, page: &Page, email: &str, code: &str) -> Page {
        let fields = [("proof", &*page.field("proof")), ("email", email), ("code", code)];
        self.send(&page.url, &fields).await
    }

    /// Goes by Google instead, as somebody.
    pub async fn by_google(&self, page: &Page, email: &str) -> Page {
        let hop = self.open(&format!("{}/google", page.url)).await;
        assert!(hop.text.contains("Choose an account"), "{hop:?}");
        self.send(&hop.url, &[("email", email)]).await
    }
}

impl Page {
    /// The value of a field.
    pub fn field(&self, name: &str) -> String {
        let begins = format!("name=\"{name}\" value=\"");
        let after = self.text.split_once(&begins).map(|(_, after)| after);
        after.and_then(|it| it.split_once('"')).map(|it| it.0.to_owned()).unwrap_or_default()
    }

    /// The code for the chat, if it shows one.
    pub fn code(&self) -> Option<String> {
        let (_, after) = self.text.split_once("<p class=\"code\" id=\"code\">")?;
        after.split_once('<').map(|(code, _)| code.to_owned())
    }
}

/// Where an answer sends a browser.
fn leads(answer: &Response, from: &str) -> Option<String> {
    if !answer.status().is_redirection() {
        return None;
    }
    let to = answer.headers().get(header::LOCATION)?.to_str().unwrap();
    Some(url::Url::parse(from).unwrap().join(to).unwrap().to_string())
}
