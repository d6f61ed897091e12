package deploy

import "regexp"

// secrets are the shapes of credentials that commands are known to print. What stands before the value is kept.
var secrets = []*regexp.Regexp{
	regexp.MustCompile(`\b(?:AKIA|ASIA)[A-Z0-9]{16}\b`),
	regexp.MustCompile(`\bxox[a-z]-[A-Za-z0-9-]{10,}`),
	regexp.MustCompile(`\bxapp-[A-Za-z0-9-]{10,}`),
	regexp.MustCompile(`\bgh[pousr]_[A-Za-z0-9]{20,}`),
	regexp.MustCompile(`(?s)-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)`),
	regexp.MustCompile(`://[^/\s:@]+:[^/\s@]+@`),
	regexp.MustCompile(`(?i)\b[A-Z0-9_]*(?:password|passwd|secret|token|api_?key)[A-Z0-9_]*["']?\s*[=:]\s*["']?[^\s"']{4,}`),
}

// Redact takes what looks like a credential out of a command's output, before it is journalled or shown. It is a net,
// not a wall: a command should not print its secrets.
func Redact(output string) string {
	for _, s := range secrets {
		output = s.ReplaceAllString(output, "[redacted]")
	}
	return output
}
