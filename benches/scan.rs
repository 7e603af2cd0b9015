//! How fast logs are read: the path from a line to what is kept of it, over one file. Driven by
//! `benches/run`, which puts ripgrep with the same patterns beside it.
//!
//!     scan --patterns          the patterns that are looked for, one a line
//!     scan FILE                 MB/s, lines and hits, from the file's pages in memory
#![expect(clippy::print_stdout, reason = "a benchmark prints its numbers")]

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::time::Instant;

use dogwatch::evidence::Signatures;

fn main() -> std::io::Result<()> {
    let signatures = Signatures::built_in();
    let argument = std::env::args().nth(1).unwrap_or_default();
    if argument == "--patterns" {
        for signature in signatures.iter() {
            println!("{}", signature.pattern());
        }
        return Ok(());
    }
    let began = Instant::now();
    let mut reader = BufReader::with_capacity(1 << 16, File::open(argument)?);
    let (mut line, mut bytes, mut lines, mut hits) = (String::new(), 0, 0_u64, 0_u64);
    loop {
        line.clear();
        let read = reader.read_line(&mut line)?;
        if read == 0 {
            break;
        }
        bytes += read;
        lines += 1;
        hits += u64::from(signatures.find(line.trim_end()).is_some());
    }
    let seconds = began.elapsed().as_secs_f64();
    let speed = bytes as f64 / 1e6 / seconds;
    println!("{speed:.0} {lines} {hits}");
    Ok(())
}
