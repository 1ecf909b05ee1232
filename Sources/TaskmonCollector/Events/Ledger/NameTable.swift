import CeleryProtocol

/// Texts that come again and again, each kept once and known by a number.
///
/// Bounded: once full, every new text is `other`. Texts longer than 256 bytes are cut.
struct NameTable: Sendable {
  /// What a text's number is; texts keep theirs for as long as the table lives.
  typealias Index = UInt16

  static let other: Index = 0
  /// Stands for a text that was never heard.
  static let unknown = Index.max
  private static let longest = 256

  private let hasher: ByteHash
  private let limit: Int
  /// Every text, one behind the other; `ends[i]` is where the text of number i stops.
  private var bytes: [UInt8] = []
  private var ends: [UInt32] = []
  private var hashes: [UInt64] = []
  /// The same as values, because each is shown again and again.
  private var texts: [String] = []
  /// Numbers plus one by hash, 0 for a free place; at least twice as many places as texts.
  private var slots = [UInt32](repeating: 0, count: 64)
  /// Look-ups that found the table full.
  private(set) var dropped = 0

  /// `limit` texts besides `other`, at most 65,000.
  init(limit: Int, hasher: ByteHash) {
    self.limit = min(max(1, limit), 65_000) + 1
    self.hasher = hasher
    _ = intern("other")
  }

  /// Texts known, `other` included.
  var count: Int { ends.count }

  /// Whether new texts are `other` from here on.
  var isFull: Bool { ends.count >= limit }

  mutating func intern(_ text: String) -> Index {
    let bytes = Array(text.utf8)
    return intern(bytes.span)
  }

  /// Nil where the event has no such text.
  mutating func intern(_ text: EventText, in body: Span<UInt8>) -> Index? {
    text.withBytes(in: body, limit: Self.longest) { intern($0) }
  }

  mutating func intern(_ text: Span<UInt8>) -> Index {
    let text = text.count <= Self.longest ? text : text.extracting(first: Self.longest)
    let hash = hasher.hash(text)
    let (known, slot) = find(text, hash)
    if let known { return known }
    guard ends.count < limit else {
      dropped += 1
      return Self.other
    }
    for place in 0..<text.count { bytes.append(text[place]) }
    texts.append(text.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) })
    ends.append(UInt32(bytes.count))
    hashes.append(hash)
    slots[slot] = UInt32(ends.count)
    if ends.count * 2 > slots.count { grow() }
    return Index(ends.count - 1)
  }

  /// The number of a text, or nil where it has none.
  func known(_ text: String) -> Index? {
    let bytes = Array(text.utf8.prefix(Self.longest))
    return find(bytes.span, hasher.hash(bytes.span)).index
  }

  /// The number of a text, or the free place where it would go.
  private func find(_ text: Span<UInt8>, _ hash: UInt64) -> (index: Index?, slot: Int) {
    var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
    while slots[slot] != 0 {
      let index = Int(slots[slot]) - 1
      if hashes[index] == hash, equals(index, text) { return (Index(index), slot) }
      slot = (slot + 1) & (slots.count - 1)
    }
    return (nil, slot)
  }

  /// Empty for a number never given out.
  subscript(index: Index) -> String {
    Int(index) < texts.count ? texts[Int(index)] : ""
  }

  private func start(_ place: Int) -> Int { place == 0 ? 0 : Int(ends[place - 1]) }

  private func equals(_ place: Int, _ text: Span<UInt8>) -> Bool {
    let first = start(place)
    guard Int(ends[place]) - first == text.count else { return false }
    for offset in 0..<text.count where bytes[first + offset] != text[offset] { return false }
    return true
  }

  private mutating func grow() {
    slots = [UInt32](repeating: 0, count: slots.count * 2)
    for (index, hash) in hashes.enumerated() {
      var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
      while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
      slots[slot] = UInt32(index + 1)
    }
  }
}

/// A number for each number of a name table; unknown until it is set.
struct IndexMap: Sendable {
  private var values: [NameTable.Index] = []

  subscript(index: NameTable.Index) -> NameTable.Index {
    get { Int(index) < values.count ? values[Int(index)] : NameTable.unknown }
    set {
      guard index != NameTable.unknown else { return }
      while values.count <= Int(index) { values.append(NameTable.unknown) }
      values[Int(index)] = newValue
    }
  }
}
