"""An app whose tasks talk: some by print, some by a logger.

Started as (BROKER is the URL of its Redis):
    celery -A talkative worker -E -n loud@desk -Q loud            Celery's own formats
    celery -A talkative:named worker -E -n named@desk -Q named    its format names the logger
    python talkative.py QUEUE TASK[:COUNT]...                     sends tasks
"""

import logging
import os
import sys
import warnings

from celery import Celery
from celery.utils.log import get_task_logger

BROKER = os.environ["BROKER"]


def make(name, **settings):
    made = Celery(name, broker=BROKER, set_as_current=False)
    made.conf.update(
        broker_connection_retry_on_startup=True, task_ignore_result=True, **settings
    )
    return made


app = make("talkative")
named = make(
    "named",
    worker_log_format="[%(asctime)s: %(levelname)s/%(processName)s] %(name)s: %(message)s",
)
logger = get_task_logger("talkative")
plain = logging.getLogger("library")


@app.task(name="talkative.shout")
def shout(times=1):
    for turn in range(times):
        print("line", turn, "of\nthe report")


@app.task(name="talkative.mutter")
def mutter(times=1):
    for turn in range(times):
        sys.stderr.write("no stream of its own\n")


@app.task(name="talkative.note")
def note(times=1):
    for turn in range(times):
        logger.warning("turn %d", turn)
    logger.info("done: %s", {"name": "celery.redirected"})


@app.task(name="talkative.consult")
def consult(times=1):
    for turn in range(times):
        plain.warning("answer [%d]: zażółć 日本", turn)
    plain.info("asked")


@app.task(name="talkative.stumble")
def stumble(times=1):
    warnings.warn("old ways", DeprecationWarning)
    raise ValueError("not\nthis way")


@app.task(name="talkative.insist", bind=True, max_retries=1)
def insist(self, times=1):
    if self.request.retries == 0:
        raise self.retry(countdown=0, exc=ConnectionError("again"))


if __name__ == "__main__":
    for order in sys.argv[2:]:
        name, _, count = order.partition(":")
        task = app.tasks[f"talkative.{name}"]
        task.apply_async([int(count or 1)], queue=sys.argv[1])
