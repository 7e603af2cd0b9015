//! Reading one small file out of a container, running or not.

use futures_util::stream::TryStreamExt;

use super::containers::segment;
use super::failure::Subject;
use super::{Engine, EngineError};
use crate::text::Raw;

/// Of configuration more is never needed; a larger file is left alone.
const LARGEST: usize = 256 * 1024;
/// The archive puts a header of one block before each file.
const BLOCK: usize = 512;

impl Engine {
    /// The text of every small file at `path`: the file itself, or those of a directory.
    pub async fn texts(&self, id: &str, path: &str) -> Result<Vec<Raw>, EngineError> {
        let about = Subject::container(id);
        let request = format!(
            "/containers/{}/archive?path={}",
            segment(&about, id)?,
            escaped(path)
        );
        let mut bytes = self.get(&request, &about).await?;
        let mut archive = Vec::new();
        while let Some(chunk) = bytes.try_next().await? {
            archive.extend_from_slice(&chunk);
            if archive.len() > LARGEST {
                break;
            }
        }
        Ok(files(&archive))
    }
}

fn escaped(path: &str) -> String {
    let keep = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte);
    path.bytes()
        .map(|byte| {
            if keep(byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}

/// The regular files of a tar archive that are whole and text.
fn files(archive: &[u8]) -> Vec<Raw> {
    let mut found = Vec::new();
    let mut rest = archive;
    while let Some((header, after)) = rest.split_at_checked(BLOCK) {
        let Some(size) = size(header) else { break };
        let Some((content, _)) = after.split_at_checked(size) else {
            break;
        };
        let is_file = matches!(header.get(156), Some(b'0' | 0));
        if let (true, Ok(text)) = (is_file, std::str::from_utf8(content)) {
            found.push(Raw::new(text));
        }
        rest = after
            .get(size.div_ceil(BLOCK) * BLOCK..)
            .unwrap_or_default();
    }
    found
}

/// In octal digits; none where the archive ends.
fn size(header: &[u8]) -> Option<usize> {
    let digits = header.get(124..136)?;
    let digits = std::str::from_utf8(digits)
        .ok()?
        .trim_matches(|c: char| c == '\0' || c == ' ');
    usize::from_str_radix(digits, 8).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(kind: u8, content: &str) -> Vec<u8> {
        let mut block = vec![0; BLOCK];
        block[124..135].copy_from_slice(format!("{:011o}", content.len()).as_bytes());
        block[156] = kind;
        block.extend(content.as_bytes());
        block.resize(block.len().div_ceil(BLOCK) * BLOCK, 0);
        block
    }

    #[test]
    fn regular_files_only() {
        let archive = [entry(b'5', ""), entry(b'0', "listen 80;"), entry(b'0', "x")].concat();
        assert_eq!(files(&archive), [Raw::new("listen 80;"), Raw::new("x")]);
        assert!(files(&archive[..600]).is_empty());
        assert!(files(b"no archive").is_empty());
    }
}
