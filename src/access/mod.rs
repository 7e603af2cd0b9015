//! Who may do what. The only maker of grants.

pub mod settings;
