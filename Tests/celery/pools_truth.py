"""Says what Celery's own `inspect` is told by the workers of `pools`, as JSON.

    python pools_truth.py publish SECONDS POOL...      a task of that length for each of these
    python pools_truth.py tell POOL...                 what its worker tells, by node

Options of tasks and settings are taken from the program itself, of which `inspect` prints texts;
that these are told at all is the answer's.
"""

import datetime
import json
import sys

import celery
from pools import app, linger

OPTIONS = {
    "acksLate": lambda task: bool(task.acks_late),
    "hardLimit": lambda task: task.time_limit,
    "ignoresResult": lambda task: bool(task.ignore_result),
    "mostRetries": lambda task: task.max_retries,
    "rateLimit": lambda task: None if task.rate_limit is None else str(task.rate_limit),
    "rejectsOnWorkerLost": lambda task: bool(task.reject_on_worker_lost),
    "retriesByItself": lambda task: bool(getattr(task, "autoretry_for", ())),
    "softLimit": lambda task: task.soft_time_limit,
}
SETTINGS = {
    "hardLimit": "task_time_limit",
    "ignoresResult": "task_ignore_result",
    "memoryPerChild": "worker_max_memory_per_child",
    "prefetchMultiplier": "worker_prefetch_multiplier",
    "rateLimit": "task_default_rate_limit",
    "resultExpires": "result_expires",
    "softLimit": "task_soft_time_limit",
    "tasksPerChild": "worker_max_tasks_per_child",
}
MASK = "********"


def known(facts):
    return {name: value for name, value in facts.items() if value is not None}


def options(text):
    """Of one task, as `inspect registered` prints it."""
    task = app.tasks[text.split(" [")[0]]
    return known({"name": task.name} | {name: read(task) for name, read in OPTIONS.items()})


def setting(name):
    value = app.conf[name]
    if isinstance(value, datetime.timedelta):
        return value.total_seconds()
    return value * 1024 if name == "worker_max_memory_per_child" else value


def settings(told):
    assert told["redbeat_key_prefix"] == MASK, told
    assert set(SETTINGS.values()) < set(told), told
    return {name: setting(key) for name, key in SETTINGS.items()} | {
        "isAlwaysEager": told.get("task_always_eager", False),
        "scheduleEntryNames": sorted(told["beat_schedule"]),
        "visibilityTimeout": told["broker_transport_options"]["visibility_timeout"],
    }


def stats(told, pool):
    processes = told["pool"].get("processes", [])
    soft, hard = told["pool"].get("timeouts") or (None, None)
    # Before 5.3 there was nothing by which this one could be told.
    if celery.VERSION < (5, 3) and pool == "gevent":
        pool = "other"
    return known({
        "hardLimit": hard,
        "pool": pool,
        "prefetchCount": told["prefetch_count"],
        "processes": len(processes) or None,
        "softLimit": soft,
        "tasksPerChild": told["pool"].get("max-tasks-per-child"),
        "slots": told["pool"]["max-concurrency"],
        "totals": told["total"],
    })


def tell(pools):
    names = [f"w@{pool}" for pool in pools]
    inspect = app.control.inspect(destination=names, limit=len(names), timeout=30)
    queues, registered = inspect.active_queues(), inspect.registered(*("acks_late", "time_limit"))
    active, conf, told = inspect.active(), inspect.conf(), inspect.stats()
    return {
        name: {
            "active": sorted(task["id"] for task in active[name]),
            "pid": told[name]["pid"],
            "queues": sorted(queue["name"] for queue in queues[name]),
            "registered": sorted(map(options, registered[name]), key=lambda task: task["name"]),
            "settings": settings(conf[name]),
            "stats": stats(told[name], pool),
        }
        for name, pool in zip(names, pools)
    }


if __name__ == "__main__":
    match sys.argv[1:]:
        case "publish", seconds, *pools:
            for pool in pools:
                linger.apply_async((float(seconds),), queue=pool)
        case "tell", *pools:
            print(json.dumps({"version": celery.__version__, "workers": tell(pools)}))
