"""What `benches/slack.py` and `benches/discord.py` have in common: an app from npm beside ours, and the load
of `examples/bench-chats`, which prints one row of the table per line.
"""

import argparse
import datetime
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/guides/benchmarks.md"
# far more than it takes; what hangs is said to
INSTALL_LIMIT, LIMIT = 300, 1800


def run(*command, **options):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, **options).stdout.strip()


def app(name, directory):
    """Where the app of `benches/NAME` can be started, or nothing."""
    place = directory / name
    shutil.copytree(ROOT / "benches" / name, place, ignore=shutil.ignore_patterns("node_modules"))
    try:
        command = ["npm", "install", "--no-audit", "--no-fund"]
        subprocess.run(command, check=True, capture_output=True, cwd=place, timeout=INSTALL_LIMIT)
        subprocess.run(["node", "--version"], check=True, capture_output=True, timeout=INSTALL_LIMIT)
    except (OSError, subprocess.SubprocessError) as error:
        print(f"without the app beside ours: {error}", file=sys.stderr)
        return []
    return [str(place)]


def measure(chat, beside, binary, directory, seconds=15, commands=100_000, profile=("--release",)):
    program = ["cargo", "run", *profile, "--locked", "--quiet", "--example", "bench-chats", "--"]
    load = [chat, str(binary), str(seconds), str(commands)]
    lines = run(*program, *load, *app(beside, directory), cwd=ROOT, timeout=LIMIT).splitlines()
    return [tuple(part.strip() for part in line.split("|")) for line in lines]


def save(mark, text):
    """Writes between two marks of the guide."""
    begin, end = f"<!-- {mark}: begin -->", f"<!-- {mark}: end -->"
    before, rest = PAGE.read_text().split(begin)
    PAGE.write_text(f"{before}{begin}\n{text}\n{end}{rest.split(end)[1]}")


def table(rows, about):
    return "\n".join(["| what | measured | aim |", "|---|---|---|", *(f"| {' | '.join(row)} |" for row in rows), "", about])


def main(chat, beside, about):
    arguments = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("binary", type=pathlib.Path)
    arguments.add_argument("--seconds", type=int, default=15, help="of each round")
    arguments.add_argument("--commands", type=int, default=100_000, help="between two looks at memory")
    arguments.add_argument("--debug", action="store_true", help="a debug build sends the load")
    arguments.add_argument("--save", action="store_true", help="write the table into the guide")
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        profile = () if given.debug else ("--release",)
        load = (given.seconds, given.commands, profile)
        rows = measure(chat, beside, given.binary.resolve(), pathlib.Path(scratch), *load)
    commit = run("git", "-C", str(ROOT), "rev-parse", "--short", "HEAD")
    load = os.getloadavg()[1]
    where = f"Commit {commit}, {os.cpu_count()} cpus, load {load:.1f}, {datetime.date.today().isoformat()}."
    text = table(rows, where)
    print(text)
    if given.save:
        save(chat, text)
