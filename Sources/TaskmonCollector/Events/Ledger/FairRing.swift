/// The latest of many, so that no kind pushes out all others: at most so many of each, and in all.
///
/// Adding one costs the same however many there are. Kinds are numbers of a name table.
struct FairRing<Element: Sendable>: Sendable {
  private static var none: UInt32 { .max }

  private struct Node: Sendable {
    var element: Element
    var kind: NameTable.Index
    /// Neighbours among all.
    var older: UInt32
    var newer: UInt32
    /// The next of its kind.
    var newerOfKind: UInt32
  }

  private struct Line: Sendable {
    var oldest: UInt32 = .max
    var newest: UInt32 = .max
    var count = 0
  }

  private var nodes: [Node] = []
  private var all = Line()
  /// By kind plus one, so that the unknown kind is the first.
  private var kinds: [Line] = []
  private let limit: Int
  private let ofEach: Int

  /// At least one of each.
  init(limit: Int, ofEach: Int) {
    self.limit = min(max(1, limit), 1 << 24)
    self.ofEach = min(max(1, ofEach), self.limit)
  }

  var count: Int { nodes.count }

  mutating func add(_ element: Element, of kind: NameTable.Index) {
    let line = Self.line(of: kind)
    while kinds.count <= line { kinds.append(Line()) }
    let place = takePlace(in: line)
    let node = Node(
      element: element, kind: kind, older: all.newest, newer: Self.none, newerOfKind: Self.none)
    if place == nodes.count { nodes.append(node) } else { nodes[place] = node }
    if all.newest != Self.none { nodes[Int(all.newest)].newer = UInt32(place) }
    if all.oldest == Self.none { all.oldest = UInt32(place) }
    all.newest = UInt32(place)
    if kinds[line].newest == Self.none {
      kinds[line].oldest = UInt32(place)
    } else {
      nodes[Int(kinds[line].newest)].newerOfKind = UInt32(place)
    }
    kinds[line].newest = UInt32(place)
    kinds[line].count += 1
  }

  /// Changes the latest of a kind; nothing where there is none.
  mutating func changeLatest(of kind: NameTable.Index, _ body: (inout Element) -> Void) {
    let line = Self.line(of: kind)
    guard line < kinds.count, kinds[line].newest != Self.none else { return }
    body(&nodes[Int(kinds[line].newest)].element)
  }

  mutating func changeAll(_ body: (inout Element) -> Void) {
    for place in nodes.indices { body(&nodes[place].element) }
  }

  var newestFirst: [Element] {
    var found: [Element] = []
    found.reserveCapacity(nodes.count)
    var place = all.newest
    while place != Self.none {
      found.append(nodes[Int(place)].element)
      place = nodes[Int(place)].older
    }
    return found
  }

  private static func line(of kind: NameTable.Index) -> Int { Int(kind &+ 1) }

  /// A new place while there is room, else that of the oldest, of this kind where it has its share.
  private mutating func takePlace(in line: Int) -> Int {
    if kinds[line].count < ofEach, nodes.count < limit { return nodes.count }
    let place = Int(kinds[line].count < ofEach ? all.oldest : kinds[line].oldest)
    let node = nodes[place]
    // The oldest of all is the oldest of its kind as well.
    let own = Self.line(of: node.kind)
    kinds[own].oldest = node.newerOfKind
    if node.newerOfKind == Self.none { kinds[own].newest = Self.none }
    kinds[own].count -= 1
    if node.older == Self.none {
      all.oldest = node.newer
    } else {
      nodes[Int(node.older)].newer = node.newer
    }
    if node.newer == Self.none {
      all.newest = node.older
    } else {
      nodes[Int(node.newer)].older = node.older
    }
    return place
  }
}
