package slacksim

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// fieldValue is what is filled in, as view.state.values has it: {"type":"plain_text_input","value":"v42"}.
type fieldValue = map[string]any

// element is an interactive element of a view, and where it stands.
type element struct {
	blockID, actionID, kind string
	m                       map[string]any
	input                   map[string]any // the input block around it, or nil
}

// elements lists a view's interactive elements in their order.
func (v *view) elements() []element {
	var out []element
	add := func(block map[string]any, value any, input map[string]any) {
		m, _ := value.(map[string]any)
		kind, _ := m["type"].(string)
		if _, interactive := m["action_id"]; !interactive {
			return
		}
		e := element{kind: kind, m: m, input: input}
		e.blockID, _ = block["block_id"].(string)
		e.actionID, _ = m["action_id"].(string)
		out = append(out, e)
	}
	blocks, _ := v.body["blocks"].([]any)
	for _, value := range blocks {
		block, _ := value.(map[string]any)
		switch block["type"] {
		case "input":
			add(block, block["element"], block)
		case "section":
			add(block, block["accessory"], nil)
		case "actions":
			list, _ := block["elements"].([]any)
			for _, value := range list {
				add(block, value, nil)
			}
		}
	}
	return out
}

// holds says whether the element holds a value; a button does not.
func (e element) holds() bool { return e.key() != "" }

// key is where an element's value stands in view.state.values.
func (e element) key() string {
	return map[string]string{
		textInput: "value", staticSelect: "selected_option", radioButtons: "selected_option", checkboxes: "selected_options",
		datePicker: "selected_date", timePicker: "selected_time", datetimePicker: "selected_date_time",
	}[e.kind]
}

// initial is the value before anybody touches the field.
func (e element) initial() fieldValue {
	at := map[string]string{
		textInput: "initial_value", staticSelect: "initial_option", radioButtons: "initial_option", checkboxes: "initial_options",
		datePicker: "initial_date", timePicker: "initial_time", datetimePicker: "initial_date_time",
	}[e.kind]
	value := e.m[at]
	if value == nil && e.kind == checkboxes {
		value = []any{}
	}
	return fieldValue{"type": e.kind, e.key(): value}
}

// keeps says whether a value of an earlier drawing of the view may stay in the field.
func (e element) keeps(value fieldValue) bool {
	if value["type"] != e.kind {
		return false
	}
	isOption := func(chosen any) bool {
		return slices.ContainsFunc(e.options(), func(o map[string]any) bool { return reflect.DeepEqual(any(o), chosen) })
	}
	switch chosen := value[e.key()].(type) {
	case map[string]any:
		return isOption(chosen)
	case []any:
		return !slices.ContainsFunc(chosen, func(c any) bool { return !isOption(c) })
	}
	return true
}

// options lists the options of a select, of radio buttons or of checkboxes.
func (e element) options() []map[string]any {
	var out []map[string]any
	collect := func(holder map[string]any) {
		list, _ := holder["options"].([]any)
		for _, value := range list {
			if o, ok := value.(map[string]any); ok {
				out = append(out, o)
			}
		}
	}
	collect(e.m)
	groups, _ := e.m["option_groups"].([]any)
	for _, value := range groups {
		group, _ := value.(map[string]any)
		collect(group)
	}
	return out
}

// enter is the value of a field that a person fills, or what keeps Slack's client from taking it. No input empties it.
func (e element) enter(inputs []string) (fieldValue, error) {
	var chosen []any
	for _, in := range inputs {
		value, err := e.read(in)
		if err != nil {
			return nil, err
		}
		if value != nil {
			chosen = append(chosen, value)
		}
	}
	if e.kind == checkboxes {
		return fieldValue{"type": e.kind, e.key(): append([]any{}, chosen...)}, nil
	}
	if len(inputs) > 1 {
		return nil, errors.New("the field takes one value")
	}
	out := fieldValue{"type": e.kind, e.key(): nil}
	if len(chosen) == 1 {
		out[e.key()] = chosen[0]
	}
	return out, nil
}

// read reads one input: text, an option's value or label, a date, a time, or seconds since 1970. Empty is nil.
func (e element) read(in string) (any, error) {
	if in == "" {
		return nil, nil
	}
	switch e.kind {
	case textInput:
		return in, e.fits(in)
	case datePicker:
		_, err := time.Parse(dateFormat, in)
		return in, err
	case timePicker:
		_, err := time.Parse(timeFormat, in)
		return in, err
	case datetimePicker:
		seconds, err := strconv.ParseInt(in, 10, 64)
		return seconds, err
	}
	var offered []string
	for _, o := range e.options() {
		if o["value"] == in || labelOf(o) == in {
			return o, nil
		}
		offered = append(offered, fmt.Sprintf("%s (%q)", o["value"], labelOf(o)))
	}
	return nil, fmt.Errorf("%q is not offered; offered are: %s", in, strings.Join(offered, ", "))
}

// fits holds typed text against what the field can take.
func (e element) fits(text string) error {
	if multi, _ := e.m["multiline"].(bool); !multi && strings.ContainsAny(text, "\r\n") {
		return errors.New("the field has one line")
	}
	most := e.number("max_length")
	if most == 0 {
		most = maxInputText
	}
	if n := utf8.RuneCountInString(text); n > most {
		return fmt.Errorf("the field takes %d characters, these are %d", most, n)
	}
	return nil
}

func (e element) number(key string) int {
	number, _ := e.m[key].(json.Number)
	n, _ := number.Int64()
	return int(n)
}

// missing says what Slack's client complains about before it sends a form, or "".
func (e element) missing(value fieldValue) string {
	if e.input == nil {
		return ""
	}
	text, isText := value["value"].(string)
	list, isList := value[e.key()].([]any)
	empty := value[e.key()] == nil || isText && text == "" || isList && len(list) == 0
	optional, _ := e.input["optional"].(bool)
	switch least := e.number("min_length"); {
	case empty && optional:
		return ""
	case empty:
		return "Please complete this required field."
	case isText && utf8.RuneCountInString(text) < least:
		return fmt.Sprintf("Please use at least %d characters.", least)
	}
	return ""
}

// tells says whether a change of the field goes to the app at once.
func (e element) tells() bool {
	if e.input == nil {
		return true
	}
	tells, _ := e.input["dispatch_action"].(bool)
	return tells
}
