//! Where a picture goes while it is being received.

use std::io;

use async_trait::async_trait;
use bytes::Bytes;

/// Takes a picture as it arrives.
///
/// Partial pictures and the final one come by the same [`write`](Self::write): which of them it
/// was is only certain once it is whole, and neither need ever be in memory. What was written
/// since the beginning, since the last [`partial`](Self::partial) or the last
/// [`restart`](Self::restart) is *one* picture; when [`super::ImagesClient::make`] returns `Ok`, it
/// is the final one. A slow sink slows the provider down, it does not fill memory.
#[async_trait]
pub trait PictureSink: Send {
    /// The provider has taken the request: its headers, with a 2xx, are here. Called once, before
    /// anything is written. Without partial pictures that is when the picture is nearly done.
    async fn submitted(&mut self);

    /// The next piece of the picture, at most [`super::PIECE_BYTES_MAX`] bytes.
    ///
    /// # Errors
    /// The picture cannot be kept; ends the call with [`super::MakeError::NotKept`].
    async fn write(&mut self, piece: Bytes) -> io::Result<()>;

    /// What was written was the partial picture `index` (from 0), whole. It may be shown and is
    /// then to be forgotten: the next piece begins another picture.
    ///
    /// # Errors
    /// As for [`write`](Self::write). That showing it failed is no reason.
    async fn partial(&mut self, index: u32) -> io::Result<()>;

    /// What was written is no picture; it is to be forgotten.
    ///
    /// # Errors
    /// As for [`write`](Self::write).
    async fn restart(&mut self) -> io::Result<()>;
}
