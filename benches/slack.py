"""How fast slash commands are acknowledged, beside a Bolt app that only acknowledges; part of `benches/run`.

By itself: `python3 benches/slack.py BINARY [--seconds N] [--commands N] [--debug]`. The load comes from
`examples/bench-slack.rs`. Bolt comes from npm; without npm or node only ours is measured.
"""

import argparse
import pathlib
import shutil
import subprocess
import sys
import tempfile

# far more than it takes; what hangs is said to
INSTALL_LIMIT, LIMIT = 300, 1800


def bolt(root, directory):
    """Where the Bolt app can be started, or nothing."""
    place = directory / "bolt"
    shutil.copytree(root / "benches/bolt", place, ignore=shutil.ignore_patterns("node_modules"))
    try:
        command = ["npm", "install", "--no-audit", "--no-fund"]
        subprocess.run(command, check=True, capture_output=True, cwd=place, timeout=INSTALL_LIMIT)
        subprocess.run(["node", "--version"], check=True, capture_output=True, timeout=INSTALL_LIMIT)
    except (OSError, subprocess.SubprocessError) as error:
        print(f"without Bolt: {error}", file=sys.stderr)
        return []
    return [str(place)]


def measure(run, root, binary, directory, seconds=15, commands=100_000, profile=("--release",)):
    program = ["cargo", "run", *profile, "--locked", "--quiet", "--example", "bench-slack", "--"]
    load = [str(binary), str(seconds), str(commands)]
    lines = run(*program, *load, *bolt(root, directory), cwd=root, timeout=LIMIT).splitlines()
    return [tuple(part.strip() for part in line.split("|")) for line in lines]


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("binary", type=pathlib.Path)
    arguments.add_argument("--seconds", type=int, default=15, help="of each round of 200 a second")
    arguments.add_argument("--commands", type=int, default=100_000, help="between two looks at memory")
    arguments.add_argument("--debug", action="store_true", help="a debug build sends the load")
    given = arguments.parse_args()
    root = pathlib.Path(__file__).resolve().parent.parent

    def run(*command, **options):
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, **options).stdout.strip()

    with tempfile.TemporaryDirectory() as scratch:
        profile = () if given.debug else ("--release",)
        load = (given.seconds, given.commands, profile)
        for row in measure(run, root, given.binary.resolve(), pathlib.Path(scratch), *load):
            print(" | ".join(row))


if __name__ == "__main__":
    main()
