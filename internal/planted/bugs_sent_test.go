package planted

// What is sent to Slack, and what people see of it, each with a bug.
func init() {
	const (
		render  = "bot/slackapi/render.go"
		gallery = "./bot/card/gallery"
		sent    = "TestWhatIsSentIsAsSlackTakesIt"
	)
	bugs = append(bugs, []bug{
		{
			"a paragraph is longer than Slack takes", render, "	maxSection      = 3000\n", "	maxSection      = 30000\n",
			[]guard{{gallery, sent}},
		},
		{
			"a form offers more than a choice can hold", "bot/card/form.go", "const atMost = 100\n", "const atMost = 1000\n",
			[]guard{{gallery, sent}},
		},
		{
			"a line is a kind of block that Slack has not here", render, "slack.NewDividerBlock()", "slack.NewMarkdownBlock(\"\", \"---\")",
			[]guard{{gallery, sent}},
		},
		{
			"the gallery leaves the answers to bots out", "bot/card/gallery/gallery.go", "		c.message(\"answer/\"+name, \"Answer\", c.w.Answer(op))\n", "",
			[]guard{{gallery, "TestTheGalleryLeavesNothingOut"}},
		},
	}...)
}
