"""Reads what `celery events --dump` printed, on standard input, and prints its events as JSON.

    python read_dump.py        a list of [moment, host, type, task name or null]

A dump gives an event the name that was told last under its task's id. Here it is the name that was
last received: what replaces a task is sent under its id before all its own events are heard.
"""

import datetime
import json
import re
import sys

LINE = re.compile(r"(\S+) \[(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[^\]]*)\] ([a-z ]+)(?:: ?(.*))?$")
TASK = re.compile(r"(.*?)\((.*?)\) args=")

events = []
names = {}
for line in sys.stdin:
    found = LINE.match(line)
    # Tracebacks go over many lines.
    if not found:
        continue
    node, moment, kind, rest = found.groups()
    moment = datetime.datetime.fromisoformat(moment)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.timezone.utc)
    name = None
    task = TASK.match(rest or "") if kind.startswith("task ") else None
    if task:
        name, task = task.groups()
        if kind == "task received" or task not in names:
            names[task] = name
        if kind != "task sent":
            name = names[task]
    events.append([moment.timestamp(), node.rpartition("@")[2], kind, name])

print(json.dumps(events))
