"""Tasks to be looked for by their ids, each at another place of its way.

Started as (BROKER is the URL of its Redis):
    celery -A tracing worker -c 2 -n w1@trace -Q celery
    python tracing.py NAME ID [QUEUE [COUNTDOWN]]        publishes one task under that id
"""

import os
import sys
import time

from celery import Celery

BROKER = os.environ["BROKER"]
app = Celery("tracing", broker=BROKER, backend=BROKER)
app.conf.update(
    broker_connection_retry_on_startup=True,
    broker_transport_options={"visibility_timeout": 7200},
    result_expires=3600,
    worker_hijack_root_logger=False,
)


@app.task
def linger(seconds):
    time.sleep(seconds)


@app.task
def greet(name):
    return f"hello {name}"


@app.task
def fail(name):
    raise ValueError(f"no such guest: {name}")


if __name__ == "__main__":
    name, task_id = sys.argv[1:3]
    queue = sys.argv[3] if len(sys.argv) > 3 else "celery"
    countdown = float(sys.argv[4]) if len(sys.argv) > 4 else None
    argument = 120 if name == "linger" else "Ada"
    app.send_task(
        f"tracing.{name}", (argument,), task_id=task_id, queue=queue, countdown=countdown
    )
