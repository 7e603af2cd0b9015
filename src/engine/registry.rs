//! Asks a registry, through the engine, what it has under an image's name. Nothing is pulled, and no
//! login is sent: what the engine's owner may do is not ours to try.

use std::time::Duration;

use super::failure::Subject;
use super::platform::joined;
use super::{Engine, EngineError};

/// Whoever pulls waits longer; by then it is known that something is wrong.
const PATIENCE: Duration = Duration::from_secs(6);

impl Engine {
    /// The platforms that an image is offered for, such as `linux/amd64`; none where its registry does
    /// not say.
    pub async fn offered(&self, image: &str) -> Result<Vec<String>, EngineError> {
        let about = Subject::image(image);
        if !is_reference(image) {
            return Err(about.missing());
        }
        let request = self.docker().inspect_registry_image(image, None);
        let found = self.ask_within(PATIENCE, &about, request).await?;
        let platforms = found.platforms.into_iter();
        let mut names: Vec<String> = platforms
            .filter_map(|platform| joined(platform.os, platform.architecture))
            .collect();
        names.sort();
        names.dedup();
        Ok(names)
    }
}

/// It becomes a part of a path, where it must not lead elsewhere.
fn is_reference(image: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_.-/:@".contains(c);
    image.starts_with(|c: char| c.is_ascii_alphanumeric())
        && image.chars().all(allowed)
        && !image.contains("..")
}

#[cfg(test)]
mod tests {
    use super::is_reference;

    #[test]
    fn a_name_that_leads_elsewhere_is_no_image() {
        let good = ["shop", "127.0.0.1:5000/shop/api:v1", "a/b@sha256:00ff"];
        assert!(good.into_iter().all(is_reference));
        let bad = [
            "",
            "../containers",
            "a/../../b",
            "a?x=y",
            "a#b",
            "a b",
            "/a",
        ];
        assert!(!bad.into_iter().any(is_reference));
    }
}
