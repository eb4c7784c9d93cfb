-- One purse for the website and the bots: the five functions that `[ledger] port = "sql-functions"`
-- calls, for a website whose credits are kept as many templates keep them:
--
--   public.credits (user_id uuid primary key, balance integer not null default 0, …)
--   public.credit_transactions (user_id uuid, amount integer, description text, …)
--
-- Run this once as the owner of those tables (in Supabase: SQL Editor), after
--
--   create role picdesk login password '…';
--   create schema picdesk authorization picdesk;   -- our own tables: yours may have the same names
--
-- and then give picdesk store.url = "postgres://picdesk:…@…:5432/postgres" and
--
--   [ledger]
--   port = "sql-functions"
--   hold = "purse.hold"
--   post = "purse.post"
--   void = "purse.void"
--   grant = "purse.give"
--   balance = "purse.balance"
--
-- What each has to keep to, also if you write your own:
--
-- * It changes one locked row of the user's (an `update`, or `select … for update` first). Where a
--   balance is a sum of rows it needs a row to lock beside it, or two at once both see enough.
-- * The same operation a second time changes nothing and says yes again.
-- * `hold` says no (false) when there is not enough; it says nothing else by that. All others say
--   yes, or raise. What raises is retried for a day, and you are told by an alarm.
-- * `balance` is what can be spent: without what is set aside.
-- * No amount is below one, and `hold` never leaves a balance below zero.
--
-- The website spends as it always did. Where it reads a balance first and writes the rest later,
-- spends get lost already today: let it do both in one statement, as `spend_credits` of most
-- templates does.

-- A schema of its own, which the API of the website does not show to browsers.
create schema purse;

-- What was set aside or given, by the names that picdesk has for it.
create table purse.operations (
  operation text primary key,
  user_id uuid not null,
  amount bigint not null check (amount > 0),
  state text not null check (state in ('held', 'posted', 'void', 'given')),
  at timestamptz not null default now()
);

-- Sets credits aside: they are out of the balance from now on.
create function purse.hold(p_user_id uuid, p_amount bigint, p_operation text) returns boolean
language plpgsql security definer set search_path = '' as $$
begin
  if exists (select from purse.operations o where o.operation = p_operation) then
    return true;
  end if;
  update public.credits c set balance = c.balance - p_amount
  where c.user_id = p_user_id and c.balance >= p_amount;
  if not found then
    return false;
  end if;
  insert into purse.operations (operation, user_id, amount, state)
  values (p_operation, p_user_id, p_amount, 'held');
  insert into public.credit_transactions (user_id, amount, description)
  values (p_user_id, -p_amount, 'Picture in a chat');
  return true;
end $$;

-- Spends what is set aside.
create function purse.post(p_user_id uuid, p_amount bigint, p_operation text) returns boolean
language plpgsql security definer set search_path = '' as $$
begin
  update purse.operations o set state = 'posted'
  where o.operation = p_operation and o.user_id = p_user_id and o.amount = p_amount
    and o.state in ('held', 'posted');
  return found;
end $$;

-- Gives back what is set aside.
create function purse.void(p_user_id uuid, p_amount bigint, p_operation text) returns boolean
language plpgsql security definer set search_path = '' as $$
begin
  update purse.operations o set state = 'void'
  where o.operation = p_operation and o.user_id = p_user_id and o.amount = p_amount
    and o.state = 'held';
  if found then
    update public.credits c set balance = c.balance + p_amount where c.user_id = p_user_id;
    insert into public.credit_transactions (user_id, amount, description)
    values (p_user_id, p_amount, 'No picture came of it');
    return true;
  end if;
  return exists (
    select from purse.operations o where o.operation = p_operation and o.state = 'void');
end $$;

-- Gives credits: bought in a chat, or brought along by whoever has just signed in there.
create function purse.give(p_user_id uuid, p_amount bigint, p_operation text) returns boolean
language plpgsql security definer set search_path = '' as $$
begin
  insert into purse.operations (operation, user_id, amount, state)
  values (p_operation, p_user_id, p_amount, 'given')
  on conflict (operation) do nothing;
  if not found then
    return true;
  end if;
  insert into public.credits as c (user_id, balance) values (p_user_id, p_amount)
  on conflict (user_id) do update set balance = c.balance + excluded.balance;
  insert into public.credit_transactions (user_id, amount, description)
  values (p_user_id, p_amount, 'From a chat');
  return true;
end $$;

-- Tells what can be spent.
create function purse.balance(p_user_id uuid) returns bigint
language sql stable security definer set search_path = '' as $$
  select coalesce((select c.balance from public.credits c where c.user_id = p_user_id), 0)::bigint
$$;

-- Nobody calls these but picdesk.
revoke all on all functions in schema purse from public;
grant usage on schema purse to picdesk;
grant execute on all functions in schema purse to picdesk;
