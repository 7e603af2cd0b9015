"""From a container's death to what a chat shows: the plain alert, and the line with its cause.

A container that ends by itself for want of a setting, the real engine, `dogwatch serve`, and a small
Slack of our own that notes when each call came in. The engine's own `FinishedAt` is the beginning.
"""

import datetime
import http.server
import json
import pathlib
import re
import subprocess
import threading
import time

CAUSE = "missing-env"
BROKEN = "sleep 1; : ${DB_URL:?DB_URL is not set}"
PATIENCE = 30


class Slack(http.server.ThreadingHTTPServer):
    """Takes everything, and remembers when it came and its first line."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.calls, self.changed = [], threading.Condition()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def until(self, wanted):
        limit = time.time() + PATIENCE
        with self.changed:
            while True:
                for at, text in self.calls:
                    if wanted(text):
                        return at
                if not self.changed.wait(limit - time.time()) and time.time() > limit:
                    raise SystemExit(f"never told; there is {self.calls}")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        at = time.time()
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if self.path.endswith(("chat.postMessage", "chat.update")):
            with self.server.changed:
                self.server.calls.append((at, json.loads(body)["text"].split("\n")[0]))
                self.server.changed.notify_all()
        answer = json.dumps({"ok": True, "channel": "C1", "ts": f"{at:.6f}", "user_id": "U0", "messages": []}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


def serve(binary, environment, directory, slack):
    config = pathlib.Path(directory) / "alerts.yaml"
    config.write_text(
        'http: { listen: "127.0.0.1:0" }\n'
        f'store: {{ url: "sqlite://{directory}/alerts.db" }}\n'
        "incidents: { group: { storm: 200 } }\n"
        "chat:\n  slack:\n"
        f'    api_url: "http://127.0.0.1:{slack.server_port}/api/"\n'
        "    bot_token: xoxb-bench\n    signing_secret: bench\n    alerts_channel: C1\n"
    )
    server = subprocess.Popen(
        [str(binary), "--config", str(config), "serve"],
        env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )
    next(line for line in server.stderr if "address=" in line)
    threading.Thread(target=server.stderr.read, daemon=True).start()
    return server


def died_at(run, container):
    while True:
        state = run("docker", "inspect", "--format", "{{.State.Status}} {{.State.FinishedAt}}", container).split()
        if state[0] == "exited":
            whole, fraction = re.match(r"(.*)\.(\d+)Z", state[1]).groups()
            begin = datetime.datetime.fromisoformat(whole).replace(tzinfo=datetime.timezone.utc).timestamp()
            return begin + float(f"0.{fraction}")
        time.sleep(0.05)


def measure(run, image, label, binary, environment, directory, rounds):
    """Seconds to the plain alert and to the cause, one pair a round; each round has a stack of its own."""
    slack, plain, cause = Slack(), [], []
    server = serve(binary, environment, directory, slack)
    try:
        time.sleep(2)
        for number in range(rounds + 1):
            stack = f"lab-bench-alert-{number:02}"
            labels = [f"--label={label}=1", f"--label=com.docker.compose.project={stack}", "--label=com.docker.compose.service=api"]
            container = run("docker", "run", "--detach", "--network=none", *labels, image, "sh", "-c", BROKEN)
            begin = died_at(run, container)
            plain.append(slack.until(lambda text: f"{stack}/api" in text) - begin)
            cause.append(slack.until(lambda text: f"{stack}/api" in text and CAUSE in text) - begin)
            run("docker", "rm", "--force", container)
    finally:
        server.terminate()
        server.wait(timeout=20)
        slack.shutdown()
    # the first one pays for what is read once
    return plain[1:], cause[1:]
