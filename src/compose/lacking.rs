//! What keeps a service without a container from being made, in the words of the engine or of the
//! registry: addresses that are taken, an image that is nowhere. Asks only; nothing is pulled or made.

use super::resolved::{Resolved, Wanted};
use super::{LOOK, Operator, subnets};
use crate::action::inventory::Network;
use crate::engine::{Engine, EngineError};

/// `None`: nothing that could be seen.
pub async fn lacking(
    operator: &Operator<'_>,
    engine: &Engine,
    service: &str,
    resolved: &Resolved,
) -> Option<String> {
    let project = &operator.site.project;
    if let Some(taken) = taken(engine, project, resolved).await {
        return Some(taken);
    }
    let wanted = resolved.services.get(service)?;
    let images = engine.images().await.ok()?;
    let is_here = |name: &String| {
        let name = with_tag(name);
        images.iter().any(|image| image.tags.contains(&name))
    };
    match &wanted.image {
        Some(image) if is_here(image) => None,
        Some(image) if !wanted.builds => from_registry(operator, engine, wanted, image).await,
        None if ["_", "-"]
            .map(|mark| format!("{project}{mark}{service}"))
            .iter()
            .any(is_here) =>
        {
            None
        }
        _ => Some(NEVER_BUILT.to_owned()),
    }
}

/// No fault by itself: perhaps nobody has tried.
pub const NEVER_BUILT: &str = "its image was never built here";

async fn taken(engine: &Engine, project: &str, resolved: &Resolved) -> Option<String> {
    let own = format!("{project}_");
    let networks = engine.networks().await.unwrap_or_default();
    let foreign = |network: &&Network| !network.name.starts_with(&own);
    networks.iter().filter(foreign).find_map(|network| {
        let meets = |taken: &&String| {
            resolved
                .subnets
                .iter()
                .any(|own| subnets::overlap(own, taken))
        };
        let taken = network.subnets.iter().find(meets)?;
        Some(format!(
            "Pool overlaps with other one on this address space: network `{}` has {taken}",
            network.name
        ))
    })
}

fn with_tag(image: &str) -> String {
    let last = image.rsplit('/').next().unwrap_or(image);
    if last.contains(':') || image.contains('@') {
        image.to_owned()
    } else {
        format!("{image}:latest")
    }
}

async fn from_registry(
    operator: &Operator<'_>,
    engine: &Engine,
    wanted: &Wanted,
    image: &str,
) -> Option<String> {
    let said = match engine.offered(image).await {
        Ok(platforms) => return offered(engine, wanted, image, &platforms).await,
        Err(EngineError::TimedOut { limit_s, .. }) => {
            return Some(format!(
                "the registry did not answer about {image} within {limit_s} s"
            ));
        }
        Err(EngineError::Refused { message, .. }) => message.to_string(),
        Err(EngineError::NotFound { .. }) => "manifest unknown".to_owned(),
        // it has answered everything else
        Err(_) => return Some(format!("No such image: {image}")),
    };
    Some(match Answer::of(&said) {
        Answer::Refused => return operator.refused(image, &said).await,
        Answer::Late => said,
        Answer::Unknown => format!("No such image: {image}; its registry says: {said}"),
        Answer::Away => format!("No such image: {image}; its registry cannot be asked: {said}"),
    })
}

/// What the registry has is perhaps for other machines; else it waits to be pulled.
async fn offered(
    engine: &Engine,
    wanted: &Wanted,
    image: &str,
    platforms: &[String],
) -> Option<String> {
    let own = engine.platform().await.ok().flatten();
    let needed = wanted.platform.clone().or(own)?;
    // `linux/arm/v7` runs what is offered for `linux/arm`
    let fits =
        |platform: &String| needed == *platform || needed.starts_with(&format!("{platform}/"));
    Some(if platforms.is_empty() || platforms.iter().any(fits) {
        format!("its registry has {image}, and nobody has pulled it yet")
    } else {
        let platforms = platforms.join(", ");
        format!("no matching manifest for {needed}: the registry has {image} for {platforms} only")
    })
}

/// What a registry's words come to.
#[derive(Debug, PartialEq, Eq)]
enum Answer {
    Refused,
    Late,
    Unknown,
    Away,
}

impl Answer {
    fn of(said: &str) -> Self {
        let said = said.to_lowercase();
        let has = |words: &[&str]| words.iter().any(|word| said.contains(word));
        if has(&[
            "denied",
            "unauthorized",
            "no basic auth",
            "authentication required",
            "forbidden",
        ]) {
            Self::Refused
        } else if has(&["timeout", "deadline exceeded"]) {
            Self::Late
        } else if has(&["unknown", "not found"]) {
            Self::Unknown
        } else {
            Self::Away
        }
    }
}

impl Operator<'_> {
    /// The engine asks without a login. Where this host has one, the command line asks with it; it
    /// reads the image's description and pulls nothing.
    async fn refused(&self, image: &str, said: &str) -> Option<String> {
        let argv = ["docker", "manifest", "inspect", image].map(str::to_owned);
        let ran = self.run(argv.to_vec(), LOOK, &|_| {}).await.ok();
        let again = ran.as_ref().map(|ran| ran.stderr.expose().trim());
        if ran.as_ref().is_some_and(super::Ran::succeeded) {
            return Some(format!(
                "its registry has {image}, and nobody has pulled it yet"
            ));
        }
        let asked = match again {
            Some(again) if Answer::of(again) == Answer::Refused => "asked with this host's login",
            _ => WITHOUT_LOGIN,
        };
        Some(format!("the registry refuses {image}: {said} ({asked})"))
    }
}

/// A host with a login may still be let in.
const WITHOUT_LOGIN: &str = "asked without a login";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registries_words_are_told_apart() {
        let said = [
            (
                "Head \"http://r/v2/a/manifests/1\": no basic auth credentials",
                Answer::Refused,
            ),
            (
                "denied: requested access to the resource is denied",
                Answer::Refused,
            ),
            (
                "Get \"https://r/v2/\": context deadline exceeded (Client.Timeout)",
                Answer::Late,
            ),
            ("manifest unknown", Answer::Unknown),
            (
                "Get \"https://r/v2/\": dial tcp: lookup r: no such host",
                Answer::Away,
            ),
            (
                "dial tcp 127.0.0.1:9: connect: connection refused",
                Answer::Away,
            ),
        ];
        for (words, answer) in said {
            assert_eq!(Answer::of(words), answer, "{words}");
        }
    }

    #[test]
    fn an_image_without_a_tag_is_the_latest() {
        let tagged = ["a", "r:5000/a", "r:5000/a:1", "a@sha256:00"].map(with_tag);
        assert_eq!(
            tagged,
            ["a:latest", "r:5000/a:latest", "r:5000/a:1", "a@sha256:00"]
        );
    }
}
