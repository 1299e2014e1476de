//! `Plan` → [`files::GeneratedCrate`].

pub mod files;
pub mod manifest;
