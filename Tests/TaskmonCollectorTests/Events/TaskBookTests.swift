import Testing

@testable import TaskmonCollector

/// The table of tasks against a plain dictionary.
struct TaskBookTests {
  private struct SplitMix: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var mixed = state
      mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
      return mixed ^ (mixed >> 27)
    }
  }

  private let hasher = ByteHash(seed: 9)

  private func key(_ number: Int) -> TaskKey { TaskKey("task \(number)", hasher) }

  @Test("a record has 104 bytes, with its share of the table 120")
  func size() {
    #expect(MemoryLayout<TaskRecord>.stride == 104)
    #expect(TaskBook.bytesPerTask == 120)
  }

  @Test(
    "whatever comes and goes, what is there is found, and the list of runs is who runs",
    arguments: [(1, 1), (2, 7), (3, 64), (4, 1000)])
  func agreesWithDictionary(_ seed: Int, _ limit: Int) {
    var random = SplitMix(state: UInt64(seed))
    var book = TaskBook(limit: limit, hasher: hasher)
    var model: [TaskKey: TaskRecord.State] = [:]
    for _ in 0..<20_000 {
      let key = key(Int.random(in: 0..<(limit * 2), using: &random))
      let known = model[key] != nil
      let (place, isNew, gone) = book.take(key)
      #expect(isNew == !known)
      if let gone { #expect(model.removeValue(forKey: gone) != nil) }
      let state: TaskRecord.State =
        [.received, .started, .succeeded, .retrying]
        .randomElement(using: &random) ?? .sent
      book.change(place) { $0.state = state }
      model[key] = state
    }
    #expect(book.count == model.count && book.count == min(limit, model.count))
    for (key, state) in model {
      #expect(book.place(of: key).map { book.records[$0].state } == state)
    }
    var lines: [TaskRecord.Line: Set<TaskKey>] = [:]
    for line in [book.running, book.waiting] {
      book.forEach(in: line) { _, record in lines[record.line, default: []].insert(record.key) }
    }
    #expect(lines[.running] ?? [] == Set(model.filter { $0.value == .started }.keys))
    #expect(lines[.waiting] ?? [] == Set(model.filter { $0.value == .received }.keys))
    #expect(book.running.count == lines[.running]?.count ?? 0)
    #expect(book.waiting.count == lines[.waiting]?.count ?? 0)
  }

  @Test("lines keep the order in which they were joined, and one that is left is left for good")
  func lines() {
    var book = TaskBook(limit: 9, hasher: hasher)
    for number in 1...5 {
      let (place, _, _) = book.take(key(number))
      book.change(place) { $0.state = .received }
    }
    book.change(2) { $0.state = .started }
    book.change(0) { $0.state = .started }
    var waiting: [Int] = []
    book.forEach(in: book.waiting) { place, _ in waiting.append(place) }
    #expect(waiting == [1, 3, 4])
    var running: [Int] = []
    book.forEach(in: book.running) { place, _ in running.append(place) }
    #expect(running == [2, 0])
    book.stopWaiting { $0.key == key(4) }
    book.change(3) { $0.deliveries += 1 }
    #expect(book.waiting.count == 2)
    #expect(book.records[3].state == .received && book.records[3].line == .none)
  }

  @Test("the oldest makes room, one that runs is passed over, and what was under way is counted")
  func makesRoom() {
    var book = TaskBook(limit: 3, hasher: hasher)
    for number in 1...3 { _ = book.take(key(number)) }
    book.change(0) { $0.state = .started }
    book.change(1) { $0.state = .succeeded }
    #expect(book.take(key(4)).gone == key(2))
    #expect(book.dropped == 0)
    #expect(book.take(key(5)).gone == key(3))
    #expect(book.dropped == 1)
    #expect(book.place(of: key(1)) != nil)
  }
}
