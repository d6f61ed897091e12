package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"junban/bot/slacksim"
)

// tellThread prints a message and its thread, as people read them.
func (d *demo) tellThread(ts string) {
	names := d.names()
	for n, m := range d.chat.Thread(deploys, ts) {
		text := readable(slacksim.Text(m), names)
		indent := ""
		if n > 0 {
			indent = "    "
		}
		who := names[m.User]
		if who == "" {
			who = "junban"
		}
		fmt.Fprintf(d.out, "%s%s  %s\n", indent, clock(m.TS), who)
		for line := range strings.Lines(text) {
			fmt.Fprintf(d.out, "%s          %s\n", indent, strings.TrimRight(line, "\n"))
		}
	}
	fmt.Fprintln(d.out)
}

var (
	mention = regexp.MustCompile(`<[@!](?:subteam\^)?([A-Z0-9]+)(?:\|[^>]*)?>`)
	date    = regexp.MustCompile(`<!date\^([0-9]+)\^[^|>]*(?:\|[^>]*)?>`)
	bold    = regexp.MustCompile(`\*([^*\n]+)\*`)
)

// readable undoes Slack's markup: names for ids, clock times for dates.
func readable(text string, names map[string]string) string {
	text = date.ReplaceAllStringFunc(text, func(s string) string { return clock(date.FindStringSubmatch(s)[1]) })
	text = mention.ReplaceAllStringFunc(text, func(s string) string {
		id := mention.FindStringSubmatch(s)[1]
		if name, ok := names[id]; ok {
			return name
		}
		return id
	})
	return strings.ReplaceAll(bold.ReplaceAllString(text, "$1"), "`", "")
}

// names are those of everybody, by id.
func (d *demo) names() map[string]string {
	return map[string]string{alice: "Alice", bob: "Bob", botUser: "junban", devs: "@devs", leads: "@leads"}
}

// clock is the time of day of a timestamp in seconds, as Slack has them.
func clock(ts string) string {
	whole, _, _ := strings.Cut(ts, ".")
	s, err := strconv.ParseInt(whole, 10, 64)
	if err != nil {
		return ts
	}
	return time.Unix(s, 0).Format(time.TimeOnly)
}
