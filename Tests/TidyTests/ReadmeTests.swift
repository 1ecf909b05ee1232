import TaskmonConfiguration
import TaskmonHealth
import TaskmonTestSupport
import Testing

/// What the README says of the code is what the code says.
@Suite("The README")
struct ReadmeTests {
  @Test("lists every rule as the catalogue has it")
  func rules() throws {
    let wanted = RuleCatalogue.markdown()
    #expect(try ReadmeSection.text("rules", current: wanted) == wanted)
  }

  @Test("lists every setting as the table has it")
  func settings() throws {
    #expect(try ReadmeSection.text("settings", current: Settings.markdown) == Settings.markdown)
  }
}
