import CeleryProtocol
import TaskmonUnits

/// Who publishes a task: a process and how often it was heard to.
struct PublisherSighting: Sendable, Equatable {
  /// `gen<pid>@<host>`.
  var origin: String
  var count: Int
  var first: Timestamp
  var last: Timestamp
}

/// The publishers of each task, by its name's number; the latest eight of each are kept.
struct PublisherWatch: Sendable {
  private static let perTask = 8
  private static let longest = 256

  private struct Known: Sendable {
    var hash: UInt64
    var sighting: PublisherSighting
  }

  private let hasher: ByteHash
  private var known: [[Known]] = []

  init(hasher: ByteHash) { self.hasher = hasher }

  mutating func note(
    _ origin: EventText, in body: Span<UInt8>, of name: NameTable.Index, at moment: Timestamp
  ) {
    let place = Int(name)
    guard place < Int(NameTable.Index.max) else { return }
    while known.count <= place { known.append([]) }
    let hash = origin.withRawBytes(in: body) { hasher.hash($0) }
    if let index = known[place].firstIndex(where: { $0.hash == hash }) {
      known[place][index].sighting.count += 1
      known[place][index].sighting.last = moment
      return
    }
    let sighting = PublisherSighting(
      origin: origin.string(in: body, limit: Self.longest) ?? "", count: 1, first: moment,
      last: moment)
    if known[place].count >= Self.perTask,
      let oldest = known[place].indices.min(by: {
        known[place][$0].sighting.last < known[place][$1].sighting.last
      })
    {
      known[place].remove(at: oldest)
    }
    known[place].append(Known(hash: hash, sighting: sighting))
  }

  /// In the order they were first heard.
  func publishers(of name: NameTable.Index) -> [PublisherSighting] {
    Int(name) < known.count ? known[Int(name)].map(\.sighting) : []
  }
}
