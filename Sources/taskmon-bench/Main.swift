import TaskmonUnits

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// How fast taskmon is, measured on this machine beside what one could use instead.
///
/// `taskmon-bench events` floods a private Redis with task events and prints what taskmon's event
/// path and `redis-cli PSUBSCRIBE` each needed for them. `taskmon-bench reading` fills a private
/// Redis, runs a simulated shop on it and prints what watching it costs. Every part is a process of
/// its own, so that its time and memory are its own. `taskmon-bench evaluate` judges a large
/// installation that is made up in memory.
@main
enum Main {
  static let usage = """
    usage: taskmon-bench events [--events N] [--batch N] [--tasks N]
           taskmon-bench reading [--results N] [--queues N] [--rate N] [--seconds N]
           taskmon-bench evaluate

      --events N   events to publish (default 600000)
      --batch N    events a message: 1, 10, 24 (default 10)
      --tasks N    tasks the ledger may track (default 200000)
      --results N  results stored (default 1000000)
      --queues N   queues, one in ten with messages (default 20000)
      --rate N     tasks a second of the shop beside them (default 50)
      --seconds N  how long to watch (default 180)
    """

  static func main() async {
    let arguments = Array(CommandLine.arguments.dropFirst())
    do {
      let settings = try Settings(Array(arguments.dropFirst()))
      switch arguments.first {
      case "events": try await EventBench(settings).run()
      case "publish": try Publishing(settings).run()
      case "listen": try await Listening(settings).run()
      case "reading": try await ReadingBench(settings).run()
      case "evaluate": EvaluatorBench().run()
      case "watch": try await Watching(settings).run()
      default: throw BenchError(usage)
      }
    } catch {
      print(error)
      exit(2)
    }
  }
}

/// Why a measurement could not be made.
struct BenchError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}

/// What to measure; the parts get it as arguments.
struct Settings {
  var events = 600_000
  var batch = 10
  var tasks = 200_000
  var results = 1_000_000
  var queues = 20_000
  var rate = 50
  var seconds = 180
  /// Only for the parts.
  var socket = ""

  init(_ arguments: [String]) throws(BenchError) {
    var rest = arguments[...]
    while let name = rest.popFirst() {
      guard let value = rest.popFirst() else { throw BenchError(Main.usage) }
      switch name {
      case "--socket": socket = value
      case "--events": events = try Self.number(value)
      case "--batch": batch = try Self.number(value)
      case "--tasks": tasks = try Self.number(value)
      case "--results": results = try Self.number(value)
      case "--queues": queues = try Self.number(value)
      case "--rate": rate = try Self.number(value)
      case "--seconds": seconds = try Self.number(value)
      default: throw BenchError(Main.usage)
      }
    }
  }

  func arguments(for part: String, socket: String) -> [String] {
    [
      part, "--socket", socket, "--events", "\(events)", "--batch", "\(batch)", "--tasks",
      "\(tasks)", "--results", "\(results)", "--queues", "\(queues)", "--seconds", "\(seconds)",
    ]
  }

  private static func number(_ text: String) throws(BenchError) -> Int {
    guard let number = Int(text), (1...100_000_000).contains(number) else {
      throw BenchError("\(text) is not a number from 1 to 100000000")
    }
    return number
  }
}

/// The clock of the bench, the same for all its processes.
enum Clock {
  static let source = TimeSource(
    now: { Timestamp(secondsSince1970: read(CLOCK_REALTIME)) },
    uptime: { Seconds(read(CLOCK_MONOTONIC)) },
    sleep: { wait in try await Task.sleep(for: wait.duration) })

  static var uptime: Double { read(CLOCK_MONOTONIC) }

  private static func read(_ clock: clockid_t) -> Double {
    var value = timespec()
    clock_gettime(clock, &value)
    return Double(value.tv_sec) + Double(value.tv_nsec) / 1_000_000_000
  }
}
