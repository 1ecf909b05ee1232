import CeleryProtocol
import TaskmonModel
import TaskmonTestSupport
import TaskmonUnits
import Testing

@testable import TaskmonCollector

/// Logs that real workers wrote of the same tasks: one prints ten lines and one writes one to
/// standard error; three go through a task's logger, and three through a plain one.
@Suite("What the lines of a log add up to")
struct LogTallyTests {
  private static func tally(_ name: String) throws -> LogTally {
    var tally = LogTally()
    for line in try Fixture.lines("celery/logs/\(name).log") { tally.take(line[...]) }
    return tally
  }

  private static let tasks = ["talkative.shout": 10, "talkative.mutter": 1]
  private static let allTasks = tasks.merging(["talkative.consult": 3]) { $1 }

  /// Processes are different in each recording; what they wrote adds up.
  private static func counts(_ name: String) throws -> LogCounts {
    var tally = try tally(name)
    var counts = tally.drain()
    #expect(counts.processes.values.reduce(0, +) == counts.tasks.values.reduce(0, +))
    counts.processes = [:]
    return counts
  }

  @Test("in the default format prints look like a plain logger's", arguments: ["57", "52"])
  func plainFormat(_ version: String) throws {
    let wanted = LogCounts(
      poolLevels: ["WARNING": 13, "INFO": 1], mainLevels: [:], ofTasks: 3, tasks: Self.allTasks)
    #expect(try Self.counts("default\(version)") == wanted)
    #expect(try Self.tally("default\(version)").decoder.namesLoggers == false)
  }

  @Test("the colours of a terminal change nothing")
  func colours() throws {
    let wanted = LogCounts(
      poolLevels: ["WARNING": 13, "INFO": 1], ofTasks: 3, tasks: Self.allTasks)
    #expect(try Self.counts("color57") == wanted)
  }

  @Test("a format that names the logger tells prints", arguments: ["named57", "named52", "json57"])
  func namedFormat(_ name: String) throws {
    var found = try Self.counts(name)
    // What Celery's loggers say beside their well-known lines is not the point here.
    found.named = 0
    #expect(found == LogCounts(redirected: 11, ofTasks: 3, tasks: Self.tasks))
    #expect(try Self.tally(name).decoder.namesLoggers == true)
  }

  @Test("a format without processes tells prints, but not where they were written")
  func freeFormat() throws {
    var found = try Self.counts("other57")
    found.named = 0
    #expect(found == LogCounts(redirectedAnywhere: 11, ofTasks: 3))
  }

  @Test("threads write as the main process")
  func threads() throws {
    let wanted = LogCounts(mainLevels: ["WARNING": 13, "INFO": 1], ofTasks: 3)
    #expect(try Self.counts("threads57") == wanted)
  }

  @Test("the worker's name and its tasks' ids are kept, few of them")
  func who() throws {
    var tally = try Self.tally("default57")
    #expect(tally.nodes == ["talk@desk"])
    #expect(tally.recentIDs.count == 6)
    for number in 0..<100 {
      let line = "[x: INFO/MainProcess] Task a.b[\(number)] received"
      tally.take(Array(line.utf8)[...])
      tally.take(Array("[x: INFO/MainProcess] n\(number)@h ready.".utf8)[...])
    }
    #expect(tally.recentIDs == (84..<100).map { "\($0)" })
    #expect(tally.nodes.count == 8)
  }

  @Test("however many names a log invents, few are kept")
  func bounded() {
    var tally = LogTally()
    for number in 0..<500 {
      let process = "ForkPoolWorker-\(number)"
      tally.take(Array("[x: WARNING/\(process)] hello".utf8)[...])
      tally.take(Array("[x: INFO/\(process)] Task t\(number)[i] succeeded in 1s".utf8)[...])
      tally.take(Array("[x: WARNING/\(process)-b] --- Logging error ---".utf8)[...])
    }
    let counts = tally.drain()
    #expect(counts.poolLevels == ["WARNING": 500])
    #expect(counts.processes.count == LogCounts.names && counts.tasks.count == LogCounts.names)
  }

  @Test("a window is ten minutes long, and what an earlier time left is over as a whole")
  func meter() {
    let start = Timestamp(secondsSince1970: 1_000_000)
    var meter = LogMeter(coveredSince: start - Seconds.hours(1))
    for minute in 0...15 {
      let count = minute == 0 ? 100 : 1
      meter.add(LogCounts(ofTasks: count), at: start + Seconds.minutes(Double(minute)))
      if minute == 9 {
        let window = meter.window(at: start + Seconds.minutes(9))
        #expect(window.counts.ofTasks == 109 && window.counted.heard == Seconds.minutes(69))
      }
    }
    let window = meter.window(at: start + Seconds.minutes(15))
    #expect(window.counts.ofTasks == 11)
    #expect(window.counted.heard == Seconds.minutes(10))
  }
}
