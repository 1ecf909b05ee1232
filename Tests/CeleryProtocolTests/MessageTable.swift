/// What each captured queue element says, written down by another program.
///
/// Its label; names, ids and times; limits and publisher; serializer; the arguments.
let messageTable = #"""
  plain delay
    labapp.add bb5a2236 5e6caf25 p0 r0 - -
    -/- gen14435@vm 98ff503e celery bb5a2236 - - -
    json - -
    (1, 2) {}
  countdown+expires
    labapp.add 4293e35a b42d6092 p0 r0 1795334941.496505 1795335031.496505
    -/- gen14435@vm 98ff503e celery 4293e35a - - -
    json - -
    (1,) {'y': 'é✓'}
  priority=5
    labapp.add 75779e8a b80391c1 p5 r0 - -
    -/- gen14435@vm 98ff503e celery 75779e8a - - -
    json - -
    (1, 2) {}
  priority=9
    labapp.add 214e63d0 715bfa13 p9 r0 - -
    -/- gen14435@vm 98ff503e celery 214e63d0 - - -
    json - -
    (1, 2) {}
  queue=high prio=2
    labapp.add c6a0ed74 c115b1aa p2 r0 - -
    -/- gen14435@vm 98ff503e high c6a0ed74 - - -
    json - -
    (1, 2) {}
  decorated task: limits, ignore_result, priority 6
    labapp.decorated a5a28af0 6655abbd p6 r0 - -
    60/30 gen14435@vm 98ff503e celery a5a28af0 - - -
    json - -
    () {}
  call-time limits
    labapp.add f4818b0c 72c14abf p0 r0 - -
    10/5 gen14435@vm 98ff503e celery f4818b0c - - -
    json - -
    (1, 2) {}
  custom id+headers+shadow
    labapp.add my-own-i da6eebfa p0 r0 - -
    -/- gen14435@vm 98ff503e celery my-own-i - - -
    json - -
    (1, 2) {}
  link/link_error
    labapp.add f09c05f6 23c1ab24 p0 r0 - -
    -/- gen14435@vm 98ff503e celery f09c05f6 - - -
    json - -
    (1, 2) {}
  group
    labapp.add 95414320 34f887e0 p0 r0 - -
    -/- gen14435@vm 98ff503e celery 95414320 - 16ce2958 -
    json - -
    (1, 1) {}
  group
    labapp.add 893da405 7737c3c6 p0 r0 - -
    -/- gen14435@vm 98ff503e celery 893da405 - 16ce2958 -
    json - -
    (0, 0) {}
  chord
    labapp.add aa01ca14 5c7aeb86 p0 r0 - -
    -/- gen14435@vm 98ff503e celery aa01ca14 - 9bc83839 -
    json - -
    (1, 1) {}
  chord
    labapp.add 223c2061 67597aea p0 r0 - -
    -/- gen14435@vm 98ff503e celery 223c2061 - 9bc83839 -
    json - -
    (0, 0) {}
  chain
    labapp.add 90e0bfb9 e5e689c8 p0 r0 - -
    -/- gen14435@vm 98ff503e celery 90e0bfb9 - - -
    json - -
    (1, 1) {}
  stamped
    labapp.add b0f8d9b8 1ea199ea p0 r0 - -
    -/- gen14435@vm 98ff503e celery b0f8d9b8 - - -
    json - -
    (1, 2) {}
  gzip
    labapp.add df9ff37b 6ea5f288 p0 r0 - -
    -/- gen14435@vm 98ff503e celery df9ff37b - - -
    json application/x-gzip -
    (1, 2) {}
  serializer pickle
    labapp.add bb6b8fb4 bc21bbf8 p0 r0 - -
    -/- gen14435@vm 98ff503e celery bb6b8fb4 - - -
    x-python-serialize - -
    (1,) {'y': 'é'}
  serializer yaml
    labapp.add f7ffac35 fd25e48e p0 r0 - -
    -/- gen14435@vm 98ff503e celery f7ffac35 - - -
    x-yaml - -
    (1,) {'y': 'é'}
  serializer msgpack
    labapp.add a7663dc1 30663bd9 p0 r0 - -
    -/- gen14435@vm 98ff503e celery a7663dc1 - - -
    x-msgpack - -
    (1,) {'y': 'é'}
  datetime + bytes args in json
    labapp.add 0263def9 f26582d8 p0 r0 - -
    -/- gen14435@vm 98ff503e celery 0263def9 - - -
    json - -
    (datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc), b'00ff') {}
  protocol v1
    labapp.add 73e6106e e6c76425 p0 r0 1795334916.53337 -
    -/- - 98ff503e celery - - - -
    json - -
    [1, 2] {}
  send_task by name
    other.name 989553ba 741a36ff p0 r0 - -
    -/- gen14435@vm 98ff503e celery 989553ba - - -
    json - -
    [1] {}
  long arg (argsrepr truncated)
    labapp.add 71d69df9 1b94e73f p0 r0 - -
    -/- gen14435@vm 98ff503e celery 71d69df9 - - -
    json - -
    1024 bytes {}
  restored after visibility_timeout (redelivered flags set)
    labapp.sleepy 817ac237 00d861c4 p0 r0 - -
    -/- gen21131@vm c1cf2524 celery 817ac237 - - R
    json - -
    (60,) {}
  restored after visibility_timeout (redelivered flags set)
    labapp.sleepy 934bdf35 7ae9a49a p0 r0 - -
    -/- gen21131@vm c1cf2524 celery 934bdf35 - - R
    json - -
    (60,) {}
  two PersistentScheduler beats publishing the same schedule
    labapp.tiny 85775851 e79245fd p0 r0 - 1795335404.858009
    -/- gen22240@vm a384ee42 celery 85775851 - - B
    json - -
    [1] {}
  two PersistentScheduler beats publishing the same schedule
    labapp.tiny bb405fca 76c39ec6 p0 r0 - 1795335404.966081
    -/- gen22239@vm 3b305eee celery bb405fca - - B
    json - -
    [1] {}
  two PersistentScheduler beats publishing the same schedule
    labapp.tiny 16124c91 735b6748 p0 r0 - 1795335406.854841
    -/- gen22240@vm a384ee42 celery 16124c91 - - B
    json - -
    [1] {}
  two PersistentScheduler beats publishing the same schedule
    labapp.tiny 3b710cef c44d10e3 p0 r0 - 1795335406.962938
    -/- gen22239@vm 3b305eee celery 3b710cef - - B
    json - -
    [1] {}
  two PersistentScheduler beats publishing the same schedule
    labapp.tiny b7f4e484 7bb1afe3 p0 r0 - 1795335408.860104
    -/- gen22240@vm a384ee42 celery b7f4e484 - - B
    json - -
    [1] {}
  two PersistentScheduler beats publishing the same schedule
    labapp.tiny 5f8a6ccd 64bad947 p0 r0 - 1795335408.963001
    -/- gen22239@vm 3b305eee celery 5f8a6ccd - - B
    json - -
    [1] {}
  django-celery-beat DatabaseScheduler
    labapp.tiny b3fefc11 1507e2fa p0 r0 - -
    -/- gen30214@vm b2add94d celery b3fefc11 - - B
    json - Tiny every 2s (db)
    [7] {}
  retry republish, attempt 1 (self.retry countdown=1)
    labapp.retryme 25e6229e a3b0877f p0 r1 1795334924.459468 -
    -/- gen14583@vm e709c3ed celery 25e6229e 25e6229e - -
    json - -
    (2,) {}
  retry republish, attempt 2 (self.retry countdown=1)
    labapp.retryme 25e6229e aadfef0a p0 r2 1795334926.792958 -
    -/- gen14583@vm e709c3ed celery 25e6229e 25e6229e - -
    json - -
    (2,) {}
  celery 4.4.7 add countdown=10 prio=4 time_limit=9
    labapp.add a127de23 45ab157f p4 r0 1795336281.207261 -
    9/- gen1890@vm 1b6e0d98 celery a127de23 - - -
    json - -
    (1, 2) {}
  celery 5.2.7 add countdown=10 prio=4 time_limit=9
    labapp.add e804c5cf b498475a p4 r0 1795336281.539541 -
    9/- gen1894@vm 2ec007ee celery e804c5cf - - -
    json - -
    (1, 2) {}
  celery 5.4.0 add countdown=10 prio=4 time_limit=9
    labapp.add 0c572440 02703081 p4 r0 1795336281.814593 -
    9/- gen1896@vm d26c8f8d celery 0c572440 - - -
    json - -
    (1, 2) {}
  """#
