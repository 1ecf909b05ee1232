"""The next release of the market: a task more, one less, one changed.

Started as market.py is:
    celery -A market_next worker -E -c 2 -n w1@market -Q celery,mail
    python market_next.py SECONDS     publishes the new one, when no worker of the old is left
"""

import sys
import time

from market import app, ship, stamp_card

app.tasks.pop(stamp_card.name)
ship.ignore_result = True


@app.task(name="market.wrap_gift", bind=True, max_retries=3, retry_backoff=True)
def wrap_gift(self, order):
    return order


if __name__ == "__main__":
    deadline = time.monotonic() + float(sys.argv[1])
    while time.monotonic() < deadline:
        wrap_gift.delay(1)
        time.sleep(1)
