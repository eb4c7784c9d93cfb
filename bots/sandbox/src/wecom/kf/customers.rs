//! `kf/customer/batchget`.

use serde_json::{Value, json};

use crate::wecom::methods::Call;
use crate::wecom::refusal::Refusal;
use crate::wecom::state::State;

/// Who customers are, of those who wrote or came within 48 h. Source: document 95159.
pub fn batch_get(state: &State, call: &Call) -> Result<Value, Refusal> {
    let now_ms = state.now_ms();
    let ids = call.body.get("external_userid_list").and_then(Value::as_array);
    let ids = ids.filter(|list| (1..=100).contains(&list.len()));
    let ids = ids.ok_or_else(|| Refusal::parameter("external_userid_list"))?;
    let wants_context = call.body.get("need_enter_session_context") == Some(&json!(1));
    let world = state.world();
    let (mut known, mut invalid) = (Vec::new(), Vec::new());
    for id in ids.iter().filter_map(Value::as_str) {
        let mut sessions = world.sessions.values().filter(|it| it.customer == id);
        let active = sessions.clone().any(|it| it.is_active(now_ms));
        let Some(customer) = world.customers.get(id).filter(|_| active) else {
            invalid.push(id);
            continue;
        };
        let mut view = json!({
            "external_userid": id, "nickname": customer.nickname,
            "avatar": format!("{}/avatar/{id}", state.base_url), "gender": 0,
        });
        let came_by = sessions.find_map(|it| it.came_by.clone());
        if let Some((scene, parameter)) = came_by.filter(|_| wants_context) {
            view["enter_session_context"] = json!({"scene": scene, "scene_param": parameter});
        }
        known.push(view);
    }
    Ok(json!({"customer_list": known, "invalid_external_userid": invalid}))
}
