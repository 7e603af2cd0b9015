//! What images, containers, volumes and build cache take on disk.
//!
//! We read the answer ourselves: the library knows only the sums that the newest engines give,
//! and reads nothing at all from those before.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::TryStreamExt;
use serde::Deserialize;

use super::failure::{self, Subject};
use super::inspect::not_negative;
use super::request::within;
use super::{Engine, EngineError};
use crate::action::inventory::{DiskUsage, DiskUse};

/// The engine walks every file of every volume.
const WALK_LIMIT: Duration = Duration::from_mins(1);
/// An answer about ten thousand images has a few megabytes.
const LONGEST_ANSWER: usize = 64 * 1024 * 1024;

impl Engine {
    pub async fn disk_usage(&self) -> Result<DiskUsage, EngineError> {
        Ok(self.disk_answer("/system/df").await?.summed())
    }

    /// Of every volume whose size the engine knows.
    pub(super) async fn volume_sizes(&self) -> Result<BTreeMap<String, u64>, EngineError> {
        // Older engines overlook the parameters and list everything.
        let answer = self.disk_answer("/system/df?type=volume&verbose=1").await?;
        let summed = answer.volume_usage.and_then(|sum| sum.items);
        let volumes = answer.volumes.or(summed).unwrap_or_default();
        let size = |volume: Volume| {
            let size = u64::try_from(volume.usage?.size).ok()?;
            Some((volume.name, size))
        };
        Ok(volumes.into_iter().filter_map(size).collect())
    }

    async fn disk_answer(&self, path: &str) -> Result<Answer, EngineError> {
        let reading = async {
            let mut bytes = Vec::new();
            let mut chunks = self.get(path, &Subject::engine()).await?;
            while let Some(chunk) = chunks.try_next().await? {
                bytes.extend(chunk);
                if bytes.len() > LONGEST_ANSWER {
                    return Err(failure::broken("the answer on disk usage has no end"));
                }
            }
            serde_json::from_slice(&bytes).map_err(|error| failure::broken(&error.to_string()))
        };
        within(WALK_LIMIT, "adding up disk usage", reading).await
    }
}

