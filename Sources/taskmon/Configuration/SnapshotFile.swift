import FoundationEssentials
import Glibc
import TaskmonModel

/// A file that `taskmon snapshot` wrote.
enum SnapshotFile {
  /// No snapshot is larger.
  private static let limit = 256 << 20

  static func read(_ path: String, code: Int32 = 1) throws(CommandFailure) -> Snapshot {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw CommandFailure(
        "\(path): this cannot be read: \(String(cString: strerror(errno)))", code: code)
    }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while bytes.count <= limit {
      let count = Glibc.read(descriptor, &chunk, chunk.count)
      guard count > 0 else { break }
      bytes += chunk.prefix(count)
    }
    do {
      return try JSONDecoder().decode(Snapshot.self, from: Data(bytes))
    } catch {
      throw CommandFailure(
        "\(path): this is no snapshot of this taskmon; `taskmon snapshot > FILE` writes one",
        code: code)
    }
  }
}
