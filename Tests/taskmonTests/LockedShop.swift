import Foundation
import TaskmonTestSupport

/// A password that nobody overlooks, with every character that a URL makes trouble of.
struct PlantedPassword: Sendable {
  /// At the password's beginning and end, and nowhere else in the world; the same percent-encoded.
  let mark: String
  var raw: String { "\(mark)/p@ss:w?#%&=; ü\(mark)" }

  init(_ name: String) {
    mark = name + String(UInt32.random(in: 1 << 24 ... .max), radix: 36)
  }

  var encoded: String {
    raw.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? raw
  }
}

/// How a password can be given.
enum Way: String, Sendable, CaseIterable, CustomStringConvertible {
  /// In the URL of a flag.
  case argument
  /// The same behind `=`, with a name before the URL.
  case named
  /// As an option of the URL.
  case query
  case variable
  case passwordFile
  /// In URLs of the configuration file.
  case file

  var description: String { rawValue }
}

/// A broker whose user has a planted password, and results on a server that has another.
struct LockedShop {
  let taskmon: Taskmon
  let broker = PlantedPassword("Br0ker")
  let backend = PlantedPassword("B4ckend")
  let wrong = PlantedPassword("Wr0ng")
  private let redis: RedisServer
  private let results: RedisServer

  init() async throws {
    taskmon = try Taskmon()
    // Something to be told of at once.
    redis = try await RedisServer(
      tcp: true, arguments: ["--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru"])
    results = try await RedisServer(tcp: true)
    try Plant.queue("celery", ready: 2, in: redis)
    try Plant.results(bytes: [300], in: results)
    for (server, password) in [(redis, broker), (results, backend)] {
      try server.command(
        "ACL", "SETUSER", "shop", "on", ">\(password.raw)", "~*", "&*", "+@all")
      // From here on nobody comes in without the password.
      try server.command("ACL", "SETUSER", "default", "off")
    }
  }

  func url(isWrong: Bool = false, port: UInt16? = nil) -> String {
    "redis://shop:\((isWrong ? wrong : broker).encoded)@\(host(port))/0"
  }

  func backendURL() -> String {
    "redis://shop:\(backend.encoded)@127.0.0.1:\(results.port ?? 0)/0"
  }

  private func host(_ port: UInt16?) -> String { "127.0.0.1:\(port ?? redis.port ?? 0)" }

  /// The flags and variables that say it in one way; `port` is of somebody else.
  func given(
    _ way: Way, isWrong: Bool = false, port: UInt16? = nil
  ) throws -> (flags: [String], variables: [String: String]) {
    let url = url(isWrong: isWrong, port: port)
    let password = isWrong ? wrong : broker
    switch way {
    case .argument: return (["--broker", url, "--backend", backendURL()], [:])
    case .named: return (["--broker=prod=\(url)", "--backend=\(backendURL())"], [:])
    case .query:
      let own = "redis://shop@\(host(port))/0?password=\(password.encoded)"
      let other =
        "redis://shop@127.0.0.1:\(results.port ?? 0)?db=0&password=\(backend.encoded)"
      return (["--broker", own, "--backend=\(other)"], [:])
    case .variable:
      return ([], ["TASKMON_BROKER": url, "CELERY_RESULT_BACKEND": backendURL()])
    case .passwordFile:
      let file = try taskmon.home.write(isWrong ? "wrong" : "right", password.raw + "\n")
      return (
        ["--broker", "redis://\(host(port))/0", "--username", "shop", "--password-file", file],
        ["TASKMON_BACKEND": backendURL()]
      )
    case .file:
      let file = try taskmon.home.write(
        "taskmon.yaml", "broker: prod=\(url)\nbackend: \"\(backendURL())\"\n")
      return (["--config", file], [:])
    }
  }

  /// What of the passwords is in texts: nothing, or the marks.
  func leaks(_ texts: String...) -> [String] { leaks(texts: texts) }

  func leaks(texts: [String]) -> [String] {
    [broker, backend, wrong].map(\.mark).filter { mark in
      texts.contains { $0.contains(mark) }
    }
  }

  /// What everybody reads in the process list.
  func commandLine(of process: Int32) throws -> String {
    let bytes = try Data(contentsOf: URL(fileURLWithPath: "/proc/\(process)/cmdline"))
    guard !bytes.isEmpty else { throw SupportError("no process \(process)") }
    return String(decoding: bytes, as: UTF8.self)
  }
}
