import CeleryProtocol
import Foundation
import RedisClient
import TaskmonModel
import TaskmonTestSupport
import TaskmonUnits
import Testing

@testable import TaskmonCollector

@Suite struct RedBeatEntryCollectorTests {
  private static let key = layout.redBeatEntry("every-2s")

  private struct Hash: Decodable {
    let definition: String
    let meta: String
  }

  private static func captured() throws -> Hash {
    let bytes = try Fixture.bytes("celery/redbeat_keys.json")
    let object = try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any]
    let entry = try #require(object?["redbeat:every-2s"])
    return try JSONDecoder().decode(
      Hash.self, from: try JSONSerialization.data(withJSONObject: entry))
  }

  @Test(arguments: [
    (Int64(4096), Int64(0), true), (4095, 1, true), (4095, 2, false), (0, 10, false),
  ])
  func `only entries within the limit are read`(_ definition: Int64, _ meta: Int64, _ isRead: Bool)
    throws
  {
    let reading = RedBeatEntryCollector.sizes([Self.key], limit: .kibibytes(4))
    #expect(
      try reading.value([.integer(definition), .integer(meta)]) == (isRead ? [Self.key] : []))
  }

  @Test func `an error for one entry leaves the others`() throws {
    let other = layout.redBeatEntry("other")
    let reading = RedBeatEntryCollector.sizes([Self.key, other], limit: .kibibytes(4))
    #expect(
      try reading.value([.wrongType, .wrongType, .integer(9), .integer(9)]) == [other])
  }

  @Test func `the captured entry is read with its due moment`() throws {
    let hash = try Self.captured()
    let entries = try RedBeatEntryCollector.entries([Self.key], due: [Self.key: at(9)])
      .value([.text(hash.definition), .text(hash.meta)])
    let entry = try #require(entries.first)
    #expect(entries.count == 1)
    #expect(entry.name == "every-2s")
    #expect(entry.task == "labapp.tiny")
    #expect(entry.argumentsText == "1")
    #expect(entry.schedule == .every(Seconds(2)))
    #expect(entry.source == .redBeat)
    #expect(entry.dueAt == at(9))
    #expect(entry.runCount == 6)
    #expect(entry.lastRun != nil)
  }

  @Test func `an entry that cannot be decoded is left out`() throws {
    let entries = try RedBeatEntryCollector.entries([Self.key, Self.key], due: [:])
      .value([.text("garbage"), .null, .null, .null])
    #expect(entries.isEmpty)
  }
}
