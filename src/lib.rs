//! picdesk.
