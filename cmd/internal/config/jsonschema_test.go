package config

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/jsonschema-go/jsonschema"
)

// resolved is the schema as another program reads it.
func resolved(t testing.TB) *jsonschema.Resolved {
	t.Helper()
	r, err := written(t).Resolve(&jsonschema.ResolveOptions{ValidateDefaults: true})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func written(t testing.TB) *jsonschema.Schema {
	t.Helper()
	data, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	var s jsonschema.Schema
	if err := json.Unmarshal(data, &s); err != nil {
		t.Fatal(err)
	}
	return &s
}

// instance is a file as JSON has it, its aliases followed; ok is false where
// the file's faults are YAML's own.
func instance(data []byte) (value any, ok bool) {
	r := newReport("deploy.yaml", data)
	document := readDocument(r, data)
	if document == nil {
		return nil, false
	}
	tree := buildTree(r, document)
	if tree == nil || len(r.faults) > 0 {
		return nil, false
	}
	return plain(tree), true
}

func plain(n *node) any {
	switch {
	case n.kind == mappingNode:
		out := map[string]any{}
		for _, f := range n.fields {
			out[f.name] = plain(f.value)
		}
		return out
	case n.kind == listNode:
		out := []any{}
		for _, item := range n.items {
			out = append(out, plain(item))
		}
		return out
	case n.tag == "!!null":
		return nil
	case n.tag == "!!bool":
		return strings.EqualFold(n.text, "true")
	case n.tag == "!!int" || n.tag == "!!float":
		if number, err := strconv.ParseFloat(n.text, 64); err == nil {
			return number
		}
	}
	return n.text
}

func TestTheSchemaAcceptsWhatIsRight(t *testing.T) {
	schema := resolved(t)
	texts := map[string]string{"minimal": minimal, "layered": layered, "several": several}
	paths, err := filepath.Glob(filepath.Join("testdata", "good", "*.yaml"))
	if err != nil || len(paths) < 2 {
		t.Fatalf("good files: %v, %v", paths, err)
	}
	for _, path := range append(paths, filepath.Join("..", "..", "..", "deploy.yaml")) {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		texts[path] = string(data)
	}
	for name, text := range texts {
		parse(t, text)
		value, ok := instance([]byte(text))
		if !ok {
			t.Fatalf("%s cannot be read", name)
		}
		if err := schema.Validate(value); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// beyond are the bad files whose fault a schema cannot express, and why.
var beyond = map[string][]string{
	"another layer may give what is missing": {
		"instances-no-tags", "missing-approve", "missing-approvers", "missing-command", "missing-in-every-environment",
		"missing-in-one-environment", "missing-verify-command", "attention-incomplete", "changes-none",
	},
	"bounds of durations": {
		"attention-long", "canary-bake", "drain-settle", "rolling-timeout", "rolling-timeout-long",
		"run-timeout-fraction", "run-timeout-long",
	},
	"one key against another, or one layer against another": {
		"account-undescribed", "account-unknown", "approve-lonely", "approve-lonely-parties", "approve-lonely-two", "approve-parties-share",
		"approve-party-too-few", "approve-required-and-parties", "approve-too-few", "attention-order", "changes-api-pointless", "channels-without-the-channel", "canary-nobody", "drain-idle-local", "drain-pointless",
		"freeze-backwards", "freeze-empty", "group-by-name-and-arn", "group-of-another-account", "group-of-the-accounts-region", "group-other-region",
		"instances-and-groups-of-another-layer", "instances-pointless", "run-ssh-known-hosts", "run-ssh-no-user", "run-ssh-nothing", "run-ssh-pointless",
		"run-verify-once", "run-verify-once-by-default", "tolerate-all", "tolerate-over", "windows-never",
	},
	"what the calendar, the zones and Go's regular expressions know": {"freeze-no-such-day", "zone-unknown", "ref-broken", "ref-escaped-dollar", "ref-loose-alternatives"},
	"names that shells keep for themselves":                          {"run-env-shells"},
	"the other rules of a path":                                      {"store-folder"},
	"what an address is made of":                                     {"changes-api", "changes-api-token"},
	"characters that no program takes, and tags that JSON lacks":     {"run-env-nul", "type-tag"},
}

func TestTheSchemaRefusesWhatItCanExpress(t *testing.T) {
	schema := resolved(t)
	why := map[string]string{}
	for reason, names := range beyond {
		for _, name := range names {
			why[name] = reason
		}
	}
	paths, err := filepath.Glob(filepath.Join("testdata", "bad", "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	refused := 0
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".yaml")
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		content, _, _ := strings.Cut(string(data), marker)
		value, readable := instance([]byte(content))
		if !readable {
			continue
		}
		err = schema.Validate(value)
		switch reason := why[name]; {
		case err == nil && reason == "":
			t.Errorf("%s: the schema accepts it", name)
		case err != nil && reason != "":
			t.Errorf("%s: the schema refuses it although it is about %s: %v", name, reason, err)
		case err != nil:
			refused++
		}
		delete(why, name)
	}
	if len(why) > 0 {
		t.Errorf("no such files: %v", why)
	}
	if refused < 80 {
		t.Errorf("only %d files were refused", refused)
	}
}

func TestTheSchemaHasTheKeysOfTheTable(t *testing.T) {
	s := written(t)
	var got []string
	var visit func(path string, s *jsonschema.Schema)
	top := s
	visit = func(path string, s *jsonschema.Schema) {
		if name, ok := strings.CutPrefix(s.Ref, "#/$defs/"); ok {
			s = top.Defs[name]
		}
		for _, other := range s.AnyOf {
			visit(path, other)
		}
		for name, below := range s.Properties {
			got = append(got, join(path, name))
			if below.Description == "" && below.Ref == "" {
				t.Errorf("%s is not described", join(path, name))
			}
			visit(join(path, name), below)
		}
		if s.Properties != nil && (s.AdditionalProperties == nil || s.AdditionalProperties.Not == nil) {
			t.Errorf("%q takes unknown keys", path)
		}
		if s.Properties == nil && s.AdditionalProperties != nil {
			visit(path+"[]", s.AdditionalProperties)
		}
		if s.Items != nil {
			visit(path+"[]", s.Items)
		}
	}
	visit("", s)
	var want []string
	var list func(path string, k *key)
	list = func(path string, k *key) {
		for _, sub := range k.keys {
			if sub.unbuilt == "" {
				want = append(want, join(path, sub.name))
				list(join(path, sub.name), sub)
			}
		}
		if k.each != nil {
			list(path+"[]", k.each)
		}
	}
	list("", root())
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("keys (-table +schema):\n%s", diff)
	}
	if s.Schema != "https://json-schema.org/draft/2020-12/schema" {
		t.Errorf("$schema = %s", s.Schema)
	}
}
