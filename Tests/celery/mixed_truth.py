"""Publishes the tasks of `mixed`, 125 to each queue, and knows every event they must cause.

    python mixed_truth.py POOL...       once all have ended prints what must be counted, as JSON

What a task must be heard to do follows from what it is, and is written where it is published; where
versions of Celery differ, or pools, it is said there. A receiver of Celery's own listens beside it:
it knows when all has happened, and whether Celery did what it should.

Time limits and lost children need processes that can be killed: prefork has them; gevent has hard
limits only. Threads and solo let everything run.
"""

import collections
import contextlib
import datetime
import itertools
import json
import os
import random
import re
import signal
import socket
import sys
import threading
import time
import uuid

import celery
import mixed
from celery import chain, chord
from mixed import app

TASKS_PER_QUEUE = 125
# From 5.7 on a rejection for good is a failure too, and a hard limit is told by whoever notices.
TELLS_REJECTION = TELLS_LIMIT = celery.VERSION >= (5, 7)
# Mended since: `flush` published the buffer of events and then emptied it, while the threads of the
# pool put more into it: some are lost, some come twice. Which ones they are, only a listener knows.
MUDDLES_EVENTS_OF_THREADS = celery.VERSION < (5, 7)
RUN = ("received", "started")
AGAIN = (*RUN, "retried")


def exception_class(event):
    """By the exception's repr; where that is a wrapper's, or names none, by the traceback's end."""
    told = re.match(r"(\w+)\(", event["exception"])
    if told and told[1] != "ExceptionWithTraceback":
        return told[1]
    return re.findall(r"^(?:\w+\.)*(\w+): ", event["traceback"], re.MULTILINE)[-1]


class Witness(threading.Thread):
    """What Celery's own receiver hears: by task id, how often each type, name and exception."""

    def __init__(self):
        super().__init__(daemon=True)
        self.heard = collections.defaultdict(collections.Counter)
        self.runtimes = collections.Counter()
        self.changed_at = time.monotonic()
        self.is_listening = False
        self.names = {}
        self.start()
        with app.events.default_dispatcher() as dispatcher:
            while not self.is_listening:
                dispatcher.send("mixed-ready")
                time.sleep(0.1)

    def run(self):
        with app.connection_for_read() as connection:
            app.events.Receiver(connection, handlers={"*": self.take}).capture(wakeup=False)

    def take(self, event):
        self.is_listening = True
        group, _, outcome = event["type"].partition("-")
        if group != "task":
            return
        task = event["uuid"]
        # Only two types of events tell the name. What replaces a task is sent under its id before
        # all of its own events are heard: until it is received, those are not its successor's.
        if outcome == "received" or outcome == "sent" and task not in self.names:
            self.names[task] = event["name"]
        name = event["name"] if outcome == "sent" else self.names.get(task)
        # What a task says itself overtakes what its worker and its publisher say of it.
        if outcome == "progress":
            name = ""
        failure = ""
        if outcome == "failed":
            failure = exception_class(event)
        if outcome == "succeeded":
            self.runtimes[task] += event["runtime"]
        self.heard[task][outcome, name, failure] += 1
        self.changed_at = time.monotonic()

    def wait(self, outcome, tasks, seconds=60):
        """Until each of these was heard to be that."""
        deadline = time.monotonic() + seconds
        while any(all(kind != outcome for kind, _, _ in list(self.heard[one])) for one in tasks):
            if time.monotonic() > deadline:
                raise SystemExit(f"not all of {tasks} were heard to be {outcome}")
            time.sleep(0.05)


