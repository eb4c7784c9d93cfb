//! Accounts, who answers for them, and links to them.

use serde_json::{Value, json};

use super::require_account;
use crate::wecom::methods::Call;
use crate::wecom::people::{Account, Reception, Servicer};
use crate::wecom::record::{Record, Way};
use crate::wecom::refusal::Refusal;
use crate::wecom::state::State;

/// Longest name of an account, characters. Source: document 94662.
const NAME_MAX: usize = 16;
/// Longest scene, bytes. Source: document 94665.
const SCENE_MAX: usize = 32;

/// The accounts the app manages.
pub fn account_list(state: &State, call: &Call) -> Result<Value, Refusal> {
    let number = |name: &str, or| call.body.get(name).map_or(Some(or), Value::as_u64);
    let (offset, limit) = (number("offset", 0), number("limit", 100));
    let limit = limit.filter(|it| (1..=100).contains(it));
    let limit = limit.ok_or_else(|| Refusal::parameter("limit"))?;
    let offset = offset.ok_or_else(|| Refusal::parameter("offset"))?;
    let world = state.world();
    let list = world.accounts.values().map(|account| {
        json!({
            "open_kfid": account.open_kfid, "name": account.name,
            "avatar": format!("{}/avatar/{}", state.base_url, account.open_kfid),
            "manage_privilege": account.managed,
        })
    });
    let skip = usize::try_from(offset).unwrap_or(usize::MAX);
    let take = usize::try_from(limit).unwrap_or(100);
    let list: Vec<Value> = list.skip(skip).take(take).collect();
    Ok(json!({"account_list": list}))
}

/// A new account.
pub fn account_add(state: &State, call: &Call) -> Result<Value, Refusal> {
    let name = call.body.get("name").and_then(Value::as_str).unwrap_or_default();
    if name.is_empty() || name.chars().count() > NAME_MAX {
        return Err(Refusal::new(95006, "invalid kf account name"));
    }
    let mut world = state.world();
    let number = world.next();
    let open_kfid = format!("wk{}{number:x}", state.word(24));
    let alias = format!("account-{number}");
    let account = Account {
        open_kfid: open_kfid.clone(),
        alias,
        name: name.to_owned(),
        managed: true,
        servicers: Vec::new(),
    };
    world.keep(Record::Account(account));
    Ok(json!({"open_kfid": open_kfid}))
}

/// No account any more.
pub fn account_del(state: &State, call: &Call) -> Result<Value, Refusal> {
    let mut world = state.world();
    let open_kfid = require_account(&world, &call.body)?;
    world.keep(Record::AccountGone(open_kfid));
    Ok(json!({}))
}

/// Who answers. Here 0 receives and 1 does not; the event has 1 and 2. Source: document 94645.
pub fn servicer_list(state: &State, call: &Call) -> Result<Value, Refusal> {
    let world = state.world();
    let named = call.query.get("open_kfid").cloned().unwrap_or_default();
    let open_kfid = require_account(&world, &json!({"open_kfid": named}))?;
    let servicers = world.accounts.get(&open_kfid).map(|it| it.servicers.as_slice());
    let list = servicers.unwrap_or_default().iter().map(|servicer| {
        let mut view = json!({
            "userid": servicer.userid,
            "status": i64::from(servicer.reception != Reception::Receiving),
        });
        match servicer.reception {
            Reception::Receiving => {}
            Reception::Stopped => view["stop_type"] = json!(0),
            Reception::Suspended => view["stop_type"] = json!(1),
        }
        view
    });
    Ok(json!({"servicer_list": list.collect::<Vec<Value>>()}))
}

/// Somebody answers from now on.
pub fn servicer_add(state: &State, call: &Call) -> Result<Value, Refusal> {
    change_servicers(state, call, |servicers, userid| {
        if servicers.iter().any(|it| it.userid == userid) {
            return false;
        }
        let reception = Reception::Receiving;
        servicers.push(Servicer { userid: userid.to_owned(), reception });
        true
    })
}

/// Somebody answers no more.
pub fn servicer_del(state: &State, call: &Call) -> Result<Value, Refusal> {
    change_servicers(state, call, |servicers, userid| {
        let before = servicers.len();
        servicers.retain(|it| it.userid != userid);
        servicers.len() < before
    })
}

fn change_servicers(
    state: &State,
    call: &Call,
    change: impl Fn(&mut Vec<Servicer>, &str) -> bool,
) -> Result<Value, Refusal> {
    let mut world = state.world();
    let open_kfid = require_account(&world, &call.body)?;
    let userids = call.body.get("userid_list").and_then(Value::as_array);
    let userids = userids.filter(|list| (1..=100).contains(&list.len()));
    let userids = userids.ok_or_else(|| Refusal::parameter("userid_list"))?;
    let Some(mut account) = world.accounts.get(&open_kfid).cloned() else {
        return Err(Refusal::new(95000, "invalid open_kfid"));
    };
    let mut results = Vec::new();
    for userid in userids.iter().filter_map(Value::as_str) {
        let result = match world.member(userid) {
            None => json!({"userid": userid, "errcode": 40003, "errmsg": "invalid userid"}),
            Some(member) if !member.visible => {
                json!({"userid": userid, "errcode": 60030, "errmsg": "out of visible range"})
            }
            Some(member) => {
                let is_changed = change(&mut account.servicers, &member.userid);
                let errmsg = if is_changed { "success" } else { "ignored" };
                json!({"userid": userid, "errcode": 0, "errmsg": errmsg})
            }
        };
        results.push(result);
    }
    world.keep(Record::Account(account));
    Ok(json!({"result_list": results}))
}

/// A link to an account.
pub fn add_contact_way(state: &State, call: &Call) -> Result<Value, Refusal> {
    let mut world = state.world();
    let open_kfid = require_account(&world, &call.body)?;
    let scene = call.body.get("scene").and_then(Value::as_str).unwrap_or_default();
    let letters = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    if scene.len() > SCENE_MAX || !scene.bytes().all(letters) {
        return Err(Refusal::parameter("scene"));
    }
    // The same scene leads to the same link.
    let known = world
        .ways
        .values()
        .find(|way| way.open_kfid.as_deref() == Some(&open_kfid) && way.scene == scene);
    if let Some(way) = known {
        return Ok(json!({"url": way.name}));
    }
    let path = state.word(16).to_lowercase();
    let mut url = format!("https://work.weixin.qq.com/kf/kfc{path}");
    if !scene.is_empty() {
        url = format!("{url}?enc_scene=ENC{}", state.word(24));
    }
    let way = Way {
        name: url.clone(),
        open_kfid: Some(open_kfid),
        scene: scene.to_owned(),
        userids: Vec::new(),
    };
    world.keep(Record::Way(way));
    Ok(json!({"url": url}))
}
