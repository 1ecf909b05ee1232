"""Careless set-ups, each an application of its own.

Started as (BROKER is the URL of its Redis):
    celery -A careless worker -E -n desk@office -Q celery,orders      no limits; a topic exchange
    celery -A careless:empty worker -E -n empty@office -Q imports     knows no task
    celery -A careless:eager worker -E -n eager@office -Q eager       runs by itself what it sends
    celery -A careless:unlocked beat -S redbeat.RedBeatScheduler      RedBeat without its lock
    celery -A careless:renamed beat -S redbeat.RedBeatScheduler       its lock has another name
    python careless.py WORD...        does what the words say
"""

import os
import sys

from celery import Celery
from kombu import Exchange, Queue

BROKER = os.environ["BROKER"]


def make(name, **settings):
    made = Celery(name, broker=BROKER, backend=BROKER, set_as_current=False)
    made.conf.update(
        broker_connection_retry_on_startup=True,
        redbeat_redis_url=BROKER,
        worker_hijack_root_logger=False,
        **settings,
    )
    return made


def schedule(**settings):
    return dict(
        beat_max_loop_interval=5,
        beat_schedule={"fetch": {"task": "careless.fetch", "schedule": 2.0}},
        redbeat_lock_timeout=25,
        **settings,
    )


app = make(
    "careless",
    task_queues=[
        Queue("celery"),
        Queue("orders", Exchange("topics", type="topic"), routing_key="order.#"),
    ],
)
empty = make("empty")
eager = make("eager", task_always_eager=True, task_store_eager_result=True, result_extended=True)
unlocked = make("unlocked", **schedule(redbeat_lock_key=None))
renamed = make("renamed", **schedule(redbeat_lock_key="my-lock"))


@app.task(name="careless.fetch", shared=False)
def fetch():
    return 1


@eager.task(name="careless.compute", shared=False)
def compute():
    return 2


def do(word):
    if word == "fetch":
        fetch.delay().get(timeout=60)
    elif word == "misname":
        app.send_task("careless.fetsh")
    elif word == "compute":
        compute.delay()
    elif word == "order":
        fetch.apply_async(queue="orders", routing_key="order.paid")


if __name__ == "__main__":
    for word in sys.argv[1:]:
        do(word)
