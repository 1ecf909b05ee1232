import CeleryProtocol
import TaskmonUnits

/// The shop's Celery settings, as its workers tell them in `conf`.
enum ShopSettings {
  /// Seconds.
  static let resultExpires = 3600

  /// What is not at its default; `address` is the broker's, without the database.
  static func changes(
    address: String, schedule: [RedBeatEncoder.Entry], lockMilliseconds: Int
  ) -> [JSONMember] {
    [
      JSONMember("broker_url", .string("redis+socket://\(address)")),
      JSONMember("result_backend", .string("redis+socket://\(address)?virtual_host=0")),
      JSONMember("worker_hijack_root_logger", true),
      JSONMember("result_expires", .whole(resultExpires)),
      JSONMember("result_extended", true),
      JSONMember("beat_schedule", .object(schedule.map(line))),
      JSONMember("beat_scheduler", "redbeat.RedBeatScheduler"),
      JSONMember("beat_max_loop_interval", 5),
      JSONMember("task_send_sent_event", true),
      JSONMember("redbeat_redis_url", .string("unix://\(address)?db=0")),
      JSONMember("redbeat_lock_timeout", .whole(lockMilliseconds / 1000)),
      JSONMember("worker_disable_prefetch", false),
      JSONMember("include", ["celery.app.builtins", "shop.tasks"]),
    ]
  }

  /// The answer to `conf`.
  static func conf(_ changes: [JSONMember], withDefaults: Bool) -> JSONValue {
    .object(withDefaults ? ConfDefaults.members(setting: changes) : changes)
  }

  private static func line(_ entry: RedBeatEncoder.Entry) -> JSONMember {
    JSONMember(
      entry.name,
      [
        "task": .string(entry.task), "schedule": .double(entry.every.value),
        "args": .array(entry.arguments), "options": .object(entry.options),
      ])
  }
}
