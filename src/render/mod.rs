//! Values made elsewhere, as text and JSON.

pub mod mistake;
