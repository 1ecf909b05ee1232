"""A healthy shop: every habit below looks like trouble from afar, and none of it is.

Started as (BROKER is the URL of its Redis; BACKEND that of its results, if they are elsewhere;
TRANSPORT and RESULT_TRANSPORT are transport options of the two in JSON):
    celery -A shop worker -E -c 1 -n w1@shop -Q celery,mail --heartbeat-interval 2
    celery -A shop beat -S redbeat.RedBeatScheduler
    python shop.py SECONDS        the producer; one order each half second
"""

import json
import os
import sys
import time

from celery import Celery

BROKER = os.environ["BROKER"]
app = Celery("shop", broker=BROKER, backend=os.environ.get("BACKEND", BROKER))
app.conf.update(
    redbeat_redis_url=os.environ.get("REDBEAT", BROKER),
    redbeat_lock_timeout=25,
    beat_max_loop_interval=5,
    beat_schedule={
        "rotate-banner": {"task": "shop.rotate_banner", "schedule": 3.0},
        "refresh-prices": {"task": "shop.refresh_prices", "schedule": 4.0},
        "count-stock": {"task": "shop.count_stock", "schedule": 5.0},
        "greet": {"task": "shop.greet", "schedule": 7.0, "args": ("beat",)},
    },
    broker_connection_retry_on_startup=True,
    broker_transport_options={"queue_order_strategy": "priority"}
    | json.loads(os.environ.get("TRANSPORT", "{}")),
    result_backend_transport_options=json.loads(os.environ.get("RESULT_TRANSPORT", "{}")),
    result_expires=3600,
    task_routes={"shop.send_mail": {"queue": "mail"}},
    task_send_sent_event=True,
    task_soft_time_limit=20,
    task_time_limit=30,
    worker_hijack_root_logger=False,
)


@app.task
def rotate_banner():
    return "spring"


@app.task
def refresh_prices():
    time.sleep(0.05)
    return 42


@app.task
def count_stock():
    return {"apples": 3}


@app.task
def greet(name):
    return f"hello {name}"


@app.task(
    autoretry_for=(ConnectionError,),
    bind=True,
    max_retries=5,
    retry_backoff=1,
    retry_backoff_max=4,
    retry_jitter=False,
)
def charge_card(self, order):
    """The bank is away for the first two attempts of each fourth order."""
    if order % 4 == 0 and self.request.retries < 2:
        raise ConnectionError("bank away")
    return order


@app.task(bind=True, default_retry_delay=2, max_retries=20)
def wait_for_parcel(self, order):
    """Asks again instead of waiting in the worker."""
    if self.request.retries < 3:
        raise self.retry()
    return order


@app.task(acks_late=True, reject_on_worker_lost=True, soft_time_limit=8, time_limit=10)
def print_label(order):
    time.sleep(0.3)
    return order


@app.task(ignore_result=True)
def send_mail(order):
    time.sleep(0.02)


@app.task
def remind(order):
    return order


def produce(seconds):
    deadline = time.monotonic() + seconds
    order = 0
    while time.monotonic() < deadline:
        order += 1
        charge_card.apply_async((order,), priority=order % 10)
        send_mail.delay(order)
        if order % 5 == 0:
            print_label.delay(order)
        if order % 10 == 0:
            wait_for_parcel.delay(order)
        if order % 20 == 0:
            remind.apply_async((order,), countdown=15)
        time.sleep(0.5)


if __name__ == "__main__":
    produce(float(sys.argv[1]))