class Mix:
    """What is published to one queue, and what must be heard of it."""

    def __init__(self, pool):
        self.pool = pool
        self.node = f"w@{pool}"
        # By task id: how often which type, name and exception.
        self.truth = collections.defaultdict(collections.Counter)
        # By task name: runs that a second delivery of the same attempt brought.
        self.second_deliveries = collections.Counter()
        self.random = random.Random(f"mixed {pool}")
        self.is_muddled = pool == "threads" and MUDDLES_EVENTS_OF_THREADS
        self.custom_ids = iter([
            pool, f"{pool} 2 (ü, 日本)", f"{{{pool}: [3]}}", f"'{pool}'\"4\"", pool * 40,
            str(uuid.UUID(int=self.random.getrandbits(128))),
            str(uuid.UUID(int=self.random.getrandbits(128))).upper()])

    def expect(self, task, name, *outcomes, sent=1):
        """`outcomes` are those of a worker: types of events, a failure by its exception."""
        if not name.startswith("mixed."):
            name = f"mixed.{name}"
        counts = self.truth[str(task)]
        counts["sent", name, ""] += sent
        for outcome in outcomes:
            kind, _, failure = outcome.partition(" ")
            counts[kind, name, failure] += 1

    def send(self, task, *arguments, **options):
        return task.apply_async(arguments, queue=self.pool, **options).id

    def sign(self, task, *arguments):
        return task.s(*arguments).set(queue=self.pool)

    # Each of those below publishes one task, or a few that belong together.

    def plain(self):
        self.expect(self.send(mixed.add, 1, 2), "add", *RUN, "succeeded")

    def named_oddly(self):
        self.expect(self.send(mixed.measure), mixed.measure.name, *RUN, "succeeded")

    def custom_id(self):
        text = next(self.custom_ids)
        self.expect(self.send(mixed.add, 1, task_id=text), "add", *RUN, "succeeded")

    def with_eta(self):
        self.expect(self.send(mixed.add, 1, countdown=2), "add", *RUN, "succeeded")

    def with_rate_limit(self):
        self.expect(self.send(mixed.slowly), "slowly", *RUN, "succeeded")

    def with_own_event(self):
        task = self.send(mixed.progress)
        self.expect(task, "progress", *RUN, "succeeded")
        self.truth[task]["progress", "", ""] += 1

    def failing(self):
        kind, failure = self.random.choice(
            [("account", "Account"), ("key", "KeyError"), ("refused", "Refused"),
             ("value", "ValueError")])
        self.expect(self.send(mixed.fail, kind), "fail", *RUN, f"failed {failure}")

    def retrying(self):
        self.expect(self.send(mixed.again, 2), "again", *AGAIN, *AGAIN, *RUN, "succeeded", sent=3)

    def retrying_in_vain(self):
        self.expect(
            self.send(mixed.again, 3), "again", *AGAIN, *AGAIN, *RUN, "failed ConnectionError",
            sent=3)

    def polling_in_vain(self):
        self.expect(
            self.send(mixed.poll), "poll", *AGAIN, *RUN, "failed MaxRetriesExceededError", sent=2)

    def retried_by_celery(self):
        self.expect(self.send(mixed.fetch, 1), "fetch", *AGAIN, *RUN, "succeeded", sent=2)

    def retried_by_celery_in_vain(self):
        self.expect(
            self.send(mixed.fetch, 3), "fetch", *AGAIN, *AGAIN, *RUN, "failed TimeoutError", sent=3)

    def replaced(self):
        """Of the one that was replaced no end is told; the other has its id."""
        task = self.send(mixed.delegate)
        self.expect(task, "delegate", *RUN)
        self.expect(task, "add", *RUN, "succeeded")

    def ignored(self):
        self.expect(self.send(mixed.ignore), "ignore", *RUN)

    def rejected(self):
        """Acknowledged before it ran, its message cannot be rejected any more."""
        self.expect(
            self.send(mixed.reject), "reject", *RUN, *["failed Reject"] * TELLS_REJECTION)

    def rejected_late(self):
        self.expect(
            self.send(mixed.reject_late), "reject_late", *RUN, "rejected",
            *["failed Reject"] * TELLS_REJECTION)

    def given_back(self):
        self.expect(self.send(mixed.later), "later", *RUN, "rejected", *RUN, "succeeded")
        self.second_deliveries["mixed.later"] += 1

    def linked(self):
        second = self.sign(mixed.add, 3).set(task_id=f"after-{self.random.getrandbits(64)}")
        self.expect(self.send(mixed.add, 1, link=second), "add", *RUN, "succeeded")
        self.expect(second.options["task_id"], "add", *RUN, "succeeded")

    def chained(self):
        result = chain(*[self.sign(mixed.add, 1) for _ in range(3)]).apply_async()
        while result is not None:
            self.expect(result.id, "add", *RUN, "succeeded")
            result = result.parent

    def chorded(self):
        result = chord([self.sign(mixed.add, 1) for _ in range(3)])(self.sign(mixed.total))
        self.expect(result.id, "total", *RUN, "succeeded")
        for part in result.parent:
            self.expect(part.id, "add", *RUN, "succeeded")

    # What takes a pool that can kill what it runs.

    def over_soft_limit(self):
        self.expect(
            self.send(mixed.linger, 60, soft_time_limit=2), "linger", *RUN,
            "failed SoftTimeLimitExceeded")

    def within_soft_limit(self):
        self.expect(self.send(mixed.hurry, soft_time_limit=2), "hurry", *RUN, "succeeded")

    def over_hard_limit(self):
        """Before 5.7 only the processes' pool tells it; from then on both it and the worker do."""
        tellers = (self.pool == "prefork") + TELLS_LIMIT
        self.expect(
            self.send(mixed.linger, 60, time_limit=2), "linger", *RUN,
            *["failed TimeLimitExceeded"] * tellers)

    def lost(self):
        self.expect(self.send(mixed.die), "die", *RUN, "failed WorkerLostError")

    def lost_once(self):
        self.expect(self.send(mixed.die_once), "die_once", *RUN, "rejected", *RUN, "succeeded")
        self.second_deliveries["mixed.die_once"] += 1

    # What is published apart: others have to hear of it in the right moment.

    def revoked_before(self, task):
        """Nothing is said of its receipt."""
        self.expect(self.send(mixed.add, 1, task_id=task), "add", "revoked")

    def expired(self):
        """Nothing is said of its receipt."""
        late = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=1)
        self.expect(self.send(mixed.add, 1, expires=late), "add", "revoked")

    def unregistered(self):
        """Nothing is said of its receipt."""
        name = "mixed.gone"
        task = app.send_task(name, queue=self.pool).id
        self.expect(task, name, "failed NotRegistered")

    def revoked_while_held(self):
        task = self.send(mixed.add, 1, countdown=30)
        self.expect(task, "add", "received", "revoked")
        return task

    def revoked_while_it_runs(self):
        task = self.send(mixed.linger, 600)
        self.expect(task, "linger", *RUN, "revoked")
        return task

    # How often each is done; as many plain ones follow as are missing.
    COUNTS = {
        named_oddly: 3, custom_id: 7, with_eta: 4, with_rate_limit: 4, with_own_event: 2,
        failing: 16, retrying: 4, retrying_in_vain: 3, polling_in_vain: 2, retried_by_celery: 3,
        retried_by_celery_in_vain: 3, replaced: 4, ignored: 3, rejected: 3,
        rejected_late: 3, given_back: 2, linked: 2, chained: 3, chorded: 2,
    }
    PREFORK_COUNTS = {
        over_soft_limit: 2, within_soft_limit: 1, over_hard_limit: 2, lost: 2, lost_once: 1}
    GEVENT_COUNTS = {over_hard_limit: 2}

    def steps(self):
        """All that can be published at any time, in an order that is always the same."""
        counts = dict(self.COUNTS)
        if self.pool == "prefork":
            counts |= self.PREFORK_COUNTS
        if self.pool == "gevent":
            counts |= self.GEVENT_COUNTS
        steps = [step for step, count in counts.items() for _ in range(count)]
        self.random.shuffle(steps)
        return steps


