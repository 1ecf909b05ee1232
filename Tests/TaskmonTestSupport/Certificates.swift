import Foundation

/// An authority and the certificates it has signed, made by the openssl program for one test.
package final class Certificates: Sendable {
  /// A certificate and its key, as files.
  package struct Pair: Sendable {
    package let certificate: String
    package let key: String
  }

  package let folder: TemporaryFolder
  package let authority: Pair

  package init() async throws {
    folder = try TemporaryFolder()
    authority = Pair(certificate: folder.path("ca.crt"), key: folder.path("ca.key"))
    try await openssl([
      "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
      "-keyout", authority.key, "-out", authority.certificate, "-days", "2",
      "-subj", "/O=taskmon test/CN=Test Authority",
    ])
  }

  /// Signed by the authority for these names, as in `DNS:localhost,IP:127.0.0.1`.
  ///
  /// Valid for so many days from now; a negative number has passed.
  package func sign(_ name: String, for names: String, days: Int = 2) async throws -> Pair {
    let pair = Pair(certificate: folder.path("\(name).crt"), key: folder.path("\(name).key"))
    let request = folder.path("\(name).csr")
    let extensions = try folder.write("\(name).ext", "subjectAltName=\(names)\n")
    try await openssl([
      "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
      "-keyout", pair.key, "-out", request, "-subj", "/CN=\(name)",
    ])
    try await openssl([
      "x509", "-req", "-in", request, "-CA", authority.certificate, "-CAkey", authority.key,
      "-set_serial", "\(Int.random(in: 1...Int(Int32.max)))", "-days", "\(days)",
      "-extfile", extensions, "-out", pair.certificate,
    ])
    return pair
  }

  private func openssl(_ arguments: [String]) async throws {
    let result = try await Subprocess.run("openssl", arguments)
    guard result.end == .exit(0) else {
      throw SupportError("openssl \(arguments[0]): \(result.errorText)")
    }
  }
}

extension RedisServer {
  /// Listens with TLS on 127.0.0.1 and ::1 besides its unix socket.
  package static func secure(
    _ pair: Certificates.Pair, clients: Certificates.Pair? = nil, port: UInt16,
    arguments: [String] = []
  ) async throws -> RedisServer {
    try await RedisServer(
      arguments: [
        "--tls-port", "\(port)", "--tls-cert-file", pair.certificate, "--tls-key-file", pair.key,
        "--bind", "127.0.0.1 ::1", "--tls-auth-clients", clients == nil ? "no" : "yes",
        "--tls-ca-cert-file", clients?.certificate ?? pair.certificate,
      ] + arguments)
  }
}
