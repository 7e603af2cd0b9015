//! A store that is opened when it is first needed: most commands read an engine and nothing else.

use tokio::sync::OnceCell;

use super::settings::StoreUrl;
use super::{Store, StoreError};

#[derive(Debug)]
pub struct Later {
    url: Option<StoreUrl>,
    store: OnceCell<Store>,
}

impl Later {
    pub fn at(url: StoreUrl) -> Self {
        Self {
            url: Some(url),
            store: OnceCell::new(),
        }
    }

    /// Kept nowhere and gone with the program: for the demo.
    pub fn in_memory() -> Self {
        Self {
            url: None,
            store: OnceCell::new(),
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
