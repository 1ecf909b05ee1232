# What a person types. `make help` lists it; .ci/install says and installs what Debian lacks.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help run build test fuzz bench lint format golden dashboards

# Debug builds take half the time of release builds, and a newcomer waits for this one.
SWIFT_BUILD := swift build --explicit-target-dependency-import-check error
SWIFT_TEST := swift test --explicit-target-dependency-import-check error
# Five hundred tests started at once starve each other, and those with deadlines lose. The live ones
# mostly wait for real time to pass: they come after, more of them side by side, with the fuzzing.
FEW_AT_ONCE := --experimental-maximum-parallelization-width 4
MORE_AT_ONCE := --experimental-maximum-parallelization-width 10
# A failure among thousands of lines is said once more at the end, where it is looked for.
SAID_AGAIN = { set -o pipefail; $(1) | tee .build/test.log \
	    || { grep -E -A 3 '^✘ .*recorded an issue' .build/test.log; false; }; }
TASKMON := .build/debug/taskmon

help: ## list what can be made
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1\t\2/p' Makefile | expand -t 16

run: ## console on a simulated Celery; BROKER=redis://host/0 for your own
	@.ci/install run
	@$(SWIFT_BUILD) --product taskmon
ifdef BROKER
	@TASKMON_BROKER='$(BROKER)' $(TASKMON) top
else
	@$(TASKMON) demo
endif

build: ## compile everything, tests included
	@.ci/install run
	@$(SWIFT_BUILD) --build-tests

test: ## install what is missing, lint, build, and run every test, real Celery included
	@.ci/install test
	@python=$$(.ci/venv) && export TASKMON_PYTHON="$$python" \
	  && python=$$(.ci/venv 5.2) && export TASKMON_PYTHON_5_2="$$python" \
	  && $(MAKE) --no-print-directory lint \
	  && $(SWIFT_BUILD) --build-tests \
	  && $(call SAID_AGAIN,$(SWIFT_TEST) --skip-build --skip LiveTests $(FEW_AT_ONCE)) \
	  && { nice .ci/fuzz 60 --if-possible > .build/fuzz.log 2>&1 & fuzz=$$!; \
	    trap "kill $$fuzz" INT TERM; \
	    status=0; $(call SAID_AGAIN,$(SWIFT_TEST) --skip-build --filter LiveTests $(MORE_AT_ONCE)) || status=1; \
	    wait $$fuzz || { status=1; tail -n 60 .build/fuzz.log; }; \
	    grep -E '^(fuzz:|Done )' .build/fuzz.log; exit $$status; }

fuzz: ## feed the event path with mutated input for a minute; FOR=600 for ten
	@.ci/install run
	@.ci/fuzz $(or $(FOR),60)

bench: ## measure the event path beside redis-cli, a judgement, and watching a million results
	@.ci/install run
	@swift build -c release --explicit-target-dependency-import-check error --product taskmon-bench
	@.build/release/taskmon-bench events --batch 10
	@.build/release/taskmon-bench events --batch 1
	@.build/release/taskmon-bench evaluate
	@.build/release/taskmon-bench reading

lint: ## check the format of all Swift files
	@swift format lint --strict --parallel --recursive Sources Tests Package.swift

format: ## format all Swift files in place
	@swift format --in-place --parallel --recursive Sources Tests Package.swift

dashboards: ## write dashboards/ and the README's tables of rules and metrics from what the code says
	@.ci/install run
	@$(SWIFT_BUILD) --product generate-dashboards
	@.build/debug/generate-dashboards

golden: dashboards ## rewrite the recorded screens, pages and metrics from what the code says now
	@.ci/install test
	@TASKMON_UPDATE_GOLDEN=1 $(SWIFT_TEST) --skip Live
	@git --no-pager diff --stat -- Tests/Fixtures README.md dashboards
