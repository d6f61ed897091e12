package blockkit_test

import (
	"os"
	"strings"
	"testing"

	"junban/bot/slackapi/blockkit"
)

// The smallest payloads with one of each part that the bot uses; the tests spoil them.
const (
	message = `{"text":"Deploy web","attachments":[{"color":"#2eb67d","fallback":"Deploy web","blocks":[
		{"type":"header","text":{"type":"plain_text","text":"Deploy web","emoji":false}},
		{"type":"section","text":{"type":"mrkdwn","text":"*web*","verbatim":true}},
		{"type":"section","fields":[{"type":"mrkdwn","text":"*Ref*\nv42"}]},
		{"type":"divider"},
		{"type":"context","elements":[{"type":"plain_text","text":"small"}]},
		{"type":"actions","block_id":"acts","elements":[{"type":"button","action_id":"abort","value":"op","style":"danger",
			"text":{"type":"plain_text","text":"Abort"},"confirm":{"title":{"type":"plain_text","text":"Sure?"},
			"text":{"type":"plain_text","text":"It stops."},"confirm":{"type":"plain_text","text":"Abort"},"deny":{"type":"plain_text","text":"Cancel"}}}]}]}]}`
	modal = `{"type":"modal","callback_id":"deploy","title":{"type":"plain_text","text":"Deploy"},"submit":{"type":"plain_text","text":"Ask"},"blocks":[
		{"type":"input","block_id":"ref","label":{"type":"plain_text","text":"Ref"},"element":{"type":"plain_text_input","action_id":"ref","max_length":200,"initial_value":"v42"}},
		{"type":"input","block_id":"service","label":{"type":"plain_text","text":"Service"},"dispatch_action":true,"element":{"type":"static_select","action_id":"service",
			"options":[{"text":{"type":"plain_text","text":"web"},"value":"web"},{"text":{"type":"plain_text","text":"api"},"value":"api"}],
			"initial_option":{"text":{"type":"plain_text","text":"web"},"value":"web"}}}]}`
	home = `{"type":"home","blocks":[{"type":"section","text":{"type":"mrkdwn","text":"*web*"}}]}`
)

var whole = map[blockkit.Kind]string{blockkit.Message: message, blockkit.Modal: modal, blockkit.Home: home}

