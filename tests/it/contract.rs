//! One suite for each seam, run by everything that stands behind it.

mod channel_contract;
mod store;
