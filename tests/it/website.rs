//! A website beside the desk, in the same PostgreSQL: the tables and functions of a template, the
//! example that picdesk comes with, and people who spend there.

use picdesk::config::{self, FunctionName};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _};

/// What a template brings along: `spend_credits` and `add_credits` are what the website calls.
const TEMPLATE: &str = "
create table public.credits (
  user_id uuid primary key,
  balance integer not null default 0 check (balance >= 0));
create table public.credit_transactions (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null,
  amount integer not null,
  description text,
  created_at timestamptz not null default now());
-- A table of ours has this name too.
create table public.plans (id text primary key, price integer not null);
create function public.spend_credits(p_user_id uuid, p_amount integer, p_description text)
returns boolean language plpgsql as $$
declare left_over integer;
begin
  select balance into left_over from public.credits where user_id = p_user_id for update;
  if left_over is null or left_over < p_amount then return false; end if;
  update public.credits set balance = left_over - p_amount where user_id = p_user_id;
  insert into public.credit_transactions (user_id, amount, description)
  values (p_user_id, -p_amount, p_description);
  return true;
end $$;
create function public.add_credits(p_user_id uuid, p_amount integer, p_description text)
returns void language plpgsql as $$
begin
  insert into public.credits as c (user_id, balance) values (p_user_id, p_amount)
  on conflict (user_id) do update set balance = c.balance + excluded.balance;
  insert into public.credit_transactions (user_id, amount, description)
  values (p_user_id, p_amount, p_description);
end $$;
create schema picdesk authorization picdesk;
";

/// The example, as whoever sets this up runs it.
const EXAMPLE: &str = include_str!("../../config/sql-functions.example.sql");

/// The section of the configuration that goes with it.
pub const LEDGER: &str = "[ledger]\nport = \"sql-functions\"\nhold = \"purse.hold\"\n\
     post = \"purse.post\"\nvoid = \"purse.void\"\ngrant = \"purse.give\"\n\
     balance = \"purse.balance\"\n";

/// Somebody of the website's.
pub const ANNA: &str = "4f1f6b0e-6f5e-4a52-9b0e-0d6c7c1f2a01";

/// The same as the store has it.
pub fn functions() -> config::Functions {
    let of = |name: &str| FunctionName { schema: Some("purse".into()), name: name.into() };
    config::Functions {
        hold: of("hold"),
        post: of("post"),
        void: of("void"),
        grant: of("give"),
        balance: of("balance"),
    }
}

/// A website in a database.
#[derive(Clone, Debug)]
pub struct Website {
    url: String,
}

impl Website {
    /// Builds one where nothing is yet.
    pub async fn build(url: &str) -> Self {
        let website = Self { url: url.to_owned() };
        website.order(TEMPLATE).await;
        website.order(EXAMPLE).await;
        website
    }

    async fn connect(&self) -> PgConnection {
        PgConnection::connect(&self.url).await.unwrap()
    }

    /// Runs statements as its owner.
    pub async fn order(&self, text: &str) {
        let mut connection = self.connect().await;
        sqlx::raw_sql(AssertSqlSafe(text.to_owned())).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }

    /// A function of the example does something else from now on.
    pub async fn replace(&self, name: &str, body: &str) {
        self.order(&format!(
            "create or replace function purse.{name}(p_user_id uuid, p_amount bigint,
             p_operation text) returns boolean language plpgsql as $$begin {body}; end$$"
        ))
        .await;
    }

    /// Somebody gets credits there.
    pub async fn add(&self, who: &str, amount: i64) {
        self.order(&format!("select public.add_credits('{who}', {amount}, 'a gift')")).await;
    }

    /// Somebody spends credits there; whether there were enough.
    pub async fn spend(&self, who: &str, amount: i64) -> bool {
        let text = format!("select public.spend_credits('{who}', {amount}, 'a video')");
        let mut connection = self.connect().await;
        let row = sqlx::raw_sql(AssertSqlSafe(text)).fetch_one(&mut connection).await.unwrap();
        row.get(0)
    }

    /// A number that a statement finds.
    pub async fn int(&self, text: &str) -> i64 {
        let mut connection = self.connect().await;
        let text = format!("select cast(coalesce(({text}), 0) as bigint)");
        let row = sqlx::raw_sql(AssertSqlSafe(text)).fetch_one(&mut connection).await.unwrap();
        row.get(0)
    }

    /// What somebody can spend there. What was spent and given must come to the same.
    pub async fn balance(&self, who: &str) -> i64 {
        let own = format!("where user_id = '{who}'");
        let lines = format!("select sum(amount) from public.credit_transactions {own}");
        let balance = format!("select sum(balance) from public.credits {own}");
        let (balance, lines) = (self.int(&balance).await, self.int(&lines).await);
        assert_eq!(balance, lines, "the website's own lines");
        balance
    }

    /// How many operations of ours stand like this.
    pub async fn operations(&self, state: &str) -> i64 {
        self.int(&format!("select count(*) from purse.operations where state = '{state}'")).await
    }
}
