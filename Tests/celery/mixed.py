"""A mix of tasks for several workers at once, each with a pool of another kind.

Started as (BROKER is the URL of its Redis; a POOL is a worker's pool, its queue and its host):
    celery -A mixed worker -E -n w@POOL -Q POOL -P POOL -c 2
    python mixed_truth.py POOL...        publishes them and says what must be counted
"""

import contextlib
import os
import signal
import time

from celery import Celery
from celery.exceptions import Ignore, Reject, SoftTimeLimitExceeded

BROKER = os.environ["BROKER"]
app = Celery("mixed", broker=BROKER, backend=BROKER)
app.conf.update(
    broker_connection_retry_on_startup=True,
    result_expires=3600,
    task_send_sent_event=True,
    worker_hijack_root_logger=False,
    worker_proc_alive_timeout=60,
)


class Refused(Exception):
    """A class that only this program knows."""


class Blocked:
    class Account(Exception):
        """One inside another."""


@app.task
def add(left, right=0):
    return left + right


@app.task
def total(numbers):
    return sum(numbers)


@app.task(name='mixed.größe "L" \\ 1', ignore_result=True)
def measure():
    time.sleep(0.01)


@app.task
def fail(kind):
    raise {
        "account": Blocked.Account("closed (since 2020)"),
        "key": KeyError("it's"),
        "refused": Refused('"no", he said'),
        "value": ValueError("größer als\nerlaubt"),
    }[kind]


@app.task(bind=True, max_retries=2)
def again(self, attempts):
    """Fails `attempts` times, at most thrice."""
    if self.request.retries < attempts:
        try:
            raise ConnectionError("nobody answers")
        except ConnectionError as error:
            raise self.retry(exc=error, countdown=0.3)


@app.task(bind=True, max_retries=1)
def poll(self):
    raise self.retry(countdown=0)


@app.task(autoretry_for=(TimeoutError,), bind=True, max_retries=2, retry_backoff=False,
          default_retry_delay=0.2)
def fetch(self, attempts):
    """Fails `attempts` times, at most thrice, and says nothing of retries itself."""
    if self.request.retries < attempts:
        raise TimeoutError("too slow")


@app.task(bind=True)
def delegate(self):
    queue = self.request.delivery_info["routing_key"]
    raise self.replace(add.s(1, 2).set(queue=queue))


@app.task
def reject():
    raise Reject("no", requeue=False)


@app.task(acks_late=True)
def reject_late():
    raise Reject("no", requeue=False)


@app.task(acks_late=True, bind=True)
def later(self):
    """Gives its message back once."""
    if not self.request.delivery_info.get("redelivered"):
        raise Reject("not now", requeue=True)


@app.task
def ignore():
    raise Ignore()


@app.task(rate_limit="20/s")
def slowly():
    pass


@app.task(bind=True)
def progress(self):
    self.send_event("task-progress", done=0.5)


@app.task
def linger(seconds):
    time.sleep(seconds)


@app.task
def hurry():
    """Ends well, though not as it would have liked to."""
    with contextlib.suppress(SoftTimeLimitExceeded):
        time.sleep(60)


@app.task
def die():
    """What the kernel does where memory is short."""
    os.kill(os.getpid(), signal.SIGKILL)


@app.task(acks_late=True, bind=True, reject_on_worker_lost=True)
def die_once(self):
    if not self.request.delivery_info.get("redelivered"):
        os.kill(os.getpid(), signal.SIGKILL)
