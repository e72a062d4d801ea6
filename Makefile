# Everything here works on a machine with Go, make and a C compiler.

SHELL    := /bin/bash
BIN      := .cache/bin
# Counted, not timed: at the end of a time Go's fuzzer now and then calls it a
# failure that the time is over (golang/go#75804, mended in Go 1.27).
FUZZTIME ?= 200000x
# Where there is no npm, the tests that read our datasets with DuckDB and check the
# report with axe-core say so and are skipped.
DUCKDB   := $(if $(shell command -v npm),tools/duckdb/node_modules)
AXE      := $(if $(shell command -v npm),tools/axe/node_modules)
GO_TEST  ?= go test -race -timeout 20m

.DEFAULT_GOAL := help

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: build
build: ## Build bin/parity
	CGO_ENABLED=0 go build -trimpath -o bin/parity ./cmd/parity

.PHONY: demo
demo: build ## Run the whole pipeline on this machine: no cloud, no config
	bin/parity demo

.PHONY: test
test: $(BIN)/versitygw $(BIN)/statsd_exporter $(BIN)/toxiproxy-server $(BIN)/manifests $(DUCKDB) $(AXE) ## Run all tests with the race detector, against real servers built on first use
	$(GO_TEST) ./...

.PHONY: check
check: lint ## Check format, vet, staticcheck and that go.mod is tidy
	go mod tidy -diff
	go mod verify

.PHONY: lint
lint: $(BIN)/staticcheck $(BIN)/gofumpt ## Check format, vet, staticcheck
	@unformatted=$$($(BIN)/gofumpt -l $$(git ls-files '*.go')); \
	  if [ -n "$$unformatted" ]; then echo "not formatted; run $(BIN)/gofumpt -w on:"; echo "$$unformatted"; exit 1; fi
	go vet ./...
	$(BIN)/staticcheck ./...

.PHONY: fuzz
fuzz: ## Fuzz every decoder, each with FUZZTIME=200000x inputs
	@git grep -l '^func Fuzz' -- '*_test.go' | while read -r file; do \
	  grep -o '^func Fuzz[A-Za-z0-9]*' $$file | cut -c6- | while read -r target; do \
	    echo "== $$target"; go test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x ./$$(dirname $$file) || exit 1; \
	  done || exit 1; done

.PHONY: bench
bench: ## Run all benchmarks
	go test -run '^$$' -bench . -benchmem ./...

# LINE=1 shows how time and memory grow with the pairs instead.
PAIRS ?= 1000000
.PHONY: bench-compare
bench-compare: build tools/duckdb/node_modules ## Measure compare beside DuckDB: PAIRS=1000000, LINE=1 for how it grows
	go run ./bench compare -pairs $(PAIRS) $(if $(LINE),-line)

# It fails where capture misses what it must.
FOR ?= 5s
.PHONY: bench-capture
bench-capture: build ## Measure capture beside nginx and a bare ReverseProxy: FOR=5s, of each measurement
	go run ./bench capture -for $(FOR)

# RATE=1 shows instead that --rate holds.
REQUESTS ?= 200000
.PHONY: bench-replay
bench-replay: build $(BIN)/vegeta ## Measure replay beside vegeta, GoReplay and wrk: REQUESTS=200000, RATE=1 for --rate
	@$(MAKE) -s $(BIN)/gor || echo "GoReplay is left out: it wants libpcap's headers (libpcap-dev)"
	go run ./bench replay -requests $(REQUESTS) $(if $(RATE),-rate)

# It fails where that is more than it may be.
SENT ?= 20000
.PHONY: bench-memory
bench-memory: build ## Measure what replay takes of memory with large bodies: SENT=20000
	go run ./bench memory -exchanges $(SENT)

EXCHANGES ?= 10000000
.PHONY: bench-plan
bench-plan: build ## Measure how long it takes to plan a replay: EXCHANGES=10000000
	go run ./bench plan -exchanges $(EXCHANGES)

# It fails where something grows, or an answer is not recorded once.
SOAK ?= 30m
.PHONY: soak
soak: build ## Have capture record 500 requests a second of 400 models for SOAK=30m, and look whether anything grows
	go run ./bench soak -for $(SOAK)

CHAOS ?= 2m
FLIPS ?= 60
SEED  ?= 1
.PHONY: chaos
chaos: build $(BIN)/versitygw ## Break things for CHAOS=2m while the real binary works, then flip FLIPS=60 bits in each kind of object; SEED=1
	go run ./chaos -time $(CHAOS) -flips $(FLIPS) -seed $(SEED)

.PHONY: golden
golden: ## Write the golden files anew; look at the difference before you commit it
	go test ./compare ./report -run Golden -update
	git diff --stat

# Tools are pinned in modules of their own and rebuilt when those change.
$(BIN)/versitygw: tools/go.mod
	go build -C tools -o ../$@ github.com/versity/versitygw/cmd/versitygw

$(BIN)/vegeta: tools/load/go.mod
	go build -C tools/load -o ../../$@ github.com/tsenart/vegeta/v12

$(BIN)/gor: tools/load/go.mod
	go build -C tools/load -o ../../$@ github.com/buger/goreplay

$(BIN)/statsd_exporter: tools/go.mod
	go build -C tools -o ../$@ github.com/prometheus/statsd_exporter

$(BIN)/toxiproxy-server: tools/toxiproxy/go.mod
	go build -C tools/toxiproxy -o ../../$@ github.com/Shopify/toxiproxy/v2/cmd/server

$(BIN)/manifests: tools/manifests/go.mod tools/manifests/main.go
	go build -C tools/manifests -o ../../$@ .

# All versions are exact in package.json; a lock file would have to list the
# binaries of every platform, or npm refuses it.
tools/%/node_modules: tools/%/package.json
	npm install --no-package-lock --no-audit --no-fund --loglevel error --prefix tools/$*
	@touch $@

$(BIN)/staticcheck: tools/go.mod
	go build -C tools -o ../$@ honnef.co/go/tools/cmd/staticcheck

$(BIN)/gofumpt: tools/go.mod
	go build -C tools -o ../$@ mvdan.cc/gofumpt
