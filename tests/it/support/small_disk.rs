//! A file system of a few MiB in the place of a directory, gone with the test. Needs root.

use std::path::{Path, PathBuf};

use super::real_engine::program;

pub(crate) struct SmallDisk {
    at: PathBuf,
}

impl SmallDisk {
    /// `None` where nothing may be mounted; the test then says so.
    pub(crate) fn on(at: &Path, size: &str) -> Option<Self> {
        if !nix::unistd::getuid().is_root() {
            let required = std::env::var_os("DOGWATCH_REQUIRE_ENGINE").is_some();
            assert!(!required, "nothing may be mounted: run as root");
            eprintln!("NOT RUN: needs root");
            return None;
        }
        std::fs::create_dir_all(at).unwrap();
        run(
            "mount",
            &["-t", "tmpfs", "-o", &format!("size={size}"), "none"],
            at,
        );
        Some(Self { at: at.to_owned() })
    }

    /// The same with what is in the directory already.
    pub(crate) fn under(at: &Path, size: &str) -> Option<Self> {
        let kept = tempfile::tempdir().unwrap();
        let both = |from: &Path, to: &Path| {
            let from = from.join(".");
            run("cp", &["-a", &from.to_string_lossy()], to);
        };
        both(at, kept.path());
        let disk = Self::on(at, size)?;
        both(kept.path(), at);
        Some(disk)
    }

    pub(crate) fn resize(&self, size: &str) {
        run("mount", &["-o", &format!("remount,size={size}")], &self.at);
    }

    /// Leaves so many bytes.
    pub(crate) fn fill(&self, left: u64) {
        let file = self.filler();
        let _full = program("dd")
            .args(["if=/dev/zero", "bs=4k"])
            .arg(format!("of={}", file.display()))
            .output()
            .unwrap();
        let filler = std::fs::File::options().write(true).open(&file).unwrap();
        let length = filler.metadata().unwrap().len();
        filler.set_len(length.saturating_sub(left)).unwrap();
    }

    pub(crate) fn free(&self) {
        std::fs::remove_file(self.filler()).unwrap();
    }

    /// Where git does not look.
    fn filler(&self) -> PathBuf {
        let inside = self.at.join(".git");
        let directory = if inside.is_dir() {
            inside
        } else {
            self.at.clone()
        };
        directory.join("filler")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // lazily: whoever still looks at it keeps nobody waiting
        run("umount", &["--lazy"], &self.at);
    }
}

fn run(name: &str, arguments: &[&str], at: &Path) {
    let output = program(name).args(arguments).arg(at).output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name} {arguments:?}: {complaint}");
}
