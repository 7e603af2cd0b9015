"""How fast slash commands are acknowledged, beside a Bolt app that only acknowledges; part of `benches/run`.

The load comes from `examples/bench-slack.rs`. Bolt comes from npm; without npm or node only ours is measured.
"""

import shutil
import subprocess


def measure(run, root, binary, directory):
    program = ["cargo", "run", "--release", "--locked", "--quiet", "--example", "bench-slack", "--", str(binary)]
    bolt = directory / "bolt"
    shutil.copytree(root / "benches/bolt", bolt)
    try:
        run("npm", "install", "--no-audit", "--no-fund", cwd=bolt)
        program.append(str(bolt))
    except (OSError, subprocess.CalledProcessError):
        pass
    lines = run(*program, cwd=root).splitlines()
    return [tuple(part.strip() for part in line.split("|")) for line in lines]
