import Testing

@testable import TaskmonCollector

/// What is kept of many, kind by kind.
@Suite struct FairRingTests {
  @Test func `the newest come first, and the oldest make room`() {
    var ring = FairRing<Int>(limit: 3, ofEach: 3)
    #expect(ring.newestFirst == [])
    for number in 1...5 { ring.add(number, of: NameTable.Index(number)) }
    #expect(ring.newestFirst == [5, 4, 3])
  }

  @Test func `one that is noisy pushes out its own only`() {
    var ring = FairRing<Int>(limit: 5, ofEach: 2)
    ring.add(-1, of: 7)
    ring.add(-2, of: NameTable.unknown)
    for number in 1...1000 { ring.add(number, of: 3) }
    #expect(ring.newestFirst == [1000, 999, -2, -1])
  }

  @Test func `the latest of a kind can be changed, of another nothing happens`() {
    var ring = FairRing<Int>(limit: 5, ofEach: 2)
    for number in 1...3 { ring.add(number, of: NameTable.Index(number % 2)) }
    ring.changeLatest(of: 0) { $0 = 20 }
    ring.changeLatest(of: 9) { $0 = 90 }
    ring.changeAll { $0 += 1 }
    #expect(ring.newestFirst == [4, 21, 2])
  }

  @Test(
    "is what a plain list with the same limits would be",
    arguments: [(1, 1), (10, 10), (20, 3), (7, 2), (50, 1)])
  func model(limit: Int, ofEach: Int) {
    var random = SystemRandomNumberGenerator()
    var ring = FairRing<Int>(limit: limit, ofEach: ofEach)
    var plain: [(kind: NameTable.Index, element: Int)] = []
    for element in 0..<2000 {
      // Most are of few kinds.
      let kind = NameTable.Index.random(in: 0...(Bool.random(using: &random) ? 2 : 30))
      ring.add(element, of: kind)
      if plain.count(where: { $0.kind == kind }) == ofEach {
        plain.firstIndex { $0.kind == kind }.map { _ = plain.remove(at: $0) }
      } else if plain.count == limit {
        plain.removeFirst()
      }
      plain.append((kind, element))
      guard ring.newestFirst == plain.reversed().map(\.element) else {
        Issue.record("\(ring.newestFirst) is not \(plain.reversed())")
        return
      }
    }
    #expect(ring.count == plain.count)
  }
}
