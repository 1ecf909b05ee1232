import Glibc

/// Where the file is looked for, and what is asked of it before a word of it is believed.
extension ConfigurationFile {
  /// More than anybody writes by hand.
  private static let limit = 1 << 20

  /// The file named, else the first of the usual places that exists; nil where none does.
  ///
  /// The working directory is no such place: whoever can write there would decide what runs.
  package static func load(
    named path: String?, environment: [String: String]
  ) throws(ConfigurationError) -> ConfigurationFile? {
    if let path {
      guard let text = try contents(of: path) else {
        throw ConfigurationError("\(path): there is no such file; --config named it")
      }
      return try ConfigurationFile(text, path: path)
    }
    for path in places(environment) {
      if let text = try contents(of: path) { return try ConfigurationFile(text, path: path) }
    }
    return nil
  }

  /// In the order they are tried.
  static func places(_ environment: [String: String]) -> [String] {
    let home = environment["HOME"].map { $0 + "/.config" }
    let named = environment["XDG_CONFIG_HOME"].flatMap { $0.isEmpty ? nil : $0 }
    let folder = (named ?? home).flatMap { $0.hasPrefix("/") ? $0 : nil }
    return (folder.map { ["\($0)/taskmon/config.yaml"] } ?? []) + ["/etc/taskmon/taskmon.yaml"]
  }

  /// Nil where there is no such file.
  private static func contents(of path: String) throws(ConfigurationError) -> String? {
    // Without O_NONBLOCK a named pipe would keep us waiting.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      if errno == ENOENT || errno == ENOTDIR { return nil }
      throw ConfigurationError("\(path): this cannot be read: \(String(cString: strerror(errno)))")
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw ConfigurationError("\(path): this is no regular file")
    }
    guard status.st_uid == 0 || status.st_uid == geteuid() else {
      throw ConfigurationError(
        "\(path): this belongs to another user, who would decide what taskmon does;"
          + " chown it to root or yourself")
    }
    guard status.st_mode & (S_IWGRP | S_IWOTH) == 0 else {
      throw ConfigurationError(
        "\(path): others may write this, and would decide what taskmon does; chmod go-w it")
    }
    return try text(from: descriptor, path)
  }

  private static func text(
    from descriptor: Int32, _ path: String
  ) throws(ConfigurationError) -> String {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = Glibc.read(descriptor, &chunk, chunk.count)
      guard count > 0 else { break }
      bytes += chunk.prefix(count)
      guard bytes.count <= limit else {
        throw ConfigurationError("\(path): this is larger than 1 MiB, and no configuration")
      }
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw ConfigurationError("\(path): this is no UTF-8 text")
    }
    return text
  }
}
