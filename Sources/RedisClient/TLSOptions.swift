/// How to speak TLS to a server: whom to trust, who we are, and what is not checked.
///
/// Files are read each time a connection is made, so that renewed certificates are used.
package struct TLSOptions: Sendable, Hashable {
  /// Authorities to trust: a PEM file, or a folder of hashed ones; nil is the system's store.
  package var caFile: String?
  /// Our own certificate with its chain, for a server that asks for one; PEM.
  package var certificateFile: String?
  /// Its key, without a passphrase; nil: it stands in `certificateFile`.
  package var keyFile: String?
  /// The name to ask for and to find in the server's certificate; nil is the host of the URL.
  package var serverName: String?
  /// Nothing of the server's certificate is checked: whoever is between can read and change all.
  package var skipsVerification: Bool
  /// The certificate may be for another host; nothing else is forgiven.
  package var skipsHostName: Bool

  package init(
    caFile: String? = nil, certificateFile: String? = nil, keyFile: String? = nil,
    serverName: String? = nil, skipsVerification: Bool = false, skipsHostName: Bool = false
  ) {
    self.caFile = caFile
    self.certificateFile = certificateFile
    self.keyFile = keyFile
    self.serverName = serverName
    self.skipsVerification = skipsVerification
    self.skipsHostName = skipsHostName
  }

  /// These where they say something, else the other's: flags go before the URL.
  package func orElse(_ other: TLSOptions) -> TLSOptions {
    TLSOptions(
      caFile: caFile ?? other.caFile, certificateFile: certificateFile ?? other.certificateFile,
      keyFile: keyFile ?? (certificateFile == nil ? other.keyFile : nil),
      serverName: serverName ?? other.serverName,
      skipsVerification: skipsVerification || other.skipsVerification,
      skipsHostName: skipsHostName || other.skipsHostName)
  }
}

extension TLSOptions {
  /// Reads the options of a URL as redis-py, kombu and Celery name them, behind `prefix`.
  ///
  /// At a client `optional` checks as much as `required`: a server always has a certificate.
  init(_ options: [String: String], prefix: String = "") throws(RedisURLError) {
    func named(_ name: String) -> String? {
      options[prefix + name].flatMap { $0.isEmpty ? nil : $0 }
    }
    self.init(
      caFile: named("ssl_ca_certs") ?? named("ssl_ca_path"),
      certificateFile: named("ssl_certfile"), keyFile: named("ssl_keyfile"))
    switch named("ssl_cert_reqs")?.lowercased() {
    case nil, "required", "cert_required", "optional", "cert_optional": break
    case "none", "cert_none": skipsVerification = true
    case _:
      throw RedisURLError("\(prefix)ssl_cert_reqs is required, optional or none")
    }
    if let checks = named("ssl_check_hostname") {
      guard let checks = RedisURLParser.truth(checks) else {
        throw RedisURLError("\(prefix)ssl_check_hostname is true or false")
      }
      skipsHostName = !checks
    }
  }
}
