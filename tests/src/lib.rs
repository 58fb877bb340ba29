//! Journeys and guards over the whole of Techo; nothing here is shipped.

pub mod family;
