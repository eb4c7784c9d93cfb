//! The page on its own: the stand-ins, and in the desk's place a small scripted bot, to look at
//! and work on the page without the desk. `cargo run -p picdesk-sandbox --example world [ADDRESS]`
//! prints the page's address.
//!
//! The bot draws what it is told, keeps no books, and forgets everything when it is killed.

#![expect(clippy::unwrap_used, reason = "a demonstration: what fails here ends it")]

mod bot;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bot::Bot;
use futures_util::future::BoxFuture;
use picdesk_sandbox::images::{ImagesOptions, ImagesStandIn, Latency};
use picdesk_sandbox::page;
use picdesk_sandbox::phone::{self, Desk, DeskState, Liveness, OutsideControl, Phone};
use picdesk_sandbox::telegram::{Options, TelegramStandIn};
use tokio::task::JoinHandle;

/// The bot's task, to be ended and started again.
struct BotDesk {
    bot: Arc<Bot>,
    telegram: TelegramStandIn,
    running: Mutex<(Option<JoinHandle<()>>, u32, i64)>,
}

impl BotDesk {
    fn start(&self) {
        let bot = Arc::clone(&self.bot);
        let mut running = self.running.lock().unwrap();
        running.0 = Some(tokio::spawn(bot.serve()));
        running.2 = self.telegram.clock().now_ms();
    }
}

impl Desk for BotDesk {
    fn kill(&self) -> BoxFuture<'_, Result<(), String>> {
        let mut running = self.running.lock().unwrap();
        if let Some(task) = running.0.take() {
            task.abort();
            running.1 += 1;
            running.2 = self.telegram.clock().now_ms();
        }
        Box::pin(async { Ok(()) })
    }

    fn restart(&self) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async {
            tokio::time::sleep(Duration::from_millis(900)).await;
            if self.running.lock().unwrap().0.is_none() {
                self.start();
            }
            Ok(())
        })
    }

    fn advance(&self, _: Duration) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async { Ok(()) })
    }

    fn state(&self) -> DeskState {
        let running = self.running.lock().unwrap();
        let state = if running.0.is_some() { Liveness::Running } else { Liveness::Stopped };
        DeskState { state, pid: None, kills: running.1, since_ms: running.2 }
    }
}

#[tokio::main]
async fn main() {
    let given = std::env::args().nth(1);
    let listen: SocketAddr = given.as_deref().unwrap_or("127.0.0.1:0").parse().unwrap();
    // The bot knows nothing of rate limits.
    let options = Options { rate_limits: None, ..Options::in_memory() };
    let telegram = TelegramStandIn::start(options).await.unwrap();
    let pace = Latency::Seconds(1.5);
    let images = ImagesOptions { latency: pace, ..ImagesOptions::for_people() };
    let images = ImagesStandIn::start(images).await.unwrap();
    let bot = Arc::new(Bot::new(&telegram, &images));
    let running = Mutex::new((None, 0, 0));
    let desk = Arc::new(BotDesk { bot, telegram: telegram.clone(), running });
    desk.start();
    let outside: Vec<Arc<dyn OutsideControl>> = vec![Arc::new(images)];
    let phone = Phone::new(telegram, desk, outside);
    let app = page::router().merge(phone::router(phone));
    let listener = tokio::net::TcpListener::bind(listen).await.unwrap();
    println!("http://{}/", listener.local_addr().unwrap());
    axum::serve(listener, app).await.unwrap();
}
