// Package lang holds what people read, in every language that the bot speaks: catalogues of whole sentences with named
// placeholders, and what they become with values.
//
// It knows no conversation and no card: a message is a run of parts, and whoever asked for it makes of them what is
// shown. Conditions belong to the caller, words to the catalogues. What a value holds is never read as a template or as
// markup, whoever wrote it.
package lang

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"text/template/parse"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"go.yaml.in/yaml/v4"
	"golang.org/x/text/language"
)

// The languages that there are, as slack.language names them.
const (
	English  = "en"
	Japanese = "ja"
)

//go:embed en/*.yaml ja/*.yaml
var catalogues embed.FS

// Lang is one language. It is never changed, and may be used from many goroutines.
type Lang struct {
	tag      string
	words    *i18n.Localizer
	messages map[string]message
}

// message is what is known of one entry before it is said.
type message struct {
	values []string // the names of its placeholders, in order of appearance
	plural bool     // it has a singular of its own
	pieces []piece  // what it says, unless it is plural; none, on purpose, of a message that is empty
}

// In reads the catalogue of a language. An error says that there is no such language; the catalogues themselves are
// part of the program, and one that cannot be read is a bug.
func In(tag string) (*Lang, error) { return read(catalogues, tag) }

func read(from fs.FS, tag string) (*Lang, error) {
	files, err := fs.Glob(from, tag+"/*.yaml")
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("there is no catalogue of the language %q; there is: %s, %s", tag, English, Japanese)
	}
	l := &Lang{tag: tag, messages: map[string]message{}}
	empty := map[string]bool{} // the library would take these for missing
	bundle := i18n.NewBundle(language.Make(tag))
	bundle.RegisterUnmarshalFunc("yaml", yaml.Unmarshal)
	for _, name := range files {
		data, err := fs.ReadFile(from, name)
		if err != nil {
			return nil, err
		}
		// The library reads the language from the name: area.tag.yaml.
		file, err := bundle.ParseMessageFileBytes(data, strings.TrimSuffix(path.Base(name), ".yaml")+"."+tag+".yaml")
		if err != nil {
			return nil, fmt.Errorf("reading the catalogue %s: %w", name, err)
		}
		for _, m := range file.Messages {
			if _, twice := l.messages[m.ID]; twice {
				return nil, fmt.Errorf("the catalogue %s says %s once more", name, m.ID)
			}
			values, err := placeholders(m.One, m.Other)
			if err != nil {
				return nil, fmt.Errorf("the catalogue %s, %s: %w", name, m.ID, err)
			}
			l.messages[m.ID] = message{values: values, plural: m.One != ""}
			empty[m.ID] = m.Other == ""
		}
	}
	l.words = i18n.NewLocalizer(bundle, tag)
	for id, m := range l.messages {
		if m.plural || empty[id] {
			continue
		}
		if m.pieces, err = l.localize(id, m, nil); err != nil {
			return nil, fmt.Errorf("the catalogue of %s: %w", tag, err)
		}
		l.messages[id] = m
	}
	return l, nil
}

// Tag is the language's name, as slack.language has it.
func (l *Lang) Tag() string { return l.tag }

// Has reports whether the catalogue has a message of that name.
func (l *Lang) Has(id string) bool {
	_, ok := l.messages[id]
	return ok
}

// Values are the names of a message's placeholders.
func (l *Lang) Values(id string) []string { return l.messages[id].values }

// IDs are the names of all messages, in no order.
func (l *Lang) IDs() []string {
	out := make([]string, 0, len(l.messages))
	for id := range l.messages {
		out = append(out, id)
	}
	return out
}

// placeholders reads the names out of a message's forms. Only {{.name}} is a placeholder: a catalogue that could call
// functions or choose would hold conditions.
func placeholders(forms ...string) ([]string, error) {
	var names []string
	for _, form := range forms {
		if strings.Count(form, "**")%2 != 0 || strings.Count(form, "`")%2 != 0 {
			return nil, fmt.Errorf("a mark is not closed in %q", form)
		}
		tree, err := parse.Parse("message", form, "", "", map[string]any{})
		if err != nil {
			return nil, err
		}
		if tree["message"] == nil || tree["message"].Root == nil {
			continue
		}
		for _, n := range tree["message"].Root.Nodes {
			name, ok := placeholder(n)
			if !ok {
				return nil, fmt.Errorf("%s is no placeholder: write {{.name}}", n)
			}
			if name != "" && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names, nil
}

func placeholder(n parse.Node) (name string, ok bool) {
	action, is := n.(*parse.ActionNode)
	if !is {
		_, text := n.(*parse.TextNode)
		return "", text
	}
	if len(action.Pipe.Decl) > 0 || len(action.Pipe.Cmds) != 1 || len(action.Pipe.Cmds[0].Args) != 1 {
		return "", false
	}
	field, is := action.Pipe.Cmds[0].Args[0].(*parse.FieldNode)
	if !is || len(field.Ident) != 1 {
		return "", false
	}
	return field.Ident[0], true
}
