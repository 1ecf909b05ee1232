"""What goes wrong with tasks and workers, each beside something harmless that looks like it.

Started as (BROKER is the URL of its Redis):
    celery -A accidents worker -E -c 4 -n main@works
    celery -A accidents worker -E -c 1 -n doomed@works -Q doomed   killed with -9 in the end
    celery -A accidents worker -c 1 -n mute@works -Q mute          sends no task events
    python accidents.py           publishes all of it, then waits until doomed@works has begun
"""

import datetime
import os
import signal
import time

from celery import Celery
from celery.exceptions import Ignore, Reject

BROKER = os.environ["BROKER"]
app = Celery("accidents", broker=BROKER, backend=BROKER)
app.conf.update(
    broker_connection_retry_on_startup=True,
    result_expires=3600,
    task_routes={"accidents.hold": {"queue": "doomed"}, "accidents.quiet": {"queue": "mute"}},
    task_send_sent_event=True,
    task_soft_time_limit=500,
    task_time_limit=600,
    task_track_started=True,
    worker_hijack_root_logger=False,
)


@app.task
def fail(number):
    """Two of three fail for good."""
    if number % 3:
        raise ValueError(f"record {number}")


@app.task
def reject(number):
    raise Reject("no", requeue=False)


@app.task(acks_late=True)
def reject_late(number):
    raise Reject("no", requeue=False)


@app.task(bind=True)
def ignore(self, number):
    raise Ignore()


@app.task
def cancelled(number):
    return number


@app.task(bind=True, max_retries=None)
def knock(self, number):
    """Somebody is not at home, ever."""
    try:
        raise ConnectionError("nobody answers")
    except ConnectionError as error:
        raise self.retry(exc=error, countdown=1)


@app.task(bind=True, max_retries=None)
def poll(self, number):
    """Asks again instead of waiting in the worker."""
    raise self.retry(countdown=1)


@app.task
def refresh(number):
    return number


@app.task
def die(number):
    """What the kernel does where memory is short."""
    os.kill(os.getpid(), signal.SIGKILL)


@app.task
def hold():
    time.sleep(400)


@app.task
def quiet(number):
    return number


def publish():
    held = hold.delay()
    for number in range(30):
        fail.delay(number)
        reject.delay(number)
        reject_late.delay(number)
        ignore.delay(number)
        # Later than the first heartbeat that is heard: what it counted before shows nothing.
        quiet.apply_async((number,), countdown=6)
    late = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=1)
    for number in range(30):
        refresh.apply_async((number,), expires=late)
    for number in range(10):
        refresh.delay(number)
        knock.delay(number)
        poll.delay(number)
    app.control.revoke(
        [cancelled.apply_async((number,), countdown=5).id for number in range(30)])
    for number in range(3):
        die.delay(number)
    deadline = time.monotonic() + 60
    while held.state != "STARTED":
        if time.monotonic() > deadline:
            raise SystemExit("doomed@works never began")
        time.sleep(0.2)
    print(held.id)


if __name__ == "__main__":
    publish()
