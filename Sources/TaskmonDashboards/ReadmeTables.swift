import TaskmonExposition
package import TaskmonHealth

/// The parts of the README that are made from the code, each between two comments that name it.
package enum ReadmeTables {
  package enum Failure: Error, Equatable, CustomStringConvertible {
    case noSection(String)

    package var description: String {
      switch self {
      case .noSection(let name):
        "README.md has no section between <!-- \(name): written by `make dashboards` -->"
          + " and <!-- end of \(name) -->"
      }
    }
  }

  /// The whole README with its tables as they should be.
  package static func rewritten(
    _ readme: String, rules: [any Rule.Type] = RuleRegistry.all
  ) throws(Failure) -> String {
    let withRules = try replacing("rules", in: readme, with: RuleCatalogue.markdown(rules: rules))
    return try replacing("metrics", in: withRules, with: metrics)
  }

  /// A row per metric, in the order of a page; ends with a line feed.
  private static var metrics: String {
    let rows = FamilyRegistry.declared.map { ["`\($0.name)`", $0.kind.rawValue, $0.help] }
    return Markdown.table(["metric", "type", "what it says"], rows).joined(separator: "\n") + "\n"
  }

  private static func replacing(
    _ name: String, in text: String, with table: String
  ) throws(Failure) -> String {
    guard let start = text.firstRange(of: "<!-- \(name): written by `make dashboards` -->\n"),
      let end = text.firstRange(of: "<!-- end of \(name) -->"), start.upperBound <= end.lowerBound
    else { throw .noSection(name) }
    return text[..<start.upperBound] + table + text[end.lowerBound...]
  }
}
