"""Tasks and workers to act upon, and what the workers say of themselves.

Started as (BROKER is the URL of its Redis):
    celery -A controlled worker -c 1 -n w1@control -Q celery
    python controlled.py send NAME ID [QUEUE [PRIORITY]]   publishes one task under that id
    python controlled.py facts NODE                        what a worker is, as one JSON object
"""

import json
import os
import sys
import time

from celery import Celery

BROKER = os.environ["BROKER"]
app = Celery("controlled", broker=BROKER, backend=BROKER)
app.conf.update(
    broker_connection_retry_on_startup=True,
    broker_transport_options=json.loads(os.environ.get("TRANSPORT", "{}")),
    result_expires=3600,
    worker_hijack_root_logger=False,
)


@app.task
def linger():
    time.sleep(600)


@app.task
def greet():
    return "hello"


def facts(node):
    inspect = app.control.inspect([node], timeout=20, limit=1)
    items = ("rate_limit", "time_limit", "soft_time_limit")
    pool = inspect.stats()[node]["pool"]
    return {
        "registered": inspect.registered(*items)[node],
        "processes": pool["processes"],
        "queues": sorted(queue["name"] for queue in inspect.active_queues()[node]),
        "active": [task["worker_pid"] for task in inspect.active()[node]],
        "revoked": sorted(inspect.revoked()[node]),
    }


if __name__ == "__main__":
    if sys.argv[1] == "facts":
        print(json.dumps(facts(sys.argv[2])))
    else:
        name, task_id = sys.argv[2:4]
        queue = sys.argv[4] if len(sys.argv) > 4 else "celery"
        priority = int(sys.argv[5]) if len(sys.argv) > 5 else None
        app.send_task(
            f"controlled.{name}", task_id=task_id, queue=queue, priority=priority
        )
