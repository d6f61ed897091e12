// Package slackapi is the bot's way into Slack and out of it: Socket Mode in, the Web API out, on slack-go.
//
// It turns Slack's envelopes into bot.Envelope and card.Message into Block Kit. All escaping is done here, all of
// Slack's rates and limits are honoured here, and what a lost answer means is decided here: a post is never repeated
// by itself, because the first one may have been sent.
//
// It must never decide what people may do, never keep what an operation's state is, and never let a token, a Socket
// Mode ticket or a response URL into an error or a log.
package slackapi
