"""Five mistakes of one team, each real: nothing here pretends.

Started as (BROKER is the URL of its Redis):
    celery -A antipatterns worker -E -P threads -c 2 -n main@office -Q celery,ledger
    celery -A antipatterns worker -E -c 1 -n mailer@office -Q mail     killed with -9 in the end
    celery -A antipatterns beat -s FOLDER/one      two plain beats run the one schedule,
    celery -A antipatterns beat -s FOLDER/two      each with a schedule file of its own
    python antipatterns.py        hangs a task, stores 5 MB, fills a queue that nobody consumes
"""

import os
import threading

from celery import Celery

BROKER = os.environ["BROKER"]
app = Celery("antipatterns", broker=BROKER, backend=BROKER)
app.conf.update(
    beat_schedule={"refresh-prices": {"task": "antipatterns.refresh_prices", "schedule": 2.0}},
    broker_connection_retry_on_startup=True,
    result_extended=True,
    task_routes={
        "antipatterns.archive": {"queue": "archive"},
        "antipatterns.send_mail": {"queue": "mail"},
        "antipatterns.sync_ledger": {"queue": "ledger"},
    },
    worker_hijack_root_logger=False,
)


@app.task(soft_time_limit=20, time_limit=30)
def refresh_prices():
    return 42


@app.task(time_limit=5)
def sync_ledger():
    """Waits for an answer that never comes; a thread cannot be killed at its limit."""
    threading.Event().wait()


@app.task(soft_time_limit=20, time_limit=30)
def export_orders():
    return "x" * 5_000_000


@app.task(soft_time_limit=20, time_limit=30)
def archive(order):
    return order


@app.task(soft_time_limit=20, time_limit=30)
def send_mail(order):
    return order


def misbehave():
    send_mail.delay(1).get(timeout=60)
    export_orders.delay().get(timeout=60)
    sync_ledger.delay()
    for order in range(5):
        archive.delay(order)


if __name__ == "__main__":
    misbehave()
