extension Span where Element == UInt8 {
  /// Where a text begins, counted from the start; nil where it stands nowhere.
  func find(_ text: StaticString) -> Int? {
    let length = text.utf8CodeUnitCount
    guard length > 0, length <= count else { return nil }
    let first = text.utf8Start[0]
    for start in 0...(count - length) where self[start] == first {
      var matched = 1
      while matched < length, self[start + matched] == text.utf8Start[matched] { matched += 1 }
      if matched == length { return start }
    }
    return nil
  }

  func holds(_ text: StaticString) -> Bool { find(text) != nil }
}
