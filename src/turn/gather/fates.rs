//! The facts of what became of a picture or a message.

use picdesk_core::facts::{
    CardFacts, Case, DeliveryFacts, GenerationFacts, Needs, OpenRequest, Reference, Relayed,
    Request,
};
use picdesk_core::id::ArtifactId;

use super::{Wanted, pictures_of};
use crate::{
    store::{StoreError, Tx, facts as read},
    turn::Turner,
};

pub(super) async fn generation(
    turner: &Turner,
    tx: &mut Tx,
    needs: &Needs,
) -> Result<GenerationFacts, StoreError> {
    let mut wanted = needs.generation;
    if let (None, Some(artifact)) = (wanted, needs.artifact) {
        wanted = read::generation_of(tx, artifact).await?;
    }
    let request = match wanted {
        Some(id) => read::requests_of(tx, [id.0]).await?.remove(&id.0),
        None => needs.request.map(|id| id.0),
    };
    let request = match request {
        Some(id) => read::requests(tx, [id]).await?.remove(&id),
        None => None,
    };
    let siblings = pictures_of(tx, request.as_ref()).await?;
    let mut facts = GenerationFacts {
        generation: siblings.iter().find(|one| Some(one.id) == wanted).cloned(),
        siblings,
        account: None,
        language: turner.desk.house.language_default,
        reachable: true,
        request,
    };
    if let Some(request) = &facts.request {
        let account = request.account.0;
        facts.account = read::accounts(tx, [account], &turner.desk.house).await?.remove(&account);
        let manner = read::manner(tx, &request.identity, request.account).await?;
        if let Some((language, reachable)) = manner {
            (facts.language, facts.reachable) = (language, reachable);
        }
    }
    Ok(facts)
}

pub(super) async fn delivery(
    turner: &Turner,
    tx: &mut Tx,
    wanted: &Wanted,
) -> Result<DeliveryFacts, StoreError> {
    let needs = &wanted.needs;
    let mut facts = DeliveryFacts {
        generation: None,
        kept: None,
        address: String::new(),
        addresses: Vec::new(),
        case: None,
        language: turner.desk.house.language_default,
        card: None,
        relayed: Relayed::default(),
    };
    if let Some(of) = needs.relayed {
        facts.relayed = read::relayed(tx, of).await?;
    }
    if needs.generation.is_some() {
        let of = generation(turner, tx, needs).await?;
        facts.language = of.language;
        let artifact = of.generation.as_ref().and_then(|one| one.artifact).map(|id| id.0);
        if let Some(artifact) = artifact {
            facts.kept = read::kept(tx, [artifact]).await?.remove(&artifact);
        }
        if of.siblings.len() > 1 {
            let made = of.siblings.iter().filter_map(|one| one.artifact);
            facts.addresses = made.map(|artifact| turner.address_of(artifact)).collect();
        }
        facts.generation = Some(of);
    }
    if let Some(artifact) = needs.artifact {
        facts.kept = read::kept(tx, [artifact.0]).await?.remove(&artifact.0);
        if let Some(kept) = &facts.kept
            && let Some((language, _)) =
                read::manner(tx, &kept.request.identity, kept.request.account).await?
        {
            facts.language = language;
        }
    }
    if let Some(kept) = &facts.kept {
        facts.address = turner.address(kept);
    }
    if let Some(case) = needs.case {
        facts.case = read::cases(tx, [case.0]).await?.remove(&case.0);
    }
    if let Some(case) = facts.case.clone() {
        facts.language = case.language;
        if needs.past {
            facts.card = card(turner, tx, &case, wanted.conversation.channel()).await?;
        }
    }
    Ok(facts)
}

async fn card(
    turner: &Turner,
    tx: &mut Tx,
    case: &Case,
    channel: &str,
) -> Result<Option<CardFacts>, StoreError> {
    let id = case.account.0;
    let Some(account) = read::accounts(tx, [id], &turner.desk.house).await?.remove(&id) else {
        return Ok(None);
    };
    let mut past = read::past(tx, case.account).await?;
    past.cases = (past.cases - 1).max(0);
    let shared = match case.request.filter(|_| case.consent) {
        Some(id) => read::requests(tx, [id.0]).await?.remove(&id.0),
        None => None,
    };
    let shared = match shared {
        Some(mut request) => {
            leave_out_pictures_of_others(tx, &mut request).await?;
            let generations = pictures_of(tx, Some(&request)).await?;
            Some(OpenRequest { request, generations })
        }
        None => None,
    };
    let unsent = read::unsent(tx, case.id, channel).await?;
    Ok(Some(CardFacts { account, past, shared, unsent }))
}

/// A consent speaks for one's own pictures. Among others, people change each other's; and what is
/// not kept any more cannot be shown.
async fn leave_out_pictures_of_others(
    tx: &mut Tx,
    request: &mut Request,
) -> Result<(), StoreError> {
    let drawn = request.references.iter().filter_map(|reference| match reference {
        Reference::Artifact(artifact) => Some(artifact.0),
        Reference::Media(_) => None,
    });
    let kept = read::kept(tx, drawn.chain(request.parent.map(|parent| parent.0))).await?;
    let is_own =
        |id: &ArtifactId| kept.get(&id.0).is_some_and(|it| it.request.account == request.account);
    request.parent = request.parent.filter(is_own);
    let mut references = std::mem::take(&mut request.references);
    references.retain(|reference| match reference {
        Reference::Artifact(artifact) => is_own(artifact),
        Reference::Media(_) => true,
    });
    request.references = references;
    Ok(())
}
