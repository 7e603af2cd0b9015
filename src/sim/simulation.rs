//! The simulated engine as a whole: a world, its clock at work, and a socket people can talk to.

use std::path::{Path, PathBuf};

use thiserror::Error;
use tokio::net::UnixListener;
use tokio::task::JoinSet;

use super::http;
use super::live::LiveWorld;
use super::world::World;
use crate::clock::Clock;

/// Serves until it is dropped; then every connection is cut and the socket is gone.
#[derive(Debug)]
pub struct Simulation {
    socket: PathBuf,
    world: LiveWorld,
    /// Aborted on drop.
    _tasks: JoinSet<()>,
}

#[derive(Debug, Error)]
#[error("cannot listen at `{}`: {why}; give another path for the socket", socket.display())]
pub struct SimulationError {
    socket: PathBuf,
    why: std::io::Error,
}

impl Simulation {
    /// Sets the world going and listens. Needs a running tokio.
    pub fn start(
        world: World,
        socket: impl AsRef<Path>,
        clock: Clock,
    ) -> Result<Self, SimulationError> {
        let socket = socket.as_ref().to_path_buf();
        let listener = UnixListener::bind(&socket).map_err(|why| SimulationError {
            socket: socket.clone(),
            why,
        })?;
        let world = LiveWorld::begin(world, clock);
        let mut tasks = JoinSet::new();
        tasks.spawn(world.clone().tick());
        tasks.spawn(http::serve(listener, world.clone()));
        Ok(Self {
            socket,
            world,
            _tasks: tasks,
        })
    }

    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// For faults at run time.
    pub fn world(&self) -> &LiveWorld {
        &self.world
    }
}

impl Drop for Simulation {
    fn drop(&mut self) {
        // Somebody else may have removed it already: nothing is left to do then.
        drop(std::fs::remove_file(&self.socket));
    }
}
