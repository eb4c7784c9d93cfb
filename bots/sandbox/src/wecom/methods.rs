//! The calls of the desk, by path.

#![expect(clippy::unnecessary_wraps, reason = "all paths have one signature")]

use std::collections::HashMap;

use axum::body::Bytes;
use serde_json::{Value, json};

use super::refusal::Refusal;
use super::state::State;
use super::{app, bot, contacts, kf, media, robot, tokens};

/// A file that came in a form.
#[derive(Debug, Clone)]
pub struct Upload {
    /// The name of the part.
    pub field: String,
    /// As the caller named the file.
    pub name: String,
    /// The whole file.
    pub bytes: Bytes,
}

/// A call, read.
#[derive(Debug, Default)]
pub struct Call {
    /// What stands after `/cgi-bin/`.
    pub path: String,
    /// The query.
    pub query: HashMap<String, String>,
    /// The body, where it is JSON; null otherwise.
    pub body: Value,
    /// The body as it came.
    pub raw: Bytes,
    /// The files of a form.
    pub files: Vec<Upload>,
}

impl Call {
    /// Whom and what it is about, for faults of one person or account.
    pub fn owners(&self) -> Vec<&str> {
        let fields = ["touser", "open_kfid", "external_userid", "userid"];
        let in_body = fields.iter().filter_map(|name| self.body.get(*name)?.as_str());
        let in_query = fields.iter().filter_map(|name| Some(self.query.get(*name)?.as_str()));
        in_body.chain(in_query).flat_map(|it| it.split('|')).collect()
    }
}

type Method = fn(&State, &Call) -> Result<Value, Refusal>;

/// What shows that a call is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pass {
    /// `access_token`.
    Token,
    /// Something of its own.
    Own,
}

/// One path.
#[derive(Debug)]
pub struct Path {
    /// What stands after `/cgi-bin/`.
    pub name: &'static str,
    /// What shows that it is allowed.
    pub pass: Pass,
    /// What it does.
    pub run: Method,
}

const fn path(name: &'static str, run: Method) -> Path {
    Path { name, pass: Pass::Token, run }
}

const fn own(name: &'static str, run: Method) -> Path {
    Path { name, pass: Pass::Own, run }
}

/// All but `media/get`, which answers with bytes.
static PATHS: [Path; 37] = [
    path("agent/get", agent_get),
    own("aibot/response", bot::respond_late),
    path("externalcontact/add_contact_way", contacts::add_contact_way),
    path("externalcontact/get", contacts::get),
    path("externalcontact/get_contact_way", contacts::get_contact_way),
    path("externalcontact/send_welcome_msg", contacts::send_welcome),
    path("get_api_domain_ip", api_ips),
    path("getcallbackip", callback_ips),
    own("gettoken", tokens::get_token),
    path("kf/account/add", kf::account_add),
    path("kf/account/del", kf::account_del),
    path("kf/account/list", kf::account_list),
    path("kf/add_contact_way", kf::add_contact_way),
    path("kf/customer/batchget", kf::batch_get),
    path("kf/recall_msg", kf::recall),
    path("kf/send_msg", kf::send),
    path("kf/send_msg_on_event", kf::send_on_event),
    path("kf/service_state/get", kf::state_get),
    path("kf/service_state/trans", kf::state_trans),
    path("kf/servicer/add", kf::servicer_add),
    path("kf/servicer/del", kf::servicer_del),
    path("kf/servicer/list", kf::servicer_list),
    path("kf/sync_msg", kf::sync),
    path("media/upload", media::upload),
    path("media/uploadimg", media::upload_image),
    path("menu/create", app::menu_create),
    path("menu/delete", app::menu_delete),
    path("menu/get", app::menu_get),
    path("message/recall", app::recall),
    path("message/send", app::send),
    path("message/update_template_card", app::update_card),
    path("user/get", user_get),
    path("user/getuserinfo", no_web_login),
    path("auth/getuserinfo", no_web_login),
    own("webhook/send", robot::send),
    own("webhook/upload_media", upload_of_robot),
    path("externalcontact/list", contact_list),
];

/// The path of a name.
pub fn find(name: &str) -> Option<&'static Path> {
    PATHS.iter().find(|it| it.name == name)
}

fn upload_of_robot(state: &State, call: &Call) -> Result<Value, Refusal> {
    robot::check_key(state, call)?;
    media::upload_of_robot(state, call)
}

fn callback_ips(_: &State, _: &Call) -> Result<Value, Refusal> {
    // The real list has stars in it. Source: document 92521.
    Ok(json!({"ip_list": ["127.0.0.1", "101.226.103.*"]}))
}

fn api_ips(_: &State, _: &Call) -> Result<Value, Refusal> {
    Ok(json!({"ip_list": ["127.0.0.1"]}))
}

fn agent_get(state: &State, call: &Call) -> Result<Value, Refusal> {
    let asked = call.query.get("agentid").and_then(|it| it.parse::<i64>().ok());
    if asked != Some(state.options.agent_id) {
        return Err(Refusal::new(301_002, "not allow operate another agent with this token"));
    }
    let world = state.world();
    let visible = world.members.values().filter(|it| it.visible);
    let users: Vec<Value> = visible.map(|it| json!({"userid": it.userid})).collect();
    Ok(json!({
        "agentid": state.options.agent_id, "name": state.options.app_name,
        "square_logo_url": format!("{}/avatar/app", state.base_url), "description": "",
        "allow_userinfos": {"user": users}, "close": 0, "redirect_domain": "",
        "report_location_flag": 0, "isreportenter": 1, "home_url": "",
    }))
}

fn user_get(state: &State, call: &Call) -> Result<Value, Refusal> {
    let id = call.query.get("userid").map(String::as_str).unwrap_or_default();
    let world = state.world();
    match world.member(id) {
        Some(it) if it.visible => Ok(json!({
            "userid": it.userid, "name": it.name, "department": [1], "status": 1,
        })),
        Some(_) => Err(Refusal::new(60011, "no privilege to access user")),
        None => Err(Refusal::new(60111, "userid not found")),
    }
}

fn contact_list(state: &State, call: &Call) -> Result<Value, Refusal> {
    let id = call.query.get("userid").map(String::as_str).unwrap_or_default();
    let world = state.world();
    let member = world.member(id).ok_or_else(|| Refusal::new(60111, "userid not found"))?;
    let theirs = world.customers.values();
    let theirs = theirs.filter(|it| it.contacts.iter().any(|one| one.userid == member.userid));
    let list: Vec<&str> = theirs.map(|it| it.external_userid.as_str()).collect();
    if list.is_empty() {
        return Err(Refusal::new(84061, "not external contact"));
    }
    Ok(json!({"external_userid": list}))
}

/// Nobody signs in over the web here.
fn no_web_login(_: &State, _: &Call) -> Result<Value, Refusal> {
    Err(Refusal::new(40029, "invalid code"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_stands_once() {
        let mut names: Vec<&str> = PATHS.iter().map(|it| it.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), PATHS.len());
        assert!(find("kf/send_msg").is_some() && find("kf/telepathy").is_none());
    }
}
