//! People who give commands: so many at once, or so many a second.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::Context as _;
use picdesk::clock::Clock;
use tokio::{
    sync::{Mutex, mpsc},
    task::JoinSet,
};

use crate::{
    house::{Chats, Desk, House},
    line::{Line, update},
};

/// What people ask, in turn. Both are answered with one message.
const COMMANDS: [&str; 2] = ["/help", "/balance"];
/// Connections of paced load: more than Telegram opens.
const LINES: usize = 100;

/// Updates on their way to a desk.
#[derive(Clone)]
pub struct People {
    house: Arc<House>,
    next: Arc<AtomicI64>,
    clock: Clock,
}

impl People {
    /// Of a house in which nobody has written yet.
    pub fn of(house: &Arc<House>) -> Self {
        let next = Arc::new(AtomicI64::new(700_000_001));
        Self { house: Arc::clone(house), next, clock: Clock::system() }
    }

    /// A call of the webhook with somebody's words.
    pub fn words(&self, chat: usize, text: &str) -> Vec<u8> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        update(number, Chats::number(chat), text, self.clock.now_ms() / 1000)
    }

    fn command(&self, chat: usize) -> Vec<u8> {
        let number = self.next.load(Ordering::Relaxed);
        let command = COMMANDS[usize::from(number % 2 == 0)];
        self.words(chat, command)
    }

    /// Everybody writes once, so that everybody is known.
    pub async fn meet(&self, desk: &Desk) -> anyhow::Result<()> {
        let mut line = Line::open(desk.address).await?;
        let chats = &self.house.chats;
        for chat in 0..chats.len() {
            line.bring(&self.command(chat)).await?;
        }
        for chat in 0..chats.len() {
            chats.answered(chat).await?;
        }
        Ok(())
    }

    /// So many people give one command after the other, each once the last one is answered, for
    /// a while; how many were answered.
    pub async fn at_once(
        &self,
        desk: &Desk,
        people: usize,
        lasting: Duration,
    ) -> anyhow::Result<u64> {
        let answered = Arc::new(AtomicU64::new(0));
        let until = Instant::now() + lasting;
        let mut all = JoinSet::new();
        for first in 0..people {
            let (this, answered) = (self.clone(), Arc::clone(&answered));
            let mut line = Line::open(desk.address).await?;
            all.spawn(async move {
                let chats = &this.house.chats;
                let mut mine = (first..chats.len()).step_by(people).cycle();
                while Instant::now() < until {
                    let chat = mine.next().context("more people than chats")?;
                    chats.forget(chat);
                    line.bring(&this.command(chat)).await?;
                    chats.answered(chat).await?;
                    answered.fetch_add(1, Ordering::Relaxed);
                }
                anyhow::Ok(())
            });
        }
        while let Some(ended) = all.join_next().await {
            ended??;
        }
        Ok(answered.load(Ordering::Relaxed))
    }

    /// So many commands a second at even distances, whether or not the last ones are answered,
    /// for a while; how long each took to be acknowledged, milliseconds, sorted.
    pub async fn paced(
        &self,
        desk: &Desk,
        per_s: u32,
        lasting: Duration,
    ) -> anyhow::Result<Vec<f64>> {
        // In turn, for one that says nothing at first is closed.
        let (free, lines) = mpsc::unbounded_channel();
        for _ in 0..LINES {
            free.send(Line::open(desk.address).await?).ok();
        }
        let lines = Arc::new(Mutex::new(lines));
        let chats = self.house.chats.len();
        let mut ticks = tokio::time::interval(Duration::from_secs(1) / per_s);
        let mut all = JoinSet::new();
        for number in 0..u64::from(per_s) * lasting.as_secs() {
            ticks.tick().await;
            let (this, lines, free) = (self.clone(), Arc::clone(&lines), free.clone());
            all.spawn(async move {
                let chat = usize::try_from(number)? % chats;
                let update = this.command(chat);
                let began = Instant::now();
                // Whoever finds none free waits, as Telegram does, and that counts.
                let mut line = lines.lock().await.recv().await.context("no lines")?;
                line.bring(&update).await?;
                let took = began.elapsed().as_secs_f64() * 1e3;
                free.send(line).ok();
                this.house.chats.answered(chat).await?;
                anyhow::Ok(took)
            });
        }
        let mut took = Vec::new();
        while let Some(ended) = all.join_next().await {
            took.push(ended??);
        }
        took.sort_unstable_by(f64::total_cmp);
        Ok(took)
    }
}
