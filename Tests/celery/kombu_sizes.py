"""Publishes to queues of every kind of name and prints what kombu says of their lengths.

    python kombu_sizes.py JSON     {"url": …, "options": {…}, "queues": {name: [count per priority]}}

Prints {name: length} as JSON; the lengths are those of kombu's own `_size`.
"""

import json
import sys

from celery import Celery
from kombu import Connection, Queue

order = json.loads(sys.argv[1])
options = order["options"]
app = Celery("sizes", broker=order["url"])
app.conf.broker_transport_options = options
app.conf.task_queues = [Queue(name, routing_key=name) for name in order["queues"]]

for name, counts in order["queues"].items():
    for priority, count in enumerate(counts):
        for number in range(count):
            app.send_task("sizes.nothing", (number,), queue=name, priority=priority)

with Connection(order["url"], transport_options=options) as connection:
    channel = connection.default_channel
    print(json.dumps({name: channel._size(name) for name in order["queues"]}))
