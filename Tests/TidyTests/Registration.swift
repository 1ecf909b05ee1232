import Foundation

/// A folder of parts that are listed in one place and have a test of the same name.
struct Registration: Sendable, CustomStringConvertible {
  let folder: String
  /// Files that name the parts, without their extension: one list, or the rhythms that run them.
  let registries: [String]
  let tests: String
  /// Where recorded screens prove a part as well as a test file of its name would.
  var screens: String?

  var description: String { folder }

  static let all = [
    Registration(
      folder: "Sources/TaskmonHealth/Rules", registries: ["RuleRegistry"],
      tests: "Tests/TaskmonHealthTests"),
    Registration(
      folder: "Sources/TaskmonExposition/Families", registries: ["FamilyRegistry"],
      tests: "Tests/TaskmonExpositionTests"),
    Registration(
      folder: "Sources/TaskmonTUI/Views", registries: ["ViewRegistry"],
      tests: "Tests/TaskmonTUITests", screens: "Tests/Fixtures/screens"),
    Registration(
      folder: "Sources/TaskmonCollector/Collectors",
      registries: ["FastPoll", "Monitor+Looking", "Monitor+Schedule", "Monitor+Slow"],
      tests: "Tests/TaskmonCollectorTests"),
  ]

  /// Parts that the registry does not name, and parts without a test of their name.
  ///
  /// A part's type has the file's name; helpers of parts stand outside the folder.
  func breaches(sources: [SourceFile], tests testFiles: [SourceFile]) -> [Breach] {
    let parts = sources.filter { $0.isBeneath(folder) && !registries.contains($0.stem) }
    let list = sources.filter { registries.contains($0.stem) }.map(\.code).joined(separator: "\n")
    let listed = Set(list.split { !($0.isLetter || $0.isNumber || $0 == "_") }.map(String.init))
    let tested = Set(testFiles.filter { $0.isBeneath(tests) }.map(\.stem))
    return parts.flatMap { part -> [Breach] in
      let unlisted =
        listed.contains(part.stem)
        ? [] : [Breach(path: part.path, line: 1, what: "\(place) does not name \(part.stem)")]
      let untested =
        tested.contains(part.stem + "Tests") || isRecorded(part)
        ? [] : [Breach(path: part.path, line: 1, what: "no \(part.stem)Tests.swift in \(tests)")]
      return unlisted + untested
    }
  }

  private var place: String { registries.joined(separator: " or ") }

  /// `BeatView` by `beat-80x24.txt`.
  private func isRecorded(_ part: SourceFile) -> Bool {
    guard let screens else { return false }
    let name = part.stem.replacing("View", with: "").lowercased()
    return FileManager.default.fileExists(
      atPath: "\(SourceTree.root)/\(screens)/\(name)-80x24.txt")
  }
}
