import Foundation
import TaskmonTestSupport
import Testing

extension Tag {
  /// Real processes over real time: minutes, not milliseconds.
  @Tag static var live: Self
}

/// One sample of an exposition, as Prometheus' own parser read it.
struct Sample: Sendable, Hashable, Decodable {
  let name: String
  let labels: [String: String]
  let value: Double
}

/// A taskmon that serves, on a port of its own, until the test ends.
final class Serving: Sendable {
  let port: UInt16
  let process: Subprocess
  private let taskmon: Taskmon

  init(_ arguments: [String], taskmon: Taskmon) async throws {
    port = try freePort()
    self.taskmon = taskmon
    process = try taskmon.start(["serve", "--listen", "127.0.0.1:\(port)"] + arguments)
    // Before its first look there is no judgement, of an absent Redis neither.
    try await eventually(within: 120, "taskmon serve has judged") {
      (try? self.get("/api/v1/health").status) == 200 || !self.process.isRunning
    }
    guard process.isRunning else {
      throw SupportError("taskmon serve ended:\n\(process.errorsSoFar)")
    }
  }

  deinit { process.kill() }

  func get(_ path: String, headers: [String: String] = [:]) throws -> HTTPReply {
    try HTTPClient(port: port).get(path, headers: headers)
  }

  func health() throws -> HealthReading { try HealthReading(get("/api/v1/health").body) }

  /// The samples of `/metrics`, read by a parser that is not ours.
  func samples(with fleet: CeleryFleet) async throws -> [Sample] {
    let text = try get("/metrics").body
    let json = try await fleet.output(of: "read_metrics.py", ["text"], input: text)
    return try JSONDecoder().decode([Sample].self, from: Data(json.utf8))
  }

  /// SIGTERM, and how it ended.
  func stop() async throws -> ProcessEnd {
    process.terminate()
    return try await process.result(timeout: 20).end
  }
}

/// Lets real time pass: some conditions are about time itself.
func pass(seconds: Double) async throws { try await Task.sleep(for: .seconds(seconds)) }

/// Lines of a console that show a finding, as `critical stuck-task billing.sync`.
func headlines(on screen: String) -> [String] {
  screen.split(separator: "\n").compactMap { line in
    guard
      let found = line.firstMatch(of: #/(CRITICAL|WARNING|INFO)\s+([a-z]+(?:-[a-z]+)+)\s+(\S+)/#)
    else { return nil }
    return "\(found.output.1.lowercased()) \(found.output.2) \(found.output.3)"
  }.sorted()
}

extension JSON {
  /// Every text and number in it, in words.
  var leaves: [String] {
    switch self {
    case .null: []
    case .flag(let flag): ["\(flag)"]
    case .number(let number): [number == number.rounded() ? "\(Int(number))" : "\(number)"]
    case .text(let text): [text]
    case .list(let list): list.flatMap(\.leaves)
    case .object(let object): object.values.flatMap(\.leaves)
    }
  }
}

/// Messages for queues without a consumer, published by real Celery, counted by kombu itself.
struct KombuSizes: Encodable {
  let url: String
  /// kombu's transport options.
  var options: [String: JSON] = [:]
  /// Messages per priority, from 0.
  let queues: [String: [Int]]

  /// The length of each queue as kombu has it.
  func publish(_ fleet: CeleryFleet) async throws -> [String: Double] {
    let json = String(decoding: try JSONEncoder().encode(self), as: UTF8.self)
    let sizes = try await fleet.output(of: "kombu_sizes.py", [json])
    return try JSONDecoder().decode([String: Double].self, from: Data(sizes.utf8))
  }
}
