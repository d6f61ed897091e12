# Everything here is a short name for a command that also works alone; `make` lists them.
.DEFAULT_GOAL := help

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

build: ## the bot: ./junban
	go build -o junban ./cmd/bot

demo: ## the whole world on this machine, with a page to click in
	go run ./cmd/demo

test: ## every test that needs nothing but Go (others skip where their tool is missing)
	go test ./...

race: ## the same under the race detector, nothing skipped: what CI runs
	CI=true go test -race ./...

crash: ## every pair of crashes, some 8,400 stories, one to two minutes
	JUNBAN_CRASH_STRIDE=1 go test -count=1 -run PairsOfCrashes -v ./deploy/engine

races: ## a thousand times two people at once, some three minutes
	JUNBAN_RACES=1 go test -count=1 -run 'AndDenyAtOnce|AndContinueAtOnce' -v ./cmd/internal/bench

bench: ## the figures of README, in real time, some eight minutes: fails where one is missed
	go test -run '^$$' -bench OneRollout -benchtime 1x ./cmd/internal/bench
	go test -run '^$$' -bench UntilIdle -benchtime 1x ./cmd/internal/bench
	go test -run '^$$' -bench FiftyRollouts -benchtime 1x ./cmd/internal/bench
	JUNBAN_WIDE=1 go test -count=1 -v -run AmongMany ./cmd/internal/bench
	go test -run '^$$' -bench Acknowledge -benchtime 1x ./cmd/internal/system

planted: ## plant bugs one by one, and demand that a test catches each
	JUNBAN_PLANTED=all go test -count=1 -v ./internal/planted

page: ## rebuild the demo's page (needs npm)
	cd cmd/demo/page && npm ci && npm run check && npm test && npm run build

shapes: ## remake the shapes that Slack takes from its types (needs npm)
	cd bot/slackapi/blockkit/schema && npm ci && npm run build

lint: ## vet, formatting and golangci-lint
	test -z "$$(gofmt -l .)"
	go vet ./...
	golangci-lint run

ci: ## the gate: a clean checkout, then everything
	.ci/run

.PHONY: help build demo test race crash races bench planted page shapes lint ci
