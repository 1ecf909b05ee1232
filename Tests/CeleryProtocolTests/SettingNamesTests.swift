import CeleryProtocol
import TaskmonUnits
import Testing

@Suite("Settings under all their names")
struct SettingNamesTests {
  static let spellings: [JSONValue] = [
    [
      "broker_url": "redis://h/0", "task_acks_late": true, "task_time_limit": 33,
      "result_expires": nil, "worker_prefetch_multiplier": 1, "task_serializer": "pickle",
      "broker_transport_options": ["visibility_timeout": 60],
    ],
    // As a Django project has them, with what is Django's own beside.
    [
      "CELERY_BROKER_URL": "redis://h/0", "CELERY_TASK_ACKS_LATE": true,
      "CELERY_TASK_TIME_LIMIT": 33, "CELERY_RESULT_EXPIRES": nil, "TIMEZONE": "Europe/Zurich",
      "CELERY_WORKER_PREFETCH_MULTIPLIER": 1, "CELERY_TASK_SERIALIZER": "pickle",
      "CELERY_BROKER_TRANSPORT_OPTIONS": ["visibility_timeout": 60],
    ],
    [
      "SHOP_BROKER_URL": "redis://h/0", "SHOP_TASK_ACKS_LATE": true, "SHOP_TASK_TIME_LIMIT": 33,
      "SHOP_RESULT_EXPIRES": nil, "SHOP_WORKER_PREFETCH_MULTIPLIER": 1,
      "SHOP_TASK_SERIALIZER": "pickle",
      "SHOP_BROKER_TRANSPORT_OPTIONS": ["visibility_timeout": 60],
    ],
    // Before version 4.
    [
      "BROKER_URL": "redis://h/0", "CELERY_ACKS_LATE": true, "CELERYD_TASK_TIME_LIMIT": 33,
      "CELERY_TASK_RESULT_EXPIRES": nil, "CELERYD_PREFETCH_MULTIPLIER": 1,
      "CELERY_TASK_SERIALIZER": "pickle", "BROKER_TRANSPORT_OPTIONS": ["visibility_timeout": 60],
    ],
  ]

  @Test("a setting is found however the app spells it", arguments: spellings)
  func found(_ answer: JSONValue) throws {
    let conf = try ConfReply(answer)
    #expect(conf.brokerURL == "redis://h/0")
    #expect(conf.acksLate == true)
    #expect(conf.taskTimeLimit == Seconds(33))
    #expect(conf.resultExpires == .zero, "None: never")
    #expect(conf.prefetchMultiplier == 1)
    #expect(conf.serializer == "pickle")
    #expect(conf.visibilityTimeout == Seconds(60))
    #expect(conf.timezone == nil, "Django's own is not Celery's")
  }

  @Test("what is not set is nil under every name")
  func missing() throws {
    let conf = try ConfReply(["CELERY_BROKER_URL": "redis://h/0", "TASK_ACKS_LATE": true])
    #expect(conf.acksLate == nil && conf.resultExpires == nil && conf.memoryPerChild == nil)
  }

  @Test("RedBeat's prefix is found as RedBeat finds it")
  func prefix() throws {
    for name in ["redbeat_key_prefix", "REDBEAT_KEY_PREFIX", "CELERY_REDBEAT_KEY_PREFIX"] {
      let conf = try ConfReply(.object([JSONMember(name, "shop7-")]))
      #expect(conf.hasRedBeatPrefix, "\(name)")
    }
    #expect(try !ConfReply(["REDBEAT_LOCK_KEY": "x"]).hasRedBeatPrefix)
  }

  @Test("memory per child is in KiB, a rate a text or a number")
  func units() throws {
    let conf = try ConfReply([
      "worker_max_memory_per_child": 200, "task_default_rate_limit": 10,
      "worker_max_tasks_per_child": 50,
    ])
    #expect(conf.memoryPerChild == .kibibytes(200))
    #expect(conf.rateLimit == "10" && conf.tasksPerChild == 50)
  }
}
