// Package slacksim is a Slack workspace on one machine: the Web API and Socket Mode over the wire, as Slack's own
// client libraries speak them, and the people in the workspace, who type commands, click buttons and read.
//
// It has Slack's limits, rates, error codes and refusals, and mishaps that a test can switch on: answers that are
// lost after the effect, envelopes that arrive twice or never, outages. What it does follows docs.slack.dev and the
// client libraries @slack/bolt and slack-go; where Slack is silent it does what is harder for the app under test.
//
// It must never import anything of the product that it is used to test, nor a Slack library: both would make it
// agree with the product's misunderstandings. It keeps everything in memory and reads time only from [Options.Now]
// and package time, so it runs inside testing/synctest over in-memory connections.
package slacksim
