import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import TaskmonUnits

/// Ends what takes too long, and says 431 where a head is too big.
///
/// From the first part of a request to the last byte of its response taken by the client there is
/// one deadline: it bounds bodies sent drop by drop and responses nobody reads.
final class ConnectionDeadline: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPRequestPart
  typealias InboundOut = HTTPRequestPart
  typealias OutboundIn = HTTPResponsePart
  typealias OutboundOut = HTTPResponsePart

  private let exchange: Seconds
  private var deadline: Scheduled<Void>?
  private var isReading = false
  private var unanswered = 0

  init(exchange: Seconds) { self.exchange = exchange }

  func handlerRemoved(context: ChannelHandlerContext) { disarm() }

  func channelInactive(context: ChannelHandlerContext) {
    disarm()
    context.fireChannelInactive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head:
      isReading = true
      unanswered += 1
      if deadline == nil { arm(context) }
    case .body: break
    case .end:
      isReading = false
      rest()
    }
    context.fireChannelRead(data)
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    guard case .end = unwrapOutboundIn(data) else {
      context.write(data, promise: promise)
      return
    }
    let written = promise ?? context.eventLoop.makePromise()
    let this = NIOLoopBound(self, eventLoop: context.eventLoop)
    written.futureResult.whenComplete { _ in
      this.value.unanswered -= 1
      this.value.rest()
    }
    context.write(data, promise: written)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    guard case HTTPParserError.headerOverflow = error, unanswered == 0 else {
      context.fireErrorCaught(error)
      return
    }
    let head = HTTPResponse(
      status: .requestHeaderFieldsTooLarge,
      headerFields: [.connection: "close", .contentLength: "0"])
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    let channel = NIOLoopBound(context, eventLoop: context.eventLoop)
    context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in
      channel.value.close(promise: nil)
    }
  }

  private func arm(_ context: ChannelHandlerContext) {
    let channel = NIOLoopBound(context, eventLoop: context.eventLoop)
    deadline = context.eventLoop.scheduleTask(in: exchange.timeAmount) {
      channel.value.close(promise: nil)
    }
  }

  private func rest() {
    if !isReading && unanswered <= 0 { disarm() }
  }

  private func disarm() {
    deadline?.cancel()
    deadline = nil
  }
}

extension Seconds {
  var timeAmount: TimeAmount { .milliseconds(Int64(min(max(value, 0), 1e9) * 1000)) }
}
