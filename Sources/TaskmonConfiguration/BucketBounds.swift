/// Upper bounds of a histogram's buckets, as they are written in settings: seconds and commas.
package enum BucketBounds {
  /// Each series has as many buckets.
  private static let limit = 64

  /// The bounds, ascending and without the infinite one; nil where the text is no such list.
  package static func bounds(_ text: String) -> [Double]? {
    fault(in: text) == nil ? numbers(text)?.filter(\.isFinite) : nil
  }

  /// What is wrong with a text as bounds, in a clause; nil where it is right.
  package static func fault(in text: String) -> String? {
    guard let bounds = numbers(text) else {
      return "\"\(text)\" are no bounds of buckets; write seconds, as in 0.1,1,10"
    }
    guard bounds.allSatisfy({ $0 > 0 }) else {
      return "\"\(text)\": a bound must be more than 0 seconds"
    }
    guard zip(bounds, bounds.dropFirst()).allSatisfy({ $0 < $1 }) else {
      return "\"\(text)\": bounds must ascend, each once"
    }
    let count = bounds.count { $0.isFinite }
    return (1...limit).contains(count)
      ? nil : "\"\(text)\": these are \(count) bounds; give 1 to \(limit) besides +Inf"
  }

  /// Nil where one of them is no number.
  private static func numbers(_ text: String) -> [Double]? {
    let parts = text.split(separator: ",", omittingEmptySubsequences: false)
    let numbers = parts.compactMap { Double($0.filter { $0 != " " }) }
    return numbers.count == parts.count && !numbers.contains { $0.isNaN } ? numbers : nil
  }
}
