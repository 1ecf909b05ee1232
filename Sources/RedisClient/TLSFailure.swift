/// Why no TLS connection came about, or why it broke.
package enum TLSFailure: Error, Sendable, Hashable {
  /// A file of ours cannot be used; its path and OpenSSL's reason.
  case file(File, path: String, reason: String)
  /// The issuer as the certificate names it.
  case unknownAuthority(String)
  case selfSigned(String)
  /// The end of its validity.
  case expired(String)
  case notYetValid(String)
  /// The names and addresses the certificate has.
  case wrongHost(asked: String, certificate: String)
  case badCertificate(String)
  case certificateRequired
  case certificateRefused(String)
  /// What came instead of TLS; its first bytes.
  case notTLS([UInt8])
  /// The server took the connection and said nothing.
  case silent
  /// The server took the connection and ended it before TLS was spoken.
  case closed
  case other(String)

  package enum File: Sendable, Hashable { case authorities, certificate, key }
}
