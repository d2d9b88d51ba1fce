"""Reads through forewarm's shared cache over HTTP: one file to copy, the standard library is all that it needs.

A gateway that is away slows an analyzer down by one time-out, and never stops it: the file is read from the checkout.
The log of the name `forewarm` says once what is wrong. A token comes from GATEWAY_TOKEN unless it is given.
"""

import hashlib
import http.client
import json
import logging
import os
import pathlib
import time
import urllib.parse
import uuid

TIMEOUT_S = 2.0
# After a failure the gateway is left alone for so long: one that is away must not cost a time-out a read.
REST_S = 5.0
# What was read is told this often, for the files that are read next are warmed while the session still runs.
PUBLISH_EVERY_S = 0.1
BATCH_MAX = 500
# Reads that wait for a gateway which is away; the oldest are forgotten first.
WAITING_MAX = 10_000


class Session:
    """One run of one analyzer over one revision of the files below `root`."""

    def __init__(self, gateway, workspace, analyzer, root, *, revision=None, token=None):
        address = urllib.parse.urlsplit(gateway)
        connection = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
        self._http = connection(address.netloc, timeout=TIMEOUT_S)
        self._base = f"{address.path.rstrip('/')}/v1/workspaces/{urllib.parse.quote(workspace, safe='')}"
        token = token or os.environ.get("GATEWAY_TOKEN")
        self._headers = {"authorization": f"Bearer {token}"} if token else {}
        self._name = {"session": uuid.uuid4().hex, "analyzer": analyzer, "revision": revision}
        self._publisher = uuid.uuid4().hex
        self._sequence = 0
        self._reads = []
        self._root = pathlib.Path(root)
        self._again_s = self._published_s = 0.0
        self._complained = set()
        self.outcomes = {}

    def read(self, path, version):
        """The bytes of a file, from the cache or the checkout; `version` is its git blob id (`git ls-files -s`)."""
        if not is_utf8(path):  # A name that no request can carry: such a file is read beside the cache.
            return (self._root / path).read_bytes()
        time_ms = time.time_ns() // 1_000_000
        _, headers, value = self._ask("GET", self._cache(path, version), found=True)
        if value is None:
            value = (self._root / path).read_bytes()
            self._ask("PUT", self._cache(path, blob_id(value)), value, "application/octet-stream")
        outcome = headers.get("x-forewarm-outcome", "unknown")
        self.outcomes[outcome] = self.outcomes.get(outcome, 0) + 1
        warmed_by = headers.get("x-forewarm-warmed-by")
        self._reads.append(
            {"path": path, "version": version, "timeMs": time_ms, "outcome": outcome, "warmedBy": warmed_by}
        )
        if time.monotonic() - self._published_s > PUBLISH_EVERY_S:
            self._publish()
        return value

    def end(self):
        """Tells the rest, and that the session is over: forewarm learns from it then."""
        while len(self._reads) > BATCH_MAX and self._publish():
            pass
        self._publish(ended=True)
        self._http.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def _publish(self, ended=False):
        self._published_s = time.monotonic()
        batch = self._reads[:BATCH_MAX]
        # Sent again after a lost answer, publisher and sequence make it count once.
        body = {**self._name, "publisher": self._publisher, "sequence": self._sequence, "accesses": batch}
        told = json.dumps({**body, "sessionEnded": ended}).encode()
        status, _, _ = self._ask("POST", "/accesses", told, "application/json")
        # What is refused (4xx) would be refused again, and must not hold up what follows.
        done = status == 202 or 400 <= status < 500 and status != 429
        keep = self._reads[len(batch) :] if done else self._reads[-WAITING_MAX:]
        self._sequence += len(self._reads) - len(keep)
        self._reads = keep
        return done

    def _cache(self, path, version):
        return "/cache?" + urllib.parse.urlencode({"path": path, "version": version})

    def _ask(self, method, path, body=None, kind=None, found=False):
        """Status, headers and body of the answer; the body is None unless it is what was looked for."""
        if time.monotonic() < self._again_s:
            return 0, {}, None
        headers = {**self._headers, **({} if kind is None else {"content-type": kind})}
        try:
            try:
                answer = self._answer(method, path, body, headers)
            except ConnectionError:
                # The gateway closes a connection that was idle for long: once more, on a new one.
                self._http.close()
                answer = self._answer(method, path, body, headers)
            content = answer.read()
            if answer.status >= 400 and answer.status != 404:
                self._complain(f"{method} was answered with {answer.status}: {content.decode(errors='replace')}")
            return answer.status, answer.headers, content if found and answer.status == 200 else None
        except (OSError, http.client.HTTPException) as cause:
            self._complain(f"no answer from the gateway, reading without it: {cause}")
            self._http.close()
            self._again_s = time.monotonic() + REST_S
            return 0, {}, None

    def _complain(self, text):
        if text not in self._complained and len(self._complained) < 10:
            self._complained.add(text)
            logging.getLogger("forewarm").warning("forewarm: %s", text)

    def _answer(self, method, path, body, headers):
        self._http.request(method, self._base + path, body, headers)
        return self._http.getresponse()


def is_utf8(path):
    """Whether a name is text; bytes that are none come from the system as lone surrogates."""
    try:
        return bool(path.encode())
    except UnicodeEncodeError:
        return False


def blob_id(content):
    """The name that git gives to these bytes."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
