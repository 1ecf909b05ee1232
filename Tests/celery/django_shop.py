"""A shop whose schedule is in Django's database, a file in HOME.

Started as (BROKER is the URL of its Redis):
    python django_shop.py         makes the database, with its entries
    celery -A django_shop beat -S django_celery_beat.schedulers:DatabaseScheduler
    celery -A django_shop worker -E -c 1 -n w1@shop -Q celery
"""

import os

import django
from celery import Celery
from django.conf import settings

BROKER = os.environ["BROKER"]
settings.configure(
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": os.path.join(os.environ["HOME"], "shop.sqlite3"),
        }
    },
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    INSTALLED_APPS=["django_celery_beat"],
    USE_TZ=True,
)
django.setup()

app = Celery("django_shop", broker=BROKER, backend=BROKER)
app.conf.update(
    beat_max_loop_interval=5,
    broker_connection_retry_on_startup=True,
    task_soft_time_limit=20,
    task_time_limit=30,
    worker_hijack_root_logger=False,
)


@app.task
def sweep(floor):
    return floor


def furnish():
    from django.core.management import call_command
    from django_celery_beat.models import IntervalSchedule, PeriodicTask

    call_command("migrate", verbosity=0)
    for floor, seconds in (1, 2), (2, 3):
        every = IntervalSchedule.objects.create(every=seconds, period=IntervalSchedule.SECONDS)
        PeriodicTask.objects.create(
            name=f"Sweep floor {floor}", task="django_shop.sweep", interval=every,
            args=f"[{floor}]")


if __name__ == "__main__":
    furnish()
