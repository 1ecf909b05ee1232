"""Habits that hurt, each beside the innocent one that looks like it.

Started as (BROKER is the URL of its Redis):
    celery -A habits worker -E -c 6 -n main@yard -Q celery,news
    celery -A habits worker -E -P solo -n billing@yard -Q billing,news
    celery -A habits worker -E -P solo -n stock@yard -Q stock,news
    celery -A habits worker -E -P solo -n notes@yard -Q notes,news
    python habits.py              publishes all of it; what matters is over after half a minute

What is not acknowledged goes to the next worker after eight seconds.
"""

import asyncio
import os
import socket
import time

from celery import Celery, group
from kombu import Queue
from kombu.common import Broadcast

BROKER = os.environ["BROKER"]
SERVICES = ("billing", "stock", "notes")
app = Celery("habits", broker=BROKER, backend=BROKER)
app.conf.update(
    broker_connection_retry_on_startup=True,
    broker_transport_options={
        "visibility_timeout": 8,
        "unacked_restore_interval": 1,
        "unacked_restore_throttle": 1,
    },
    result_expires=3600,
    task_queues=[Queue(name) for name in ("celery",) + SERVICES] + [Broadcast("news")],
    task_send_sent_event=True,
    task_soft_time_limit=50,
    task_time_limit=60,
    worker_hijack_root_logger=False,
    worker_prefetch_multiplier=1,
)


@app.task(acks_late=True)
def pack(order):
    """Runs for longer than Redis waits for its acknowledgement."""
    time.sleep(19)


@app.task
def remind(order):
    """Waits for its eta for longer than that."""


@app.task(bind=True)
def swap(self, again):
    if again:
        raise self.replace(swap.s(False))


@app.task(bind=True, max_retries=5)
def poll(self, order):
    if self.request.retries < 2:
        raise self.retry(countdown=1)


@app.task
def daily(number):
    """Its id is the application's own, and used anew each time."""
    return number


@app.task
def hear(news):
    """Every worker gets a copy."""
    return news


@app.task
def charge(order):
    """Nobody listens, and nobody tries again."""
    socket.create_connection(("127.0.0.1", 9), timeout=5).close()


@app.task(autoretry_for=(OSError,), max_retries=1, default_retry_delay=1)
def charge_again(order):
    socket.create_connection(("127.0.0.1", 9), timeout=5).close()


@app.task
def refuse(order):
    raise ValueError(f"order {order}")


LOOP = asyncio.new_event_loop()


@app.task
def fetch(number):
    """Its loop is kept by the process, and closed by the first run."""
    try:
        return LOOP.run_until_complete(asyncio.sleep(0, number))
    finally:
        LOOP.close()


@app.task
async def later(number):
    return number


@app.task
def tidy(number):
    return asyncio.run(asyncio.sleep(0, number))


@app.task
def run_out(number):
    raise RuntimeError("out of stock")


@app.task(ignore_result=True)
def on_order(event):
    time.sleep(0.4)


@app.task(ignore_result=True)
def scan(event):
    time.sleep(0.4)


def event(number):
    return f"order {number}: " + "apples and pears, " * 5


def publish():
    pack.delay(1)
    remind.apply_async((1,), countdown=18)
    swap.delay(True)
    poll.delay(1)
    daily.apply_async((1,), task_id="daily").get(timeout=60)
    daily.AsyncResult("daily").forget()
    daily.apply_async((2,), task_id="daily").get(timeout=60)
    with app.connection_for_write() as connection:
        app.amqp.queues["news"](connection.default_channel).declare()
        with app.amqp.Producer(connection) as producer:
            for number in range(3):
                hear.apply_async(
                    (number,), queue="news", routing_key="celery", producer=producer)
    for number in range(5):
        charge.delay(number)
        charge_again.delay(number)
        refuse.delay(number)
        tidy.delay(number)
        run_out.delay(number)
    # More than there are processes, each of which does it once.
    for number in range(12):
        fetch.delay(number)
    later.delay(1)
    for number in range(12):
        for queue in SERVICES:
            on_order.apply_async((event(number),), queue=queue)
        group(scan.s(event(100 + number)).set(queue=queue) for queue in SERVICES).apply_async()


if __name__ == "__main__":
    publish()
