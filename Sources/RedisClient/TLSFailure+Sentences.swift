/// What failed, put into a sentence that says what to do.
extension TLSFailure {
  var words: String {
    switch self {
    case .file(let file, let path, let reason): Self.words(for: file, path, reason)
    case .unknownAuthority(let issuer):
      "the certificate is signed by an authority not known here (\(Printable.line(issuer)));"
        + " give its certificate with --ca-cert or ssl_ca_certs"
    case .selfSigned(let subject):
      "the certificate, or the root of its chain, is signed by itself and not trusted here"
        + " (\(Printable.line(subject))); give it with --ca-cert or ssl_ca_certs"
    case .expired(let end):
      "the certificate, or one it is signed by, has expired on \(end); renew it, or set the clock"
    case .notYetValid(let start):
      "the certificate, or one it is signed by, is valid from \(start) on; is the clock right?"
    case .wrongHost(let asked, let names):
      "the certificate is not for \(Printable.line(asked)) but for \(Printable.line(names));"
        + " use that name, or give it with --tls-server-name"
    case .badCertificate(let reason): "the certificate is not accepted: \(reason)"
    case .certificateRequired:
      "the server asks for a client certificate; give --cert and --key"
        + " or ssl_certfile and ssl_keyfile"
    case .certificateRefused(let reason):
      "the server does not accept our client certificate (\(reason)); see its tls-ca-cert-file"
    case .notTLS(let bytes):
      "the server does not speak TLS there (it answered \"\(Printable.line(bytes))\");"
        + " use redis://, or its tls-port"
    case .silent:
      "the server says nothing to a TLS greeting; does it speak TLS there? else use redis://"
    case .closed:
      "the server hung up on a TLS greeting; does it speak TLS there? else use redis://"
    case .other(let reason): "TLS does not come about: \(Printable.line(reason))"
    }
  }

  private static func words(for file: File, _ path: String, _ reason: String) -> String {
    let shown = "\(Printable.line(path)) (\(Printable.line(reason)))"
    return switch file {
    case .authorities: "the file of trusted authorities cannot be used: \(shown)"
    case .certificate: "the file of our client certificate cannot be used: \(shown)"
    case .key: "the file of our client key cannot be used, or belongs to another: \(shown)"
    }
  }
}
