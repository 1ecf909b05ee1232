#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The log of a simulated worker, in the server's folder and gone with it.
enum LogFile {
  /// Makes the file where there is none; what cannot be written is lost, as with any log.
  static func append(_ text: String, to path: String) {
    let descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    var text = text
    text.withUTF8 { _ = write(descriptor, $0.baseAddress, $0.count) }
  }
}
