import RedisClient
import TaskmonHealth
import TaskmonUnits

/// Reading one value by its setting.
extension Setting {
  /// What is wrong with a text as a value, in a clause without the setting's name; nil where it
  /// is right.
  package func fault(in text: String) -> String? {
    switch kind {
    case .text, .path: text.isEmpty ? "it is empty" : nil
    case .redis: Self.fault(inURL: text)
    case .namedRedis: Self.fault(inURL: BrokerName.split(text).url)
    case .duration(let least): Self.fault(inDuration: text, atLeast: least)
    case .number(let range): Self.fault(inNumber: text, range)
    case .flag, .truth: Self.truth(of: text) == nil ? "\"\(text)\" is neither true nor false" : nil
    case .steps: TransportOption.steps(text).isEmpty ? Self.noSteps(text) : nil
    case .bounds: BucketBounds.fault(in: text)
    case .choice(let names): Self.fault(inChoice: text, names)
    case .thresholds: Self.fault(inThreshold: text)
    case .silence: Self.fault(inSilence: text)
    }
  }

  /// True for `1`, `true`, `yes`, `on`, false for their opposites, nil for anything else.
  package static func truth(of text: String) -> Bool? {
    switch text.lowercased() {
    case "1", "true", "yes", "on": true
    case "0", "false", "no", "off": false
    case _: nil
    }
  }

  private static func noSteps(_ text: String) -> String {
    "\"\(text)\" are no priority steps; write 1 to 16 whole numbers, as in 0,3,6,9"
  }

  private static func fault(inURL text: String) -> String? {
    do {
      _ = try RedisURL(text)
      return nil
    } catch {
      return error.description
    }
  }

  private static func fault(inDuration text: String, atLeast least: Seconds) -> String? {
    guard let duration = Seconds(text: text) else {
      return "\"\(text)\" is no duration; write 500ms, 10s, 5m or 2h"
    }
    return duration < least ? "\"\(text)\" is too short; at least \(least.compact)" : nil
  }

  private static func fault(inNumber text: String, _ range: ClosedRange<Double>) -> String? {
    guard let number = Double(text), range.contains(number) else {
      let bounds = [range.lowerBound, range.upperBound].map { bound in
        bound == bound.rounded() ? "\(Int(bound))" : "\(bound)"
      }
      return "\"\(text)\" is no number from \(bounds[0]) to \(bounds[1])"
    }
    return nil
  }

  private static func fault(inChoice text: String, _ names: [String]) -> String? {
    guard !names.contains(text) else { return nil }
    let hint =
      NearestName.of(text, among: names).map { "did you mean \"\($0)\"?" }
      ?? "choose one of \(names.joined(separator: ", "))"
    return "there is no \"\(text)\"; \(hint)"
  }

  private static func fault(inSilence text: String) -> String? {
    do {
      _ = try Silence(text)
      return nil
    } catch {
      return error.sentence
    }
  }

  private static func fault(inThreshold text: String) -> String? {
    do {
      _ = try ThresholdOverrides([text])
      return nil
    } catch {
      return error.sentence
    }
  }
}

/// `NAME=URL`: a name of letters, digits, `_` and `-` before the first `=` and before any colon.
package enum BrokerName {
  package static func split(_ text: String) -> (name: String?, url: String) {
    guard let equals = text.firstIndex(of: "=") else { return (nil, text) }
    let name = text[..<equals]
    let isName = name.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
        true
      case _: false
      }
    }
    guard isName, (1...32).contains(name.utf8.count) else { return (nil, text) }
    return (String(name), String(text[text.index(after: equals)...]))
  }
}

/// kombu's transport options, as they are written in settings.
package enum TransportOption {
  /// A list for each step is asked for with every poll.
  private static let stepLimit = 16

  /// The numbers of a text like `0,3,6,9`, sorted, each once; empty where it is no such list.
  package static func steps(_ text: String) -> [Int] {
    let parts = text.split(separator: ",", omittingEmptySubsequences: false)
    let numbers = parts.compactMap { Int($0.filter { $0 != " " }) }
    let steps = Set(numbers).sorted()
    guard numbers.count == parts.count, steps.count <= stepLimit, steps.allSatisfy({ $0 >= 0 })
    else { return [] }
    return steps
  }
}
