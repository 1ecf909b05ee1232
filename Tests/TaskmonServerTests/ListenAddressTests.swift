import TaskmonServer
import Testing

@Suite("A listen address")
struct ListenAddressTests {
  @Test(
    "is read as Prometheus people write it",
    arguments: [
      ("127.0.0.1:9808", ListenAddress(host: "127.0.0.1", port: 9808)),
      ("[::1]:9808", ListenAddress(host: "::1", port: 9808)),
      (":9808", ListenAddress(host: "0.0.0.0", port: 9808)),
      ("localhost:0", ListenAddress(host: "localhost", port: 0)),
      ("[2001:DB8::1]:80", ListenAddress(host: "2001:db8::1", port: 80)),
      ("9808", nil), ("127.0.0.1", nil), ("127.0.0.1:", nil), ("127.0.0.1:65536", nil),
      ("127.0.0.1:+80", nil), ("::1:9808", nil), ("[::1]9808", nil), ("[::1", nil), ("", nil),
      ("a b:80", nil), ("[evil]:80", nil), ("http://x:80", nil),
    ] as [(String, ListenAddress?)])
  func parsed(text: String, address: ListenAddress?) {
    #expect(ListenAddress(text: text) == address)
  }

  @Test(
    "knows whether other machines can reach it",
    arguments: [
      ("127.0.0.1:1", true), ("127.9.9.9:1", true), ("[::1]:1", true), ("localhost:1", true),
      (":1", false), ("10.0.0.1:1", false), ("127.evil.example:1", false), ("[::]:1", false),
    ])
  func loopback(text: String, isLoopback: Bool) {
    #expect(ListenAddress(text: text)?.isLoopback == isLoopback)
  }

  @Test("is written as it stands in a URL", arguments: ["127.0.0.1:9808", "[::1]:9808"])
  func written(text: String) {
    #expect(ListenAddress(text: text)?.description == text)
  }
}
