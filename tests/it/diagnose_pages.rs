//! The reference page of every cause is what its rule says.

use std::path::PathBuf;

#[test]
fn every_cause_has_its_page() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/reference/causes");
    let mut stale = Vec::new();
    for (file, made) in dogwatch::diagnose::reference::pages() {
        let path = folder.join(&file);
        if std::env::var_os("UPDATE_GENERATED").is_some() {
            std::fs::write(&path, &made).unwrap();
        }
        if std::fs::read_to_string(&path).unwrap_or_default() != made {
            stale.push(file);
        }
    }
    assert!(
        stale.is_empty(),
        "stale: {stale:?}; `UPDATE_GENERATED=1 cargo test --test it diagnose_pages` writes them anew"
    );
}
