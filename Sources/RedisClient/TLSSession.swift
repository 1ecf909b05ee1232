import COpenSSL
import Glibc

/// OpenSSL's end of one connection: bytes of the server in, bytes for the server out.
///
/// Used by one thread at a time, as the transport it belongs to.
final class TLSSession: @unchecked Sendable {
  enum Step: Sendable, Hashable {
    /// So many bytes; at least one.
    case done(Int)
    case wantsInput
    /// The server has said that nothing more will come.
    case goodbye
    case failed(TLSFailure)
  }

  /// Room for bytes on their way in.
  let scratch = ReadBuffer()
  private let session: OpaquePointer
  private let host: String

  /// Reads the files the options name.
  init(host: String, _ options: TLSOptions) throws(TLSFailure) {
    // A zone belongs to the way there, not to the address.
    let name = options.serverName ?? String(host.prefix { $0 != "%" })
    var problem = ot_problem()
    guard let session = Self.open(name, options, &problem) else {
      throw Self.failure(problem, host: name, options)
    }
    self.session = session
    self.host = name
  }

  deinit { ot_close(session) }

  private static func open(
    _ host: String, _ options: TLSOptions, _ problem: inout ot_problem
  ) -> OpaquePointer? {
    let texts = [options.caFile, options.certificateFile, options.keyFile, host]
      .map { text in text.flatMap { strdup($0) } }
    defer { for text in texts { free(text) } }
    var settings = ot_options(
      ca_file: texts[0], certificate_file: texts[1], key_file: texts[2], host: texts[3],
      verifies: !options.skipsVerification, checks_host: !options.skipsHostName)
    return ot_open(&settings, &problem)
  }

  func shakeHands() -> Step { step(ot_handshake(session)) }

  func read(into buffer: UnsafeMutableRawBufferPointer) -> Step {
    step(ot_read(session, buffer.baseAddress, Int32(clamping: buffer.count)))
  }

  func write(_ bytes: ArraySlice<UInt8>) -> Step {
    bytes.withUnsafeBytes { step(ot_write(session, $0.baseAddress, Int32(clamping: $0.count))) }
  }

  /// Whether something of the server's lies ready, which is left there.
  func peek() -> Step { step(ot_peek(session)) }

  /// False where there is no memory.
  func feed(_ bytes: UnsafeRawBufferPointer) -> Bool {
    ot_feed(session, bytes.baseAddress, Int32(clamping: bytes.count))
  }

  /// The next bytes for the server; empty where there are none.
  func output() -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: 1 << 15) { buffer, count in
      count = Int(ot_take(session, buffer.baseAddress, Int32(clamping: buffer.count)))
    }
  }

  private func step(_ result: Int32) -> Step {
    if result > 0 { return .done(Int(result)) }
    switch Int(result) {
    case OT_WANTS_INPUT: return .wantsInput
    case OT_GOODBYE: return .goodbye
    case _:
      var problem = ot_problem()
      ot_last_problem(session, &problem)
      return .failed(Self.failure(problem, host: host, TLSOptions()))
    }
  }

  private static func failure(
    _ problem: ot_problem, host: String, _ options: TLSOptions
  ) -> TLSFailure {
    let text = withUnsafeBytes(of: problem.text) {
      String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
    }
    func file(_ file: TLSFailure.File, _ path: String?) -> TLSFailure {
      .file(file, path: path ?? "the system's store", reason: text)
    }
    return switch Int(problem.kind) {
    case OT_CA_FILE: file(.authorities, options.caFile)
    case OT_CERTIFICATE_FILE: file(.certificate, options.certificateFile)
    case OT_KEY_FILE: file(.key, options.keyFile ?? options.certificateFile)
    case OT_UNKNOWN_AUTHORITY: .unknownAuthority(text)
    case OT_SELF_SIGNED: .selfSigned(text)
    case OT_EXPIRED: .expired(text)
    case OT_NOT_YET_VALID: .notYetValid(text)
    case OT_WRONG_HOST: .wrongHost(asked: host, certificate: text)
    case OT_OTHER_CERTIFICATE: .badCertificate(text)
    case OT_CERTIFICATE_REQUIRED: .certificateRequired
    case OT_CERTIFICATE_REFUSED: .certificateRefused(text)
    case _: .other(text)
    }
  }
}
