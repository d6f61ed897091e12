// Package bot is the conversation: commands and clicks come in, are recorded, and are worked on; operations are told
// and shown; what is held is spoken of once a day. What may be done is judged by package deploy, never here.
//
// It knows no Slack library, and must never do anything slow before an envelope is safe, never hold a rollout up, and
// never trust what a button says.
package bot
