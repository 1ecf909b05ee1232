import TaskmonConfiguration
import TaskmonTestSupport
import Testing

/// What the README says of the code is what the code says.
@Suite("The README")
struct ReadmeTests {
  @Test("lists every setting as the table has it")
  func settings() throws {
    #expect(try ReadmeSection.text("settings", current: Settings.markdown) == Settings.markdown)
  }
}
