"""Schedules and the beats that run them, one habit each.

Started as (BROKER is the URL of its Redis):
    celery -A beats worker -E -c 1 -n w1@beats -Q celery     with -B a beat of its own besides
    celery -A beats beat -s FOLDER/plain
    celery -A beats:red beat -S redbeat.RedBeatScheduler     behind a key prefix of its own
    celery -A beats:busy beat -S beats:WorkingScheduler      works instead of sending
    python beats.py NAME SECONDS         saves one more entry of the second while beats run
"""

import os
import sys
import time
from datetime import datetime, timezone

from celery import Celery
from celery.schedules import crontab, schedule
from redbeat import RedBeatSchedulerEntry
from redbeat.schedulers import RedBeatScheduler
from redbeat.schedules import rrule

BROKER = os.environ["BROKER"]


def make(entries, **settings):
    made = Celery("beats", broker=BROKER, backend=BROKER, set_as_current=False)
    made.conf.update(
        beat_max_loop_interval=5,
        beat_schedule=entries,
        broker_connection_retry_on_startup=True,
        redbeat_redis_url=BROKER,
        task_soft_time_limit=20,
        task_time_limit=30,
        worker_hijack_root_logger=False,
        **settings,
    )
    return made


def note(name, when):
    return {"task": "beats.note", "schedule": when, "args": (name,)}


app = make(
    {
        "tick": {"task": "beats.tick", "schedule": 1.0},
        "tock": {"task": "beats.tock", "schedule": 2.0},
    },
    redbeat_key_prefix="shop7-",
)
red = make(
    {
        "tick": {"task": "beats.tick", "schedule": 2.0},
        "quarterly": note("quarterly", crontab(minute="*/15")),
        "by-rule": note("by-rule", rrule("HOURLY", datetime(2026, 1, 1, tzinfo=timezone.utc))),
    },
    redbeat_key_prefix="shop7-",
    redbeat_lock_timeout=25,
)
busy = make(
    {
        "tick": {"task": "beats.tick", "schedule": 2.0},
        "crunch": {"task": "beats.crunch", "schedule": 4.0},
    },
    redbeat_lock_timeout=100,
)


class WorkingScheduler(RedBeatScheduler):
    """Saves the way to a worker for one entry, as it must have seemed."""

    def apply_async(self, entry, producer=None, advance=True, **kwargs):
        if entry.task != "beats.crunch":
            return super().apply_async(entry, producer=producer, advance=advance, **kwargs)
        self.reserve(entry)
        return crunch()


@app.task(name="beats.tick")
def tick():
    return 1


@app.task(name="beats.tock")
def tock():
    return 2


@app.task(name="beats.note")
def write(name):
    return name


@app.task(name="beats.crunch")
def crunch():
    time.sleep(6)


if __name__ == "__main__":
    RedBeatSchedulerEntry(
        sys.argv[1], "beats.note", schedule(float(sys.argv[2])), args=[sys.argv[1]], app=red
    ).save()
