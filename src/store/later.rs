//! A store that is opened when it is first needed: most commands read an engine and nothing else.

use std::sync::Arc;

use tokio::sync::OnceCell;

use super::settings::StoreUrl;
use super::{Store, StoreError};

/// Clones are one and the same store.
#[derive(Debug, Clone)]
pub struct Later {
    url: Option<StoreUrl>,
    store: Arc<OnceCell<Store>>,
}

impl Later {
    pub fn at(url: StoreUrl) -> Self {
        Self {
            url: Some(url),
            store: Arc::default(),
        }
    }

    /// Kept nowhere and gone with the program: for the demo.
    pub fn in_memory() -> Self {
        Self {
            url: None,
            store: Arc::default(),
        }
    }

    pub async fn get(&self) -> Result<&Store, StoreError> {
        self.store
            .get_or_try_init(|| async {
                match &self.url {
                    Some(url) => Store::open(url.expose()).await,
                    None => Store::in_memory().await,
                }
            })
            .await
    }
}
