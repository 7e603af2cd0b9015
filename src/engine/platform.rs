//! What an image is built for, and what the engine runs on, in the same words.

use futures_util::future::try_join;

use super::containers::segment;
use super::failure::Subject;
use super::{Engine, EngineError};
use crate::action::inventory::Platforms;

impl Engine {
    pub async fn platforms(&self, image: &str) -> Result<Platforms, EngineError> {
        let about = Subject::image(image);
        let plain = image.strip_prefix("sha256:").unwrap_or(image);
        let described = self.docker().inspect_image(segment(&about, plain)?);
        let (image, engine) = try_join(self.ask(&about, described), self.platform()).await?;
        Ok(Platforms {
            image: joined(image.os, image.architecture),
            engine,
        })
    }

    /// Its own.
    pub async fn platform(&self) -> Result<Option<String>, EngineError> {
        let engine = Subject::engine();
        let version = self.ask(&engine, self.docker().version()).await?;
        Ok(joined(version.os, version.arch))
    }
}

/// `linux/amd64`; nothing where either half is unknown.
pub(super) fn joined(os: Option<String>, architecture: Option<String>) -> Option<String> {
    let known = |text: &String| !text.is_empty();
    Some(format!(
        "{}/{}",
        os.filter(known)?,
        architecture.filter(known)?
    ))
}