def revoke(tasks, nodes, **options):
    """Returns once every worker has heard of it."""
    answers = app.control.revoke(
        list(tasks), destination=nodes, reply=True, timeout=30, **options)
    if len(answers) < len(nodes):
        raise SystemExit(f"of {nodes} only {answers} heard of what was revoked")


@contextlib.contextmanager
def suspended(nodes):
    """What is published meanwhile is heard to be sent before a worker can say anything of it."""
    inspect = app.control.inspect(nodes, timeout=30, limit=len(nodes))
    pids = [stats["pid"] for stats in inspect.stats().values()]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def publish(mixes, witness):
    nodes = [mix.node for mix in mixes]
    known = {mix: [str(uuid.uuid4()) for _ in range(3)] for mix in mixes}
    revoke([task for tasks in known.values() for task in tasks], nodes)
    with suspended(nodes):
        for mix in mixes:
            for task in known[mix]:
                mix.revoked_before(task)
            for _ in range(4):
                mix.expired()
            for _ in range(3):
                mix.unregistered()
        witness.wait("sent", [task for mix in mixes for task in mix.truth])
    running = [mix.revoked_while_it_runs() for mix in mixes if mix.pool == "prefork"]
    held = [mix.revoked_while_held() for mix in mixes for _ in range(3)]
    witness.wait("received", held)
    revoke(held, nodes)
    for task in running:
        witness.wait("started", [task])
        revoke([task], nodes, terminate=True)
    steps = {mix: mix.steps() for mix in mixes}
    for turn in itertools.zip_longest(*steps.values()):
        for mix, step in zip(mixes, turn):
            if step is not None:
                step(mix)
    for mix in mixes:
        while len(mix.truth) < TASKS_PER_QUEUE:
            mix.plain()


