import CeleryProtocol
import RedisClient

/// Fills a Redis with what a large installation leaves there: results that expire, and queues.
struct Planting {
  private let settings: Settings
  private let layout = KeyLayout(database: 0)
  /// Of what one script makes, so that the fleet is never kept waiting for long.
  private static let portion = 10_000

  init(_ settings: Settings) { self.settings = settings }

  /// As Celery's JSON backend writes them: one in fifty failed, all expire within a day.
  private static let results = """
    for i = tonumber(ARGV[1]), tonumber(ARGV[2]) do
      local id = string.format('%08x-0000-4000-8000-%012x', i, i)
      local head = '{"status": "SUCCESS", "result": ' .. i .. ', "traceback": null'
      if i % 50 == 0 then
        head = '{"status": "FAILURE", "result": {"exc_type": "Timeout' .. i % 7 ..
          '", "exc_message": ["no answer"], "exc_module": "shop.errors"}, "traceback": null'
      end
      redis.call('SET', ARGV[3] .. id, head .. ', "children": [], "date_done": ' ..
        '"2026-01-01T00:00:00.000000+00:00", "task_id": "' .. id .. '"}', 'EX', 80000 + i % 6400)
    end
    """

  /// Bound to an exchange of their own; every tenth holds three messages that nobody takes.
  private static let queues = """
    for i = tonumber(ARGV[1]), tonumber(ARGV[2]) do
      local name = 'tenant-' .. i
      redis.call('SADD', ARGV[3] .. name, name .. ARGV[4] .. ARGV[4] .. name)
      if i % 10 == 0 then
        for j = 1, 3 do
          local id = name .. '-' .. j
          redis.call('LPUSH', name, '{"body": "e30=", "headers": {"id": "' .. id ..
            '", "task": "tenant.sync"}, "properties": {"delivery_tag": "' .. id .. '"}}')
        end
      end
    end
    """

  func run(_ redis: RawRedis) throws(BenchError) {
    try plant(Self.results, settings.results, [layout.result(id: "").text], redis)
    let mark = layout.separator
    try plant(
      Self.queues, settings.queues, [layout.binding(exchange: QueueName("")).text, mark], redis)
  }

  private func plant(
    _ script: String, _ count: Int, _ arguments: [String], _ redis: RawRedis
  ) throws(BenchError) {
    var begin = 1
    while begin <= count {
      let end = min(count, begin + Self.portion - 1)
      let command = ["EVAL", script, "0", "\(begin)", "\(end)"] + arguments
      try redis.send(RawRedis.command(command.map { Array($0.utf8) }))
      let answer = try redis.ask("PING", until: "+PONG")
      if answer.contains("-ERR") { throw BenchError("cannot plant: \(answer)") }
      begin = end + 1
    }
  }
}
