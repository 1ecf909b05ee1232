import Foundation
import TaskmonTestSupport

/// One Swift file of the project, as the tidy rules read it.
struct SourceFile: Sendable {
  /// From the top of the project: `Sources/TaskmonHealth/Rules/StuckTask.swift`.
  let path: String
  let text: String
  /// The text without comments: what is left in quotes is a literal.
  let uncommented: String
  /// The text without comments and without what stands in quotes.
  let code: String
  /// What stands in quotes.
  let literals: String

  init(path: String, text: String) {
    let stripped = CodeText(text)
    self.path = path
    self.text = text
    uncommented = stripped.withoutComments
    code = stripped.withoutCommentsAndLiterals
    literals = stripped.literals
  }

  var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }
  /// `StuckTask` of `…/StuckTask.swift`.
  var stem: String { String(path.split(separator: "/").last?.dropLast(".swift".count) ?? "") }

  func isBeneath(_ folder: String) -> Bool { path.hasPrefix(folder + "/") }
}

/// The Swift files of the project.
enum SourceTree {
  static let root: String = {
    var url = URL(fileURLWithPath: Fixture.folder)
    url.deleteLastPathComponent()
    url.deleteLastPathComponent()
    return url.path
  }()

  static let sources = files(beneath: "Sources")
  static let tests = files(beneath: "Tests")

  /// What is written in another language: C, Python, shell, the Makefile and the Markdown.
  static let others: [SourceFile] =
    ["Sources", "Tests/celery", ".ci", "dashboards"].flatMap { folder in
      files(beneath: folder) { !$0.hasSuffix(".swift") && !$0.contains("__pycache__") }
    }
    + ["Makefile", "README.md", "CHANGELOG.md", "Package.swift"].compactMap { name in
      (try? String(contentsOfFile: "\(root)/\(name)", encoding: .utf8))
        .map { SourceFile(path: name, text: $0) }
    }

  private static func files(
    beneath folder: String, where isWanted: (String) -> Bool = { $0.hasSuffix(".swift") }
  ) -> [SourceFile] {
    let base = "\(root)/\(folder)"
    let names = FileManager.default.enumerator(atPath: base)?.compactMap { $0 as? String } ?? []
    return names.filter(isWanted).sorted().compactMap { name in
      guard let text = try? String(contentsOfFile: "\(base)/\(name)", encoding: .utf8) else {
        return nil
      }
      return SourceFile(path: "\(folder)/\(name)", text: text)
    }
  }
}

/// Where a house rule is broken, as a person looks it up.
struct Breach: Sendable, Hashable, CustomStringConvertible {
  let path: String
  let line: Int
  let what: String

  var description: String { "\(path):\(line): \(what)" }
}
