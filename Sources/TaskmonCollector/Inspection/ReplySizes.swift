import RedisClient
import TaskmonUnits

/// What answers to one question may weigh now.
struct ReplySizes {
  /// Of all answers that may come at the same time.
  let limit: Int
  /// Of those that have been asked for and have not come.
  let owed: Int
  /// As large as its last answer, or as is assumed.
  let least: (String) -> Int
  /// As large as the largest of all where it has not answered yet.
  let most: (String) -> Int
  private let isGuessed: Bool

  init(
    of question: InspectionBook.Question, book: InspectionBook, budget: CollectionBudget,
    free: ByteCount, now: Timestamp
  ) {
    limit = RequestBatches.limit(free: free, budget: budget)
    let lifetime = Seconds(Double(ReplyListCommand.expirySeconds))
    owed = book.owedBytes(since: now - lifetime, assumed: budget.assumedReply)
    let (assumed, largest) = (budget.assumedReply, book.largestReply(to: question))
    let likely = max(assumed, ByteCount(Int64(largest ?? 0)))
    isGuessed = largest == nil
    least = { book.expectedBytes(question, from: $0, assumed: assumed) }
    most = { book.expectedBytes(question, from: $0, assumed: likely) }
  }

  /// The first of them; nil where there is nobody, or no room beside what is owed.
  func batch(of names: [String], few: Int, most count: Int) -> [String]? {
    let room = limit - owed
    let batch = RequestBatches.split(
      names, expected: most, limit: room, count: isGuessed ? few : count
    ).first
    guard let batch, owed == 0 || batch.reduce(0, { $0 + most($1) }) <= room else { return nil }
    return batch
  }
}

/// How large answers are, as far as that is known.
extension InspectionBook {
  /// As large as its last answer to this question.
  func expectedBytes(_ question: Question, from name: String, assumed: ByteCount) -> Int {
    workers[name]?.replySizes[question] ?? Int(assumed.value)
  }

  /// The largest answer of anybody to this question; nil where nobody has answered it.
  func largestReply(to question: Question) -> Int? {
    workers.values.lazy.compactMap { $0.replySizes[question] }.max()
  }

  /// What answers that are owed, and were asked for since `limit`, may bring at any moment.
  func owedBytes(since limit: Timestamp, assumed: ByteCount) -> Int {
    var likely: [Question: ByteCount] = [:]
    for question in Question.allCases {
      likely[question] = largestReply(to: question).map { ByteCount(Int64($0)) }
    }
    return debts.reduce(0) { sum, entry in
      let (name, debt) = entry
      guard debt.since >= limit else { return sum }
      guard let question = debt.question else { return sum + Int(assumed.value) }
      return sum + expectedBytes(question, from: name, assumed: likely[question] ?? assumed)
    }
  }
}
