// The event path under libFuzzer: `make fuzz`. Bytes that anybody may publish must never trap, and
// the two readers of events must agree on every one of them.

@testable import CeleryProtocol
@testable import RedisClient
@testable import TaskmonCollector
import TaskmonUnits

/// What both readers made of a payload.
private struct Opinion: Equatable {
  var events: [CeleryEvent] = []
  var error: DecodeError?
}

private func scanned(_ payload: [UInt8]) -> Opinion {
  var opinion = Opinion()
  var scanner = EventScanner()
  do {
    _ = try scanner.scan(payload.span) { opinion.events.append($0.event(in: $1)) }
  } catch { opinion.error = error }
  return opinion
}

private func decoded(_ payload: [UInt8]) -> Opinion {
  var opinion = Opinion()
  var decoder = EventDecoder()
  do { _ = try decoder.decode(payload) { opinion.events.append($0) } } catch {
    opinion.error = error
  }
  return opinion
}

/// As what comes over a subscribed connection, in two pieces.
private func push(_ input: [UInt8]) {
  var buffer = PushBuffer(RedisLimits(bulkBytes: 1 << 16, arrayElements: 64), size: 64)
  var rest = input[...]
  do {
    while !rest.isEmpty {
      try buffer.fill { (memory) throws(SessionFailure) in
        let taken = min(rest.count, memory.count, max(1, input.count / 2))
        memory.copyBytes(from: rest.prefix(taken))
        rest = rest.dropFirst(taken)
        return taken
      }
      while let push = try buffer.next() {
        guard case .message(let place) = push else { continue }
        buffer.withBytes { tap.take($0, [place], at: Timestamp(secondsSince1970: 0)) }
      }
    }
  } catch {}
}

/// One for all inputs: small, so that it is always full.
private let tap: EventTap = {
  var budget = CollectionBudget()
  (budget.trackedTasks, budget.trackedWorkers, budget.taskSeries) = (8, 4, 8)
  (budget.eventNames, budget.eventNodes, budget.oddIDs) = (16, 32, 4)
  let time = TimeSource(
    now: { Timestamp(secondsSince1970: 1) }, uptime: { Seconds(1) }, sleep: { _ in })
  let tap = EventTap(budget: budget, time: time)
  tap.take(.subscribed(at: time.now()))
  return tap
}()

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOne(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = Array(UnsafeBufferPointer(start: start, count: count))
  let body = JSONWriter.bytes(of: ["body": .string(String(decoding: input, as: UTF8.self))])
  for payload in [input, body] {
    precondition(scanned(payload) == decoded(payload), "the readers disagree")
    let place = MessagePlace(channel: 0..<0, payload: 0..<payload.count)
    tap.take(payload.span, [place], at: Timestamp(secondsSince1970: 1))
  }
  push(input)
  if input.count % 16 == 0 {
    tap.with { $0.ledger.forgetWorkers(unheardSince: Timestamp(secondsSince1970: 1)) }
    _ = tap.excerpt(of: [String(decoding: input, as: UTF8.self)])
  }
  return 0
}
