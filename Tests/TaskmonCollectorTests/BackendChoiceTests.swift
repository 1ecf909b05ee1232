import RedisClient
import TaskmonModel
import Testing

@testable import TaskmonCollector

@Suite struct BackendChoiceTests {
  private static let broker = "redis://user:secret@broker:6379/0"

  private static func choice(
    backend: String? = nil, told: String? = nil, inspected: Bool = true, silence: String? = nil,
    isReadOnly: Bool = false
  ) throws -> Observation<RedisURL> {
    var book = InspectionBook()
    if let told { book.learn(.conf, from: "w", #"{"result_backend": "\#(told)"}"#, at: at(1)) }
    return BackendChoice(
      configuration: MonitorConfiguration(
        broker: try RedisURL(broker), backend: try backend.map { try RedisURL($0) },
        isReadOnly: isReadOnly),
      book: book, inspected: inspected, silence: silence
    ).url
  }

  @Test func `the flag is stronger than what a worker says`() throws {
    let url = try Self.choice(
      backend: "redis://flag:1/2", told: "redis://conf:1/3", inspected: false)
    #expect(url == .value(try RedisURL("redis://flag:1/2")))
  }

  @Test func `a masked password on the broker's server is the broker's`() throws {
    let url = try Self.choice(told: "redis://user:********@broker:6379/5")
    #expect(url == .value(try RedisURL("redis://user:secret@broker:6379/5")))
  }

  @Test func `another server is tried without a password`() throws {
    let url = try #require(try Self.choice(told: "redis://:********@other:6379/1").value)
    #expect(url.redacted == "redis://other:6379/1")
    #expect(url.password == nil)
  }

  @Test(arguments: [("rpc://", "rpc"), ("db+postgresql://u:p@h/x", "db+postgresql")])
  func `a backend that is not Redis is unknown, and its address is not quoted`(
    _ told: String, _ scheme: String
  ) throws {
    #expect(
      try Self.choice(told: told)
        == .unavailable("the workers' result backend is not Redis (\(scheme))"))
  }

  @Test func `workers without a backend leave the broker's database`() throws {
    #expect(try Self.choice() == .value(try RedisURL(Self.broker)))
  }

  @Test func `before anybody was asked nothing is assumed`() throws {
    #expect(
      try Self.choice(inspected: false)
        == .unavailable("not known before a worker has told its backend"))
    #expect(
      try Self.choice(silence: "Redis is full")
        == .unavailable("no worker could be asked for its result backend: Redis is full"))
  }

  @Test func `who may not ask takes the broker's database`() throws {
    #expect(
      try Self.choice(silence: "--read-only asks no worker", isReadOnly: true)
        == .value(try RedisURL(Self.broker)))
  }
}
