//! What is given away in rows: who has had which promo code, and who came by whose invitation.
//!
//! Rows name the chat and the account that it is of now: they go over when accounts become one and
//! go back when they part. Whoever turns out to be one person with somebody of before is invited
//! by nobody.

mod facts;

use picdesk_core::{
    effect::{GiftEffect, InvitationEnd},
    id::{AccountId, IdentityId},
};

pub use self::facts::{Asked, find, waiting_to_buy};
use super::{StoreError, Tx, Value};

/// One more account has had a code, if more may: two at once write the same row, so that one of
/// them is turned again.
const COUNT_USE: &str = "
    insert into promos (code, uses) values ($1, 1)
    on conflict (code) do update set uses = promos.uses + 1 where promos.uses < $2
    returning uses";
const KEEP_USE: &str = "
    insert into promo_uses (code, identity, account, entry, at)
    select $1, $2, $3, $4, $5
    where not exists (select 1 from promo_uses u where u.code = $1 and u.account = $3)
    on conflict (code, identity) do nothing";
const MAKE_HOME: &str = "update identities set home = $2 where id = $1";
const MAKE_INVITE: &str = "
    insert into invite_codes (code, account, identity, made_at) values ($1, $2, $3, $4)
    on conflict (code) do nothing";
const INVITE: &str = "
    insert into invitations (identity, account, inviter, code, credits, invited_credits, state,
                             came_at, ended_at)
    values ($1, $2, $3, $4, $5, $6, 'came', $7, 0)
    on conflict (identity) do nothing";
const KEEP_PURCHASE: &str = "
    update invitations set state = 'bought', payment = $2 where identity = $1 and state = 'came'";
const END_FOR_NOTHING: &str = "
    update invitations set state = 'nothing', ended_at = $4
    where identity = $1 and state = 'bought' and account = $2 and inviter = $3";
const REWARD: &str = "
    update invitations set state = 'rewarded', ended_at = $4
    where identity = $1 and state = 'bought' and account = $2 and inviter = $3
      and (select count(*) from invitations o
           where o.inviter = $3 and o.state = 'rewarded' and o.ended_at > $5) < $6";

/// Everything here that hangs on an account goes over to another.
const REPOINT: &[&str] = &[
    "update promo_uses set account = $2 where account = $1",
    "update invite_codes set account = $2 where account = $1",
    "update invitations set account = $2 where account = $1",
    "update invitations set inviter = $2 where inviter = $1",
];
/// Of an account that was two, nobody is invited by themselves, nor was who has been here before
/// the link that invited them; and of several who were invited, the first is.
const END_SAME: &str = "
    update invitations set state = 'nothing', ended_at = $2
    where account = $1 and state in ('came', 'bought') and (
      inviter = $1
      or exists (
        select 1 from identities i
        where i.account = $1 and i.created_at < invitations.came_at)
      or exists (
        select 1 from invitations o
        where o.account = $1 and o.state <> 'nothing' and o.identity <> invitations.identity
          and (o.came_at < invitations.came_at
               or (o.came_at = invitations.came_at and o.identity < invitations.identity))))";
/// What whoever came has redeemed and made goes back with them.
const TAKE_BACK: &[&str] = &[
    "update promo_uses set account = $3 where account = $2
       and identity in (select identity from link_identities where link = $1)",
    "update invitations set account = $3 where account = $2
       and identity in (select identity from link_identities where link = $1)",
    "update invitations set inviter = $3 where inviter = $2 and code in (
       select c.code from invite_codes c join link_identities l on l.identity = c.identity
       where l.link = $1)",
    "update invite_codes set account = $3 where account = $2
       and identity in (select identity from link_identities where link = $1)",
];
/// Whoever was invited and has bought nothing yet takes that along.
const SEPARATE: &str = "
    update invitations set account = $3 where identity = $1 and account = $2 and state = 'came'";

/// The accounts that an effect hangs something on, or whose count it is.
pub(super) fn hangs_on(effect: &GiftEffect) -> Vec<AccountId> {
    match effect {
        GiftEffect::UsePromo { account, .. }
        | GiftEffect::MakeInvite { account, .. }
        | GiftEffect::KeepPurchase { account, .. } => vec![*account],
        GiftEffect::Invite { account, inviter, .. } => vec![*account, *inviter],
        GiftEffect::EndInvitation { inviter, invited, .. } => vec![*inviter, *invited],
    }
}

/// Carries out one effect; no when what it was decided on is not so any more.
pub(super) async fn carry_out(
    tx: &mut Tx,
    effect: &GiftEffect,
    now: i64,
) -> Result<bool, StoreError> {
    Ok(match effect {
        GiftEffect::UsePromo { code, account, identity, entry, uses_max } => {
            let kept = [
                code.as_str().into(),
                identity.as_str().into(),
                account.0.into(),
                entry.0.into(),
                now.into(),
            ];
            let most = [code.as_str().into(), (*uses_max).into()];
            tx.run(KEEP_USE, &kept).await? > 0 && !tx.rows(COUNT_USE, &most).await?.is_empty()
        }
        GiftEffect::MakeInvite { code, account, by, here } => {
            tx.run(MAKE_HOME, &[by.as_str().into(), here.as_str().into()]).await?;
            let made = [code.as_str().into(), account.0.into(), by.as_str().into(), now.into()];
            tx.run(MAKE_INVITE, &made).await? > 0
        }
        GiftEffect::Invite { identity, account, here, code, inviter, credits, invited_credits } => {
            tx.run(MAKE_HOME, &[identity.as_str().into(), here.as_str().into()]).await?;
            let invited = [
                identity.as_str().into(),
                account.0.into(),
                inviter.0.into(),
                code.as_str().into(),
                credits.0.into(),
                invited_credits.0.into(),
                now.into(),
            ];
            // Who was invited once stays so.
            tx.run(INVITE, &invited).await?;
            true
        }
        GiftEffect::KeepPurchase { identity, payment, .. } => {
            let values = [identity.as_str().into(), payment.as_str().into()];
            tx.run(KEEP_PURCHASE, &values).await? > 0
        }
        GiftEffect::EndInvitation { identity, inviter, invited, end } => {
            let mut values: Vec<Value> =
                vec![identity.as_str().into(), invited.0.into(), inviter.0.into(), now.into()];
            match end {
                InvitationEnd::Nothing => tx.run(END_FOR_NOTHING, &values).await? > 0,
                InvitationEnd::Rewarded { most, since } => {
                    values.extend([(*since).into(), (*most).into()]);
                    tx.run(REWARD, &values).await? > 0
                }
            }
        }
    })
}

/// An account has become another.
pub(super) async fn merge(
    tx: &mut Tx,
    from: AccountId,
    into: AccountId,
    now: i64,
) -> Result<(), StoreError> {
    for text in REPOINT {
        tx.run(text, &[from.0.into(), into.0.into()]).await?;
    }
    tx.run(END_SAME, &[into.0.into(), now.into()]).await?;
    Ok(())
}

/// Accounts that had become one part again: the link, who had both, who has their own back.
pub(super) async fn part(tx: &mut Tx, how: &[Value; 3]) -> Result<(), StoreError> {
    for text in TAKE_BACK {
        tx.run(text, how).await?;
    }
    Ok(())
}

/// An identity has another account now.
pub(super) async fn separate(
    tx: &mut Tx,
    identity: &IdentityId,
    from: AccountId,
    account: AccountId,
) -> Result<(), StoreError> {
    let values = [identity.as_str().into(), from.0.into(), account.0.into()];
    tx.run(SEPARATE, &values).await?;
    Ok(())
}
