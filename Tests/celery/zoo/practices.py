"""Practices that will hurt; with HABITS=good the nearest ones that will not.

Started as (BROKER is the URL of its Redis, HABITS is good or bad), with -E all of them:
    celery -A practices worker -P threads -c 2 -n main@zoo -Q celery
    celery -A practices worker -P threads -c 1 -n depot@zoo -Q uploads --prefetch-multiplier 1
    celery -A practices worker -P threads -c 1 -n pictures@zoo -Q thumbnails
    celery -A practices worker -P solo -n crowd@zoo -Q user-1,user-2,…      a queue for each user
    python practices.py ask       asks crowd how it is, 25 times
    celery -A practices:other worker -P solo -n other@zoo -Q thumbnails     when thumbnails were made
    python practices.py do        all the rest, and keeps its connections until it is killed
"""

import os
import sys
import time

import redis
from celery import Celery, chord

BROKER = os.environ["BROKER"]
GOOD = os.environ["HABITS"] == "good"


def make(name):
    made = Celery(name, broker=BROKER, backend=BROKER, set_as_current=False)
    made.conf.update(
        broker_connection_retry_on_startup=True,
        result_expires=3600 if GOOD else None,
        task_send_sent_event=True,
        task_soft_time_limit=500,
        task_time_limit=600,
        worker_hijack_root_logger=False,
    )
    return made


app = make("practices")
other = make("practices")


@app.task(acks_late=True, shared=False)
def upload(data):
    """Carries its data with it; the first one leaves no slot to the others."""
    time.sleep(400)


@app.task(shared=False)
def remind(customer):
    """Waits for longer, or for less long, than Redis waits for its acknowledgement."""


@app.task(shared=False)
def part(number):
    return number


@app.task(shared=False)
def close(numbers):
    return len(numbers)


@app.task(shared=False)
def thumbnail(picture):
    return picture


@app.task(shared=False)
def stall(seconds):
    time.sleep(seconds)


@other.task(name="practices.sweep", shared=False)
def sweep():
    """All that the other application knows, unless it is of the same release."""


if GOOD:
    other.task(name="practices.thumbnail", shared=False)(thumbnail.run)


def ask():
    """Health checks that die before a busy worker answers, or wait for one that is idle."""
    for number in range(30):
        part.delay(number)
        thumbnail.apply_async((number,), queue="thumbnails")
    busy = None if GOOD else stall.apply_async((8,), queue="user-1")
    time.sleep(1)
    children = []
    for _ in range(25):
        child = os.fork()
        if child == 0:
            if not GOOD:
                app.control.mailbox._collect = lambda *args, **kwargs: os._exit(0)
            app.control.ping(destination=["crowd@zoo"], timeout=60, limit=1)
            os._exit(0)
        children.append(child)
    for child in children:
        os.waitpid(child, 0)
    if busy:
        busy.get(timeout=60)
    thumbnail.apply_async((31,), queue="thumbnails").get(timeout=60)


def connect():
    """Opens connections until that many of those allowed are taken."""
    store = redis.Redis.from_url(BROKER)
    most = int(store.config_get("maxclients")["maxclients"])
    kept = []
    while store.info("clients")["connected_clients"] < most * (0.65 if GOOD else 0.82):
        kept.append(redis.Redis.from_url(BROKER))
        kept[-1].ping()
    return kept


def purge(queue):
    """What an operator does who believes that nothing in it matters."""
    with app.connection_for_write() as connection:
        connection.default_channel.queue_purge(queue)


def practise():
    upload.apply_async(("",), queue="uploads")
    time.sleep(2)
    for _ in range(20 if GOOD else 2):
        upload.apply_async(("x" * (30_000 if GOOD else 200_000),), queue="uploads")
    remind.apply_async((1,), countdown=3000 if GOOD else 7200)
    if GOOD:
        chord(part.s(number).set(countdown=4 * number) for number in range(60))(close.s())
    else:
        chord([part.s(1), part.s(2), part.s(3).set(queue="purged")])(close.s())
        purge("purged")
    kept = connect()
    print("DONE", len(kept), flush=True)
    while True:
        time.sleep(60)


if __name__ == "__main__":
    ask() if sys.argv[1] == "ask" else practise()
