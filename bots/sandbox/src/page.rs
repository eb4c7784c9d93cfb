//! The page.

/// Routes.
pub fn router() -> axum::Router {
    axum::Router::new()
}
