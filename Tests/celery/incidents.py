"""A small shop whose Redis meets with an accident; its habits are all good.

Started as (BROKER is the URL of its Redis, or of its sentinels with ?master_name=NAME):
    celery -A incidents worker -E -c 1 -n w1@harbour -Q celery
    celery -A incidents beat -s FILE
    python incidents.py SECONDS COUNT     20 results and COUNT reminders, says OPEN, then an order
                                          each half second, whatever Redis says to it

A worker of Celery 5.7.0 that holds unacknowledged messages, as reminders are, does not survive the
loss of its connection while Redis is away: kombu 5.7.0 fails in restore_unacked_once.
"""

import os
import sys
import time

from celery import Celery

BROKER, _, MASTER = os.environ["BROKER"].partition("?master_name=")
SENTINEL = {"master_name": MASTER} if MASTER else {}
app = Celery("incidents", broker=BROKER, backend=BROKER)
app.conf.update(
    beat_schedule={"count-crates": {"task": "incidents.count_crates", "schedule": 2.0}},
    broker_connection_retry_on_startup=True,
    broker_transport_options=SENTINEL,
    result_backend_transport_options=SENTINEL,
    result_expires=3600,
    task_routes={"incidents.remind": {"queue": "reminders"}},
    task_soft_time_limit=20,
    task_time_limit=30,
    worker_hijack_root_logger=False,
)


@app.task
def count_crates():
    return 42


@app.task
def load_crate(order):
    return order


@app.task
def remind(order):
    return order


def trade(seconds, reminders):
    deadline = time.monotonic() + seconds
    for loaded in [load_crate.delay(order) for order in range(20)]:
        loaded.get(timeout=60)
    for order in range(reminders):
        remind.apply_async((order,), countdown=900)
    print("OPEN", flush=True)
    order = 20
    while time.monotonic() < deadline:
        order += 1
        try:
            load_crate.apply_async((order,), retry=False)
        except Exception as error:
            print("REFUSED", type(error).__name__, flush=True)
        time.sleep(0.5)


if __name__ == "__main__":
    trade(float(sys.argv[1]), int(sys.argv[2]))
