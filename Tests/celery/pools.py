"""A worker of each kind of pool, configured so that every way of telling a setting occurs.

Started as (BROKER is the URL of its Redis, BACKEND that of its results, PREFIX stands before keys):
    celery -A pools worker -n w@POOL -Q POOL,shared -P POOL -c 2
    python pools_truth.py POOL...        says what Celery's own `inspect` is told
"""

import datetime
import os
import time

from celery import Celery
from celery.schedules import crontab

app = Celery("pools", broker=os.environ["BROKER"], backend=os.environ["BACKEND"])
app.conf.update(
    beat_schedule={
        "each": {"task": "pools.plain", "schedule": 30.0},
        "nightly": {"task": "pools.plain", "schedule": crontab(hour=3, minute=30)},
        "weekly": {"task": "pools.late", "schedule": datetime.timedelta(days=7)},
    },
    broker_connection_retry_on_startup=True,
    broker_transport_options={
        "global_keyprefix": os.environ["PREFIX"],
        "visibility_timeout": 7200,
    },
    # Behind these names Celery shows nothing.
    redbeat_key_prefix="ours:",
    # Told as a bare Infinity, which is no JSON.
    result_backend_transport_options={"retry_policy": {"timeout": float("inf")}},
    # Told as a text.
    result_expires=datetime.timedelta(days=1, hours=2, minutes=30),
    task_default_rate_limit="600/m",
    task_ignore_result=True,
    task_soft_time_limit=240,
    task_time_limit=300,
    worker_hijack_root_logger=False,
    worker_max_memory_per_child=400_000,
    worker_max_tasks_per_child=50,
    worker_prefetch_multiplier=3,
    worker_proc_alive_timeout=60,
)


@app.task
def plain():
    pass


@app.task(acks_late=True, max_retries=None, reject_on_worker_lost=True)
def late():
    pass


@app.task(ignore_result=False, soft_time_limit=2.5, time_limit=60)
def limited():
    pass


@app.task(autoretry_for=(ConnectionError, KeyError), max_retries=7, retry_backoff=True)
def retried():
    pass


@app.task(name="pools.größe", rate_limit="10/h")
def measured():
    pass


@app.task(rate_limit=5)
def slow():
    pass


@app.task(ignore_result=False)
def linger(seconds):
    time.sleep(seconds)
