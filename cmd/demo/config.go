package main

import (
	"fmt"
	"os"
	"path/filepath"
)

const region = "ap-northeast-1"

// deployYAML is the bot's configuration: %s is its language, %d how many instances must stay healthy.
const deployYAML = `# The demo's configuration. The bot of the demo reads it as any bot would.
slack:
  channel: ` + deploys + `
  language: %s
aws:
  region: ` + region + `
services:
  web:
    target_groups: [` + group + `]
    run:
      command: ./release.sh
      verify: {command: ./verify.sh, for: 5s, every: 1s}
      timeout: 1m
    rolling:
      min_healthy: %d
    deploy: {allow: [` + devs + `]}
    approve: {allow: [` + leads + `]}
`

// writeConfig lays the bot's folder and returns the path of deploy.yaml in it; junban.db will be beside it.
func writeConfig(dir, language string, minHealthy int) (string, error) {
	path := filepath.Join(dir, "deploy.yaml")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("making the bot's folder: %w", err)
	}
	if err := os.WriteFile(path, fmt.Appendf(nil, deployYAML, language, minHealthy), 0o600); err != nil {
		return "", fmt.Errorf("writing the bot's configuration: %w", err)
	}
	return path, nil
}
