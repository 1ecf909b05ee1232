package import TaskmonUnits

/// Every limit on what taskmon reads, sends and remembers, in one place.
package struct CollectionBudget: Sendable, Equatable {
  // Redis: reads
  /// Keys asked for per step of a scan.
  package var scanStep = 500
  /// The share of wall-clock time a scan may keep Redis busy, measured by its round trips; two may
  /// run at a time, one for queues and one for results.
  package var scanShare = 0.025
  /// Members read from one binding set.
  package var bindingMembers = 1000
  /// Bindings of exchanges to queues that are kept.
  package var bindings = 10_000
  /// Task queues followed; that there are more is said, and they are not read.
  package var queues = 2000
  /// Queues counted per poll; with more, those that hold messages and the others take turns.
  package var queuesPerPoll = 500
  /// Sets or hashes asked for in one round trip of a scan.
  package var setsPerTrip = 100
  /// Key prefixes of other installations that are named.
  package var otherPrefixes = 16
  /// An empty queue that nothing has named for this long is forgotten.
  package var queueRetention = Seconds.hours(1)
  /// Heads read per poll; with more queues that hold messages they take turns.
  package var headsPerPoll = 100
  /// A list element larger than this, by `MEMORY USAGE` over the list's length, is not read.
  package var messageBytes = ByteCount.kibibytes(64)
  /// What the ends of all lists may add up to in one poll; the others wait for their turn.
  package var pollBytes = ByteCount.mebibytes(2)
  /// Elements at the head's end looked at to tell a restore from a consumer.
  package var tailDepth = 16
  /// Unacknowledged messages looked at; with more, they are a sample.
  package var unackedMessages = 200
  /// What reading new ones may cost in one poll, and how often a mere sample is taken anew.
  package var unackedBytes = ByteCount.kibibytes(512)
  package var unackedSamplePause = Seconds(10)
  /// Newest messages remembered of each queue, to know their age when they have become the next.
  package var rememberedTags = 32
  /// RedBeat entries followed, and how large a definition may be.
  package var beatEntries = 500
  package var beatEntryBytes = ByteCount.kibibytes(4)
  /// No more than this of any stored result is read, from each of its ends.
  package var resultEnd = ByteCount.kibibytes(1)
  /// Results of at least this size have their far end read for the task's name.
  package var notableResult = ByteCount.kibibytes(4)
  package var largestResults = 50
  package var resultTasks = 2000
  /// Pause between two complete passes over the results, at most.
  package var resultPause = Seconds(30)
  /// The same between two looks for queues, or at RedBeat's entries.
  package var discoveryPause = Seconds(30)
  /// Where a pass takes little, the next one comes sooner, but not sooner than this.
  package var shortestPause = Seconds(10)
  /// Pause between two looks at the reply lists of others.
  package var censusPause = Seconds.minutes(5)
  /// Chords with parts outstanding that are followed.
  package var chords = 1000
  /// Classes of exceptions counted among stored failures; others are counted together.
  package var failureClasses = 200
  /// Results per pass whose ends are read for who made them, beside the notable ones.
  package var originResults = 100
  /// Names kept of tasks that no worker knew, and of hosts that ran tasks by themselves.
  package var resultMarks = 100

  // The search for one task
  /// Messages looked at in queues, and as many that are held; and what they may weigh.
  package var searchMessages = 10_000
  package var searchBytes = ByteCount.mebibytes(32)
  /// Messages read in one round trip.
  package var searchStep = 200
  /// How long bindings are scanned for names of queues, and which share of that Redis may be busy.
  package var searchScanTime = Seconds(5)
  package var searchShare = 0.1
  /// How long an answer is waited for.
  package var searchReplyWait = Seconds(2)

  // Control requests
  /// Workers asked for their static facts at a time.
  package var staticBatch = 8
  package var staticFactsAge = Seconds.minutes(30)
  /// Of a queue that stands still for so long, its workers are asked whether they still consume it.
  package var standstill = Seconds(30)
  package var replyWait = Seconds(1)
  /// How long the answer to an operator's action is waited for, and as long it is valid.
  package var actionReplyWait = Seconds(5)
  /// Expected bytes of one round, absolute and as a share of free memory.
  package var replyBytes = ByteCount.mebibytes(16)
  package var replyMemoryShare = 0.01
  /// Assumed for a worker that has not answered this request yet.
  package var assumedReply = ByteCount.kibibytes(64)
  /// Above this share of maxmemory under noeviction nothing is asked.
  package var memoryShareForRequests = 0.95
  package var registeredTasks = 5000
  /// What 50,000 ids weigh in an answer: no worker remembers more that it will not run.
  package var revokedReply = ByteCount.mebibytes(3)
  /// Of what one worker holds so many are shown.
  package var shownHoldings = 50

  // Workers' logs
  /// Files followed; of more, those written to last.
  package var logFiles = 64
  /// Read of one file and of all of them in one look.
  package var logFileBytes = ByteCount.mebibytes(1)
  package var logBytes = ByteCount.mebibytes(4)
  /// Longer lines are cut.
  package var logLine = ByteCount.kibibytes(16)
  /// Looked at from each end of a file to know its format and its worker; the first look of a
  /// `check` counts as much of its end.
  package var logEnd = ByteCount.kibibytes(64)
  package var logTail = ByteCount.kibibytes(256)
  /// What is further behind is passed over.
  package var logBacklog = ByteCount.mebibytes(64)
  package var logPause = Seconds(1)
  /// Pause between two looks for new files.
  package var logSearchPause = Seconds(5)

  // Memory of our own
  package var trackedTasks = 200_000
  package var trackedWorkers = 5000
  /// Of each kind: names of tasks, queues and failure classes heard of; more are `other`.
  package var eventNames = 10_000
  /// Names of nodes and publishers' hosts; where they are used up, old ones make room.
  package var eventNodes = 60_000
  /// Counts kept apart by task, worker and queue, and failures by class besides; more are `other`.
  package var taskSeries = 2000
  /// Tasks a snapshot names, the busiest.
  package var taskNames = 1000
  /// Final failures, in all and of each task; and the same of retries.
  package var recentFailures = 100
  package var recentFailuresPerTask = 20
  package var recentRetries = 50
  package var recentRetriesPerTask = 10
  /// Attempts that have ended.
  package var recentRuns = 500
  package var recentRunsPerTask = 10
  package var recentDuplicates = 100
  /// Payloads watched at a time for going to several queues; of more, the oldest are forgotten.
  package var fanoutPayloads = 8192
  /// Ids that are no UUIDs and are kept as text; of more, digits stand for the text.
  package var oddIDs = 10_000
  /// Runs that must have been seen to end before a task has a usual length.
  package var usualRuns = 20
  package var workerRetention = Seconds.hours(1)
  package var heardIntervals = 32
  package var entryMoments = 256
  package var runningTasks = 2000
  /// Without a word from anybody for this long, an empty list of workers means that there are none.
  package var silenceBeforeNobody = Seconds(30)

  package init() {}

  /// The pause after a pass of this length: passes take a twentieth of the time, where that is not
  /// too rarely or too often.
  func pause(_ longest: Seconds, after pass: Seconds) -> Seconds {
    min(longest, max(shortestPause, pass * 20))
  }
}
