package awssim

import (
	"fmt"
	"time"

	"github.com/aws/smithy-go/encoding/cbor"
)

// CloudWatch's present protocol is CBOR over HTTP (smithy-rpc-v2-cbor), its
// older ones JSON 1.0 and Query. Its handlers read fields and answer maps, and
// know none of them.

// fields are the parameters of a call.
type fields map[string]any

// fields reads the parameters of a CBOR call, or of one in another protocol.
func (r *request) fields() (fields, error) {
	out := fields{}
	switch r.wire {
	case cborRPC:
		if len(r.body) == 0 {
			return out, nil
		}
		v, err := cbor.Decode(r.body)
		if err != nil {
			return nil, badRequest("SerializationException", err.Error())
		}
		if m, ok := fromCBOR(v).(map[string]any); ok {
			out = m
		}
	case query:
		for k := range r.form {
			out[k] = r.form.Get(k)
		}
		for _, name := range []string{"AlarmNames", "AlarmTypes", "AlarmActions", "Dimensions"} {
			for _, v := range r.members(name) {
				l, _ := out[name].([]any)
				out[name] = append(l, v)
			}
		}
	default:
		if err := r.decode(&out); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (f fields) text(key string) string {
	if f[key] == nil {
		return ""
	}
	return fmt.Sprint(f[key])
}

func (f fields) list(key string) []string {
	all, _ := f[key].([]any)
	out := make([]string, 0, len(all))
	for _, v := range all {
		out = append(out, fmt.Sprint(v))
	}
	return out
}

// number is a number, however it came; 0 if it is absent or none.
func (f fields) number(key string) float64 {
	var n float64
	if _, err := fmt.Sscan(f.text(key), &n); err != nil {
		return 0
	}
	return n
}

func fromCBOR(v cbor.Value) any {
	switch v := v.(type) {
	case cbor.String:
		return string(v)
	case cbor.Uint:
		return float64(v)
	case cbor.NegInt:
		return -float64(v)
	case cbor.Float32:
		return float64(v)
	case cbor.Float64:
		return float64(v)
	case cbor.Bool:
		return bool(v)
	case cbor.List:
		out := make([]any, 0, len(v))
		for _, x := range v {
			out = append(out, fromCBOR(x))
		}
		return out
	case cbor.Map:
		out := make(map[string]any, len(v))
		for k, x := range v {
			out[k] = fromCBOR(x)
		}
		return out
	}
	return nil
}

func encodeCBOR(v any) ([]byte, error) {
	c, err := toCBOR(v)
	if err != nil {
		return nil, err
	}
	return cbor.Encode(c), nil
}

// toCBOR knows the few kinds of values that the handlers answer with.
func toCBOR(v any) (cbor.Value, error) {
	switch v := v.(type) {
	case string:
		return cbor.String(v), nil
	case bool:
		return cbor.Bool(v), nil
	case int:
		if v < 0 {
			return cbor.NegInt(-v), nil
		}
		return cbor.Uint(v), nil
	case float64:
		return cbor.Float64(v), nil
	case time.Time:
		return &cbor.Tag{ID: 1, Value: cbor.Float64(epoch(v))}, nil
	case []any:
		out := make(cbor.List, 0, len(v))
		for _, x := range v {
			c, err := toCBOR(x)
			if err != nil {
				return nil, err
			}
			out = append(out, c)
		}
		return out, nil
	case map[string]any:
		out := make(cbor.Map, len(v))
		for k, x := range v {
			c, err := toCBOR(x)
			if err != nil {
				return nil, err
			}
			out[k] = c
		}
		return out, nil
	}
	return nil, fmt.Errorf("no CBOR for %T", v)
}

// plain is the same answer for JSON, where a time is a number of seconds.
func plain(v any) any {
	switch v := v.(type) {
	case time.Time:
		return epoch(v)
	case []any:
		out := make([]any, 0, len(v))
		for _, x := range v {
			out = append(out, plain(x))
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, x := range v {
			out[k] = plain(x)
		}
		return out
	}
	return v
}
