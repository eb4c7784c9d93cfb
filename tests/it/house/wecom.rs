//! WeCom's stand-in in the house, and what the desk is told of it.

use picdesk_sandbox::wecom::{DESK_KF, Options, STUDIO_KF, WecomStandIn};

use super::{BotWay, Given};

/// The sections of WeCom's, every address the stand-in's.
pub(super) fn sections(wecom: &WecomStandIn, way: BotWay, given: &Given) -> String {
    let (options, kf, alarms) = (wecom.options(), given.kf, given.alarms);
    let bot = match way {
        BotWay::Callback => {
            format!("token = \"{}\"\naes_key = \"{}\"\n", options.bot.token, options.bot.aes_key)
        }
        BotWay::Socket => format!(
            "mode = \"websocket\"\nbot_id = \"{}\"\nsecret = \"{}\"\nws_url = \"{}\"\n",
            options.bot.id,
            options.bot.secret,
            wecom.socket_url()
        ),
    };
    format!(
        "[wecom]\ncorp_id = \"{corp}\"\napi_url = \"{api}\"\nagent_id = {agent}\n\
         secret = \"{secret}\"\ntoken = \"{token}\"\naes_key = \"{key}\"\n\
         [wecom.kf]\naccounts = [\"{DESK_KF}\", \"{STUDIO_KF}\"]\n{kf}[wecom.bot]\n{bot}\
         [alarms]\nwecom_robot_key = \"{robot}\"\nwecom_robot_url = \"{api}\"\n{alarms}",
        corp = options.corp_id,
        api = wecom.api_url(),
        agent = options.agent_id,
        secret = options.secret,
        token = options.token,
        key = options.aes_key,
        robot = options.robot_key,
    )
}

pub(super) async fn start(seed: u64) -> WecomStandIn {
    let options = Options { limits: false, seed, ..Options::in_memory() };
    WecomStandIn::start(options).await.unwrap()
}
