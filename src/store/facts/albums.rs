//! Albums, with their parts in order.

use std::collections::HashMap;

use picdesk_core::{
    event::Message,
    facts::{Album, OpenAlbum},
    id::AlbumId,
};

use super::{Pair, StoreError, Tx, Value, pairs, sealed, statements as sql};

/// Albums with their parts, in the order of their messages.
pub async fn albums(tx: &mut Tx, wanted: &[Pair]) -> Result<HashMap<Pair, Album>, StoreError> {
    let mut found: HashMap<Pair, Album> = HashMap::new();
    for row in tx.rows_for(sql::FIND_ALBUMS, &pairs(wanted)).await? {
        let album = Album {
            parts: Vec::new(),
            began_at: row.int(2)?,
            called: row.flag(3)?,
            settled: row.flag(4)?,
        };
        found.insert((row.text(0)?, row.text(1)?), album);
    }
    for row in tx.rows_for(sql::FIND_PARTS, &pairs(wanted)).await? {
        let part: Message = sealed::open_json(&row.blob(2)?, "album_parts", "body")?;
        if let Some(album) = found.get_mut(&(row.text(0)?, row.text(1)?)) {
            album.parts.push(part);
        }
    }
    for album in found.values_mut() {
        // Message ids of one chat rise; as words, shorter is smaller.
        album
            .parts
            .sort_by(|a, b| (a.id.0.len(), a.id.as_str()).cmp(&(b.id.0.len(), b.id.as_str())));
    }
    Ok(found)
}

/// The oldest album of each person, in the conversation they are seen in, of which more may come.
pub(super) async fn open(
    tx: &mut Tx,
    places: &[Pair],
) -> Result<HashMap<Pair, OpenAlbum>, StoreError> {
    if places.is_empty() {
        return Ok(HashMap::new());
    }
    let conversations: Vec<Vec<Value>> =
        places.iter().map(|(conversation, _)| vec![conversation.clone().into()]).collect();
    let mut wanted: Vec<Pair> = Vec::new();
    for row in tx.rows_for(sql::FIND_OPEN_ALBUMS, &conversations).await? {
        wanted.push((row.text(0)?, row.text(1)?));
    }
    let mut found = HashMap::new();
    let mut albums = albums(tx, &wanted).await?;
    for key in wanted {
        let Some(so_far) = albums.remove(&key) else { continue };
        let Some(by) = so_far.parts.first().map(|part| part.from.identity.0.clone()) else {
            continue;
        };
        let (conversation, album) = key;
        let open = OpenAlbum { id: AlbumId(album), so_far };
        found.entry((conversation, by)).or_insert(open);
    }
    Ok(found)
}