/// Both shapes: lists of everything, and the sums that newer engines give.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Answer {
    layers_size: i64,
    images: Option<Vec<Image>>,
    containers: Option<Vec<Container>>,
    volumes: Option<Vec<Volume>>,
    build_cache: Option<Vec<Cache>>,
    image_usage: Option<Sum<Image>>,
    container_usage: Option<Sum<Container>>,
    volume_usage: Option<Sum<Volume>>,
    build_cache_usage: Option<Sum<Cache>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Sum<T> {
    total_count: i64,
    total_size: i64,
    reclaimable: i64,
    items: Option<Vec<T>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Image {
    size: i64,
    shared_size: i64,
    containers: i64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Container {
    size_rw: i64,
    state: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Volume {
    name: String,
    #[serde(rename = "UsageData")]
    usage: Option<VolumeUsage>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct VolumeUsage {
    size: i64,
    ref_count: i64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Cache {
    size: i64,
    in_use: bool,
    shared: bool,
}

impl Answer {
    fn summed(&self) -> DiskUsage {
        DiskUsage {
            images: told(self.image_usage.as_ref()).unwrap_or_else(|| self.images()),
            containers: told(self.container_usage.as_ref()).unwrap_or_else(|| self.containers()),
            volumes: told(self.volume_usage.as_ref()).unwrap_or_else(|| self.volumes()),
            build_cache: told(self.build_cache_usage.as_ref())
                .unwrap_or_else(|| self.build_cache()),
        }
    }

    /// What is only in images that no container uses can be had back.
    fn images(&self) -> DiskUse {
        let images = self.images.as_deref().unwrap_or_default();
        let in_use = images.iter().filter(|image| image.containers > 0);
        let needed: u64 = in_use
            .map(|image| not_negative(image.size - image.shared_size.max(0)))
            .sum();
        let size = not_negative(self.layers_size);
        DiskUse {
            count: images.len() as u64,
            size,
            reclaimable: size.saturating_sub(needed),
        }
    }

    fn containers(&self) -> DiskUse {
        let idle =
            |found: &Container| matches!(found.state.as_str(), "exited" | "created" | "dead");
        let containers = self.containers.iter().flatten();
        added_up(containers.map(|found| (found.size_rw, idle(found))))
    }

    fn volumes(&self) -> DiskUse {
        let usage = |volume: &Volume| {
            let usage = volume.usage.as_ref();
            (
                usage.map_or(0, |usage| usage.size),
                usage.is_some_and(|usage| usage.ref_count == 0),
            )
        };
        added_up(self.volumes.iter().flatten().map(usage))
    }

    /// A shared record's bytes are counted with the record it shares them with.
    fn build_cache(&self) -> DiskUse {
        let usage = |cache: &Cache| {
            let size = if cache.shared { 0 } else { cache.size };
            (size, !cache.in_use)
        };
        added_up(self.build_cache.iter().flatten().map(usage))
    }
}

fn told<T>(sum: Option<&Sum<T>>) -> Option<DiskUse> {
    let sum = sum?;
    Some(DiskUse {
        count: not_negative(sum.total_count),
        size: not_negative(sum.total_size),
        reclaimable: not_negative(sum.reclaimable),
    })
}

/// Of sizes (negative where unknown) and whether each can be had back.
fn added_up(sizes: impl Iterator<Item = (i64, bool)>) -> DiskUse {
    sizes.fold(DiskUse::default(), |sum, (size, reclaimable)| {
        let size = not_negative(size);
        DiskUse {
            count: sum.count + 1,
            size: sum.size + size,
            reclaimable: sum.reclaimable + if reclaimable { size } else { 0 },
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summed(json: &str) -> DiskUsage {
        serde_json::from_str::<Answer>(json).unwrap().summed()
    }

    #[test]
    fn lists_are_added_up() {
        let usage = summed(
            r#"{"LayersSize": 1000,
                "Images": [{"Size": 600, "SharedSize": 200, "Containers": 1},
                           {"Size": 400, "SharedSize": -1, "Containers": 0}],
                "Containers": [{"SizeRw": 7, "State": "running"}, {"SizeRw": 5, "State": "exited"}, {"State": "paused"}],
                "Volumes": [{"Name": "a", "UsageData": {"Size": 30, "RefCount": 1}},
                            {"Name": "b", "UsageData": {"Size": 20, "RefCount": 0}},
                            {"Name": "c", "UsageData": {"Size": -1, "RefCount": -1}},
                            {"Name": "d", "UsageData": null}],
                "BuildCache": [{"Size": 9, "InUse": false, "Shared": false}, {"Size": 9, "InUse": true, "Shared": true}]}"#,
        );
        let of = |count, size, reclaimable| DiskUse {
            count,
            size,
            reclaimable,
        };
        assert_eq!(usage.images, of(2, 1000, 600));
        assert_eq!(usage.containers, of(3, 12, 5));
        assert_eq!(usage.volumes, of(4, 50, 20));
        assert_eq!(usage.build_cache, of(2, 9, 9));
    }

    #[test]
    fn sums_of_newer_engines_are_taken_as_they_are() {
        let usage = summed(
            r#"{"ImageUsage": {"TotalCount": 3, "TotalSize": 50, "Reclaimable": 10}, "VolumeUsage": {}}"#,
        );
        assert_eq!(
            usage.images,
            DiskUse {
                count: 3,
                size: 50,
                reclaimable: 10
            }
        );
        assert_eq!(usage.volumes, DiskUse::default());
    }

    #[test]
    fn an_empty_engine_takes_nothing() {
        let usage = summed(
            r#"{"LayersSize": 0, "Images": null, "Containers": [], "Volumes": null, "BuildCache": null}"#,
        );
        assert_eq!(usage, DiskUsage::default());
    }
}
