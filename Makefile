# Everything a developer types. `make help` lists it.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

# With it a package is compiled once for the tests and the executables, whatever folder the checkout is in.
export GOFLAGS ?= -trimpath

PORT ?= 8080
DATA ?= .dangol
# Port of profiles on loopback; 0 is none.
PPROF ?= 0
API ?= http://localhost:$(PORT)
STAGE ?= dev
FUNCTIONS := $(notdir $(patsubst %/bootstrap/main.go,%,$(wildcard functions/*/bootstrap/main.go)))
# The same source gives the same bytes: no paths, no build ids, no version control stamps. norpc keeps net/rpc, and with it
# text/template, out of the binaries.
LAMBDA := CGO_ENABLED=0 go build -tags lambda.norpc -trimpath -buildvcs=false -ldflags "-s -w -buildid="
CDK := node_modules/.bin/cdk
# Node runs the build tools only, nothing of it is deployed. The CDK warns that Node 20 has reached its end of life; it still
# runs on it and is tested on it here, so the warning is silenced rather than repeated at each synthesis.
export JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION := 20
FUNCTION_SOURCES := $(shell find functions shared events docs console -type f ! -name '*_test.go' 2>/dev/null) go.mod go.sum
SHA256 := $(shell command -v sha256sum >/dev/null && echo sha256sum || echo shasum -a 256)
# The browser bundle of the API reference, without the 200 packages that it was made from.
SCALAR := 1.76.0
SCALAR_SHA256 := dcb027152bf20bf2f6dcd66e8f9fb073c1a9e274cf0b94b939a7d99ab8947060
DOCS_PAGE := functions/api-docs/assets/api-reference.js.gz
INFRA_SOURCES := $(FUNCTION_SOURCES) $(shell find infra -name '*.go' 2>/dev/null)

# What a recipe needs before anything else, said in words.
NEED_GO := command -v go >/dev/null || { echo "Go is missing: install Go 1.26 or later from https://go.dev/dl"; exit 1; }
NEED_NODE := command -v npm >/dev/null || { echo "Node is missing: install Node 20 or later from https://nodejs.org"; exit 1; }

.PHONY: help
help: ## Show this help
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

.PHONY: run
run: node_modules/.installed $(DOCS_PAGE) ## Run the shop on this machine (PORT=8080 DATA=.dangol; PPROF=6060 serves profiles on loopback)
	@$(NEED_GO)
	@mkdir -p bin
	@test -x bin/local || echo "building the shop (the first time two to four minutes, most of it the AWS SDK; later a few seconds)"
	@go build -o bin/local ./infra/local
	@exec bin/local -port $(PORT) -data $(DATA) -pprof $(PPROF)

.PHONY: import
import: ## Import products: make import FILE=products.csv (CURRENCY=KRW, API=http://localhost:8080)
	@test -n "$(FILE)" || { echo "say which file: make import FILE=products.csv"; exit 2; }
	@mkdir -p bin && go build -o bin/importer ./functions/products/importer
	@bin/importer -file "$(FILE)" -api "$(API)" $(if $(CURRENCY),-currency $(CURRENCY))

.PHONY: reset
reset: ## Throw the local shop's data away
	@if read -r by 2>/dev/null <"$(DATA)/lock" && kill -0 "$$by" 2>/dev/null; then \
		echo "process $$by runs a shop on $(DATA): stop it first"; exit 1; fi
	rm -rf $(DATA)

.PHONY: build
build: $(FUNCTIONS:%=dist/%/bootstrap) bin/infra ## Build every function for AWS (arm64) and the CDK app

dist/%/bootstrap: $(FUNCTION_SOURCES) $(DOCS_PAGE)
	@mkdir -p $(@D)
	@echo "building $* for AWS"
	@GOOS=linux GOARCH=arm64 $(LAMBDA) -o $@ ./functions/$*/bootstrap

bin/infra: $(INFRA_SOURCES) $(DOCS_PAGE)
	@mkdir -p bin
	@echo "building the CDK app (the first time about a minute)"
	@go build -o $@ ./infra

.PHONY: host
host: $(FUNCTIONS:%=bin/functions/%) ## Build every function for this machine, as the bootstrap tests run them

bin/functions/%: $(FUNCTION_SOURCES) $(DOCS_PAGE)
	@mkdir -p $(@D)
	@echo "building $* for this machine"
	@$(LAMBDA) -o $@ ./functions/$*/bootstrap

# Properties draw the same values each time here, so that a change is judged by itself; `make properties` draws others.
.PHONY: test
test: node_modules/.installed build host bin/stripe-mock lint ## Everything a change must pass
	@echo "running all tests (two to six minutes)"
	RAPID_SEED=1 RAPID_NOFAILFILE=1 go test ./...
	./node_modules/.bin/tsc --noEmit -p docs/types

# The tests of the console's pages have the build tag chromium: not every machine has a browser. Two at a time, because
# each has browsers of its own.
.PHONY: test-pages
test-pages: node_modules/.installed $(DOCS_PAGE) ## The console's pages in headless Chromium, which has to be installed (SCREENSHOTS=folder)
	@$(if $(SCREENSHOTS),mkdir -p "$(SCREENSHOTS)")
	SCREENSHOTS="$(abspath $(SCREENSHOTS))" go test -tags chromium -parallel 2 -run OnThePages ./infra/local/runner

.PHONY: lint
lint: deadcode ## Formatting, American spelling, vet, code that nothing reaches (infra/checks looks at lengths of lines)
	@test -z "$$(gofmt -l functions shared events infra docs)" || { gofmt -l functions shared events infra docs; echo "run gofmt -w on these"; exit 1; }
	@go run github.com/client9/misspell/cmd/misspell@v0.3.4 -locale US -error $$(git ls-files | grep -E '\.(go|md|html|json|ts|yml)$$|^Makefile$$' | grep -vE '^package-lock.json|/testdata/')
	go vet -tags chromium ./...

# What no command and no Lambda function reaches is deleted, or listed in infra/deadcode.txt with the reason. The CDK app is
# left out: with the CDK's own packages the search takes 5 GB and three times as long, and it reaches nothing more.
.PHONY: deadcode
deadcode: ## Functions that nothing reaches
	@go run golang.org/x/tools/cmd/deadcode@v0.52.0 -f '{{range .Funcs}}{{println $$.Path .Name}}{{end}}' \
		$$(go list -f '{{if eq .Name "main"}}{{.ImportPath}}{{end}}' ./functions/... ./infra/... | grep -vx dangol/infra) \
		| awk 'NR == FNR { if ($$1 != "#") { allowed[$$1 " " $$2] = 1 } next } NF { dead = $$1 " " $$2; \
			if (dead in allowed) { delete allowed[dead] } else { print dead " is never reached"; found = 1 } } \
			END { for (n in allowed) { print n " is reached: take it off infra/deadcode.txt" } exit found }' infra/deadcode.txt -

CHECKS ?= 2000

.PHONY: properties
properties: ## The properties of the rules with other values (CHECKS=2000 for each property)
	RAPID_CHECKS=$(CHECKS) go test $$(git grep -l 'pgregory.net/rapid' -- '*_test.go' | xargs -n1 dirname | sort -u | sed 's,^,./,') \
		-count=1 -timeout 2h

HOSTILE ?= 400
HOSTILE_SEED ?= 1
OUTAGES ?= 20

.PHONY: fuzz
fuzz: ## Hostile requests to every route (HOSTILE=400 for each, HOSTILE_SEED=1), and failures of the database (OUTAGES=20)
	go test $$(grep -l 'system.Check' functions/*/*_test.go | xargs -n1 dirname | sort -u | sed 's,^,./,') -run TestAccess -count=1 -v -timeout 2h \
		-args -hostile $(HOSTILE) -hostile-seed $(HOSTILE_SEED) -outages $(OUTAGES) | grep -vE '^=== '

.PHONY: generate
generate: node_modules/.installed ## OpenAPI document, TypeScript types, event schemas, architecture and data-model pages
	go run ./infra/generate
	go test ./events -update >/dev/null
	./node_modules/.bin/openapi-typescript docs/openapi.json -o docs/types/api.ts

# Without Node the pinned tools cannot be installed; that is for the doctor to say, and no reason for it not to come.
.PHONY: doctor
doctor: ## Say what is missing on this machine and in the AWS account (STAGE=dev MAIL=hello@shop.example.com)
	@$(NEED_GO)
	@$(MAKE) --no-print-directory node_modules/.installed >/dev/null 2>&1 || true
	@go run ./infra/doctor -stage $(STAGE) -mail "$(MAIL)"

CHROMIUM ?= chromium

.PHONY: screenshots
screenshots: ## Pictures of every mail, ko and en, desktop, phone and dark, in dist/screenshots (CHROMIUM=chromium)
	go run ./infra/screenshots -browser $(CHROMIUM)

.PHONY: deliverability
deliverability: ## Say what DKIM, SPF and DMARC of the sender's domain lack (MAIL=hello@shop.example.com SELECTORS= MAILFROM=)
	@go run ./infra/deliverability -mail "$(MAIL)" -selectors "$(SELECTORS)" -mailfrom "$(MAILFROM)"

.PHONY: synth
synth: node_modules/.installed build ## Write the CloudFormation templates to cdk.out (STAGE=dev)
	$(CDK) synth --quiet -c stage=$(STAGE) $(CONTEXT)

# The version that looks at the templates. The machine's own is taken when it is this one; else it is installed below
# bin, which needs Python 3.10 or later and its package registry. So it is no part of `make test`.
CFN_LINT := 1.51.0

bin/cfn-lint-$(CFN_LINT):
	@mkdir -p bin
	@if [ "$$(cfn-lint --version 2>/dev/null)" = "cfn-lint $(CFN_LINT)" ]; then \
		printf '#!/bin/sh\nexec "%s" "$$@"\n' "$$(command -v cfn-lint)" > $@ && chmod +x $@; \
	elif command -v python3 >/dev/null; then \
		echo "installing cfn-lint $(CFN_LINT) below bin"; \
		python3 -m venv bin/cfn-lint-venv && bin/cfn-lint-venv/bin/pip install --quiet cfn-lint==$(CFN_LINT) \
			&& ln -s cfn-lint-venv/bin/cfn-lint $@; \
	else echo "cfn-lint needs Python 3: install it from https://www.python.org"; exit 1; fi

.PHONY: lint-templates
lint-templates: node_modules/.installed build bin/cfn-lint-$(CFN_LINT) ## cfn-lint over the templates of dev, staging and prod: errors fail
	@for stage in dev staging prod; do \
		echo "synthesizing $$stage"; \
		$(CDK) synth --quiet --output cdk.out/lint-$$stage -c stage=$$stage $(CONTEXT) || exit 1; \
		bin/cfn-lint-$(CFN_LINT) --non-zero-exit-code error --format parseable cdk.out/lint-$$stage/*.template.json || exit 1; \
		echo "cfn-lint $(CFN_LINT): $$stage has no errors"; \
	done

.PHONY: diff
diff: node_modules/.installed build ## What a deployment would change
	$(CDK) diff -c stage=$(STAGE) $(CONTEXT)

.PHONY: deploy
deploy: node_modules/.installed build ## Build and deploy all stacks (STAGE=dev, CONTEXT="-c name=value ...")
	$(CDK) deploy --all -c stage=$(STAGE) $(CONTEXT)

# CloudFormation deletes no export that another stack still imports, so that what is taken away has to go from the last
# stack to the first.
.PHONY: deploy-removal
deploy-removal: node_modules/.installed build ## Deploy after a function, table or queue was taken away, the last stack first
	@for part in observability api async data; do \
		$(CDK) deploy --exclusively dangol-$(STAGE)-$$part -c stage=$(STAGE) $(CONTEXT) || exit 1; \
	done

MAILS ?= 20000
LATE ?= 50000/1000000
BENCH ?= start,sizes,costs,pricing,hot,load,overload,growth,drop,reviews,mails,billing
BILLS ?= 2000/20000,100000/1000000
REVIEWS ?= 1000000

.PHONY: bench
bench: node_modules/.installed build host ## Figures and ratios; the billing run of 100,000 among 1,000,000 comes last, takes three quarters of an hour and 10 GB below TMPDIR (BENCH=load,drop BILLS=2000/20000)
	go run ./infra/bench -only $(BENCH) -bills $(BILLS) -reviews $(REVIEWS) -mails $(MAILS) -late $(LATE)

SUBSCRIBERS ?= 10000
SEED ?= 1
SHOPS ?= 2
MONTHS ?= 12
ODDS ?= 150

.PHONY: campaign
campaign: ## Play a year of subscriptions with everything going wrong (SUBSCRIBERS=10000 SEED=1 SHOPS=2 MONTHS=12 ODDS=150)
	go test ./shared/subscription/service -run TestAYearInWhichEverythingGoesWrong -count=1 -v -timeout 12h \
		-subscribers $(SUBSCRIBERS) -seed $(SEED) -shops $(SHOPS) -months $(MONTHS) -odds $(ODDS)

RECIPIENTS ?= 100000

.PHONY: campaign-mails
campaign-mails: ## Send a campaign while workers are killed at any point, calls time out and SES throttles (RECIPIENTS=100000)
	go test ./functions/mailer -run TestACampaignThroughKillsTimeoutsAndRepetitions -count=1 -v -timeout 12h -recipients $(RECIPIENTS)

$(DOCS_PAGE): Makefile
	@$(NEED_NODE)
	@echo "fetching the API reference page (@scalar/api-reference $(SCALAR), a few seconds)"
	@mkdir -p bin/scalar
	@cd bin/scalar && npm pack --silent @scalar/api-reference@$(SCALAR) >/dev/null
	@tar -xzf bin/scalar/scalar-api-reference-$(SCALAR).tgz -C bin/scalar package/dist/browser/standalone.js
	@echo "$(SCALAR_SHA256)  bin/scalar/package/dist/browser/standalone.js" | $(SHA256) -c - >/dev/null
	@gzip -9 -n -c bin/scalar/package/dist/browser/standalone.js > $@
	@rm -rf bin/scalar

node_modules/.installed: package.json package-lock.json
	@$(NEED_NODE)
	@echo "installing the pinned tools into node_modules (a few seconds)"
	@npm ci --no-audit --no-fund --loglevel=error
	@touch $@

bin/stripe-mock:
	@mkdir -p bin
	@echo "building stripe-mock (once, about half a minute)"
	@GOBIN=$(CURDIR)/bin go install github.com/stripe/stripe-mock@v0.203.0
