// swift-tools-version: 6.2
import PackageDescription

/// One list for every Swift target: strict by construction, warnings are errors in our own code
/// only.
let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .treatAllWarnings(as: .error),
]

let argumentParser = Target.Dependency.product(
  name: "ArgumentParser", package: "swift-argument-parser")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")

/// A room of the house; `design` says who may know whom.
func room(
  _ name: String, knows dependencies: [Target.Dependency] = [], resources: [Resource]? = nil
) -> Target {
  .target(
    name: name, dependencies: dependencies, resources: resources, swiftSettings: strict)
}

/// The tests of a room: what it knows, itself, and the shared test support.
func tests(of name: String, knowing dependencies: [Target.Dependency] = []) -> Target {
  .testTarget(
    name: "\(name)Tests", dependencies: ["TaskmonTestSupport", .byName(name: name)] + dependencies,
    swiftSettings: strict)
}

let package = Package(
  name: "taskmon",
  platforms: [.macOS(.v15)],
  products: [.executable(name: "taskmon", targets: ["taskmon"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
    .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
    .package(
      url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1", traits: []),
    // What the server's own code names of Hummingbird's ground: the versions it resolves to anyway.
    .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-extras", exact: "1.35.2"),
    .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0", traits: []),
  ],
  targets: [
    .systemLibrary(
      name: "CHiredis", providers: [.apt(["libhiredis-dev"]), .brew(["hiredis"])]),
    .target(
      name: "CNcurses",
      linkerSettings: [.linkedLibrary("ncursesw"), .linkedLibrary("tinfo")]),
    room("TaskmonUnits"),
    .target(
      name: "COpenSSL", linkerSettings: [.linkedLibrary("ssl"), .linkedLibrary("crypto")]),
    room("RedisClient", knows: ["CHiredis", "COpenSSL", "TaskmonUnits"]),
    room("CeleryProtocol", knows: ["RedisClient", "TaskmonUnits"]),
    room("TaskmonModel", knows: ["TaskmonUnits"]),
    room(
      "TaskmonCollector",
      knows: ["RedisClient", "CeleryProtocol", "TaskmonModel", "TaskmonUnits", logging]),
    room("TaskmonHealth", knows: ["TaskmonModel", "TaskmonUnits"]),
    room("TaskmonExposition", knows: ["TaskmonModel", "TaskmonHealth", "TaskmonUnits"]),
    room("TaskmonDashboards", knows: ["TaskmonExposition", "TaskmonHealth", "TaskmonUnits"]),
    room(
      "TaskmonServer",
      knows: [
        "TaskmonExposition", "TaskmonHealth", "TaskmonModel", "TaskmonUnits", hummingbird,
        .product(name: "HummingbirdCore", package: "hummingbird"),
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOHTTPTypes", package: "swift-nio-extras"), logging,
      ]),
    room(
      "TaskmonConfiguration",
      knows: ["RedisClient", "TaskmonHealth", "TaskmonTUI", "TaskmonUnits", yams]),
    room("TaskmonTUI", knows: ["TaskmonModel", "TaskmonHealth", "TaskmonUnits"]),
    room("TaskmonTerminal", knows: ["TaskmonTUI", "CNcurses", "TaskmonUnits"]),
    room("TaskmonDemo", knows: ["RedisClient", "CeleryProtocol", "TaskmonUnits"]),
    .executableTarget(
      name: "taskmon",
      dependencies: [
        "RedisClient", "CeleryProtocol", "TaskmonUnits", "TaskmonModel", "TaskmonCollector",
        "TaskmonHealth", "TaskmonExposition", "TaskmonTUI", "TaskmonTerminal", "TaskmonDemo",
        "TaskmonServer", "TaskmonConfiguration", argumentParser, logging,
      ],
      swiftSettings: strict),
    .executableTarget(
      name: "taskmon-bench",
      dependencies: [
        "RedisClient", "CeleryProtocol", "TaskmonUnits", "TaskmonModel", "TaskmonCollector",
        "TaskmonHealth", "TaskmonExposition", "TaskmonDemo", logging,
      ],
      swiftSettings: strict),
    .executableTarget(
      name: "generate-dashboards", dependencies: ["TaskmonDashboards"], swiftSettings: strict),
    .target(
      name: "TaskmonTestSupport", dependencies: ["TaskmonUnits"],
      path: "Tests/TaskmonTestSupport", swiftSettings: strict),
    tests(of: "TaskmonUnits"),
    tests(of: "RedisClient", knowing: ["TaskmonUnits"]),
    tests(of: "CeleryProtocol", knowing: ["RedisClient", "TaskmonUnits"]),
    tests(
      of: "TaskmonCollector",
      knowing: [
        "RedisClient", "CeleryProtocol", "TaskmonModel", "TaskmonDemo", "TaskmonUnits", logging,
      ]),
    tests(of: "TaskmonHealth", knowing: ["TaskmonModel", "TaskmonUnits"]),
    tests(of: "TaskmonExposition", knowing: ["TaskmonModel", "TaskmonHealth", "TaskmonUnits"]),
    tests(
      of: "TaskmonDashboards", knowing: ["TaskmonExposition", "TaskmonHealth", "TaskmonUnits"]),
    tests(
      of: "TaskmonServer",
      knowing: ["TaskmonExposition", "TaskmonHealth", "TaskmonModel", "TaskmonUnits", logging]),
    tests(of: "TaskmonConfiguration", knowing: ["TaskmonHealth", "TaskmonUnits"]),
    tests(of: "TaskmonTUI", knowing: ["TaskmonModel", "TaskmonHealth", "TaskmonUnits"]),
    tests(of: "TaskmonTerminal", knowing: ["TaskmonModel", "TaskmonTUI", "TaskmonUnits"]),
    tests(of: "TaskmonDemo", knowing: ["RedisClient", "CeleryProtocol", "TaskmonUnits"]),
    .testTarget(
      name: "taskmonTests", dependencies: ["TaskmonTestSupport"], swiftSettings: strict),
    .testTarget(
      name: "TidyTests",
      dependencies: [
        "TaskmonTestSupport", "TaskmonHealth", "TaskmonExposition", "TaskmonConfiguration",
      ],
      swiftSettings: strict),
  ]
)
