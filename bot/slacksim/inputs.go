package slacksim

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"time"
)

// The limits of fields, in characters and items, from docs.slack.dev/reference/block-kit/block-elements.
const (
	maxLabel       = 2000
	maxPlaceholder = 150
	maxInputText   = 3000
	maxOptions     = 100
	maxChecks      = 10 // options of radio buttons and checkboxes
	maxOptionText  = 75
	maxOptionValue = 150
)

// The elements that hold a value.
const (
	textInput      = "plain_text_input"
	staticSelect   = "static_select"
	radioButtons   = "radio_buttons"
	checkboxes     = "checkboxes"
	datePicker     = "datepicker"
	timePicker     = "timepicker"
	datetimePicker = "datetimepicker"
)

const (
	dateFormat = "2006-01-02"
	timeFormat = "15:04"
)

// pointer is the place of a list's item.
func pointer(at string, i int) string { return at + "/" + strconv.Itoa(i) }

// takes lists the elements that a block may hold here. In messages the checker knows buttons and images only.
func (k *checker) takes(block string) []string {
	fields := []string{staticSelect, radioButtons, checkboxes, datePicker, timePicker}
	switch {
	case block == "input":
		return append(fields, textInput, datetimePicker)
	case block == "section" && k.surface == "":
		return []string{"button", "image"}
	case block == "section":
		return append(fields, "button", "image")
	case k.surface == "":
		return []string{"button"}
	}
	return append(fields, "button", datetimePicker)
}

// input checks an input block (docs.slack.dev/reference/block-kit/blocks/input-block).
func (k *checker) input(n node) {
	n.only("block_id", "label", "element", "hint", "optional", "dispatch_action")
	n.text("label", maxLabel, true)
	if n.has("hint") {
		n.text("hint", maxLabel, true)
	}
	n.boolean("optional")
	n.boolean("dispatch_action")
	if !n.has("element") {
		k.bad(n.at, "missing required field: element")
	} else if element, ok := k.node(n.at+"/element", n.m["element"]); ok {
		k.element(element, map[string]bool{}, k.takes("input")...)
	}
}

// field checks an element that holds a value.
func (k *checker) field(n node, ids map[string]bool, kind string) {
	common := []string{"action_id", "focus_on_load", "confirm", "placeholder"}
	switch kind {
	case textInput:
		n.only("action_id", "focus_on_load", "placeholder", "initial_value", "multiline", "min_length", "max_length", "dispatch_action_config")
		k.textInput(n)
	case staticSelect:
		n.only(append(common, "options", "option_groups", "initial_option")...)
		options := k.choices(n)
		k.initial(n, "initial_option", n.m["initial_option"], options)
	case radioButtons, checkboxes:
		n.only("action_id", "focus_on_load", "confirm", "options", "initial_option", "initial_options")
		options := k.options(n, maxChecks, false)
		if kind == radioButtons {
			k.initial(n, "initial_option", n.m["initial_option"], options)
		} else if n.has("initial_options") {
			for _, value := range n.items("initial_options", maxChecks) {
				k.initial(n, "initial_options", value, options)
			}
		}
	case datePicker:
		n.only(append(common, "initial_date")...)
		n.moment("initial_date", dateFormat, "a date as YYYY-MM-DD")
	case timePicker:
		n.only(append(common, "initial_time", "timezone")...)
		n.moment("initial_time", timeFormat, "a time as HH:mm")
	case datetimePicker:
		n.only("action_id", "focus_on_load", "confirm", "initial_date_time")
		n.integer("initial_date_time", 1_000_000_000, 9_999_999_999)
	}
	if n.has("placeholder") {
		n.text("placeholder", maxPlaceholder, true)
	}
	if n.boolean("focus_on_load") {
		if k.focused {
			n.bad("focus_on_load", "only one element can have focus_on_load")
		}
		k.focused = true
	}
	k.actionID(n, ids)
	k.confirm(n)
}

func (k *checker) textInput(n node) {
	n.boolean("multiline")
	least, most := n.integer("min_length", 0, maxInputText), n.integer("max_length", 1, maxInputText)
	if n.has("min_length") && n.has("max_length") && least > most {
		n.bad("min_length", "must be less than %d", most+1)
	}
	if most == 0 {
		most = maxInputText
	}
	n.str("initial_value", 0, most)
	if !n.has("dispatch_action_config") {
		return
	}
	if config, ok := k.node(n.at+"/dispatch_action_config", n.m["dispatch_action_config"]); ok {
		config.only("trigger_actions_on")
		for i, on := range config.items("trigger_actions_on", 2) {
			if on != "on_enter_pressed" && on != "on_character_entered" {
				k.bad(pointer(config.at+"/trigger_actions_on", i), "must be one of: on_enter_pressed, on_character_entered")
			}
		}
	}
}

// choices checks the options or the option groups of a select, and answers all options.
func (k *checker) choices(n node) []any {
	if n.has("options") == n.has("option_groups") {
		k.bad(n.at, "must provide either options or option_groups")
		return nil
	}
	if n.has("options") {
		return k.options(n, maxOptions, true)
	}
	var all []any
	for i, value := range n.items("option_groups", maxOptions) {
		if group, ok := k.node(pointer(n.at+"/option_groups", i), value); ok {
			group.only("label", "options")
			group.text("label", maxOptionText, true)
			all = append(all, k.options(group, maxOptions, true)...)
		}
	}
	return all
}

func (k *checker) options(n node, most int, plainOnly bool) []any {
	list := n.items("options", most)
	for i, value := range list {
		option, ok := k.node(pointer(n.at+"/options", i), value)
		if !ok {
			continue
		}
		option.only("text", "value", "description")
		option.text("text", maxOptionText, plainOnly)
		option.str("value", 1, maxOptionValue)
		if option.has("description") {
			option.text("description", maxOptionText, plainOnly)
		}
	}
	return list
}

// initial checks that what is chosen at first is one of the options, to the letter.
func (k *checker) initial(n node, key string, value any, options []any) {
	if value != nil && !slices.ContainsFunc(options, func(o any) bool { return reflect.DeepEqual(o, value) }) {
		n.bad(key, "must be one of the provided options")
	}
}

// actionID checks that an element's id is its own within its block, and gives it one if it has none.
func (k *checker) actionID(n node, ids map[string]bool) {
	id := n.str("action_id", 0, maxID)
	if id == "" {
		id = k.newID()
		n.m["action_id"] = id
	}
	if ids[id] {
		n.bad("action_id", "action_id %q already exists", id)
	}
	ids[id] = true
}

func (n node) boolean(key string) bool {
	value, present := n.m[key]
	is, ok := value.(bool)
	if present && !ok {
		n.bad(key, "must provide a boolean")
	}
	return is
}

// integer checks a whole number that may be missing.
func (n node) integer(key string, least, most int64) int {
	value, present := n.m[key]
	if !present {
		return 0
	}
	number, _ := value.(json.Number)
	i, err := number.Int64()
	switch {
	case err != nil:
		n.bad(key, "must provide an integer")
	case i < least || i > most:
		n.bad(key, "must be between %d and %d", least, most)
	}
	return int(i)
}

func (n node) moment(key, format, what string) {
	if s := n.str(key, 0, maxID); s != "" {
		if _, err := time.Parse(format, s); err != nil {
			n.bad(key, "%s", fmt.Sprintf("must be %s", what))
		}
	}
}
