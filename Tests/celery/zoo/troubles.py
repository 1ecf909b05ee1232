"""What goes wrong with queues and their workers, each beside something harmless that looks like it.

Started as (BROKER is the URL of its Redis), with -E -P threads all of them:
    celery -A troubles worker -c 1 -n hoarder@zoo -Q long
    celery -A troubles worker -c 2 -n modest@zoo -Q thin --prefetch-multiplier 1
    celery -A troubles worker -c 1 -n slow@zoo -Q late,planned --prefetch-multiplier 1
    celery -A troubles worker -c 1 -n flooded@zoo -Q flood
    celery -A troubles worker -c 1 -n brisk@zoo -Q bulk
    celery -A troubles worker -c 1 -n limited@zoo -Q limited
    celery -A troubles worker -c 1 -n ahead@zoo -Q clocks        CLOCK_SHIFT=60, by zoo/clock
    celery -A troubles worker -c 1 -n near@zoo -Q clocks         CLOCK_SHIFT=8
    python troubles.py hold                fills hoarder, modest and slow
    celery -A troubles worker -c 1 -n spare@zoo -Q long,thin     then has nothing to do
    celery -A troubles worker -c 1 -n deaf@zoo -Q deaf           behind halfopen.py
    python troubles.py flow SECONDS        floods a queue, fills another at once
    python troubles.py wait                for deaf, when its connections are dead
"""

import os
import sys
import time

from celery import Celery

BROKER = os.environ["BROKER"]
app = Celery("troubles", broker=BROKER, backend=BROKER)
app.conf.update(
    broker_connection_retry_on_startup=True,
    result_expires=3600,
    task_send_sent_event=True,
    task_soft_time_limit=500,
    task_time_limit=600,
    worker_hijack_root_logger=False,
)


@app.task
def hold():
    time.sleep(400)


@app.task(acks_late=True)
def hold_late():
    time.sleep(400)


@app.task(ignore_result=True)
def drip(seconds):
    time.sleep(seconds)


@app.task(ignore_result=True, rate_limit="2/m")
def rarely():
    pass


@app.task(ignore_result=True)
def wake():
    pass


def fill():
    for _ in range(4):
        hold.apply_async(queue="long")
    for _ in range(2):
        hold_late.apply_async(queue="thin")
    hold_late.apply_async(queue="late")
    time.sleep(2)
    drip.apply_async((0,), queue="late")
    drip.apply_async((0,), queue="planned", countdown=3000)


def flow(seconds):
    for _ in range(20):
        rarely.apply_async(queue="limited")
    for _ in range(400):
        drip.apply_async((0.2,), queue="bulk")
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        drip.apply_async((0.4,), queue="flood")
        time.sleep(0.1)


if __name__ == "__main__":
    word = sys.argv[1]
    if word == "hold":
        fill()
    elif word == "flow":
        flow(float(sys.argv[2]))
    else:
        for _ in range(3):
            wake.apply_async(queue="deaf")
