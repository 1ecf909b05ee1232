import FoundationEssentials
import TaskmonDashboards

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Writes the alerts, their proofs, the runbook and the dashboard from what the code says.
///
/// Without a folder, into the project it is started in: `dashboards/` and the tables of the README.
@main
struct GenerateDashboards {
  static let usage = "usage: generate-dashboards [--runbook URL] [FOLDER]\n"

  static func main() {
    var arguments = CommandLine.arguments.dropFirst()
    var runbook = Runbook.name
    if arguments.first == "--runbook", let address = arguments.dropFirst().first {
      runbook = address
      arguments = arguments.dropFirst(2)
    }
    guard arguments.count <= 1, arguments.first?.hasPrefix("-") != true else {
      fail(usage, 64)
    }
    do {
      try generate(into: arguments.first, runbook: runbook)
    } catch {
      fail("generate-dashboards: \(error)\n", 1)
    }
  }

  private static func generate(into folder: String?, runbook: String) throws {
    if folder == nil {
      let readme = try ReadmeTables.rewritten(
        String(decoding: try Data(contentsOf: URL(filePath: "README.md")), as: UTF8.self))
      try save(readme, as: "README.md")
    }
    let folder = folder ?? "dashboards"
    try FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: true)
    for file in GeneratedFile.all(runbook: runbook) {
      try save(file.text, as: "\(folder)/\(file.name)")
    }
  }

  private static func save(_ text: String, as path: String) throws {
    try Data(text.utf8).write(to: URL(filePath: path), options: .atomic)
    print("wrote \(path)")
  }

  private static func fail(_ sentence: String, _ code: Int32) -> Never {
    _ = sentence.withCString { write(STDERR_FILENO, $0, strlen($0)) }
    exit(code)
  }
}
