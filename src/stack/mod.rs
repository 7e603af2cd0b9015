//! What should run and how it hangs together: stacks, services and their replicas, read from the
//! containers of a host; who needs whom; and which of them a target means. Pure; no IO.

pub mod settings;
pub mod inventory;
pub mod graph;
pub mod graph_hosts;
mod graph_names;
pub mod resolve;
pub mod registry;
pub mod revisions;
pub mod site;
pub mod sites;

pub use graph::{Address, Edge, Graph, Why};
pub use inventory::{Groups, Inventory, Key, Service};
pub use resolve::{ResolveError, resolve};
pub use revisions::{Previous, Revisions};
pub use site::Site;
pub use sites::{SiteError, Sites};
