import Dispatch
import Foundation

/// Says what a live Redis seldom says: the same bytes to everybody who connects and speaks.
package final class ScriptedServer: Sendable {
  private let folder: TemporaryFolder
  private let listener: Int32

  /// Answers once to the first bytes of each client and closes; a nil answer stays silent and open.
  package init(answer: String?, byteByByte: Bool = false) throws {
    folder = try TemporaryFolder()
    listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard listener >= 0 else { throw systemError("socket") }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) {
      $0.copyBytes(from: folder.path("s.sock").utf8)
    }
    let bound = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard bound == 0, listen(listener, 16) == 0 else { throw systemError("bind") }
    let pieces = answer.map { answer in
      byteByByte ? answer.utf8.map { [$0] } : [Array(answer.utf8)]
    }
    DispatchQueue(label: "test.scripted").async { [listener] in
      Self.serve(listener, answer: pieces)
    }
  }

  // The loop owns the descriptor and closes it when it sees the end.
  deinit { shutdown(listener, Int32(SHUT_RDWR)) }

  package var url: String { "redis+socket://\(folder.path("s.sock"))" }

  private static func serve(_ listener: Int32, answer: [[UInt8]]?) {
    var silent: [Int32] = []
    while true {
      let client = accept(listener, nil, nil)
      guard client >= 0 else { break }
      guard let answer else {
        silent.append(client)
        continue
      }
      var buffer = [UInt8](repeating: 0, count: 1 << 16)
      _ = recv(client, &buffer, buffer.count, 0)
      for piece in answer { _ = send(client, piece, piece.count, Int32(MSG_NOSIGNAL)) }
      close(client)
    }
    for client in silent { close(client) }
    close(listener)
  }
}
