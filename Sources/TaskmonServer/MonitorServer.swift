import HTTPTypes
import Hummingbird
import HummingbirdCore
package import Logging
import NIOCore
package import TaskmonExposition

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The HTTP server of `taskmon serve`.
///
/// It reads nothing but the view it is given, so a slow scraper never delays a poll.
package struct MonitorServer: Sendable {
  private let listen: ListenAddress
  private let limits: ServerLimits
  private let answerer: Answerer
  private let logger: Logger

  /// `view` gives the latest state, nil before the first; it is called for every request.
  package init(
    listen: ListenAddress, allowedHosts: [String] = [], options: ExpositionOptions,
    limits: ServerLimits = ServerLimits(), view: @escaping @Sendable () -> ServedState?,
    logger: Logger
  ) {
    self.listen = listen
    self.limits = limits
    self.logger = logger
    answerer = Answerer(
      hosts: HostGuard(listen: listen, allowedHosts: allowedHosts), options: options, view: view)
  }

  /// Serves until the task is cancelled, then closes its connections and returns.
  ///
  /// `onListening` is told the address in use once connections are accepted.
  package func run(
    onListening: @escaping @Sendable (ListenAddress) -> Void = { _ in }
  ) async throws {
    let answerer = answerer
    let requested = listen
    let listener = Listener()
    let app = Application(
      responder: CallbackResponder<BasicRequestContext> { request, _ in
        Self.respond(to: request, from: answerer)
      },
      server: .http1(configuration: limits.channelConfiguration),
      configuration: ApplicationConfiguration(
        address: .hostname(listen.host, port: listen.port),
        availableConnectionsDelegate: MaximumAvailableConnections(limits.connections)),
      onServerRunning: { channel in
        listener.began(channel)
        let port = channel.localAddress?.port ?? requested.port
        onListening(ListenAddress(host: requested.host, port: port))
      },
      logger: logger)
    let serving = Task { try await app.run() }
    do {
      try await withTaskCancellationHandler {
        try await serving.value
      } onCancel: {
        listener.stop { serving.cancel() }
      }
    } catch where Task.isCancelled {
      // However the pieces end once the listener is closed, this is the end that was asked for.
      return
    } catch let error as IOError {
      throw ListenFailure(listen, error)
    } catch let error as SocketAddressError {
      throw ListenFailure(listen, error)
    }
  }

  private static func respond(to request: Request, from answerer: Answerer) -> Response {
    let answer = answerer.answer(
      Question(
        method: request.method.rawValue, path: request.uri.path, host: request.head.authority,
        accept: request.headers[.accept]))
    var headers = securityHeaders
    headers[.contentType] = answer.contentType
    if answer.status == .methodNotAllowed { headers[.allow] = "GET, HEAD" }
    let response = Response(
      status: HTTPResponse.Status(code: answer.status.rawValue), headers: headers,
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: answer.body)))
    return request.method == .head ? response.createHeadResponse() : response
  }

  /// No script, no frame, no other site's style, and nothing kept.
  private static let securityHeaders: HTTPFields = {
    var headers = HTTPFields()
    headers[.contentSecurityPolicy] =
      "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; "
      + "frame-ancestors 'none'"
    headers[.xContentTypeOptions] = "nosniff"
    headers[.cacheControl] = "no-store"
    if let name = HTTPField.Name("X-Frame-Options") { headers[name] = "DENY" }
    if let name = HTTPField.Name("Referrer-Policy") { headers[name] = "no-referrer" }
    return headers
  }()
}

/// Why the server cannot listen, in one sentence that says what to do.
package struct ListenFailure: Error, Equatable, CustomStringConvertible {
  package let description: String

  init(_ address: ListenAddress, _ error: IOError) {
    description =
      switch error.errnoCode {
      case EADDRINUSE:
        "cannot listen on \(address): the port is in use; choose another with --listen"
      case EACCES: "cannot listen on \(address): not permitted; ports below 1024 need a privilege"
      case EADDRNOTAVAIL: "cannot listen on \(address): this machine has no such address"
      case _: "cannot listen on \(address): \(error)"
      }
  }

  init(_ address: ListenAddress, _ error: SocketAddressError) {
    description = "cannot listen on \(address): the name does not resolve"
  }
}