def differences(mixes, witness):
    """What was heard too seldom, and too often, in words; by the queue."""
    found = collections.defaultdict(list)
    for mix in mixes:
        for task, truth in mix.truth.items():
            heard = witness.heard[task]
            for key, count in (truth - heard).items():
                found[mix].append(f"{mix.pool} {task} {key}: {count} missing")
            for key, count in (heard - truth).items():
                found[mix].append(f"{mix.pool} {task} {key}: {count} too many")
    return found


def wait(mixes, witness):
    """Until all has happened that should; a muddled queue is as it is once it is quiet."""
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        unmet = differences(mixes, witness)
        quiet = time.monotonic() - witness.changed_at
        if not unmet or all(mix.is_muddled for mix in unmet) and quiet > 5:
            return
        time.sleep(0.2)


def rows(mix, witness):
    """What must be counted, by task name."""
    sums = collections.defaultdict(collections.Counter)
    failures = collections.defaultdict(collections.Counter)
    runtimes = collections.Counter()
    for task, truth in mix.truth.items():
        heard = witness.heard[task]
        for (kind, name, failure), count in (heard if mix.is_muddled else truth).items():
            if name:
                sums[name][kind] += count
            if failure:
                failures[name][failure] += count
            if kind == "succeeded":
                runtimes[name] += witness.runtimes[task]
    return [
        {"name": name, "queue": mix.pool, "counts": sums[name], "failures": failures[name],
         "runtime": runtimes[name], "again": mix.second_deliveries[name]}
        for name in sorted(sums)
    ]


def main(pools):
    witness = Witness()
    mixes = [Mix(pool) for pool in pools]
    publish(mixes, witness)
    wait(mixes, witness)
    known = {task for mix in mixes for task in mix.truth}
    print(json.dumps({
        "version": celery.__version__,
        "host": socket.gethostname(),
        "tasks": len(known),
        "muddled": [mix.pool for mix in mixes if mix.is_muddled],
        "unmet": [
            text for mix, texts in differences(mixes, witness).items() for text in texts
            if not mix.is_muddled],
        "unknown": sorted(set(witness.heard) - known),
        "rows": [row for mix in mixes for row in rows(mix, witness)],
    }))


if __name__ == "__main__":
    main(sys.argv[1:])
