//! Who may be connected at once.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Bits of an IPv6 address that belong to one customer of a network, who has all the rest.
const IPV6_NEIGHBOURHOOD_BITS: u32 = 64;

/// The seats there are.
pub(super) struct Seats {
    free: Arc<Semaphore>,
    taken: Arc<Taken>,
    per_address_max: usize,
}

/// Connections by address.
type Taken = Mutex<HashMap<IpAddr, usize>>;

/// A free seat, whoever will sit on it.
pub(super) type FreeSeat = OwnedSemaphorePermit;

/// A connection's seat, free again when it is dropped: first the place among those of its address,
/// then the seat, so that nobody is refused for somebody who has left.
pub(super) struct Seat {
    _place: Option<Place>,
    _seat: FreeSeat,
}

struct Place {
    taken: Arc<Taken>,
    address: IpAddr,
}

impl Seats {
    pub(super) fn new(max: usize, per_address_max: usize) -> Self {
        let max = max.min(Semaphore::MAX_PERMITS);
        Self { free: Arc::new(Semaphore::new(max)), taken: Arc::default(), per_address_max }
    }

    /// A free seat, if there is one.
    pub(super) fn find_free(&self) -> Option<FreeSeat> {
        Arc::clone(&self.free).try_acquire_owned().ok()
    }

    /// Waits for a free seat.
    pub(super) async fn wait_for_free(&self) -> FreeSeat {
        let permit = Arc::clone(&self.free).acquire_owned().await;
        permit.expect("the semaphore is never closed")
    }

    /// Seats somebody; none when too many of the same address have a seat. `trusted` ones are
    /// not counted.
    pub(super) fn take(&self, free: FreeSeat, peer: IpAddr, trusted: bool) -> Option<Seat> {
        if trusted {
            return Some(Seat { _place: None, _seat: free });
        }
        let address = neighbourhood(peer);
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let count = taken.entry(address).or_default();
        if *count >= self.per_address_max {
            return None;
        }
        *count += 1;
        let place = Place { taken: Arc::clone(&self.taken), address };
        Some(Seat { _place: Some(place), _seat: free })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = taken.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.address);
            }
        }
    }
}

fn neighbourhood(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            let rest = 128 - IPV6_NEIGHBOURHOOD_BITS;
            IpAddr::V6(Ipv6Addr::from(u128::from(address) >> rest << rest))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(seats: &Seats, peer: &str) -> Option<Seat> {
        seats.take(seats.find_free()?, peer.parse().unwrap(), false)
    }

    #[test]
    fn one_address_gets_only_so_many_seats_and_gets_them_back() {
        let seats = Seats::new(10, 2);
        let first = take(&seats, "192.0.2.1").unwrap();
        let _second = take(&seats, "::ffff:192.0.2.1").unwrap();
        assert!(take(&seats, "192.0.2.1").is_none());
        assert!(take(&seats, "192.0.2.2").is_some());
        drop(first);
        assert!(take(&seats, "192.0.2.1").is_some());
    }

    #[test]
    fn neighbours_in_one_ipv6_network_share_their_seats() {
        let seats = Seats::new(10, 1);
        let _first = take(&seats, "2001:db8::1").unwrap();
        assert!(take(&seats, "2001:db8::2").is_none());
        assert!(take(&seats, "2001:db8:0:1::1").is_some());
    }

    #[test]
    fn nobody_is_remembered_after_leaving() {
        let seats = Seats::new(10, 2);
        drop([take(&seats, "192.0.2.1"), take(&seats, "192.0.2.1"), take(&seats, "192.0.2.3")]);
        assert!(seats.taken.lock().unwrap().is_empty());
        assert_eq!(seats.free.available_permits(), 10);
    }

    #[test]
    fn a_trusted_proxy_is_not_counted_but_still_needs_a_seat() {
        let seats = Seats::new(2, 1);
        let peer = "10.0.0.1".parse().unwrap();
        let held: Vec<_> =
            (0..2).map(|_| seats.take(seats.find_free().unwrap(), peer, true).unwrap()).collect();
        assert!(seats.find_free().is_none());
        drop(held);
        assert!(seats.find_free().is_some());
    }
}
