import Glibc
import TaskmonModel
import TaskmonUnits

/// Why a log cannot be read: one clause.
struct LogProblem: Error, Equatable {
  let sentence: String

  init(_ sentence: String) { self.sentence = sentence }

  /// Of the last call that failed.
  static var last: LogProblem { system(errno) }

  static func system(_ code: Int32) -> LogProblem { LogProblem(String(cString: strerror(code))) }
}

/// Which file it is, whatever it is called.
struct LogIdentity: Hashable {
  let device: UInt64
  let inode: UInt64

  init(device: UInt64, inode: UInt64) {
    self.device = device
    self.inode = inode
  }

  init(_ status: stat) {
    device = UInt64(status.st_dev)
    inode = UInt64(status.st_ino)
  }
}

/// An open file or pipe; never waits for either.
final class LogHandle {
  private let descriptor: Int32
  let identity: LogIdentity
  let isPipe: Bool

  init(_ path: String) throws(LogProblem) {
    // Without O_NONBLOCK a pipe that nobody writes to would keep us waiting.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
    guard descriptor >= 0 else { throw .system(errno) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      let problem = LogProblem.system(errno)
      close(descriptor)
      throw problem
    }
    let kind = status.st_mode & S_IFMT
    guard kind == S_IFREG || kind == S_IFIFO else {
      close(descriptor)
      throw LogProblem("this is neither a file nor a pipe")
    }
    self.descriptor = descriptor
    identity = LogIdentity(status)
    isPipe = kind == S_IFIFO
  }

  deinit { close(descriptor) }

  var size: Int64 {
    var status = stat()
    return fstat(descriptor, &status) == 0 ? Int64(status.st_size) : 0
  }

  /// At most `count` bytes from a place; empty at the end, and where a pipe has none now.
  func read(_ count: Int, at offset: Int64) -> [UInt8] {
    guard count > 0 else { return [] }
    return [UInt8](unsafeUninitializedCapacity: count) { buffer, taken in
      repeat {
        taken =
          isPipe
          ? Glibc.read(descriptor, buffer.baseAddress, count)
          : pread(descriptor, buffer.baseAddress, count, off_t(offset))
      } while taken < 0 && errno == EINTR
      taken = max(0, taken)
    }
  }

  /// What stands before a place, by which the file is known again.
  func bytes(before offset: Int64) -> [UInt8] {
    let count = min(offset, Self.marked)
    return read(Int(count), at: offset - count)
  }

  static let marked: Int64 = 64

  static func mark(_ bytes: [UInt8]) -> UInt64 { StableHash.fnv1a(bytes) }
}

/// The names of files, as the file system has them.
enum LogFolder {
  /// Entries looked at in one folder.
  private static let limit = 4096

  /// Identity and time of the last write of what a path leads to; nil where it leads nowhere.
  static func status(_ path: String) -> (identity: LogIdentity, modified: Int64)? {
    var found = stat()
    guard stat(path, &found) == 0 else { return nil }
    return (LogIdentity(found), Int64(found.st_mtim.tv_sec))
  }

  /// Where a file went that once had this path: beside it, under a name that begins like it.
  static func renamed(_ path: String, _ identity: LogIdentity) -> String? {
    let slash = path.lastIndex(of: "/")
    let folder = slash.map { String(path[...$0]) } ?? "./"
    let base = slash.map { String(path[path.index(after: $0)...]) } ?? path
    let stem = base.hasSuffix(".log") ? String(base.dropLast(4)) : base
    guard let stream = opendir(folder) else { return nil }
    defer { closedir(stream) }
    for _ in 0..<limit {
      guard let entry = readdir(stream) else { return nil }
      guard UInt64(entry.pointee.d_ino) == identity.inode else { continue }
      let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name.hasPrefix(stem), name != base, status(folder + name)?.identity == identity {
        return folder + name
      }
    }
    return nil
  }

  /// The paths that match a pattern of the shell; a name without wildcards matches what exists.
  static func matches(_ pattern: String) -> [String] {
    var found = glob_t()
    defer { globfree(&found) }
    guard glob(pattern, GLOB_NOSORT | GLOB_BRACE | GLOB_TILDE, nil, &found) == 0 else { return [] }
    return (0..<Int(found.gl_pathc)).compactMap { index in
      found.gl_pathv[index].map { String(cString: $0) }
    }
  }
}
