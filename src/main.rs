//! Parses flags, calls the command line, turns its answer into an exit code.

fn main() {}
