//! A simulated Docker Engine behind a unix socket: containers that behave in time, with an outage
//! to come. `dogwatch demo` and the offline tests use it. It is the other side of the wire: it
//! knows nothing of `engine`, and one contract suite holds it and a real engine to the same.

pub mod behaviour;
pub mod spec;
pub mod world;

mod demo;
mod http;
mod identity;
mod live;
mod moment;
mod refusal;
mod simulation;
mod wording;

pub use behaviour::{Behaviour, Chatter, Line, Need, OnTerm, Reply, Stream};
pub use demo::demo_world;
pub use live::LiveWorld;
pub use refusal::Refusal;
pub use simulation::{Simulation, SimulationError};
pub use spec::{Begins, ContainerSpec, HealthSpec, Restart};
pub use world::{Fault, World};
