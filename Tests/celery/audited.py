"""Tasks whose options are literals, so that what holds for each is known.

Started as (BROKER is the URL of its Redis):
    celery -A audited worker -E -c 1 -n strict@audit -Q celery --time-limit 2
    celery -A audited worker -E -c 1 -P threads -n loose@audit -Q loose
    python audited.py hold        takes the one slot, leaves one task reserved and one scheduled
    python audited.py outlast     a task whose own limit is longer than its pool's; prints its result
"""

import os
import sys
import time

from celery import Celery


class Settings:
    """As a Django project has them: behind a prefix."""

    SHOP_BROKER_URL = os.environ["BROKER"]
    SHOP_RESULT_BACKEND = os.environ["BROKER"]
    SHOP_RESULT_EXPIRES = 7200
    SHOP_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 1800}
    SHOP_BROKER_CONNECTION_RETRY_ON_STARTUP = True
    SHOP_WORKER_PREFETCH_MULTIPLIER = 2


app = Celery("audited")
app.config_from_object(Settings, namespace="SHOP")


@app.task
def bare():
    """Every default: nothing protects it."""


@app.task(
    acks_late=True,
    autoretry_for=(ConnectionError,),
    max_retries=5,
    rate_limit="100/m",
    reject_on_worker_lost=True,
    soft_time_limit=50,
    time_limit=60,
)
def guarded():
    return 1


@app.task(acks_late=True, reject_on_worker_lost=True, time_limit=7200)
def outstays(seconds=0):
    time.sleep(seconds)
    return "outlasted"


@app.task(ignore_result=True, max_retries=None, autoretry_for=(OSError,))
def stubborn():
    """Has no limit of its own and tries for ever."""


@app.task(time_limit=900)
def linger(seconds):
    time.sleep(seconds)


if __name__ == "__main__":
    if sys.argv[1] == "hold":
        linger.apply_async((600,), task_id="the-run")
        time.sleep(2)
        guarded.apply_async(task_id="the-reserved")
        linger.apply_async((7,), task_id="the-scheduled", countdown=1200)
    else:
        print(outstays.delay(5).get(timeout=60))