func TestWhatSlackTakes(t *testing.T) {
	for kind, payload := range whole {
		if err := blockkit.Check(kind, []byte(payload)); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

// Each is one mistake in a payload that is right otherwise.
func TestWhatSlackRefuses(t *testing.T) {
	long := func(n int) string { return strings.Repeat("長", n) }
	many := func(n int, s string) string { return strings.TrimSuffix(strings.Repeat(s+",", n), ",") }
	for name, c := range map[string]struct {
		kind     blockkit.Kind
		old, new string
		says     string
	}{
		"no such block":           {blockkit.Message, `"divider"`, `"line"`, `attachments[0].blocks[3]: there is no block of type line`},
		"a part too many":         {blockkit.Message, `"style":"danger"`, `"colour":"red"`, "colour"},
		"a style that is none":    {blockkit.Message, `"style":"danger"`, `"style":"alarming"`, "attachments[0].blocks[5]"},
		"markup in a button":      {blockkit.Message, `{"type":"plain_text","text":"Abort"},"confirm"`, `{"type":"mrkdwn","text":"Abort"},"confirm"`, "attachments[0].blocks[5]"},
		"a number for a text":     {blockkit.Message, `"text":"Deploy web","attachments"`, `"text":42,"attachments"`, "Message"},
		"no label":                {blockkit.Modal, `"label":{"type":"plain_text","text":"Ref"},`, ``, "label"},
		"no title":                {blockkit.Modal, `"title":{"type":"plain_text","text":"Deploy"},`, ``, "title"},
		"null":                    {blockkit.Modal, `"submit":{"type":"plain_text","text":"Ask"}`, `"submit":null`, "submit"},
		"a title in a home tab":   {blockkit.Home, `"type":"home"`, `"type":"home","title":{"type":"plain_text","text":"Junban"}`, "title"},
		"a modal as a home tab":   {blockkit.Home, `"type":"home"`, `"type":"modal"`, "Home"},
		"text":                    {blockkit.Message, `"text":"Deploy web","attachments"`, `"text":"` + long(4001) + `","attachments"`, "Message.text has 4001 characters, at most 4000"},
		"header":                  {blockkit.Message, `"text":"Deploy web","emoji"`, `"text":"` + long(151) + `","emoji"`, "blocks[0].text has 151"},
		"section":                 {blockkit.Message, `*web*`, long(3001), "blocks[1].text has 3001"},
		"field":                   {blockkit.Message, `*Ref*`, long(2001), "blocks[2].fields has 20"},
		"fields":                  {blockkit.Message, `[{"type":"mrkdwn","text":"*Ref*\nv42"}]`, `[` + many(11, `{"type":"mrkdwn","text":"x"}`) + `]`, "blocks[2].fields has 11 items"},
		"button":                  {blockkit.Message, `"text":"Abort"},"confirm":{`, `"text":"` + long(76) + `"},"confirm":{`, "text has 76"},
		"value":                   {blockkit.Message, `"value":"op"`, `"value":"` + long(2001) + `"`, "value has 2001"},
		"question":                {blockkit.Message, `It stops.`, long(301), "confirm.text has 301"},
		"its button":              {blockkit.Message, `"confirm":{"type":"plain_text","text":"Abort"}`, `"confirm":{"type":"plain_text","text":"` + long(31) + `"}`, "confirm.confirm has 31"},
		"an empty text":           {blockkit.Message, `*web*`, ``, "blocks[1].text is an empty text"},
		"an empty section":        {blockkit.Message, `"section","fields":[{"type":"mrkdwn","text":"*Ref*\nv42"}]`, `"section"`, "neither text nor fields"},
		"two acts of one id":      {blockkit.Message, `"elements":[{"type":"button"`, `"elements":[{"type":"button","action_id":"abort","text":{"type":"plain_text","text":"x"}},{"type":"button"`, "two elements"},
		"two blocks of one id":    {blockkit.Modal, `"block_id":"service"`, `"block_id":"ref"`, "has the block_id ref of blocks[0]"},
		"blocks":                  {blockkit.Message, `{"type":"divider"}`, many(46, `{"type":"divider"}`), "blocks has 51 items"},
		"blocks of a view":        {blockkit.Home, `"blocks":[`, `"blocks":[` + many(100, `{"type":"divider"}`) + `,`, "blocks has 101 items"},
		"characters":              {blockkit.Message, `{"type":"divider"}`, many(5, `{"type":"section","text":{"type":"mrkdwn","text":"`+long(2500)+`"}}`), "characters in its blocks"},
		"bytes of a view":         {blockkit.Home, `*web*`, strings.Repeat("x", 250_000), "bytes, at most 250000"},
		"title of a form":         {blockkit.Modal, `"title":{"type":"plain_text","text":"Deploy"}`, `"title":{"type":"plain_text","text":"` + long(25) + `"}`, "title has 25"},
		"what comes back":         {blockkit.Modal, `"callback_id":"deploy"`, `"private_metadata":"` + long(3001) + `"`, "private_metadata has 3001"},
		"nothing sends the field": {blockkit.Modal, `"submit":{"type":"plain_text","text":"Ask"},`, ``, "nothing sends it"},
		"option":                  {blockkit.Modal, `"text":"api"`, `"text":"` + long(76) + `"`, "options[1].text has 76"},
		"option's value":          {blockkit.Modal, `"value":"api"`, `"value":"` + long(151) + `"`, "value has 151"},
		"two options of a value":  {blockkit.Modal, `"value":"api"`, `"value":"web"`, "two options of value web"},
		"none of the options":     {blockkit.Modal, `"value":"web"}}}`, `"value":"none"}}}`, "is none of its options"},
		"more than the field has": {blockkit.Modal, `"max_length":200`, `"max_length":2`, "the field takes 2"},
		"length of a field":       {blockkit.Modal, `"max_length":200`, `"max_length":4000`, "1 to 3000"},
	} {
		spoiled := strings.Replace(whole[c.kind], c.old, c.new, 1)
		if spoiled == whole[c.kind] {
			t.Errorf("%s: %q is not in the payload", name, c.old)
		}
		err := blockkit.Check(c.kind, []byte(spoiled))
		if err == nil {
			t.Errorf("%s: accepted", name)
		} else if !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %q is not in: %v", name, c.says, err)
		}
	}
}

// A block that nobody wrote limits down for must not pass as if it had none.
func TestBlocksWithoutKnownLimits(t *testing.T) {
	err := blockkit.Check(blockkit.Home, []byte(`{"type":"home","blocks":[{"type":"markdown","text":"*x*"}]}`))
	if err == nil || !strings.Contains(err.Error(), `"markdown", whose limits are not known`) {
		t.Error(err)
	}
}

func TestTheLockfileNamesNoRegistry(t *testing.T) {
	lock, err := os.ReadFile("schema/package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(lock), `"resolved"`) {
		t.Error("package-lock.json records download addresses: install with omit-lockfile-registry-resolved=true")
	}
}
