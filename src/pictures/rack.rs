//! Previews that hang ready for whoever sends them.

use std::collections::VecDeque;

use super::fit::{Fit, Fitted};

/// Memory for all that hangs here, bytes. A preview is one to three million bytes long.
const RACK_BYTES_MAX: usize = 24 << 20;

/// Previews of pictures that were just made, the oldest first. Each is there once, and may be
/// gone: whoever does not find it makes it again.
#[derive(Debug, Default)]
pub(super) struct Rack {
    prints: VecDeque<Print>,
    bytes: usize,
}

#[derive(Debug)]
struct Print {
    /// What the picture is called where it is kept.
    name: String,
    fit: Fit,
    fitted: Fitted,
}

impl Rack {
    /// Hangs a preview up. The oldest make room for it.
    pub(super) fn hang(&mut self, name: &str, fit: Fit, fitted: Fitted) {
        self.remove(name);
        self.bytes += fitted.bytes.len();
        self.prints.push_back(Print { name: name.to_owned(), fit, fitted });
        while self.bytes > RACK_BYTES_MAX {
            let Some(oldest) = self.prints.pop_front() else { break };
            self.bytes -= oldest.fitted.bytes.len();
        }
    }

    /// Takes the preview of a picture, if it keeps to just these limits.
    pub(super) fn take(&mut self, name: &str, fit: &Fit) -> Option<Fitted> {
        let print = self.remove(name)?;
        (print.fit == *fit).then_some(print.fitted)
    }

    /// Takes down whatever hangs there of a picture.
    pub(super) fn clear(&mut self, name: &str) {
        self.remove(name);
    }

    fn remove(&mut self, name: &str) -> Option<Print> {
        let place = self.prints.iter().position(|print| print.name == name)?;
        let print = self.prints.remove(place)?;
        self.bytes -= print.fitted.bytes.len();
        Some(print)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn preview(bytes: usize) -> Fitted {
        Fitted { bytes: vec![7; bytes], width: 1, height: 1 }
    }

    #[test]
    fn a_preview_is_had_once_and_only_for_its_own_limits() {
        let (fit, other) = (Fit::TELEGRAM_PHOTO, Fit { bytes_max: 1, ..Fit::TELEGRAM_PHOTO });
        let mut rack = Rack::default();
        rack.hang("a", fit, preview(3));
        assert_eq!(rack.take("b", &fit), None);
        assert_eq!(rack.take("a", &fit), Some(preview(3)));
        assert_eq!(rack.take("a", &fit), None);
        rack.hang("a", fit, preview(3));
        assert_eq!(rack.take("a", &other), None);
        assert_eq!(rack.bytes, 0);
    }

    #[test]
    fn the_oldest_make_room() {
        let fit = Fit::TELEGRAM_PHOTO;
        let mut rack = Rack::default();
        for name in ["a", "b", "c"] {
            rack.hang(name, fit, preview(RACK_BYTES_MAX / 2));
        }
        assert_eq!(rack.take("a", &fit), None);
        assert!(rack.take("b", &fit).is_some() && rack.take("c", &fit).is_some());
        rack.hang("huge", fit, preview(RACK_BYTES_MAX + 1));
        assert_eq!((rack.take("huge", &fit), rack.bytes), (None, 0));
    }
}
