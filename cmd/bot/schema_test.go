package main

import (
	"encoding/json"
	"testing"
)

func TestSchemaIsOneJSONObject(t *testing.T) {
	code, out, err := junban(t, nil, "schema")
	var schema struct {
		Schema     string                     `json:"$schema"`
		Properties map[string]json.RawMessage `json:"properties"`
	}
	if e := json.Unmarshal([]byte(out), &schema); e != nil || code != 0 || err != "" {
		t.Fatalf("%d %v %s", code, e, err)
	}
	if schema.Schema != "https://json-schema.org/draft/2020-12/schema" || schema.Properties["services"] == nil {
		t.Errorf("%s", out)
	}
}
