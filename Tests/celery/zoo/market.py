"""The departments of a larger shop: what looks like trouble from afar, and is none.

Started as (BROKER is the URL of its Redis):
    celery -A market worker -E -c 2 -n w1@market -Q celery,mail     and others like it
    celery -A market worker -E -P solo -n reports@market -Q reports
    celery -A market worker -E -c 2 -n letters@market -Q letters
    celery -A market worker -E -c 1 -n exports@market -Q exports    only while there are some
    celery -A market beat -S redbeat.RedBeatScheduler
    python market.py trade SECONDS        four orders each second, and all that follows from them
    python market.py letters COUNT        one to each customer, at once
    python market.py exports COUNT        for whoever is started because of them
"""

import sys
import time

from celery import chord, group
from shop import app, charge_card, print_label, remind, send_mail, wait_for_parcel

app.conf.task_routes |= {
    "market.export": {"queue": "exports"},
    "market.report": {"queue": "reports"},
    "market.write_letter": {"queue": "letters"},
}


@app.task(name="market.pick")
def pick(order, item):
    time.sleep(0.05)
    return item


@app.task(name="market.ship")
def ship(items, order):
    return {"order": order, "items": len(items)}


@app.task(name="market.settle", bind=True)
def settle(self, order):
    """Leaves the rest to others, and its id with them."""
    raise self.replace(group(pick.s(order, item) for item in range(2)) | ship.s(order))


@app.task(name="market.close_day")
def close_day(order):
    """Its id is the application's own, and used anew each time."""
    return order


@app.task(name="market.call_supplier", rate_limit="30/m")
def call_supplier(order):
    return order


@app.task(name="market.report", soft_time_limit=80, time_limit=90)
def report(month):
    """Keeps a whole solo worker busy, which cannot even say so meanwhile."""
    time.sleep(60)
    return month


@app.task(name="market.write_letter", ignore_result=True)
def write_letter(customer):
    time.sleep(0.02)


@app.task(name="market.export", acks_late=True, reject_on_worker_lost=True)
def export(number):
    time.sleep(0.5)
    return number


@app.task(name="market.stamp_card")
def stamp_card(customer):
    """Nobody asks for it any more."""
    return customer


def trade(seconds):
    deadline = time.monotonic() + seconds
    order = 0
    while time.monotonic() < deadline:
        order += 1
        charge_card.apply_async((order,), priority=order % 10, task_id=f"order-{order}")
        send_mail.delay(order)
        if order % 5 == 0:
            print_label.delay(order)
        if order % 10 == 0:
            wait_for_parcel.delay(order)
            chord(pick.s(order, item) for item in range(3))(ship.s(order))
        if order % 10 == 5:
            settle.delay(order)
        if order % 20 == 0:
            remind.apply_async((order,), countdown=15)
            remind.apply_async((order,), countdown=1200)
        if order % 40 == 0:
            close_day.apply_async((order,), task_id="close-day")
        if order % 160 == 20:
            for _ in range(6):
                call_supplier.delay(order)
        if order % 240 == 60:
            report.delay(order)
        time.sleep(0.25)


def publish(task, count):
    with app.producer_pool.acquire(block=True) as producer:
        for number in range(count):
            task.apply_async((number,), producer=producer)


if __name__ == "__main__":
    word, count = sys.argv[1], int(sys.argv[2])
    if word == "trade":
        trade(count)
    else:
        publish({"letters": write_letter, "exports": export}[word], count)
