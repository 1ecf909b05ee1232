import Foundation
import TaskmonTestSupport
import Testing

/// What the README tells a newcomer to type gives what the README shows.
@Suite("The README's first use", .tags(.live))
struct ReadmeLiveTests {
  /// Lines of one `console` block: each command with the output shown below it.
  struct Step: Sendable, Equatable {
    var command: String
    var output: [String]
  }

  @Test("each command of the first-use block gives the output shown", .timeLimit(.minutes(5)))
  func firstUse() async throws {
    let readme = try String(contentsOfFile: PythonEnvironment.root + "/README.md", encoding: .utf8)
    let steps = Self.steps(in: readme)
    try #require(!steps.isEmpty, "README.md has no console block after <!-- first-use -->")

    let redis = try await RedisServer(tcp: true)
    let fleet = try await CeleryFleet(broker: try redis.tcpURL())
    _ = try await fleet.worker("shop", node: "w1@shop", as: "w1", queues: "celery,mail")
    _ = try await fleet.beat("shop", as: "beat", redBeat: true)
    _ = try await fleet.program("shop.py", ["300"], as: "producer")
    let place = "localhost:\(redis.port ?? 0)"
    let taskmon = try Taskmon()
    let path =
      "\(URL(fileURLWithPath: Taskmon.path).deletingLastPathComponent().path):/usr/bin:/bin"
    for step in steps {
      let run = try await Subprocess.run(
        "/bin/sh", ["-c", step.command.replacing("localhost:6379", with: place)],
        environment: taskmon.environment.merging(["PATH": path]) { $1 },
        folder: taskmon.home.path, timeout: 120)
      let seen = run.outputText.replacing(place, with: "localhost:6379")
        .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
      #expect(
        Self.fits(seen, shown: step.output),
        "\(step.command)\nshown:\n\(step.output)\nseen, \(run.end):\n\(seen)\n\(run.errorText)")
    }
  }

  @Test("a block is read into commands and outputs")
  func reading() {
    let readme = """
      ```console
      $ not this one
      ```
      <!-- first-use -->
      ```console
      $ taskmon check --broker redis://localhost:6379/0
      TASKMON OK - 0 findings
      …
      $ echo 2
      2
      ```
      """
    #expect(
      Self.steps(in: readme) == [
        Step(
          command: "taskmon check --broker redis://localhost:6379/0",
          output: ["TASKMON OK - 0 findings", "…"]),
        Step(command: "echo 2", output: ["2"]),
      ])
  }

  struct Comparison: Sendable {
    let seen: [String]
    let shown: [String]
    let fits: Bool
  }

  @Test(
    "outputs are compared but for numbers, and an ellipsis stands for any lines",
    arguments: [
      Comparison(seen: ["a 1", "b 2.5", ""], shown: ["a 7", "b 33"], fits: true),
      Comparison(seen: ["a 1", "x", "y", "c"], shown: ["a 1", "…", "c"], fits: true),
      Comparison(seen: ["a 1", "c"], shown: ["a 1", "…", "c"], fits: true),
      Comparison(seen: ["a 1", "d"], shown: ["a 1", "…", "c"], fits: false),
      Comparison(seen: ["a", "b"], shown: ["a"], fits: false),
      Comparison(seen: ["a x"], shown: ["a 1"], fits: false),
      Comparison(seen: ["a 1 and more"], shown: ["a 2…"], fits: true),
      Comparison(seen: ["b 1 and more"], shown: ["a 2…"], fits: false),
    ])
  func comparing(_ comparison: Comparison) {
    #expect(Self.fits(comparison.seen, shown: comparison.shown) == comparison.fits)
  }

  static func steps(in readme: String) -> [Step] {
    guard let mark = readme.range(of: "<!-- first-use -->"),
      let opening = readme.range(of: "```console\n", range: mark.upperBound..<readme.endIndex),
      let closing = readme.range(of: "\n```", range: opening.upperBound..<readme.endIndex)
    else { return [] }
    return readme[opening.upperBound..<closing.lowerBound]
      .split(separator: "\n", omittingEmptySubsequences: false)
      .reduce(into: [Step]()) { steps, line in
        if line.hasPrefix("$ ") {
          steps.append(Step(command: String(line.dropFirst(2)), output: []))
        } else if !steps.isEmpty {
          steps[steps.count - 1].output.append(String(line))
        }
      }
  }

  static func fits(_ seen: [String], shown: [String]) -> Bool {
    func plain(_ lines: [String]) -> [String] {
      let masked = lines.map {
        $0.replacing(#/\d+(?:[.,:]\d+)*/#, with: "#").replacing(#/\s+/#, with: " ")
          .trimmingCharacters(in: .whitespaces)
      }
      return Array(masked.reversed().drop { $0.isEmpty }.reversed())
    }
    return matches(plain(seen)[...], plain(shown)[...])
  }

  private static func matches(_ seen: ArraySlice<String>, _ shown: ArraySlice<String>) -> Bool {
    guard let next = shown.first else { return seen.isEmpty }
    if next == "…" {
      return (seen.startIndex...seen.endIndex).contains {
        matches(seen[$0...], shown.dropFirst())
      }
    }
    guard let line = seen.first else { return false }
    let fits = next.hasSuffix("…") ? line.hasPrefix(next.dropLast()) : line == next
    return fits && matches(seen.dropFirst(), shown.dropFirst())
  }
}
