import Foundation
import TaskmonHealth
import TaskmonModel
import TaskmonTUI
import TaskmonTerminal
import TaskmonTestSupport
import TaskmonUnits
import Testing

@Suite("New files")
struct NewFileTests {
  static let file: ViewFile = {
    let columns = [Column<String>("A", .fill(1), help: "") { TableCell($0) }]
    let table = Table(columns, ["=x"], id: { $0 })
    let now = Timestamp(secondsSince1970: 1_767_362_602.9)
    let snapshot = Snapshot(
      takenAt: now, observedSince: now, broker: BrokerIdentity(url: "redis://localhost:6379/0"),
      link: .connecting)
    return ViewFile(.queues, table, table.rows, of: snapshot, as: .csv)
  }()

  static let name = "taskmon-queues-20260102T140322Z"

  @Test("A file is new and for its owner alone, whatever the umask and whoever was there before")
  func isNew() throws {
    let folder = try TemporaryFolder()
    let before = umask(0)
    defer { umask(before) }
    let path = folder.path("\(Self.name).csv")
    #expect(NewFile.write(Self.file, in: folder.path) == .written(path: path, rows: 1))
    #expect(try folder.read("\(Self.name).csv") == "a\r\n\"'=x\"\r\n")
    let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    #expect(mode == 0o600)
    let second = folder.path("\(Self.name)-2.csv")
    #expect(NewFile.write(Self.file, in: folder.path) == .written(path: second, rows: 1))
  }

  @Test("No link is followed, and nothing of what is there is touched")
  func links() throws {
    let folder = try TemporaryFolder()
    let victim = try folder.write("victim", "precious")
    try FileManager.default.createSymbolicLink(
      atPath: folder.path("\(Self.name).csv"), withDestinationPath: victim)
    let second = folder.path("\(Self.name)-2.csv")
    #expect(NewFile.write(Self.file, in: folder.path) == .written(path: second, rows: 1))
    #expect(try folder.read("victim") == "precious")
  }

  @Test("What fails is told with the file and the reason, and leaves nothing")
  func fails() throws {
    let folder = try TemporaryFolder()
    let outcome = NewFile.write(Self.file, in: folder.path("missing"))
    let path = "\(folder.path("missing"))/\(Self.name).csv"
    #expect(outcome == .failed(path: path, reason: "No such file or directory"))
    #expect(
      NewFile.message(outcome)
        == ConsoleMessage("not saved: \(path): No such file or directory", isRefusal: true))
    #expect(
      NewFile.message(.written(path: "x", rows: 1)) == ConsoleMessage("1 row saved in x"))
  }

  @Test("There is an end to looking for a name")
  func taken() throws {
    let folder = try TemporaryFolder()
    for number in 1...99 {
      try folder.write(Self.name + (number == 1 ? "" : "-\(number)") + ".csv", "")
    }
    #expect(
      NewFile.write(Self.file, in: folder.path)
        == .failed(
          path: folder.path(Self.name), reason: "every number behind it is taken"))
  }
}
