//! Names of images: what compose finds them by, and names of ours that keep them from being taken
//! away.

use bollard::query_parameters::TagImageOptionsBuilder;

use super::containers::segment;
use super::failure::Subject;
use super::{Engine, EngineError};
use crate::action::operate::KeptImage;

/// The tag of a kept image, behind its service's own name.
const KEPT: &str = "before";

impl Engine {
    pub(super) async fn keep_images(&self, images: &[KeptImage]) -> Result<(), EngineError> {
        for image in images {
            let own = format!("dogwatch-kept/{}", repository(&image.service));
            self.tag(&image.id, &own, KEPT).await?;
        }
        Ok(())
    }

    /// An image that is known by its digest needs no name: nothing else can be meant by it.
    pub(super) async fn restore_images(&self, images: &[KeptImage]) -> Result<(), EngineError> {
        for image in images.iter().filter(|image| !image.name.contains('@')) {
            let (name, tag) = parts(&image.name);
            self.tag(&image.id, name, tag).await?;
        }
        Ok(())
    }

    async fn tag(&self, id: &str, name: &str, tag: &str) -> Result<(), EngineError> {
        let about = Subject::image(id);
        let options = TagImageOptionsBuilder::default()
            .repo(name)
            .tag(tag)
            .build();
        let plain = id.strip_prefix("sha256:").unwrap_or(id);
        let request = self
            .docker()
            .tag_image(segment(&about, plain)?, Some(options));
        self.ask(&about, request).await
    }
}

/// `registry:5000/shop/api:2` into name and tag.
fn parts(image: &str) -> (&str, &str) {
    match image.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, tag),
        _ => (image, "latest"),
    }
}

/// What an engine takes as a part of an image's name.
fn repository(name: &str) -> String {
    let sound = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "/-".contains(c);
    let lower = name.to_ascii_lowercase();
    lower
        .chars()
        .map(|c| if sound(c) { c } else { '-' })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_of_a_registry_is_no_tag() {
        assert_eq!(parts("redis"), ("redis", "latest"));
        assert_eq!(parts("shop/api:2"), ("shop/api", "2"));
        assert_eq!(parts("host:5000/api"), ("host:5000/api", "latest"));
        assert_eq!(repository("Shop_X/api.v1"), "shop-x/api-v1");
    }
}
