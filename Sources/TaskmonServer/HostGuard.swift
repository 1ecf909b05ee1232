/// Refuses requests that a web page sent through a name of its own (DNS rebinding).
///
/// A browser tells in `Host` which name it believes to talk to. On loopback that must be a name of
/// this machine; elsewhere the network decides who may ask.
struct HostGuard: Sendable, Equatable {
  enum Verdict: Sendable, Equatable {
    case accepted, missing, malformed, refused
  }

  private let allowed: Set<String>?

  /// Allowed hosts are given with or without a port.
  ///
  /// The port is not compared, for tunnels change it.
  init(listen: ListenAddress, allowedHosts: [String]) {
    guard listen.isLoopback else {
      allowed = nil
      return
    }
    let own = listen.host == "localhost" ? ["127.0.0.1", "::1"] : [listen.host.lowercased()]
    let others = allowedHosts.compactMap { Self.name(in: $0) }
    allowed = Set(["localhost"] + own + others)
  }

  func judge(_ header: String?) -> Verdict {
    guard let header, !header.isEmpty else { return .missing }
    guard let name = Self.name(in: header) else { return .malformed }
    return allowed.map { $0.contains(name) } ?? true ? .accepted : .refused
  }

  private static func name(in text: String) -> String? {
    let bare = text.contains("[") || text.count { $0 == ":" } < 2 ? text : "[\(text)]"
    guard let (host, port) = ListenAddress.split(bare), !host.isEmpty else { return nil }
    return port.map { UInt16($0) != nil } ?? true ? host : nil
  }
}
