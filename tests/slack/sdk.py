#!/usr/bin/env python3
"""What Slack's own SDK for Python says of our messages and of signatures.

    sdk.py blocks < messages.json     every message and form by name; prints what is wrong
    sdk.py sign SECRET < body         prints the time and the signature of a request

Needs slack_sdk. The SDK reads what it does not know without a word, so what it writes again has to
be what it read.
"""

import json
import sys
import time

from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View
from slack_sdk.signature import SignatureVerifier


def problems(name, message):
    if message.get("type") == "modal":
        yield from differences(name, message, View(**message).to_dict())
        return
    for number, block in enumerate(message["blocks"]):
        where = f"{name}, block {number} ({block['type']})"
        parsed = Block.parse(block)
        if parsed is None:
            yield f"{where}: not known to the SDK"
            continue
        yield from differences(where, block, parsed.to_dict())


def differences(where, ours, theirs):
    """Where the SDK's own writing of a block is not ours."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in sorted(ours.keys() | theirs.keys()):
            if key not in theirs:
                yield f"{where}: `{key}` is not known to the SDK"
            elif key not in ours:
                if theirs[key] not in (None, [], False):
                    yield f"{where}: the SDK adds `{key}`"
            else:
                yield from differences(f"{where}.{key}", ours[key], theirs[key])
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for number, (one, other) in enumerate(zip(ours, theirs)):
            yield from differences(f"{where}[{number}]", one, other)
    elif ours != theirs:
        yield f"{where}: the SDK reads {theirs!r}"


def blocks():
    wrong = 0
    for name, message in sorted(json.load(sys.stdin).items()):
        try:
            for problem in problems(name, message):
                wrong += 1
                print(problem)
        except Exception as error:  # the SDK has several kinds of refusal
            wrong += 1
            print(f"{name}: {type(error).__name__}: {error}")
    return 1 if wrong else 0


def sign(secret):
    now = str(int(time.time()))
    print(now, SignatureVerifier(secret).generate_signature(timestamp=now, body=sys.stdin.read()))
    return 0


if sys.argv[1:2] == ["blocks"]:
    sys.exit(blocks())
sys.exit(sign(sys.argv[2]))
